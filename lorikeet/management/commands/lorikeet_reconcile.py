"""``manage.py lorikeet_reconcile``: whether the providers' books agree with ours."""

from __future__ import annotations

import logging
from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.timezone import now

from lorikeet.exceptions import ProviderUnavailable
from lorikeet.reconciliation import Difference, differences, look_again, pay_back

logger = logging.getLogger(__name__)


class Command(BaseCommand):
    """Print every payment that a provider sees differently; the exit status is 1 if one of them is not merely open."""

    help = "Compares the payments of the last days with the providers' books."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--days", type=float, default=7, help="how far to look back; the default is 7")
        parser.add_argument("--refund", action="store_true", help="pay back what was paid twice, or is unknown here")

    def handle(self, *args: Any, **options: Any) -> None:
        found = open_ = 0
        silent = set()
        try:
            for difference in differences(now() - timedelta(days=options["days"])):
                found += difference.kind != "open"
                open_ += difference.kind == "open"
                try:
                    self.report(difference, options["refund"])
                except Exception:  # the others are compared all the same
                    logger.exception("%s %s could not be settled.", difference.provider, difference.payment.reference)
                    silent.add(difference.provider)
        except ProviderUnavailable as error:
            silent.add(str(error))
        if silent:
            raise CommandError(f"No answer from {', '.join(sorted(silent))}; {found} differences elsewhere.")
        if found:
            raise CommandError(f"{found} differences.")
        self.stdout.write(
            "The providers' books agree, except for open payments." if open_ else "The providers' books agree."
        )

    def report(self, difference: Difference, refunds: bool) -> None:
        """Print a difference, and do what can be done about it."""
        payment = difference.payment
        self.stdout.write(
            f"{difference.kind}: {difference.provider} {payment.reference}, {payment.amount} {payment.currency}, "
            f"key {payment.key}"
        )
        if difference.kind in ("open", "unpaid", "refunds"):
            look_again(difference)
        if refunds and difference.kind in ("unknown", "second"):
            self.stdout.write(f"refund {pay_back(difference).key} is on its way")
