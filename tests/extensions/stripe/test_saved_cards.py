"""Saved cards: their customers at Stripe, the login of a guest, their deletion at Stripe, and saving one."""

from datetime import timedelta

import pytest
from django.db.models import QuerySet
from django.test import override_settings
from django.utils.timezone import now

from lorikeet.cart.abandoned import delete_abandoned_carts
from lorikeet.extensions.stripe import cards
from lorikeet.extensions.stripe.cards import delete_unused_customers, forget_retired
from lorikeet.extensions.stripe.forgetting import forget
from lorikeet.extensions.stripe.models import StripeCard, StripeCustomer
from lorikeet.models import Cart, PaymentAttempt
from lorikeet.recovery import tick
from tests.testapp.clients import Browser
from tests.testapp.factories import make_user
from tests.unit import Killed, kill, lapse

from .shopping import FAKE, add_card, attempt, calls, client, get_ready, intents, post_card

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("fake")]

SETUP = "/_cart/stripe/setup/"


def card():
    return StripeCard.objects.get()


def attached():
    """Return the ids of the cards that Stripe keeps for a customer."""
    return [method["id"] for method in FAKE.books().get("payment_method", []) if method["customer"]]


# following a guest


def test_a_guests_saved_card_is_theirs_after_signing_in(guest):
    add_card(guest, reusable=True)
    user = make_user("alice")

    guest.log_in(user)

    customer = StripeCustomer.objects.get()
    assert (card().user, card().customer, customer.user) == (user, customer, user)
    assert [method["data"]["last4"] for method in guest.cart()["payment_methods"]] == ["4242"]


def test_the_next_saved_card_belongs_to_the_same_customer(guest):
    add_card(guest, reusable=True)
    guest.log_in(make_user("alice"))
    add_card(guest, reusable=True)

    assert {saved.customer for saved in StripeCard.objects.all()} == {StripeCustomer.objects.get()}


def test_a_user_who_has_a_customer_keeps_it_and_can_use_both_cards(alice, guest, wine):
    add_card(alice, reusable=True)
    get_ready(guest, wine, "mastercard", reusable=True)
    guest.log_in(alice.user)
    guest.patch(guest.cart()["payment_methods"][-1]["url"], {"selected": True})
    response = guest.checkout()

    assert response.status_code == 200
    assert alice.user.stripe_customer == StripeCard.objects.get(last4="4242").customer
    assert sorted(method["data"]["last4"] for method in guest.cart()["payment_methods"]) == ["4242", "4444"]


def test_a_user_who_is_given_a_customer_at_the_same_moment_keeps_that_one(alice, guest, monkeypatch):
    add_card(alice, reusable=True)
    add_card(guest, "mastercard", reusable=True)
    exists = QuerySet.exists
    monkeypatch.setattr(QuerySet, "exists", lambda rows: rows.model is not StripeCustomer and exists(rows))
    guest.log_in(alice.user)

    assert alice.user.stripe_customer == StripeCard.objects.get(last4="4242").customer
    assert StripeCard.objects.get(last4="4444").user == alice.user


def test_a_guests_card_that_is_not_saved_follows_them_too(guest, wine):
    get_ready(guest, wine)
    guest.log_in(make_user("alice"))

    assert guest.checkout().status_code == 200
    assert StripeCustomer.objects.count() == 0


def test_a_customer_outlives_its_account_without_a_name(alice):
    add_card(alice, reusable=True)
    StripeCard.objects.update(user=None)
    Cart.objects.update(user=None)
    alice.user.delete()

    assert StripeCustomer.objects.get().user is None


def test_a_customer_has_a_name_in_the_admin():
    assert str(StripeCustomer(pk=7)) == "Stripe customer 7"
    assert str(StripeCustomer(reference="cus_1")) == "cus_1"


# forgetting


def test_a_saved_card_that_is_removed_is_forgotten_at_stripe(shopper):
    added = add_card(shopper, reusable=True)
    asked = len(FAKE.calls())

    response = shopper.delete(added["url"])

    assert response.status_code == 204
    assert calls(asked) == ["POST payment_methods/*/detach"]
    assert attached() == []
    assert card().forgotten_at <= now()


def test_a_card_that_is_not_saved_is_removed_without_stripe(shopper):
    added = add_card(shopper)
    asked = len(FAKE.calls())

    shopper.delete(added["url"])

    assert (calls(asked), card().active, card().forgotten_at) == ([], False, None)


