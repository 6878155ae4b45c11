"""Asking a payment method for money, and recording what came of it."""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db import transaction
from django.db.models import QuerySet
from django.dispatch import Signal
from django.utils.module_loading import import_string
from django.utils.timezone import now

from . import signals
from .carts import hand_back, lock
from .conf import settings
from .exceptions import PaymentError
from .models import Adjustment, LineItem, Order, Payment, PaymentAttempt
from .transactions import durable

__all__ = ["Paid", "Refused", "Unknown", "ask", "cancel_order", "park", "place_order", "settle"]

logger = logging.getLogger(__name__)

State = PaymentAttempt.State


@dataclass(frozen=True)
class Paid:
    """The provider has the money. ``payment`` is the host's record of it, ``reference`` the provider's own id."""

    payment: Payment | None = None
    reference: str | None = None


@dataclass(frozen=True)
class Refused:
    """The shopper was certainly not charged; ``info`` is what the client may know of the reason."""

    info: Any


@dataclass(frozen=True)
class Unknown:
    """Nobody can say yet whether the shopper was charged."""


Result = Paid | Refused | Unknown


def ask(attempt: PaymentAttempt, method: Any) -> Result:
    """Ask ``method`` to charge ``attempt``. Called once for an attempt, outside any transaction.

    Only ``PaymentError`` means that the shopper was not charged. Whatever else comes back, an exception or something
    that is no payment, leaves the outcome unknown.
    """
    try:
        payment = method.make_payment(attempt.order, attempt.amount)
        if isinstance(payment, Payment) and payment._state.adding:
            payment.save()
    except PaymentError as error:
        return Refused(error.info)
    except Exception:
        logger.exception("Payment attempt %s raised: its outcome is unknown.", attempt.key)
        return Unknown()
    if not isinstance(payment, Payment):
        logger.error(
            "%s.make_payment() returned %r instead of a Payment: the outcome of attempt %s is unknown.",
            type(method).__name__,
            payment,
            attempt.key,
        )
        return Unknown()
    return Paid(payment)


@durable
def settle(attempt: PaymentAttempt, result: Result) -> bool:
    """Record ``result``. The conditional update of the attempt decides who won if several try at once.

    Tell whether this call placed the order.
    """
    order = _locked_order(attempt.order_id)
    if isinstance(result, Paid):
        changes = {"state": State.PAID, "reference": result.reference, "attention": ""}
        if not _move_on(attempt, **changes) or not order.is_pending:
            return False
        if result.payment is not None:
            Payment.objects.filter(pk=result.payment.pk).update(attempt=attempt)
        place_order(order)
        return True
    if isinstance(result, Refused):
        if _move_on(attempt, state=State.FAILED, info=_as_json(result.info), attention=""):
            cancel_order(order, "refused")
    else:
        _park(attempt, order)
    return False


@durable
def park(attempt: PaymentAttempt) -> None:
    """Leave an attempt whose outcome nobody can ask for to the staff, and let the shopper use the cart again."""
    _park(attempt, _locked_order(attempt.order_id))


def _park(attempt: PaymentAttempt, order: Order) -> None:
    open_attempts = PaymentAttempt.objects.filter(pk=attempt.pk, state__in=PaymentAttempt.OPEN)
    if open_attempts.update(state=State.UNKNOWN, attention="outcome unknown", updated_at=now()):
        Order.objects.filter(pk=order.pk).update(slot=None)
        _announce(signals.payment_changed, PaymentAttempt, "attempt", attempt.pk)
        logger.error("Payment attempt %s of order %s needs attention: its outcome is unknown.", attempt.key, order.pk)


def place_order(order: Order) -> None:
    """Place a pending order, in the transaction that holds its lock."""
    values = {"state": Order.State.PLACED, "slot": None, "purchased_on": now(), "expires_at": None, "updated_at": now()}
    placed = Order.objects.filter(pk=order.pk, state=Order.State.PENDING).update(**values)
    if not placed or settings.INVOICE_ID_GENERATOR is None:
        return
    try:
        with transaction.atomic():
            invoice_id = import_string(settings.INVOICE_ID_GENERATOR)()
            Order.objects.filter(pk=order.pk).update(custom_invoice_id=invoice_id)
    except Exception:  # the money is taken: a broken generator must not undo the sale
        logger.exception("Order %s was placed without an invoice id of its own.", order.pk)


def cancel_order(order: Order, reason: str) -> None:
    """Cancel a pending order and hand back what is on it, in the transaction that holds its lock."""
    values = {"state": Order.State.CANCELLED, "slot": None, "cancel_reason": reason, "updated_at": now()}
    if not Order.objects.filter(pk=order.pk, state=Order.State.PENDING).update(**values):
        return
    rows: list[Any] = [
        *LineItem.objects.select_subclasses().filter(order=order),
        *Adjustment.objects.select_subclasses().filter(order=order),
    ]
    for row in rows:
        with row.unfrozen():
            row.undo_checkout()
    for source in settings.load(settings.CHARGES):
        source().undo_checkout(order)
    hand_back(order, rows)
    _announce(signals.order_cancelled, Order, "order", order.pk)


def _locked_order(pk: int) -> Order:
    """Lock an order and, before it, its cart, as everybody does who needs both."""
    cart = Order.objects.values_list("cart", flat=True).get(pk=pk)
    if cart is not None:
        lock(pk=cart)
    Order.objects.filter(pk=pk).update(updated_at=now())
    order: Order = Order.objects.select_related("cart").get(pk=pk)
    if order.cart_id not in (None, cart):  # merged while this waited
        lock(pk=order.cart_id)
    return order


def _move_on(attempt: PaymentAttempt, **values: Any) -> bool:
    """Move an open attempt to a final state, and tell whether it was this call that did."""
    rows: QuerySet[PaymentAttempt] = PaymentAttempt.objects.filter(pk=attempt.pk, state__in=PaymentAttempt.OPEN)
    if not rows.update(open_for=None, lease=None, lease_until=None, updated_at=now(), **values):
        return False
    _announce(signals.payment_changed, PaymentAttempt, "attempt", attempt.pk)
    return True


def _announce(signal: Signal, model: Any, name: str, pk: int) -> None:
    """Send ``signal`` with the row as it is after the commit, if anybody listens."""
    if signal.has_listeners(model):
        transaction.on_commit(lambda: signal.send_robust(sender=model, **{name: model.objects.get(pk=pk)}), robust=True)


def _as_json(info: Any) -> Any:
    """Return ``info`` as JSON values that every database stores; what has no JSON form becomes a message."""
    try:
        value = json.loads(json.dumps(info, cls=DjangoJSONEncoder, allow_nan=False))
    except (TypeError, ValueError):
        value = {"message": str(info)}
    return _storable(value)


def _storable(value: Any) -> Any:
    """Replace lone surrogates and NUL in all text: PostgreSQL and MariaDB refuse them in JSON."""
    if isinstance(value, dict):
        return {_storable(key): _storable(member) for key, member in value.items()}
    if isinstance(value, list):
        return [_storable(member) for member in value]
    return value.encode("utf-8", "replace").decode().replace("\0", "?") if isinstance(value, str) else value
