"""How the shop's payments are, in a few numbers: for a monitor, a health page, or the person who is on call."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from .clock import now
from .models import Order, PaymentAttempt, RecoveryRun
from .sale.leases import due

__all__ = ["Health", "health"]

#: How long ago recovery may have run last, and how late anything may be, before that is a problem.
LATE = timedelta(minutes=10)


@dataclass(frozen=True)
class Health:
    """The health of the shop's payments. Each count is of rows that need attention.

    :param last_recovery: when ``lorikeet_tick`` last finished, or ``None`` if it never did.
    :param is_recovering: whether that was in the last ten minutes.
    :param needs_attention: payments that wait for the staff.
    :param overdue: payments past the time at which recovery should have looked at them.
    :param untold: sales whose ``order_checked_out`` was not delivered yet, although it is due.
    """

    last_recovery: datetime | None
    is_recovering: bool
    needs_attention: int
    overdue: int
    untold: int

    @property
    def is_good(self) -> bool:
        """Whether recovery runs, and no row needs attention."""
        return self.is_recovering and not (self.needs_attention or self.overdue or self.untold)


def health() -> Health:
    """Count what needs attention, in five queries, one of them for the time."""
    late = now() - LATE
    run = RecoveryRun.objects.order_by("-finished_at").first()
    return Health(
        last_recovery=run.finished_at if run else None,
        is_recovering=run is not None and run.finished_at > late,
        needs_attention=PaymentAttempt.objects.exclude(attention="").count(),
        overdue=PaymentAttempt.objects.filter(due(late)).count(),
        untold=Order.objects.placed().filter(notified_at=None, purchased_on__lt=late).count(),
    )
