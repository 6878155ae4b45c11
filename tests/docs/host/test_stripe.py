"""What the page of the Stripe extension says is what the extension does."""

import json
import re
from decimal import Decimal
from pathlib import Path

import django
import pytest
from django.apps import apps
from django.contrib.auth import get_user_model
from django.core import mail
from django.core.management import CommandError, call_command
from django.http import HttpResponse
from django.test import RequestFactory
from django.utils.timezone import now
from fake_stripe import client, stripe
from recipes import content_security, stripe_sales
from stripe_tours import SETUP, get_ready_with, new_card, sign_in, stripe_card
from tours import CART, CHECKOUT, NEW_PAYMENT_METHOD, get_ready

from lorikeet import recovery
from lorikeet.extensions.stripe import amounts, urls
from lorikeet.extensions.stripe.conf import settings as stripe_settings
from lorikeet.extensions.stripe.models import StripeCard
from lorikeet.models import Cart, Order, PaymentAttempt
from lorikeet.refunds import refund
from tests.docs.pages import needs_docs, page

WEBHOOK = "/_cart/webhook/StripeCard/"
PAGE = "extensions/stripe.rst"


def check_out(shopper, card="visa", **data):
    """Check out with a card, and return the answer."""
    get_ready_with(shopper, card, **data)
    return shopper.send(None, "POST", CHECKOUT)


def post_to(shopper):
    """Return what posts a webhook to the shop, and its status."""

    def post(body, headers):
        return shopper.client.post(WEBHOOK, body, content_type="application/json", headers=headers).status_code

    return post


def intent():
    return stripe.books()["payment_intent"][-1]["id"]


@needs_docs
class TestPage:
    def test_every_check_is_listed(self):
        raised = set(re.findall(r'id="(lorikeet_stripe\.[EW]\d{3})"', source_of("checks")))

        assert re.findall(r"^\.\. check:: (\S+)$", page(PAGE), re.MULTILINE) == sorted(raised)

    def test_its_settings_are_made_of_the_code(self):
        assert ".. lorikeet-settings:: lorikeet.extensions.stripe.conf" in page(PAGE)

    @pytest.mark.parametrize("name", ["StripeCard", "StripeCustomer", "StripePayment"])
    def test_every_column_is_described(self, name):
        model = apps.get_model("lorikeet_stripe", name)
        own = [field.name for field in model._meta.local_concrete_fields if field.name != "id" and not parent(field)]
        text = page(PAGE)
        start = text.index(f".. autoclass:: {name}\n")
        end = text.find(".. autoclass::", start + 1)

        described = re.findall(r"^``(\w+)``  ", text[start : end if end > 0 else None], re.MULTILINE)

        assert sorted(described) == sorted(own)

    def test_every_permission_of_its_own_is_named(self):
        own = [
            f"lorikeet_stripe.{codename}"
            for model in apps.get_app_config("lorikeet_stripe").get_models()
            for codename, _ in model._meta.permissions
        ]

        assert [name for name in own if f"``{name}``" not in page(PAGE)] == []

    def test_every_endpoint_is_described(self):
        described = re.findall(r"^\.\. http:(\w+):: (\S+)$", page(PAGE), re.MULTILINE)

        assert described == [("post", f"/_cart/stripe/{pattern.pattern}") for pattern in urls.urlpatterns]

    def test_every_reason_of_a_cart_is_listed(self):
        raised = set(re.findall(r'_error\("(\w+)"', source_of("amounts"))) | {"card_expired"}

        _, _, listed = page(PAGE).partition("from being complete for these reasons")
        listed, _, _ = listed.partition(".. _stripe-actions:")
        assert set(re.findall(r"^``(\w+)``\n   \S", listed, re.MULTILINE)) == raised

    def test_every_text_that_the_staff_may_read_is_explained(self):
        texts = set(re.findall(r'(?:return |attention=)"([a-z ]+)"', source_of("refunds")))

        explained = set(re.findall(r"^([a-z][a-z ]+)\n   \S", page(PAGE), re.MULTILINE))

        assert explained == texts

    def test_every_sweep_of_its_own_is_described(self):
        described = re.findall(r"^``([a-z ]+ at Stripe)``\n   \S", page(PAGE), re.MULTILINE)

        assert described == [name for name in recovery.SWEEPS if "Stripe" in name]

    def test_every_place_of_decimals_is_told(self):
        text = page(PAGE)

        assert [currency for currency in {*amounts.PLACES, *amounts.STEPS} if currency not in text] == []


