"""``manage.py lorikeet_tick``: everything periodic, for cron to call every minute, or as a process of its own."""

from __future__ import annotations

import logging
import time
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand
from django.db import close_old_connections

from lorikeet.recovery import tick

logger = logging.getLogger(__name__)


class Command(BaseCommand):
    """Run every sweep once, or again and again, and say what each did."""

    help = "Does everything periodic. Any number may run at the same time, and may be stopped at any moment."

    def add_arguments(self, parser: ArgumentParser) -> None:
        how = parser.add_mutually_exclusive_group()
        how.add_argument("--once", action="store_true", help="run once and end; this is the default")
        how.add_argument("--loop", type=float, metavar="SECONDS", help="run again after this many seconds, for ever")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["loop"] is None:
            self.report(options["verbosity"])
        while options["loop"] is not None:
            try:
                self.report(options["verbosity"])
            except Exception:  # the database may be back by the next time
                logger.exception("This run was not finished.")
            time.sleep(options["loop"])
            close_old_connections()

    def report(self, verbosity: int) -> None:
        """Run every sweep, and print its count when it is done."""

        def progress(what: str, count: int) -> None:
            if count or verbosity:
                self.stdout.write(f"{what}: {count}")
                self.stdout.flush()

        tick(progress)
