"""Comparing the providers' books with ours: what a database lost, for example by a failover, a provider still knows."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

from .exceptions import ProviderUnavailable
from .models import Order, PaymentAttempt, PaymentMethod
from .outcomes import ProviderPayment
from .payment_reviews import review
from .payments import resolve
from .registry import registry
from .sale.ask import read_key
from .sale.settle import owe
from .transactions import durable

__all__ = ["Difference", "differences", "look_again", "pay_back"]

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Difference:
    """A payment about which a provider and the database do not agree.

    :param kind: ``"unknown"``: the database has never heard of it. ``"open"``: paid there, not settled here yet.
        ``"parked"``: paid there, and the staff must decide. ``"unpaid"``: paid there, failed here. ``"amount"``: the
        amounts differ. ``"refunds"``: what was refunded of it differs. ``"second"``: a second payment under the key
        of one that is settled.
    :param provider: the registered type of the payment method.
    """

    kind: str
    provider: str
    payment: ProviderPayment


def differences(since: datetime) -> Iterator[Difference]:
    """Compare everything that was paid since a moment, of every payment method that can list its payments.

    :raises ProviderUnavailable: at the end, if one of them could not list its payments.
    """
    seen = set()
    silent = []
    for name, model in registry.types(PaymentMethod).items():
        method: Any = model
        try:
            payments = list(method.list_payments(since))
        except Exception:  # the others are compared all the same
            logger.exception("%s could not list its payments.", name)
            silent.append(name)
            continue
        for payment in payments:
            kind = _compare(name, payment)
            if kind and payment not in seen:  # several methods may list the payments of one account
                seen.add(payment)
                yield Difference(kind, name, payment)
    if silent:
        raise ProviderUnavailable(", ".join(silent))


def look_again(difference: Difference) -> None:
    """Ask the provider again about a payment that was paid or refunded there and not here, and record the answer."""
    attempts = PaymentAttempt.objects.filter(provider=difference.provider, kind="charge")
    if difference.kind == "refunds":
        for attempt in attempts.filter(reference=difference.payment.reference):
            review(attempt)
    else:
        for attempt in attempts.filter(key=difference.payment.key):
            resolve(attempt)


def _compare(name: str, payment: ProviderPayment) -> str:
    key = read_key(payment.key)
    if key is None:
        return ""
    charges = PaymentAttempt.objects.filter(kind="charge")
    settled = charges.filter(provider=name, reference=payment.reference, state="paid").first()
    attempt = settled or charges.filter(key=key).first()
    if attempt is not None and attempt.provider != name:
        return ""
    if attempt is not None and attempt.state == "paid" and attempt.reference in (None, payment.reference):
        return _compare_paid(attempt, payment)
    return _kind_of(attempt) if payment.refunded < payment.amount else ""


def _kind_of(attempt: PaymentAttempt | None) -> str:
    """Say what is wrong with money that the provider has and that no paid attempt records."""
    if attempt is None:
        return "unknown"
    if attempt.state == "paid":
        return "second"
    if attempt.is_parked:
        return "parked"
    return "open" if attempt.is_open else "unpaid"


def _compare_paid(attempt: PaymentAttempt, payment: ProviderPayment) -> str:
    as_agreed = (attempt.amount, attempt.currency) == (payment.amount, payment.currency)
    if not (attempt.received or as_agreed):
        return "amount"
    refunds = attempt.refunds.exclude(state="failed").values_list("state", "amount")
    given = sum(amount for state, amount in refunds if state == "paid")
    asked = sum(amount for _, amount in refunds)
    return "" if given <= payment.refunded <= asked else "refunds"


@durable
def pay_back(difference: Difference) -> PaymentAttempt:
    """Record that an unknown or second payment is owed, on an empty, cancelled order; recovery refunds it."""
    payment = difference.payment
    left = payment.amount - payment.refunded
    key = uuid4() if difference.kind == "second" else UUID(payment.key)
    order: Order = Order.objects.create(
        state=Order.State.CANCELLED,
        cancel_reason="lost",
        currency=payment.currency,
        subtotal=Decimal(0),
        grand_total=payment.amount,
    )
    charge = PaymentAttempt.objects.create(
        order=order,
        provider=difference.provider,
        key=key,
        reference=payment.reference,
        state=PaymentAttempt.State.PAID,
        amount=payment.amount,
        currency=payment.currency,
    )
    method: Any = registry.types(PaymentMethod)[difference.provider]
    if payment.refunded and not method.has_own("review_payment"):  # a review finds each refund, with its reference
        owe(charge, payment.refunded, payment.currency, state=PaymentAttempt.State.PAID, lease_until=None)
    return owe(charge, left, payment.currency)
