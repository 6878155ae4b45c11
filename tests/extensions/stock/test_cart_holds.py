"""Stock that is held from the moment that it is in the cart (``Policy.ON_ADD``): what is held, for whom."""

import pytest
from django.test import override_settings

from lorikeet.cart.shopper import Shopper, locked
from lorikeet.exceptions import ConflictErrorSet
from lorikeet.extensions.stock.hooks import stock_hooks
from lorikeet.extensions.stock.models import Hold, Policy
from lorikeet.models import Cart, Order
from lorikeet.recovery import tick
from tests.extensions.goods.factories import make_bottle
from tests.extensions.goods.models import SeatLine
from tests.testapp.clients import CART, Browser
from tests.testapp.factories import make_user
from tests.unit import abandon

from .shopping import (
    add,
    counters,
    fitting,
    get_ready,
    holds,
    let_wait,
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


# holding


def test_a_line_that_is_added_is_held(shopper, bottle):
    """T3, T5, T6: it is reserved in the cart, and there is no order."""
    seat(shopper, bottle, 3)

    hold = Hold.objects.get()
    assert (counters(bottle), Order.objects.count()) == ((10, 3), 0)
    assert (hold.state, hold.quantity, hold.cart, hold.order, hold.line) == ("held", 3, Cart.objects.get(), None, None)


def test_it_is_held_for_a_quarter_of_an_hour(shopper, bottle):
    """T7: the cart shows until when."""
    seat(shopper, bottle)

    assert shopper.cart()["expires_at"] == Hold.objects.get().expires_at.timestamp()
    assert seconds_left(shopper) == lives_for(900)


@override_settings(LORIKEET_STOCK_CART_SECONDS=60)
def test_the_setting_says_how_long(shopper, bottle):
    seat(shopper, bottle)

    assert seconds_left(shopper) == lives_for(60)


def test_a_cart_that_holds_nothing_says_so(shopper, bottle):
    nothing = shopper.cart()["expires_at"]
    add(shopper, bottle)

    assert (nothing, shopper.cart()["expires_at"]) == (None, None)


def test_a_cart_whose_hold_was_released_says_so(guest, bottle):
    seat(guest, bottle)
    pass_time(minutes=16)
    tick()

    assert guest.cart()["expires_at"] is None


def test_the_last_ones_can_be_added(shopper, bottle):
    seat(shopper, bottle, 10)

    assert (counters(bottle), reasons(shopper)) == ((10, 10), [])


def test_more_than_are_left_are_answered_409_and_change_nothing(shopper, bottle, unchanged):
    """T20, T23. The line is not in the cart, so that it has no URL."""
    seat(shopper, make_bottle(1))

    with unchanged():
        response = try_to_add(shopper, bottle, 11, "SeatLine")

    assert response.status_code == 409
    assert response.json() == {"reason": "conflict", "info": [out_of_stock("11 × Moscato", None, 11, 10)]}
    assert response["X-API-Error"] == "11 \\xd7 Moscato: only 10 are left."


def test_a_first_line_that_is_refused_leaves_no_cart(guest, bottle):
    response = try_to_add(guest, bottle, 11, "SeatLine")

    assert (response.status_code, Cart.objects.count(), counters(bottle)) == (409, 0, (10, 0))


def test_stock_that_another_shopper_holds_is_not_left(guest, other, bottle, unchanged):
    seat(other, bottle, 8)
    with unchanged():
        response = try_to_add(guest, bottle, 3, "SeatLine")

    assert response.status_code == 409
    assert response.json()["info"] == [out_of_stock("3 × Moscato", None, 3, 2)]


def test_stock_held_in_a_cart_is_not_left_for_an_order(guest, other, bottle, unchanged):
    seat(guest, bottle, 8)
    add(other, bottle, 3)
    get_ready(other)
    with unchanged():
        response = other.checkout()

    assert response.json()["info"][0]["data"]["available"] == 2


def test_a_line_that_is_combined_holds_more(guest, bottle):
    seat(guest, bottle, 3)

    response = try_to_add(guest, bottle, 4, "SeatLine")

    assert (response.status_code, counters(bottle), holds()) == (200, (10, 7), [("held", 7)])


def test_a_line_that_would_be_combined_to_too_many_is_refused(guest, bottle, unchanged):
    line = seat(guest, bottle, 6)

    with unchanged():
        response = try_to_add(guest, bottle, 5, "SeatLine")

    assert response.status_code == 409
    assert response.json()["info"] == [out_of_stock("11 × Moscato", line["url"], 11, 10)]


@pytest.mark.parametrize("quantity", [0, -1, 10_001, 2**31, 10**30, 1.5, "many", None], ids=repr)
def test_a_quantity_that_is_none_is_answered_400(guest, bottle, unchanged, quantity):
    with unchanged():
        response = try_to_add(guest, bottle, quantity, "SeatLine")

    assert (response.status_code, list(response.json())) == (400, ["quantity"])


def test_an_untracked_record_is_not_held(guest):
    bottle = make_bottle(0, tracked=False)
    seat(guest, bottle, 1000)

    assert (counters(bottle), holds(), guest.cart()["expires_at"]) == ((0, 0), [], None)


def test_backordered_stock_is_held(guest):
    bottle = make_bottle(1, backorder_limit=2)
    seat(guest, bottle, 3)

    assert (counters(bottle), try_to_add(guest, bottle, 1, "SeatLine").status_code) == ((1, 3), 409)


# changing


@pytest.mark.parametrize("quantity", [1, 2, 10])
def test_a_change_of_the_quantity_changes_what_is_held(shopper, bottle, quantity):
    """T8: a cart is changed any number of times."""
    line = seat(shopper, bottle, 5)

    response = shopper.patch(line["url"], {"quantity": quantity})

    assert (response.status_code, counters(bottle), holds()) == (200, (10, quantity), [("held", quantity)])


def test_many_changes_leave_one_hold(shopper, bottle):
    line = seat(shopper, bottle)

    for quantity in (3, 10, 2, 7, 7, 1, 4):
        shopper.patch(line["url"], {"quantity": quantity})

    assert (counters(bottle), holds()) == ((10, 4), [("held", 4)])


def test_a_change_to_more_than_are_left_is_answered_409_and_changes_nothing(shopper, bottle, unchanged):
    line = seat(shopper, bottle, 5)

    with unchanged():
        response = shopper.patch(line["url"], {"quantity": 11})

    assert response.status_code == 409
    assert response.json()["info"] == [out_of_stock("11 × Moscato", line["url"], 11, 10)]


def test_a_change_to_another_product_holds_that(guest, bottle):
    merlot = make_bottle(10)
    line = seat(guest, bottle, 5)

    guest.put(line["url"], {"data": {"bottle": merlot.pk, "quantity": 2}})

    assert (counters(bottle), counters(merlot)) == ((10, 0), (10, 2))
    assert holds() == [("released", 5), ("held", 2)]


def test_a_line_that_is_deleted_holds_nothing(shopper, bottle):
    line = seat(shopper, bottle, 5)

    shopper.delete(line["url"])

    assert (counters(bottle), holds(), shopper.cart()["expires_at"]) == ((10, 0), [("released", 5)], None)


def test_lines_that_share_a_record_share_a_hold(guest, bottle):
    seat(guest, bottle, 2)
    fitting(guest, bottle, 3)

    assert (counters(bottle), holds()) == ((10, 5), [("held", 5)])


def test_of_lines_that_share_a_record_the_others_keep_theirs(guest, bottle):
    first = seat(guest, bottle, 2)
    fitting(guest, bottle, 3)

    guest.delete(first["url"])

    assert (counters(bottle), holds()) == ((10, 3), [("held", 3)])


def test_a_line_that_is_changed_is_served_after_the_others(guest, bottle, unchanged):
    first = seat(guest, bottle, 2)
    fitting(guest, bottle, 8)

    with unchanged():
        response = guest.patch(first["url"], {"quantity": 3})

    assert response.json()["info"] == [out_of_stock("3 × Moscato", first["url"], 3, 2)]


def test_another_tab_sees_what_was_changed(guest, bottle):
    """Two requests for one line, each from what it has seen: the second one is answered 412, or changes what is."""
    line = seat(guest, bottle, 2)
    seen = guest.etag()
    guest.patch(line["url"], {"quantity": 9}, if_match=seen)

    late = guest.patch(line["url"], {"quantity": 1}, if_match=seen)

    assert (late.status_code, counters(bottle)) == (412, (10, 9))


# both policies in one cart


def test_lines_of_both_policies_share_a_record(guest, bottle):
    seat(guest, bottle, 4)
    add(guest, bottle, 6)
    before = (counters(bottle), reasons(guest))

    let_wait(guest)

    assert (before, counters(bottle)) == (((10, 4), []), (10, 10))


def test_a_hold_of_one_line_does_not_serve_the_other(guest, bottle, unchanged):
    seat(guest, bottle, 4)
    line = add(guest, bottle, 7)
    get_ready(guest)
    before = reasons(guest)
    with unchanged():
        response = guest.checkout()

    assert before == response.json()["info"] == [out_of_stock("7 × Moscato", line["url"], 7, 6)]


def test_a_hold_belongs_to_its_line_though_that_is_the_later_one(guest, bottle, unchanged):
    line = add(guest, bottle, 7)
    seat(guest, bottle, 4)
    get_ready(guest)
    before = reasons(guest)
    with unchanged():
        response = guest.checkout()

    assert before == response.json()["info"] == [out_of_stock("7 × Moscato", line["url"], 7, 6)]


def test_a_line_may_change_its_policy(guest, bottle, monkeypatch):
    """``stock_policy`` may be a property: a hold that a line does not need any more is released."""
    seat(guest, bottle, 4)
    monkeypatch.setattr(SeatLine, "stock_policy", Policy.AT_PLACING)

    write_email(guest)

    assert counters(bottle) == (10, 0)


# carts that go


def test_the_hold_of_a_deleted_cart_is_released_in_time(alice, bottle):
    seat(alice, bottle, 4)
    alice.user.delete()
    before = counters(bottle)
    pass_time(minutes=16)
    tick()

    assert (before, counters(bottle), Hold.objects.get().cart) == ((10, 4), (10, 0), None)


def test_the_hold_of_a_deleted_cart_is_free_to_others_in_time(alice, other, bottle):
    seat(alice, bottle, 4)
    alice.user.delete()
    pass_time(minutes=16)

    assert try_to_add(other, bottle, 10, "SeatLine").status_code == 201


def test_an_abandoned_cart_leaves_nothing_held(guest, bottle):
    seat(guest, bottle, 4)
    abandon(*Cart.objects.all())
    pass_time(days=31)

    tick()

    assert (Cart.objects.count(), counters(bottle)) == (0, (10, 0))


def test_a_hosts_own_write_under_the_lock_keeps_the_holds_right(guest, bottle):
    seat(guest, bottle, 4)

    with locked(Shopper(key=Cart.objects.get().key)):
        SeatLine.objects.update(quantity=9)

    assert (counters(bottle), holds()) == ((10, 9), [("held", 9)])


def test_a_hosts_own_write_that_fails_changes_nothing(guest, bottle, unchanged):
    seat(guest, bottle, 4)

    def fail():
        with locked(Shopper(key=Cart.objects.get().key)):
            SeatLine.objects.update(quantity=9)
            raise ZeroDivisionError

    with unchanged(), pytest.raises(ZeroDivisionError):
        fail()


def test_a_cart_that_others_read_is_not_renewed_by_them(guest, other, bottle):
    seat(guest, bottle)
    before = guest.cart()["expires_at"]

    seat(other, bottle)

    assert guest.cart()["expires_at"] == before


# the validator of the cart


def test_the_validator_changes_with_the_end_of_the_hold(guest, bottle):
    seat(guest, bottle)
    before = guest.etag()
    pass_time(minutes=1)
    write_email(guest)

    assert guest.etag() != before


def test_an_unchanged_cart_is_answered_304(guest, bottle):
    seat(guest, bottle)
    get_ready(guest)
    seen = guest.etag()

    assert guest.get(CART, if_none_match=seen).status_code == 304


def test_the_checkout_of_the_cart_that_was_seen_goes_through(guest, bottle):
    seat(guest, bottle)
    get_ready(guest)

    assert guest.checkout(if_match=guest.etag()).status_code == 200


def test_a_shopper_does_not_see_until_when_another_holds_stock(alice, bottle):
    seat(alice, bottle)

    assert Browser(make_user()).cart()["expires_at"] is None


# several changes under one lock, from Python


def add_two(user, quantities):
    """Add a line of each quantity, of a bottle of which ten are there, in one change."""
    with locked(Shopper(user)) as cart:
        for quantity in quantities:
            add_under_lock(cart, quantity)


def add_under_lock(cart, quantity):
    line = SeatLine.objects.create(cart=cart, bottle=make_bottle(10), quantity=quantity)
    stock_hooks.line_changed(cart, line, is_new=True)
    return line


def test_lines_that_are_added_in_one_change_are_refused_together(alice, bottle):
    seat(alice, bottle, 1)

    with pytest.raises(ConflictErrorSet) as refused:
        add_two(alice.user, (11, 12))

    assert [(error.asked, error.available) for error in refused.value] == [(11, 10), (12, 10)]
    assert (quantities(alice), holds()) == ([1], [("held", 1)])


def test_a_line_that_is_added_and_deleted_in_one_change_is_not_refused(alice, bottle):
    seat(alice, bottle, 1)

    with locked(Shopper(alice.user)) as cart:
        add_under_lock(cart, 11).delete()

    assert holds() == [("held", 1)]
