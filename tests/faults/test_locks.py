"""While the provider takes its time, the database is free: no lock, no open transaction. On PostgreSQL."""

import threading
from contextlib import contextmanager
from decimal import Decimal

import pytest
from django.db import connection, transaction
from django.test import override_settings

from lorikeet.models import Order
from lorikeet.payments import resolve
from lorikeet.refunds import refund
from tests.testapp import models
from tests.testapp.clients import CART, NEW_PAYMENT_METHOD, Browser
from tests.testapp.factories import make_user, make_wine

from .invariants import Shop

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(connection.vendor != "postgresql", reason="what is locked is asked of PostgreSQL"),
]

#: Who is connected, apart from who asks. The server looks after its tables by itself, and locks their indexes for it.
CLIENTS = """
    FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'
"""
#: The locks that any of them holds or waits for.
LOCKS = f"""
    SELECT locktype, mode, granted, relation::regclass::text AS name FROM pg_locks
    WHERE pid IN (SELECT pid {CLIENTS})
    AND (database = (SELECT oid FROM pg_database WHERE datname = current_database())
         OR locktype IN ('transactionid', 'virtualxid', 'tuple'))
"""  # noqa: S608 -- no client's input
TRANSACTIONS = f"SELECT state, query {CLIENTS} AND xact_start IS NOT NULL"


@pytest.fixture
def held(provider):
    """Return a context manager that does something in a thread until the provider holds its answer, then its body."""

    @contextmanager
    def hold(act, **plan):
        results = []

        def run():
            try:
                results.append(act())
            finally:
                connection.close()

        provider.plan(**plan)
        thread = threading.Thread(target=run)
        with override_settings(PROVIDER_SECONDS=30, LORIKEET_THROTTLE_RATES={}):
            thread.start()
            try:
                assert provider.wait_held()
                yield results
            finally:
                provider.plan()
                provider.release()
                thread.join()

    return hold


def buyer(method="ExactCard"):
    """Return the browser of a shopper whose cart lacks nothing."""
    browser = Browser(make_user())
    browser.get_ready(make_wine())
    browser.add(NEW_PAYMENT_METHOD, method, token="tok_paid")
    browser.csrf_token()
    return browser


def assert_free():
    """The database knows of no lock and of no transaction but the one that asks."""
    connection.close()
    shop = Shop(connection.settings_dict)
    assert shop.rows(LOCKS) == []
    assert shop.rows(TRANSACTIONS) == []


@pytest.mark.parametrize(
    ("method", "operation", "fault"),
    [
        ("ExactCard", "create", "hold"),
        ("ExactCard", "confirm", "hold"),
        ("ExactCard", "confirm", "hold_before"),
        ("OneCallCard", "charge", "hold"),
        ("SimpleCard", "charge", "hold"),
        ("KeyedCard", "charge", "hold"),
    ],
)
def test_a_checkout_holds_nothing_while_the_provider_is_asked(held, method, operation, fault):
    browser = buyer(method)

    with held(browser.checkout, **{operation: [fault]}) as responses:
        assert_free()

    assert responses[0].status_code == 200


def test_a_lock_that_is_held_would_be_seen(transactional_db):
    """The query finds the locks that it is to find."""
    browser = buyer()
    shop = Shop(connection.settings_dict)

    with transaction.atomic():
        models.Wine.objects.update(name="Locked")
        locks, transactions = shop.rows(LOCKS), shop.rows(TRANSACTIONS)

    assert browser.cart()["items"]
    assert {"testapp_wine"} <= {row["name"] for row in locks}
    assert [row["state"] for row in transactions] == ["idle in transaction"]


def waiting(provider):
    """Return a shopper whose payment waits for the provider, and the object of the checkout."""
    provider.plan(confirm=["3ds"])
    browser = buyer()
    return browser, browser.checkout().json()["checkout"]


@pytest.mark.parametrize(
    ("url", "operation"), [("confirm_url", "retrieve"), ("cancel_url", "retrieve"), ("cancel_url", "cancel")]
)
def test_coming_back_holds_nothing_while_the_provider_is_asked(held, provider, url, operation):
    browser, checkout = waiting(provider)

    with held(lambda: browser.post(checkout[url], {}), **{operation: ["hold"]}) as responses:
        assert_free()

    assert responses[0].status_code in {200, 202}


def test_recovery_holds_nothing_while_the_provider_is_asked(held, provider):
    waiting(provider)
    attempt = Order.objects.get().latest_charge

    with held(lambda: resolve(attempt), retrieve=["hold"]):
        assert_free()


@pytest.mark.parametrize("operation", ["refund", "find_refund"])
def test_a_refund_holds_nothing_while_the_provider_is_asked(held, provider, operation):
    buyer().checkout()
    order = Order.objects.get()

    with held(lambda: refund(order, Decimal(5)), **{operation: ["hold"]}) as attempts:
        assert_free()

    assert attempts[0].state == "paid"


def test_the_cart_is_read_and_changed_meanwhile(held):
    browser = buyer()
    other = Browser(browser.user)

    with held(browser.checkout, confirm=["hold"]) as responses:
        assert other.get(CART).status_code == 200
        line = other.add_wine(make_wine("7"))
        assert other.patch(line["url"], {"quantity": 3}).status_code == 200
        assert responses == []

    assert responses[0].status_code == 200
    assert [item["total"] for item in other.cart()["items"]] == ["21.00"]
    assert Order.objects.get().grand_total == Decimal(12)


def test_other_carts_are_checked_out_meanwhile(held):
    browser, other = buyer(), buyer()

    with held(browser.checkout, confirm=["hold"]) as responses:
        assert other.checkout().status_code == 200
        assert responses == []

    assert Order.objects.placed().count() == 2


def test_the_same_cart_is_answered_202_at_once_meanwhile(held):
    browser = buyer()
    other = Browser(browser.user)

    with held(browser.checkout, confirm=["hold"]) as responses:
        answer = other.checkout()
        assert responses == []

    assert (answer.status_code, answer["Retry-After"]) == (202, "1")
    assert Order.objects.count() == 1
