"""What the models say of themselves: totals, names, URLs, and what they refuse to do."""

from decimal import Decimal
from uuid import UUID

import pytest
from django.db import connection
from django.db.models import ProtectedError
from django.test import override_settings
from django.test.utils import CaptureQueriesContext

from lorikeet.exceptions import IncompleteCartErrorSet
from lorikeet.models import (
    Adjustment,
    Cart,
    DeliveryAddress,
    EmptyCart,
    LineItem,
    Order,
    OrderCharge,
    Payment,
    PaymentAttempt,
    PaymentMethod,
)
from lorikeet.order_access import read_order_token
from tests.testapp import models
from tests.testapp.clients import STREET
from tests.testapp.factories import make_user
from tests.unit import add_wine, make_attempt, make_cart, make_order, ready_cart, select_address, select_card, sell

pytestmark = pytest.mark.django_db


def sold_line(order, total="12"):
    return sell(add_wine(make_cart(), "99"), order, total)


def sold_adjustment(order, total="-4"):
    return sell(models.ShareOff.objects.create(cart=make_cart(), parts=3), order, total)


# the parents


@pytest.mark.parametrize(
    ("row", "name"),
    [
        (LineItem(), "LineItem"),
        (Adjustment(), "Adjustment"),
        (DeliveryAddress(), "DeliveryAddress"),
        (PaymentMethod(), "PaymentMethod"),
        (Payment(), "Payment"),
    ],
)
def test_a_bare_parent_cannot_be_saved(row, name):
    with pytest.raises(TypeError) as refusal:
        row.save()

    assert str(refusal.value) == f"Lorikeet's {name} is to be subclassed: write class My{name}({name}) and save that."
    assert type(row).objects.count() == 0


def test_a_line_without_a_price_says_what_to_write():
    with pytest.raises(TypeError) as refusal:
        LineItem().get_total()

    assert str(refusal.value) == "Write LineItem.get_total(self), which returns the line's price as a Decimal."


def test_an_adjustment_without_a_price_says_what_to_write():
    with pytest.raises(TypeError) as refusal:
        Adjustment().get_total(Decimal(12))

    assert str(refusal.value) == "Write Adjustment.get_total(self, subtotal), which returns a Decimal."


def test_by_default_nothing_is_combined_objected_to_or_taken():
    line = models.BookLine()

    assert line.combine_with(models.BookLine()) is False
    assert line.check_complete(for_checkout=True) is None
    assert line.prepare_for_checkout() is None
    assert line.undo_checkout() is None
    assert PaymentMethod().check_complete(for_checkout=True) is None


def test_rows_made_by_a_guest_become_the_users():
    address, user = models.StreetAddress(), make_user()
    address.assign_to_user(user)

    assert address.user == user


# lines and adjustments


def test_the_total_of_a_line_in_a_cart_is_its_price_of_today():
    line = add_wine(make_cart(), "12", 3)

    models.Wine.objects.update(unit_price=Decimal("13"))

    assert models.WineLine.objects.get(pk=line.pk).total == Decimal("39")


def test_the_total_of_a_line_on_an_order_is_what_was_charged():
    assert str(sold_line(make_order(), "12.3").total) == "12.30"


def test_a_charged_amount_is_read_in_the_orders_currency():
    assert str(sold_line(make_order(currency="JPY"), "12").total) == "12"


def test_the_total_of_an_adjustment_in_a_cart_is_what_it_takes_off():
    cart = make_cart()
    add_wine(cart, "10")
    share = models.ShareOff.objects.create(cart=cart, parts=3)

    assert str(share.total) == "-3.33"


def test_the_total_of_an_adjustment_is_cut_as_in_the_cart():
    cart = make_cart()
    add_wine(cart, "10")
    off = models.AmountOff.objects.create(cart=cart, amount=Decimal("25"))

    assert str(off.total) == "-10.00"


def test_the_total_of_an_adjustment_on_an_order_is_what_was_charged():
    assert str(sold_adjustment(make_order(), "-4").total) == "-4.00"


def test_an_adjustment_in_no_cart_has_no_total():
    with pytest.raises(TypeError) as refusal:
        models.ShareOff(parts=3).total  # noqa: B018 - reading it is the act

    assert str(refusal.value) == "Put this adjustment into a cart first: elsewhere it has no total."


def test_an_adjustment_of_another_cart_has_no_total_in_this_one():
    stranger = models.ShareOff.objects.create(cart=make_cart())
    cart = make_cart()

    with pytest.raises(LookupError):
        cart.totals.of(stranger)


