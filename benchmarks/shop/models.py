"""A shop on Lorikeet: wine, an address to send it to, and an account that pays at once."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models

from lorikeet.models import DeliveryAddress, LineItem, Payment, PaymentMethod


class Wine(models.Model):
    """What both sides sell."""

    name = models.CharField(max_length=100)
    photo = models.CharField(max_length=100)
    vintage = models.PositiveSmallIntegerField(null=True)
    unit_price = models.DecimalField(max_digits=7, decimal_places=2)


class WineLine(LineItem):
    """Some bottles of one wine."""

    cart_prefetch = ("product",)
    combine_on = ("product",)

    product = models.ForeignKey(Wine, models.PROTECT)
    quantity = models.PositiveSmallIntegerField(default=1, validators=[MinValueValidator(1), MaxValueValidator(1000)])

    def get_total(self) -> Decimal:
        return self.product.unit_price * self.quantity

    def combine_with(self, other: WineLine) -> bool:
        self.quantity += other.quantity
        return True


class StreetAddress(DeliveryAddress):
    addressee = models.CharField(max_length=100)
    street = models.CharField(max_length=200)
    suburb = models.CharField(max_length=100)
    state = models.CharField(max_length=3)
    postcode = models.CharField(max_length=4)


class Account(PaymentMethod):
    """A customer's account with the shop: charging it is one row, so that no bank is measured."""

    number = models.CharField(max_length=20)

    def make_payment(self, order: Any, amount: Decimal) -> AccountPayment:
        return AccountPayment.objects.create(method=self, amount=amount)


class AccountPayment(Payment):
    amount = models.DecimalField(max_digits=19, decimal_places=4)
