"""How much stock one shopper, or one network, may keep from the others."""

import pytest
from django.db import connection
from django.test import override_settings

from tests.extensions.goods.factories import make_bottle
from tests.faults.crowds import at_once
from tests.testapp.clients import Browser

from .shopping import add, broken, counters, get_ready, holds, pass_time, quantities, seat, try_to_add, write_email

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_order")]


def near(number=1):
    return Browser(REMOTE_ADDR=f"192.0.2.{number}")


def far():
    return Browser(REMOTE_ADDR="198.51.100.1")


def behind_a_proxy(number):
    """Return a browser whose network the site cannot know, since it has not said that it has a proxy."""
    return Browser(REMOTE_ADDR="10.0.0.1", headers={"X-Forwarded-For": f"203.0.113.{number}"})


# carts


def test_guests_of_one_network_hold_two_hundred_units_in_as_many_carts_as_they_like():
    bottle = make_bottle(500)

    responses = [try_to_add(near(number), bottle, 50, "SeatLine") for number in range(10)]

    assert [response.status_code for response in responses] == [201] * 4 + [429] * 6
    assert counters(bottle) == (500, 200)


@override_settings(LORIKEET_STOCK_NETWORK_UNITS=10)
def test_a_line_beyond_the_limit_of_a_network_is_refused_until_a_hold_ends(bottle, unchanged):
    seat(near(1), bottle, 6)
    seat(near(2), make_bottle(), 3)
    with unchanged():
        response = try_to_add(near(3), bottle, 2, "SeatLine")

    assert response.status_code == 429
    assert response.json()["detail"].startswith("Too many of these are kept for other shoppers on your network.")
    assert 890 <= int(response["Retry-After"]) <= 900


@override_settings(LORIKEET_STOCK_NETWORK_UNITS=10)
def test_the_last_unit_that_a_network_may_hold_is_held(bottle):
    seat(near(1), bottle, 6)

    seat(near(2), bottle, 4)

    assert counters(bottle) == (10, 10)


@override_settings(LORIKEET_STOCK_NETWORK_UNITS=6)
def test_another_network_is_not_concerned(bottle):
    seat(near(), bottle, 6)

    seat(far(), bottle, 4)

    assert counters(bottle) == (10, 10)


@override_settings(LORIKEET_STOCK_NETWORK_UNITS=6)
def test_shoppers_whose_network_is_not_known_are_not_taken_for_neighbours(bottle):
    seat(behind_a_proxy(1), bottle, 6)

    seat(behind_a_proxy(2), bottle, 4)

    assert counters(bottle) == (10, 10)


@override_settings(LORIKEET_STOCK_NETWORK_UNITS=6)
def test_expired_holds_of_a_network_do_not_count(bottle):
    seat(near(1), bottle, 6)
    pass_time(minutes=16)
    seat(near(2), bottle, 6)

    assert counters(bottle) == (10, 6)


def test_a_cart_keeps_what_it_holds_however_much_its_network_holds(bottle):
    browser = near(1)
    seat(browser, bottle, 3)
    seat(near(2), bottle, 5)

    with override_settings(LORIKEET_STOCK_NETWORK_UNITS=2):
        write_email(browser)

    assert (quantities(browser), holds()) == ([3], [("held", 3), ("held", 5)])


@override_settings(LORIKEET_STOCK_NETWORK_UNITS=6)
def test_a_cart_whose_time_was_over_holds_again_as_much_as_its_network_has_left(bottle):
    """Otherwise a network could hold any number of carts, one after the other, and then renew them all."""
    browser = near(1)
    seat(browser, bottle, 5)
    pass_time(minutes=16)
    seat(near(2), bottle, 4)

    assert write_email(browser).status_code == 200

    assert (quantities(browser), counters(bottle)) == ([5], (10, 6))


@override_settings(LORIKEET_STOCK_NETWORK_UNITS=6)
def test_a_line_that_its_network_leaves_no_room_for_may_be_lowered_and_not_raised(bottle):
    browser = near(1)
    line = seat(browser, bottle, 5)
    pass_time(minutes=16)
    seat(near(2), bottle, 4)

    statuses = [browser.patch(line["url"], {"quantity": quantity}).status_code for quantity in (6, 3)]

    assert (statuses, quantities(browser), counters(bottle)) == ([429, 200], [3], (10, 6))


