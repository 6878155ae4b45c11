"""PREPARE: the order and its payment attempt, made in one short transaction under the cart's lock.

Everything is durable before the provider is called.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connections, router
from django.db.models import Count, Min, Q
from django.utils.translation import gettext as _

from .. import throttles
from ..base_models import parent_links
from ..cart.completeness import reasons
from ..cart.fetching import fetch_contents
from ..cart.locks import lock
from ..clock import now
from ..conf import settings
from ..contents import CartContents
from ..exceptions import (
    CartGone,
    ConflictError,
    ConflictErrorSet,
    IdempotencyKeyReused,
    IncompleteCartError,
    LockBroken,
    TooManyAttempts,
)
from ..hooks import HOOKS
from ..models import Adjustment, Cart, LineItem, Order, OrderCharge, PaymentAttempt
from ..pricing import Totals, price
from ..registry import registry
from ..transactions import durable
from .ask import method_of
from .leases import new_lease
from .settle import place_order

__all__ = ["Prepared", "Terms", "digest_of", "prepare"]

#: For how long a second order of the same is taken for an accident, while the first is pending.
TWIN_AGE = timedelta(minutes=30)


@dataclass(frozen=True)
class Terms:
    """What a client asks for with a checkout.

    :param key: the client's idempotency key, or ``None``.
    :param fingerprint: a digest of everything in the request that must be the same when ``key`` comes again.
    :param precondition: called with the contents and totals under the cart's lock; raises ``CartChanged``.
    :param network: where the request comes from, for throttling; empty if that is not known.
    :param confirm_duplicate: the shopper wants the same again, although an order of it is pending already.
    :param off_session: the shopper is away, so that their bank cannot ask them anything.
    """

    key: str | None = None
    fingerprint: str = ""
    precondition: Callable[[CartContents, Totals], None] | None = None
    network: str = ""
    confirm_duplicate: bool = False
    off_session: bool = False


@dataclass(frozen=True)
class Prepared:
    """What PREPARE left behind: an order, made just now or found, and the attempt that is still to be paid."""

    order_id: int
    made: bool = False
    attempt: PaymentAttempt | None = None
    replayed: bool = False
    is_duplicate: bool = False
    #: Whether the cart still has the address and payment method that the order was made with.
    is_wanted: bool = True


@durable
def prepare(cart: Cart, terms: Terms) -> Prepared:
    """Find the order that this checkout is about already, or make one of what is in ``cart``, under its lock.

    :raises: as :func:`lorikeet.checkout.checkout`.
    """
    cart_id = cart.pk
    network = throttles.digest(terms.network)
    if not lock(network, pk=cart_id, user=cart.user_id):
        raise CartGone(cart_id)
    if earlier := _earlier(cart_id, terms):
        return earlier

    contents = fetch_contents(pk=cart_id)
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

    moment = now()
    digest = digest_of(contents, totals)
    if not terms.confirm_duplicate and (twin := _twin(contents.cart, digest, moment)):
        return Prepared(twin.pk, attempt=twin.latest_charge, is_duplicate=True)
    _limit_pending(contents.cart)
    waiting = getattr(contents.cart, "pending_order", None)
    if waiting is not None:  # what is paid elsewhere waits beside the cart from now on
        Order.objects.filter(pk=waiting.pk).update(slot=None)
    order = _make_order(contents, totals, terms, digest, moment)
    _move_rows(contents, totals, order)
    attempt = _make_attempt(contents, order, moment)
    _prepare_rows(contents, totals, order)
    if attempt is None:
        place_order(order, moment)
    return Prepared(order.pk, True, attempt)


def _earlier(cart_id: int, terms: Terms) -> Prepared | None:
    """Find the order that this request is about already: of the client's key, else the one in flight."""
    known = Q(slot=cart_id)
    if terms.key is not None:
        known |= Q(cart=cart_id, client_key=terms.key)
    orders = {terms.key is not None and order.client_key == terms.key: order for order in Order.objects.filter(known)}
    replayed = True in orders
    order: Order | None = orders.get(replayed)
    if order is None:
        return None
    if replayed and order.fingerprint != terms.fingerprint:
        raise IdempotencyKeyReused(terms.key)
    attempt = order.latest_charge if order.is_pending else None
    if not replayed and attempt is not None and _can_wait_beside(attempt, cart_id):
        return None
    is_wanted = attempt is None or _is_wanted(order, cart_id)
    return Prepared(order.pk, attempt=attempt, replayed=replayed, is_wanted=is_wanted)


def _is_wanted(order: Order, cart_id: int) -> bool:
    """Tell whether the cart still has the address and the payment method that the order was made with."""
    chosen = Cart.objects.filter(pk=cart_id).values_list("delivery_address", "payment_method").get()
    return bool(chosen == (order.delivery_address_id, order.payment_method_id))


