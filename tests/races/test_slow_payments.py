"""What a shopper can do while the bank has not answered yet, on PostgreSQL."""

import threading
from contextlib import contextmanager

import pytest
from django.db import connection

from lorikeet.models import Order
from tests.testapp import bank, models
from tests.testapp.clients import Browser
from tests.testapp.factories import make_user, make_wine

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(connection.vendor != "postgresql", reason="races are run on PostgreSQL, which locks rows"),
]


@pytest.fixture
def buyer():
    """A signed-in shopper with a bank that takes its time."""
    browser = Browser(make_user())
    browser.get_ready(make_wine(), token="tok_slow")
    return browser


@contextmanager
def paying(browser):
    """Check out in another thread; the body runs while the bank has not answered. Gives the list of responses."""
    responses = []

    def pay():
        try:
            responses.append(browser.checkout())
        finally:
            connection.close()

    bank.hold()
    thread = threading.Thread(target=pay)
    thread.start()
    try:
        bank.wait_until_asked()
        yield responses
    finally:
        bank.release()
        thread.join()


def test_another_checkout_is_answered_202_at_once(buyer):
    other = Browser(buyer.user)

    with paying(buyer):
        response = other.checkout()

    order = Order.objects.get()
    assert response.status_code == 202
    assert response["Retry-After"] == "1"
    assert (response.json()["reason"], response.json()["id"]) == ("pending", order.pk)


def test_the_first_checkout_goes_on_undisturbed(buyer):
    other = Browser(buyer.user)

    with paying(buyer) as responses:
        other.checkout()

    assert responses[0].status_code == 200
    assert models.BankEntry.objects.count() == 1


def test_the_cart_shows_the_checkout_that_waits(buyer):
    other = Browser(buyer.user)

    with paying(buyer):
        cart, answer = other.cart(), other.checkout().json()

    order = Order.objects.get()
    assert cart["items"] == []
    assert cart["pending_checkout"] == answer["checkout"]
    assert (cart["pending_checkout"]["order"], cart["pending_checkout"]["id"]) == (order.pk, str(order.uuid))


def test_the_cart_waits_for_nothing_when_the_bank_has_answered(buyer):
    with paying(buyer):
        pass

    assert buyer.cart()["pending_checkout"] is None


def test_the_shopper_may_go_on_shopping(buyer):
    """No lock is held while the bank is asked."""
    other, wine = Browser(buyer.user), make_wine("7")

    with paying(buyer) as responses:
        line = other.add_wine(wine)

    assert responses[0].status_code == 200
    assert [item["url"] for item in buyer.cart()["items"]] == [line["url"]]
    assert models.BankEntry.objects.get().amount == 12


def test_the_page_of_the_order_can_be_read(buyer):
    other = Browser(buyer.user)

    with paying(buyer):
        response = other.get(f"/orders/{Order.objects.get().pk}/")

    assert response.status_code == 200
