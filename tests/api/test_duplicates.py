"""The same again while an order of it waits is taken for a mistake, unless the shopper says that they want two."""

from decimal import Decimal

import pytest

from lorikeet.models import Order, PaymentAttempt
from lorikeet.outcomes import Paid, Pending
from lorikeet.recovery import tick
from tests.faults.databases import pass_time
from tests.testapp.clients import CHECKOUT, NEW_PAYMENT_METHOD
from tests.testapp.factories import make_wine
from tests.testapp.models import ScriptedCard, SimpleCard

from .payers import get_ready


def park(shopper, wine):
    """Make an order whose outcome cannot be known; the cart is free for another."""
    get_ready(shopper, wine, "SimpleCard")
    response = shopper.checkout()
    assert response.status_code == 202
    assert PaymentAttempt.objects.get().is_parked
    return response.json()


@pytest.fixture
def parked(shopper, wine, settings):
    """The answer to a checkout that was parked, because its provider cannot be reached."""
    settings.PROVIDER_URL = "http://127.0.0.1:9"
    return park(shopper, wine)


def test_the_same_again_is_answered_202_with_the_order_that_waits(shopper, wine, parked):
    shopper.add_wine(wine)

    response = shopper.checkout()

    assert response.status_code == 202
    assert response.json() == {**parked, "duplicate": True}
    assert Order.objects.count() == 1


def test_nothing_is_taken_out_of_the_cart(shopper, wine, parked):
    shopper.add_wine(wine)
    cart = shopper.cart()

    shopper.checkout()

    assert shopper.cart() == cart


def test_a_shopper_who_wants_two_says_so(shopper, wine, parked):
    get_ready(shopper, wine)
    ScriptedCard.script(start_payment=Paid("ref", Decimal("12"), "AUD"))
    response = shopper.post(CHECKOUT, {"confirm_duplicate": True})

    assert response.status_code == 200
    assert response.json()["id"] != parked["id"]
    assert list(Order.objects.order_by("pk").values_list("state", flat=True)) == ["pending", "placed"]


def test_saying_no_is_the_same_as_saying_nothing(shopper, wine, parked):
    shopper.add_wine(wine)

    response = shopper.post(CHECKOUT, {"confirm_duplicate": False})

    assert (response.status_code, response.json()["duplicate"]) == (202, True)


@pytest.mark.parametrize("difference", ["quantity", "product", "adjustment", "price", "address", "payment method"])
def test_a_different_cart_is_no_duplicate(shopper, wine, parked, difference):
    other = make_wine() if difference == "product" else wine
    shopper.add_wine(other)
    if difference == "payment method":
        shopper.add(NEW_PAYMENT_METHOD, "ScriptedCard", token="tok_scripted")
    if difference == "address":
        shopper.add_address(addressee="Another person")
    if difference == "quantity":
        shopper.add_wine(wine)
    if difference == "adjustment":
        shopper.add_adjustment("ShareOff", parts=10)
    if difference == "price":
        type(wine).objects.update(unit_price=Decimal("13"))
    ScriptedCard.script(start_payment=Paid("ref", Decimal(12), "AUD"))

    response = shopper.checkout()

    assert (response.status_code, "duplicate" in response.json()) == (200 if "method" in difference else 202, False)
    assert Order.objects.count() == 2


def test_after_half_an_hour_the_same_is_no_duplicate(shopper, wine, parked):
    pass_time(minutes=31)
    get_ready(shopper, wine)
    ScriptedCard.script(start_payment=Paid("ref", Decimal("12"), "AUD"))

    assert shopper.checkout().status_code == 200


def test_the_same_cart_of_another_shopper_is_no_duplicate(shopper, wine, parked, mallory):
    get_ready(mallory, wine)
    ScriptedCard.script(start_payment=Paid("ref", Decimal("12"), "AUD"))

    assert mallory.checkout().status_code == 200


def test_a_placed_order_may_be_bought_again_at_once(shopper, wine):
    ScriptedCard.script(start_payment=[Paid(f"ref{number}", Decimal("12"), "AUD") for number in range(2)])
    answers = []
    for _ in range(2):
        get_ready(shopper, wine)
        answers.append(shopper.checkout())

    assert [answer.status_code for answer in answers] == [200, 200]


@pytest.mark.parametrize("body", [{"confirm_duplicate": 1}, {"confirm_duplicate": "true"}, {"confirm_duplicate": None}])
def test_anything_but_true_or_false_is_refused(shopper, wine, unchanged, body):
    get_ready(shopper, wine)

    with unchanged():
        response = shopper.post(CHECKOUT, body)

    assert response.status_code == 400
    assert response.json() == {"confirm_duplicate": ["This must be true or false."]}


def test_a_duplicate_of_what_waits_for_an_action_says_so(alice, wine, provider):
    """It is paid elsewhere, and the cart is free."""
    get_ready(alice, wine, "Transfer")
    first = alice.checkout().json()
    alice.add_wine(wine)

    response = alice.checkout()

    assert response.status_code == 202
    assert response.json() == {**first, "duplicate": True}
    assert Order.objects.count() == 1


def test_a_parked_order_is_not_charged_again_by_anything(shopper, wine, provider):
    """The simple path: at most once."""
    provider.plan(charge=["timeout_after"])
    answer = park(shopper, wine)

    pass_time(hours=2)
    tick()
    shopper.post(answer["checkout"]["confirm_url"], {})
    shopper.post(answer["checkout"]["cancel_url"], {})
    shopper.checkout()

    assert len(provider.journal("charge")) == 1
    assert PaymentAttempt.objects.get().is_parked
    assert SimpleCard.objects.get().active


def test_a_parked_order_does_not_block_another_checkout(shopper, wine, parked):
    cart = shopper.cart()

    assert cart["pending_checkout"] is None
    assert shopper.get(parked["checkout"]["url"]).json()["state"] == "unknown"


def test_a_twin_that_waits_is_asked_after(shopper, wine):
    """The answer has the present state of the order."""
    get_ready(shopper, wine)
    ScriptedCard.script(start_payment=Pending("ref"))
    first = shopper.checkout()
    Order.objects.update(slot=None)
    shopper.add_wine(wine)
    ScriptedCard.script(check_payment=Paid("ref", Decimal("12"), "AUD"))

    response = shopper.checkout()

    assert (response.status_code, response.json()["id"]) == (200, first.json()["id"])
    assert response.json()["duplicate"] is True
    assert len(shopper.cart()["items"]) == 1
