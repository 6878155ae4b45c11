"""Cards by Stripe, at its double on loopback, until the books of both agree."""

import subprocess
from decimal import Decimal
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client

from lorikeet.models import Order
from shop.cards import TEST_CARDS
from shop.models import Wine

from .conftest import Shopper, post, recover
from .processes import EXAMPLE, MANAGE, environment_of

pytestmark = pytest.mark.django_db(transaction=True)

THREE_D_SECURE = "pm_card_threeDSecureRequired"


def wine(sku="QH-RIES-23"):
    return Wine.objects.get(sku=sku)


def charges(stripe):
    """Return status, amount and what was paid back of every charge, in cents."""
    made = stripe.controls.books().get("charge", [])
    return [(charge["status"], charge["amount"], charge["amount_refunded"]) for charge in made]


def intents(stripe):
    return [intent["status"] for intent in stripe.controls.books().get("payment_intent", [])]


def orders():
    return [(order.state, order.cancel_reason) for order in Order.objects.order_by("id")]


def cards(shopper):
    """Return the last digits of each card that the cart offers, and whether it is selected."""
    return [(method["data"]["last4"], method["selected"]) for method in shopper.cart()["payment_methods"]]


@pytest.fixture
def sign_in(shopper, django_user_model):
    """Return a function that makes an account and returns a shopper who is signed in to it."""

    def sign_in(name="joe"):
        shopper = Shopper()
        user = django_user_model.objects.create_user(name, f"{name}@example.com", "a long pass phrase")
        shopper.client.force_login(user)
        return shopper

    return sign_in


@pytest.mark.usefixtures("books_agree")
class TestCards:
    def test_guest_pays(self, shopper, stripe):
        assert shopper.get_ready(wine(), "pm_card_visa").status_code == 201
        assert shopper.cart()["payment_methods"][0]["data"]["last4"] == "4242"

        answer = shopper.check_out()

        assert answer.status_code == 200
        order = Order.objects.placed().get()
        assert charges(stripe) == [("succeeded", 3800, 0)]
        (intent,) = stripe.controls.books()["payment_intent"]
        assert (intent["id"], intent["currency"]) == (order.latest_charge.reference, "aud")
        page = shopper.client.get(order.get_absolute_url(token=True), follow=True).content.decode()
        assert "Thank you for your order" in page
        assert "Visa •••• 4242" in page

    @pytest.mark.parametrize(
        "card, code, decline_code",
        [
            ("pm_card_visa_chargeDeclined", "card_declined", "generic_decline"),
            ("pm_card_visa_chargeDeclinedInsufficientFunds", "card_declined", "insufficient_funds"),
            ("pm_card_chargeDeclinedExpiredCard", "expired_card", "expired_card"),
        ],
    )
    def test_declined_card_says_why_and_keeps_the_cart(self, shopper, stripe, card, code, decline_code):
        shopper.get_ready(wine(), card)
        before = shopper.cart()

        answer = shopper.check_out()

        assert answer.status_code == 422
        body = answer.json()
        assert (body["reason"], body["payment_method"]) == ("payment", "StripeCard")
        assert (body["info"]["code"], body["info"]["decline_code"]) == (code, decline_code)
        assert {**shopper.cart(), "generated_at": 0} == {**before, "generated_at": 0}
        assert charges(stripe) == [("failed", 3800, 0)]
        assert not Order.objects.placed().exists()

    def test_another_card_pays_after_a_declined_one(self, shopper, stripe):
        shopper.get_ready(wine(), "pm_card_visa_chargeDeclined")
        shopper.check_out()

        shopper.give_stripe_card("pm_card_mastercard")

        assert shopper.check_out().status_code == 200
        assert charges(stripe) == [("failed", 3800, 0), ("succeeded", 3800, 0)]

    def test_card_that_stripe_does_not_know_is_refused(self, shopper, stripe):
        refused = shopper.give_stripe_card("pm_nothing")

        assert refused.status_code == 400
        assert refused.json() == {"payment_method": ["There is no such card."]}
        assert cards(shopper) == []

    def test_answers_that_are_lost_charge_once(self, shopper, stripe):
        shopper.get_ready(wine(), "pm_card_visa")
        stripe.controls.fault(kind="lose", acts=True, method="POST", path="/v1/payment_intents/*/confirm", times=2)

        answer = shopper.check_out()
        recover()

        assert answer.status_code in {200, 202}
        assert orders() == [("placed", "")]
        assert charges(stripe) == [("succeeded", 3800, 0)]

    def test_stripe_that_is_away_is_asked_again_when_it_is_back(self, shopper, stripe, settings):
        shopper.get_ready(wine(), "pm_card_visa")
        there, settings.LORIKEET_STRIPE_API_BASE = settings.LORIKEET_STRIPE_API_BASE, "http://127.0.0.1:9"

        answer = shopper.check_out()
        assert answer.status_code == 202
        settings.LORIKEET_STRIPE_API_BASE = there

        assert shopper.confirm(answer).status_code == 200
        assert charges(stripe) == [("succeeded", 3800, 0)]


