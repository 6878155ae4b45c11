"""Paying with a card: what Stripe is asked, what the shopper is told, and what becomes of the order."""

import json
from decimal import Decimal
from types import SimpleNamespace

import pytest
from django.test import override_settings
from django.utils.timezone import localdate

from lorikeet.extensions.stripe.errors import refusal
from lorikeet.extensions.stripe.models import StripeCard, StripePayment
from lorikeet.models import PaymentAttempt
from lorikeet.recovery import tick
from tests.testapp.factories import make_wine
from tests.unit import lapse, states

from .shopping import FAKE, add_card, attempt, calls, client, declined, get_ready, intents, order

pytestmark = pytest.mark.django_db(transaction=True)

CREATE, CONFIRM = (
    "POST payment_intents",
    "POST payment_intents/*/confirm",
)


# a card that pays


def test_a_card_pays_for_an_order(buyer):
    response = buyer.checkout()

    assert response.status_code == 200
    assert states(attempt()) == ("paid", "placed")
    assert FAKE.totals() == {"aud": 1200}


def test_an_intent_is_made_written_down_and_then_confirmed(buyer, monkeypatch):
    seen, save = [], PaymentAttempt.save_reference
    asked = len(FAKE.calls())

    def note(attempt, reference):
        save(attempt, reference)
        seen.extend(calls(asked))

    monkeypatch.setattr(PaymentAttempt, "save_reference", note)

    buyer.checkout()

    assert seen == [CREATE]
    assert calls(asked) == [CREATE, CONFIRM]


def test_an_intent_says_what_is_charged_and_for_what(buyer):
    buyer.checkout()

    (intent,) = intents()
    assert intent["id"] == attempt().reference
    assert (intent["amount"], intent["amount_received"], intent["currency"]) == (1200, 1200, "aud")
    assert intent["metadata"] == {"lorikeet_key": str(attempt().key), "lorikeet_order": str(order().uuid)}
    assert intent["description"] == f"Order {order().pk}"
    assert (intent["capture_method"], intent["setup_future_usage"]) == ("automatic", None)


def test_nothing_personal_goes_to_stripe(buyer):
    buyer.checkout()

    books = json.dumps(FAKE.books())
    assert "Bloggs" not in books
    assert "Fake St" not in books
    assert "@" not in books


@override_settings(
    LORIKEET_STRIPE_SENDS_RECEIPTS=True,
    LORIKEET_STRIPE_STATEMENT_DESCRIPTOR_SUFFIX="CELLAR DOOR",
    LORIKEET_STRIPE_DESCRIPTION="Bottles, {order}",
    LORIKEET_STRIPE_SHOP="cellar",
)
def test_a_shop_may_say_more(buyer):
    buyer.checkout()

    (intent,) = intents()
    assert intent["receipt_email"] == "alice@example.com"
    assert intent["statement_descriptor_suffix"] == "CELLAR DOOR"
    assert intent["description"] == f"Bottles, {order().pk}"
    assert intent["metadata"]["lorikeet_shop"] == "cellar"


@override_settings(LORIKEET_STRIPE_DESCRIPTION="")
def test_a_shop_may_say_less(buyer):
    buyer.checkout()

    assert intents()[0]["description"] is None


def test_the_keys_of_the_calls_are_made_of_the_attempts(buyer):
    buyer.checkout()

    keys = [call["key"] for call in FAKE.calls() if call["path"].startswith("/v1/payment_intents")]
    assert keys == [str(attempt().key), f"{attempt().key}-present"]


def test_the_charge_is_kept(buyer):
    buyer.checkout()

    payment = StripePayment.objects.get()
    assert (payment.attempt, payment.method.pk) == (attempt(), StripeCard.objects.get().pk)
    assert (payment.charge, payment.is_captured) == (intents()[0]["latest_charge"], True)
    assert str(payment) == payment.charge


def test_a_payment_without_a_charge_has_a_name_all_the_same():
    assert str(StripePayment(pk=7)) == "Stripe payment 7"


