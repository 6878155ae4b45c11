"""``POST /_cart/checkout/<id>/confirm/``: the browser comes back from the action."""

from decimal import Decimal

import pytest

from lorikeet.exceptions import PaymentError
from lorikeet.models import Order
from lorikeet.outcomes import NotFound, Paid, Pending
from lorikeet.sale.leases import claim
from tests.faults.databases import pass_time
from tests.testapp.factories import make_user
from tests.testapp.models import ScriptedCard

from .payers import ACTION, charge, order, start_waiting

PAID = Paid("ref", Decimal("12"), "AUD")
BODIES = [{}, {"data": {}}, {"data": {"result": "passed"}}]


@pytest.mark.parametrize("body", BODIES)
def test_a_payment_that_was_made_places_the_order(shopper, wine, body):
    checkout = start_waiting(shopper, wine)
    ScriptedCard.script(check_payment=PAID)

    response = shopper.post(checkout["confirm_url"], body)

    assert response.status_code == 200
    assert response.json() == {"id": order().pk, "url": response["Location"]}
    assert order().state == "placed"


def test_an_empty_body_is_enough(shopper, wine):
    checkout = start_waiting(shopper, wine)
    ScriptedCard.script(check_payment=PAID)

    assert shopper.send("POST", checkout["confirm_url"], b"", content_type="").status_code == 200


def test_the_payment_method_is_given_the_data(shopper, wine):
    checkout = start_waiting(shopper, wine)
    given = []
    ScriptedCard.script(check_payment=PAID, confirm_payment=lambda attempt, data: given.append((attempt.pk, data)))

    shopper.post(checkout["confirm_url"], {"data": {"result": ["passed"]}})

    assert given == [(charge().pk, {"result": ["passed"]})]


def test_without_data_the_payment_method_is_only_asked(shopper, wine):
    checkout = start_waiting(shopper, wine)
    ScriptedCard.script(check_payment=PAID)

    shopper.post(checkout["confirm_url"], {})

    assert [name for name, _ in ScriptedCard.asked] == ["check_payment"]


def test_wrong_data_is_answered_400_naming_the_field(shopper, wine, unchanged):
    checkout = start_waiting(shopper, wine)

    with unchanged():
        response = shopper.post(checkout["confirm_url"], {"data": {"wrong": 1}})

    assert response.status_code == 400
    assert response.json() == {"wrong": ["This is wrong."]}
    assert response["X-API-Error"] == "This is wrong."


@pytest.mark.parametrize(
    ("body", "field"),
    [({"data": 7}, "data"), ({"data": None}, "data"), ([], "data"), ("x", "data"), ({"reference": "x"}, "reference")],
)
def test_a_body_of_another_shape_is_answered_400_naming_the_field(shopper, wine, unchanged, body, field):
    checkout = start_waiting(shopper, wine)

    with unchanged():
        response = shopper.post(checkout["confirm_url"], body)

    assert response.status_code == 400
    assert list(response.json()) == [field]
    assert ScriptedCard.asked == []


def test_wrong_data_may_be_corrected_at_once(shopper, wine):
    """The lease was given back."""
    checkout = start_waiting(shopper, wine)
    ScriptedCard.script(check_payment=PAID)
    shopper.post(checkout["confirm_url"], {"data": {"wrong": 1}})

    response = shopper.post(checkout["confirm_url"], {"data": {"result": "passed"}})

    assert response.status_code == 200


def test_a_failed_action_is_refused_and_the_cart_is_as_it_was(shopper, wine):
    checkout = start_waiting(shopper, wine)
    ScriptedCard.script(check_payment=PaymentError({"code": "3ds", "message": "You failed."}), cancel_payment=True)

    response = shopper.post(checkout["confirm_url"], {})

    assert response.status_code == 422
    assert response.json() == {
        "reason": "payment",
        "payment_method": "ScriptedCard",
        "info": {"code": "3ds", "message": "You failed."},
    }
    cart = shopper.cart()
    assert ([item["total"] for item in cart["items"]], cart["pending_checkout"]) == (["12.00"], None)


