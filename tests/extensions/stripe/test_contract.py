"""The suite that every payment method of the exact path passes, with the fake Stripe's books."""

from decimal import Decimal

import pytest
from django.test import TestCase

from lorikeet.testing import ExactPaymentMethodContract

from .shopping import FAKE


@pytest.mark.usefixtures("fake")
class TestStripeCard(ExactPaymentMethodContract, TestCase):
    type_name = "StripeCard"

    def make_data(self):
        return {"payment_method": "pm_card_visa"}

    def make_refused_data(self):
        return {"payment_method": "pm_card_chargeDeclined"}

    def make_pending_data(self):
        return {"payment_method": "pm_card_threeDSecureRequired"}

    def get_taken(self):
        return Decimal(FAKE.totals().get("aud", 0)) / 100


class TestSavedStripeCard(TestStripeCard):
    def make_data(self):
        return {"payment_method": "pm_card_visa", "reusable": True}

    def make_refused_data(self):
        return {"payment_method": "pm_card_chargeCustomerFail", "reusable": True}


class TestConfirmedStripeCard(TestStripeCard):
    def make_data(self):
        return {"confirmation_token": FAKE.confirmation_token()["id"]}

    def make_refused_data(self):
        return {"confirmation_token": FAKE.confirmation_token("chargeDeclined")["id"]}

    def make_pending_data(self):
        return {"confirmation_token": FAKE.confirmation_token("threeDSecureRequired")["id"]}

    def test_what_is_not_a_clients_to_set_stays_as_it_is(self):
        """A token is one shopper's, so that another guest cannot send the same."""
