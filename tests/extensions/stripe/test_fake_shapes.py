"""The answers of the fake, compared with Stripe's own fixtures: the keys, and the types of their values."""

import json
from pathlib import Path
from typing import Union, get_args, get_origin

import pytest
import stripe

from .fake_accounts import AUTOMATIC, open_account, paid, refusal

SHAPES = json.loads((Path(__file__).parent / "shapes.json").read_text())
CLASSES = {
    "charge": stripe.Charge,
    "confirmation_token": stripe.ConfirmationToken,
    "customer": stripe.Customer,
    "dispute": stripe.Dispute,
    "event": stripe.Event,
    "payment_intent": stripe.PaymentIntent,
    "payment_method": stripe.PaymentMethod,
    "refund": stripe.Refund,
    "setup_intent": stripe.SetupIntent,
}
#: What a key holds differs by case: only its own type is compared.
OPEN = {"data.object", "last_payment_error", "last_setup_error", "metadata", "next_action", "shipping"}
#: Stripe's, though not in its fixtures: automatic payment methods say whether they redirect.
BEYOND = {"automatic_payment_methods.allow_redirects"}


@pytest.fixture(scope="module")
def shown():
    """The objects of the fake after calls of every kind, by type."""
    fake, api = open_account()
    customer = api.customers.create({"email": "a@shop.test"}).id
    api.payment_methods.attach("pm_card_visa", {"customer": customer})
    fake.refund(paid(api, capture_method="automatic", metadata={"a": "b"}, customer=customer).id)
    paid(api, "authenticationRequired", return_url="https://shop.test/", receipt_email="a@shop.test")
    fake.dispute(paid(api, setup_future_usage="off_session").id)
    refusal(paid, api, "chargeDeclined")
    fake.confirmation_token(return_url="https://shop.test/")
    api.setup_intents.create({"automatic_payment_methods": AUTOMATIC, "customer": customer})
    return fake.books()


def kind_of(value):
    """Return the JSON type of a value."""
    return "number" if isinstance(value, int) and not isinstance(value, bool) else type(value).__name__


def differences(shown, shape, path=""):
    """Yield each key that Stripe does not show, and each value that is of another type."""
    for name, value in shown.items():
        where = f"{path}{name}"
        if where in BEYOND:
            continue
        if name not in shape:
            yield f"{where} is not Stripe's"
        elif None not in (value, shape[name]) and kind_of(value) != kind_of(shape[name]):
            yield f"{where} is a {kind_of(value)}, not a {kind_of(shape[name])}"
        elif isinstance(value, dict) and isinstance(shape[name], dict) and shape[name] and where not in OPEN:
            yield from differences(value, shape[name], f"{where}.")


@pytest.mark.parametrize("kind", CLASSES)
def test_every_key_is_one_of_stripes_and_of_its_type(shown, kind):
    assert [found for entry in shown[kind] for found in differences(entry, SHAPES[kind])] == []


def is_optional(hint):
    return get_origin(hint) is Union and type(None) in get_args(hint)


@pytest.mark.parametrize("kind", CLASSES)
def test_every_key_that_stripe_always_shows_is_there(shown, kind):
    hints = CLASSES[kind].__annotations__
    always = {name for name, value in SHAPES[kind].items() if value is not None and name in hints}
    always = {name for name in always if not is_optional(hints[name])}

    assert always
    for entry in shown[kind]:
        assert always <= entry.keys()