def test_a_removed_card_is_removed_though_stripe_is_silent(shopper, caplog):
    added = add_card(shopper, reusable=True)
    FAKE.fault("error", path="*/detach", times=None)

    response = shopper.delete(added["url"])

    assert response.status_code == 204
    assert shopper.cart()["payment_methods"] == []
    assert (card().active, card().forgotten_at) == (False, None)
    assert "Stripe did not forget a card; the next run tries again." in caplog.messages


def test_the_next_run_of_recovery_tries_again(shopper):
    added = add_card(shopper, reusable=True)
    FAKE.fault("error", path="*/detach", times=2)
    shopper.delete(added["url"])

    counts = tick()

    assert counts["cards forgotten at Stripe"] == 1
    assert attached() == []
    assert forget_retired() == 0


def test_a_card_that_stripe_has_forgotten_already_is_forgotten(shopper):
    added = add_card(shopper, reusable=True)
    client().v1.payment_methods.detach(card().payment_method)
    shopper.delete(added["url"])

    assert card().forgotten_at is not None


def test_a_card_with_an_open_payment_is_forgotten_when_that_is_over(alice, wine):
    get_ready(alice, wine, "threeDSecureRequired", reusable=True)
    alice.checkout()
    (shown,) = alice.cart()["payment_methods"]
    alice.delete(shown["url"])

    at_once = attached()
    FAKE.fail_3ds(intents()[0]["id"])
    PaymentAttempt.objects.update(check_at=now() - timedelta(seconds=1))
    tick()

    assert at_once == [card().payment_method]
    assert attached() == []


def test_a_card_that_is_in_use_is_not_forgotten(shopper):
    add_card(shopper, reusable=True)

    assert (forget_retired(), forget(card()), len(attached())) == (0, False, 1)


def test_a_card_that_never_got_an_id_needs_no_call(alice):
    token = FAKE.confirmation_token()["id"]
    added = add_card(alice, confirmation_token=token, reusable=True)
    asked = len(FAKE.calls())

    alice.delete(added["url"])

    assert (calls(asked), card().forgotten_at is None) == ([], False)


def test_the_cards_of_a_deleted_user_are_forgotten(alice):
    add_card(alice, reusable=True)
    Cart.objects.all().delete()
    StripeCard.objects.update(user=None, cart=None)

    assert forget_retired() == 1
    assert attached() == []


@pytest.mark.parametrize("reusable", [False, True])
def test_a_card_that_stripe_does_not_keep_is_deleted_without_a_call(guest, reusable):
    added = add_card(guest, reusable=reusable)
    guest.delete(added["url"])
    asked = len(FAKE.calls())
    StripeCard.objects.get().delete()

    assert calls(asked) == []


def test_a_forgotten_card_is_not_charged(alice, wine, caplog):
    get_ready(alice, wine, reusable=True)
    FAKE.fault("lose", path="/v1/payment_intents", times=2)
    alice.checkout()
    client().v1.payment_methods.detach(card().payment_method)
    lapse(attempt())

    response = alice.checkout()

    assert (response.status_code, FAKE.totals()) == (422, {})


# customers that are not needed


def let_an_hour_pass():
    StripeCustomer.objects.update(created_at=now() - timedelta(minutes=61))


@pytest.fixture
def unneeded(guest):
    """The customer of a guest whose card the bank did not let be saved."""
    assert post_card(guest, "chargeDeclined", reusable=True).status_code == 400
    let_an_hour_pass()
    return StripeCustomer.objects.get()


def test_a_customer_without_any_card_is_deleted(unneeded):
    counts = tick()

    assert counts["customers deleted at Stripe"] == 1
    assert (StripeCustomer.objects.count(), FAKE.books().get("customer")) == (0, None)


def test_an_unneeded_customer_is_not_deleted_at_once(unneeded):
    StripeCustomer.objects.update(created_at=now())

    assert delete_unused_customers() == 0


@pytest.mark.parametrize("who", ["guest", "user"])
def test_a_customer_with_a_card_or_an_account_is_not_deleted(guest, alice, who):
    add_card(guest if who == "guest" else alice, reusable=True)
    if who == "user":
        alice.delete(alice.cart()["payment_methods"][0]["url"])
    let_an_hour_pass()

    assert delete_unused_customers() == 0
    assert len(FAKE.books()["customer"]) == 1


