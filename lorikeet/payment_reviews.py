"""Reviewing a settled payment: what became of it at the provider, without Lorikeet's doing.

Staff refund in the provider's dashboard, a refund that had gone through fails days later, a shopper disputes a charge.
Our record follows, since what the provider has done is a fact.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

from django.db import IntegrityError
from django.db.models import F

from . import signals
from .clock import now
from .exceptions import InvalidAnswer, ProviderUnavailable
from .models import Order, PaymentAttempt
from .outcomes import ProviderRefund, Review
from .payments import resolve
from .sale.ask import method_of, read_key
from .sale.notifications import announce
from .sale.settle import flag, owe
from .transactions import durable

__all__ = ["review"]

logger = logging.getLogger(__name__)

State = PaymentAttempt.State


def review(charge: PaymentAttempt) -> None:
    """Ask what became of a paid charge, and record it. Nothing is done if its method has no ``review_payment()``.

    :raises ProviderUnavailable: the provider did not answer.
    """
    method = method_of(charge)
    if not method.has_own("review_payment"):
        return
    try:
        found = _ask(method, charge)
    except Exception as error:
        logger.exception("Payment attempt %s could not be reviewed.", charge.key)
        raise ProviderUnavailable(charge.provider) from error
    try:
        waiting = _record(charge, found)
    except IntegrityError:  # another process recorded a refund between our reading and writing
        waiting = _record(charge, found)
    for attempt in waiting:
        resolve(attempt)


def _ask(method: Any, charge: PaymentAttempt) -> Review:
    found = method.review_payment(charge)
    if not isinstance(found, Review):
        raise InvalidAnswer(f"{type(method).__name__}.review_payment() returned {found!r} instead of a Review.")
    return found


@durable
def _record(charge: PaymentAttempt, found: Review) -> list[PaymentAttempt]:
    """Make our refunds agree with the provider's, and return those that the provider must be asked about."""
    Order.objects.filter(pk=charge.order_id).update(state=F("state"))  # the lock
    if found.attention:
        flag(charge, found.attention)
    return list(_compare(charge, found))


def _compare(charge: PaymentAttempt, found: Review) -> Iterator[PaymentAttempt]:
    ours = list(charge.refunds.all())
    by_key: dict[Any, PaymentAttempt] = {attempt.key: attempt for attempt in ours}
    by_reference = {attempt.reference: attempt for attempt in ours}
    for refund in found.refunds:
        attempt = by_key.get(read_key(refund.key)) or by_reference.get(refund.reference)
        if attempt is None:
            _add(charge, refund)
        elif attempt.is_open:
            yield attempt
        elif refund.state not in ("pending", attempt.state):
            _change(attempt, State(refund.state))


def _add(charge: PaymentAttempt, refund: ProviderRefund) -> None:
    """Record a refund that was not started by Lorikeet."""
    if refund.state == "failed":
        return
    attempt = owe(
        charge,
        refund.amount,
        refund.currency,
        state=State(refund.state),
        reference=refund.reference,
        reason="Made at the provider",
        lease_until=None,
        check_at=now() if refund.state == "pending" else None,
    )
    announce(signals.payment_changed, PaymentAttempt, "attempt", attempt.pk)


def _change(attempt: PaymentAttempt, state: PaymentAttempt.State) -> None:
    """Record that a refund turned out differently after all."""
    PaymentAttempt.objects.filter(pk=attempt.pk).update(state=state, updated_at=now())
    announce(signals.payment_changed, PaymentAttempt, "attempt", attempt.pk)
    if state == State.FAILED:
        flag(attempt, "refund failed")
