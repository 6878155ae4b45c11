"""A checkout that waits: its answers, and ``pending_checkout`` in the cart."""

from decimal import Decimal

import pytest

from lorikeet.models import Order
from lorikeet.outcomes import NotFound, Paid, Pending
from lorikeet.recovery import tick
from tests.faults.databases import pass_time
from tests.testapp.clients import CART, NEW_ITEM, NEW_PAYMENT_METHOD
from tests.testapp.models import ScriptedCard

from .payers import ACTION, charge, get_ready, order, start_waiting

PAID = Paid("ref", Decimal("12"), "AUD")


def shown(state="pending", info=None, provider="ScriptedCard"):
    """Return what the client may know of the one order there is."""
    row = order()
    url = f"/_cart/checkout/{row.uuid}/"
    return {
        "id": str(row.uuid),
        "order": row.pk,
        "state": state,
        "payment_method": provider,
        "info": info,
        "expires_at": row.expires_at.timestamp(),
        "url": url,
        "confirm_url": f"{url}confirm/",
        "cancel_url": f"{url}cancel/",
    }


def test_an_action_is_answered_202_with_what_the_browser_has_to_do(shopper, wine):
    get_ready(shopper, wine)
    ScriptedCard.script(start_payment=Pending("ref", action=ACTION))

    response = shopper.checkout()

    assert response.status_code == 202
    assert response.json() == {
        "reason": "action_required",
        "payment_method": "ScriptedCard",
        "info": ACTION,
        "id": order().pk,
        "checkout": shown(),
    }
    assert "Retry-After" not in response


@pytest.mark.parametrize(
    "answer",
    [
        lambda attempt: Pending("ref", action={"sum": float("nan")}),
        lambda attempt: Pending("ref", action="\ud800"),
        lambda attempt: Pending("ref\0"),
        lambda attempt: Pending("ref", expires_at="tomorrow"),
        lambda attempt: Paid("ref", Decimal("12.001"), "AUD"),
        lambda attempt: Paid("ref", Decimal("12"), "AUD", "a receipt"),
    ],
    ids=["nan", "surrogate", "NUL", "moment", "amount", "payment"],
)
def test_an_answer_of_a_provider_that_cannot_be_is_no_error_of_the_shop(shopper, wine, answer):
    get_ready(shopper, wine)
    ScriptedCard.script(start_payment=answer, check_payment=answer)

    responses = [shopper.checkout(), shopper.checkout()]

    assert [(response.status_code, response.json()["reason"]) for response in responses] == [(202, "pending")] * 2
    assert (charge().state, charge().attention) == ("unknown", "unresolved")


@pytest.mark.parametrize("action", ["token", 0, [], {}, False])
def test_an_action_may_be_any_json_value(shopper, wine, action):
    get_ready(shopper, wine)
    ScriptedCard.script(start_payment=Pending("ref", action=action))

    response = shopper.checkout()

    assert (response.json()["reason"], response.json()["info"]) == ("action_required", action)


def test_a_provider_that_has_not_decided_is_answered_202_to_come_again(shopper, wine):
    get_ready(shopper, wine)
    ScriptedCard.script(start_payment=Pending("ref"))

    response = shopper.checkout()

    assert response.status_code == 202
    assert response["Retry-After"] == "1"
    assert response.json() == {"reason": "pending", "id": order().pk, "checkout": shown()}


def test_a_provider_that_does_not_answer_is_answered_in_the_same_way(shopper, wine):
    get_ready(shopper, wine)
    ScriptedCard.script(start_payment=TimeoutError("No answer."))

    response = shopper.checkout()

    assert response.status_code == 202
    assert response["Retry-After"] == "1"
    assert response.json() == {"reason": "pending", "id": order().pk, "checkout": shown()}
    assert charge().state == "unknown"


def test_the_cart_shows_the_checkout_that_waits(shopper, wine):
    checkout = start_waiting(shopper, wine)

    cart = shopper.cart()

    assert cart["pending_checkout"] == checkout
    assert (cart["items"], cart["grand_total"]) == ([], "0.00")


def test_the_cart_does_not_tell_the_action(shopper, wine):
    """It is for the browser that asked, and is not stored."""
    start_waiting(shopper, wine, action={"client_secret": "very secret"})

    assert b"very secret" not in shopper.get(CART).content


def test_reading_the_cart_asks_no_provider(shopper, wine):
    start_waiting(shopper, wine)
    shopper.get(CART)

    assert ScriptedCard.asked == []


def test_checkout_again_asks_the_provider_and_places_the_order(shopper, wine):
    start_waiting(shopper, wine)
    ScriptedCard.script(check_payment=PAID)

    response = shopper.checkout()

    assert response.status_code == 200
    assert response.json()["id"] == order().pk
    assert [name for name, _ in ScriptedCard.asked] == ["check_payment"]


def test_checkout_again_tells_the_action_again(shopper, wine):
    checkout = start_waiting(shopper, wine)
    ScriptedCard.script(check_payment=Pending("ref", action=ACTION))

    response = shopper.checkout()

    assert response.status_code == 202
    assert (response.json()["reason"], response.json()["info"]) == ("action_required", ACTION)
    assert response.json()["checkout"] == checkout
    assert Order.objects.count() == 1


def test_the_cart_waits_for_nothing_any_more_when_it_is_paid(shopper, wine):
    start_waiting(shopper, wine)
    ScriptedCard.script(check_payment=PAID)

    shopper.checkout()

    assert shopper.cart()["pending_checkout"] is None