def test_a_customer_that_stripe_does_not_know_is_deleted_without_a_call():
    StripeCustomer.objects.create()
    let_an_hour_pass()

    assert (delete_unused_customers(), calls()) == (1, [])


def test_a_customer_that_is_deleted_at_stripe_already_is_deleted(unneeded):
    client().v1.customers.delete(unneeded.reference)

    assert (delete_unused_customers(), StripeCustomer.objects.count()) == (1, 0)


def test_a_customer_that_is_given_a_card_at_this_moment_stays(unneeded, guest, monkeypatch):
    def lose(customer):
        StripeCard.objects.create(customer=customer, brand="visa", last4="4242", exp_month=1, exp_year=2035)
        return delete(customer)

    delete = cards._delete_customer
    monkeypatch.setattr(cards, "_delete_customer", lose)

    delete_unused_customers()

    assert StripeCustomer.objects.get() == unneeded


def test_while_stripe_is_silent_the_customer_stays(unneeded, caplog):
    FAKE.fault("error", times=2)

    assert (delete_unused_customers(), StripeCustomer.objects.count()) == (0, 1)
    assert "Stripe did not delete a customer; the next run tries again." in caplog.messages
    assert delete_unused_customers() == 1


def test_the_saved_cards_of_an_abandoned_cart_go_with_their_customers(guest):
    add_card(guest, reusable=True)
    Cart.objects.update(updated_at=now() - timedelta(days=400))
    let_an_hour_pass()

    delete_abandoned_carts()
    delete_unused_customers()

    assert (StripeCard.objects.count(), StripeCustomer.objects.count(), attached()) == (0, 0, [])


@pytest.fixture
def left_behind(alice, wine):
    """The customer of a deleted account with two saved cards, of which an order names the first; its cart is gone."""
    get_ready(alice, wine, reusable=True)
    alice.checkout()
    add_card(alice, "mastercard", reusable=True)
    alice.user.delete()
    let_an_hour_pass()
    delete_abandoned_carts()
    return StripeCustomer.objects.get()


def test_a_saved_card_that_no_order_names_is_forgotten_though_another_of_its_customer_is_named(left_behind):
    tick()

    assert (attached(), FAKE.books().get("customer"), StripeCustomer.objects.count()) == ([], None, 0)
    assert (card().last4, card().customer, card().forgotten_at is None) == ("4242", None, False)


def test_it_is_forgotten_later_if_stripe_is_silent_or_the_process_dies(left_behind, monkeypatch):
    FAKE.fault("error", path="/v1/customers*", times=2)
    first = forget_retired(), delete_unused_customers()
    with monkeypatch.context() as patch:
        patch.setattr(StripeCustomer, "delete", kill)
        with pytest.raises(Killed):
            delete_unused_customers()

    assert first == (1, 0)
    assert (delete_unused_customers(), attached(), StripeCustomer.objects.count()) == (1, [], 0)


def test_a_customer_whose_named_card_is_not_forgotten_yet_stays(left_behind):
    assert delete_unused_customers() == 0

    assert (card().customer, len(attached())) == (left_behind, 2)


def test_a_customer_that_stripe_does_not_know_is_not_replaced(alice):
    """The shop may have another account's key for a while."""
    add_card(alice, reusable=True)
    StripeCustomer.objects.update(reference="cus_elsewhere")
    before = "cus_elsewhere"
    response = post_card(alice, reusable=True)

    assert (response.status_code, StripeCustomer.objects.get().reference) == (400, before)


def test_a_card_that_cannot_be_saved_changes_no_customer(alice):
    add_card(alice, reusable=True)
    before = StripeCustomer.objects.get().reference
    FAKE.fault("error", status=400, path="/v1/payment_methods/*/attach")

    response = post_card(alice, "mastercard", reusable=True)

    assert (response.status_code, StripeCustomer.objects.get().reference) == (400, before)


def test_a_user_whose_customer_was_deleted_in_the_dashboard_is_given_a_new_one(alice):
    add_card(alice, reusable=True)
    before = StripeCustomer.objects.get()
    client().v1.customers.delete(before.reference)

    add_card(alice, "mastercard", reusable=True)

    after = StripeCustomer.objects.get()
    assert (after.pk, after.reference != before.reference) == (before.pk, True)
    assert FAKE.books()["payment_method"][-1]["customer"] == after.reference
    assert alice.post(SETUP).status_code == 201


