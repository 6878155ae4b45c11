"""Why a cart cannot be checked out yet: every reason, in order, and which step of the checkout each belongs to."""

from decimal import Decimal

import pytest
from django.db import connection
from django.test import override_settings
from django.test.utils import CaptureQueriesContext

from lorikeet import cart_checkers
from lorikeet.cart.completeness import checkout_steps, reasons
from lorikeet.cart.fetching import fetch_contents
from lorikeet.contents import CartContents
from lorikeet.exceptions import IncompleteCartError, IncompleteCartErrorSet
from lorikeet.models import Cart, EmptyCart
from lorikeet.pricing import price
from tests.testapp import models
from tests.testapp.factories import make_user
from tests.unit import add_wine, make_cart, ready_cart, select_address, select_card

NO_ADDRESS = {"code": "not_set", "field": "delivery_address", "message": "A delivery address is required."}
NO_METHOD = {"code": "not_set", "field": "payment_method", "message": "A payment method is required."}
NO_ITEMS = {"code": "empty", "field": "items", "message": "There are no items in the cart."}
NO_EMAIL = {"code": "not_set", "field": "email", "message": "An email address is required."}
MOODY = {"code": "moody", "field": "items", "message": "Not in the mood."}
NO_PRICE = {"code": "invalid_price", "field": "items", "message": "Something here has no valid price."}


def opening_hours(cart):
    raise IncompleteCartError("closed", "The shop is closed.")


def no_price_again(cart):
    raise IncompleteCartError(**NO_PRICE)


def found(cart, for_checkout=False):
    contents = fetch_contents(pk=cart.pk)
    return reasons(contents, price(contents), for_checkout).to_json()


def refusal(checker, cart):
    """Return the reason that a checker gives, or ``None``."""
    try:
        checker(cart)
    except IncompleteCartError as reason:
        return reason.to_json()


@pytest.mark.django_db
class TestCheckers:
    def test_an_address_is_required(self):
        cart = make_cart()

        assert refusal(cart_checkers.delivery_address_required, cart) == NO_ADDRESS
        select_address(cart)
        assert refusal(cart_checkers.delivery_address_required, cart) is None

    def test_a_payment_method_is_required(self):
        cart = make_cart()
        add_wine(cart)

        assert refusal(cart_checkers.payment_method_required, cart) == NO_METHOD
        select_card(cart)
        assert refusal(cart_checkers.payment_method_required, cart) is None

    def test_a_payment_method_is_required_while_the_cart_is_empty(self):
        assert refusal(cart_checkers.payment_method_required, make_cart()) == NO_METHOD

    def test_no_payment_method_is_required_for_what_costs_nothing(self):
        cart = make_cart()
        add_wine(cart, "12")
        models.AmountOff.objects.create(cart=cart, amount=Decimal("12"))

        assert refusal(cart_checkers.payment_method_required, cart) is None

    def test_an_item_is_required(self):
        cart = make_cart()

        assert refusal(cart_checkers.cart_not_empty, cart) == NO_ITEMS
        add_wine(cart)
        assert refusal(cart_checkers.cart_not_empty, cart) is None

    def test_a_guest_gives_an_email_address(self):
        assert refusal(cart_checkers.email_address_if_anonymous, make_cart(email="")) == NO_EMAIL
        assert refusal(cart_checkers.email_address_if_anonymous, make_cart()) is None

    def test_a_user_needs_none(self):
        assert refusal(cart_checkers.email_address_if_anonymous, make_cart(make_user())) is None

    def test_a_user_whose_account_has_no_email_address_gives_one(self):
        user = make_user(contact_email="")

        assert refusal(cart_checkers.email_address_if_anonymous, make_cart(user)) == NO_EMAIL
        assert refusal(cart_checkers.email_address_if_anonymous, EmptyCart(user=user)) == NO_EMAIL
        Cart.objects.update(email="joe@example.com")
        assert refusal(cart_checkers.email_address_if_anonymous, Cart.objects.get()) is None


@pytest.mark.django_db
def test_the_reasons_of_an_empty_cart_come_in_the_documented_order():
    assert found(make_cart(email="")) == [NO_ADDRESS, NO_METHOD, NO_ITEMS, NO_EMAIL]


@pytest.mark.django_db
def test_a_cart_that_lacks_nothing_has_no_reason():
    assert found(ready_cart()) == []


