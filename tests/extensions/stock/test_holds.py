"""The functions that hold, sell and give back, for hosts that do it themselves."""

from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.utils.timezone import now

from lorikeet.extensions.stock.exceptions import OutOfStock, StockError
from lorikeet.extensions.stock.holds import consume, release, release_expired, reserve
from lorikeet.extensions.stock.models import Hold, Movement, StockRecord
from lorikeet.models import Cart
from lorikeet.recovery import tick
from tests.extensions.goods.factories import make_bottle, make_stock
from tests.extensions.goods.models import BottleLine
from tests.testapp.factories import make_user
from tests.unit import make_order

from .shopping import counters, holds, moved

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_order")]


# reserve


def test_a_reservation_is_held(stock):
    hold = reserve(stock, 3)

    assert (counters(stock), holds()) == ((10, 3), [("held", 3)])
    hold.refresh_from_db()
    assert (hold.order, hold.cart, hold.line, hold.expires_at) == (None, None, None, None)


def test_it_is_held_for_whom_the_caller_says(stock):
    order, end = make_order(), now() + timedelta(hours=1)

    hold = reserve(stock, 3, order=order, expires_at=end)

    hold.refresh_from_db()
    assert (hold.order, hold.expires_at) == (order, end)


def test_it_may_be_held_for_a_line(stock):
    line = BottleLine.objects.create(cart=Cart.objects.create(currency="AUD"), bottle=make_bottle())

    hold = reserve(stock, 3, line=line)

    hold.refresh_from_db()
    assert hold.line_id == line.pk


def test_all_that_is_left_can_be_reserved(stock):
    reserve(stock, 4)
    reserve(stock, 6)

    assert counters(stock) == (10, 10)


def test_more_than_is_left_is_refused(stock, unchanged):
    reserve(stock, 8)

    with unchanged(), pytest.raises(OutOfStock) as refused:
        reserve(stock, 3)

    assert refused.value.to_json() == {
        "code": "out_of_stock",
        "field": "items",
        "message": "Only 2 are left.",
        "data": {"item": None, "asked": 3, "available": 2},
    }


def test_when_nothing_is_left_the_message_says_so():
    with pytest.raises(OutOfStock, match=r"^None is left\.$"):
        reserve(make_stock(0), 1)


def test_a_refusal_names_the_line():
    bottle = make_bottle(1, name="Moscato")
    line = BottleLine.objects.create(cart=Cart.objects.create(currency="AUD"), bottle=bottle, quantity=2)

    with pytest.raises(OutOfStock) as refused:
        reserve(bottle.stock, 2, line=line)

    assert (str(refused.value), refused.value.line) == ("2 × Moscato: only 1 is left.", line)
    assert refused.value.data == {"item": f"/_cart/{line.pk}/", "asked": 2, "available": 1}


@pytest.mark.parametrize("quantity", [0, -1])
def test_nothing_or_less_is_refused(stock, unchanged, quantity):
    with unchanged(), pytest.raises(StockError, match=r"^Give a number of units above zero\.$"):
        reserve(stock, quantity)


def test_a_refusal_in_a_transaction_leaves_the_rest_of_it(stock):
    with transaction.atomic():
        first = reserve(stock, 8)
        with pytest.raises(OutOfStock):
            reserve(stock, 3)
        second = reserve(stock, 2)

    assert (counters(stock), {first.quantity, second.quantity}) == ((10, 10), {8, 2})


def test_backordered_stock_can_be_reserved():
    stock = make_stock(1, backorder_limit=2)
    reserve(stock, 3)

    assert counters(stock) == (1, 3)


def test_a_record_that_was_read_long_ago_is_no_obstacle(stock):
    stock.held = stock.on_hand

    reserve(stock, 10)

    assert counters(stock) == (10, 10)


def test_a_record_that_is_gone_has_nothing_left():
    gone = make_stock(0)
    key = StockRecord(pk=gone.pk, name="Moscato")
    gone.delete()

    with pytest.raises(OutOfStock), transaction.atomic():
        reserve(key, 1)


def test_an_untracked_record_is_not_reserved(unchanged):
    stock = make_stock(0, name="Moscato", tracked=False)

    with unchanged(), pytest.raises(StockError, match=r"^Moscato is not tracked: any number can be sold\.$"):
        reserve(stock, 5)


# consume


def test_a_consumed_hold_is_sold(stock):
    clerk = make_user("clerk")
    hold = reserve(stock, 3)

    count = consume([hold], "Sold over the counter.", clerk)

    sale = Movement.objects.get(kind="sale")
    assert (count, counters(stock), holds()) == (1, (7, 0), [("consumed", 3)])
    assert (sale.quantity, sale.hold, sale.reason, sale.by) == (-3, hold, "Sold over the counter.", clerk)


def test_a_long_reason_is_cut(stock):
    consume([reserve(stock, 3)], "x" * 300)

    assert Movement.objects.get(kind="sale").reason == "x" * 255


