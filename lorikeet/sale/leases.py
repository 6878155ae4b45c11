"""Who works on a payment right now: one process at a time, for ``LORIKEET_LEASE_SECONDS`` of the database's clock."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from django.db.models import Q

from ..clock import now
from ..conf import settings
from ..models import PaymentAttempt
from ..transactions import durable

__all__ = ["claim", "due", "new_lease", "release"]

State = PaymentAttempt.State

#: What can be worked on. A charge that failed may still turn out paid, if it could not be stopped at the provider.
CLAIMABLE = Q(state__in=PaymentAttempt.OPEN) | Q(kind="charge", state="failed")


def new_lease(moment: datetime) -> dict[str, Any]:
    """Return the columns of an attempt that this process works on from ``moment`` on."""
    return {"lease": uuid4(), "lease_until": moment + timedelta(seconds=settings.LEASE_SECONDS)}


def due(moment: datetime) -> Q:
    """Match the attempts that have been due since ``moment``, and that no process works on."""
    its_turn = Q(check_at__lte=moment) | Q(state=State.CALLING, check_at=None, created_at__lte=moment)
    return CLAIMABLE & (Q(lease_until__lte=moment) | Q(lease_until=None) & its_turn)


@durable
def claim(pk: int) -> PaymentAttempt | None:
    """Take the lease of an attempt and return it with its order, or ``None`` if another process has it."""
    moment = now()
    free = Q(lease_until=None) | Q(lease_until__lte=moment)
    if not PaymentAttempt.objects.filter(CLAIMABLE, free, pk=pk).update(**new_lease(moment)):
        return None
    attempt: PaymentAttempt = PaymentAttempt.objects.select_related("order", "method", "parent").get(pk=pk)
    return attempt


def release(attempt: PaymentAttempt) -> None:
    """Give back the lease of an attempt, and change nothing else."""
    PaymentAttempt.objects.filter(pk=attempt.pk, lease=attempt.lease).update(lease=None, lease_until=None)
