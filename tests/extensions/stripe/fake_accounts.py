"""What the tests of the fake Stripe arrange."""

import time

import pytest
import stripe

from lorikeet.testing.stripe import FakeStripe

__all__ = ["AUTOMATIC", "intent", "open_account", "paid", "refusal", "wait_until"]

#: The payment methods of an intent that need no ``return_url``.
AUTOMATIC = {"enabled": True, "allow_redirects": "never"}


def open_account(**options):
    """Return a fake and the SDK's services over it."""
    fake = FakeStripe(**options)
    return fake, fake.client().v1


def intent(api, card="visa", **params):
    """Make a PaymentIntent of 10.00 USD over a test card."""
    given = {"amount": 1000, "currency": "usd", "automatic_payment_methods": AUTOMATIC}
    return api.payment_intents.create({**given, "payment_method": f"pm_card_{card}", **params})


def paid(api, card="visa", **params):
    """Make a PaymentIntent and confirm it."""
    return intent(api, card, confirm=True, **params)


def refusal(call, *arguments, **options):
    """Return the SDK's error of a call that is refused."""
    with pytest.raises(stripe.StripeError) as caught:
        call(*arguments, **options)
    return caught.value


def wait_until(holds):
    """Wait until ``holds()`` is true, for ten seconds at most."""
    end = time.monotonic() + 10
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.01)