@pytest.mark.usefixtures("books_agree")
class TestThreeDSecure:
    def test_shopper_approves(self, shopper, stripe):
        shopper.get_ready(wine(), THREE_D_SECURE)

        answer = shopper.check_out()
        body = answer.json()
        assert (answer.status_code, body["reason"], body["payment_method"]) == (202, "action_required", "StripeCard")
        url = body["info"]["next_action"]["redirect_to_url"]["url"]
        assert url.startswith(f"{stripe.url}/_fake/3ds/pi_")
        back = urlsplit(post(url, outcome="complete"))
        assert (back.netloc, back.path) == ("127.0.0.1:8000", "/")
        assert parse_qs(back.query)["redirect_status"] == ["succeeded"]
        answer = shopper.confirm(answer)

        assert answer.status_code == 200
        assert orders() == [("placed", "")]
        assert charges(stripe) == [("succeeded", 3800, 0)]

    def test_shopper_declines(self, shopper, stripe):
        shopper.get_ready(wine(), THREE_D_SECURE)
        before = shopper.cart()
        answer = shopper.check_out()

        post(answer.json()["info"]["next_action"]["redirect_to_url"]["url"], outcome="fail")
        answer = shopper.confirm(answer)

        assert answer.status_code == 422
        assert answer.json()["info"]["code"] == "payment_intent_authentication_failure"
        assert shopper.cart()["items"] == before["items"]
        assert charges(stripe) == []

    def test_shopper_cancels(self, shopper, stripe):
        shopper.get_ready(wine(), THREE_D_SECURE)
        before = shopper.cart()
        answer = shopper.check_out()

        cancelled = shopper.cancel(answer)

        assert (cancelled.status_code, cancelled.json()["reason"]) == (200, "cancelled")
        assert shopper.cart()["items"] == before["items"]
        assert intents(stripe) == ["canceled"]


@pytest.mark.usefixtures("books_agree")
class TestSavedCards:
    def test_card_that_is_kept_pays_the_next_order(self, sign_in, stripe):
        shopper = sign_in()
        shopper.add(wine())
        shopper.give_address()
        assert shopper.give_stripe_card("pm_card_visa", reusable=True).status_code == 201

        assert shopper.check_out().status_code == 200
        assert [last4 for last4, _ in cards(shopper)] == ["4242"]
        shopper.add(wine("LP-BRUT-NV"))
        cart = shopper.cart()
        for choice in (*cart["delivery_addresses"], *cart["payment_methods"]):
            shopper.send("PATCH", choice["url"], {"selected": True})

        assert shopper.check_out().status_code == 200
        assert [status for status, _, _ in charges(stripe)] == ["succeeded", "succeeded"]
        (customer,) = stripe.controls.books()["customer"]
        assert {intent["customer"] for intent in stripe.controls.books()["payment_intent"]} == {customer["id"]}

    def test_card_that_is_not_kept_is_gone_with_its_order(self, sign_in, stripe):
        shopper = sign_in()
        shopper.add(wine())
        shopper.give_address()
        shopper.give_stripe_card("pm_card_visa")

        shopper.check_out()

        assert cards(shopper) == []
        assert "customer" not in stripe.controls.books()

    def test_card_that_is_removed_is_forgotten_by_stripe(self, sign_in, stripe):
        shopper = sign_in()
        shopper.give_stripe_card("pm_card_visa", reusable=True)

        removed = shopper.send("DELETE", shopper.cart()["payment_methods"][0]["url"])

        assert removed.status_code == 204
        assert cards(shopper) == []
        assert [event["type"] for event in stripe.controls.events()][-1] == "payment_method.detached"

    def test_card_is_shown_to_its_owner_alone(self, sign_in):
        sign_in().give_stripe_card("pm_card_visa", reusable=True)

        assert cards(sign_in("mary")) == []

    def test_card_that_the_bank_does_not_let_be_kept_says_why(self, sign_in):
        shopper = sign_in()

        refused = shopper.give_stripe_card("pm_card_visa_chargeDeclined", reusable=True)

        assert refused.status_code == 400
        assert refused.json() == {"payment_method": ["Your card was declined."]}
        assert cards(shopper) == []


