"""``manage.py lorikeet_check``: whether every rule about carts, orders and payments holds, in production too."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from lorikeet.invariants import violations


class Command(BaseCommand):
    """Print every row for which a rule does not hold; the exit status is 1 if there is one."""

    help = "Looks for rows that break a rule. Reads only."

    def handle(self, *args: Any, **options: Any) -> None:
        found = 0
        for found, violation in enumerate(violations(), 1):  # noqa: B007 - it is counted
            self.stdout.write(str(violation))
        if found:
            raise CommandError(f"{found} violations.")
        self.stdout.write("Every rule holds.")