def source_of(name):
    return (Path(amounts.__file__).parent / f"{name}.py").read_text(encoding="utf-8")


def parent(field):
    return field.remote_field is not None and field.remote_field.parent_link


class TestSettings:
    def test_they_are_those_of_the_extension(self, settings):
        settings.LORIKEET_STRIPE_API_KEY = ""
        settings.STRIPE_API_KEY = "sk_test_original"

        assert stripe_settings.STRIPE_API_KEY == "sk_test_original"


class TestPolicy:
    def send(self, middleware):
        response = middleware(lambda request: HttpResponse())(RequestFactory().get("/"))
        return response["Content-Security-Policy"]

    def test_stripes_script_its_frames_and_its_calls_are_allowed(self):
        policy = self.send(content_security.ContentSecurityPolicyMiddleware)

        assert "script-src 'self' https://js.stripe.com https://*.js.stripe.com; " in policy
        assert "frame-src https://js.stripe.com https://*.js.stripe.com https://hooks.stripe.com; " in policy
        assert "connect-src 'self' https://api.stripe.com; " in policy
        assert "unsafe" not in policy

    @pytest.mark.skipif(django.VERSION < (6, 0), reason="this Django sends no policy")
    def test_django_sends_the_same(self, settings):
        from django.middleware.csp import ContentSecurityPolicyMiddleware

        settings.SECURE_CSP = content_security.SECURE_CSP

        theirs = self.send(ContentSecurityPolicyMiddleware)

        assert set(theirs.split("; ")) == set(self.send(content_security.ContentSecurityPolicyMiddleware).split("; "))


class TestRenewal:
    @pytest.fixture
    def cart(self, shopper):
        """A cart in which the user's saved card is selected, with which they have paid once."""
        sign_in(shopper)
        check_out(shopper, "authenticationRequiredOnSetup", reusable=True)
        stripe.complete_3ds(intent())
        shopper.send(None, "POST", CHECKOUT)
        get_ready(shopper, method=None)
        saved = StripeCard.objects.get()
        shopper.send(None, "PATCH", f"/_cart/payment-method/{saved.pk}/", {"selected": True})
        return Cart.objects.get(user__username="joe")

    def test_a_saved_card_is_charged(self, cart):
        assert stripe_sales.renew(cart, "2027")

        assert mail.outbox == [] or all(message.subject != "One more step" for message in mail.outbox)
        assert Order.objects.filter(state="placed").count() == 2

    def test_the_same_renewal_is_charged_once(self, cart):
        stripe_sales.renew(cart, "2027")
        before = stripe.totals()

        assert stripe_sales.renew(cart, "2027")

        assert stripe.totals() == before

    def test_a_bank_that_wants_the_shopper_gets_him(self, shopper):
        sign_in(shopper)
        get_ready_with(shopper, "authenticationRequired", reusable=True)

        assert not stripe_sales.renew(Cart.objects.get(), "2027")

        assert [message.subject for message in mail.outbox] == ["One more step"]
        assert shopper.send(None, "GET", CART).json()["pending_checkout"]["state"] == "pending"

    def test_a_declined_card_leaves_the_cart_as_it_was(self, shopper):
        sign_in(shopper)
        get_ready_with(shopper, "chargeCustomerFail", reusable=True)

        assert not stripe_sales.renew(Cart.objects.get(), "2027")

        assert Order.objects.get().state == "cancelled"
        assert len(shopper.send(None, "GET", CART).json()["items"]) == 1


