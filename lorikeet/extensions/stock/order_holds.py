"""Stock that an order holds, from the moment that it is made until it is placed or cancelled."""

from __future__ import annotations

from collections import Counter
from functools import partial
from typing import Any

from django.db.models import Min, Q, Sum
from django.utils.translation import gettext as _

from lorikeet.contents import CartContents
from lorikeet.exceptions import ConflictErrorSet, TooManyAttempts
from lorikeet.models import LineItem, Order
from lorikeet.throttles import in_turn, seconds_until

from .claims import claim, records_of
from .conf import settings
from .demand import Part, holds_in_carts, wants
from .exceptions import OutOfStock
from .holds import give_up, held, lock, sell, units
from .models import Hold, Policy

__all__ = ["finish", "hold", "undo"]


def hold(order: Order, contents: CartContents) -> None:
    """Hold what the lines of ``order`` need, and take over what its cart held.

    :raises ConflictErrorSet: less is left; one :class:`~.exceptions.OutOfStock` for each line.
    :raises TooManyAttempts: the pending orders of this shopper hold ``LORIKEET_STOCK_PENDING_UNITS`` already, or those
        of this network hold ``LORIKEET_STOCK_NETWORK_PENDING_UNITS``.
    """
    asked = wants(contents.lines, Policy.ON_ADD, Policy.AT_PLACING)
    if not asked:
        return
    _limit_pending(order, contents.cart.network)
    rows = held(cart=contents.cart) if holds_in_carts() else []
    Hold.objects.filter(pk__in=[row.pk for row in rows]).update(state="released")
    short = claim(asked, rows, partial(_write, order))
    if short:
        raise ConflictErrorSet(OutOfStock(want.line, want.quantity, got) for want, got in short)


def _limit_pending(order: Order, network: str) -> None:
    """Refuse an order if the pending orders of its shopper, or of its network, hold enough already.

    A shopper's orders count for the network up to the limit of one shopper: a large order leaves room for others. Since
    no lock is taken, a network may exceed its limit by as many orders as are made at the same moment.
    """
    mine = Q(order__cart=order.cart)
    if order.user_id is not None:
        mine |= Q(order__user=order.user_id)
    near = mine | Q(order__cart__network=network) if network else mine
    pending = Hold.objects.filter(near, state="held").order_by().values("order__cart")
    carts = list(
        pending.annotate(mine=Sum("quantity", filter=mine), all=Sum("quantity"), first=Min("order__expires_at"))
    )
    own, most = [cart for cart in carts if cart["mine"]], settings.STOCK_PENDING_UNITS
    if sum(cart["mine"] for cart in own) >= most:
        message = _("Your unpaid orders keep too many of these. Pay or cancel one of them first.")
        raise TooManyAttempts(_seconds_until_first(own), message)
    if sum(min(cart["all"], most) for cart in carts) >= settings.STOCK_NETWORK_PENDING_UNITS:
        message = _("Too many of these are kept for unpaid orders on your network.")
        raise TooManyAttempts(_seconds_until_first(carts), message)


def _seconds_until_first(carts: list[dict[str, Any]]) -> int:
    return seconds_until(min((cart["first"] for cart in carts if cart["first"]), default=None))


def _write(order: Order, parts: Counter[Part]) -> None:
    Hold.objects.bulk_create(
        Hold(stock_id=stock, line_id=line, order=order, quantity=quantity)
        for (line, stock), quantity in sorted(parts.items())
    )


def finish(order: Order) -> None:
    """Turn what ``order`` holds into a sale."""
    sell(Hold.objects.filter(order=order))


def undo(order: Order) -> None:
    """Give up what ``order`` holds."""
    if order.cart is not None and holds_in_carts():  # the cart will hold it again: all is locked first
        in_turn(order.cart.network)
        held(cart=order.cart)
        lines = LineItem.objects.select_subclasses().filter(Q(cart=order.cart) | Q(order=order))
        lock(records_of(wants(lines, Policy.ON_ADD)) | units(held(order=order)).keys())
    give_up(Hold.objects.filter(order=order))
