"""Deliveries, returns, the log of both, and the signal of stock that runs low."""

from uuid import UUID

import pytest
from django.db import transaction
from django.db.models import ProtectedError

from lorikeet.extensions.stock.exceptions import StockError
from lorikeet.extensions.stock.holds import consume, release, reserve
from lorikeet.extensions.stock.models import Hold, Movement, StockRecord
from lorikeet.extensions.stock.movements import adjust, restock
from lorikeet.extensions.stock.signals import stock_low
from lorikeet.models import Order
from lorikeet.refunds import refund
from tests.extensions.goods.factories import make_bottle, make_stock
from tests.testapp.factories import make_user
from tests.testapp.models import ScriptedCard
from tests.unit import listening

from .shopping import add, counters, get_ready, holds, moved, received

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_order")]


@pytest.fixture
def sold(stock):
    """A hold of three of ten that is sold."""
    hold = reserve(stock, 3)
    consume([hold])
    hold.refresh_from_db()
    return hold


# adjusting


@pytest.mark.parametrize(("change", "left"), [(5, 15), (-4, 6), (-10, 0), (10**12, 10**12 + 10)])
def test_stock_on_hand_is_changed_by_a_difference(stock, change, left):
    movement = adjust(stock, change, "Counted.")

    assert counters(stock) == (left, 0)
    assert (movement.kind, movement.quantity, movement.reason) == ("correction", change, "Counted.")
    assert movement.hold is None


def test_the_log_says_who_and_why(stock):
    clerk = make_user("clerk")

    adjust(stock, -1, "Broken.", clerk)

    movement = Movement.objects.latest("pk")
    assert (movement.stock, movement.by, movement.reason) == (stock, clerk, "Broken.")
    assert str(movement) == "-1 Moscato: correction"


def test_a_long_reason_is_cut(stock):
    assert adjust(stock, 1, "x" * 300).reason == "x" * 255


def test_no_difference_is_refused(stock, unchanged):
    with unchanged(), pytest.raises(StockError, match=r"^Give the difference, above or below zero\.$"):
        adjust(stock, 0, "Counted.")


def test_less_than_is_held_is_refused(stock, unchanged):
    reserve(stock, 8)

    with (
        unchanged(),
        pytest.raises(StockError, match=r"^Moscato: fewer would be left than are held or owed\.$"),
    ):
        adjust(stock, -3, "Broken.")


def test_as_much_as_is_not_held_may_go(stock):
    reserve(stock, 8)

    adjust(stock, -2, "Broken.")

    assert counters(stock) == (8, 8)


def test_less_than_nothing_is_refused(stock, unchanged):
    with unchanged(), pytest.raises(StockError):
        adjust(stock, -11, "Broken.")


def test_backordered_stock_may_be_missing():
    stock = make_stock(1, backorder_limit=2)
    adjust(stock, -3, "Broken.")

    assert counters(stock) == (-2, 0)


def test_a_delivery_fills_up_backorders():
    stock = make_stock(1, backorder_limit=2)
    consume([reserve(stock, 3)])
    adjust(stock, 5, "Delivered at last.")

    assert counters(stock) == (3, 0)


def test_a_record_that_is_gone_is_refused(stock):
    empty = make_stock(0)
    empty_key = StockRecord(pk=empty.pk)
    empty.delete()

    with pytest.raises(StockError):
        adjust(empty_key, 1, "Found.")


def test_a_change_within_a_transaction_that_fails_is_none(stock, unchanged):
    @transaction.atomic
    def fail():
        adjust(stock, 5, "Delivered.")
        raise ZeroDivisionError

    with unchanged(), pytest.raises(ZeroDivisionError):
        fail()


# restocking


def test_a_sale_comes_back(stock, sold):
    movement = restock(sold, reason="Unopened.")

    assert (counters(stock), Hold.objects.get().returned) == ((10, 0), 3)
    assert (movement.kind, movement.quantity, movement.hold, movement.reason) == ("return", 3, sold, "Unopened.")


def test_a_part_of_it_comes_back(stock, sold):
    clerk = make_user("clerk")

    movement = restock(sold, 2, "One is broken.", clerk)

    assert (counters(stock), Hold.objects.get().returned, movement.by) == ((9, 0), 2, clerk)


def test_the_rest_comes_back_later(stock, sold):
    restock(sold, 2)
    sold.refresh_from_db()

    restock(sold)

    assert (counters(stock), moved()) == ((10, 0), [("sale", -3), ("return", 2), ("return", 1)])


@pytest.mark.parametrize("quantity", [4, 0, -1])
def test_more_than_was_sold_or_less_than_one_does_not_come_back(sold, unchanged, quantity):
    with (
        unchanged(),
        pytest.raises(StockError, match=r"^3 of Moscato: that many were not sold, or are back already\.$"),
    ):
        restock(sold, quantity)


