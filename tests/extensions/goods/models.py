"""Products with and without a key to their stock, and a line item for each policy."""

from decimal import Decimal

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models

from lorikeet.extensions.stock.models import Policy, StockRecord
from lorikeet.models import LineItem

__all__ = [
    "Bottle",
    "BottleLine",
    "DownloadLine",
    "FittingSeatLine",
    "Gadget",
    "GadgetLine",
    "HamperOfBottles",
    "SeatLine",
]

ONE_TO_MANY = [MinValueValidator(1), MaxValueValidator(10_000)]


class Bottle(models.Model):
    """A product with a key to its stock."""

    name = models.CharField(max_length=50)
    price = models.DecimalField(max_digits=7, decimal_places=2, default=Decimal(10))
    stock = models.OneToOneField(StockRecord, models.PROTECT)

    def __str__(self):
        return self.name


class Gadget(models.Model):
    """A product that knows nothing of stock: the records name it."""

    name = models.CharField(max_length=50)
    price = models.DecimalField(max_digits=7, decimal_places=2, default=Decimal(10))

    def __str__(self):
        return self.name


class BottlesLine(LineItem):
    """Some bottles of one kind."""

    cart_prefetch = ("bottle__stock",)
    combine_on = ("bottle",)

    bottle = models.ForeignKey(Bottle, models.PROTECT)
    quantity = models.PositiveIntegerField(default=1, validators=ONE_TO_MANY)

    class Meta:
        abstract = True

    def __str__(self):
        return f"{self.quantity} × {self.bottle}"

    def get_total(self):
        return self.bottle.price * self.quantity

    def get_stock(self):
        return [(self.bottle.stock, self.quantity)]

    def combine_with(self, other):
        self.quantity += other.quantity
        return True


class BottleLine(BottlesLine):
    """Held when the order is made."""


class SeatLine(BottlesLine):
    """Held when it is in the cart."""

    stock_policy = Policy.ON_ADD


class FittingSeatLine(BottlesLine):
    """Held when it is in the cart, and content with what is left."""

    stock_policy = Policy.ON_ADD

    def fit_stock(self, available, asked):
        self.quantity = available
        return True


class GadgetLine(LineItem):
    """Taken from whichever location has it."""

    cart_prefetch = ("gadget",)

    gadget = models.ForeignKey(Gadget, models.PROTECT)
    quantity = models.PositiveIntegerField(default=1, validators=ONE_TO_MANY)

    def __str__(self):
        return f"{self.quantity} × {self.gadget}"

    def get_total(self):
        return self.gadget.price * self.quantity

    def get_stock(self):
        return [(self.gadget, self.quantity)]


class HamperOfBottles(LineItem):
    """Several kinds at once: ``quantity`` hampers of two of the first and one of the second."""

    cart_prefetch = ("first__stock", "second__stock")

    first = models.ForeignKey(Bottle, models.PROTECT, related_name="+")
    second = models.ForeignKey(Bottle, models.PROTECT, related_name="+")
    quantity = models.PositiveIntegerField(default=1, validators=ONE_TO_MANY)

    def __str__(self):
        return f"{self.quantity} × hamper"

    def get_total(self):
        return (2 * self.first.price + self.second.price) * self.quantity

    def get_stock(self):
        return [(self.first.stock, 2 * self.quantity), (self.second.stock, self.quantity)]


class DownloadLine(LineItem):
    """Never counted."""

    stock_policy = Policy.NONE

    gadget = models.ForeignKey(Gadget, models.PROTECT)

    def get_total(self):
        return self.gadget.price

    def get_stock(self):
        raise AssertionError("What is not counted is not asked for its stock.")