def _can_wait_beside(attempt: PaymentAttempt, cart_id: int) -> bool:
    """Tell whether this order is paid elsewhere, and there is something new in the cart."""
    is_waiting = attempt.state == "pending" and method_of(attempt).paid_elsewhere
    return is_waiting and LineItem.objects.filter(cart=cart_id).exists()


def digest_of(contents: CartContents, totals: Totals) -> str:
    """Return a digest of what is in a cart and selected for it.

    Carts with equal lines, total, address and payment method have the same digest. The order of one then serves for the
    other, and continuing its payment charges what the shopper selected.
    """
    rows = sorted(
        f"{type(row).__name__} {total} {_own_values(row)}"
        for row, total in zip(
            (*contents.lines, *contents.adjustments), (*totals.lines, *totals.adjustments), strict=True
        )
    )
    selected = (contents.cart.delivery_address_id, contents.cart.payment_method_id)
    parts = (rows, totals.grand_total, totals.currency, selected)
    return hashlib.sha256(repr(parts).encode()).hexdigest()


def _own_values(row: Any) -> dict[str, str]:
    """Return the columns that the host gave a row."""
    inherited = {field.name for base in (LineItem, Adjustment) for field in base._meta.concrete_fields}
    fields = [field for field in row._meta.concrete_fields if field.name not in inherited | parent_links(row)]
    return {field.name: str(field.value_from_object(row)) for field in fields}


def _twin(cart: Cart, digest: str, moment: datetime) -> Order | None:
    """Find a pending order of the same by the same shopper."""
    waiting = Order.objects.filter(_of_shopper(cart), state=Order.State.PENDING, digest=digest)
    twin: Order | None = waiting.filter(created_at__gt=moment - TWIN_AGE).order_by("-id").first()
    return twin


def _of_shopper(cart: Cart) -> Q:
    return Q(cart=cart) if cart.user_id is None else Q(cart=cart) | Q(user=cart.user_id)


def _limit_pending(cart: Cart) -> None:
    """Refuse another order of a shopper, or of a network, that has too many pending orders.

    :raises TooManyAttempts: until the first of them expires.
    """
    mine = _of_shopper(cart)
    near = mine | Q(cart__network=cart.network) if cart.network else mine
    pending = Order.objects.filter(near, state=Order.State.PENDING)
    found = pending.aggregate(mine=Count("pk", filter=mine), all=Count("pk"), first=Min("expires_at"))
    if found["mine"] >= settings.MAX_PENDING_ORDERS or found["all"] >= settings.MAX_NETWORK_PENDING_ORDERS:
        message = _("Too many orders are unpaid. Pay or cancel one of them first.")
        raise TooManyAttempts(throttles.seconds_until(found["first"]), message)


def _make_order(contents: CartContents, totals: Totals, terms: Terms, digest: str, moment: datetime) -> Order:
    cart = contents.cart
    window = getattr(contents.payment_method, "payment_window", None) or timedelta(seconds=settings.CHECKOUT_SECONDS)
    order: Order = Order.objects.create(
        cart=cart,
        slot=cart,
        client_key=terms.key,
        fingerprint=terms.fingerprint,
        user_id=cart.user_id,
        guest_email=cart.email,
        delivery_address=contents.delivery_address,
        payment_method=contents.payment_method if totals.grand_total else None,
        currency=totals.currency,
        subtotal=totals.subtotal,
        grand_total=totals.grand_total,
        digest=digest,
        created_at=moment,
        expires_at=moment + window if totals.grand_total else None,
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
            raise LockBroken(f"Rows of cart {contents.cart.pk} were taken without its lock.")
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


def _make_attempt(contents: CartContents, order: Order, moment: datetime) -> PaymentAttempt | None:
    if not order.grand_total:
        return None
    attempt: PaymentAttempt = PaymentAttempt.objects.create(
        order=order,
        open_for=order,
        method=contents.payment_method,
        provider=registry.name(type(contents.payment_method)),
        amount=order.grand_total,
        currency=order.currency,
        created_at=moment,
        updated_at=moment,
        **new_lease(moment),
    )
    return attempt


def _prepare_rows(contents: CartContents, totals: Totals, order: Order) -> None:
    """Let everything that was sold take what it needs: last, since other checkouts may wait for these rows."""
    gone = ConflictErrorSet()

    def ask(take: Callable[..., None], *args: Any) -> None:
        try:
            take(*args)
        except (ConflictError, ConflictErrorSet) as reason:
            gone.add(reason)

    for row in (*contents.lines, *contents.adjustments):
        with row.unfrozen():
            ask(row.prepare_for_checkout)
    for source, charges in totals.sources:
        ask(source.prepare_for_checkout, order, charges)
    for hooks in HOOKS:
        ask(hooks.prepare_for_checkout, order, contents)
    if gone:
        raise gone
