"""The account at the fake Stripe, and what the tests of cards begin with."""

import re

from lorikeet.models import Order, PaymentAttempt
from lorikeet.testing.stripe import FakeStripe
from tests.testapp.clients import NEW_PAYMENT_METHOD, Browser

__all__ = [
    "FAKE",
    "add_card",
    "attempt",
    "calls",
    "client",
    "declined",
    "get_ready",
    "intents",
    "order",
    "post_card",
    "post_events",
    "refunds",
    "send",
]

WEBHOOK = "/_cart/webhook/StripeCard/"
ID = re.compile(r"(?<=/)(?:pi|pm|ch|re|cus|ctoken|seti|dp)_\w+")

#: The account, with empty books at the beginning of each test.
FAKE = FakeStripe()
CLIENT = FAKE.client(max_network_retries=1)


def client():
    """Return the client that the shop uses, by ``LORIKEET_STRIPE_CLIENT``."""
    return CLIENT


def calls(since=0):
    """Return what Stripe was asked, without the ids: ``["POST payment_intents", ...]``."""
    return [f"{call['method']} {ID.sub('*', call['path']).removeprefix('/v1/')}" for call in FAKE.calls()[since:]]


def intents(**values):
    """Return the intents in Stripe's books that have these values."""
    found = FAKE.books().get("payment_intent", [])
    return [intent for intent in found if all(intent[name] == value for name, value in values.items())]


def refunds():
    """Return the amounts and states of the refunds in Stripe's books."""
    return [(refund["amount"], refund["status"]) for refund in FAKE.books().get("refund", [])]


def post_card(browser, card="visa", **data):
    """Add a test card and return the response."""
    named = data.keys() & {"payment_method", "confirmation_token", "token"}
    given = data if named else {"payment_method": f"pm_card_{card}", **data}
    return browser.post(NEW_PAYMENT_METHOD, {"type": "StripeCard", "data": given})


def add_card(browser, card="visa", **data):
    """Add a test card and return its representation."""
    response = post_card(browser, card, **data)
    assert response.status_code == 201, response.content
    return response.json()


def get_ready(browser, wine, card="visa", quantity=1, **data):
    """Do all that a checkout needs: a bottle, an address, a card and, for a guest, an e-mail address."""
    browser.fill(wine, quantity)
    return add_card(browser, card, **data)


def declined(browser):
    """Check out, and return what is said of the refusal."""
    response = browser.checkout()
    assert response.status_code == 422, response.content
    return response.json()["info"]


def order():
    return Order.objects.get()


def attempt(kind="charge"):
    return PaymentAttempt.objects.get(kind=kind)


def send(body, signature):
    """Post bytes to the webhook under a signature, and return the response."""
    return Browser().client.generic(
        "POST", WEBHOOK, body, content_type="application/json", headers={"Stripe-Signature": signature}
    )


def post_events(**options):
    """Deliver the events that wait, and return their types and the statuses that were answered."""
    delivered = FAKE.deliver(lambda body, headers: send(body, headers["Stripe-Signature"]).status_code, **options)
    return [(event["type"], event["status"]) for event in delivered]
