"""The contract suites, run against what the example shop registers."""

from django.test import TestCase

from lorikeet.testing import (
    AdjustmentContract,
    DeliveryAddressContract,
    LineItemContract,
    PaymentMethodContract,
)
from shop.catalogue import MERCHANTS, WINES
from shop.models import Merchant, Wine


class TestWineLineItem(LineItemContract, TestCase):
    type_name = "WineLineItem"

    @classmethod
    def setUpTestData(cls):
        merchant = Merchant.objects.create(**MERCHANTS[0])
        cls.wine = Wine.objects.create(**{**WINES[0], "merchant": merchant})

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


class TestCard(PaymentMethodContract, TestCase):
    type_name = "PretendCard"

    def make_data(self):
        return {"card_token": "tok_visa"}

    def make_refused_data(self):
        return {"card_token": "tok_declined"}