# saving a card without a sale


def test_a_card_is_saved_by_a_setup_intent(alice):
    response = alice.post(SETUP)

    (intent,) = FAKE.books()["setup_intent"]
    assert response.status_code == 201
    assert response.json() == {"id": intent["id"], "client_secret": intent["client_secret"], "publishable_key": ""}
    assert (intent["customer"], intent["usage"]) == (alice.user.stripe_customer.reference, "off_session")


def test_the_card_is_then_added_as_any_other(alice):
    made = alice.post(SETUP, {}).json()
    stripe = client().v1
    confirmed = stripe.setup_intents.confirm(made["id"], {"payment_method": "pm_card_visa"})
    asked = len(FAKE.calls())

    added = add_card(alice, payment_method=confirmed.payment_method)

    assert added["data"]["reusable"] is True
    assert calls(asked) == ["GET payment_methods/*"]


@override_settings(LORIKEET_STRIPE_PUBLISHABLE_KEY="pk_test_1")
def test_the_browser_is_told_the_publishable_key(alice):
    assert alice.post(SETUP).json()["publishable_key"] == "pk_test_1"


def test_a_guest_signs_in_first(guest):
    response = guest.post(SETUP)

    assert (response.status_code, response.json()) == (403, {"detail": "Sign in to save a card."})
    assert calls() == []


@pytest.mark.parametrize("body", [{"customer": "cus_1"}, [], "x", None], ids=repr)
def test_nothing_is_the_browsers_to_say(alice, body):
    response = alice.post(SETUP, body)

    assert response.status_code == 400
    assert calls() == []


@pytest.mark.parametrize("method", ["get", "put", "patch", "delete"])
def test_it_is_only_posted(alice, method):
    assert getattr(alice, method)(SETUP).status_code == 405


def test_it_takes_the_token_against_forged_requests(alice):
    response = alice.client.post(SETUP, content_type="application/json")

    assert response.status_code == 403
    assert calls() == []


@override_settings(LORIKEET_THROTTLE_RATES={"guess_cart": "2/hour"})
def test_a_user_who_tries_many_cards_is_throttled(alice, mallory):
    """A thief tries a list of stolen cards in this way."""
    statuses = [alice.post(SETUP).status_code for _ in range(3)]

    assert statuses == [201, 201, 429]
    assert mallory.post(SETUP).status_code == 201


def test_another_browser_of_the_user_is_counted_with_it(alice):
    with override_settings(LORIKEET_THROTTLE_RATES={"guess_cart": "1/hour"}):
        statuses = [browser.post(SETUP).status_code for browser in (alice, Browser(alice.user))]

    assert statuses == [201, 429]


@pytest.mark.parametrize("path", ["/v1/customers", "/v1/setup_intents"])
def test_a_silent_stripe_is_answered_503(alice, path):
    FAKE.fault("lose", path=path, times=2)

    response = alice.post(SETUP)

    assert response.status_code == 503
    assert response.json() == {"detail": "The payment provider does not answer. Please try again."}
    assert alice.post(SETUP).status_code == 201
    assert StripeCustomer.objects.count() == len(FAKE.books()["customer"]) == 1


def test_a_card_that_was_saved_for_another_user_is_no_card(alice, mallory):
    made = mallory.post(SETUP).json()
    confirmed = client().v1.setup_intents.confirm(made["id"], {"payment_method": "pm_card_visa"})
    response = post_card(alice, payment_method=confirmed.payment_method)

    assert response.status_code == 400
    assert StripeCard.objects.count() == 0


# the section of the cart


@override_settings(
    LORIKEET_CART_SECTIONS=["lorikeet.extensions.stripe.sections.StripeSection"], LORIKEET_STRIPE_PUBLISHABLE_KEY="pk_1"
)
def test_the_cart_may_say_what_stripe_js_needs(guest):
    assert guest.cart()["stripe"] == {"publishable_key": "pk_1", "setup_url": SETUP, "capture_method": "automatic"}


@override_settings(
    LORIKEET_CART_SECTIONS=["lorikeet.extensions.stripe.sections.StripeSection"], ROOT_URLCONF="tests.urls"
)
def test_without_the_urls_no_card_is_saved_without_a_sale(guest):
    assert guest.cart()["stripe"]["setup_url"] is None
