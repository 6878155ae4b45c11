"""``POST /_cart/checkout/<id>/cancel/``: giving a checkout up, if the provider can still be stopped."""

from decimal import Decimal

import pytest

from lorikeet.models import Order
from lorikeet.outcomes import NotFound, Paid, Pending
from tests.testapp.clients import Browser
from tests.testapp.models import ScriptedCard

from .payers import ACTION, order, start_waiting, state_of

PAID = Paid("ref", Decimal("12"), "AUD")
WAITING = Pending("ref", action=ACTION)
INFO = {"code": "cancelled", "message": "The payment was cancelled."}


@pytest.mark.parametrize("said", [WAITING, NotFound()])
def test_a_payment_that_was_stopped_is_answered_200(shopper, wine, said):
    checkout = start_waiting(shopper, wine)
    ScriptedCard.script(check_payment=said, cancel_payment=True)

    response = shopper.post(checkout["cancel_url"], {})

    assert response.status_code == 200
    assert response.json() == {
        "reason": "cancelled",
        "id": order().pk,
        "checkout": {**checkout, "state": "cancelled", "info": INFO},
    }
    assert (order().state, order().cancel_reason) == ("cancelled", "cancelled")


def test_the_cart_is_as_it_was(shopper, wine):
    shopper.add_wine(wine, 2)
    shopper.add_adjustment("ShareOff", parts=10)
    before = state_of(shopper.cart())
    checkout = start_waiting_with(shopper)
    ScriptedCard.script(check_payment=WAITING, cancel_payment=True)

    shopper.post(checkout["cancel_url"], {})

    assert state_of(shopper.cart()) == before


def start_waiting_with(shopper):
    """Check out what is in the cart."""
    shopper.add_address()
    shopper.add("/_cart/new-payment-method/", "ScriptedCard", token="tok_scripted")
    shopper.patch("/_cart/", {"email": "joe@example.com"})
    ScriptedCard.script(start_payment=WAITING)
    return shopper.checkout().json()["checkout"]


def test_the_provider_is_asked_and_then_stopped(shopper, wine):
    checkout = start_waiting(shopper, wine)
    ScriptedCard.script(check_payment=WAITING, cancel_payment=True)

    shopper.post(checkout["cancel_url"], {})

    assert [name for name, _ in ScriptedCard.asked] == ["check_payment", "cancel_payment"]


def test_a_payment_made_meanwhile_is_answered_200_with_the_order(shopper, wine):
    checkout = start_waiting(shopper, wine)
    ScriptedCard.script(check_payment=PAID)
    response = shopper.post(checkout["cancel_url"], {})

    assert response.status_code == 200
    assert response.json() == {"id": order().pk, "url": response["Location"]}
    assert order().state == "placed"


def test_an_order_paid_while_it_is_being_cancelled_is_placed(shopper, wine):
    checkout = start_waiting(shopper, wine)
    ScriptedCard.script(check_payment=[WAITING, PAID], cancel_payment=False)
    response = shopper.post(checkout["cancel_url"], {})

    assert (response.status_code, order().state) == (200, "placed")


def test_a_payment_that_cannot_be_stopped_goes_on_waiting(shopper, wine):
    checkout = start_waiting(shopper, wine)
    ScriptedCard.script(check_payment=Pending("ref"), cancel_payment=False)
    response = shopper.post(checkout["cancel_url"], {})

    assert response.status_code == 202
    assert response.json() == {"reason": "pending", "id": order().pk, "checkout": checkout}
    assert shopper.cart()["pending_checkout"] == checkout


@pytest.mark.parametrize("silent", ["check_payment", "cancel_payment"])
def test_nothing_is_released_before_the_provider_has_answered(shopper, wine, silent):
    checkout = start_waiting(shopper, wine)
    ScriptedCard.script(**{"check_payment": WAITING, silent: TimeoutError()})

    response = shopper.post(checkout["cancel_url"], {})

    assert (response.status_code, order().state) == (202, "pending")
    assert shopper.cart()["items"] == []


def test_a_cancelled_order_is_answered_200_again_without_asking(shopper, wine):
    checkout = start_waiting(shopper, wine)
    ScriptedCard.script(check_payment=WAITING, cancel_payment=True)
    first = shopper.post(checkout["cancel_url"], {})
    ScriptedCard.asked.clear()
    second = shopper.post(checkout["cancel_url"], {})

    assert (second.status_code, second.json()) == (200, first.json())
    assert ScriptedCard.asked == []


def test_a_placed_order_is_answered_with_the_order(shopper, wine):
    checkout = start_waiting(shopper, wine)
    ScriptedCard.script(check_payment=PAID)
    shopper.checkout()
    ScriptedCard.asked.clear()
    response = shopper.post(checkout["cancel_url"], {})

    assert (response.status_code, response.json()["id"]) == (200, order().pk)
    assert (order().state, ScriptedCard.asked) == ("placed", [])


@pytest.mark.parametrize("body", [{"data": {}}, {"confirm_duplicate": True}, [], "x"])
def test_cancelling_takes_no_parameters(shopper, wine, unchanged, body):
    checkout = start_waiting(shopper, wine)
    with unchanged():
        response = shopper.post(checkout["cancel_url"], body)

    assert response.status_code == 400
    assert ScriptedCard.asked == []


def test_a_checkout_after_cancelling_makes_another_order(alice, wine):
    checkout = start_waiting(alice, wine)
    ScriptedCard.script(check_payment=WAITING, cancel_payment=True)
    alice.post(checkout["cancel_url"], {})
    ScriptedCard.script(start_payment=Paid("ref2", Decimal("12"), "AUD"))
    response = Browser(alice.user).checkout()

    assert response.status_code == 200
    assert sorted(Order.objects.values_list("state", flat=True)) == ["cancelled", "placed"]
