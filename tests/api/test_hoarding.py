"""New carts and waiting orders: there is a limit for each shopper and each network."""

from datetime import timedelta

from django.test import override_settings
from django.utils.timezone import now

from lorikeet.models import Cart, Order
from tests.testapp.clients import CART, NEW_ITEM, Browser
from tests.unit import make_order

from .test_throttling import rates

HERE, THERE = "192.0.2.1", "198.51.100.1"


def begin(wine, address=HERE, **headers):
    """Add something without a cookie, and return the response."""
    return Browser(REMOTE_ADDR=address).request(
        "POST", NEW_ITEM, {"type": "WineLine", "data": {"product": wine.pk}}, **headers
    )


def wait(orders, **owner):
    """Create so many orders that wait for their money; the first expires in ten minutes."""
    for number in range(orders):
        make_order(expires_at=now() + timedelta(minutes=10 * (number + 1)), **owner)


# carts


def test_guests_of_one_network_begin_so_many_carts_in_an_hour(wine):
    with rates(cart_ip="2/hour"):
        statuses = [begin(wine, f"192.0.2.{number}").status_code for number in range(3)]

    assert statuses == [201, 201, 429]


def test_one_cart_too_many_is_not_made(wine, unchanged):
    with rates(cart_ip="1/hour"):
        begin(wine)

        with unchanged():
            response = begin(wine)

    assert response.status_code == 429
    assert 1 <= int(response["Retry-After"]) <= 3600


def test_a_cart_by_token_is_counted_too(wine):
    with rates(cart_ip="1/hour"):
        statuses = [begin(wine, x_cart_token="new").status_code for _ in range(2)]

    assert statuses == [201, 429]


def test_carts_of_another_network_are_not_concerned(wine):
    with rates(cart_ip="1/hour"):
        statuses = [begin(wine, address).status_code for address in (HERE, THERE)]

    assert statuses == [201, 201]


def test_a_shopper_with_a_cart_goes_on_using_it(guest, alice, wine):
    with rates(cart_ip="1/hour"):
        guest.add_wine(wine)
        alice.add_wine(wine)

        assert guest.patch(CART, {"email": "ann@example.com"}).status_code == 200


def test_a_cart_keeps_the_network_it_was_changed_from_unreadably(alice, wine):
    alice.add_wine(wine)
    here = Cart.objects.get().network
    alice.client.defaults["REMOTE_ADDR"] = THERE
    alice.patch(CART, {"email": "ann@example.com"})
    there = Cart.objects.get().network

    assert (len(here), len(there), here == there) == (64, 64, False)


def test_a_network_that_is_not_known_is_none(wine):
    begin(wine, "10.0.0.1", x_forwarded_for="203.0.113.7")

    assert Cart.objects.get().network == ""


# orders


@override_settings(LORIKEET_MAX_PENDING_ORDERS=2)
def test_a_shopper_with_many_orders_that_wait_makes_no_more(shopper, wine, unchanged):
    shopper.get_ready(wine)
    wait(2, cart=Cart.objects.get())

    with unchanged():
        response = shopper.checkout()

    assert response.status_code == 429
    assert response.json()["detail"].startswith("Too many orders are unpaid. Pay or cancel one of them first.")
    assert 590 <= int(response["Retry-After"]) <= 600


@override_settings(LORIKEET_MAX_PENDING_ORDERS=2)
def test_orders_of_a_user_count_whatever_cart_they_are_from(alice, wine):
    alice.get_ready(wine)
    wait(2, user=alice.user)

    assert alice.checkout().status_code == 429


@override_settings(LORIKEET_MAX_PENDING_ORDERS=2)
def test_one_order_fewer_is_no_obstacle(shopper, wine):
    shopper.get_ready(wine)
    wait(1, cart=Cart.objects.get())

    assert shopper.checkout().status_code == 200


@override_settings(LORIKEET_MAX_PENDING_ORDERS=1)
def test_orders_that_are_over_do_not_count(shopper, wine):
    shopper.get_ready(wine)
    wait(3, cart=Cart.objects.get())
    Order.objects.update(state="cancelled")

    assert shopper.checkout().status_code == 200


@override_settings(LORIKEET_MAX_NETWORK_PENDING_ORDERS=2)
def test_a_network_with_many_orders_that_wait_makes_no_more(wine, unchanged):
    first, second, third, far = (Browser(REMOTE_ADDR=address) for address in (HERE, HERE, "192.0.2.77", THERE))
    for browser in (first, second, third, far):
        browser.get_ready(wine)
        browser.patch(CART, {"email": "joe@example.com"})  # from here on the cart knows where its shopper is
    for cart in Cart.objects.order_by("pk")[:2]:
        wait(1, cart=cart)

    with unchanged():
        refused = third.checkout()

    assert (refused.status_code, far.checkout().status_code) == (429, 200)


@override_settings(LORIKEET_MAX_NETWORK_PENDING_ORDERS=1)
def test_shoppers_whose_network_is_not_known_are_not_taken_for_neighbours(wine):
    browsers = [Browser(REMOTE_ADDR="10.0.0.1", headers={"X-Forwarded-For": f"203.0.113.{n}"}) for n in range(2)]
    for browser in browsers:
        browser.get_ready(wine)
    wait(1, cart=Cart.objects.first())

    assert browsers[1].checkout().status_code == 200
