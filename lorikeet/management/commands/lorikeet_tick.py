"""``manage.py lorikeet_tick``: everything periodic, for cron to call every minute."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from lorikeet.recovery import tick


class Command(BaseCommand):
    """Run every sweep once and say what each did."""

    help = "Does everything periodic once. Call it every minute; any number may run at the same time."

    def handle(self, *args: Any, **options: Any) -> None:
        for what, count in tick().items():
            self.stdout.write(f"{what}: {count}")
