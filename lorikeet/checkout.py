"""The story of a sale, in three phases: prepare, pay, settle.

PREPARE is one short transaction: the order, its frozen lines and a payment attempt with a random key are durable
before the provider can hear of them. PAY holds no transaction and no lock. SETTLE is one short transaction that
places the order, or cancels it and hands the lines back. The order row is the record that answers every retry.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import uuid4

from django.db import connections, router
from django.db.models import Q
from django.db.models.functions import Now
from django.http import HttpRequest
from django.utils.functional import cached_property
from django.utils.timezone import now
from django.utils.translation import gettext as _

from . import signals, throttles
from .carts import lock
from .completeness import reasons
from .conf import settings
from .contents import CartContents
from .exceptions import (
    CartGone,
    ConflictError,
    ConflictErrorSet,
    IdempotencyKeyReused,
    IncompleteCartError,
    IncompleteCartErrorSet,
)
from .models import Adjustment, Cart, LineItem, Order, OrderCharge, PaymentAttempt
from .payments import ask, park, place_order, settle
from .pricing import Totals, price
from .registry import registry
from .transactions import durable

__all__ = ["Outcome", "Terms", "checkout", "notify"]

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Terms:
    """What a client asks for with a checkout.

    :param key: the client's idempotency key, or ``None``.
    :param fingerprint: a digest of everything in the request that must be the same when ``key`` comes again.
    :param precondition: called with the contents and totals under the cart's lock; raises ``CartChanged``.
    :param network: where the request comes from, for throttling; empty if that is not known.
    """

    key: str | None = None
    fingerprint: str = ""
    precondition: Callable[[CartContents, Totals], None] | None = None
    network: str = ""


NO_TERMS = Terms()


@dataclass(frozen=True)
class Outcome:
    """What a checkout came to, read from the order's row.

    ``replayed`` says that the client's key had been used before.
    """

    order: Order
    replayed: bool = False

    @cached_property
    def attempt(self) -> PaymentAttempt | None:
        """The latest charge, or ``None`` when nothing was to pay."""
        charges = PaymentAttempt.objects.filter(order=self.order, kind=PaymentAttempt.Kind.CHARGE)
        latest: PaymentAttempt | None = charges.order_by("-id").first()
        return latest


def checkout(cart: Cart, terms: Terms = NO_TERMS, request: HttpRequest | None = None) -> Outcome:
    """Make an order of what is in ``cart`` and have it paid. Never more than one order for one state of the cart.

    :param request: passed on to the receivers of ``order_checked_out``.
    :raises CartGone: the cart was deleted or merged in the meantime.
    :raises CartChanged: from ``terms.precondition``.
    :raises IncompleteCartErrorSet: the cart is not ready.
    :raises ConflictErrorSet: something in it was gone when the order was made.
    :raises IdempotencyKeyReused: ``terms.key`` was used with another fingerprint.
    :raises TooManyAttempts: too many payments were refused here.
    """
    row: Any = cart
    if row.pk is None:
        empty = IncompleteCartError("empty", _("There are no items in the cart."), "items")
        raise cart.check_completeness(for_checkout=True) or IncompleteCartErrorSet([empty])
    prepared = prepare(cart, terms)
    placed = prepared.made and prepared.attempt is None
    if prepared.attempt is not None:
        placed = settle(prepared.attempt, ask(prepared.attempt, prepared.method))
    outcome = Outcome(Order.objects.select_related("user").get(pk=prepared.order_id), prepared.replayed)
    if prepared.made and not outcome.order.is_pending and not outcome.order.is_placed:
        throttles.record("checkout", cart=str(cart.pk), ip=terms.network)
    if placed:
        signals.order_placed.send_robust(sender=Order, order=outcome.order)
    if placed or is_notification_due(outcome.order):
        notify(outcome.order, request)
    return outcome


def is_notification_due(order: Order) -> bool:
    """Tell whether whoever placed ``order`` must have died before it delivered ``order_checked_out``."""
    patience = timedelta(seconds=settings.LEASE_SECONDS)
    return order.purchased_on is not None and order.notified_at is None and order.purchased_on < now() - patience


def notify(order: Order, request: HttpRequest | None = None) -> None:
    """Deliver ``order_checked_out``; a receiver that fails is logged and stops no other."""
    for receiver, answer in signals.order_checked_out.send_robust(sender=Order, order=order, request=request):
        if isinstance(answer, Exception):
            logger.error("%r failed for order %s.", receiver, order.pk, exc_info=answer)
    Order.objects.filter(pk=order.pk, notified_at=None).update(notified_at=now())


@dataclass(frozen=True)
class Prepared:
    """What PREPARE left behind. ``attempt`` and ``method`` are set if this request is the one to pay."""

    order_id: int
    made: bool = False
    attempt: PaymentAttempt | None = None
    method: Any = None
    replayed: bool = False


def prepare(cart: Cart, terms: Terms) -> Prepared:
    """Answer from the order that is there, or make one."""
    prepared = _prepare(cart.pk, terms)
    if isinstance(prepared, PaymentAttempt):  # whoever made it died: nobody can say what became of the payment
        park(prepared)
        return Prepared(prepared.order_id)
    return prepared


@durable
def _prepare(cart_id: int, terms: Terms) -> Prepared | PaymentAttempt:
    if not lock(pk=cart_id):
        raise CartGone(cart_id)
    if earlier := _earlier(cart_id, terms):
        return earlier

    contents = CartContents.fetch(pk=cart_id)
    assert contents is not None  # it is locked
    totals = price(contents)
    if terms.precondition is not None:
        terms.precondition(contents, totals)
    found = reasons(contents, totals, for_checkout=True)
    if not found and totals.grand_total and contents.payment_method is None:  # whatever the host's checkers say
        found.add(IncompleteCartError("not_set", _("A payment method is required."), "payment_method"))
    if found:
        raise found
    throttles.check("checkout", cart=str(cart_id), ip=terms.network)

    order = _make_order(contents, totals, terms)
    _move_rows(contents, totals, order)
    attempt = _make_attempt(contents, order)
    if attempt is None:
        place_order(order)
    _prepare_rows(contents, totals, order)
    return Prepared(order.pk, True, attempt, contents.payment_method if attempt else None)


def _earlier(cart_id: int, terms: Terms) -> Prepared | PaymentAttempt | None:
    """Find the order that this request is about already: of the client's key, else the one in flight."""
    known = Q(slot=cart_id)
    if terms.key is not None:
        known |= Q(cart=cart_id, client_key=terms.key)
    orders = list(Order.objects.filter(known))
    of_key = [order for order in orders if order.client_key == terms.key is not None]
    for order in of_key or orders:
        if of_key and order.fingerprint != terms.fingerprint:
            raise IdempotencyKeyReused(terms.key)
        lapsed = PaymentAttempt.objects.filter(open_for=order, state="calling", lease_until__lt=Now()).first()
        return lapsed or Prepared(order.pk, replayed=bool(of_key))
    return None


