"""The demand of lines: parts of several records, backorders, untracked stock, and values that make no sense."""

import re
from decimal import Decimal

import pytest

from lorikeet.extensions.stock.models import Hold
from lorikeet.models import Order, PaymentAttempt
from tests.extensions.goods.factories import make_bottle, make_gadget
from tests.extensions.goods.models import BottleLine
from tests.testapp.clients import CART, NEW_ITEM, Browser

from .shopping import (
    add,
    counters,
    get_ready,
    holds,
    let_wait,
    moved,
    out_of_stock,
    reasons,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_order")]


def test_an_order_without_anything_to_pay_takes_its_stock_at_once(shopper, bottle):
    add(shopper, bottle, 3)
    shopper.add_adjustment("AmountOff", amount="30")
    get_ready(shopper)

    response = shopper.checkout()

    assert response.status_code == 200
    assert (PaymentAttempt.objects.count(), counters(bottle), moved()) == (0, (7, 0), [("sale", -3)])


def test_an_order_without_anything_to_pay_needs_its_stock(shopper, bottle, unchanged):
    add(shopper, bottle, 11)
    shopper.add_adjustment("AmountOff", amount="110")
    get_ready(shopper)

    with unchanged():
        response = shopper.checkout()

    assert response.status_code == 409


def test_as_many_more_as_the_backorder_limit_allows_are_sold(shopper):
    bottle = make_bottle(3, backorder_limit=5)
    add(shopper, bottle, 8)
    get_ready(shopper)

    response = shopper.checkout()

    assert (response.status_code, counters(bottle)) == (200, (-5, 0))


def test_no_more_than_the_backorder_limit_allows_are_sold(shopper, unchanged):
    bottle = make_bottle(3, name="Moscato", backorder_limit=5)
    line = add(shopper, bottle, 9)
    get_ready(shopper)

    with unchanged():
        response = shopper.checkout()

    assert response.json()["info"] == [out_of_stock("9 × Moscato", line["url"], 9, 8)]


def test_when_as_many_are_owed_as_may_be_nothing_is_left(shopper):
    bottle = make_bottle(0, name="Moscato", backorder_limit=2)
    add(shopper, bottle, 2)
    get_ready(shopper)
    shopper.checkout()
    other = Browser()
    line = add(other, bottle)

    assert reasons(other) == [out_of_stock("1 × Moscato", line["url"], 1, 0)]


def test_any_number_is_sold_of_what_is_not_tracked(shopper):
    bottle = make_bottle(0, tracked=False)
    add(shopper, bottle, 1000)
    get_ready(shopper)

    response = shopper.checkout()

    assert (response.status_code, counters(bottle), holds(), moved()) == (200, (0, 0), [], [])


def test_a_bundle_takes_each_of_its_parts(shopper):
    first, second = make_bottle(10), make_bottle(10)
    shopper.add(NEW_ITEM, "HamperOfBottles", first=first.pk, second=second.pk, quantity=3)
    get_ready(shopper)

    shopper.checkout()

    assert (counters(first), counters(second)) == ((4, 0), (7, 0))


def test_a_bundle_of_twice_the_same_takes_both_together(shopper):
    bottle = make_bottle(10)
    shopper.add(NEW_ITEM, "HamperOfBottles", first=bottle.pk, second=bottle.pk, quantity=3)
    get_ready(shopper)

    shopper.checkout()

    assert (counters(bottle), holds()) == ((1, 0), [("consumed", 9)])


def test_a_line_with_policy_none_is_never_asked_for_its_stock(shopper):
    shopper.add(NEW_ITEM, "DownloadLine", gadget=make_gadget().pk)
    get_ready(shopper)

    assert shopper.checkout().status_code == 200


def test_a_line_that_knows_nothing_of_stock_is_sold_as_ever(shopper, wine):
    shopper.get_ready(wine)

    assert (shopper.checkout().status_code, holds()) == (200, [])


def test_a_cart_whose_lines_were_deleted_holds_nothing(shopper, bottle):
    line = add(shopper, bottle, 3)

    shopper.delete(line["url"])

    assert (counters(bottle), reasons(shopper)) == ((10, 0), [])


def test_a_line_that_went_back_and_was_deleted_leaves_the_record_of_its_hold(shopper, bottle):
    line = add(shopper, bottle, 3)
    get_ready(shopper, token="tok_declined")
    shopper.checkout()

    assert shopper.delete(line["url"]).status_code == 204

    assert list(Hold.objects.values_list("state", "line")) == [("released", None)]


def test_a_line_taken_back_is_checked_out_at_the_present_stock(guest, alice, bottle):
    add(guest, bottle, 8)
    get_ready(guest, token="tok_declined")
    guest.checkout()
    add(alice, bottle, 5)
    let_wait(alice)
    guest.add_card()
    response = guest.checkout()

    assert (response.status_code, counters(bottle)) == (409, (10, 5))


# what a host's line may say


@pytest.fixture
def asking(monkeypatch, bottle):
    """Return a function that has every line of bottles ask for this."""
    return lambda *asked: monkeypatch.setattr(BottleLine, "get_stock", lambda line: list(asked))


@pytest.mark.parametrize("quantity", [1.5, Decimal(2), "2", None], ids=repr)
def test_a_demand_that_is_not_in_whole_units_is_the_hosts_mistake(guest, bottle, asking, quantity):
    add(guest, bottle)
    asking((bottle.stock, quantity))
    message = f"BottleLine.get_stock() asks for {quantity!r}: give whole units."

    with pytest.raises(TypeError, match=f"^{re.escape(message)}$"):
        guest.get()


def test_the_same_record_twice_is_added_up(guest, bottle, asking):
    asking((bottle.stock, 4), (bottle.stock, 6))
    add(guest, bottle)

    let_wait(guest)

    assert (counters(bottle), holds()) == ((10, 10), [("held", 10)])


def test_the_same_record_twice_is_not_counted_twice(guest, bottle, asking, unchanged):
    asking((bottle.stock, 6), (bottle.stock, 6))
    line = add(guest, bottle)
    get_ready(guest)

    with unchanged():
        response = guest.checkout()

    assert response.json()["info"] == [out_of_stock("1 × Moscato", line["url"], 6, 4)]
    assert reasons(guest) == [out_of_stock("1 × Moscato", line["url"], 6, 4)]


def test_a_product_that_has_no_record_yet_is_out_of_stock(guest, bottle, asking, unchanged):
    asking((None, 1))
    line = add(guest, bottle)
    get_ready(guest)
    assert reasons(guest) == [out_of_stock("1 × Moscato", line["url"], 1, 0)]

    with unchanged():
        response = guest.checkout()

    assert response.status_code == 409


@pytest.mark.parametrize("quantity", [0, -1, -(10**30)])
def test_nothing_or_less_is_not_held(guest, bottle, asking, quantity):
    asking((bottle.stock, quantity))
    add(guest, bottle)
    get_ready(guest)

    response = guest.checkout()

    assert (response.status_code, counters(bottle), holds()) == (200, (10, 0), [])


@pytest.mark.parametrize("quantity", [2**31, 2**63, 10**30], ids=["2^31", "2^63", "10^30"])
def test_more_than_a_column_holds_is_out_of_stock(guest, bottle, asking, unchanged, quantity):
    """The answer names no more than a million millions as asked for."""
    asking((bottle.stock, quantity))
    line = add(guest, bottle)
    get_ready(guest)

    with unchanged():
        response = guest.checkout()

    assert response.status_code == 409
    assert response.json()["info"] == [out_of_stock("1 × Moscato", line["url"], min(quantity, 10**12), 10)]


def test_a_stale_record_of_the_host_is_noticed(guest, bottle, asking, unchanged):
    """The host hands out a record that it has kept: it says that ten are left."""
    add(guest, bottle, 5)
    get_ready(guest)
    other = Browser()
    add(other, bottle, 8)
    let_wait(other)
    asking((bottle.stock, 5))
    with unchanged():
        response = guest.checkout()

    assert [entry["data"]["available"] for entry in response.json()["info"]] == [2]


def test_a_delivery_after_the_record_was_read_is_sold(guest, bottle, asking):
    """The same the other way round."""
    bottle.stock.on_hand = 0
    asking((bottle.stock, 5))
    add(guest, bottle, 5)
    get_ready(guest)
    response = guest.checkout()

    assert (response.status_code, counters(bottle)) == (200, (5, 0))


def test_a_second_order_of_the_same_is_no_second_hold(guest, bottle):
    """The twin that waits already is answered, and nothing new is made."""
    add(guest, bottle, 3)
    let_wait(guest)
    add(guest, bottle, 3)

    guest.checkout()

    assert (Order.objects.count(), counters(bottle)) == (1, (10, 3))


def test_the_whole_cart_after_a_write_shows_what_is_out_of_stock(guest, bottle):
    response = guest.post(
        NEW_ITEM, {"type": "BottleLine", "data": {"bottle": bottle.pk, "quantity": 11}}, prefer="return=cart"
    )

    found = [reason["data"] for reason in response.json()["incomplete_reasons"] if reason["code"] == "out_of_stock"]
    assert [(entry["asked"], entry["available"]) for entry in found] == [(11, 10)]
    assert response["Content-Location"] == CART
