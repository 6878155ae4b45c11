"""An account that is deleted while its shopper checks out, on PostgreSQL."""

import threading
from contextlib import ExitStack, contextmanager
from time import monotonic

import pytest
from django.db import connection, transaction
from django.db.models.deletion import Collector

from lorikeet.cart.abandoned import delete_abandoned_carts
from lorikeet.invariants import violations
from lorikeet.models import Cart, LineItem, Order
from tests.testapp import models
from tests.testapp.clients import Browser
from tests.testapp.factories import make_user, make_wine

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(connection.vendor != "postgresql", reason="races are run on PostgreSQL, which locks rows"),
]


@pytest.fixture
def buyer():
    """A signed-in shopper whose cart lacks nothing."""
    browser = Browser(make_user())
    browser.get_ready(make_wine())
    return browser


@contextmanager
def beside(act):
    """Run ``act`` in another thread, whose results are given; it is over after the body."""
    results = []

    def run():
        try:
            results.append(act())
        finally:
            connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield results
    finally:
        thread.join(30)


@contextmanager
def deleting(user, monkeypatch):
    """Delete ``user`` in another thread; the body runs when Django has looked at all that goes with the account."""
    collected, goes_on = threading.Event(), threading.Event()
    delete = Collector.delete

    def wait(collector):
        if any(issubclass(model, models.Shopper) for model in collector.data):
            collected.set()
            assert goes_on.wait(30)
        return delete(collector)

    monkeypatch.setattr(Collector, "delete", wait)
    with beside(user.delete):
        try:
            assert collected.wait(30)
            yield
        finally:
            goes_on.set()


def test_an_order_that_is_placed_while_its_account_is_being_deleted_keeps_its_lines(buyer, monkeypatch):
    with deleting(buyer.user, monkeypatch):
        response = buyer.checkout()

    order = Order.objects.get()
    assert (response.status_code, order.state, order.user, order.items.count()) == (200, "placed", None, 1)
    assert not models.Shopper.objects.exists()
    assert list(violations()) == []


def test_a_line_added_while_the_account_is_being_deleted_goes_with_its_cart(buyer, monkeypatch):
    with deleting(buyer.user, monkeypatch):
        buyer.add_wine(make_wine())

    assert (delete_abandoned_carts(), Cart.objects.count(), LineItem.objects.count()) == (1, 0, 0)


def wait_until_one_waits():
    """Return when a connection waits for a lock that this one holds."""
    until = monotonic() + 30
    while monotonic() < until:
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM pg_locks WHERE pg_backend_pid() = ANY(pg_blocking_pids(pid))")
            if cursor.fetchone()[0]:
                return
    raise AssertionError("No connection waited.")


def test_a_checkout_that_waits_for_its_account_to_be_deleted_sells_nothing(buyer):
    cart = Cart.objects.get()

    with ExitStack() as after, transaction.atomic():
        buyer.user.delete()
        responses = after.enter_context(beside(buyer.checkout))
        wait_until_one_waits()

    assert [response.status_code for response in responses] == [404]
    assert (Order.objects.count(), models.BankEntry.objects.count()) == (0, 0)
    assert LineItem.objects.get().cart == cart
