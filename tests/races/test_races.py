"""Many requests for one cart at the same moment, on PostgreSQL."""

import threading
from collections import Counter

import pytest
from django.db import connection
from django.test import override_settings

from lorikeet.cart.shopper import Shopper
from lorikeet.models import Cart, Order
from tests.strides import fewer
from tests.testapp import models
from tests.testapp.clients import NEW_ADJUSTMENT, NEW_ITEM, Browser
from tests.testapp.factories import make_coupon, make_user, make_wine

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(connection.vendor != "postgresql", reason="races are run on PostgreSQL, which locks rows"),
]

ROUNDS = range(fewer(2))
unlimited = override_settings(LORIKEET_THROTTLE_RATES={})


def clones(user, count):
    """Return browsers of one account, each with its CSRF token at hand."""
    browsers = [Browser(user) for _ in range(count)]
    for browser in browsers:
        browser.csrf_token()
    return browsers


@unlimited
@pytest.mark.parametrize("round_", ROUNDS)
def test_thirty_two_checkouts_of_one_cart_make_one_order_and_one_charge(at_once, round_):
    user = make_user()
    Browser(user).get_ready(make_wine())

    responses = at_once([browser.checkout for browser in clones(user, 32)])

    assert Order.objects.placed().count() == 1
    assert models.BankEntry.objects.count() == 1
    assert {response.status_code for response in responses} <= {200, 202, 422}
    assert [response.status_code for response in responses].count(200) >= 1


@unlimited
@pytest.mark.parametrize("round_", ROUNDS)
def test_one_key_at_once_names_one_order(at_once, round_):
    user = make_user()
    Browser(user).get_ready(make_wine())

    responses = at_once([lambda b=b: b.checkout(idempotency_key="k") for b in clones(user, 16)])

    assert {response.json()["id"] for response in responses} == {Order.objects.get().pk}
    assert {response.status_code for response in responses} <= {200, 202}
    assert models.BankEntry.objects.count() == 1


@unlimited
@pytest.mark.parametrize("round_", ROUNDS)
def test_refused_checkouts_at_once_leave_the_cart_as_it_was(at_once, round_):
    user = make_user()
    owner = Browser(user)
    owner.get_ready(make_wine(), token="tok_declined")
    cart = owner.cart()

    responses = at_once([browser.checkout for browser in clones(user, 16)])

    assert owner.cart() == cart
    assert {response.status_code for response in responses} <= {202, 422}


@pytest.mark.parametrize("round_", ROUNDS)
def test_equal_lines_added_at_once_are_combined_to_their_sum(at_once, round_):
    user, wine = make_user(), make_wine()
    body = {"type": "WineLine", "data": {"product": wine.pk, "quantity": 2}}

    responses = at_once([lambda b=b: b.post(NEW_ITEM, body) for b in clones(user, 32)])

    assert Counter(response.status_code for response in responses) == {201: 1, 200: 31}
    assert models.WineLine.objects.get().quantity == 64


@pytest.mark.parametrize("round_", ROUNDS)
def test_the_first_writes_of_a_user_at_once_make_one_cart(at_once, round_):
    user = make_user()
    body = {"type": "MoodyLine", "data": {}}

    responses = at_once([lambda b=b: b.post(NEW_ITEM, body) for b in clones(user, 16)])

    assert {response.status_code for response in responses} == {201}
    assert len(Browser(user).cart()["items"]) == 16


@pytest.mark.parametrize("round_", ROUNDS)
def test_the_first_writes_of_a_guests_session_at_once_make_one_cart(at_once, round_, monkeypatch):
    """Both requests have found no cart when either begins to make one."""
    first, second = Browser(), Browser()
    second.client.cookies["sessionid"] = first.client.session.session_key
    wines = [make_wine(), make_wine()]
    barrier, create = threading.Barrier(2, timeout=30), Shopper.create

    def create_together(shopper):
        barrier.wait()
        return create(shopper)

    monkeypatch.setattr(Shopper, "create", create_together)

    lines = at_once([lambda b=b, w=w: b.add_wine(w) for b, w in zip((first, second), wines, strict=True)])

    assert Cart.objects.count() == 1
    assert {item["url"] for item in first.cart()["items"]} == {line["url"] for line in lines}
    assert first.cart() == second.cart()