@pytest.mark.parametrize(
    ("currency", "price", "units"), [("JPY", "1200", 1200), ("KWD", "12.34", 12340), ("ISK", "900", 90000)]
)
def test_every_currency_is_charged_exactly(alice, fake, currency, price, units):
    with override_settings(LORIKEET_CURRENCY=currency):
        get_ready(alice, make_wine(price))

        response = alice.checkout()

    assert response.status_code == 200
    assert FAKE.totals() == {currency.lower(): units}
    assert order().grand_total == Decimal(price)


def test_a_second_checkout_is_answered_without_stripe(buyer):
    buyer.checkout(idempotency_key="one")
    asked = len(FAKE.calls())

    response = buyer.checkout(idempotency_key="one")

    assert (response.status_code, calls(asked)) == (200, [])


# single use


def test_a_card_that_is_not_saved_pays_once(buyer):
    buyer.checkout()

    assert not StripeCard.objects.get().active
    assert buyer.cart()["payment_methods"] == []


@pytest.mark.parametrize("card", ["chargeDeclined", "threeDSecureRequired"])
def test_it_is_spent_only_when_it_has_paid(alice, fake, wine, card):
    get_ready(alice, wine, card)

    alice.checkout()

    assert [method["data"]["reusable"] for method in alice.cart()["payment_methods"]] == [False]


def test_a_card_that_was_refused_can_be_tried_again(alice, fake, wine):
    """The bank may have changed its mind: it is another intent, and another key."""
    get_ready(alice, wine, "chargeDeclinedInsufficientFunds")
    declined(alice)

    declined(alice)

    assert [intent["status"] for intent in intents()] == ["canceled", "canceled"]
    assert len({intent["metadata"]["lorikeet_key"] for intent in intents()}) == 2


@pytest.mark.parametrize("path", ["/v1/payment_intents", "/v1/payment_intents/*/confirm"])
def test_a_card_that_a_decline_has_used_up_is_to_be_entered_again(alice, fake, wine, path):
    get_ready(alice, wine, "chargeDeclinedInsufficientFunds")
    declined(alice)
    fake.fault("error", status=400, path=path)

    response = alice.checkout()

    assert response.json()["info"]["code"] == "card_spent"
    assert [intent["status"] for intent in intents() if intent["status"] == "succeeded"] == []


def test_a_card_error_that_leaves_the_intent_as_it_was_is_a_refusal(buyer):
    FAKE.fault("error", status=402, path="/v1/payment_intents/*/confirm")

    response = buyer.checkout()

    assert (response.status_code, response.json()["info"]["code"]) == (422, "not_available")
    assert intents()[0]["status"] == "canceled"


def test_a_failure_that_is_not_the_cards_is_told_as_such():
    error = SimpleNamespace(type="api_error", message="An internal matter.")

    assert refusal(error).info == {"code": "not_available", "message": "This card cannot be charged at the moment."}


def test_a_confirmation_token_pays_once_and_is_known_by_its_card_from_then_on(alice, fake, wine):
    token = fake.confirmation_token()["id"]
    get_ready(alice, wine, confirmation_token=token)

    response = alice.checkout()

    card = StripeCard.objects.get()
    assert response.status_code == 200
    assert (card.payment_method, card.active) == (intents()[0]["payment_method"], False)


def test_a_confirmation_token_that_was_refused_is_known_by_its_card_too(alice, fake, wine):
    token = fake.confirmation_token("chargeDeclined")["id"]
    get_ready(alice, wine, confirmation_token=token)
    declined(alice)

    declined(alice)

    assert StripeCard.objects.get().payment_method.startswith("pm_")
    assert len(intents()) == 2


def test_a_confirmation_token_of_a_card_that_is_saved_already_pays(alice, fake, wine):
    """The Payment Element offers saved cards as well."""
    get_ready(alice, wine, reusable=True)
    saved = StripeCard.objects.get().payment_method
    add_card(alice, confirmation_token=fake.confirmation_token(payment_method=saved)["id"])

    response = alice.checkout()

    assert response.status_code == 200
    assert FAKE.totals() == {"aud": 1200}
    assert list(StripeCard.objects.order_by("pk").values_list("payment_method", flat=True)) == [saved, None]


