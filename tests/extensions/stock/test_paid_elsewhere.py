"""Orders that are paid elsewhere keep their stock for the payment window, and no longer (X35 to X38)."""

import pytest

from lorikeet.models import PaymentAttempt
from lorikeet.recovery import tick
from tests.testapp.clients import Browser

from .shopping import (
    add,
    counters,
    get_ready,
    holds,
    moved,
    order,
    out_of_stock,
    pass_time,
    reasons,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_order")]


@pytest.fixture
def elsewhere(shopper, bottle, provider):
    """The checkout of three bottles that are paid elsewhere."""
    add(shopper, bottle, 3)
    get_ready(shopper, "Transfer")
    response = shopper.checkout()
    assert response.status_code == 202, response.content
    return response.json()["checkout"]


def test_an_order_that_is_paid_elsewhere_takes_its_stock_when_it_is_made(elsewhere, bottle):
    """X36: of ten, others can have seven."""
    other = Browser()

    line = add(other, bottle, 8)

    assert counters(bottle) == (10, 3)
    assert reasons(other) == [out_of_stock("8 × Moscato", line["url"], 8, 7)]


def test_it_keeps_its_stock_for_the_payment_window(elsewhere, bottle):
    """X37: five hours, though no cart waits for longer than one."""
    pass_time(hours=4, minutes=59)

    tick()

    assert (order().state, counters(bottle)) == ("pending", (10, 3))


def test_after_the_window_the_order_is_cancelled_and_the_stock_is_back(elsewhere, shopper, bottle):
    """X37, X38: back to ten, and the lines are back in the cart."""
    pass_time(hours=5, minutes=1)

    tick()

    assert (order().state, order().cancel_reason) == ("cancelled", "expired")
    assert (counters(bottle), holds()) == ((10, 0), [("released", 3)])
    assert [item["data"]["quantity"] for item in shopper.cart()["items"]] == [3]


def test_after_the_window_another_shopper_can_have_it(elsewhere, bottle):
    pass_time(hours=5, minutes=1)
    tick()
    other = Browser()
    add(other, bottle, 10)
    get_ready(other)
    response = other.checkout()

    assert (response.status_code, counters(bottle)) == (200, (0, 0))


def test_money_within_the_window_takes_the_stock(elsewhere, shopper, bottle, provider):
    key = PaymentAttempt.objects.get().key
    payment = provider.pay_elsewhere(3000, "AUD", key=key)
    pass_time(hours=4)

    response = shopper.post(elsewhere["confirm_url"], {"data": {"reference": payment["id"]}})

    assert (response.status_code, counters(bottle), moved()) == (200, (7, 0), [("sale", -3)])


def test_money_that_the_provider_still_moves_keeps_the_stock_beyond_the_window(elsewhere, bottle, provider):
    provider.pay_elsewhere(3000, "AUD", key=PaymentAttempt.objects.get().key, state="processing")
    pass_time(hours=5, minutes=1)

    tick()

    assert (order().state, counters(bottle)) == ("pending", (10, 3))


def test_an_order_beside_it_holds_stock_of_its_own(elsewhere, shopper, bottle):
    add(shopper, bottle, 4)

    response = shopper.checkout()

    assert response.status_code == 202
    assert (counters(bottle), holds()) == ((10, 7), [("held", 3), ("held", 4)])
