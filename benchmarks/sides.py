"""The two sides: how a cart is filled on each, and how it is put back as it was before a request."""

from __future__ import annotations

from typing import Any, ClassVar, Protocol
from uuid import UUID

from benchmarks.floor import models as floor
from benchmarks.shop import models as shop
from lorikeet import models as lorikeet

__all__ = ["SIDES", "FloorSide", "LorikeetSide", "Side"]

ADDRESS = {
    "addressee": "Joe Bloggs",
    "street": "123 Fake Street",
    "suburb": "Adelaide",
    "state": "SA",
    "postcode": "5000",
}
NUMBER = "ACC-000042"


class Side(Protocol):
    #: Where it is mounted.
    prefix: ClassVar[str]

    def fill_cart(self, wines: list[shop.Wine], user: Any, key: UUID, email: str) -> Any:
        """Make a cart of two bottles of each of ``wines``, with an address and an account to pay by selected."""

    def undo_add(self, cart: Any, wine: shop.Wine) -> None:
        """Remove what a request put into the cart."""

    def undo_checkout(self, cart: Any) -> None:
        """Put what a checkout sold into the cart again, and delete its order."""


class LorikeetSide:
    prefix = "/_cart/"

    def fill_cart(self, wines: list[shop.Wine], user: Any, key: UUID, email: str) -> lorikeet.Cart:
        cart = lorikeet.Cart.objects.create(user=user, key=key, email=email)
        cart.delivery_address = shop.StreetAddress.objects.create(user=user, cart=cart, **ADDRESS)
        cart.payment_method = shop.Account.objects.create(user=user, cart=cart, number=NUMBER)
        cart.save()
        for wine in wines:
            shop.WineLine.objects.create(cart=cart, product=wine, quantity=2)
        return cart

    def undo_add(self, cart: lorikeet.Cart, wine: shop.Wine) -> None:
        shop.WineLine.objects.filter(cart=cart, product=wine).delete()

    def undo_checkout(self, cart: lorikeet.Cart) -> None:
        lines = lorikeet.LineItem.objects.filter(order__cart=cart)
        lines.update(cart=cart, order=None, total_when_charged=None)
        lorikeet.Payment.objects.filter(attempt__order__cart=cart).delete()
        lorikeet.PaymentAttempt.objects.filter(order__cart=cart).delete()
        lorikeet.Order.objects.filter(cart=cart).delete()


class FloorSide:
    prefix = "/floor/"

    def fill_cart(self, wines: list[shop.Wine], user: Any, key: UUID, email: str) -> floor.Cart:
        cart = floor.Cart.objects.create(
            user=user,
            key=key,
            email=email,
            address=floor.Address.objects.create(user=user, **ADDRESS),
            account=floor.Account.objects.create(user=user, number=NUMBER),
        )
        floor.Line.objects.bulk_create(floor.Line(cart=cart, product=wine, quantity=2) for wine in wines)
        return cart

    def undo_add(self, cart: floor.Cart, wine: shop.Wine) -> None:
        floor.Line.objects.filter(cart=cart, product=wine).delete()

    def undo_checkout(self, cart: floor.Cart) -> None:
        lines = floor.Line.objects.filter(order__cart=cart)
        lines.update(cart=cart, order=None, total_when_charged=None)
        floor.Payment.objects.filter(attempt__order__cart=cart).delete()
        floor.Attempt.objects.filter(order__cart=cart).delete()
        floor.Order.objects.filter(cart=cart).delete()


SIDES: dict[str, Side] = {"Lorikeet": LorikeetSide(), "floor": FloorSide()}
