"""How much a cart may hold, and lines that fit themselves to what is left."""

import pytest
from django.test import override_settings

from lorikeet.extensions.stock.models import Policy
from lorikeet.outcomes import Pending
from tests.extensions.goods.factories import make_bottle, make_gadget
from tests.extensions.goods.models import FittingSeatLine, HamperOfBottles
from tests.testapp.clients import NEW_ITEM
from tests.testapp.models import ScriptedCard

from .shopping import (
    add,
    counters,
    fitting,
    get_ready,
    holds,
    out_of_stock,
    pass_time,
    quantities,
    reasons,
    seat,
    try_to_add,
    write_email,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_order")]


# how much


def test_a_cart_holds_fifty_units_and_no_more(shopper, unchanged):
    bottle = make_bottle(100)
    seat(shopper, bottle, 50)

    with unchanged():
        response = try_to_add(shopper, bottle, 1, "SeatLine")

    assert response.status_code == 400
    assert response.json() == {"items": ["No more than 50 of these can be kept for you at a time."]}


@override_settings(LORIKEET_STOCK_CART_UNITS=3)
def test_all_lines_count(guest, bottle, unchanged):
    seat(guest, make_bottle(10), 2)

    with unchanged():
        response = try_to_add(guest, bottle, 2, "FittingSeatLine")

    assert response.status_code == 400


@override_settings(LORIKEET_STOCK_CART_UNITS=3)
def test_a_change_counts_too(guest, bottle, unchanged):
    line = seat(guest, bottle, 3)

    with unchanged():
        response = guest.patch(line["url"], {"quantity": 4})

    assert response.status_code == 400


@override_settings(LORIKEET_STOCK_CART_UNITS=3)
def test_lines_held_at_placing_or_not_at_all_do_not_count(guest, bottle):
    seat(guest, bottle, 3)
    add(guest, bottle, 6)
    seat(guest, make_bottle(0, tracked=False), 100)
    guest.add(NEW_ITEM, "DownloadLine", gadget=make_gadget().pk)

    assert counters(bottle) == (10, 3)


@pytest.fixture
def over_the_limit(guest, alice):
    """A cart with forty units of each of two wines, of which fifty are held: it was merged of two."""
    first, second = make_bottle(100), make_bottle(100)
    seat(alice, first, 40)
    seat(guest, second, 40)
    guest.log_in(alice.user)
    return first, second


def test_carts_that_are_merged_hold_no_more_than_one(guest, over_the_limit):
    first, second = over_the_limit

    assert (quantities(guest), counters(first), counters(second)) == ([40, 40], (100, 40), (100, 10))


def test_lines_beyond_the_limit_hold_nothing(guest, alice, bottle):
    seat(alice, make_bottle(100), 40)
    seat(guest, make_bottle(100), 40)
    seat(guest, bottle, 5)

    guest.log_in(alice.user)

    assert (holds(state="held"), counters(bottle)) == ([("held", 40), ("held", 10)], (10, 0))


def test_more_than_can_be_held_is_not_out_of_stock(guest, over_the_limit):
    assert reasons(guest) == []


def test_more_than_can_be_held_can_be_bought(guest, over_the_limit):
    get_ready(guest)

    response = guest.checkout()

    assert (response.status_code, [counters(bottle) for bottle in over_the_limit]) == (200, [(60, 0), (60, 0)])


def test_a_cart_over_the_limit_is_lowered_to_the_limit(guest, over_the_limit):
    line = guest.cart()["items"][0]

    response = guest.patch(line["url"], {"quantity": 10})

    assert (response.status_code, [counters(bottle) for bottle in over_the_limit]) == (200, [(100, 10), (100, 40)])


@pytest.mark.parametrize("quantity", [40, 30])
def test_a_line_of_a_cart_over_the_limit_may_be_lowered_to_what_is_still_over_it(guest, over_the_limit, quantity):
    line = guest.cart()["items"][0]

    response = guest.patch(line["url"], {"quantity": quantity})

    assert (response.status_code, quantities(guest)) == (200, [quantity, 40])
    assert sum(units for _, units in holds(state="held")) == 50


def test_a_line_of_a_cart_over_the_limit_may_not_be_raised(guest, over_the_limit, unchanged):
    line = guest.cart()["items"][0]

    with unchanged():
        response = guest.patch(line["url"], {"quantity": 41})

    assert response.status_code == 400


def test_nothing_is_combined_with_a_line_of_a_cart_over_the_limit(guest, over_the_limit, unchanged):
    with unchanged():
        response = try_to_add(guest, over_the_limit[0], 1, "SeatLine")

    assert response.status_code == 400


def test_a_cart_over_the_limit_is_changed_in_everything_else(guest, over_the_limit, bottle):
    assert (write_email(guest).status_code, try_to_add(guest, bottle).status_code) == (200, 201)


def test_lines_that_come_back_from_an_order_are_held_up_to_the_limit(shopper):
    first, second = make_bottle(100), make_bottle(100)
    seat(shopper, first, 40)
    get_ready(shopper, "Transfer")
    ScriptedCard.script(start_payment=Pending("ref"), check_payment=Pending("ref"), cancel_payment=True)
    shopper.add("/_cart/new-payment-method/", "ScriptedCard", token="tok_x")
    checkout = shopper.checkout().json()["checkout"]
    seat(shopper, second, 40)
    shopper.post(checkout["cancel_url"], {})

    assert sorted([counters(first), counters(second)]) == [(100, 10), (100, 40)]


# fitting


def test_a_line_that_fits_itself_takes_what_is_left(shopper, bottle):
    response = try_to_add(shopper, bottle, 15, "FittingSeatLine")

    assert (response.status_code, response.json()["data"]["quantity"]) == (201, 10)
    assert (counters(bottle), quantities(shopper), reasons(shopper)) == ((10, 10), [10], [])


def test_a_line_that_fits_itself_is_refused_when_nothing_is_left(shopper, other, bottle, unchanged):
    seat(other, bottle, 10)
    seat(shopper, make_bottle(1))

    with unchanged():
        response = try_to_add(shopper, bottle, 15, "FittingSeatLine")

    assert response.status_code == 409
    assert response.json()["info"] == [out_of_stock("15 × Moscato", None, 15, 0)]


def test_a_line_that_is_combined_fits_itself(guest, other, bottle):
    seat(other, bottle, 4)
    fitting(guest, bottle, 2)

    response = try_to_add(guest, bottle, 9, "FittingSeatLine")

    assert (response.status_code, response.json()["data"]["quantity"], counters(bottle)) == (200, 6, (10, 10))


def test_a_line_that_is_changed_fits_itself(guest, other, bottle):
    seat(other, bottle, 4)
    line = fitting(guest, bottle, 2)

    response = guest.put(line["url"], {"data": {"bottle": bottle.pk, "quantity": 9}})

    assert (response.status_code, response.json()["data"]["quantity"], counters(bottle)) == (200, 6, (10, 10))


def test_a_line_fits_itself_beside_the_others_of_the_record(guest, bottle):
    first = fitting(guest, bottle, 1)
    seat(guest, bottle, 7)

    guest.patch(first["url"], {"quantity": 9})

    assert (quantities(guest), counters(bottle)) == ([3, 7], (10, 10))


def test_a_line_that_lost_its_stock_fits_itself_at_the_next_write(guest, other, bottle):
    fitting(guest, bottle, 8)
    pass_time(minutes=16)
    seat(other, bottle, 7)

    write_email(guest)

    assert (quantities(guest), reasons(guest), counters(bottle)) == ([3], [], (10, 10))


def test_a_line_that_lost_all_its_stock_stays_as_it_is(guest, other, bottle):
    line = fitting(guest, bottle, 8)
    pass_time(minutes=16)
    seat(other, bottle, 10)

    write_email(guest)

    assert (quantities(guest), reasons(guest)) == ([8], [out_of_stock("8 × Moscato", line["url"], 8, 0)])


def test_a_line_that_fits_itself_to_too_many_is_refused(guest, bottle, unchanged, monkeypatch):
    monkeypatch.setattr(FittingSeatLine, "fit_stock", lambda line, available, asked: True)

    with unchanged():
        response = try_to_add(guest, bottle, 11, "FittingSeatLine")

    assert (response.status_code, response.json()["info"][0]["data"]["available"]) == (409, 10)


def test_a_line_that_does_not_want_to_fit_itself_is_refused(guest, bottle, unchanged, monkeypatch):
    monkeypatch.setattr(FittingSeatLine, "fit_stock", lambda line, available, asked: False)

    with unchanged():
        response = try_to_add(guest, bottle, 11, "FittingSeatLine")

    assert (response.status_code, response.json()["info"][0]["data"]["available"]) == (409, 10)


@pytest.fixture
def fitting_bundles(monkeypatch):
    """Bundles that are held in the cart, as many as can be had."""

    def fit(line, available, asked):
        line.quantity = line.quantity * available // asked
        return line.quantity > 0

    monkeypatch.setattr(HamperOfBottles, "stock_policy", Policy.ON_ADD, raising=False)
    monkeypatch.setattr(HamperOfBottles, "fit_stock", fit, raising=False)


@pytest.mark.usefixtures("fitting_bundles")
def test_a_bundle_that_lost_a_part_of_itself_gives_back_what_it_cannot_use(guest, other):
    first, second = make_bottle(10), make_bottle(5)
    guest.add(NEW_ITEM, "HamperOfBottles", first=first.pk, second=second.pk, quantity=5)
    pass_time(minutes=16)
    seat(other, second, 3)

    write_email(guest)

    assert (quantities(guest), counters(first), counters(second)) == ([2], (10, 4), (5, 5))


@pytest.mark.usefixtures("fitting_bundles")
def test_a_bundle_fits_itself_by_what_is_scarcest_in_it(guest):
    """Of five hampers (ten and five bottles), 7/10 and 2/5 are there: two can be had."""
    first, second = make_bottle(7), make_bottle(2)

    line = guest.add(NEW_ITEM, "HamperOfBottles", first=first.pk, second=second.pk, quantity=5)

    assert (line["data"]["quantity"], counters(first), counters(second)) == (2, (7, 4), (2, 2))


def test_a_line_beyond_the_limit_fits_itself_to_what_is_left(guest, alice, other, bottle, monkeypatch):
    """It is given its whole demand, not only the part that its cart may hold."""

    def fit(line, available, asked):
        line.quantity = line.quantity * available // asked
        return True

    monkeypatch.setattr(FittingSeatLine, "fit_stock", fit)
    seat(alice, make_bottle(100), 45)
    fitting(guest, bottle, 10)
    pass_time(minutes=16)
    seat(other, bottle, 7)

    guest.log_in(alice.user)

    assert (quantities(guest), counters(bottle)) == ([45, 3], (10, 10))


def test_a_bundle_that_lacks_a_part_is_refused_with_each_part_that_it_lacks(guest, unchanged, monkeypatch):
    monkeypatch.setattr(HamperOfBottles, "stock_policy", Policy.ON_ADD, raising=False)
    data = {"first": make_bottle(7).pk, "second": make_bottle(2).pk, "quantity": 5}

    with unchanged():
        response = guest.post(NEW_ITEM, {"type": "HamperOfBottles", "data": data})

    assert response.status_code == 409
    assert [(entry["data"]["asked"], entry["data"]["available"]) for entry in response.json()["info"]] == [
        (10, 7),
        (5, 2),
    ]


def test_a_line_fits_itself_to_no_more_than_a_cart_may_hold(guest, unchanged):
    bottle = make_bottle(100)
    with unchanged():
        response = try_to_add(guest, bottle, 51, "FittingSeatLine")

    assert response.status_code == 400
