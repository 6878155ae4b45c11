"""Counters that something has written to past the functions are counted anew."""

import pytest

from lorikeet.extensions.stock.exceptions import StockError
from lorikeet.extensions.stock.holds import reserve
from lorikeet.extensions.stock.models import Movement, StockRecord
from lorikeet.extensions.stock.movements import recount

from .shopping import counters

pytestmark = pytest.mark.django_db


def test_counters_that_were_written_to_are_counted_anew(stock):
    reserve(stock, 3)
    StockRecord.objects.update(on_hand=99, held=1)

    assert recount(stock) is True

    assert counters(stock) == (10, 3)


def test_counters_that_are_right_stay(stock, unchanged):
    reserve(stock, 3)

    with unchanged():
        assert recount(stock) is False


def test_counters_that_cannot_be_are_left_to_the_staff(stock, unchanged):
    reserve(stock, 8)
    Movement.objects.create(stock=stock, kind="correction", quantity=-5)

    with unchanged(), pytest.raises(StockError, match="more is held than there is"):
        recount(stock)