@pytest.mark.usefixtures("books_agree")
class TestRefunds:
    def test_staff_pay_back_in_the_admin(self, shopper, stripe, admin_user):
        shopper.get_ready(wine(), "pm_card_visa")
        shopper.check_out()
        staff = Client()
        staff.force_login(admin_user)

        for amount in ("8.00", "", "1.00"):
            data = {"_selected_action": Order.objects.get().pk, "amount": amount, "reason": "Corked"}
            assert staff.post("/admin/lorikeet/order/", {"action": "refund", **data}).status_code == 302

        assert charges(stripe) == [("succeeded", 3800, 3800)]
        assert Order.objects.placed().get().amount_refunded == Decimal("38.00")
        assert staff.get("/admin/lorikeet_stripe/stripepayment/").status_code == 200


class TestPage:
    def test_without_a_key_the_page_offers_test_cards(self, shopper):
        page = shopper.client.get("/")

        assert b"Stripe\xe2\x80\x99s test double" in page.content
        assert page.content.count(b'value="pm_card_') == 12
        assert b"payment-element" not in page.content
        assert "stripe" not in page["Content-Security-Policy"]
        assert shopper.cart()["stripe"]["publishable_key"] == ""

    def test_with_a_key_the_page_offers_the_payment_element(self, shopper, settings):
        settings.LORIKEET_STRIPE_PUBLISHABLE_KEY = "pk_test_lorikeet"

        page = Client().get("/")

        assert b'id="payment-element"' in page.content
        assert b"pm_card_" not in page.content
        policy = page["Content-Security-Policy"]
        assert "script-src 'self' https://js.stripe.com" in policy
        assert "frame-src https://js.stripe.com" in policy
        assert "unsafe" not in policy
        assert shopper.cart()["stripe"]["publishable_key"] == "pk_test_lorikeet"

    @pytest.mark.parametrize("card", TEST_CARDS)
    def test_each_test_card_is_one_of_stripes(self, shopper, card):
        assert shopper.give_stripe_card(card).status_code == 201


class TestKeys:
    @pytest.mark.parametrize(
        "keys",
        [
            {"STRIPE_API_KEY": "sk_test_lorikeet"},
            {"STRIPE_PUBLISHABLE_KEY": "pk_test_lorikeet"},
            {"STRIPE_API_KEY": "sk_live_lorikeet", "STRIPE_PUBLISHABLE_KEY": "pk_live_lorikeet"},
        ],
    )
    def test_shop_starts_with_both_test_keys_or_neither(self, tmp_path, keys):
        environment = {**environment_of(tmp_path), **keys}

        checked = subprocess.run(
            [*MANAGE, "check"], env=environment, cwd=EXAMPLE, capture_output=True, text=True, check=False
        )

        assert checked.returncode == 1
        assert "Set STRIPE_API_KEY and STRIPE_PUBLISHABLE_KEY to test keys" in checked.stderr
