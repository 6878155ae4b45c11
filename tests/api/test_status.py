"""``GET /_cart/checkout/<id>/``: the state of a checkout, read from our own row."""

from decimal import Decimal

import pytest

from lorikeet.exceptions import PaymentError
from lorikeet.outcomes import Paid
from tests.testapp.clients import Browser
from tests.testapp.factories import make_user
from tests.testapp.models import ScriptedCard

from .payers import get_ready, order, start_waiting


def test_a_checkout_that_waits_is_shown_as_in_the_cart(shopper, wine):
    checkout = start_waiting(shopper, wine)

    response = shopper.get(checkout["url"])

    assert response.status_code == 200
    assert response.json() == checkout == shopper.cart()["pending_checkout"]


def test_the_provider_is_not_asked_and_nothing_is_written(shopper, wine, unchanged):
    checkout = start_waiting(shopper, wine)

    with unchanged():
        shopper.get(checkout["url"])

    assert ScriptedCard.asked == []


def test_a_checkout_that_was_paid_is_placed(shopper, wine):
    checkout = start_waiting(shopper, wine)
    ScriptedCard.script(check_payment=Paid("ref", Decimal("12"), "AUD"))
    shopper.checkout()

    response = shopper.get(checkout["url"])

    assert response.status_code == 200
    assert response.json() == {**checkout, "state": "placed", "expires_at": None}


def test_a_checkout_that_was_refused_tells_why(shopper, wine):
    checkout = start_waiting(shopper, wine)
    ScriptedCard.script(check_payment=PaymentError({"message": "No."}), cancel_payment=True)
    shopper.checkout()

    response = shopper.get(checkout["url"])

    assert response.json() == {**checkout, "state": "cancelled", "info": {"message": "No."}}


def test_an_order_that_cost_nothing_has_no_payment_method(shopper, wine):
    get_ready(shopper, wine)
    shopper.add_adjustment("AmountOff", amount="12")
    shopper.checkout()

    response = shopper.get(f"/_cart/checkout/{order().uuid}/")

    assert (response.json()["state"], response.json()["payment_method"]) == ("placed", None)


@pytest.mark.parametrize("id", ["7", "nothing", "00000000-0000-4000-8000-000000000000", "%00", "é"])
def test_an_id_that_is_no_checkout_is_not_found(shopper, wine, id):
    start_waiting(shopper, wine)
    response = shopper.get(f"/_cart/checkout/{id}/")

    assert response.status_code == 404
    assert response.json() == {"detail": "Not found."}


@pytest.mark.parametrize("method", ["get", "confirm", "cancel"])
def test_another_shopper_finds_nothing(shopper, wine, mallory, unchanged, method):
    checkout = start_waiting(shopper, wine)
    mallory.add_wine(wine)
    with unchanged():
        url = checkout["url"] if method == "get" else checkout[f"{method}_url"]
        responses = [who.get(url) if method == "get" else who.post(url, {}) for who in (mallory, Browser())]

    assert [response.status_code for response in responses] == [404, 404]
    assert ScriptedCard.asked == []


def test_a_user_finds_it_from_another_browser(alice, wine):
    checkout = start_waiting(alice, wine)

    assert Browser(alice.user).get(checkout["url"]).json() == checkout


def test_a_guest_finds_it_after_logging_in(guest, wine):
    checkout = start_waiting(guest, wine)
    guest.log_in(make_user())

    response = guest.get(checkout["url"])

    assert response.status_code == 200
    assert response.json() == checkout == guest.cart()["pending_checkout"]


def test_the_answer_may_not_be_cached(shopper, wine):
    checkout = start_waiting(shopper, wine)

    assert shopper.get(checkout["url"])["Cache-Control"] == "private, no-cache"