@pytest.mark.skipif(connection.vendor != "postgresql", reason="races are run on PostgreSQL, which locks rows")
@pytest.mark.django_db(transaction=True)
@override_settings(LORIKEET_STOCK_NETWORK_UNITS=20)
def test_guests_of_one_network_at_the_same_moment_hold_no_more():
    bottle = make_bottle(500)
    browsers = [near(number) for number in range(10)]

    statuses = at_once([lambda b=b: try_to_add(b, bottle, 5, "SeatLine").status_code for b in browsers])

    assert sorted(statuses) == [201] * 4 + [429] * 6
    assert (counters(bottle), broken()) == ((500, 20), [])


# orders that wait for their money


def pay_elsewhere(browser, bottle, quantity, line="BottleLine"):
    """Check out some bottles to be paid elsewhere, and return the response."""
    add(browser, bottle, quantity, line)
    get_ready(browser, "Transfer")
    return browser.checkout({"confirm_duplicate": True})


@pytest.mark.parametrize("line", ["BottleLine", "SeatLine"])
def test_a_shopper_keeps_no_more_than_two_hundred_units_with_orders_that_wait(shopper, provider, line):
    bottle = make_bottle(500)

    statuses = [pay_elsewhere(shopper, bottle, 50, line).status_code for _ in range(5)]

    assert statuses == [202, 202, 202, 202, 429]
    assert holds(state="held", cart=None) == [("held", 50)] * 4


@override_settings(LORIKEET_STOCK_PENDING_UNITS=5)
def test_an_order_beyond_that_is_not_made(shopper, bottle, provider, unchanged):
    pay_elsewhere(shopper, bottle, 5)
    add(shopper, bottle, 1)

    with unchanged():
        response = shopper.checkout()

    assert response.status_code == 429
    assert response.json()["detail"].startswith(
        "Your unpaid orders keep too many of these. Pay or cancel one of them first."
    )
    assert 17_990 <= int(response["Retry-After"]) <= 18_000


@override_settings(LORIKEET_STOCK_PENDING_UNITS=5)
def test_one_order_may_keep_more(shopper, bottle, provider):
    assert pay_elsewhere(shopper, bottle, 10).status_code == 202


@override_settings(LORIKEET_STOCK_PENDING_UNITS=5)
def test_a_large_order_of_one_shopper_does_not_keep_a_neighbour_from_buying(bottle, provider):
    pay_elsewhere(near(1), bottle, 9)

    assert pay_elsewhere(near(2), bottle, 1).status_code == 202


@override_settings(LORIKEET_STOCK_PENDING_UNITS=3, LORIKEET_STOCK_NETWORK_PENDING_UNITS=5)
def test_an_order_counts_for_its_network_up_to_the_limit_of_one_shopper(provider):
    bottle = make_bottle(50)
    pay_elsewhere(near(1), bottle, 20)

    statuses = [pay_elsewhere(near(number), bottle, 1).status_code for number in (2, 3, 4)]

    assert statuses == [202, 202, 429]


@override_settings(LORIKEET_STOCK_NETWORK_PENDING_UNITS=5)
def test_an_order_beyond_the_limit_of_a_network_is_not_made(bottle, provider, unchanged):
    pay_elsewhere(near(1), bottle, 5)
    neighbour = near(2)
    add(neighbour, bottle, 1)
    get_ready(neighbour, "Transfer")

    with unchanged():
        response = neighbour.checkout()

    assert response.status_code == 429
    assert response.json()["detail"].startswith("Too many of these are kept for unpaid orders on your network.")
    assert 17_990 <= int(response["Retry-After"]) <= 18_000


@override_settings(LORIKEET_STOCK_NETWORK_PENDING_UNITS=5)
def test_orders_of_neighbours_count_and_those_of_others_do_not(bottle, provider):
    pay_elsewhere(near(1), bottle, 5)

    statuses = [pay_elsewhere(browser, bottle, 1).status_code for browser in (near(2), far())]

    assert statuses == [429, 202]


@override_settings(LORIKEET_STOCK_PENDING_UNITS=5)
def test_orders_whose_network_is_not_known_count_for_their_shopper_alone(bottle, provider):
    first, second = behind_a_proxy(1), behind_a_proxy(2)
    pay_elsewhere(first, bottle, 5)

    statuses = [pay_elsewhere(browser, bottle, 1).status_code for browser in (first, second)]

    assert statuses == [429, 202]


@override_settings(LORIKEET_STOCK_PENDING_UNITS=5)
def test_sold_stock_does_not_count(shopper, bottle):
    add(shopper, bottle, 5)
    get_ready(shopper)
    shopper.checkout()
    add(shopper, bottle, 5)
    get_ready(shopper)

    assert (shopper.checkout().status_code, counters(bottle)) == (200, (0, 0))