def test_a_returned_sale_does_not_come_back_again(sold, unchanged):
    """The second of two clicks has read the hold before the first."""
    restock(sold)

    with unchanged(), pytest.raises(StockError):
        restock(sold)


def test_a_sale_returned_in_part_does_not_come_back_whole(sold, unchanged):
    restock(sold, 1)

    with unchanged(), pytest.raises(StockError):
        restock(sold, 3)


@pytest.mark.parametrize("quantity", [None, 1])
@pytest.mark.parametrize("state", ["held", "released"])
def test_a_hold_that_was_not_sold_does_not_come_back(stock, unchanged, state, quantity):
    hold = reserve(stock, 3)
    if state == "released":
        release([hold])
    hold.refresh_from_db()

    with unchanged(), pytest.raises(StockError):
        restock(hold, quantity)


def test_a_hold_says_how_many_can_come_back(stock, sold):
    waiting = reserve(stock, 1)
    before = (waiting.returnable, sold.returnable)
    restock(sold, 2)
    sold.refresh_from_db()

    assert (before, sold.returnable) == ((0, 3), 1)


def test_a_refund_leaves_the_stock_as_it_is(guest):
    """The return of stock is decided apart from the money."""
    bottle = make_bottle(10)
    add(guest, bottle, 3)
    get_ready(guest, "ScriptedCard")
    ScriptedCard.script(start_payment=received(30), refund_payment=received(30))
    guest.checkout()
    refund(Order.objects.get())
    before = counters(bottle)

    restock(Hold.objects.get(), reason="Refunded.")

    assert (before, counters(bottle)) == ((7, 0), (10, 0))


# the log


def test_a_movement_is_not_changed(stock):
    movement = Movement.objects.get()
    movement.quantity = 1000

    with pytest.raises(TypeError, match="never changed"):
        movement.save()

    assert Movement.objects.get().quantity == 10


def test_a_movement_is_not_deleted(stock):
    with pytest.raises(TypeError, match="never deleted"):
        Movement.objects.get().delete()

    assert Movement.objects.count() == 1


def test_a_movement_outlives_who_made_it(stock):
    clerk = make_user("clerk")
    adjust(stock, 1, "Found.", clerk)

    clerk.delete()

    assert [(row.quantity, row.by) for row in Movement.objects.order_by("pk")] == [(10, None), (1, None)]


def test_a_record_with_movements_is_not_deleted(stock):
    with pytest.raises(ProtectedError):
        stock.delete()

    assert counters(stock) == (10, 0)


# a record that is saved


def test_saving_a_record_leaves_its_counters_alone(stock):
    """A caller that has read it before a sale does not undo the sale."""
    before = StockRecord.objects.get(pk=stock.pk)
    consume([reserve(stock, 3)])
    reserve(stock, 2)
    before.name = "Moscato 2017"

    before.save()

    assert (StockRecord.objects.get().name, counters(stock)) == ("Moscato 2017", (7, 2))


def test_saving_some_columns_of_a_record_saves_those(stock):
    stock.name, stock.location = "Merlot", "Perth"

    stock.save(update_fields=["name"])

    record = StockRecord.objects.get()
    assert (record.name, record.location) == ("Merlot", "")


def test_a_record_may_be_made_with_a_key_of_the_hosts_own():
    record = StockRecord(pk=7, name="Moscato")

    record.save()

    assert counters(StockRecord.objects.get(pk=7)) == (0, 0)


@pytest.mark.parametrize(
    ("fields", "name"),
    [
        ({"name": "Moscato"}, "Moscato"),
        ({"name": "Moscato", "location": "Perth"}, "Moscato (Perth)"),
        ({}, "Stock {pk}"),
        ({"location": "Perth"}, "Stock {pk} (Perth)"),
    ],
)
def test_a_record_goes_by_its_name_and_place(fields, name):
    record = StockRecord.objects.create(**fields)

    assert str(record) == name.format(pk=record.pk)


def test_a_record_without_a_name_goes_by_its_product():
    record = StockRecord.objects.create(product=make_bottle(name="Moscato"), location="Perth")

    assert str(record) == "Moscato (Perth)"


def test_a_record_whose_product_is_gone_goes_by_its_number():
    bottle = make_bottle(name="Moscato")
    record = StockRecord.objects.create(product=bottle, location="Perth")

    bottle.delete()

    assert str(StockRecord.objects.get(pk=record.pk)) == f"Stock {record.pk} (Perth)"


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, (0, False)),
        ({"tracked": False}, (0, True)),
        ({"backorder_limit": 2}, (2, True)),
    ],
    ids=str,
)
def test_a_record_says_whether_it_can_be_sold(fields, expected):
    record = StockRecord.objects.create(**fields)

    assert (record.available, record.in_stock) == expected


