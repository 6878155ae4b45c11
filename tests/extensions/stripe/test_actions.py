"""Payments that wait: for the shopper at the bank, for a shopper who is absent, for a bank that takes its time."""

import json

import pytest
from django.test import override_settings

from lorikeet.checkout import Terms, checkout
from lorikeet.extensions.stripe.models import StripeCard
from lorikeet.models import Cart, Order, PaymentAttempt
from lorikeet.payments import resolve
from lorikeet.recovery import tick
from tests.unit import states

from .shopping import FAKE, attempt, client, declined, get_ready, intents, order

pytestmark = pytest.mark.django_db(transaction=True)


def expire():
    Order.objects.update(expires_at=order().created_at)


# what the shopper has to do


@pytest.fixture
def asked_for(alice, fake, wine):
    """A shopper whom the bank asks to authenticate."""
    get_ready(alice, wine, "threeDSecureRequired")
    return alice


def pending(browser, **headers):
    response = browser.checkout(**headers)
    assert response.status_code == 202, response.content
    return response.json()["info"]


def test_the_browser_is_told_what_stripe_js_needs(asked_for):
    info = pending(asked_for)

    (intent,) = intents()
    assert info == {
        "type": "authenticate",
        "client_secret": intent["client_secret"],
        "next_action": intent["next_action"],
        "payment_method": StripeCard.objects.get().payment_method,
    }
    assert info["next_action"]["type"] == "use_stripe_sdk"


@override_settings(LORIKEET_STRIPE_RETURN_URL="https://shop.example/back/")
def test_a_shop_without_stripe_js_sends_the_shopper_to_the_bank(asked_for):
    info = pending(asked_for)

    assert info["next_action"]["type"] == "redirect_to_url"
    assert info["next_action"]["redirect_to_url"]["return_url"] == "https://shop.example/back/"


def test_the_action_is_not_stored(asked_for):
    info = pending(asked_for)

    row = PaymentAttempt.objects.values().get()
    assert info["client_secret"] not in json.dumps(row, default=str)


def test_the_action_is_told_again(asked_for):
    assert pending(asked_for) == pending(asked_for)
    assert len(intents()) == 1


def test_a_shopper_who_comes_back_from_the_bank_has_the_order(asked_for):
    pending(asked_for)
    FAKE.complete_3ds(intents()[0]["id"])
    response = asked_for.checkout()

    assert response.status_code == 200
    assert states(attempt()) == ("paid", "placed")
    assert FAKE.totals() == {"aud": 1200}
    assert not StripeCard.objects.get().active


def test_a_shopper_who_fails_at_the_bank_is_told_so_and_keeps_the_cart(asked_for):
    cart = asked_for.cart()
    pending(asked_for)
    FAKE.fail_3ds(intents()[0]["id"])
    info = declined(asked_for)

    assert info["code"] == "payment_intent_authentication_failure"
    assert asked_for.cart() == cart
    assert [intent["status"] for intent in intents()] == ["canceled"]


def test_a_card_that_is_declined_after_the_bank_asked_is_refused(alice, fake, wine):
    get_ready(alice, wine, "threeDSecureRequiredChargeDeclined")
    pending(alice)
    fake.complete_3ds(intents()[0]["id"])

    assert declined(alice)["code"] == "card_declined"
    assert FAKE.totals() == {}


def test_the_order_of_a_shopper_who_never_comes_back_expires(asked_for):
    cart = asked_for.cart()
    pending(asked_for)
    expire()
    PaymentAttempt.objects.update(check_at=order().created_at)
    tick()

    assert states(attempt()) == ("failed", "cancelled")
    assert [intent["status"] for intent in intents()] == ["canceled"]
    assert asked_for.cart() == cart


def test_a_shopper_who_comes_back_at_the_last_moment_has_the_order(asked_for):
    pending(asked_for)
    expire()
    FAKE.complete_3ds(intents()[0]["id"])
    resolve(attempt())

    assert states(attempt()) == ("paid", "placed")


def test_a_shopper_may_cancel_while_the_bank_asks(asked_for):
    pending(asked_for)
    url = asked_for.checkout().json()["checkout"]["cancel_url"]
    response = asked_for.post(url)

    assert response.status_code == 200
    assert states(attempt()) == ("failed", "cancelled")
    assert [intent["status"] for intent in intents()] == ["canceled"]