class TestCapture:
    @pytest.fixture
    def order(self, shopper, settings):
        settings.LORIKEET_STRIPE_CAPTURE_METHOD = "manual"
        assert check_out(shopper).status_code == 200
        return Order.objects.get()

    def test_the_order_is_placed_while_nothing_is_taken(self, order):
        assert order.is_placed
        assert stripe.totals() == {}
        assert stripe_sales.uncaptured() == [order]

    def test_it_is_taken_when_the_parcel_leaves(self, order):
        assert stripe_sales.hand_over(order)

        assert stripe.totals() == {"aud": 3800}
        assert stripe_sales.uncaptured() == []

    def test_an_authorisation_that_has_ended_is_told(self, order):
        stripe.expire_authorisation(intent())

        assert not stripe_sales.hand_over(order)

    def test_a_refund_lets_all_of_it_go(self, order):
        assert refund(order).state == "paid"

        assert stripe.intent(intent())["status"] == "canceled"
        assert stripe_sales.uncaptured() == []

    def test_a_part_of_it_cannot_be_let_go(self, order):
        attempt = refund(order, Decimal("1.00"))

        assert (attempt.state, attempt.info["code"]) == ("failed", "not_captured")
        assert stripe.intent(intent())["status"] == "requires_capture"

    def test_the_staff_are_told_when_less_was_taken_in_the_dashboard(self, order, shopper):
        client().v1.payment_intents.capture(intent(), {"amount_to_capture": 1000})
        stripe.deliver(post_to(shopper))

        assert PaymentAttempt.objects.get().attention == "captured less"

    def test_the_staff_are_told_when_it_ends_by_itself(self, order, shopper):
        stripe.expire_authorisation(intent())
        stripe.deliver(post_to(shopper))

        assert PaymentAttempt.objects.get().attention == "authorisation ended"


class TestDashboard:
    @pytest.fixture
    def order(self, shopper):
        assert check_out(shopper).status_code == 200
        stripe.deliver(post_to(shopper))
        return Order.objects.get()

    def test_a_refund_made_there_is_recorded(self, order, shopper):
        stripe.refund(intent(), 1000)
        stripe.deliver(post_to(shopper))

        assert order.amount_refunded == Decimal("10.00")
        recorded = PaymentAttempt.objects.get(kind="refund")
        assert (recorded.state, recorded.reason) == ("paid", "Made at the provider")

    def test_without_a_webhook_the_comparison_of_the_books_records_it(self, order):
        stripe.refund(intent(), 1000)

        with pytest.raises((SystemExit, CommandError)):  # the shop's other providers do not answer here
            call_command("lorikeet_reconcile", verbosity=0)

        assert order.amount_refunded == Decimal("10.00")

    def test_a_refund_that_fails_later_is_no_refund(self, order, shopper):
        refund(order)
        stripe.fail_refund(stripe.books()["refund"][0]["id"])
        stripe.deliver(post_to(shopper))

        assert order.amount_refunded == 0
        assert PaymentAttempt.objects.get(kind="refund").attention == "refund failed"

    @pytest.mark.parametrize(("end", "words"), [(None, "disputed"), ("lost", "dispute lost")])
    def test_a_dispute_is_told(self, order, shopper, end, words):
        dispute = stripe.dispute(intent())["id"]
        if end:
            stripe.close_dispute(dispute, end)
        stripe.deliver(post_to(shopper))

        assert PaymentAttempt.objects.get(kind="charge").attention == words

    def test_the_reason_goes_to_stripe_only_if_it_is_one_of_stripes(self, order):
        refund(order, Decimal("1.00"), "duplicate")
        refund(order, Decimal("1.00"), "Ann called and was sad")

        assert [each["reason"] for each in stripe.books()["refund"]] == ["duplicate", "requested_by_customer"]


