"""The story of a sale, in three phases: prepare, pay, settle.

PREPARE is one short transaction: the order, its frozen lines and a payment attempt with a random key are durable
before the provider is called. PAY holds no transaction and no lock. SETTLE is one short transaction that
places the order, or cancels it and hands the lines back. The order row is the record that answers every retry.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext as _

from . import throttles
from .exceptions import IncompleteCartError, IncompleteCartErrorSet
from .models import Cart, Order
from .outcomes import Outcome, Pending, is_refusal
from .payments import begin, resolve
from .sale.notifications import answers_of, is_overdue, notify
from .sale.prepare import Prepared, Terms, prepare

__all__ = ["Checkout", "Terms", "checkout", "may_ask_in", "read"]

NO_TERMS = Terms()


@dataclass(frozen=True)
class Checkout:
    """What a checkout came to, read from the order's row.

    :param replayed: the client's key had been used before.
    :param action: what the browser has to do now, as the payment method says, or ``None``.
    :param is_duplicate: this is an earlier order of the same, which still waits; no new one was made.
    :param answers: what the receivers of ``order_checked_out`` returned for the client, if they ran in this request.
    :param retry_after: after how many seconds to ask again, while the order is pending.
    """

    order: Order
    replayed: bool = False
    action: Any = None
    is_duplicate: bool = False
    answers: dict[str, Any] = field(default_factory=dict)
    retry_after: int = 1


def checkout(cart: Cart, terms: Terms = NO_TERMS, request: HttpRequest | None = None) -> Checkout:
    """Make an order of what is in ``cart`` and have it paid. One state of the cart makes at most one order.

    :param request: passed on to the receivers of ``order_checked_out``.
    :raises CartGone: the cart was merged, or it or its account was deleted, in the meantime.
    :raises CartChanged: from ``terms.precondition``.
    :raises IncompleteCartErrorSet: the cart is not ready.
    :raises ConflictErrorSet: something in it was gone when the order was made.
    :raises IdempotencyKeyReused: ``terms.key`` was used with another fingerprint.
    :raises TooManyAttempts: too many payments of this cart or network were refused, or too many orders are pending.
    """
    row: Any = cart
    if row.pk is None:
        empty = IncompleteCartError("empty", _("There are no items in the cart."), "items")
        raise cart.check_completeness(for_checkout=True) or IncompleteCartErrorSet([empty])
    prepared = prepare(cart, terms)
    if prepared.attempt is not None:
        prepared.attempt.off_session = terms.off_session
        if not prepared.made and (seconds := may_ask_in(prepared.order_id, terms.network)):
            return replace(
                read(prepared.order_id, None, prepared.replayed, prepared.is_duplicate, request), retry_after=seconds
            )
    outcome = pay(prepared, request)
    if is_refusal(outcome):
        throttles.record("checkout", ip=terms.network)
    return read(prepared.order_id, outcome, prepared.replayed, prepared.is_duplicate, request)


def may_ask_in(order_id: int, network: str) -> int:
    """Count a question to the provider about an order, and return 0; or return how many seconds to wait."""
    return throttles.spend("ask", order=str(order_id), ip=network)


def pay(prepared: Prepared, request: HttpRequest | None) -> Outcome | None:
    """Have the order paid, or ask what became of its payment: PAY and, once the provider has answered, SETTLE."""
    attempt = prepared.attempt
    if attempt is None:
        if prepared.made:
            notify(Order.objects.select_related("user").get(pk=prepared.order_id), request)
        return None
    return begin(attempt, request) if prepared.made else resolve(attempt, prepared.is_wanted, request)


def read(
    pk: int, outcome: Any = None, replayed: bool = False, is_duplicate: bool = False, request: HttpRequest | None = None
) -> Checkout:
    """Read what became of an order. Deliver its signal if the process that placed it seems to have died before."""
    order: Order = Order.objects.select_related("user").get(pk=pk)
    if is_overdue(order):
        notify(order, request)
    action = outcome.action if isinstance(outcome, Pending) and order.is_pending else None
    return Checkout(order, replayed, action, is_duplicate, answers_of(request, order))