def test_a_confirmation_token_that_is_too_old_is_refused_and_the_order_given_up(alice, fake, wine, caplog):
    get_ready(alice, wine, confirmation_token=fake.confirmation_token()["id"])
    fake.advance(13 * 3600)

    assert declined(alice)["code"] == "not_available"
    assert states(attempt()) == ("failed", "cancelled")
    assert FAKE.totals() == {}


@pytest.mark.parametrize("by", ["payment_method", "confirmation_token"])
def test_a_saved_card_pays_again_and_again(alice, fake, wine, by):
    named = {by: fake.confirmation_token()["id"]} if by == "confirmation_token" else {}
    get_ready(alice, wine, reusable=True, **named)
    statuses = []

    for key in ("one", "two", "three"):
        statuses.append(alice.checkout(idempotency_key=key).status_code)
        alice.add_wine(wine)

    assert statuses == [200, 200, 200]
    assert FAKE.totals() == {"aud": 3600}
    assert {intent["customer"] for intent in intents()} == {StripeCard.objects.get().customer.reference}


def test_the_bank_is_asked_to_agree_to_later_payments_once(regular, wine):
    for key in ("one", "two"):
        regular.checkout(idempotency_key=key)
        regular.add_wine(wine)

    assert [intent["setup_future_usage"] for intent in intents()] == ["off_session", None]


# expiry


def test_an_expired_card_is_a_reason_not_to_check_out(buyer):
    StripeCard.objects.update(exp_year=2020)

    assert buyer.cart()["incomplete_reasons"] == [
        {"code": "card_expired", "field": "payment_method", "message": "This card has expired."}
    ]


def test_a_saved_card_may_have_been_renewed_by_its_bank(regular):
    StripeCard.objects.update(exp_year=2020)

    assert regular.cart()["incomplete_reasons"] == []


def test_a_card_is_good_until_the_end_of_its_month(buyer):
    today = localdate()
    StripeCard.objects.update(exp_year=today.year, exp_month=today.month)

    assert buyer.cart()["incomplete_reasons"] == []


# refusals

DECLINES = {
    "chargeDeclined": ("card_declined", "generic_decline", "Your card was declined."),
    "chargeDeclinedInsufficientFunds": ("card_declined", "insufficient_funds", "Your card has insufficient funds."),
    "chargeDeclinedLostCard": ("card_declined", "generic_decline", "Your card was declined."),
    "chargeDeclinedStolenCard": ("card_declined", "generic_decline", "Your card was declined."),
    "chargeDeclinedFraudulent": ("card_declined", "generic_decline", "Your card was declined."),
    "chargeDeclinedVelocityLimitExceeded": ("card_declined", "card_velocity_exceeded", "Your card was declined."),
    "chargeDeclinedExpiredCard": ("expired_card", "expired_card", "Your card has expired."),
    "chargeDeclinedIncorrectCvc": ("incorrect_cvc", "incorrect_cvc", "Your card's security code is incorrect."),
    "chargeDeclinedProcessingError": (
        "processing_error",
        "processing_error",
        "An error occurred while processing your card. Try again in a little bit.",
    ),
    "chargeCustomerFail": ("card_declined", "generic_decline", "Your card was declined."),
}


@pytest.mark.parametrize("card", DECLINES)
def test_a_refusal_is_told_by_stripes_code_decline_code_and_message(alice, fake, wine, card):
    get_ready(alice, wine, card)

    info = declined(alice)

    assert info == dict(zip(("code", "decline_code", "message"), DECLINES[card], strict=True))
    assert PaymentAttempt.objects.get().info == info


@pytest.mark.parametrize("card", ["chargeDeclined", "chargeDeclinedStolenCard"])
def test_a_refusal_gives_everything_back(alice, fake, wine, card):
    get_ready(alice, wine, card)
    cart = alice.cart()

    declined(alice)

    assert alice.cart() == cart
    assert states(attempt()) == ("failed", "cancelled")
    assert [intent["status"] for intent in intents()] == ["canceled"]
    assert StripePayment.objects.count() == 0
    assert FAKE.totals() == {}


