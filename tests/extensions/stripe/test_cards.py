"""Adding a card: the ids that a browser may send, the owner of the card, and the fields that are shown."""

import json
import logging
from time import process_time

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.exceptions import ValidationError

from lorikeet.extensions.stripe.models import StripeCard, StripeCustomer
from lorikeet.extensions.stripe.serializers import NAMES, StripeCardSerializer
from tests.testapp.clients import NEW_PAYMENT_METHOD

from .shopping import FAKE, add_card, calls, client, post_card

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("fake")]

NUMBERS = ["4242424242424242", "4000000000006", "4000002760003184000"]
NONE = ["There is no such card."]


def card():
    return StripeCard.objects.get()


def visa():
    """Return a PaymentMethod that a browser made, with an id of its own."""
    return client().v1.payment_methods.retrieve("pm_card_visa").id


def refused(browser, **data):
    """Add a card that is refused, and return why; nothing is kept of it."""
    before = StripeCard.objects.count()
    response = post_card(browser, **data)
    assert response.status_code == 400, response.content
    assert StripeCard.objects.count() == before
    return response.json()["data"] if "data" in response.json() else response.json()


# what is shown


def test_a_card_is_shown_by_its_brand_and_last_four_digits(shopper):
    added = add_card(shopper, "mastercard")

    assert added["type"] == "StripeCard"
    assert added["data"] == {
        "reusable": False,
        "brand": "mastercard",
        "last4": "4444",
        "exp_month": 8,
        "exp_year": card().exp_year,
    }
    assert str(card()) == "Mastercard •••• 4444"


def test_it_is_in_the_cart_and_selected(shopper):
    added = add_card(shopper)

    (shown,) = shopper.cart()["payment_methods"]
    assert shown == added
    assert shown["selected"] is True


def test_stripe_is_not_asked_when_the_cart_is_shown(shopper):
    added = add_card(shopper)
    asked = len(FAKE.calls())

    shopper.cart()
    shopper.get(added["url"])

    assert calls(asked) == []


def test_a_card_without_a_sale_takes_one_call(shopper):
    add_card(shopper)

    assert calls() == ["GET payment_methods/*"]


# by what it is named


def test_a_payment_method_is_kept_by_its_id(shopper):
    reference = visa()

    add_card(shopper, payment_method=reference)

    assert (card().payment_method, card().confirmation_token, card().customer) == (reference, None, None)


def test_a_confirmation_token_is_kept_until_it_is_used(shopper):
    token = FAKE.confirmation_token("amex")["id"]

    added = add_card(shopper, confirmation_token=token)

    assert (card().payment_method, card().confirmation_token) == (None, token)
    assert (added["data"]["brand"], added["data"]["last4"]) == ("amex", "0005")
    assert calls() == ["GET confirmation_tokens/*"]


@pytest.mark.parametrize("token", ["tok_visa", None], ids=["of a test card", "of a browser"])
def test_a_token_becomes_a_payment_method(shopper, token):
    """As the first Lorikeet's front ends send it."""
    add_card(shopper, token=token or FAKE.token()["id"])

    assert card().payment_method.startswith("pm_")
    assert calls() == ["POST payment_methods"]


def test_the_id_of_a_card_is_not_shown(shopper):
    reference = visa()
    added = add_card(shopper, payment_method=reference)

    assert reference not in json.dumps([added, shopper.cart()])


@pytest.mark.parametrize(
    ("data", "field"),
    [
        ({}, "payment_method"),
        ({"payment_method": "pm_card_visa", "token": "tok_visa"}, "token"),
        ({"payment_method": "pm_card_visa", "confirmation_token": "ctoken_1"}, "confirmation_token"),
    ],
    ids=["none", "two", "two others"],
)
def test_a_card_is_named_once(shopper, data, field):
    response = shopper.post(NEW_PAYMENT_METHOD, {"type": "StripeCard", "data": data})

    assert (response.status_code, StripeCard.objects.count(), calls()) == (400, 0, [])
    assert field in json.dumps(response.json())
    assert "Send one of payment_method, confirmation_token, token." in json.dumps(response.json())


