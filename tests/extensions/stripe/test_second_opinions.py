"""The plain paths with three Stripes: our fake, localstripe, which others wrote, and Stripe's own test mode.

The last needs a key: ``STRIPE_TEST_KEY=sk_test_... make test-stripe``. localstripe knows less than Stripe does (no
idempotency keys, no over-refund, few parameters): ``Adapter`` adds what every answer of Stripe's has.
"""

import json
import os
import socket
import subprocess
import sys
import time
from contextlib import closing, contextmanager
from importlib.util import find_spec
from urllib.error import URLError
from urllib.parse import parse_qsl, urlencode
from urllib.request import urlopen

import pytest
import stripe as sdk
from django.conf import settings
from django.test import override_settings

from lorikeet.extensions.stripe.captures import capture
from lorikeet.extensions.stripe.sdk import api
from lorikeet.models import Order, PaymentAttempt
from lorikeet.refunds import refund
from lorikeet.testing.stripe import KEY, FakeStripeServer
from tests.testapp import factories
from tests.testapp.clients import NEW_PAYMENT_METHOD, Browser

pytestmark = pytest.mark.django_db(transaction=True)

#: Test cards, by their numbers and as Stripe knows them.
CARDS = {
    "paid": ("4242424242424242", "pm_card_visa"),
    "declined": ("4000000000000341", "pm_card_chargeCustomerFail"),
}
#: Parameters that localstripe refuses.
UNKNOWN = {"automatic_payment_methods", "description", "setup_future_usage", "reason", "use_stripe_sdk"}


class Adapter(sdk.RequestsClient):
    """Leaves out what localstripe refuses, and adds what it leaves out."""

    def request(self, method, url, headers, post_data=None):
        pairs = [pair for pair in parse_qsl(post_data or "") if pair[0].partition("[")[0] not in UNKNOWN]
        body, status, answered = super().request(method, url, headers, urlencode(pairs) if post_data else None)
        answer = json.loads(body)
        intent = answer if answer.get("object") == "payment_intent" else {}
        error = answer.get("error") or intent.get("last_payment_error")
        if error is not None and status in (200, 402):
            error.update(type="card_error", payment_method=None)
        if intent:
            taken = sum(charge["amount"] for charge in intent["charges"]["data"] if charge["status"] == "succeeded")
            captured = intent["status"] == "succeeded"
            intent.update(amount_received=taken if captured else 0, amount_capturable=0 if captured else taken)
            intent["latest_charge"] = intent["latest_charge"] and intent["latest_charge"]["id"]
        return json.dumps(answer), status, answered


def make_adapted_client():
    options = {"base_addresses": {"api": settings.LORIKEET_STRIPE_API_BASE}, "http_client": Adapter(timeout=12)}
    return sdk.StripeClient(settings.LORIKEET_STRIPE_API_KEY, **options)


@contextmanager
def run_fake():
    with FakeStripeServer() as server:
        yield {"API_BASE": server.url, "API_KEY": KEY}


@contextmanager
def run_localstripe(folder):
    if find_spec("localstripe") is None:
        pytest.skip("localstripe is not installed")
    with closing(socket.create_server(("127.0.0.1", 0))) as probe:
        port = probe.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "localstripe", "--port", str(port), "--from-scratch"]
    silent = subprocess.DEVNULL
    with subprocess.Popen(command, cwd=folder, stdout=silent, stderr=silent) as server:
        try:
            wait_for(url)
            yield {"API_BASE": url, "API_KEY": "sk_test_12345", "CLIENT": f"{__name__}.make_adapted_client"}
        finally:
            server.terminate()


def wait_for(url):
    for _ in range(300):
        try:
            with urlopen(f"{url}/js.stripe.com/v3/"):  # noqa: S310  (our own address)
                return
        except URLError:
            time.sleep(0.1)
    raise RuntimeError("localstripe does not answer.")


@contextmanager
def use_live():
    if not os.environ.get("STRIPE_TEST_KEY", "").startswith(("sk_test_", "rk_test_")):
        pytest.skip("STRIPE_TEST_KEY is not set: no key for Stripe's test mode")
    yield {"API_KEY": os.environ["STRIPE_TEST_KEY"], "SHOP": "lorikeet tests"}


@pytest.fixture(scope="module", params=["fake", "localstripe", "live"])
def values(request, tmp_path_factory):
    servers = {"fake": run_fake, "live": use_live}
    server = servers.get(request.param) or (lambda: run_localstripe(tmp_path_factory.mktemp("localstripe")))
    with server() as values:
        yield values


@pytest.fixture
def stripe(values):
    with override_settings(**{f"LORIKEET_STRIPE_{name}": value for name, value in values.items()}):
        yield api()


@pytest.fixture
def ready(stripe):
    """A signed-in shopper with everything but a card."""
    browser = Browser(factories.make_user())
    browser.add_wine(factories.make_wine())
    browser.add_address()
    return browser


def add_card(browser, stripe, name="paid", **data):
    number, reference = CARDS[name]
    if hasattr(settings, "LORIKEET_STRIPE_CLIENT"):  # localstripe has no cards of its own
        card = {"number": number, "exp_month": 12, "exp_year": 2035, "cvc": "123"}
        reference = stripe.payment_methods.create({"type": "card", "card": card}).id
    return browser.add(NEW_PAYMENT_METHOD, "StripeCard", payment_method=reference, **data)


def test_a_card_pays(ready, stripe):
    add_card(ready, stripe)

    response = ready.checkout()

    attempt = PaymentAttempt.objects.get()
    assert (response.status_code, attempt.state) == (200, "paid")
    assert stripe.payment_intents.retrieve(attempt.reference).amount_received == 1200


def test_a_declined_card_pays_nothing(ready, stripe):
    add_card(ready, stripe, "declined", reusable=True)

    response = ready.checkout()

    assert response.status_code == 422
    assert response.json()["info"]["code"] == "card_declined"
    assert Order.objects.get().state == "cancelled"


def test_a_saved_card_pays_again(ready, stripe):
    add_card(ready, stripe, reusable=True)
    ready.checkout()
    ready.add_wine(factories.make_wine())

    response = ready.checkout(idempotency_key="two")

    assert response.status_code == 200
    assert stripe.payment_methods.retrieve(ready.user.stripe_customer.cards.get().payment_method).customer


def test_a_payment_is_refunded(ready, stripe):
    add_card(ready, stripe)
    ready.checkout()
    attempt = refund(Order.objects.get(), 5)

    assert attempt.state == "paid"
    assert stripe.refunds.retrieve(attempt.reference).amount == 500


@override_settings(LORIKEET_STRIPE_CAPTURE_METHOD="manual")
def test_an_authorised_payment_is_captured(ready, stripe):
    add_card(ready, stripe)
    ready.checkout()

    assert capture(Order.objects.get()).is_captured

    assert stripe.payment_intents.retrieve(PaymentAttempt.objects.get().reference).status == "succeeded"
