"""The contract suites, run against what the example shop and the how-to guides register."""

from unittest import mock

from django.core.management import call_command
from django.test import TestCase
from recipes import provider
from recipes.models import DebitCard

from lorikeet.testing import (
    AdjustmentContract,
    DeliveryAddressContract,
    ExactPaymentMethodContract,
    FakeBank,
    LineItemContract,
    PaymentMethodContract,
    ReferencePaymentMethodContract,
)
from shop.models import Wine


class TestWineLineItem(LineItemContract, TestCase):
    type_name = "WineLineItem"

    @classmethod
    def setUpTestData(cls):
        call_command("load_catalogue", verbosity=0)
        cls.wine = Wine.objects.first()

    def make_data(self):
        return {"wine": self.wine.pk, "quantity": 2}


class TestCoupon(AdjustmentContract, TestCase):
    type_name = "CouponAdjustment"

    def make_data(self):
        return {"code": "TENOFF"}


class TestAddress(DeliveryAddressContract, TestCase):
    type_name = "AustralianDeliveryAddress"

    def make_data(self):
        return {
            "addressee": "Joe Bloggs",
            "address": "123 Fake St",
            "suburb": "Adelaide",
            "state": "SA",
            "postcode": "5000",
        }


class TestDebitCard(PaymentMethodContract, TestCase):
    type_name = "DebitCard"

    def setUp(self):
        patched = mock.patch.object(DebitCard, "bank", FakeBank(declines={"tok_no"}))
        patched.start()
        self.addCleanup(patched.stop)

    def make_data(self):
        return {"token": "tok_yes"}

    def make_refused_data(self):
        return {"token": "tok_no"}


class TestOnlineCard(ExactPaymentMethodContract, TestCase):
    type_name = "OnlineCard"

    def make_data(self):
        return {"token": "tok_yes"}

    def make_refused_data(self):
        return {"token": "tok_no"}

    def make_pending_data(self):
        return {"token": "tok_asks"}

    def get_taken(self):
        return provider.books.charged()


class TestWallet(ReferencePaymentMethodContract, TestCase):
    type_name = "Wallet"

    def make_data(self):
        return {}

    def pay_elsewhere(self, attempt, amount):
        record = provider.books.create(str(attempt.key), amount, attempt.currency)
        return provider.books.confirm(record.id).id