@pytest.mark.parametrize(
    "value",
    ["", "pm_", "tok_visa", "visa", "pm_1/../2", "pm_1 2", "pm_é", "pm_" + "x" * 241, "PM_1", None, 7, [], {}],
    ids=repr,
)
def test_text_that_is_no_id_of_stripes_is_not_looked_up(shopper, value):
    refused(shopper, payment_method=value)

    assert calls() == []


@pytest.mark.parametrize("value", ["xpm_1", "pm_", "pm_ä", "pm_" + "1a" * 121, "ctoken_1"])
def test_text_that_is_no_id_is_never_sent_to_stripe(guest, value):
    reason = refused(guest, payment_method=value)

    assert reason == {"payment_method": ["This must be an id of Stripe's that begins with pm_."]}
    assert calls() == []


@pytest.mark.parametrize("name", ["payment_method", "confirmation_token", "token"])
def test_text_that_is_no_id_is_refused_in_proportion_to_its_length(name):
    """Each prefix in it could be where the id begins."""
    field = StripeCardSerializer().fields[name]
    texts = {"plain": "x" * 63_000, "prefixes": NAMES[name] * 15_000}
    spent = {}
    for kind, text in texts.items():
        began = process_time()
        with pytest.raises(ValidationError):
            field.run_validation(text)
        spent[kind] = process_time() - began

    assert spent["prefixes"] < 40 * spent["plain"]


@pytest.mark.parametrize("name", ["payment_method", "confirmation_token", "token", "reusable"])
@pytest.mark.parametrize("number", NUMBERS)
@pytest.mark.parametrize("around", ["{}", "pm_{}", "tok_x{}y", "ctoken_{}"])
def test_a_possible_card_number_is_neither_sent_nor_logged_nor_repeated(guest, caplog, name, number, around):
    caplog.set_level(logging.DEBUG)
    value = around.format(number)
    data = {"payment_method": "pm_card_visa"} if name == "reusable" else {}
    reason = refused(guest, **data, **{name: value})

    assert calls() == []
    assert number not in json.dumps(reason)
    assert number not in caplog.text


def test_an_id_may_have_twelve_digits_in_a_row(shopper):
    reason = refused(shopper, payment_method="pm_123456789012a")

    assert calls() == ["GET payment_methods/*"]
    assert reason == {"payment_method": NONE}


@pytest.mark.parametrize(
    "data",
    [{"payment_method": "pm_unknown"}, {"confirmation_token": "ctoken_unknown"}, {"token": "tok_unknown"}],
    ids=str,
)
def test_an_id_that_stripe_does_not_know_is_no_card(shopper, data):
    assert refused(shopper, **data) == {next(iter(data)): NONE}


def test_a_token_of_another_shopper_is_no_card(shopper, mallory):
    token = FAKE.token()["id"]
    add_card(mallory, token=token)

    assert refused(shopper, token=token) == {"token": NONE}


def test_a_token_that_is_sent_twice_is_one_card(shopper):
    token = FAKE.token()["id"]

    first, second = (add_card(shopper, token=token) for _ in range(2))

    assert first == second
    assert StripeCard.objects.count() == 1


def test_a_payment_method_that_is_no_card_is_refused(shopper, monkeypatch):
    monkeypatch.setattr("lorikeet.extensions.stripe.cards.look_up", lambda name, value: Wallet)

    assert refused(shopper, payment_method="pm_1") == {"payment_method": ["This is not a card."]}


class Wallet:
    type = "paypal"


@pytest.mark.parametrize("reusable", ["maybe", 2, None, []], ids=repr)
def test_whether_it_is_reusable_is_true_or_false(shopper, reusable):
    refused(shopper, payment_method="pm_card_visa", reusable=reusable)

    assert calls() == []


@pytest.mark.parametrize("name", ["brand", "last4", "exp_month", "exp_year"])
def test_a_browser_cannot_set_what_stripe_knows_of_a_card(shopper, name):
    add_card(shopper, payment_method="pm_card_visa", **{name: "1999"})

    assert (card().brand, card().last4, card().exp_month) == ("visa", "4242", 8)
    assert card().exp_year > 2020


