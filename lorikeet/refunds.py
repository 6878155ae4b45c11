"""Refunds: in the same phases as a sale, and never more than was received."""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

from django.db.models import F, Sum
from django.utils.translation import gettext as _

from . import money
from .clock import now
from .exceptions import PriceError, RefundError
from .models import Order, PaymentAttempt
from .payments import begin
from .sale.leases import new_lease
from .sale.settle import owe
from .transactions import durable

__all__ = ["refund", "refundable"]


def refund(
    order: Order, amount: Decimal | None = None, reason: str = "", by: Any = None, key: UUID | None = None
) -> PaymentAttempt:
    """Refund ``amount`` of what was paid for ``order``, or all that is left of it.

    The refund is durable before the provider hears of it; if its outcome is unknown, recovery asks again until it is
    known. The order stays placed.

    :param amount: in major units of the order's currency.
    :param reason: at most 255 characters, for the record and for the provider.
    :param by: the user who decided it, for the record.
    :param key: the refund's key at the provider; a second refund with it is refused. By default a random one.
    :returns: the attempt in its present state: paid, pending, failed or unknown.
    :raises RefundError: nothing was paid, it is more than what is left, it is not an amount above zero, or a refund
        has this key.
    :raises RuntimeError: a transaction is open, with which the record of the refund could be lost.
    """
    attempt = _owe(order.pk, amount, key, reason=reason, created_by=by)
    begin(attempt)
    attempt.refresh_from_db()
    return attempt


def refundable(order: Order) -> Decimal:
    """Return what can still be refunded, in major units of the order's currency."""
    charge = _paid_charge(order)
    return money.quantise(0, order.currency) if charge is None else _left(charge)


@durable
def _owe(order_id: int, amount: Decimal | None, key: UUID | None, **values: Any) -> PaymentAttempt:
    Order.objects.filter(pk=order_id).update(state=F("state"))  # the lock
    order: Order = Order.objects.get(pk=order_id)
    if key is not None and PaymentAttempt.objects.filter(key=key).exists():
        raise RefundError(_("This refund was asked for already."))
    charge = _paid_charge(order)
    if charge is None:
        raise RefundError(_("Nothing was paid for this order."))
    left = _left(charge)
    if not left:
        raise RefundError(_("All that was paid has been paid back, or is about to be."))
    try:
        value = left if amount is None else money.quantise(amount, charge.currency)
    except PriceError as error:
        raise RefundError(str(error)) from error
    if amount is not None and value != amount:
        raise RefundError(_("This amount has more decimal places than its currency."))
    if value <= 0:
        raise RefundError(_("A refund is an amount above zero."))
    if value > left:
        raise RefundError(_("Only %(left)s %(currency)s are left.") % {"left": left, "currency": charge.currency})
    return owe(charge, value, charge.currency, key=key or uuid4(), **values, **new_lease(now()))


def _paid_charge(order: Order) -> PaymentAttempt | None:
    """Return the charge that was paid as agreed; every other payment is owed back already."""
    charges = order.attempts.filter(kind="charge", state="paid", received="")
    paid: PaymentAttempt | None = charges.order_by("-id").first()
    return paid


def _left(charge: PaymentAttempt) -> Decimal:
    """Return what was neither refunded yet nor is about to be."""
    given = charge.refunds.exclude(state=PaymentAttempt.State.FAILED).aggregate(total=Sum("amount"))["total"] or 0
    return money.quantise(charge.amount - given, charge.currency)
