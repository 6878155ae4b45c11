"""Card testing and code guessing: refusals are counted for each cart and each network."""

import pytest
from django.test import override_settings

from lorikeet.models import Order
from tests.testapp import models
from tests.testapp.clients import NEW_ADJUSTMENT, Browser
from tests.testapp.factories import make_coupon

GUESS = {"type": "CouponAdjustment", "data": {"code": "NONE"}}
RIGHT = {"type": "CouponAdjustment", "data": {"code": "TENOFF"}}


def rates(**changes):
    return override_settings(LORIKEET_THROTTLE_RATES=changes)


@pytest.fixture
def refused(shopper, wine):
    """A shopper whose card is always declined."""
    shopper.get_ready(wine, token="tok_declined")
    return shopper


def test_five_refused_payments_of_a_cart_are_enough(refused):
    """The default."""
    for _ in range(5):
        assert refused.checkout().status_code == 422

    response = refused.checkout()

    assert response.status_code == 429
    assert 1 <= int(response["Retry-After"]) <= 3600
    assert response["X-API-Error"]


def test_a_throttled_checkout_changes_nothing(refused, unchanged):
    with rates(checkout_cart="1/hour"):
        refused.checkout()

        with unchanged():
            refused.checkout()


def test_a_throttled_checkout_asks_no_bank(refused, wine):
    with rates(checkout_cart="1/hour"):
        refused.checkout()
        refused.add_card("tok_paid")

        response = refused.checkout()

    assert response.status_code == 429
    assert models.BankEntry.objects.count() == 0


def test_payments_that_succeed_are_not_counted(alice, wine):
    with rates(checkout_cart="1/hour"):
        for _ in range(3):
            alice.get_ready(wine)
            assert alice.checkout().status_code == 200

    assert Order.objects.placed().count() == 3


def test_a_cart_that_is_not_ready_is_not_counted(alice, wine):
    with rates(checkout_cart="1/hour"):
        statuses = [alice.checkout().status_code for _ in range(3)]

    assert statuses == [422, 422, 422]


def test_refused_payments_of_one_network_are_counted_together(wine):
    browsers = [Browser(REMOTE_ADDR=f"192.0.2.{number}") for number in (1, 2, 3)]
    for browser in browsers:
        browser.get_ready(wine, token="tok_declined")

    with rates(checkout_ip="2/hour"):
        statuses = [browser.checkout().status_code for browser in browsers]

    assert statuses == [422, 422, 429]


def test_another_network_is_not_concerned(wine):
    browsers = [Browser(REMOTE_ADDR=address) for address in ("192.0.2.1", "198.51.100.1")]
    for browser in browsers:
        browser.get_ready(wine, token="tok_declined")

    with rates(checkout_ip="1/hour"):
        statuses = [browser.checkout().status_code for browser in browsers]

    assert statuses == [422, 422]


def test_addresses_of_one_ipv6_network_are_one(wine):
    browsers = [Browser(REMOTE_ADDR=address) for address in ("2001:db8:1::1", "2001:db8:1:ffff::2")]
    for browser in browsers:
        browser.get_ready(wine, token="tok_declined")

    with rates(checkout_ip="1/hour"):
        statuses = [browser.checkout().status_code for browser in browsers]

    assert statuses == [422, 429]


def test_a_forwarded_address_does_not_get_around_the_count(wine):
    browser = Browser(REMOTE_ADDR="192.0.2.1")
    browser.get_ready(wine, token="tok_declined")

    with rates(checkout_ip="1/hour"):
        statuses = [browser.checkout(x_forwarded_for=f"10.0.{n}.1").status_code for n in range(2)]

    assert statuses == [422, 429]


def test_wrong_codes_of_a_cart_are_counted(shopper, wine, unchanged):
    make_coupon()
    shopper.add_wine(wine)

    with rates(guess_cart="2/hour"):
        statuses = [shopper.post(NEW_ADJUSTMENT, GUESS).status_code for _ in range(3)]
        with unchanged():
            right = shopper.post(NEW_ADJUSTMENT, RIGHT)

    assert statuses == [400, 400, 429]
    assert right.status_code == 429
    assert int(right["Retry-After"]) >= 1


def test_right_codes_are_not_counted(shopper):
    make_coupon()

    with rates(guess_cart="1/hour"):
        statuses = [shopper.post(NEW_ADJUSTMENT, RIGHT).status_code for _ in range(3)]

    assert statuses == [201, 200, 200]


def test_a_guesser_without_a_cart_is_counted_by_network(db):
    """A fresh visitor for every guess is no way around it."""
    with rates(guess_cart="1/hour", guess_ip="2/hour"):
        statuses = [Browser(REMOTE_ADDR="192.0.2.9").post(NEW_ADJUSTMENT, GUESS).status_code for _ in range(3)]

    assert statuses == [400, 400, 429]


def test_guessing_by_change_is_counted_too(shopper):
    make_coupon()
    url = shopper.add_adjustment("CouponAdjustment", code="TENOFF")["url"]

    with rates(guess_cart="1/hour"):
        statuses = [shopper.patch(url, {"data": {"code": f"NO{n}"}}).status_code for n in range(2)]

    assert statuses == [400, 429]


def test_too_many_guesses_do_not_stop_the_rest_of_the_shop(shopper, wine):
    with rates(guess_cart="1/hour"):
        shopper.post(NEW_ADJUSTMENT, GUESS)
        shopper.post(NEW_ADJUSTMENT, GUESS)

        assert shopper.add_wine(wine)["total"] == "12.00"


def test_a_scope_that_is_left_out_is_not_limited(refused):
    with rates():
        statuses = [refused.checkout().status_code for _ in range(8)]

    assert statuses == [422] * 8
