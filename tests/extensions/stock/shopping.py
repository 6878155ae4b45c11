"""The steps that tests of stock begin with, and the functions that read the result."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db.models import F
from django.utils.timezone import now

from lorikeet.extensions.stock.models import Hold, Movement, StockRecord
from lorikeet.extensions.stock.rules import rules
from lorikeet.models import Order
from lorikeet.outcomes import Paid, Pending
from tests.faults import databases
from tests.testapp.carts import EMAIL, cart_of, select_address, select_card
from tests.testapp.clients import CART, NEW_ITEM
from tests.testapp.models import ScriptedCard

__all__ = [
    "add",
    "broken",
    "counters",
    "fitting",
    "get_ready",
    "holds",
    "let_wait",
    "lives_for",
    "moved",
    "order",
    "out_of_stock",
    "pass_time",
    "quantities",
    "reasons",
    "received",
    "seat",
    "seconds_left",
    "try_to_add",
    "write_email",
]


def try_to_add(browser, bottle, quantity=1, line="BottleLine"):
    """Send what adds some bottles to the cart, and return the response."""
    return browser.post(NEW_ITEM, {"type": line, "data": {"bottle": bottle.pk, "quantity": quantity}})


def add(browser, bottle, quantity=1, line="BottleLine"):
    """Add some bottles to the cart, and return the line as it is shown."""
    return browser.add(NEW_ITEM, line, bottle=bottle.pk, quantity=quantity)


def seat(browser, bottle, quantity=1):
    """Add some bottles that are held in the cart."""
    return add(browser, bottle, quantity, "SeatLine")


def fitting(browser, bottle, quantity=1):
    """The same, with a line that fits itself to what is left."""
    return add(browser, bottle, quantity, "FittingSeatLine")


def write_email(browser):
    """Change something that has nothing to do with stock."""
    return browser.patch(CART, {"email": "ann@example.com"})


def quantities(browser):
    """Return the quantity of each line in the cart."""
    return [item["data"]["quantity"] for item in browser.cart()["items"]]


def seconds_left(browser):
    """Return for how many seconds from now on the cart says that it holds stock."""
    return round(browser.cart()["expires_at"] - now().timestamp())


def lives_for(seconds):
    """Return the value that these seconds are compared with; a test may take some."""
    return pytest.approx(seconds, abs=60)


def get_ready(browser, method="PretendCard", token="tok_paid"):
    """Do all that a checkout needs beside the lines."""
    cart = cart_of(browser)
    if browser.user is None:
        cart.email = EMAIL
    select_address(cart)
    select_card(cart, token, method)


def let_wait(browser, **answers):
    """Check out with a card whose provider waits, and return the object of the checkout."""
    get_ready(browser, "ScriptedCard")
    ScriptedCard.script(start_payment=Pending("ref", action={"url": "https://provider.example/"}), **answers)
    response = browser.checkout()
    assert response.status_code == 202, response.content
    return response.json()["checkout"]


def received(amount):
    """Return the outcome of a payment of the agreed amount."""
    return Paid("ref", Decimal(amount), "AUD")


def order():
    """Return the one order there is."""
    return Order.objects.get()


def counters(stock):
    """Return what is on hand and what is held of a record, or of a product with one, as it is stored."""
    record = getattr(stock, "stock", stock)
    return StockRecord.objects.values_list("on_hand", "held").get(pk=record.pk)


def holds(**lookup):
    """Return the state and the quantity of each hold, in the order in which they were made."""
    return list(Hold.objects.filter(**lookup).order_by("pk").values_list("state", "quantity"))


def moved(**lookup):
    """Return the kind and the quantity of each movement but the delivery, in their order."""
    rows = Movement.objects.filter(**lookup).exclude(reason="Delivered.")
    return list(rows.order_by("pk").values_list("kind", "quantity"))


def out_of_stock(name, item, asked, available):
    """Return a reason as it is shown."""
    left = {0: "none is left", 1: "only 1 is left"}.get(available, f"only {available} are left")
    return {
        "code": "out_of_stock",
        "field": "items",
        "message": f"{name}: {left}.",
        "data": {"item": item, "asked": asked, "available": available},
    }


def reasons(browser):
    """Return the reasons of the cart that are of stock."""
    return [reason for reason in browser.cart()["incomplete_reasons"] if reason["code"] == "out_of_stock"]


def pass_time(**duration):
    """Let time pass for every row that waits for it, holds among them; parameters of ``timedelta``."""
    gone = timedelta(**duration)
    databases.pass_time(**duration)
    Hold.objects.update(expires_at=F("expires_at") - gone, created_at=F("created_at") - gone)


def broken():
    """Return each rule of stock that does not hold, with the row."""
    return [(rule, row) for rule, rows in rules() for row in rows]