def test_a_line_added_meanwhile_waits_for_the_next_checkout(shopper, wine):
    start_waiting(shopper, wine)
    line = shopper.add(NEW_ITEM, "MoodyLine", amount="7")
    ScriptedCard.script(check_payment=PAID)
    response = shopper.checkout()

    assert (response.status_code, response.json()["id"]) == (200, order().pk)
    assert [item["url"] for item in shopper.cart()["items"]] == [line["url"]]
    assert order().grand_total == Decimal("12")


def test_the_etag_of_the_cart_changes_when_the_checkout_ends(shopper, wine):
    start_waiting(shopper, wine)
    etag = shopper.etag()
    ScriptedCard.script(check_payment=PAID)

    shopper.checkout()

    assert shopper.etag() != etag


def test_an_order_whose_outcome_is_unknown_is_shown_as_unknown(shopper, wine):
    """The staff were told after a quarter of an hour."""
    get_ready(shopper, wine)
    ScriptedCard.script(start_payment=TimeoutError(), check_payment=TimeoutError())
    shopper.checkout()
    pass_time(minutes=16)
    tick()
    response = shopper.checkout()

    assert response.status_code == 202
    assert response.json()["checkout"] == shown("unknown")
    assert shopper.cart()["pending_checkout"] == shown("unknown")


def test_an_order_that_expired_is_refused_and_its_lines_are_back(shopper, wine):
    start_waiting(shopper, wine)
    pass_time(minutes=31)
    ScriptedCard.script(check_payment=Pending("ref"), cancel_payment=True)

    response = shopper.checkout()

    assert response.status_code == 422
    assert response.json() == {
        "reason": "payment",
        "payment_method": "ScriptedCard",
        "info": {"code": "expired", "message": "The time to pay is over."},
    }
    assert response["X-API-Error"] == "The time to pay is over."
    assert [item["total"] for item in shopper.cart()["items"]] == ["12.00"]


def test_an_order_that_was_paid_at_the_last_moment_is_placed_after_it_expired(shopper, wine):
    start_waiting(shopper, wine)
    pass_time(minutes=31)
    ScriptedCard.script(check_payment=PAID)

    assert shopper.checkout().status_code == 200


def test_an_expired_order_whose_provider_cannot_be_stopped_goes_on_waiting(shopper, wine):
    start_waiting(shopper, wine)
    pass_time(minutes=31)
    ScriptedCard.script(check_payment=Pending("ref"), cancel_payment=False)

    response = shopper.checkout()

    assert (response.status_code, response.json()["reason"]) == (202, "pending")
    assert shopper.cart()["items"] == []


def test_a_payment_that_was_begun_and_left_is_given_up_by_recovery(shopper, wine):
    get_ready(shopper, wine)
    ScriptedCard.script(start_payment=Pending("ref", action=ACTION))
    shopper.checkout(idempotency_key="k")
    pass_time(minutes=2)
    ScriptedCard.script(check_payment=NotFound(), cancel_payment=True)
    tick()

    response = shopper.checkout(idempotency_key="k")

    assert response.status_code == 422
    assert response.json()["info"] == {"code": "abandoned", "message": "The payment was not completed."}
    assert len(shopper.cart()["items"]) == 1


def choose(browser, what):
    """Select something else to pay with or to deliver to, and leave what was selected where it is."""
    if what == "card":
        browser.add(NEW_PAYMENT_METHOD, "ScriptedCard", token="tok_other")
    elif what == "address":
        browser.add_address(addressee="Another person")


def leave_without_an_answer(browser, wine):
    """Check out with a card whose provider never hears of it."""
    get_ready(browser, wine)
    ScriptedCard.script(start_payment=TimeoutError())
    assert browser.checkout().status_code == 202
    ScriptedCard.script(check_payment=NotFound(), cancel_payment=True, start_payment=PAID)


@pytest.mark.parametrize("what", ["card", "address"])
def test_a_shopper_who_chose_otherwise_is_not_charged_for_the_first_choice(shopper, wine, what):
    leave_without_an_answer(shopper, wine)
    choose(shopper, what)
    response = shopper.checkout()

    assert (response.status_code, response.json()["info"]["code"]) == (422, "abandoned")
    assert [name for name, _ in ScriptedCard.asked] == ["check_payment", "cancel_payment"]
    assert (order().state, charge().state) == ("cancelled", "failed")


@pytest.mark.parametrize("what", ["card", "address"])
def test_the_next_checkout_uses_the_new_choice(shopper, wine, what):
    leave_without_an_answer(shopper, wine)
    first = order()
    choose(shopper, what)
    shopper.checkout()

    response = shopper.checkout()

    placed = Order.objects.placed().get()
    assert (response.status_code, response.json()["id"]) == (200, placed.pk)
    assert (placed.payment_method_id != first.payment_method_id) is (what == "card")
    assert (placed.delivery_address_id != first.delivery_address_id) is (what == "address")


def test_a_removed_card_is_not_charged(shopper, wine):
    leave_without_an_answer(shopper, wine)
    (card,) = shopper.cart()["payment_methods"]
    assert shopper.delete(card["url"]).status_code == 204

    response = shopper.checkout()

    assert (response.status_code, response.json()["info"]["code"]) == (422, "abandoned")


def test_an_unchanged_choice_goes_on_with_the_same_payment(shopper, wine):
    leave_without_an_answer(shopper, wine)
    response = shopper.checkout()

    assert (response.status_code, response.json()["id"]) == (200, order().pk)
    assert [name for name, _ in ScriptedCard.asked] == ["check_payment", "start_payment"]


def test_another_choice_does_not_undo_what_was_paid(shopper, wine):
    leave_without_an_answer(shopper, wine)
    ScriptedCard.script(check_payment=PAID)
    choose(shopper, "card")

    response = shopper.checkout()

    assert (response.status_code, response.json()["id"]) == (200, order().pk)