def test_a_shopper_who_has_just_paid_cannot_cancel(asked_for):
    pending(asked_for)
    url = asked_for.checkout().json()["checkout"]["cancel_url"]
    FAKE.complete_3ds(intents()[0]["id"])
    asked_for.post(url)

    assert states(attempt()) == ("paid", "placed")


# payments that take days


def test_a_payment_that_takes_its_time_is_waited_for(alice, fake, wine):
    get_ready(alice, wine, "processing")
    assert alice.checkout().status_code == 202
    assert states(attempt()) == ("pending", "pending")
    fake.settle_payment(intents()[0]["id"])

    resolve(attempt())

    assert states(attempt()) == ("paid", "placed")


def test_a_slow_payment_that_fails_is_refused(alice, fake, wine):
    get_ready(alice, wine, "processing")
    alice.checkout()
    fake.fail_payment(intents()[0]["id"])
    resolve(attempt())

    assert states(attempt()) == ("failed", "cancelled")


def test_a_slow_payment_does_not_expire(alice, fake, wine):
    """Stripe cannot be stopped once the bank has it."""
    get_ready(alice, wine, "processing")
    alice.checkout()
    expire()
    resolve(attempt())

    assert states(attempt()) == ("pending", "pending")


# a shopper who is away


def renew(browser, wine):
    """Charge the saved card of a shopper who is not there."""
    browser.add_wine(wine)
    return checkout(Cart.objects.get(user=browser.user), Terms(off_session=True))


def test_a_saved_card_pays_for_a_shopper_who_is_away(regular, wine):
    regular.checkout()

    result = renew(regular, wine)

    assert result.order.state == "placed"
    assert FAKE.calls()[-1]["key"].endswith("-absent")


def test_a_bank_that_asks_for_the_absent_shopper_leaves_an_action(alice, fake, wine):
    get_ready(alice, wine, "authenticationRequired", reusable=True)

    result = checkout(Cart.objects.get(user=alice.user), Terms(off_session=True))

    (intent,) = intents()
    assert states(attempt()) == ("pending", "pending")
    assert result.action == {
        "type": "confirm",
        "client_secret": intent["client_secret"],
        "next_action": None,
        "payment_method": StripeCard.objects.get().payment_method,
    }
    assert FAKE.totals() == {}


def test_a_shopper_who_returns_confirms_and_has_the_order(alice, fake, wine):
    get_ready(alice, wine, "authenticationRequired", reusable=True)
    checkout(Cart.objects.get(user=alice.user), Terms(off_session=True))
    info = pending(alice)
    assert info["type"] == "confirm"

    terms = {"payment_method": info["payment_method"], "use_stripe_sdk": True}
    client().v1.payment_intents.confirm(intents()[0]["id"], terms)
    waiting = pending(alice)
    FAKE.complete_3ds(intents()[0]["id"])
    response = alice.checkout()

    assert (waiting["type"], response.status_code) == ("authenticate", 200)
    assert states(attempt()) == ("paid", "placed")
    assert FAKE.totals() == {"aud": 1200}


def test_the_order_of_an_absent_shopper_expires(alice, fake, wine):
    get_ready(alice, wine, "authenticationRequired", reusable=True)
    checkout(Cart.objects.get(user=alice.user), Terms(off_session=True))
    expire()
    resolve(attempt())

    assert states(attempt()) == ("failed", "cancelled")
    assert [intent["status"] for intent in intents()] == ["canceled"]


def test_a_card_that_the_bank_agreed_to_is_not_asked_about_again(alice, fake, wine):
    get_ready(alice, wine, "authenticationRequiredOnSetup", reusable=True)
    pending(alice)
    FAKE.complete_3ds(intents()[0]["id"])
    alice.checkout()

    result = renew(alice, wine)

    assert result.order.state == "placed"
    assert FAKE.totals() == {"aud": 2400}


def test_a_decline_is_a_decline_for_an_absent_shopper_too(alice, fake, wine):
    get_ready(alice, wine, "chargeCustomerFail", reusable=True)
    checkout(Cart.objects.get(user=alice.user), Terms(off_session=True))

    assert states(attempt()) == ("failed", "cancelled")
    assert attempt().info["code"] == "card_declined"


# a dashboard that interferes


def test_a_payment_that_was_cancelled_in_the_dashboard_is_refused(asked_for):
    pending(asked_for)
    client().v1.payment_intents.cancel(intents()[0]["id"])

    assert declined(asked_for) == {"code": "canceled", "message": "The payment was cancelled."}