def test_held_stock_is_not_available(stock):
    reserve(stock, 10)
    stock.refresh_from_db()

    assert (stock.available, stock.in_stock) == (0, False)


# what runs out


@pytest.fixture
def low(django_capture_on_commit_callbacks):
    """Return a function that runs something, commits it, and returns the records that ran low then."""

    def run(action):
        with listening(stock_low) as sent, django_capture_on_commit_callbacks(execute=True):
            action()
            assert sent == []
        return [(entry["record"].pk, entry["record"].on_hand) for entry in sent]

    return run


@pytest.mark.parametrize(("sold", "is_low"), [(5, False), (6, True), (7, True), (10, True)])
def test_a_sale_that_reaches_the_level_is_told(low, sold, is_low):
    stock = make_stock(10, low_level=4)

    assert low(lambda: consume([reserve(stock, sold)])) == ([(stock.pk, 10 - sold)] if is_low else [])


def test_it_is_told_once(low):
    stock = make_stock(10, low_level=4)
    low(lambda: consume([reserve(stock, 6)]))

    assert low(lambda: consume([reserve(stock, 1)])) == []


def test_it_is_told_again_after_a_delivery(low):
    stock = make_stock(10, low_level=4)
    low(lambda: consume([reserve(stock, 6)]))
    adjust(stock, 1, "Delivered.")

    assert low(lambda: consume([reserve(stock, 1)])) == [(stock.pk, 4)]


def test_a_correction_downwards_is_told(low):
    stock = make_stock(10, low_level=4)

    assert low(lambda: adjust(stock, -6, "Broken.")) == [(stock.pk, 4)]


def test_a_delivery_that_leaves_it_low_is_not_told(low):
    stock = make_stock(1, low_level=4)

    assert low(lambda: adjust(stock, 1, "Delivered.")) == []


def test_the_last_one_is_told_with_the_level_zero(low):
    stock = make_stock(1, low_level=0)

    assert low(lambda: consume([reserve(stock, 1)])) == [(stock.pk, 0)]


def test_without_a_level_nothing_is_told(low, stock):
    assert low(lambda: consume([reserve(stock, 10)])) == []


def test_holding_is_not_selling(low):
    stock = make_stock(10, low_level=4)

    assert low(lambda: reserve(stock, 10)) == []


def test_a_sale_of_two_holds_is_told_once(low):
    stock = make_stock(10, low_level=4)
    both = [reserve(stock, 4), reserve(stock, 4)]

    assert low(lambda: consume(both)) == [(stock.pk, 2)]


def test_every_record_of_a_sale_is_told(low):
    first, second = make_stock(3, low_level=2), make_stock(3, low_level=2)
    both = [reserve(second, 1), reserve(first, 1)]

    assert low(lambda: consume(both)) == [(first.pk, 2), (second.pk, 2)]


def test_a_sale_that_is_undone_is_not_told(low):
    stock = make_stock(10, low_level=4)

    @transaction.atomic
    def fail():
        consume([reserve(stock, 6)])
        raise ZeroDivisionError

    def survive():
        with pytest.raises(ZeroDivisionError):
            fail()

    assert low(survive) == []


def test_a_receiver_that_fails_stops_no_other(low, guest):
    bottle = make_bottle(10, low_level=4)
    add(guest, bottle, 6)
    get_ready(guest)

    def receiver(**sent):
        raise ZeroDivisionError

    stock_low.connect(receiver)
    try:
        told = low(guest.checkout)
    finally:
        stock_low.disconnect(receiver)

    assert (told, counters(bottle), holds()) == ([(bottle.stock_id, 4)], (4, 0), [("consumed", 6)])


# whole units, and once


@pytest.mark.parametrize("units", [1.5, "2"], ids=repr)
def test_only_whole_units_move(stock, sold, unchanged, units):
    with unchanged():
        with pytest.raises(TypeError, match="no number of whole units"):
            adjust(stock, units, "Counted.")
        with pytest.raises(TypeError, match="no number of whole units"):
            reserve(stock, units)
        with pytest.raises(TypeError, match="no number of whole units"):
            restock(sold, units)


def test_a_return_is_of_what_is_left_to_return_now(stock, sold):
    restock(Hold.objects.get(pk=sold.pk), 2)
    restock(sold)

    assert counters(stock) == (10, 0)


def test_a_return_is_not_made_twice_under_one_key(sold, unchanged):
    key = UUID("5f0c3a52-8f0e-4f0b-9b51-0d8e3c1f0a11")
    restock(sold, 1, key=key)

    with unchanged(), pytest.raises(StockError, match="done already"):
        restock(sold, 1, key=key)
