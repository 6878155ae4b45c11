"""Stock that is held from the moment that the order is made (``Policy.AT_PLACING``), seen through the API."""

import pytest

from lorikeet.extensions.stock.models import Hold, Movement
from lorikeet.models import PaymentAttempt
from lorikeet.outcomes import Pending
from lorikeet.payments import decide
from lorikeet.recovery import tick
from lorikeet.sale.settle import settle
from tests.extensions.goods.factories import make_bottle, make_gadget
from tests.testapp.clients import NEW_ITEM
from tests.testapp.models import ScriptedCard

from .shopping import (
    add,
    counters,
    get_ready,
    holds,
    let_wait,
    moved,
    order,
    out_of_stock,
    pass_time,
    reasons,
    received,
    try_to_add,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_order")]


# what the cart shows


def test_a_line_that_asks_for_more_than_is_left_says_so(shopper):
    line = add(shopper, make_bottle(3, name="Moscato"), 5)

    assert reasons(shopper) == [out_of_stock("5 × Moscato", line["url"], 5, 3)]
    assert shopper.cart()["is_complete"] is False


@pytest.mark.parametrize("left", [0, 1])
def test_the_message_says_how_many_are_left(guest, left):
    line = add(guest, make_bottle(left, name="Moscato"), 2)

    assert reasons(guest) == [out_of_stock("2 × Moscato", line["url"], 2, left)]


def test_a_line_that_asks_for_all_that_is_left_lacks_nothing(shopper, bottle):
    add(shopper, bottle, 10)
    get_ready(shopper)

    assert shopper.cart()["incomplete_reasons"] == []


def test_the_reason_belongs_to_the_step_of_the_items(guest, bottle):
    add(guest, bottle, 11)

    assert guest.cart()["checkout_steps"][0] == {"name": "items", "state": "current"}


def test_a_line_in_a_cart_holds_nothing(shopper, bottle):
    add(shopper, bottle, 3)

    assert (counters(bottle), holds()) == ((10, 0), [])


def test_adding_more_than_there_are_is_no_error(shopper, bottle):
    response = try_to_add(shopper, bottle, 10_000)

    assert response.status_code == 201


def test_stock_ordered_by_others_is_not_left(guest, alice, bottle):
    add(alice, bottle, 8)
    let_wait(alice)
    line = add(guest, bottle, 3)

    assert reasons(guest) == [out_of_stock("3 × Moscato", line["url"], 3, 2)]


def test_of_two_lines_that_share_the_stock_the_later_one_is_short(guest):
    bottle, other = make_bottle(3, name="Moscato"), make_bottle(1)
    add(guest, bottle, 2)
    hamper = guest.add(NEW_ITEM, "HamperOfBottles", first=bottle.pk, second=other.pk)

    assert reasons(guest) == [out_of_stock("1 × hamper", hamper["url"], 2, 1)]


def test_a_bundle_is_short_of_what_is_missing_in_it(guest):
    hamper = guest.add(NEW_ITEM, "HamperOfBottles", first=make_bottle(6).pk, second=make_bottle(2).pk, quantity=3)

    assert reasons(guest) == [out_of_stock("3 × hamper", hamper["url"], 3, 2)]


def test_a_product_without_any_record_is_not_there(guest):
    line = guest.add(NEW_ITEM, "GadgetLine", gadget=make_gadget().pk)

    assert [reason["data"] for reason in reasons(guest)] == [{"item": line["url"], "asked": 1, "available": 0}]


def test_the_cart_is_another_one_once_its_stock_is_gone(guest, alice, bottle):
    """A shopper who saw a complete cart is told at the checkout that it is incomplete now."""
    add(guest, bottle, 3)
    get_ready(guest)
    seen = guest.etag()
    add(alice, bottle, 8)
    let_wait(alice)

    response = guest.checkout(if_match=seen)

    assert (response.status_code, counters(bottle)) == (412, (10, 8))


# checkout


def test_a_checkout_of_more_than_is_left_is_answered_409_and_changes_nothing(shopper, bottle, unchanged):
    """X35: the answer names the product; T20, T23."""
    line = add(shopper, bottle, 11)
    get_ready(shopper)
    before = shopper.cart()

    with unchanged():
        response = shopper.checkout()

    assert response.status_code == 409
    assert response.json() == {
        "reason": "conflict",
        "info": [out_of_stock("11 × Moscato", line["url"], 11, 10)],
    }
    assert response["X-API-Error"] == "11 \\xd7 Moscato: only 10 are left."
    assert shopper.cart() == before


def test_every_line_that_is_short_is_named(guest, bottle, unchanged):
    first = add(guest, bottle, 11)
    add(guest, make_bottle(10), 10)
    last = add(guest, make_bottle(0, name="Merlot"))
    get_ready(guest)

    with unchanged():
        response = guest.checkout()

    assert response.json()["info"] == [
        out_of_stock("11 × Moscato", first["url"], 11, 10),
        out_of_stock("1 × Merlot", last["url"], 1, 0),
    ]


def test_lines_without_any_record_are_named_beside_the_others(guest, bottle, unchanged):
    gadgets = [guest.add(NEW_ITEM, "GadgetLine", gadget=make_gadget().pk) for _ in range(2)]
    line = add(guest, bottle, 11)
    get_ready(guest)

    with unchanged():
        response = guest.checkout()

    assert response.status_code == 409
    assert [entry["data"]["item"] for entry in response.json()["info"]] == [
        *(gadget["url"] for gadget in gadgets),
        line["url"],
    ]


def test_of_two_lines_that_share_the_stock_the_later_one_is_refused(guest, unchanged):
    bottle = make_bottle(3)
    add(guest, bottle, 2)
    hamper = guest.add(NEW_ITEM, "HamperOfBottles", first=bottle.pk, second=make_bottle(1).pk)
    get_ready(guest)

    with unchanged():
        response = guest.checkout()

    assert response.json()["info"] == [out_of_stock("1 × hamper", hamper["url"], 2, 1)]


def test_lines_that_share_the_stock_are_held_together(guest):
    bottle = make_bottle(4)
    add(guest, bottle, 2)
    guest.add(NEW_ITEM, "HamperOfBottles", first=bottle.pk, second=make_bottle(1).pk)

    let_wait(guest)

    assert (counters(bottle), sorted(holds())) == ((4, 4), [("held", 1), ("held", 2), ("held", 2)])


def test_a_payment_that_waits_holds_the_stock(shopper, bottle):
    line = add(shopper, bottle, 3)

    let_wait(shopper)

    hold = Hold.objects.get()
    assert counters(bottle) == (10, 3)
    assert (hold.state, hold.quantity, hold.order, hold.cart, hold.expires_at) == ("held", 3, order(), None, None)
    assert f"/_cart/{hold.line_id}/" == line["url"]


def test_a_sale_takes_the_stock(shopper, bottle):
    """X36: 10 - 3 = 7."""
    add(shopper, bottle, 3)
    get_ready(shopper)

    assert shopper.checkout().status_code == 200

    assert (counters(bottle), holds()) == ((7, 0), [("consumed", 3)])


def test_a_sale_is_among_the_movements(shopper, bottle):
    add(shopper, bottle, 3)
    get_ready(shopper)
    shopper.checkout()

    sale = Movement.objects.get(kind="sale")
    assert (sale.stock, sale.quantity, sale.by, sale.reason) == (bottle.stock, -3, None, "")
    assert sale.hold.order == order()


def test_a_payment_that_comes_through_later_takes_what_was_held(shopper, bottle):
    add(shopper, bottle, 3)
    checkout = let_wait(shopper)
    ScriptedCard.script(check_payment=received(30))

    response = shopper.post(checkout["confirm_url"], {})

    assert (response.status_code, counters(bottle), holds()) == (200, (7, 0), [("consumed", 3)])


def test_a_confirmation_again_sells_nothing_again(shopper, bottle):
    add(shopper, bottle, 3)
    checkout = let_wait(shopper)
    ScriptedCard.script(check_payment=received(30))

    codes = [shopper.post(checkout["confirm_url"], {}).status_code for _ in range(2)]

    assert (codes, counters(bottle), moved()) == ([200, 200], (7, 0), [("sale", -3)])


def test_the_same_key_again_holds_nothing_again(shopper, bottle):
    add(shopper, bottle, 3)
    get_ready(shopper, "ScriptedCard")
    ScriptedCard.script(start_payment=Pending("ref"), check_payment=Pending("ref"))

    codes = [shopper.checkout(idempotency_key="k").status_code for _ in range(2)]

    assert (codes, counters(bottle), holds()) == ([202, 202], (10, 3), [("held", 3)])


def test_a_shopper_who_cancels_gives_the_stock_back(shopper, bottle):
    add(shopper, bottle, 3)
    checkout = let_wait(shopper, check_payment=Pending("ref"), cancel_payment=True)

    response = shopper.post(checkout["cancel_url"], {})

    assert (response.status_code, order().state) == (200, "cancelled")
    assert (counters(bottle), holds(), moved()) == ((10, 0), [("released", 3)], [])


def test_a_refused_payment_gives_the_stock_back(shopper, bottle):
    add(shopper, bottle, 3)
    get_ready(shopper, token="tok_declined")

    response = shopper.checkout()

    assert response.status_code == 422
    assert (counters(bottle), holds(), moved()) == ((10, 0), [("released", 3)], [])


def test_after_a_refused_payment_the_same_cart_can_be_paid(shopper, bottle):
    add(shopper, bottle, 10)
    get_ready(shopper, token="tok_declined")
    shopper.checkout()
    shopper.add_card()

    response = shopper.checkout()

    assert (response.status_code, counters(bottle)) == (200, (0, 0))
    assert holds() == [("released", 10), ("consumed", 10)]


def test_a_payment_whose_provider_cannot_be_asked_keeps_its_stock(shopper, bottle):
    """Unknown is a state: nothing is sold twice before the staff have looked."""
    add(shopper, bottle, 3)
    get_ready(shopper, token="tok_raising")
    shopper.checkout()
    pass_time(days=2)
    tick()

    assert (order().state, counters(bottle)) == ("pending", (10, 3))


@pytest.mark.parametrize(("is_paid", "left"), [(True, (7, 0)), (False, (10, 0))])
def test_a_decision_of_the_staff_takes_the_stock_or_gives_it_back(shopper, bottle, is_paid, left):
    add(shopper, bottle, 3)
    get_ready(shopper, token="tok_raising")
    shopper.checkout()
    decide(PaymentAttempt.objects.get(), is_paid)

    assert counters(bottle) == left


def test_a_card_payment_that_is_never_finished_gives_the_stock_back_after_half_an_hour(shopper, bottle):
    add(shopper, bottle, 3)
    let_wait(shopper, check_payment=Pending("ref"), cancel_payment=True)
    pass_time(minutes=29)
    tick()
    before = counters(bottle)
    pass_time(minutes=2)

    tick()

    assert (before, counters(bottle), order().cancel_reason) == ((10, 3), (10, 0), "expired")


def test_a_payment_that_cannot_be_stopped_keeps_its_stock(shopper, bottle):
    """Fence, then release."""
    add(shopper, bottle, 3)
    let_wait(shopper, check_payment=Pending("ref"), cancel_payment=TimeoutError())
    pass_time(minutes=31)
    tick()

    assert (order().state, counters(bottle)) == ("pending", (10, 3))


def test_money_that_comes_too_late_sells_nothing(shopper, bottle):
    add(shopper, bottle, 3)
    let_wait(shopper, check_payment=Pending("ref"), cancel_payment=True)
    pass_time(minutes=31)
    tick()

    settle(PaymentAttempt.objects.get(), received(30))

    assert (order().state, counters(bottle), moved()) == ("cancelled", (10, 0), [])
