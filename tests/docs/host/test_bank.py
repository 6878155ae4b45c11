"""A payment method, asked for money at a bank whose books a test can read."""

from decimal import Decimal

import pytest
from recipes.models import DebitCard
from tours import CART, CHECKOUT, NEW, NEW_ADDRESS, NEW_PAYMENT_METHOD, address, line

from lorikeet.testing import FakeBank


@pytest.fixture
def bank(monkeypatch):
    fake = FakeBank(declines={"tok_no"})
    monkeypatch.setattr(DebitCard, "bank", fake)
    return fake


def check_out_with(shopper, token):
    shopper.send(None, "POST", NEW, line())
    shopper.send(None, "POST", NEW_ADDRESS, address())
    shopper.send(None, "PATCH", CART, {"email": "joe@example.com"})
    shopper.send(None, "POST", NEW_PAYMENT_METHOD, {"type": "DebitCard", "data": {"token": token}})
    return shopper.send(None, "POST", CHECKOUT)


def test_the_total_is_charged_once(shopper, bank):
    assert check_out_with(shopper, "tok_yes").status_code == 200

    assert [(card, amount, currency) for _, card, amount, currency in bank.charges] == [
        ("tok_yes", Decimal("38.00"), "AUD")
    ]


def test_a_card_that_is_declined_is_not_charged(shopper, bank):
    assert check_out_with(shopper, "tok_no").status_code == 422

    assert bank.total() == 0
