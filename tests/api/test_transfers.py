"""Payments that are made elsewhere and reported by reference: the provider's facts count, each reference once."""

from decimal import Decimal

import pytest

from lorikeet.models import Order, PaymentAttempt
from lorikeet.recovery import tick
from lorikeet.refunds import refund
from tests.faults.databases import pass_time
from tests.testapp.clients import NEW_PAYMENT_METHOD
from tests.testapp.factories import make_wine

from .payers import charge, get_ready, order

CENTS = 1200


def place(browser, wine):
    """Check out something to be paid elsewhere, and return the object of the checkout."""
    get_ready(browser, wine, "Transfer")
    response = browser.checkout()
    assert response.status_code == 202, response.content
    return response.json()["checkout"]


def report(browser, checkout, reference):
    return browser.post(checkout["confirm_url"], {"data": {"reference": reference}})


@pytest.fixture
def placed(shopper, wine, provider):
    """The checkout of a shopper who is to pay 12 dollars elsewhere."""
    return place(shopper, wine)


def test_the_answer_says_what_to_pay_and_under_which_key(shopper, wine, provider):
    get_ready(shopper, wine, "Transfer")

    response = shopper.checkout()

    assert response.status_code == 202
    assert response.json()["reason"] == "action_required"
    assert response.json()["info"] == {"key": str(charge().key), "amount": "12.00", "currency": "AUD"}


def test_the_order_waits_five_hours(placed):
    waits = order().expires_at - order().created_at

    assert round(waits.total_seconds() / 60) == 300


def test_a_payment_that_is_reported_places_the_order(shopper, placed, provider):
    payment = provider.pay_elsewhere(CENTS, "AUD", key=charge().key)

    response = report(shopper, placed, payment["id"])

    assert (response.status_code, response.json()["id"]) == (200, order().pk)
    assert (charge().state, charge().reference) == ("paid", payment["id"])


def test_a_payment_that_is_under_way_goes_on_waiting(shopper, placed, provider):
    payment = provider.pay_elsewhere(CENTS, "AUD", key=charge().key, state="processing")

    response = report(shopper, placed, payment["id"])

    assert (response.status_code, response.json()["reason"]) == (202, "pending")
    assert (order().state, charge().reference) == ("pending", payment["id"])


@pytest.mark.parametrize(
    "data", [{"more": 1}, {"reference": ""}, {"reference": 7}, {"reference": None}, {"reference": "x" * 256}]
)
def test_a_value_that_is_no_reference_is_answered_400_naming_the_field(shopper, placed, unchanged, data):
    with unchanged():
        response = shopper.post(placed["confirm_url"], {"data": data})

    assert response.status_code == 400
    assert response.json() == {"reference": ["Give the reference of your payment."]}


def test_another_field_is_answered_400_naming_it(shopper, placed, unchanged):
    with unchanged():
        response = shopper.post(placed["confirm_url"], {"data": {"reference": "x", "amount": "1"}})

    assert response.status_code == 400
    assert list(response.json()) == ["amount"]


def refusals(provider):
    """Return the reference of a payment of each kind that does not pay for this order."""
    key = charge().key
    return {
        "unknown": "pay_0",
        "without a key": provider.pay_elsewhere(CENTS, "AUD")["id"],
        "with another key": provider.pay_elsewhere(CENTS, "AUD", key="0" * 32)["id"],
        "to another account": provider.pay_elsewhere(CENTS, "AUD", key=key, account="another account")["id"],
    }


@pytest.mark.parametrize("kind", ["unknown", "without a key", "with another key", "to another account"])
def test_a_payment_that_is_not_for_this_order_is_answered_400(shopper, placed, provider, unchanged, kind):
    reference = refusals(provider)[kind]

    with unchanged():
        response = report(shopper, placed, reference)

    assert response.status_code == 400
    assert response.json() == {"reference": ["There is no payment for this order with this reference."]}


def test_another_shoppers_payment_does_not_pay_for_my_order(alice, mallory, wine, provider):
    theirs = place(alice, wine)
    payment = provider.pay_elsewhere(CENTS, "AUD", key=charge().key)
    mine = place(mallory, wine)
    response = report(mallory, mine, payment["id"])

    assert response.status_code == 400
    assert report(alice, theirs, payment["id"]).status_code == 200


def test_a_payment_counts_once(alice, wine, provider):
    first = place(alice, wine)
    payment = provider.pay_elsewhere(CENTS, "AUD", key=charge().key)
    assert report(alice, first, payment["id"]).status_code == 200
    second = place(alice, make_wine("12"))

    response = report(alice, second, payment["id"])

    assert response.status_code == 400
    assert sorted(Order.objects.values_list("state", flat=True)) == ["pending", "placed"]


def test_the_same_report_again_is_answered_with_the_order(shopper, placed, provider):
    payment = provider.pay_elsewhere(CENTS, "AUD", key=charge().key)
    first = report(shopper, placed, payment["id"])

    second = report(shopper, placed, payment["id"])

    assert (second.status_code, second.json()["id"]) == (200, first.json()["id"])
    assert PaymentAttempt.objects.count() == 1


@pytest.mark.parametrize(("amount", "currency"), [(CENTS - 1, "AUD"), (CENTS + 1, "AUD"), (CENTS, "NZD"), (1, "AUD")])
def test_another_amount_or_currency_is_refused_and_paid_back(shopper, placed, provider, amount, currency):
    payment = provider.pay_elsewhere(amount, currency, key=charge().key)

    response = report(shopper, placed, payment["id"])
    tick()

    assert (response.status_code, response.json()["info"]["code"]) == (422, "wrong_amount")
    assert (order().state, charge().attention) == ("cancelled", "wrong amount")
    (paid,) = provider.payments()
    assert (paid["refunded"], len(provider.books()["refunds"])) == (amount, 1)
    assert [item["total"] for item in shopper.cart()["items"]] == ["12.00"]


