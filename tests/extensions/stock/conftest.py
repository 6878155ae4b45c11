"""The books of a shop with stock, which are looked at after each test that asks for it."""

import pytest
from django.contrib.auth.models import Permission
from django.utils.timezone import now

from lorikeet.extensions.stock.holds import consume, reserve
from lorikeet.models import Order
from tests.extensions.goods.factories import make_bottle, make_stock
from tests.testapp.clients import Browser
from tests.testapp.factories import make_user
from tests.unit import make_order

from .shopping import broken


@pytest.fixture
def in_order(db):
    """Fail a test that leaves counters, holds and movements which do not agree."""
    yield
    assert broken() == []


@pytest.fixture
def bottle(db):
    """A wine for 10 dollars, of which ten are on hand."""
    return make_bottle(10, name="Moscato")


@pytest.fixture
def other(db):
    """Another shopper."""
    return Browser()


@pytest.fixture
def stock(db):
    """A record with ten on hand."""
    return make_stock(10, name="Moscato")


@pytest.fixture
def clerk(db):
    """A member of the staff who may look at everything, and nothing else."""
    user = make_user("clerk", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__startswith="view_"))
    return user


@pytest.fixture
def sold_with_order(stock):
    """Three of ten, sold with an order that is placed."""
    hold = reserve(stock, 3, order=make_order())
    consume([hold])
    Order.objects.update(state="placed", purchased_on=now(), notified_at=now())
    hold.refresh_from_db()
    return hold