@pytest.mark.parametrize("round_", ROUNDS)
def test_the_limit_of_lines_holds_at_once(at_once, round_):
    user = make_user()
    body = {"type": "MoodyLine", "data": {}}

    with override_settings(LORIKEET_MAX_LINES=5):
        responses = at_once([lambda b=b: b.post(NEW_ITEM, body) for b in clones(user, 16)])

    assert Counter(response.status_code for response in responses) == {201: 5, 400: 11}


@pytest.mark.parametrize("round_", ROUNDS)
def test_logging_in_while_adding_loses_nothing(at_once, round_):
    user, wine = make_user(), make_wine()
    guest = Browser()
    guest.add_wine(wine, 3)
    guest.get("/login/")
    body = {"type": "WineLine", "data": {"product": wine.pk}}

    adds = [lambda b=b: b.post(NEW_ITEM, body) for b in clones(user, 8)]
    at_once([lambda: guest.log_in(user), *adds])

    assert sum(item["data"]["quantity"] for item in Browser(user).cart()["items"]) == 3 + 8


@pytest.mark.parametrize("round_", ROUNDS)
def test_two_logins_at_once_merge_a_cart_once(at_once, round_):
    user, wine = make_user(), make_wine()
    first, second = Browser(), Browser()
    first.add_wine(wine, 3)
    second.client.cookies["sessionid"] = first.client.cookies["sessionid"].value
    for browser in (first, second):
        browser.get("/login/")

    at_once([lambda: first.log_in(user), lambda: second.log_in(user)])

    assert [item["data"]["quantity"] for item in Browser(user).cart()["items"]] == [3]


@unlimited
@pytest.mark.parametrize("round_", ROUNDS)
def test_a_line_added_during_a_checkout_is_charged_or_stays(at_once, round_):
    user, wine = make_user(), make_wine("10")
    Browser(user).get_ready(wine)
    buyer, *adders = clones(user, 9)
    body = {"type": "MoodyLine", "data": {"amount": "1"}}

    responses = at_once([buyer.checkout, *(lambda b=b: b.post(NEW_ITEM, body) for b in adders)])

    charged = models.MoodyLine.objects.filter(order__isnull=False).count()
    assert responses[0].status_code == 200
    assert models.BankEntry.objects.get().amount == 10 + charged
    assert len(Browser(user).cart()["items"]) == 8 - charged


@unlimited
@pytest.mark.parametrize("round_", ROUNDS)
def test_a_line_changed_during_a_checkout_is_charged_as_it_was_or_as_it_is(at_once, round_):
    user, wine = make_user(), make_wine("10")
    url = Browser(user).get_ready(wine)["url"]
    buyer, changer = clones(user, 2)

    at_once([buyer.checkout, lambda: changer.patch(url, {"quantity": 5})])

    line = models.WineLine.objects.get()
    assert models.BankEntry.objects.get().amount == line.quantity * 10
    assert line.total_when_charged == line.quantity * 10


@pytest.mark.parametrize("round_", ROUNDS)
def test_one_coupon_applied_at_once_counts_once(at_once, round_):
    user = make_user()
    make_coupon()
    body = {"type": "CouponAdjustment", "data": {"code": "TENOFF"}}

    responses = at_once([lambda b=b: b.post(NEW_ADJUSTMENT, body) for b in clones(user, 16)])

    assert Counter(response.status_code for response in responses) == {201: 1, 200: 15}


@pytest.mark.parametrize("round_", ROUNDS)
def test_addresses_added_and_deleted_at_once_leave_one_selected_at_most(at_once, round_):
    user = make_user()
    owner = Browser(user)
    url = owner.add_address()["url"]
    deleter, *adders = clones(user, 9)

    at_once([lambda: deleter.delete(url), *(b.add_address for b in adders)])

    entries = owner.cart()["delivery_addresses"]
    assert (len(entries), sum(entry["selected"] for entry in entries)) == (8, 1)
