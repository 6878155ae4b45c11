"""A test of a shop that takes cards at Stripe."""

import pytest
from fake_stripe import stripe
from tours import CHECKOUT, get_ready

from lorikeet.models import Order


@pytest.fixture(autouse=True)
def empty_stripe():
    stripe.reset()


def pay_with(shopper, card):
    """Check out with one of Stripe's test cards, and return the answer."""
    token = stripe.confirmation_token(card)["id"]
    get_ready(shopper, method={"type": "StripeCard", "data": {"confirmation_token": token}})
    return shopper.send(None, "POST", CHECKOUT)


def test_the_bank_is_asked_before_anything_is_taken(shopper):
    answer = pay_with(shopper, "threeDSecureRequired")

    assert answer.json()["reason"] == "action_required"
    assert stripe.totals() == {}

    stripe.complete_3ds(stripe.books()["payment_intent"][0]["id"])

    assert shopper.send(None, "POST", CHECKOUT).status_code == 200
    assert stripe.totals() == {"aud": 3800}


def test_a_lost_answer_is_found_out(shopper):
    stripe.fault("lose", acts=True, path="/v1/payment_intents/*/confirm", times=2)

    assert pay_with(shopper, "visa").json()["reason"] == "pending"
    assert shopper.send(None, "POST", CHECKOUT).status_code == 200

    assert Order.objects.get().is_placed
    assert stripe.totals() == {"aud": 3800}