@pytest.mark.parametrize("make", [sold_line, sold_adjustment])
@pytest.mark.parametrize("action", ["save", "delete"])
def test_a_row_on_an_order_can_be_neither_changed_nor_deleted(unchanged, make, action):
    row = make(make_order())
    with unchanged(), pytest.raises(ValueError, match="This is on an order") as refusal:
        getattr(row, action)()

    assert str(refusal.value) == "This is on an order, which never changes; refund or cancel the order instead."


@pytest.mark.parametrize("make", [sold_line, sold_adjustment])
def test_a_row_read_before_the_sale_cannot_be_saved_after_it(unchanged, make):
    """Saved as it was read it would leave the order for the cart again."""
    cart = make_cart()
    row = add_wine(cart) if make is sold_line else models.ShareOff.objects.create(cart=cart)
    sell(row, make_order())

    with unchanged(), pytest.raises(ValueError, match="This is on an order"):
        row.save()


@pytest.mark.parametrize("make", [sold_line, sold_adjustment, make_attempt])
def test_an_order_cannot_be_deleted(unchanged, make):
    order = make_order()
    make(order)

    with unchanged(), pytest.raises(ProtectedError):
        order.delete()


# carts


def test_a_cart_sums_up_its_lines_adjustments_and_charges():
    cart = make_cart()
    add_wine(cart, "10", 2)
    models.AmountOff.objects.create(cart=cart, amount=Decimal("3"))

    with override_settings(LORIKEET_CHARGES=["tests.testapp.charges.Shipping"]):
        assert (cart.get_subtotal(), cart.get_grand_total()) == (Decimal("20.00"), Decimal("22.00"))


def test_a_cart_is_priced_once():
    cart = make_cart()
    add_wine(cart)
    cart.get_subtotal()

    with CaptureQueriesContext(connection) as queries:
        cart.get_grand_total()

    assert len(queries) == 0


def test_a_cart_that_is_loaded_again_is_priced_again():
    cart = make_cart()
    cart.get_subtotal()
    add_wine(cart)

    cart.load()

    assert cart.get_subtotal() == Decimal("12")


def test_a_cart_shows_what_is_selected_as_what_it_is():
    cart = make_cart()
    address, card = select_address(cart), select_card(cart)

    found = Cart.objects.get()

    assert (type(found.delivery_address), type(found.payment_method)) == (DeliveryAddress, PaymentMethod)
    assert (found.delivery_address_subclass, type(found.delivery_address_subclass)) == (address, models.StreetAddress)
    assert (found.payment_method_subclass, type(found.payment_method_subclass)) == (card, models.PretendCard)


def test_a_cart_without_a_selection_shows_none():
    cart = make_cart()

    assert (cart.delivery_address_subclass, cart.payment_method_subclass) == (None, None)


def test_a_complete_cart_has_no_errors():
    cart = ready_cart()

    assert cart.is_complete() is True
    assert not cart.errors


def test_an_incomplete_cart_names_its_errors():
    cart = make_cart()

    assert cart.is_complete() is False
    assert [reason.field for reason in cart.errors] == ["delivery_address", "payment_method", "items"]


def test_an_incomplete_cart_raises_its_errors_if_asked_to():
    cart = make_cart()

    with pytest.raises(IncompleteCartErrorSet) as refusal:
        cart.is_complete(raise_exc=True)

    assert refusal.value.to_json() == cart.errors.to_json()


def test_a_complete_cart_raises_nothing():
    assert ready_cart().is_complete(raise_exc=True) is True


def test_rows_are_told_when_a_checkout_asks():
    cart = ready_cart()
    models.MoodyLine.objects.create(cart=cart, mood="unready_at_checkout")

    assert (cart.is_complete(), cart.is_complete(for_checkout=True)) == (True, False)


def test_a_cart_is_named_by_its_key():
    cart = make_cart()

    assert str(cart) == f"Cart {cart.pk}"


# a shopper without a cart


def test_an_empty_cart_answers_as_a_cart_with_nothing_in_it():
    cart = EmptyCart()

    assert (list(cart.items.all()), list(cart.adjustments.all())) == ([], [])
    assert (cart.get_subtotal(), cart.get_grand_total()) == (Decimal(0), Decimal(0))
    assert (cart.is_complete(), [reason.field for reason in cart.errors]) == (
        False,
        ["delivery_address", "payment_method", "items", "email"],
    )


def test_an_empty_cart_is_never_saved():
    with pytest.raises(TypeError) as refusal:
        EmptyCart().save()

    assert str(refusal.value) == "This shopper has no cart yet; ask for request.get_cart(create=True)."
    assert Cart.objects.count() == 0


# orders


@pytest.mark.parametrize(
    ("state", "is_pending", "is_placed"),
    [("pending", True, False), ("placed", False, True), ("cancelled", False, False)],
)
def test_an_order_is_in_one_state(state, is_pending, is_placed):
    order = Order(state=state)

    assert (order.is_pending, order.is_placed) == (is_pending, is_placed)