@pytest.mark.django_db
def test_the_rows_come_after_the_checkers_and_the_price_after_the_rows():
    cart = make_cart()
    models.MoodyLine.objects.create(cart=cart, mood="nan")
    models.MoodyLine.objects.create(cart=cart, mood="unready")

    with override_settings(LORIKEET_CART_COMPLETE_CHECKERS=["tests.unit.test_completeness.opening_hours"]):
        result = found(cart)

    assert result == [{"code": "closed", "field": None, "message": "The shop is closed."}, MOODY, NO_PRICE]


@pytest.mark.django_db
@pytest.mark.parametrize(("for_checkout", "expected"), [(False, []), (True, [MOODY])])
def test_rows_are_told_whether_an_order_is_about_to_be_made(for_checkout, expected):
    cart = ready_cart()
    models.MoodyLine.objects.create(cart=cart, mood="unready_at_checkout")

    assert found(cart, for_checkout) == expected


@pytest.mark.django_db
def test_adjustments_and_the_payment_method_are_asked_as_well(monkeypatch):
    def expired(card, for_checkout=False):
        raise IncompleteCartError("expired", "This card has expired.", "payment_method")

    def used_up(coupon, for_checkout=False):
        raise IncompleteCartError("used_up", "This coupon is used up.", "adjustments")

    monkeypatch.setattr(models.PretendCard, "check_complete", expired)
    monkeypatch.setattr(models.ShareOff, "check_complete", used_up)
    cart = ready_cart()
    models.ShareOff.objects.create(cart=cart)

    assert [reason["code"] for reason in found(cart)] == ["used_up", "expired"]


@pytest.mark.django_db
def test_a_payment_method_is_not_asked_when_nothing_is_to_pay(monkeypatch):
    def expired(card, for_checkout=False):
        raise IncompleteCartError("expired", "This card has expired.", "payment_method")

    monkeypatch.setattr(models.PretendCard, "check_complete", expired)
    cart = ready_cart(unit_price="12")
    models.AmountOff.objects.create(cart=cart, amount=Decimal("12"))

    assert found(cart) == []


@pytest.mark.django_db
def test_a_row_that_finds_several_reasons_gives_each(monkeypatch):
    def unready(coupon, for_checkout=False):
        raise IncompleteCartErrorSet([IncompleteCartError("too_old", "Too old."), IncompleteCartError("used", "Used.")])

    monkeypatch.setattr(models.ShareOff, "check_complete", unready)
    cart = ready_cart()
    models.ShareOff.objects.create(cart=cart)

    assert [reason["code"] for reason in found(cart)] == ["too_old", "used"]


@pytest.mark.django_db
def test_one_reason_is_given_once():
    cart = make_cart()
    models.MoodyLine.objects.create(cart=cart, mood="nan")
    models.MoodyLine.objects.create(cart=cart, mood="float")

    with override_settings(LORIKEET_CART_COMPLETE_CHECKERS=["tests.unit.test_completeness.no_price_again"]):
        assert found(cart) == [NO_PRICE]


@pytest.mark.django_db
def test_the_checkers_ask_the_database_nothing():
    contents = fetch_contents(pk=ready_cart().pk)
    totals = price(contents)

    with CaptureQueriesContext(connection) as queries:
        reasons(contents, totals)

    assert len(queries) == 0


@override_settings(LORIKEET_CART_COMPLETE_CHECKERS=[])
def test_a_shop_may_do_without_any_checker():
    contents = CartContents(Cart(currency="AUD"))

    assert not reasons(contents, price(contents))


def steps(*fields):
    found = IncompleteCartErrorSet(IncompleteCartError("x", "x", field) for field in fields)
    return [(step["name"], step["state"]) for step in checkout_steps(found)]


@pytest.mark.parametrize(
    ("fields", "states"),
    [
        ([], ("done", "done", "done")),
        (["items"], ("current", "done", "done")),
        (["delivery_address"], ("done", "current", "done")),
        (["email"], ("done", "current", "done")),
        (["payment_method"], ("done", "done", "current")),
        (["payment_method", "items"], ("current", "done", "todo")),
        (["email", "items", "payment_method"], ("current", "todo", "todo")),
    ],
)
def test_the_first_step_that_is_not_done_is_the_current_one(fields, states):
    assert steps(*fields) == list(zip(("items", "delivery", "payment"), states, strict=True))


@pytest.mark.parametrize(
    ("fields", "states"),
    [
        (["adjustments"], ("done", "done", "done", "current")),
        ([None], ("done", "done", "done", "current")),
        (["charges", "email"], ("done", "current", "done", "todo")),
    ],
)
def test_a_reason_without_a_step_opens_a_review_at_the_end(fields, states):
    assert steps(*fields) == list(zip(("items", "delivery", "payment", "review"), states, strict=True))
