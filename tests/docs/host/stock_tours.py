"""What shoppers are told of stock, told as requests."""

from django.test import override_settings
from recipes import stock, stock_settings
from recipes.goods import BinEnd, Tasting
from recorder import Recorder
from tours import CART, CHECKOUT, NEW, NEW_ADDRESS, NEW_PAYMENT_METHOD, address, card

from lorikeet.extensions.stock.models import StockRecord
from lorikeet.extensions.stock.movements import adjust


def counted(units, **fields):
    record = StockRecord.objects.create(**fields)
    if units:
        adjust(record, units, "First count.")
    return record


def make_tasting(seats):
    return Tasting.objects.create(name="Tasting on Friday", price=40, seats=counted(seats))


def make_bin_end(shelf, cellar):
    return BinEnd.objects.create(
        name="Old Shiraz", price=30, shelf=counted(shelf, location="Shelf"), cellar=counted(cellar, location="Cellar")
    )


def some(kind, product, quantity):
    return {"type": kind, "data": {"product": product.pk, "quantity": quantity}}


def glasses(product, quantity):
    return some("GlassLineItem", product, quantity)


def seats(product, quantity):
    return some("SeatLineItem", product, quantity)


def get_ready_for(shopper, line, token="tok_visa", method=None):
    """Put a line into the cart, with an address, an e-mail address and a payment method."""
    shopper.send(None, "POST", NEW, line)
    shopper.send(None, "POST", NEW_ADDRESS, address())
    shopper.send(None, "PATCH", CART, {"email": "joe@example.com"})
    shopper.send(None, "POST", NEW_PAYMENT_METHOD, method or card(token))


def tour_of_too_many(shopper):
    glass = stock.add_glass("Tumbler", 8, 3)
    get_ready_for(shopper, glasses(glass, 5))
    shopper.send("stock-short", "GET", CART)
    shopper.send("stock-conflict", "POST", CHECKOUT)


@override_settings(LORIKEET_CART_SECTIONS=stock_settings.LORIKEET_CART_SECTIONS)
def tour_of_seats(shopper):
    tasting = make_tasting(4)
    Recorder().send(None, "POST", NEW, seats(tasting, 1))
    shopper.send("stock-add-refused", "POST", NEW, seats(tasting, 4))
    line = shopper.send("stock-add", "POST", NEW, seats(tasting, 2)).json()
    shopper.send("stock-cart", "GET", CART)
    shopper.send("stock-edit-refused", "PATCH", line["url"], {"data": {"quantity": 4}})


@override_settings(LORIKEET_STOCK_CART_UNITS=6)
def tour_of_what_one_cart_may_hold(shopper):
    shopper.send("stock-limit", "POST", NEW, seats(make_tasting(100), 7))


def tour_of_the_last_bottles(shopper):
    shopper.send("stock-fitted", "POST", NEW, some("BinEndLineItem", make_bin_end(1, 2), 6))


TOURS = [tour_of_too_many, tour_of_seats, tour_of_what_one_cart_may_hold, tour_of_the_last_bottles]
