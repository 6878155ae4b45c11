"""Refunds of an order at a real provider, and the answers to the shopper afterwards."""

from decimal import Decimal

import pytest

from lorikeet.exceptions import RefundError
from lorikeet.models import PaymentAttempt
from lorikeet.recovery import tick
from lorikeet.refunds import refund
from tests.faults.databases import pass_time

from .payers import get_ready, order


@pytest.fixture
def sold(alice, wine, provider):
    """A shopper whose order of 12 dollars was placed with a card."""
    get_ready(alice, wine, "ExactCard")
    assert alice.checkout(idempotency_key="k").status_code == 200
    return alice


def given(provider):
    """Return the cents that were given back, as the provider's books have them."""
    return [payment["refunded"] for payment in provider.payments()]


@pytest.mark.parametrize(("amount", "cents"), [(None, 1200), (Decimal("12"), 1200), (Decimal("0.01"), 1)])
def test_all_or_a_part_is_paid_back(sold, provider, amount, cents):
    attempt = refund(order(), amount, reason="Corked.")

    assert (attempt.kind, attempt.state, attempt.reason) == ("refund", "paid", "Corked.")
    assert given(provider) == [cents]
    assert order().amount_refunded == Decimal(cents) / 100


@pytest.mark.parametrize("amount", [Decimal("12.01"), Decimal(0), Decimal(-1), Decimal("1.001"), Decimal("NaN")])
def test_an_amount_that_is_no_part_is_refused_without_asking_the_provider(sold, provider, unchanged, amount):
    asked = len(provider.journal())
    with unchanged(), pytest.raises(RefundError):
        refund(order(), amount)

    assert (given(provider), len(provider.journal())) == ([0], asked)


def test_several_parts_are_never_more_than_the_whole(sold, provider):
    refund(order(), Decimal(7))

    with pytest.raises(RefundError):
        refund(order(), Decimal("5.01"))

    assert refund(order()).amount == Decimal(5)
    assert given(provider) == [1200]


def test_the_order_stays_placed_and_its_key_is_answered_so(sold, provider):
    refund(order())

    response = sold.checkout(idempotency_key="k")

    assert (response.status_code, response.json()["id"], order().state) == (200, order().pk, "placed")


@pytest.mark.parametrize("fault", ["timeout_before", "timeout_after", "500", "500_after", "429"])
def test_a_refund_whose_answer_is_lost_is_made_once(sold, provider, fault):
    provider.plan(refund=[fault])
    first = refund(order(), Decimal(5))
    for _ in range(2):
        pass_time(minutes=2)
        tick()

    attempt = PaymentAttempt.objects.get(kind="refund")
    assert (first.state, attempt.state) == ("unknown", "paid")
    assert given(provider) == [500]


def test_a_refund_that_the_provider_refuses_may_be_tried_again(sold, provider):
    provider.plan(refund=["decline"])
    first = refund(order(), Decimal(5))

    second = refund(order(), Decimal(12))

    assert (first.state, first.attention, second.state) == ("failed", "refund failed", "paid")
    assert given(provider) == [1200]


def test_a_refund_that_takes_days_is_looked_at_until_it_is_made(sold, provider):
    provider.plan(refund=["processing"])
    attempt = refund(order())
    pass_time(hours=2)
    tick()
    provider.settle(provider.books()["refunds"][0]["id"])
    pass_time(hours=2)

    tick()

    attempt.refresh_from_db()
    assert attempt.state == "paid"
    assert given(provider) == [1200]


def test_an_order_that_waits_has_nothing_to_pay_back(alice, wine, provider):
    provider.plan(confirm=["3ds"])
    get_ready(alice, wine, "ExactCard")
    alice.checkout()

    with pytest.raises(RefundError):
        refund(order())
