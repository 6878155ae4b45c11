"""Rows for tests, one function each, with defaults for everything a test does not care about."""

from decimal import Decimal
from itertools import count

from . import models

numbers = count(1)


def make_user(handle=None, **fields):
    """Create a shopper with an account and the password "secret"."""
    handle = handle or f"shopper{next(numbers)}"
    email = fields.pop("contact_email", f"{handle}@example.com")
    return models.Shopper.objects.create_user(handle, email, "secret", **fields)


def make_wine(unit_price="12", name="Moscato 2016", **fields):
    return models.Wine.objects.create(name=name, unit_price=Decimal(unit_price), **fields)


def make_book(price="30", title="Wine and bread", **fields):
    return models.Book.objects.create(title=title, price=Decimal(price), **fields)


def make_course(slug="tasting", fee="80", title="Tasting", **fields):
    return models.Course.objects.create(slug=slug, title=title, fee=Decimal(fee), **fields)


def make_wrapping(price="2.5", name="Ribbon"):
    return models.Wrapping.objects.create(name=name, price=Decimal(price))


def make_coupon(code="TENOFF", amount="10"):
    return models.Coupon.objects.create(code=code, amount=Decimal(amount))
