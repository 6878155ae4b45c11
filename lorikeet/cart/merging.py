"""What comes into a cart from elsewhere: a guest's cart at login, and the rows of an order that was cancelled."""

from __future__ import annotations

import logging
from typing import Any
from uuid import UUID

from django.db import transaction

from ..base_models import account_email
from ..conf import settings
from ..contents import owned_by
from ..hooks import HOOKS
from ..models import Adjustment, Cart, DeliveryAddress, LineItem, Order, PaymentMethod
from ..signals import cart_merged
from ..transactions import retried
from .combining import take_in
from .fetching import fetch_contents
from .locks import changed, lock

__all__ = ["hand_back", "merge"]

logger = logging.getLogger(__name__)


@retried
@transaction.atomic
def merge(key: UUID, user: Any) -> bool:
    """Merge the guest's cart that has this ``key`` into the user's; tell whether no cart has this key any more.

    Lines, adjustments, addresses and payment methods are moved; equal lines and adjustments are combined. What the
    guest had selected, and the e-mail address, count only where the user has nothing of the kind: a planted session
    must redirect neither a parcel nor its receipt. A checkout in flight goes on, and hands its lines to the user's cart
    if it fails.

    What cannot be moved stays in the guest's cart, which can be merged again later: the rows that the user's cart has
    no room for, and everything if both carts hold something in different currencies, since a line has a price in one
    currency only.
    """
    guest = Cart.objects.filter(user=None, key=key).first()
    if guest is None:
        return True
    target, _ = Cart.objects.get_or_create(user=user, defaults={"currency": guest.currency})
    first, second = sorted([guest.pk, target.pk])
    if not (lock(pk=first) and lock(pk=second)):
        return True  # another request has merged it in the meantime
    if not _agree_on_currency(guest.pk, target.pk):
        logger.warning("Carts %s and %s are in different currencies, and are not merged.", guest.pk, target.pk)
        return False
    _move_orders(guest, target)  # first: it waits for a payment that is being settled, which may hand lines back
    for hooks in HOOKS:
        hooks.cart_merged(guest, target)
    source, into = fetch_contents(pk=guest.pk), fetch_contents(pk=target.pk)
    assert source is not None and into is not None  # both are locked
    guest, target = source.cart, into.cart

    lines = take_in(LineItem, source.lines, into.lines, target, settings.MAX_LINES)
    staying = [
        *lines,
        *take_in(Adjustment, source.adjustments, into.adjustments, target, settings.MAX_ADJUSTMENTS),
        *_take_choices(guest, target, DeliveryAddress, "delivery_address", settings.MAX_ADDRESSES),
        *_take_choices(guest, target, PaymentMethod, "payment_method", settings.MAX_PAYMENT_METHODS),
    ]
    if not account_email(user):
        target.email = target.email or guest.email
    target.save(update_fields=["delivery_address", "payment_method", "email"])
    changed(Cart.objects.get(pk=target.pk))
    if staying:
        Cart.objects.filter(pk=guest.pk).update(delivery_address=None, payment_method=None)
        changed(Cart.objects.get(pk=guest.pk))
    else:
        guest.delete()
    count = len(source.lines) - len(lines)
    if count or not staying:  # what has no room is tried again and again
        transaction.on_commit(
            lambda: cart_merged.send_robust(sender=Cart, cart=target, merged_lines=count), robust=True
        )
    return not staying


def hand_back(order: Order, rows: list[Any]) -> None:
    """Return the ``rows`` of a cancelled order to its cart, whose lock is held; equal ones are combined.

    Without a cart, which was deleted, they stay on the order; so does what the cart has no room for.
    """
    if order.cart is None:
        return
    staying = []
    for model, limit in ((LineItem, settings.MAX_LINES), (Adjustment, settings.MAX_ADJUSTMENTS)):
        mine = [row for row in rows if isinstance(row, model)]
        present = list(model.objects.select_subclasses().filter(cart=order.cart)) if mine else []
        staying += take_in(model, mine, present, order.cart, limit)
    if staying:
        logger.warning("Cart %s is full: %d rows of order %s stay on it.", order.cart_id, len(staying), order.pk)
    changed(order.cart)


def _agree_on_currency(guest: int, target: int) -> bool:
    """Let the user's cart have the guest's currency if nothing in it has a price; tell whether both have the same."""
    currencies = dict(Cart.objects.filter(pk__in=(guest, target)).values_list("pk", "currency"))
    if currencies[guest] == currencies[target] or _is_empty(guest):
        return True
    if not _is_empty(target):
        return False
    Cart.objects.filter(pk=target).update(currency=currencies[guest])
    return True


def _is_empty(cart: int) -> bool:
    """Tell whether nothing is in the cart, and nothing can come back to it."""
    kinds = (LineItem.objects, Adjustment.objects, Order.objects.filter(state=Order.State.PENDING))
    return not any(rows.filter(cart=cart).exists() for rows in kinds)


def _take_choices(guest: Cart, target: Cart, model: Any, name: str, limit: int) -> list[Any]:
    """Give the user the guest's own addresses or payment methods, the selected one first; return those that stay.

    The selected one is selected if the user has none.
    """
    selected = getattr(guest, f"{name}_id")
    present = model.objects.filter(owned_by(target)).count()
    rows = list(model.objects.select_subclasses().filter(owned_by(guest)))
    rows.sort(key=lambda row: (row.pk != selected, row.pk))
    room = max(limit - present, 0)
    for row in rows[:room]:
        row.assign_to_user(target.user)
        row.cart = target
        row.save()
    if not present and getattr(target, f"{name}_id") is None:
        setattr(target, f"{name}_id", selected)
    return rows[room:]


def _move_orders(guest: Cart, target: Cart) -> None:
    if not Order.objects.filter(slot=target).exists():
        Order.objects.filter(slot=guest).update(slot=target)
    Order.objects.filter(slot=guest).update(slot=None)
    taken = list(target.orders.exclude(client_key=None).values_list("client_key", flat=True))
    guest.orders.filter(client_key__in=taken).update(client_key=None)
    guest.orders.update(cart=target)