@pytest.mark.parametrize("card", ["chargeDeclined", "threeDSecureRequired", "visa"])
def test_no_answer_has_a_request_id_a_key_or_a_stack(alice, fake, wine, card):
    get_ready(alice, wine, card)

    answer = alice.checkout().content.decode()

    for secret in ("req_", "sk_test", "whsec", "Traceback", "stripe.error", str(attempt().key), "doc_url", "ch_"):
        assert secret not in answer


@pytest.mark.parametrize("status", [401, 403, 400])
def test_a_refusal_of_the_shop_by_stripe_is_logged_and_not_shown(buyer, fake, caplog, status):
    fake.fault("error", path="/v1/payment_intents", status=status)
    info = declined(buyer)

    assert info == {"code": "not_available", "message": "This card cannot be charged at the moment."}
    assert states(attempt()) == ("failed", "cancelled")
    assert "Stripe refused what the shop asked for." in [record.getMessage() for record in caplog.records]


def test_an_amount_that_became_impossible_is_refused_without_a_call(buyer, fake, monkeypatch, caplog):
    monkeypatch.setattr(StripeCard, "check_amount", lambda card, amount, currency: None)
    asked = len(fake.calls())

    with override_settings(LORIKEET_CURRENCY="AUD"):
        wine = make_wine("0.005")
        monkeypatch.setattr("lorikeet.extensions.stripe.intents.to_stripe", refuse)
        buyer.add_wine(wine)
        info = declined(buyer)

    assert info["code"] == "not_available"
    assert calls(asked) == []


def refuse(amount, currency):
    raise ValueError


def test_a_card_that_was_used_up_elsewhere_is_refused(alice, fake, wine, caplog):
    get_ready(alice, wine)
    reference = StripeCard.objects.get().payment_method
    terms = {"amount": 100, "currency": "aud", "payment_method": reference, "confirm": True}
    automatic = {"enabled": True, "allow_redirects": "never"}
    client().v1.payment_intents.create({**terms, "automatic_payment_methods": automatic})

    assert declined(alice)["code"] == "not_available"
    assert FAKE.totals() == {"aud": 100}


# what others do to an intent


@pytest.mark.parametrize("status", ["succeeded", "canceled"])
def test_an_intent_that_moved_on_is_read_and_not_confirmed(buyer, fake, monkeypatch, status):
    """Another process was there between our looking and our asking."""
    save = PaymentAttempt.save_reference

    def meddle(attempt, reference):
        save(attempt, reference)
        if status == "canceled":
            client().v1.payment_intents.cancel(reference)
        else:
            client().v1.payment_intents.confirm(reference)

    monkeypatch.setattr(PaymentAttempt, "save_reference", meddle)

    response = buyer.checkout()

    assert response.status_code == (200 if status == "succeeded" else 422)
    assert FAKE.totals() == ({"aud": 1200} if status == "succeeded" else {})


@pytest.mark.parametrize(("amount", "currency"), [(1100, None), (None, "nzd")])
def test_another_amount_than_was_asked_for_is_paid_back(buyer, fake, amount, currency):
    fake.fault("wrong", path="/v1/payment_intents/*/confirm", amount=amount, currency=currency)

    buyer.checkout()
    tick()

    assert (attempt().attention, order().state) == ("wrong amount", "cancelled")
    assert attempt("refund").state == "paid"
    assert set(FAKE.totals().values()) == {0}


def test_a_payment_of_a_card_that_was_removed_is_not_asked_for_again(regular, fake):
    fake.fault("lose", path="/v1/payment_intents/*/confirm", times=2)
    (card,) = regular.cart()["payment_methods"]
    assert regular.checkout().status_code == 202
    regular.delete(card["url"])
    lapse(attempt())

    regular.checkout()

    assert FAKE.totals() == {}


def test_another_card_can_be_chosen_after_a_refusal(alice, fake, wine):
    get_ready(alice, wine, "chargeDeclined")
    declined(alice)
    add_card(alice)

    response = alice.checkout()

    assert response.status_code == 200
    assert FAKE.totals() == {"aud": 1200}