@pytest.mark.parametrize("name", ["customer", "forgotten_at", "active"])
def test_nothing_else_is_the_browsers_to_say(shopper, name):
    refused(shopper, payment_method="pm_card_visa", **{name: "1999"})

    assert calls() == []


# stripe's troubles


@pytest.mark.parametrize(("kind", "status"), [("lose", 0), ("error", 500), ("error", 429)])
def test_a_stripe_that_does_not_answer_is_answered_503(shopper, unchanged, kind, status):
    FAKE.fault(kind, times=None, status=status)

    with unchanged():
        response = post_card(shopper)

    assert response.status_code == 503
    assert response.json() == {"detail": "The payment provider does not answer. Please try again."}


def test_an_answer_that_is_lost_once_is_asked_for_again(shopper):
    FAKE.fault("lose")

    add_card(shopper)

    assert StripeCard.objects.count() == 1


@pytest.mark.parametrize("status", [401, 403])
def test_a_wrong_key_is_for_the_log_and_not_for_the_shopper(shopper, unchanged, caplog, status):
    FAKE.fault("error", status=status)

    with unchanged():
        response = post_card(shopper)

    assert response.status_code == 503
    assert "Stripe could not be asked for a card." in caplog.messages


# saving


def test_a_users_saved_card_belongs_to_their_customer(alice):
    add_card(alice, reusable=True)

    customer = StripeCustomer.objects.get()
    assert (customer.user, card().customer, card().reusable) == (alice.user, customer, True)
    assert FAKE.books()["payment_method"][-1]["customer"] == customer.reference
    assert calls() == ["GET payment_methods/*", "POST customers", "POST payment_methods/*/attach"]


def test_a_user_has_one_customer_for_many_saved_cards(alice):
    for _ in range(2):
        add_card(alice, reusable=True)

    assert StripeCustomer.objects.count() == len(FAKE.books()["customer"]) == 1
    assert {saved.customer for saved in StripeCard.objects.all()} == {StripeCustomer.objects.get()}


def test_a_customer_has_no_personal_data_at_stripe(alice):
    add_card(alice, reusable=True)

    (customer,) = FAKE.books()["customer"]
    assert customer["metadata"] == {"lorikeet_key": str(StripeCustomer.objects.get().key)}
    assert {customer[name] for name in ("email", "name", "phone", "description", "address")} == {None}


def test_each_card_that_a_guest_saves_has_a_customer_of_its_own(guest):
    for _ in range(2):
        add_card(guest, reusable=True)

    assert [saved.customer.user for saved in StripeCard.objects.all()] == [None, None]
    assert len({saved.customer_id for saved in StripeCard.objects.all()}) == 2


def test_a_card_that_is_not_saved_has_no_customer(alice):
    add_card(alice)

    assert (card().customer, StripeCustomer.objects.count()) == (None, 0)
    assert FAKE.books().get("customer") is None


def test_a_confirmation_token_is_attached_by_the_payment(alice):
    token = FAKE.confirmation_token()["id"]

    add_card(alice, confirmation_token=token, reusable=True)

    assert card().customer.user == alice.user
    assert "POST payment_methods/*/attach" not in calls()


def test_a_card_that_the_bank_refuses_to_save_is_refused(shopper):
    reason = refused(shopper, card="chargeDeclined", reusable=True)

    assert reason == {"payment_method": ["Your card was declined."]}


def test_a_card_that_the_bank_would_refuse_later_can_be_added(shopper):
    """Only a payment finds that out."""
    assert add_card(shopper, "chargeDeclined")["data"]["last4"] == "0002"


@pytest.mark.parametrize("acts", [False, True])
def test_a_customer_whose_answer_was_lost_is_made_once(alice, acts):
    FAKE.fault("lose", acts=acts, times=2, path="/v1/customers")
    assert post_card(alice, reusable=True).status_code == 503

    add_card(alice, reusable=True)

    assert len(FAKE.books()["customer"]) == StripeCustomer.objects.count() == 1