def test_an_action_that_is_still_to_be_done_is_told_again(shopper, wine):
    checkout = start_waiting(shopper, wine)
    ScriptedCard.script(check_payment=Pending("ref", action=ACTION))

    response = shopper.post(checkout["confirm_url"], {})

    assert response.status_code == 202
    assert response.json() == {
        "reason": "action_required",
        "payment_method": "ScriptedCard",
        "info": ACTION,
        "id": order().pk,
        "checkout": checkout,
    }


def test_a_payment_that_the_provider_waits_for_is_gone_on_with(shopper, wine):
    """It was made and not confirmed, and the shopper is there."""
    checkout = start_waiting(shopper, wine)
    ScriptedCard.script(check_payment=NotFound(), start_payment=PAID)

    response = shopper.post(checkout["confirm_url"], {})

    assert response.status_code == 200
    assert [name for name, _ in ScriptedCard.asked] == ["check_payment", "start_payment"]


def test_a_provider_that_does_not_answer_is_answered_202(shopper, wine):
    checkout = start_waiting(shopper, wine)
    ScriptedCard.script(check_payment=TimeoutError())

    response = shopper.post(checkout["confirm_url"], {})

    assert (response.status_code, response["Retry-After"]) == (202, "1")
    assert order().state == "pending"


def test_an_order_that_is_placed_is_answered_from_its_row(shopper, wine):
    checkout = start_waiting(shopper, wine)
    ScriptedCard.script(check_payment=PAID)
    first = shopper.post(checkout["confirm_url"], {})
    ScriptedCard.asked.clear()

    second = shopper.post(checkout["confirm_url"], {})

    assert second.status_code == 200
    assert second.json()["id"] == first.json()["id"]
    assert ScriptedCard.asked == []


def test_an_order_that_was_cancelled_is_answered_from_its_row(shopper, wine):
    checkout = start_waiting(shopper, wine)
    ScriptedCard.script(check_payment=PaymentError({"message": "No."}), cancel_payment=True)
    first = shopper.post(checkout["confirm_url"], {})
    ScriptedCard.asked.clear()

    second = shopper.post(checkout["confirm_url"], {})

    assert (second.status_code, second.json()) == (422, first.json())
    assert ScriptedCard.asked == []


def test_too_late_an_action_is_answered_with_that(shopper, wine):
    checkout = start_waiting(shopper, wine)
    pass_time(minutes=31)
    ScriptedCard.script(check_payment=Pending("ref", action=ACTION), cancel_payment=True)

    response = shopper.post(checkout["confirm_url"], {})

    assert (response.status_code, response.json()["info"]["code"]) == (422, "expired")


def test_a_guest_who_logged_in_meanwhile_confirms_their_order(guest, wine):
    checkout = start_waiting(guest, wine)
    guest.log_in(make_user())
    ScriptedCard.script(check_payment=PAID)
    response = guest.post(checkout["confirm_url"], {})

    assert response.status_code == 200
    assert Order.objects.get().state == "placed"
    assert guest.cart()["pending_checkout"] is None


def test_another_amount_than_agreed_places_nothing_and_is_owed_back(shopper, wine):
    checkout = start_waiting(shopper, wine)
    ScriptedCard.script(check_payment=Paid("ref", Decimal("11.99"), "AUD"))

    response = shopper.post(checkout["confirm_url"], {})

    assert (response.status_code, response.json()["info"]["code"]) == (422, "wrong_amount")
    owed = order().attempts.get(kind="refund")
    assert (owed.amount, owed.currency, owed.parent) == (Decimal("11.99"), "AUD", charge())
    assert [item["total"] for item in shopper.cart()["items"]] == ["12.00"]


def test_while_a_worker_has_the_lease_data_is_answered_503_to_retry(shopper, wine, unchanged):
    """The data of the browser must not be lost silently."""
    checkout = start_waiting(shopper, wine)
    claim(charge().pk)
    with unchanged():
        response = shopper.post(checkout["confirm_url"], {"data": {"result": "passed"}})

    assert (response.status_code, response["Retry-After"]) == (503, "1")
    assert ScriptedCard.asked == []


def test_data_that_could_not_be_checked_is_answered_503_to_retry(shopper, wine):
    checkout = start_waiting(shopper, wine)
    ScriptedCard.script(confirm_payment=TimeoutError())
    response = shopper.post(checkout["confirm_url"], {"data": {"result": "passed"}})

    assert (response.status_code, response["Retry-After"]) == (503, "1")
    assert (order().state, charge().lease) == ("pending", None)
