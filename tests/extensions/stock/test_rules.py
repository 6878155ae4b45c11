"""The rules of stock in ``lorikeet_check``: a shop in good order breaks none, and every violation is found."""

from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.utils.timezone import now

from lorikeet.extensions.stock.holds import consume, reserve
from lorikeet.extensions.stock.models import Hold, Movement, StockRecord
from lorikeet.extensions.stock.movements import adjust, restock
from lorikeet.invariants import violations
from lorikeet.models import Order
from lorikeet.outcomes import Pending
from tests.extensions.goods.factories import make_bottle, make_stock
from tests.testapp.clients import Browser
from tests.testapp.models import ScriptedCard
from tests.unit import make_order

from .shopping import add, get_ready, let_wait

pytestmark = pytest.mark.django_db

HELD = "What is held is the sum of its holds."
ON_HAND = "What is on hand is the sum of its movements."
WAITING = "Only an order that waits for its money holds stock."
PLACED = "Stock is sold by an order that is placed."
SALE = "What was sold is among the movements."
RETURN = "What came back is among the movements."
FOR_EVER = "A cart does not hold stock for ever."


@pytest.fixture
def sold(stock):
    """Three of ten, sold over the counter."""
    hold = reserve(stock, 3)
    consume([hold])
    return hold


def found():
    """The rules that are broken, each with the row that breaks it."""
    return [(violation.rule, violation.row) for violation in violations()]


def label(row):
    return f"{row._meta.label} {row.pk}"


def only(row, **values):
    """Write columns of one row, past everything but the constraints of the database."""
    type(row).objects.filter(pk=row.pk).update(**values)


def test_an_empty_shop_is_in_good_order():
    assert found() == []


def test_a_shop_in_the_middle_of_everything_is_in_good_order():
    bottle = make_bottle(100, backorder_limit=5)
    buyer, waiting, refused, browsing = (Browser() for _ in range(4))
    for browser in (buyer, waiting, refused, browsing):
        add(browser, bottle, 3, "SeatLine")
        add(browser, bottle, 2)
    for browser, token in ((buyer, "tok_paid"), (refused, "tok_declined")):
        get_ready(browser, token=token)
        assert browser.checkout().status_code == (200 if token == "tok_paid" else 422)
    let_wait(waiting)
    adjust(bottle.stock, -7, "Broken.")
    restock(Hold.objects.filter(state="consumed").first(), 1)
    owed = make_stock(1, backorder_limit=5)
    consume([reserve(owed, 4)])
    reserve(owed, 1)
    make_stock(0, tracked=False)

    assert found() == []


def test_the_command_says_what_is_wrong(stock, capsys):
    call_command("lorikeet_check")
    only(stock, on_hand=11)

    with pytest.raises((CommandError, SystemExit)):
        call_command("lorikeet_check")

    printed = capsys.readouterr()
    assert f"lorikeet_stock.StockRecord {stock.pk}: {ON_HAND}" in printed.out + printed.err


@pytest.mark.parametrize("held", [0, 2, 4])
def test_a_record_that_holds_something_else_than_its_holds_is_found(stock, held):
    reserve(stock, 3)

    only(stock, held=held)

    assert found() == [(HELD, label(stock))]


def test_a_record_that_holds_stock_without_a_hold_is_found(stock):
    only(stock, held=1)

    assert found() == [(HELD, label(stock))]


def test_a_hold_that_was_changed_past_the_counters_is_found(stock):
    hold = reserve(stock, 3)

    only(hold, state="released")

    assert found() == [(HELD, label(stock))]


@pytest.mark.parametrize("on_hand", [9, 11, 0])
def test_a_record_that_has_something_else_than_came_in_is_found(stock, on_hand):
    only(stock, on_hand=on_hand)

    assert found() == [(ON_HAND, label(stock))]


def test_a_record_that_was_made_with_something_on_hand_is_found():
    stock = StockRecord.objects.create()
    only(stock, on_hand=10)

    assert found() == [(ON_HAND, label(stock))]


def test_each_record_has_its_own_sums(stock, sold):
    other = make_stock(5)
    reserve(other, 2)
    reserve(stock, 4)

    assert found() == []


@pytest.mark.parametrize("state", ["placed", "cancelled"])
def test_an_order_that_is_done_and_holds_stock_is_found(stock, state):
    order = make_order(state="cancelled")
    hold = reserve(stock, 3, order=order)
    Order.objects.update(state=state, purchased_on=now() if state == "placed" else None)

    assert (WAITING, label(hold)) in found()


@pytest.mark.parametrize("state", ["pending", "cancelled"])
def test_an_order_that_is_not_placed_and_was_sold_stock_is_found(stock, state):
    hold = reserve(stock, 3, order=make_order(state=state))
    consume([hold])

    assert (PLACED, label(hold)) in found()


def test_a_sale_without_an_order_is_no_mistake(sold):
    assert found() == []


def test_a_sale_that_is_not_among_the_movements_is_found(stock, sold):
    Movement.objects.filter(kind="sale").update(hold=None)

    assert found() == [(SALE, label(sold))]


def test_a_sale_that_is_called_something_else_is_found(stock, sold):
    Movement.objects.filter(kind="sale").update(kind="correction")

    assert found() == [(SALE, label(sold))]


def test_a_sale_of_another_quantity_is_found(stock, sold):
    only(sold, quantity=2)

    assert found() == [(SALE, label(sold))]


def test_a_return_that_is_not_among_the_movements_is_found(stock, sold):
    only(sold, returned=1)

    assert found() == [(RETURN, label(sold))]


def test_a_return_that_the_hold_does_not_know_is_found(stock, sold):
    restock(sold, 2)

    only(sold, returned=1)

    assert found() == [(RETURN, label(sold))]


def test_returns_in_parts_are_added_up(stock, sold):
    restock(sold, 2)
    sold.refresh_from_db()
    restock(sold)

    assert found() == []


def test_a_hold_that_should_have_ended_long_ago_is_found(stock):
    hold = reserve(stock, 3, expires_at=now() - timedelta(minutes=59))
    lately = found()

    only(hold, expires_at=now() - timedelta(minutes=61))

    assert (lately, found()) == ([], [(FOR_EVER, label(hold))])


def test_a_hold_that_ended_long_ago_is_not(stock):
    reserve(stock, 3, expires_at=now() - timedelta(hours=2))
    make_bottle(1)

    reserve(stock, 8)

    assert found() == []


def test_an_order_that_waits_for_long_holds_its_stock(guest):
    add(guest, make_bottle(10))
    let_wait(guest)
    Hold.objects.update(created_at=now() - timedelta(days=1))
    ScriptedCard.script(check_payment=Pending())

    assert found() == []