class TestFailures:
    """The table of the page."""

    @pytest.mark.parametrize(
        ("card", "info"),
        [
            ("chargeDeclinedLostCard", {"code": "card_declined", "decline_code": "generic_decline"}),
            ("chargeDeclinedExpiredCard", {"code": "expired_card"}),
        ],
    )
    def test_a_decline_is_told_without_what_helps_thieves(self, shopper, card, info):
        answer = check_out(shopper, card)

        assert answer.status_code == 422
        assert {key: value for key, value in answer.json()["info"].items() if key in info} == info
        assert Order.objects.get().cancel_reason == "refused"

    def test_who_does_not_pass_3d_secure_is_told_so(self, shopper):
        check_out(shopper, "threeDSecureRequired")
        stripe.fail_3ds(intent())

        answer = shopper.send(None, "POST", CHECKOUT)

        assert (answer.status_code, answer.json()["info"]["code"]) == (422, "payment_intent_authentication_failure")

    def test_who_leaves_during_3d_secure_has_his_items_back_when_the_time_is_over(self, shopper):
        confirm_url = check_out(shopper, "threeDSecureRequired").json()["checkout"]["confirm_url"]
        Order.objects.update(expires_at=now())
        PaymentAttempt.objects.update(check_at=now())

        call_command("lorikeet_tick", verbosity=0)

        assert (stripe.intent(intent())["status"], Order.objects.get().cancel_reason) == ("canceled", "expired")
        assert shopper.send(None, "POST", confirm_url).json()["info"]["code"] == "expired"

    def test_a_payment_that_is_cancelled_in_the_dashboard_is_refused(self, shopper):
        check_out(shopper, "threeDSecureRequired")
        client().v1.payment_intents.cancel(intent())

        answer = shopper.send(None, "POST", CHECKOUT)

        assert (answer.status_code, answer.json()["info"]["code"]) == (422, "canceled")

    def test_a_key_that_stops_being_valid_leaves_what_is_open_unknown(self, shopper):
        check_out(shopper, "threeDSecureRequired")
        stripe.fault("error", status=401, path="/v1/payment_intents/*", times=None)

        answer = shopper.send(None, "POST", CHECKOUT)

        assert (answer.status_code, answer.json()["reason"]) == (202, "pending")
        assert PaymentAttempt.objects.get().state == "unknown"

    def test_a_lost_answer_is_pending_and_then_found_out(self, shopper):
        get_ready_with(shopper)
        stripe.fault("lose", acts=True, path="/v1/payment_intents/*/confirm", times=None)

        answer = shopper.send(None, "POST", CHECKOUT)

        assert (answer.status_code, answer.json()["reason"]) == (202, "pending")
        assert PaymentAttempt.objects.get().state == "unknown"
        stripe.clear_faults()

        assert shopper.send(None, "POST", CHECKOUT).status_code == 200
        assert stripe.totals() == {"aud": 3800}

    def test_another_amount_is_paid_back(self, shopper):
        get_ready_with(shopper)
        stripe.fault("wrong", amount=100, path="/v1/payment_intents/*/confirm", acts=True)

        answer = shopper.send(None, "POST", CHECKOUT)

        assert (answer.status_code, answer.json()["info"]["code"]) == (422, "wrong_amount")
        call_command("lorikeet_tick", verbosity=0)
        assert stripe.totals() == {"aud": 0}

    def test_a_wrong_key_charges_nobody_and_tells_the_client_no_more(self, shopper):
        get_ready_with(shopper)
        stripe.fault("error", status=401, path="/v1/payment_intents")

        answer = shopper.send(None, "POST", CHECKOUT)

        assert answer.status_code == 422
        assert answer.json()["info"]["code"] == "not_available"
        assert Order.objects.get().state == "cancelled"

    def test_a_card_is_not_added_while_stripe_is_away(self, shopper):
        card = new_card()
        stripe.fault("lose", path="/v1/payment_methods/*", times=None)

        answer = shopper.send(None, "POST", NEW_PAYMENT_METHOD, stripe_card(payment_method=card))

        assert (answer.status_code, answer["Retry-After"]) == (503, "1")
        assert not StripeCard.objects.exists()

    def test_money_that_is_on_its_way_is_waited_for(self, shopper):
        assert check_out(shopper, "processing").json()["reason"] == "pending"
        stripe.settle_payment(intent())
        stripe.deliver(post_to(shopper))

        assert Order.objects.get().is_placed

    def test_a_webhook_that_cannot_be_looked_into_is_to_come_again(self, shopper):
        check_out(shopper)
        stripe.fault("lose", path="/v1/payment_intents/*", times=None)

        first = {entry["type"]: entry["status"] for entry in stripe.deliver(post_to(shopper))}
        stripe.clear_faults()
        then = {entry["status"] for entry in stripe.deliver(post_to(shopper))}

        assert first["payment_intent.succeeded"] == 503
        assert then == {200}


