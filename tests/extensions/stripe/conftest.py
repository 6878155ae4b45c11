"""A Stripe account without anything in it, for each test."""

import pytest

pytest.importorskip("stripe", reason="the extra lorikeet-cart[stripe] is not installed")

from django.test import override_settings

from .shopping import FAKE, attempt, get_ready


@pytest.fixture
def fake():
    """The fake Stripe, which the shop asks while this test runs."""
    FAKE.reset()
    with override_settings(LORIKEET_STRIPE_CLIENT="tests.extensions.stripe.shopping.client"):
        yield FAKE


@pytest.fixture
def buyer(fake, alice, wine):
    """A signed-in shopper whose cart lacks nothing: one bottle for 12 dollars, and a card that pays."""
    get_ready(alice, wine)
    return alice


@pytest.fixture
def regular(fake, alice, wine):
    """The same, with a card that is saved."""
    get_ready(alice, wine, reusable=True)
    return alice


@pytest.fixture
def sold(buyer):
    """The payment of an order that was placed."""
    assert buyer.checkout().status_code == 200
    return attempt()
