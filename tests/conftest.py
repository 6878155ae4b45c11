"""Shoppers, a product, and the proof that nothing changed."""

from contextlib import contextmanager

import coverage
import pytest
from django.db import connection
from django.test import TransactionTestCase, override_settings

from tests.faults.databases import clear
from tests.faults.provider import Provider
from tests.strides import STRIDE
from tests.testapp import factories
from tests.testapp.clients import Browser
from tests.testapp.snapshots import snapshot

#: The modules of tests/api that reach lines and branches which tests/unit and tests/extensions do not.
COUNTED_OF_API = {
    *(
        "busy_database",
        "cancel",
        "cart",
        "cart_tokens",
        "checkout",
        "checkout_replay",
        "confirm",
        "duplicates",
        "email",
    ),
    *("hoarding", "limits", "login", "pending_checkout", "preconditions", "preferences", "status", "throttling"),
    "webhooks",
}
#: The modules of tests/extensions that reach none which the others do not.
UNCOUNTED_OF_EXTENSIONS = {"query_counts"}
#: The modules that reach lines and branches for PostgreSQL alone.
COUNTED_ON_POSTGRESQL = {"clock", "transactions", "recovery"}


def is_counted(path):
    """Tell whether the coverage of a module is counted, which makes it take nearly twice as long."""
    name = path.stem.removeprefix("test_")
    if connection.vendor == "postgresql":
        return path.parent.name == "unit" and name in COUNTED_ON_POSTGRESQL
    if "extensions" in path.parts:
        return name not in UNCOUNTED_OF_EXTENSIONS
    return path.parent.name == "unit" or (path.parent.name == "api" and name in COUNTED_OF_API)


def pytest_report_header():
    if STRIDE > 1:
        return f"stride: 1 in {STRIDE} of the cases that faults, races and chance make is tried; make soak tries all"
    return None


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item):
    """Count the coverage of the tests that are to be counted, and of no other."""
    counter = None if is_counted(item.path) else coverage.Coverage.current()
    if counter is not None:
        counter.stop()
    try:
        return (yield)
    finally:
        if counter is not None:
            counter.start()


@pytest.fixture(scope="session", autouse=True)
def quick_clearing():
    """After a test with transactions of its own, empty the tables; Django would make all permissions anew as well."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", lambda case: clear())
        yield


@pytest.fixture
def guest(db):
    """A shopper without an account."""
    return Browser()


@pytest.fixture
def alice(db):
    """A signed-in shopper."""
    return Browser(factories.make_user("alice"))


@pytest.fixture
def mallory(db):
    """Another signed-in shopper."""
    return Browser(factories.make_user("mallory"))


@pytest.fixture
def staff(db):
    """A superuser, who is a shopper like any other to the storefront."""
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


@pytest.fixture(scope="session")
def provider_server():
    """The payment provider, one process for all tests of this one."""
    with Provider() as server:
        yield server


@pytest.fixture
def provider(provider_server):
    """The controls of the payment provider, whose books are empty."""
    with override_settings(PROVIDER_URL=provider_server.url):
        provider_server.controls.reset()
        yield provider_server.controls