class TestCards:
    def test_a_card_that_is_not_reusable_is_spent_with_the_first_order(self, shopper):
        check_out(shopper)

        assert shopper.send(None, "GET", CART).json()["payment_methods"] == []

    def test_and_stays_after_a_refusal(self, shopper):
        check_out(shopper, "chargeDeclined")

        assert len(shopper.send(None, "GET", CART).json()["payment_methods"]) == 1

    def test_a_saved_card_stays(self, shopper):
        check_out(shopper, reusable=True)

        assert len(shopper.send(None, "GET", CART).json()["payment_methods"]) == 1

    def test_stripe_forgets_what_is_deleted(self, shopper):
        card = new_card()
        added = shopper.send(None, "POST", NEW_PAYMENT_METHOD, stripe_card(payment_method=card, reusable=True)).json()

        shopper.send(None, "DELETE", added["url"])

        [known] = [each for each in stripe.books()["payment_method"] if each["id"] == card]
        assert known["customer"] is None
        assert StripeCard.objects.get().forgotten_at is not None

    def test_a_guests_card_follows_at_login(self, shopper):
        shopper.send(None, "POST", NEW_PAYMENT_METHOD, stripe_card(payment_method=new_card(), reusable=True))

        sign_in(shopper)

        shopper.send(None, "PATCH", CART, {"email": "joe@example.com"})
        cart = shopper.send(None, "GET", CART).json()
        assert [entry["data"]["last4"] for entry in cart["payment_methods"]] == ["4242"]
        assert StripeCard.objects.get().customer.user == get_user_model().objects.get()

    @needs_docs
    def test_every_endpoint_is_described(self):
        described = re.findall(r"^\.\. http:(\w+):: (\S+)$", page("extensions/stripe.rst"), re.MULTILINE)

        assert described == [("post", f"/_cart/stripe/{pattern.pattern}") for pattern in urls.urlpatterns]

    @needs_docs
    def test_setup_is_for_users_as_the_table_of_access_says(self, shopper):
        guest = shopper.send(None, "POST", SETUP)
        sign_in(shopper)
        user = shopper.send(None, "POST", SETUP)

        assert (guest.status_code, user.status_code) == (403, 201)
        [row] = re.findall(rf"^POST {SETUP},(.+)$", page("explanation/access.csv"), re.MULTILINE)
        assert re.findall(r"\d{3}", row) == ["201", "403"] * 2

    def test_nothing_personal_is_among_the_metadata(self, shopper):
        check_out(shopper)

        [made] = stripe.books()["payment_intent"]
        order = Order.objects.get()
        assert made["metadata"] == {"lorikeet_key": str(order.payment_key), "lorikeet_order": str(order.uuid)}
        assert "joe" not in json.dumps(made)

    def test_before_the_extension_is_removed_all_are_forgotten(self, shopper):
        card = new_card()
        shopper.send(None, "POST", NEW_PAYMENT_METHOD, stripe_card(payment_method=card, reusable=True))
        shopper.send(None, "POST", NEW_PAYMENT_METHOD, stripe_card(payment_method=new_card()))

        stripe_sales.forget_cards()

        cart = shopper.send(None, "GET", CART).json()
        assert cart["payment_methods"] == []
        assert Cart.objects.get().payment_method is None
        assert {each["customer"] for each in stripe.books()["payment_method"]} == {None}
