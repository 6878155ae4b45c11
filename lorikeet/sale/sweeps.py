"""What recovery does for payments and orders. Each sweep is idempotent; any number of processes may run it at once."""

from __future__ import annotations

import logging
from datetime import timedelta
from time import monotonic

from django.db.models import Q, QuerySet
from django.db.models.functions import Coalesce

from ..clock import now
from ..conf import settings
from ..models import Order, PaymentAttempt
from ..outcomes import Unknown
from ..payments import resolve
from .leases import due
from .notifications import notify
from .settle import UNRESOLVED, flag

__all__ = ["flag_unresolved", "notify_missed", "resolve_due"]

logger = logging.getLogger(__name__)

State = PaymentAttempt.State
BATCH = 500
#: After how many unanswered payments in a row a provider's turn is over.
SILENT_AFTER = 50
#: How many seconds a provider's turn lasts. A payment that is not reached in time waits for the next run.
TURN_SECONDS = 30
#: How long the outcome of a payment may be unknown before the staff are told.
UNKNOWN_FOR = timedelta(minutes=15)


def resolve_due() -> int:
    """Resolve the payments whose process died in the middle, and those that are due to be looked at again.

    Each provider has its turn, and those of its payments whose outcome is unknown have one of their own: what does not
    answer delays the others by at most ``TURN_SECONDS``.
    """
    attempts = PaymentAttempt.objects.filter(due(now()))
    providers = sorted(set(attempts.values_list("provider", flat=True)))
    is_unknown = Q(state=State.UNKNOWN)
    turns = [(provider, which) for provider in providers for which in (~is_unknown, is_unknown)]
    return sum(_take_turn(provider, attempts.filter(which, provider=provider)) for provider, which in turns)


def _take_turn(provider: str, attempts: QuerySet[PaymentAttempt]) -> int:
    """Resolve up to ``BATCH`` payments of one provider, in the order in which they are due."""
    looked = silences = 0
    ends = monotonic() + TURN_SECONDS
    for attempt in attempts.order_by(Coalesce("lease_until", "check_at", "created_at"), "id")[:BATCH]:
        if silences == SILENT_AFTER or monotonic() > ends:
            logger.error("%s takes too long to answer; its other payments are looked at in the next run.", provider)
            break
        looked += 1
        try:
            outcome = resolve(attempt)
        except Exception:  # the others must not wait for a host's mistake in this one
            logger.exception("Payment attempt %s could not be resolved.", attempt.key)
            if not attempt.attention:
                flag(attempt, UNRESOLVED)
        else:
            silences = silences + 1 if outcome == Unknown() else 0
    return looked


def flag_unresolved() -> int:
    """Flag for the staff the payments whose outcome has been unknown for a quarter of an hour."""
    unresolved = PaymentAttempt.objects.filter(
        state__in=(State.CALLING, State.UNKNOWN), attention="", updated_at__lt=now() - UNKNOWN_FOR
    )
    attempts = list(unresolved.order_by("id")[:BATCH])
    for attempt in attempts:
        flag(attempt, UNRESOLVED)
    return len(attempts)


def notify_missed() -> int:
    """Deliver ``order_checked_out`` of the orders whose process died after it had placed them."""
    due = now() - timedelta(seconds=settings.LEASE_SECONDS)
    missed = Order.objects.placed().filter(notified_at=None, purchased_on__lt=due)
    orders = list(missed.select_related("user").order_by("id")[:BATCH])
    for order in orders:
        notify(order)
    return len(orders)
