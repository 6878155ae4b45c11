"""How the extension takes part in what happens to carts and orders."""

from __future__ import annotations

from collections import Counter

from django.db.models import Q, Sum

from lorikeet.clock import now
from lorikeet.contents import NO_CART, CartContents
from lorikeet.hooks import Hooks
from lorikeet.models import Cart, LineItem, Order

from . import cart_holds, order_holds
from .demand import Want, allocate, holds_in_carts, supply, wants
from .exceptions import OutOfStock
from .models import Hold, Policy

__all__ = ["StockHooks", "stock_hooks"]


class StockHooks(Hooks):
    """Holds stock for carts and orders, and says what is out of stock."""

    def check(self, contents: CartContents, for_checkout: bool) -> list[OutOfStock]:
        """Return a reason for each line that asks for more than is left; none at checkout, where holding fails."""
        asked = [] if for_checkout else wants(contents.lines, Policy.ON_ADD, Policy.AT_PLACING)
        short = allocate(asked, supply(asked))[1]
        if short:
            short = allocate(asked, supply(asked) + _held_for(contents.cart, asked))[1]
        return [OutOfStock(want.line, want.quantity, got) for want, got in short]

    def line_changed(self, cart: Cart, line: LineItem, is_new: bool, before: LineItem | None = None) -> None:
        cart_holds.note(cart, line, is_new, before)

    def cart_changed(self, cart: Cart) -> None:
        if holds_in_carts():
            cart_holds.keep(cart)

    def cart_merged(self, guest: Cart, cart: Cart) -> None:
        if holds_in_carts():
            cart_holds.hand_over(guest, cart)

    def prepare_for_checkout(self, order: Order, contents: CartContents) -> None:
        order_holds.hold(order, contents)

    def finish_checkout(self, order: Order) -> None:
        order_holds.finish(order)

    def undo_checkout(self, order: Order) -> None:
        order_holds.undo(order)


#: The one that is registered.
stock_hooks = StockHooks()


def _held_for(cart: Cart, asked: list[Want]) -> Counter[int]:
    """Return how much of what is asked for is held, but available to this cart: its own holds, and expired ones."""
    mine = Q(expires_at__lte=now()) | Q(cart=cart.pk or NO_CART)
    stock = {record.pk for want in asked for record in want.records}
    held = Hold.objects.filter(mine, stock__in=stock, state="held", order=None)
    return Counter(dict(held.order_by().values_list("stock").annotate(Sum("quantity"))))