def _make_order(contents: CartContents, totals: Totals, terms: Terms) -> Order:
    cart = contents.cart
    order: Order = Order.objects.create(
        cart=cart,
        slot=cart,
        client_key=terms.key,
        fingerprint=terms.fingerprint,
        user_id=cart.user_id,
        guest_email="" if cart.user_id else cart.email,
        delivery_address=contents.delivery_address,
        payment_method=contents.payment_method if totals.grand_total else None,
        currency=totals.currency,
        subtotal=totals.subtotal,
        grand_total=totals.grand_total,
    )
    OrderCharge.objects.bulk_create(
        OrderCharge(
            order=order,
            code=charge.code,
            label=charge.label,
            currency=totals.currency,
            total=charge.total,
            included=charge.included,
            data=charge.data,
        )
        for charge in totals.charges
    )
    return order


def _move_rows(contents: CartContents, totals: Totals, order: Order) -> None:
    """Move lines and adjustments onto the order, with the totals they were priced at."""
    models: list[tuple[Any, list[Any], list[Any]]] = [
        (LineItem, contents.lines, totals.lines),
        (Adjustment, contents.adjustments, totals.adjustments),
    ]
    for model, rows, amounts in models:
        if not rows:
            continue
        mine = model.objects.filter(cart=contents.cart, pk__in=[row.pk for row in rows])
        if mine.update(cart=None, order=order) != len(rows):
            raise CartGone("Rows of this cart were taken without its lock.")
        parents = []
        for row, amount in zip(rows, amounts, strict=True):
            row.cart, row.order, row.total_when_charged = None, order, amount
            parents.append(model(pk=row.pk, order=order, total_when_charged=amount))
        _upsert_totals(model, parents)


def _upsert_totals(model: Any, parents: list[Any]) -> None:
    """Write every row's own total in one statement; the rows exist and are locked, so that nothing is inserted."""
    features = connections[router.db_for_write(model)].features
    model.objects.bulk_create(
        parents,
        update_conflicts=True,
        update_fields=["total_when_charged"],
        unique_fields=["id"] if features.supports_update_conflicts_with_target else None,
    )


def _make_attempt(contents: CartContents, order: Order) -> PaymentAttempt | None:
    if not order.grand_total:
        return None
    attempt: PaymentAttempt = PaymentAttempt.objects.create(
        order=order,
        open_for=order,
        method=contents.payment_method,
        provider=registry.name(type(contents.payment_method)),
        amount=order.grand_total,
        currency=order.currency,
        lease=uuid4(),
        lease_until=Now() + timedelta(seconds=settings.LEASE_SECONDS),
    )
    return attempt


def _prepare_rows(contents: CartContents, totals: Totals, order: Order) -> None:
    """Let everything that was sold take what it needs: last, since these rows may be hot."""
    gone = ConflictErrorSet()
    for row in (*contents.lines, *contents.adjustments):
        try:
            with row.unfrozen():
                row.prepare_for_checkout()
        except ConflictError as reason:
            gone.add(reason)
    for source, charges in totals.sources:
        try:
            source.prepare_for_checkout(order, charges)
        except ConflictError as reason:
            gone.add(reason)
    if gone:
        raise gone
