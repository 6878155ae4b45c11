"""``Idempotency-Key``: the same checkout asked for again."""

from decimal import Decimal

import pytest

from lorikeet.models import Order
from lorikeet.outcomes import Paid, Pending
from tests.faults.databases import pass_time
from tests.testapp import models
from tests.testapp.factories import make_user
from tests.testapp.models import ScriptedCard

from .payers import ACTION, get_ready

KEY = "2f1c-first"


def test_the_same_key_is_answered_with_the_order_it_made(shopper, wine):
    shopper.get_ready(wine)
    first = shopper.checkout(idempotency_key=KEY)

    second = shopper.checkout(idempotency_key=KEY)

    assert (first.status_code, second.status_code) == (200, 200)
    assert second.json()["id"] == first.json()["id"]
    assert models.BankEntry.objects.count() == 1


def test_a_replay_says_that_it_is_one(shopper, wine):
    shopper.get_ready(wine)
    first = shopper.checkout(idempotency_key=KEY)

    second = shopper.checkout(idempotency_key=KEY)

    assert "Idempotency-Replayed" not in first
    assert second["Idempotency-Replayed"] == "true"


def test_a_replay_leaves_the_next_cart_alone(alice, wine):
    alice.get_ready(wine)
    alice.checkout(idempotency_key=KEY)
    alice.add_wine(wine, 5)
    cart = alice.cart()

    alice.checkout(idempotency_key=KEY)

    assert alice.cart() == cart
    assert Order.objects.count() == 1


def test_a_replay_of_a_refused_payment_is_refused_again_without_asking(shopper, wine):
    shopper.get_ready(wine, token="tok_declined")
    first = shopper.checkout(idempotency_key=KEY)

    second = shopper.checkout(idempotency_key=KEY)

    assert second.status_code == 422
    assert second.json() == first.json()
    assert Order.objects.count() == 1


def test_another_key_is_another_checkout(alice, wine):
    alice.get_ready(wine)
    alice.checkout(idempotency_key=KEY)
    alice.get_ready(wine)

    response = alice.checkout(idempotency_key="another")

    assert response.status_code == 200
    assert "Idempotency-Replayed" not in response
    assert Order.objects.count() == 2


def test_the_same_key_with_another_if_match_is_refused(shopper, wine, unchanged):
    shopper.get_ready(wine)
    shopper.checkout(idempotency_key=KEY)

    with unchanged():
        response = shopper.checkout(if_match=shopper.etag(), idempotency_key=KEY)

    assert response.status_code == 422
    assert response.json()["reason"] == "idempotency_key_reused"


def test_the_same_key_of_another_shopper_is_another_key(alice, mallory, wine):
    alice.get_ready(wine)
    mallory.get_ready(wine)
    alice.checkout(idempotency_key=KEY)

    response = mallory.checkout(idempotency_key=KEY)

    assert response.status_code == 200
    assert "Idempotency-Replayed" not in response
    assert list(Order.objects.order_by("pk").values_list("user__handle", flat=True)) == ["alice", "mallory"]


def test_a_key_is_not_used_up_by_a_cart_that_was_not_ready(alice, wine):
    alice.add_wine(wine)
    assert alice.checkout(idempotency_key=KEY).status_code == 422
    alice.add_address()
    alice.add_card()

    response = alice.checkout(idempotency_key=KEY)

    assert response.status_code == 200


@pytest.mark.parametrize("key", ["", "x" * 256, "two words", "clé", "tab\there"])
def test_a_key_that_is_not_visible_ascii_is_refused(shopper, wine, unchanged, key):
    shopper.get_ready(wine)

    with unchanged():
        response = shopper.checkout(idempotency_key=key)

    assert response.status_code == 400
    assert list(response.json()) == ["Idempotency-Key"]


@pytest.mark.parametrize("key", ["!", "~", "x" * 255])
def test_every_key_of_visible_ascii_is_taken(shopper, wine, key):
    shopper.get_ready(wine)

    assert shopper.checkout(idempotency_key=key).status_code == 200


ANSWERS = {
    "action": Pending("ref", action=ACTION),
    "pending": Pending("ref"),
    "unknown": TimeoutError(),
}


@pytest.mark.parametrize("state", ANSWERS)
def test_a_replay_of_a_waiting_order_is_answered_202_with_its_state(shopper, wine, state):
    get_ready(shopper, wine)
    ScriptedCard.script(start_payment=ANSWERS[state], check_payment=ANSWERS[state])
    first = shopper.checkout(idempotency_key=KEY)

    second = shopper.checkout(idempotency_key=KEY)

    assert (first.status_code, second.status_code) == (202, 202)
    assert second.json() == first.json()
    assert ("Idempotency-Replayed" in first, second["Idempotency-Replayed"]) == (False, "true")
    assert Order.objects.count() == 1


def test_a_replay_of_an_order_that_was_paid_meanwhile_is_the_order(shopper, wine):
    get_ready(shopper, wine)
    ScriptedCard.script(start_payment=TimeoutError(), check_payment=Paid("ref", Decimal("12"), "AUD"))
    shopper.checkout(idempotency_key=KEY)

    response = shopper.checkout(idempotency_key=KEY)

    assert (response.status_code, response["Idempotency-Replayed"]) == (200, "true")
    assert Order.objects.get().state == "placed"


@pytest.mark.parametrize(("reason", "url"), [("cancelled", "cancel_url"), ("expired", "confirm_url")])
def test_a_replay_of_a_cancelled_order_says_why(shopper, wine, reason, url):
    get_ready(shopper, wine)
    ScriptedCard.script(start_payment=ANSWERS["action"], check_payment=ANSWERS["action"], cancel_payment=True)
    checkout = shopper.checkout(idempotency_key=KEY).json()["checkout"]
    pass_time(minutes=31 if reason == "expired" else 0)
    shopper.post(checkout[url], {})

    response = shopper.checkout(idempotency_key=KEY)

    assert (response.status_code, response["Idempotency-Replayed"]) == (422, "true")
    assert (response.json()["reason"], response.json()["info"]["code"]) == ("payment", reason)
    assert Order.objects.count() == 1


def test_another_key_finds_the_checkout_that_is_in_flight(shopper, wine):
    get_ready(shopper, wine)
    ScriptedCard.script(start_payment=ANSWERS["action"], check_payment=ANSWERS["action"])
    first = shopper.checkout(idempotency_key=KEY)

    second = shopper.checkout(idempotency_key="another")

    assert second.json() == first.json()
    assert "Idempotency-Replayed" not in second
    assert Order.objects.count() == 1


def test_the_same_key_with_another_body_is_refused(shopper, wine, unchanged):
    get_ready(shopper, wine)
    ScriptedCard.script(start_payment=ANSWERS["action"])
    shopper.checkout(idempotency_key=KEY)

    with unchanged():
        response = shopper.post("/_cart/checkout/", {"confirm_duplicate": True}, idempotency_key=KEY)

    assert (response.status_code, response.json()["reason"]) == (422, "idempotency_key_reused")


def test_a_key_names_its_order_after_logging_in(guest, wine):
    get_ready(guest, wine)
    ScriptedCard.script(start_payment=ANSWERS["action"], check_payment=Paid("ref", Decimal("12"), "AUD"))
    guest.checkout(idempotency_key=KEY)
    guest.log_in(make_user())

    response = guest.checkout(idempotency_key=KEY)

    assert (response.status_code, response["Idempotency-Replayed"]) == (200, "true")
    assert Order.objects.count() == 1
