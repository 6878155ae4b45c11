"""``is_complete``, ``incomplete_reasons`` and ``checkout_steps`` (L5, L6, L24, L30, S9)."""

import pytest
from django.test import override_settings

from lorikeet.exceptions import IncompleteCartError
from tests.testapp.clients import CART, NEW_ITEM

ADDRESS = {"code": "not_set", "field": "delivery_address", "message": "A delivery address is required."}
METHOD = {"code": "not_set", "field": "payment_method", "message": "A payment method is required."}
EMPTY = {"code": "empty", "field": "items", "message": "There are no items in the cart."}
EMAIL = {"code": "not_set", "field": "email", "message": "An email address is required."}


def state(browser):
    cart = browser.cart()
    return cart["is_complete"], cart["incomplete_reasons"]


def steps(browser):
    return {step["name"]: step["state"] for step in browser.cart()["checkout_steps"]}


def test_a_cart_with_an_item_only_lacks_the_rest_in_this_order(guest, wine):
    guest.add_wine(wine)

    assert state(guest) == (False, [ADDRESS, METHOD, EMAIL])


def test_a_user_is_not_asked_for_an_address_to_write_to(alice, wine):
    alice.add_wine(wine)

    assert state(alice) == (False, [ADDRESS, METHOD])


def test_a_ready_cart_is_complete_and_has_no_reasons(shopper, wine):
    """L20."""
    shopper.get_ready(wine)

    assert state(shopper) == (True, [])


def test_a_cart_without_items_is_not_complete(shopper, wine):
    line = shopper.get_ready(wine)

    shopper.delete(line["url"])

    assert state(shopper) == (False, [EMPTY])


def test_deselecting_the_address_makes_the_cart_incomplete(shopper, wine):
    shopper.get_ready(wine)

    shopper.patch(shopper.cart()["delivery_addresses"][0]["url"], {"selected": False})

    assert state(shopper) == (False, [ADDRESS])


def test_deleting_the_card_makes_the_cart_incomplete(shopper, wine):
    shopper.get_ready(wine)

    shopper.delete(shopper.cart()["payment_methods"][0]["url"])

    assert state(shopper) == (False, [METHOD])


def test_a_cart_that_costs_nothing_needs_no_payment_method(guest, wine):
    """T19."""
    guest.add_wine(wine)
    guest.add_address()
    guest.patch(CART, {"email": "joe@example.com"})

    guest.add_adjustment("AmountOff", amount="12")

    assert state(guest) == (True, [])


def test_a_line_may_say_why_it_is_not_complete(shopper, wine):
    shopper.get_ready(wine)

    shopper.add(NEW_ITEM, "MoodyLine", mood="unready")

    assert state(shopper) == (False, [{"code": "moody", "field": "items", "message": "Not in the mood."}])


def test_a_line_may_object_at_checkout_only(shopper, wine):
    shopper.get_ready(wine)

    shopper.add(NEW_ITEM, "MoodyLine", mood="unready_at_checkout")

    assert state(shopper) == (True, [])


def refuse(cart):
    """A checker of the host."""
    raise IncompleteCartError("closed", "The shop is closed.", None)


@override_settings(LORIKEET_CART_COMPLETE_CHECKERS=["tests.api.test_completeness.refuse"])
def test_the_host_chooses_the_checkers(guest):
    assert state(guest) == (False, [{"code": "closed", "field": None, "message": "The shop is closed."}])


@override_settings(LORIKEET_CART_COMPLETE_CHECKERS=[])
def test_without_checkers_every_cart_is_complete(guest):
    assert state(guest) == (True, [])


def test_the_first_step_that_lacks_something_is_the_current_one(alice, wine):
    alice.add_wine(wine)

    assert steps(alice) == {"items": "done", "delivery": "current", "payment": "todo"}


def test_a_step_done_out_of_order_is_done(alice, wine):
    """Nothing forces an order of steps."""
    alice.add_wine(wine)

    alice.add_card()

    assert steps(alice) == {"items": "done", "delivery": "current", "payment": "done"}


def test_the_payment_step_is_the_last(alice, wine):
    alice.add_wine(wine)

    alice.add_address()

    assert steps(alice) == {"items": "done", "delivery": "done", "payment": "current"}


def test_every_step_of_a_ready_cart_is_done(shopper, wine):
    shopper.get_ready(wine)

    assert set(steps(shopper).values()) == {"done"}


@pytest.mark.parametrize("currency", ["AUD", "JPY"])
def test_completeness_does_not_depend_on_the_currency(alice, wine, currency):
    with override_settings(LORIKEET_CURRENCY=currency):
        alice.get_ready(wine)

        assert state(alice) == (True, [])