def test_a_card_whose_attachment_was_lost_can_be_sent_again(alice):
    reference = visa()
    FAKE.fault("lose", acts=True, times=2, path="/v1/payment_methods/*/attach")
    assert post_card(alice, payment_method=reference, reusable=True).status_code == 503

    add_card(alice, payment_method=reference, reusable=True)

    assert (card().payment_method, card().customer.user) == (reference, alice.user)


# sending one twice


@pytest.mark.parametrize("reusable", [False, True])
def test_a_card_that_is_sent_twice_is_one_card(shopper, reusable):
    reference = visa()

    first = add_card(shopper, payment_method=reference, reusable=reusable)
    again = add_card(shopper, payment_method=reference, reusable=reusable)

    assert again == first
    assert StripeCard.objects.count() == 1
    assert [method["selected"] for method in shopper.cart()["payment_methods"]] == [True]


def test_two_posts_of_one_card_at_the_same_moment_leave_one(shopper, monkeypatch):
    """The second is looked up before the first is saved."""
    reference = visa()
    find, posts = StripeCardSerializer.find, []

    def post_again(serializer, *args):
        found = find(serializer, *args)
        if not posts:
            posts.append(None)
            posts[0] = post_card(shopper, payment_method=reference)
        return found

    monkeypatch.setattr(StripeCardSerializer, "find", post_again)

    late = post_card(shopper, payment_method=reference)

    assert (posts[0].status_code, StripeCard.objects.count()) == (201, 1)
    assert late.status_code < 500


def test_a_card_that_is_refused_to_a_shopper_is_not_attached_at_stripe(shopper, mallory):
    reference = visa()
    add_card(shopper, payment_method=reference)
    refused(mallory, payment_method=reference, reusable=True)

    assert "POST payment_methods/*/attach" not in calls()


def test_a_confirmation_token_that_is_sent_twice_is_one_card(shopper):
    token = FAKE.confirmation_token()["id"]

    assert add_card(shopper, confirmation_token=token) == add_card(shopper, confirmation_token=token)
    assert StripeCard.objects.count() == 1


def test_a_card_that_was_removed_is_gone(shopper):
    reference = visa()
    added = add_card(shopper, payment_method=reference)
    shopper.delete(added["url"])

    assert refused(shopper, payment_method=reference) == {"payment_method": NONE}


# another shopper's


@pytest.mark.parametrize("reusable", [False, True])
@pytest.mark.parametrize("saved", [False, True])
def test_another_shoppers_card_is_no_card(shopper, mallory, reusable, saved):
    reference = visa()
    add_card(shopper, payment_method=reference, reusable=saved)

    assert refused(mallory, payment_method=reference, reusable=reusable) == {"payment_method": NONE}
    assert mallory.cart()["payment_methods"] == []


def test_another_guests_confirmation_token_is_no_card(shopper, mallory):
    token = FAKE.confirmation_token()["id"]
    add_card(shopper, confirmation_token=token)

    assert refused(mallory, confirmation_token=token) == {"confirmation_token": NONE}


def test_a_card_of_a_customer_that_the_shop_does_not_know_is_no_card(shopper):
    stripe = client().v1
    reference = visa()
    stripe.payment_methods.attach(reference, {"customer": stripe.customers.create({}).id})

    assert refused(shopper, payment_method=reference) == {"payment_method": NONE}


def test_a_card_that_was_saved_without_a_sale_is_its_users(alice):
    """Stripe.js has attached it already, by a SetupIntent."""
    add_card(alice, reusable=True)
    reference = visa()
    client().v1.payment_methods.attach(reference, {"customer": StripeCustomer.objects.get().reference})

    added = add_card(alice, payment_method=reference)

    saved = StripeCard.objects.get(payment_method=reference)
    assert (saved.reusable, saved.customer, added["data"]["reusable"]) == (True, StripeCustomer.objects.get(), True)


def test_a_saved_card_takes_no_query_of_its_own(alice):
    add_card(alice, reusable=True)
    with CaptureQueriesContext(connection) as one:
        alice.cart()
    for _ in range(3):
        add_card(alice, reusable=True)

    with CaptureQueriesContext(connection) as four:
        alice.cart()

    assert len(four) <= len(one) + 1