def test_a_payment_that_failed_is_refused(shopper, placed, provider):
    payment = provider.pay_elsewhere(CENTS, "AUD", key=charge().key, state="failed")

    response = report(shopper, placed, payment["id"])

    assert response.status_code == 422
    assert response.json()["info"] == {"code": "failed", "message": "The payment was not completed."}


def test_a_payment_that_is_not_reported_is_found(shopper, placed, provider):
    provider.pay_elsewhere(CENTS, "AUD", key=charge().key)
    pass_time(minutes=2)
    tick()

    assert (order().state, charge().state) == ("placed", "paid")


def test_after_five_hours_the_order_is_cancelled_and_the_lines_are_back(shopper, placed, provider):
    pass_time(hours=5, minutes=1)

    tick()

    assert (order().state, order().cancel_reason) == ("cancelled", "expired")
    assert [item["total"] for item in shopper.cart()["items"]] == ["12.00"]


def test_a_payment_that_was_made_before_the_end_and_never_reported_places_the_order(placed, provider):
    provider.pay_elsewhere(CENTS, "AUD", key=charge().key)
    pass_time(hours=5, minutes=1)

    tick()

    assert order().state == "placed"


def test_an_order_does_not_expire_while_the_provider_moves_the_money(placed, provider):
    provider.pay_elsewhere(CENTS, "AUD", key=charge().key, state="processing")
    pass_time(hours=5, minutes=1)

    tick()

    assert order().state == "pending"


def pay_too_late(shopper, provider, placed):
    pass_time(hours=5, minutes=1)
    tick()
    return provider.pay_elsewhere(CENTS, "AUD", key=charge().key)


def test_money_after_the_end_that_is_reported_is_paid_back(shopper, placed, provider):
    payment = pay_too_late(shopper, provider, placed)

    response = report(shopper, placed, payment["id"])
    tick()

    assert response.status_code == 422
    assert (order().state, charge().attention) == ("cancelled", "late money")
    assert [p["refunded"] for p in provider.payments()] == [CENTS]


def test_money_after_the_end_that_is_not_reported_is_refunded_too(shopper, placed, provider):
    pay_too_late(shopper, provider, placed)
    for _ in range(2):
        pass_time(minutes=90)
        tick()

    assert order().state == "cancelled"
    assert [p["refunded"] for p in provider.payments()] == [CENTS]


def test_cancelling_gives_the_lines_back(shopper, placed):
    response = shopper.post(placed["cancel_url"], {})

    assert (response.status_code, response.json()["reason"]) == (200, "cancelled")
    assert [item["total"] for item in shopper.cart()["items"]] == ["12.00"]


def test_cancelling_what_is_on_its_way_is_answered_202(shopper, placed, provider):
    provider.pay_elsewhere(CENTS, "AUD", key=charge().key, state="processing")

    response = shopper.post(placed["cancel_url"], {})

    assert (response.status_code, order().state) == (202, "pending")


def test_another_cart_is_checked_out_beside_it(alice, wine, provider):
    placed = place(alice, wine)
    alice.add_wine(make_wine("7"))
    alice.add(NEW_PAYMENT_METHOD, "OneCallCard", token="tok_paid")

    response = alice.checkout()

    assert response.status_code == 200
    assert response.json()["id"] != placed["order"]
    assert alice.get(placed["url"]).json()["state"] == "pending"
    assert list(Order.objects.order_by("pk").values_list("state", "grand_total")) == [
        ("pending", Decimal("12")),
        ("placed", Decimal("7")),
    ]


def test_it_is_paid_and_placed_after_another_was(alice, wine, provider):
    placed = place(alice, wine)
    key = charge().key
    alice.add_wine(make_wine("7"))
    alice.add(NEW_PAYMENT_METHOD, "OneCallCard", token="tok_paid")
    alice.checkout()

    response = report(alice, placed, provider.pay_elsewhere(CENTS, "AUD", key=key)["id"])

    assert (response.status_code, response.json()["id"]) == (200, placed["order"])
    assert Order.objects.placed().count() == 2


def test_a_card_that_waits_does_keep_the_cart_from_another_checkout(alice, wine, provider):
    provider.plan(confirm=["processing"])
    get_ready(alice, wine, "ExactCard")
    first = alice.checkout()
    alice.add_wine(make_wine("7"))

    second = alice.checkout()

    assert (second.status_code, second.json()["id"]) == (202, first.json()["id"])


def test_a_transfer_is_paid_back_by_its_reference(shopper, placed, provider):
    payment = provider.pay_elsewhere(CENTS, "AUD", key=charge().key)
    report(shopper, placed, payment["id"])

    attempt = refund(order(), Decimal("5"))

    assert attempt.state == "paid"
    assert [p["refunded"] for p in provider.payments()] == [500]


def test_a_method_that_takes_no_data_refuses_a_reference(shopper, wine, provider, unchanged):
    provider.plan(confirm=["3ds"])
    get_ready(shopper, wine, "ExactCard")
    checkout = shopper.checkout().json()["checkout"]

    with unchanged():
        response = report(shopper, checkout, "pay_1")

    assert response.status_code == 400
    assert response.json() == {"reference": ["This payment method takes no data."]}