def test_an_order_is_called_by_its_key_or_by_the_shops_own_number():
    order = make_order()
    numbered = make_order(custom_invoice_id="INV-1")

    assert (order.invoice_id, str(order)) == (order.pk, f"Order {order.pk}")
    assert (numbered.invoice_id, str(numbered)) == ("INV-1", "Order INV-1")


def test_a_guests_order_is_written_to_where_the_guest_said():
    assert make_order(guest_email="joe@example.com").email == "joe@example.com"


def test_a_users_order_is_written_to_where_the_user_is_reached_today():
    user = make_user("alice")
    order = make_order(user=user)
    models.Shopper.objects.update(contact_email="alice@elsewhere.example")

    assert Order.objects.get(pk=order.pk).email == "alice@elsewhere.example"


def test_an_order_is_written_to_where_its_user_said_rather_than_at_the_account():
    assert make_order(user=make_user(), guest_email="work@example.com").email == "work@example.com"


def test_an_order_without_an_attempt_has_no_key_for_the_provider():
    order = make_order()

    assert (order.latest_charge, order.payment_key) == (None, None)


def test_the_key_for_the_provider_is_that_of_the_latest_charge():
    order = make_order()
    make_attempt(order, state="failed")
    latest = make_attempt(order)
    make_attempt(order, kind="refund", parent=latest)

    assert order.latest_charge == latest
    assert order.payment_key == latest.key
    assert isinstance(order.payment_key, UUID)


def test_an_order_knows_the_payment_that_placed_it():
    order = make_order()
    card = models.PretendCard.objects.create(token="tok_paid")
    models.CardPayment.objects.create(method=card, attempt=make_attempt(order, state="failed"), reference="first")
    paid = models.CardPayment.objects.create(method=card, attempt=make_attempt(order, state="paid"), reference="second")

    assert (order.payment_subclass, type(order.payment_subclass)) == (paid, models.CardPayment)


def test_an_order_that_nothing_paid_has_no_payment():
    assert make_order().payment_subclass is None


def test_an_order_shows_its_address_and_method_as_what_they_are():
    address = models.StreetAddress.objects.create(**STREET)
    card = models.PretendCard.objects.create(token="tok_paid")

    order = Order.objects.get(pk=make_order(delivery_address=address, payment_method=card).pk)

    assert (order.delivery_address_subclass, order.payment_method_subclass) == (address, card)
    assert type(order.delivery_address_subclass) is models.StreetAddress


def test_an_order_may_have_neither():
    order = make_order()

    assert (order.delivery_address_subclass, order.payment_method_subclass) == (None, None)


def test_an_orders_url_is_reversed_with_its_id():
    order = make_order()

    assert order.get_absolute_url() == f"/orders/{order.pk}/"


def test_an_orders_url_may_carry_a_token():
    order = make_order(guest_email="joe@example.com")

    path, _, token = order.get_absolute_url(token=True).partition("?token=")

    assert path == f"/orders/{order.pk}/"
    assert read_order_token(token, order.uuid, "joe@example.com")


@override_settings(LORIKEET_ORDER_DETAIL_VIEW=None)
def test_without_a_view_an_order_has_no_url():
    assert make_order().get_absolute_url(token=True) is None


# amounts


def test_amounts_are_read_with_the_decimal_places_of_their_row():
    yen, dollars = make_order(currency="JPY"), make_order(currency="AUD")

    amounts = {order.pk: str(order.grand_total) for order in Order.objects.all()}

    assert amounts == {yen.pk: "12", dollars.pk: "12.00"}


def test_amounts_are_read_as_they_are_without_their_currency():
    make_order()

    assert Order.objects.defer("currency").get().grand_total == Decimal("12")


def test_amounts_that_are_not_asked_for_are_not_read():
    make_order()

    order = Order.objects.only("currency", "subtotal").get()

    assert str(order.subtotal) == "12.00"
    assert order.get_deferred_fields() >= {"grand_total"}


def test_charges_and_attempts_have_amounts_of_their_own():
    order = make_order(currency="KWD")
    OrderCharge.objects.create(order=order, code="post", label="Standard post", currency="KWD", total=Decimal("1.5"))
    make_attempt(order)

    assert str(order.charges.get().total) == "1.500"
    assert str(order.attempts.get().amount) == "12.000"


def test_a_charge_is_named_by_its_label_and_an_attempt_by_its_key():
    attempt = PaymentAttempt(kind="refund")

    assert str(OrderCharge(label="Standard post")) == "Standard post"
    assert str(attempt) == f"refund {attempt.key}"
