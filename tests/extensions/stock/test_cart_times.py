"""For how long a cart holds stock, and what happens at the end."""

import pytest
from django.test import override_settings

from lorikeet.extensions.stock import holds as holds_module
from lorikeet.extensions.stock.models import Hold
from lorikeet.recovery import tick
from tests.extensions.goods.factories import make_bottle
from tests.testapp.clients import CART, Browser

from .shopping import (
    add,
    counters,
    get_ready,
    holds,
    lives_for,
    out_of_stock,
    pass_time,
    quantities,
    reasons,
    seat,
    seconds_left,
    try_to_add,
    write_email,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_order")]


# for how long


def write_line(browser):
    return browser.patch(browser.cart()["items"][0]["url"], {"quantity": 2})


def write_the_same(browser):
    return browser.patch(browser.cart()["items"][0]["url"], {"quantity": 1})


def write_another_line(browser):
    return try_to_add(browser, make_bottle(1))


def write_adjustment(browser):
    return browser.post("/_cart/new-adjustment/", {"type": "ShareOff", "data": {"parts": 4}})


def write_address(browser):
    browser.add_address()
    return browser.get()


def delete_a_line(browser):
    line = add(browser, make_bottle(1))
    pass_time(minutes=10)
    return browser.delete(line["url"])


WRITES = [
    write_email,
    write_line,
    write_the_same,
    write_another_line,
    write_adjustment,
    write_address,
    delete_a_line,
]


@pytest.mark.parametrize("write", WRITES)
def test_every_write_renews_what_is_held(shopper, bottle, write):
    """T9."""
    seat(shopper, bottle)
    pass_time(minutes=10)
    before = seconds_left(shopper)

    assert write(shopper).status_code < 300

    assert (before, seconds_left(shopper)) == (lives_for(300), lives_for(900))


def test_reading_renews_nothing(shopper, bottle):
    line = seat(shopper, bottle)
    before = shopper.cart()["expires_at"]

    for path in (CART, line["url"]):
        shopper.get(path)

    assert shopper.cart()["expires_at"] == before
    assert Hold.objects.get().expires_at.timestamp() == before


def test_a_write_that_is_refused_renews_nothing(guest, bottle, unchanged):
    line = seat(guest, bottle)
    pass_time(minutes=10)
    seen = guest.etag()

    with unchanged():
        codes = [
            guest.patch(line["url"], {"quantity": 0}).status_code,
            guest.patch(line["url"], {"quantity": 11}).status_code,
            guest.patch(line["url"], {"quantity": 2}, if_match='"another"').status_code,
            guest.patch(CART, {"email": "none"}).status_code,
            guest.checkout().status_code,
        ]

    assert codes == [400, 409, 412, 400, 422]
    assert guest.etag() == seen


def test_all_that_a_cart_holds_ends_at_one_time(guest, bottle):
    seat(guest, bottle)
    pass_time(minutes=10)

    seat(guest, make_bottle(1))

    first, second = Hold.objects.order_by("pk")
    assert (first.expires_at, first.created_at) == (second.expires_at, second.created_at)


def test_no_stock_is_held_for_longer_than_an_hour(shopper, bottle):
    seat(shopper, bottle)
    left = []

    for _ in range(5):
        pass_time(minutes=11)
        write_email(shopper)
        left.append(seconds_left(shopper))

    assert left == [lives_for(expected) for expected in (900, 900, 900, 900, 300)]


@override_settings(LORIKEET_STOCK_CART_LONGEST_SECONDS=60)
def test_the_longest_may_be_shorter_than_the_usual_time(shopper, bottle):
    seat(shopper, bottle)

    assert seconds_left(shopper) == lives_for(60)


def test_after_the_longest_time_another_shopper_may_have_it(guest, other, bottle):
    seat(guest, bottle, 10)
    for _ in range(5):
        pass_time(minutes=11)
        write_email(guest)
    pass_time(minutes=5, seconds=1)
    response = try_to_add(other, bottle, 10, "SeatLine")

    assert (response.status_code, counters(bottle)) == (201, (10, 10))


def test_a_line_added_later_ends_with_the_rest(guest, bottle):
    """The hour is the cart's: adding something does not begin another."""
    seat(guest, bottle)
    for _ in range(5):
        pass_time(minutes=11)
        write_email(guest)
    seat(guest, make_bottle(1))

    assert seconds_left(guest) == lives_for(300)


# after the end


def test_an_expired_hold_is_free_to_others_before_any_sweep(guest, other, bottle):
    seat(guest, bottle, 8)
    pass_time(minutes=16)
    response = try_to_add(other, bottle, 5, "SeatLine")

    assert (response.status_code, counters(bottle), holds()) == (201, (10, 5), [("released", 8), ("held", 5)])


def test_an_expired_hold_is_free_to_an_order(guest, other, bottle):
    seat(guest, bottle, 10)
    pass_time(minutes=16)
    add(other, bottle, 10)
    get_ready(other)
    before = reasons(other)
    response = other.checkout()

    assert (before, response.status_code, counters(bottle)) == ([], 200, (0, 0))


def test_a_hold_within_its_time_is_not_free_to_others(guest, other, bottle):
    seat(guest, bottle, 8)
    pass_time(minutes=14)

    assert try_to_add(other, bottle, 5, "SeatLine").status_code == 409


def test_only_as_much_as_is_needed_is_taken_from_expired_holds(guest, other, bottle):
    """The stock of another record stays held, for its shopper may come back in time."""
    merlot = make_bottle(5)
    seat(guest, bottle, 8)
    seat(guest, merlot, 5)
    pass_time(minutes=16)
    seat(other, bottle, 5)

    assert counters(merlot) == (5, 5)


def test_a_shopper_who_comes_back_holds_free_stock_again(guest, bottle):
    seat(guest, bottle, 8)
    pass_time(minutes=20)
    write_email(guest)

    assert (counters(bottle), holds(), seconds_left(guest)) == ((10, 8), [("held", 8)], lives_for(900))


def test_a_shopper_who_comes_back_has_a_new_hour(guest, bottle):
    seat(guest, bottle, 8)
    pass_time(minutes=55)
    write_email(guest)

    assert seconds_left(guest) == lives_for(900)


def test_a_shopper_who_comes_back_holds_swept_stock_again(guest, bottle):
    seat(guest, bottle, 8)
    pass_time(minutes=20)
    tick()
    swept = counters(bottle)
    write_email(guest)

    assert (swept, counters(bottle)) == ((10, 0), (10, 8))


def test_a_shopper_who_comes_back_too_late_is_told_what_is_left(guest, other, bottle):
    """The shopper sees what happened at the end of the hold."""
    line = seat(guest, bottle, 8)
    pass_time(minutes=16)
    seat(other, bottle, 7)

    assert reasons(guest) == [out_of_stock("8 × Moscato", line["url"], 8, 3)]


def test_a_shopper_who_comes_back_too_late_holds_what_is_left(guest, other, bottle):
    line = seat(guest, bottle, 8)
    pass_time(minutes=16)
    seat(other, bottle, 7)
    response = write_email(guest)

    assert (response.status_code, counters(bottle), quantities(guest)) == (200, (10, 10), [8])
    assert reasons(guest) == [out_of_stock("8 × Moscato", line["url"], 8, 3)]


def test_a_shopper_who_comes_back_to_no_stock_can_still_write(guest, other, bottle):
    line = seat(guest, bottle, 8)
    pass_time(minutes=16)
    seat(other, bottle, 10)
    response = write_email(guest)

    assert (response.status_code, guest.cart()["expires_at"]) == (200, None)
    assert reasons(guest) == [out_of_stock("8 × Moscato", line["url"], 8, 0)]


def test_a_shopper_who_comes_back_too_late_may_ask_for_less(guest, other, bottle):
    line = seat(guest, bottle, 8)
    pass_time(minutes=16)
    seat(other, bottle, 7)
    response = guest.patch(line["url"], {"quantity": 3})

    assert (response.status_code, reasons(guest), counters(bottle)) == (200, [], (10, 10))


def test_recovery_releases_what_is_held_too_long(guest, bottle):
    seat(guest, bottle, 8)
    pass_time(minutes=16)

    counts = tick()

    assert (counts["holds released"], counters(bottle), holds()) == (1, (10, 0), [("released", 8)])


def test_recovery_releases_nothing_before_its_time(guest, bottle):
    seat(guest, bottle, 8)
    pass_time(minutes=14)

    assert (tick()["holds released"], counters(bottle)) == (0, (10, 8))


def test_recovery_works_in_batches(bottle, monkeypatch):
    monkeypatch.setattr(holds_module, "BATCH", 2)
    for _ in range(5):
        seat(Browser(), bottle, 2)
    pass_time(minutes=16)

    assert (tick()["holds released"], counters(bottle)) == (5, (10, 0))


def test_a_released_hold_is_deleted_after_a_day(guest, bottle):
    line = seat(guest, bottle, 8)
    guest.delete(line["url"])
    pass_time(hours=24)
    kept = (tick()["holds deleted"], holds())
    pass_time(minutes=16)

    assert (kept, tick()["holds deleted"], holds()) == ((0, [("released", 8)]), 1, [])


def test_a_sold_hold_is_never_deleted(guest, bottle):
    seat(guest, bottle, 8)
    get_ready(guest)
    guest.checkout()
    pass_time(days=400)
    tick()

    assert holds(state="consumed") == [("consumed", 8)]