def test_several_holds_are_consumed_at_once(stock):
    other = make_stock(5)

    count = consume([reserve(stock, 3), reserve(other, 2), reserve(stock, 1)])

    assert (count, counters(stock), counters(other)) == (3, (6, 0), (3, 0))


def test_a_consumed_hold_is_not_consumed_again(stock, unchanged):
    hold = reserve(stock, 3)
    consume([hold])

    with unchanged():
        assert consume([hold]) == 0


def test_a_released_hold_is_not_consumed(stock, unchanged):
    hold = reserve(stock, 3)
    release([hold])

    with unchanged():
        assert consume([hold]) == 0


def test_no_holds_consume_nothing(stock, unchanged):
    with unchanged():
        assert (consume([]), release([])) == (0, 0)


def test_backordered_stock_is_sold_below_zero():
    stock = make_stock(1, backorder_limit=2)
    consume([reserve(stock, 3)])

    assert counters(stock) == (-2, 0)


# release


def test_a_released_hold_is_free(stock):
    hold = reserve(stock, 3)

    assert (release([hold]), counters(stock), holds(), moved()) == (1, (10, 0), [("released", 3)], [])


def test_a_released_hold_is_not_released_again(stock, unchanged):
    hold = reserve(stock, 3)
    release([hold])

    with unchanged():
        assert release([hold]) == 0


def test_a_sold_hold_is_not_released(stock, unchanged):
    hold = reserve(stock, 3)
    consume([hold])

    with unchanged():
        assert release([hold]) == 0


# the end of a hold


def test_a_hold_ends_at_its_time(stock):
    reserve(stock, 3, expires_at=now() - timedelta(seconds=1))
    reserve(stock, 2, expires_at=now() + timedelta(hours=1))

    assert (release_expired(), counters(stock)) == (1, (10, 2))


def test_a_hold_without_an_owner_or_an_end_stays(stock):
    reserve(stock, 3)

    assert (tick()["holds released"], counters(stock)) == (0, (10, 3))


def test_a_hold_of_an_order_does_not_end_by_itself(stock):
    reserve(stock, 3, order=make_order(), expires_at=now() - timedelta(days=1))

    assert (release_expired(), counters(stock)) == (0, (10, 3))


def test_only_those_of_one_record_end_when_that_is_asked_for(stock):
    other = make_stock(10)
    for record in (stock, other):
        reserve(record, 3, expires_at=now() - timedelta(seconds=1))

    assert (release_expired([stock.pk]), counters(stock), counters(other)) == (1, (10, 0), (10, 3))


def test_a_caller_who_finds_too_little_ends_expired_holds(stock):
    reserve(stock, 8, expires_at=now() - timedelta(seconds=1))
    reserve(stock, 5)

    assert (counters(stock), holds()) == ((10, 5), [("released", 8), ("held", 5)])


def test_a_caller_who_still_finds_too_little_is_told_what_is_left(stock):
    reserve(stock, 4, expires_at=now() - timedelta(seconds=1))
    reserve(stock, 3)
    with pytest.raises(OutOfStock) as refused:
        reserve(stock, 8)

    assert refused.value.data["available"] == 7


# databases


def test_the_counters_agree_where_keys_are_checked_at_once(stock, monkeypatch, unchanged):
    """There, the stock is taken first, and then the hold inserted."""
    monkeypatch.setattr(connection.features, "can_defer_constraint_checks", False)
    reserve(stock, 8)

    with unchanged(), pytest.raises(OutOfStock):
        reserve(stock, 3)

    assert (counters(stock), holds()) == ((10, 8), [("held", 8)])


def test_a_sale_is_written_down_where_keys_are_checked_at_once(stock, monkeypatch):
    monkeypatch.setattr(connection.features, "can_defer_constraint_checks", False)
    hold = reserve(stock, 8)

    assert consume([hold]) == 1

    sale = hold.movements.get()
    assert (sale.kind, sale.stock, sale.quantity) == ("sale", stock, -8)
    assert (counters(stock), holds()) == ((2, 0), [("consumed", 8)])


def test_a_hold_that_ends_while_it_is_read_ends_once(stock, unchanged):
    """Only where rows cannot be locked: the second process is undone."""
    hold = reserve(stock, 3)
    table = connection.ops.quote_name(Hold._meta.db_table)

    def interfere(execute, sql, params, many, context):
        if sql.startswith("UPDATE") and table in sql:
            with connection.cursor() as cursor:
                cursor.cursor.execute(f"UPDATE {table} SET state = 'released'")  # noqa: S608 -- the name of a table
        return execute(sql, params, many, context)

    with (
        unchanged(),
        pytest.raises(StockError, match=r"^Another process is changing these holds\.$"),
        connection.execute_wrapper(interfere),
    ):
        consume([hold])
