"""The tables of a cart written for one shop, with one kind of line, address and payment."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q

from benchmarks.shop.models import Wine


class Address(models.Model):
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, null=True)
    active = models.BooleanField(default=True)
    addressee = models.CharField(max_length=100)
    street = models.CharField(max_length=200)
    suburb = models.CharField(max_length=100)
    state = models.CharField(max_length=3)
    postcode = models.CharField(max_length=4)


class Account(models.Model):
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, null=True)
    active = models.BooleanField(default=True)
    number = models.CharField(max_length=20)


class Cart(models.Model):
    user = models.OneToOneField(settings.AUTH_USER_MODEL, models.CASCADE, null=True, related_name="floor_cart")
    key = models.UUIDField(unique=True, default=uuid.uuid4)
    email = models.EmailField(blank=True)
    currency = models.CharField(max_length=3, default="AUD")
    address = models.ForeignKey(Address, models.SET_NULL, null=True)
    account = models.ForeignKey(Account, models.SET_NULL, null=True)
    seq = models.PositiveBigIntegerField(default=0)
    updated_at = models.DateTimeField(auto_now=True, db_index=True)


class Order(models.Model):
    class State(models.TextChoices):
        PENDING = "pending"
        PLACED = "placed"

    state = models.CharField(max_length=9, choices=State.choices, default=State.PENDING)
    cart = models.ForeignKey(Cart, models.SET_NULL, null=True, related_name="orders")
    #: The cart whose one checkout in flight this is.
    slot = models.OneToOneField(Cart, models.SET_NULL, null=True, related_name="pending_order")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True)
    email = models.EmailField(blank=True)
    address = models.ForeignKey(Address, models.PROTECT)
    account = models.ForeignKey(Account, models.PROTECT)
    currency = models.CharField(max_length=3)
    total = models.DecimalField(max_digits=19, decimal_places=4)
    created_at = models.DateTimeField(auto_now_add=True)
    purchased_on = models.DateTimeField(null=True)


class Line(models.Model):
    cart = models.ForeignKey(Cart, models.CASCADE, null=True, related_name="lines")
    order = models.ForeignKey(Order, models.PROTECT, null=True, related_name="lines")
    product = models.ForeignKey(Wine, models.PROTECT)
    quantity = models.PositiveSmallIntegerField(default=1)
    total_when_charged = models.DecimalField(max_digits=19, decimal_places=4, null=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(cart__isnull=False, order__isnull=True) | Q(cart__isnull=True, order__isnull=False),
                name="floor_line_in_cart_or_order",
            )
        ]


class Attempt(models.Model):
    """A charge that was decided on, and its key at the provider: durable before the provider hears of it."""

    class State(models.TextChoices):
        CALLING = "calling"
        PAID = "paid"

    order = models.ForeignKey(Order, models.PROTECT, related_name="attempts")
    #: The order whose one open charge this is.
    open_for = models.OneToOneField(Order, models.PROTECT, null=True, related_name="+")
    state = models.CharField(max_length=7, choices=State.choices, default=State.CALLING)
    key = models.UUIDField(unique=True, default=uuid.uuid4)
    amount = models.DecimalField(max_digits=19, decimal_places=4)
    created_at = models.DateTimeField(auto_now_add=True)


class Payment(models.Model):
    attempt = models.OneToOneField(Attempt, models.PROTECT)
    account = models.ForeignKey(Account, models.PROTECT)
    amount = models.DecimalField(max_digits=19, decimal_places=4)
    created_at = models.DateTimeField(auto_now_add=True)
