"""Shoppers, a product, and the proof that nothing changed."""

from contextlib import contextmanager

import pytest

from tests.testapp import factories
from tests.testapp.clients import Browser
from tests.testapp.snapshots import snapshot


@pytest.fixture
def guest(db):
    """Somebody without an account."""
    return Browser()


@pytest.fixture
def alice(db):
    """Somebody signed in."""
    return Browser(factories.make_user("alice"))


@pytest.fixture
def mallory(db):
    """Somebody else, signed in."""
    return Browser(factories.make_user("mallory"))


@pytest.fixture
def staff(db):
    """A superuser, who is nobody special to the storefront."""
    return Browser(factories.make_user("staff", is_staff=True, is_superuser=True))


@pytest.fixture(params=["guest", "signed in"])
def shopper(request, db):
    """A guest and a signed-in shopper in turn, for what is the same for both."""
    return Browser() if request.param == "guest" else Browser(factories.make_user("alice"))


@pytest.fixture
def wine(db):
    """A wine for 12."""
    return factories.make_wine()


@pytest.fixture
def ready(guest, wine):
    """A guest whose cart lacks nothing and has one of everything."""
    guest.get_ready(wine)
    guest.add_adjustment("ShareOff", parts=10)
    return guest


@pytest.fixture
def unchanged(db):
    """Return a context manager that fails when a row of any table differs afterwards."""

    @contextmanager
    def watch():
        before = snapshot()
        yield
        assert snapshot() == before

    return watch
