"""What a cart holds when its shopper logs in, checks out, and gets the lines back."""

import pytest
from django.test import override_settings

from lorikeet.extensions.stock.models import Hold, Policy
from lorikeet.models import Cart
from lorikeet.outcomes import Pending
from lorikeet.recovery import tick
from tests.extensions.goods.factories import make_bottle
from tests.extensions.goods.models import FittingSeatLine, SeatLine
from tests.testapp.models import ScriptedCard

from .shopping import (
    counters,
    fitting,
    get_ready,
    holds,
    let_wait,
    lives_for,
    moved,
    order,
    out_of_stock,
    pass_time,
    quantities,
    reasons,
    received,
    seat,
    seconds_left,
    write_email,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_order")]


# logging in


def test_the_holds_of_a_guest_come_along(guest, alice, bottle):
    seat(guest, bottle, 3)

    guest.log_in(alice.user)

    hold = Hold.objects.get()
    assert (hold.cart.user, hold.quantity, counters(bottle)) == (alice.user, 3, (10, 3))


def test_all_ten_of_ten_come_along(guest, alice, bottle):
    """Nothing is released in between: the user need not find it free."""
    seat(guest, bottle, 10)

    guest.log_in(alice.user)

    assert (quantities(guest), reasons(guest), counters(bottle)) == ([10], [], (10, 10))


def test_two_holds_of_a_record_become_one(guest, alice, bottle):
    seat(alice, bottle, 4)
    seat(guest, bottle, 6)
    guest.log_in(alice.user)

    assert (quantities(guest), counters(bottle), holds(state="held")) == ([10], (10, 10), [("held", 10)])


@override_settings(LORIKEET_MAX_LINES=2)
def test_a_line_that_stays_in_the_guests_cart_is_held_for_it(guest, alice):
    bottles = [make_bottle(10) for _ in range(3)]
    seat(guest, bottles[0], 10)
    seat(alice, bottles[1], 10)
    seat(guest, bottles[2], 10)
    guest.log_in(alice.user)

    assert [counters(bottle) for bottle in bottles] == [(10, 10)] * 3
    assert holds(state="held", cart__user=alice.user) == [("held", 10)] * 2
    assert holds(state="held", cart__user=None) == [("held", 10)]


def test_a_merged_hold_ends_an_hour_after_the_first_of_both(guest, alice, bottle):
    seat(guest, bottle)
    for _ in range(5):
        pass_time(minutes=11)
        write_email(guest)
    seat(alice, make_bottle(1))
    guest.log_in(alice.user)

    assert seconds_left(guest) == lives_for(300)


def test_two_carts_together_hold_no_more_than_there_is(guest, alice, bottle):
    """The hold of the user's cart had expired, and the user took the same stock as a guest."""
    seat(alice, bottle, 8)
    pass_time(minutes=16)
    seat(guest, bottle, 8)

    guest.log_in(alice.user)

    (reason,) = reasons(guest)
    assert (quantities(guest), counters(bottle)) == ([16], (10, 10))
    assert (reason["data"]["asked"], reason["data"]["available"]) == (16, 10)


def test_a_guests_expired_hold_comes_along_if_the_stock_is_free(guest, alice, bottle):
    seat(guest, bottle, 3)
    pass_time(minutes=16)
    guest.log_in(alice.user)

    assert (counters(bottle), seconds_left(guest)) == ((10, 3), lives_for(900))


def test_a_guests_line_fits_itself_when_it_comes_along(guest, alice, other, bottle):
    fitting(guest, bottle, 8)
    pass_time(minutes=16)
    seat(other, bottle, 7)

    guest.log_in(alice.user)

    assert (quantities(guest), counters(bottle)) == ([3], (10, 10))


def test_where_carts_hold_nothing_nothing_is_held_afterwards(guest, alice, bottle, monkeypatch):
    for model in (SeatLine, FittingSeatLine):
        monkeypatch.setattr(model, "stock_policy", Policy.AT_PLACING)
    seat(guest, bottle, 3)

    guest.log_in(alice.user)

    assert (quantities(guest), counters(bottle), holds()) == ([3], (10, 0), [])


def test_an_order_in_flight_comes_along_with_what_it_holds(guest, alice, bottle):
    seat(guest, bottle, 3)
    let_wait(guest, check_payment=Pending("ref"), cancel_payment=True)
    guest.log_in(alice.user)
    pass_time(minutes=31)

    tick()

    assert (order().state, quantities(guest), counters(bottle)) == ("cancelled", [3], (10, 3))
    assert Hold.objects.get(state="held").cart.user == alice.user


# checkout


def test_an_order_takes_over_what_its_cart_holds(shopper, bottle):
    seat(shopper, bottle, 10)

    let_wait(shopper)

    assert (counters(bottle), holds()) == ((10, 10), [("released", 10), ("held", 10)])
    hold = Hold.objects.get(state="held")
    assert (hold.order, hold.cart, hold.expires_at) == (order(), None, None)
    assert hold.line is not None


def test_a_cart_without_its_lines_holds_nothing(shopper, bottle):
    seat(shopper, bottle, 10)

    let_wait(shopper)

    assert shopper.cart()["expires_at"] is None


def test_the_hold_of_an_order_does_not_end_with_the_cart(shopper, bottle):
    seat(shopper, bottle, 10)
    get_ready(shopper, "Transfer")
    shopper.checkout()
    pass_time(hours=4)
    tick()

    assert counters(bottle) == (10, 10)


def test_stock_held_in_the_cart_is_sold(shopper, bottle):
    seat(shopper, bottle, 10)
    get_ready(shopper)
    response = shopper.checkout()

    assert (response.status_code, counters(bottle), moved()) == (200, (0, 0), [("sale", -10)])


def test_an_expired_hold_is_sold_if_the_stock_is_free(shopper, bottle):
    seat(shopper, bottle, 10)
    get_ready(shopper)
    pass_time(minutes=20)
    response = shopper.checkout()

    assert (response.status_code, counters(bottle)) == (200, (0, 0))


def test_an_expired_hold_whose_stock_was_taken_is_answered_409(guest, other, bottle, unchanged):
    line = seat(guest, bottle, 8)
    get_ready(guest)
    pass_time(minutes=16)
    seat(other, bottle, 7)
    with unchanged():
        response = guest.checkout()

    assert response.status_code == 409
    assert response.json()["info"] == [out_of_stock("8 × Moscato", line["url"], 8, 3)]


def test_a_refused_payment_gives_the_hold_back_to_the_cart(shopper, bottle):
    seat(shopper, bottle, 10)
    get_ready(shopper, token="tok_declined")

    response = shopper.checkout()

    assert (response.status_code, counters(bottle)) == (422, (10, 10))
    assert Hold.objects.get(state="held").cart == Cart.objects.get()
    assert seconds_left(shopper) == lives_for(900)


def test_an_order_that_is_cancelled_gives_the_hold_back_to_the_cart(shopper, bottle):
    seat(shopper, bottle, 10)
    checkout = let_wait(shopper, check_payment=Pending("ref"), cancel_payment=True)

    shopper.post(checkout["cancel_url"], {})

    assert (counters(bottle), quantities(shopper), reasons(shopper)) == ((10, 10), [10], [])


def test_an_order_that_expires_leaves_its_stock_to_others_in_the_end(shopper, bottle):
    """The cart holds it for a quarter of an hour more."""
    seat(shopper, bottle, 10)
    let_wait(shopper, check_payment=Pending("ref"), cancel_payment=True)
    pass_time(minutes=31)
    tick()
    pass_time(minutes=16)

    tick()

    assert (counters(bottle), Hold.objects.filter(state="held").count()) == ((10, 0), 0)


def test_a_line_that_comes_back_is_combined_with_an_equal_one(shopper, bottle):
    seat(shopper, bottle, 4)
    checkout = let_wait(shopper, check_payment=Pending("ref"), cancel_payment=True)
    seat(shopper, bottle, 3)
    shopper.post(checkout["cancel_url"], {})

    assert (quantities(shopper), counters(bottle), holds(state="held")) == ([7], (10, 7), [("held", 7)])


def test_the_order_of_a_cart_that_is_gone_gives_back_its_stock(alice, bottle):
    seat(alice, bottle, 4)
    checkout_of = let_wait(alice, check_payment=Pending("ref"), cancel_payment=True)
    Cart.objects.all().delete()

    alice.post(checkout_of["cancel_url"], {})

    assert (order().state, counters(bottle)) == ("cancelled", (10, 0))


def test_a_hold_without_its_line_is_released(guest, bottle):
    """A host's own code has taken a line out of the cart without its lock."""
    merlot = make_bottle(5)
    seat(guest, bottle, 2)
    seat(guest, merlot, 5)
    SeatLine.objects.filter(bottle=merlot).delete()
    let_wait(guest)

    assert (counters(bottle), counters(merlot)) == ((10, 2), (5, 0))


def test_a_repeated_key_holds_nothing_again(shopper, bottle):
    seat(shopper, bottle, 4)
    get_ready(shopper, "ScriptedCard")
    ScriptedCard.script(start_payment=Pending("ref"), check_payment=received(40))
    codes = [shopper.checkout(idempotency_key="k").status_code for _ in range(3)]

    assert (codes, counters(bottle), moved()) == ([202, 200, 200], (6, 0), [("sale", -4)])
