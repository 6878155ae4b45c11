"""What the database refuses of any writer: each rule is broken once, past every check in Python."""

from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction
from django.utils.timezone import now

from lorikeet.models import Adjustment, Cart, LineItem, Order, PaymentAttempt, ThrottleCount
from tests.testapp import models
from tests.testapp.factories import make_user
from tests.unit import add_wine, make_attempt, make_cart, make_order

pytestmark = pytest.mark.django_db


@pytest.fixture
def refused(unchanged):
    """Return a function that fails unless the database refuses an update, and leaves everything as it is."""

    def run(rows, **values):
        with unchanged(), pytest.raises(IntegrityError), transaction.atomic():
            rows.update(**values)

    return run


def only(row):
    return type(row).objects.filter(pk=row.pk)


def make_line():
    line = add_wine(make_cart())
    return LineItem.objects.filter(pk=line.pk)


def make_adjustment():
    share = models.ShareOff.objects.create(cart=make_cart())
    return Adjustment.objects.filter(pk=share.pk)


@pytest.mark.parametrize("make", [make_line, make_adjustment])
def test_a_row_is_not_in_a_cart_and_on_an_order_at_once(refused, make):
    refused(make(), order=make_order())


@pytest.mark.parametrize("make", [make_line, make_adjustment])
def test_a_row_is_in_a_cart_or_on_an_order(refused, make):
    refused(make(), cart=None)


@pytest.mark.parametrize("make", [make_line, make_adjustment])
def test_a_row_may_go_from_a_cart_to_an_order(make):
    assert make().update(cart=None, order=make_order()) == 1


def test_a_user_has_one_cart(refused):
    user = make_user()
    make_cart(user)

    refused(only(make_cart()), user=user)


def test_a_cart_has_a_key_of_its_own(refused):
    refused(only(make_cart()), key=make_cart().key)


def test_an_idempotency_key_names_one_order_of_a_cart(refused):
    cart = make_cart()
    make_order(cart=cart, client_key="k")

    refused(only(make_order(cart=cart)), client_key="k")


def test_an_idempotency_key_may_come_from_two_carts_and_none_from_any():
    make_order(cart=make_cart(), client_key="k")
    cart = make_cart()

    make_order(cart=cart, client_key="k")
    make_order(cart=cart)
    make_order(cart=cart)

    assert Order.objects.count() == 4


def test_a_cart_has_one_checkout_in_flight(refused):
    cart = make_cart()
    make_order(slot=cart)

    refused(only(make_order()), slot=cart)


@pytest.mark.parametrize("fields", [{"state": "cancelled"}, {"state": "placed", "purchased_on": now()}])
def test_an_order_that_is_done_is_in_flight_no_more(refused, fields):
    refused(only(make_order(**fields)), slot=make_cart())


def test_the_total_of_an_order_is_not_negative(refused):
    refused(only(make_order()), grand_total=Decimal("-0.01"))


def test_an_order_may_cost_nothing():
    assert make_order(grand_total=Decimal(0)).pk


def test_a_placed_order_has_been_purchased_at_some_time(refused):
    refused(only(make_order()), state="placed")


@pytest.mark.parametrize("state", ["pending", "cancelled"])
def test_an_order_that_is_not_placed_has_not_been_purchased(refused, state):
    refused(only(make_order(state=state)), purchased_on=now())


@pytest.mark.parametrize("name", ["uuid", "custom_invoice_id"])
def test_an_order_is_called_like_no_other(refused, name):
    other = make_order(custom_invoice_id="INV-1")

    refused(only(make_order()), **{name: getattr(other, name)})


@pytest.mark.parametrize("amount", ["0", "-1"])
def test_an_attempt_is_about_some_money(refused, amount):
    refused(only(make_attempt(make_order())), amount=Decimal(amount))


def test_a_payment_at_the_provider_counts_once(refused):
    make_attempt(make_order(), reference="ch_1")

    refused(only(make_attempt(make_order())), reference="ch_1")


def test_a_reference_may_come_from_two_providers_and_none_from_any():
    make_attempt(make_order(), reference="ch_1")

    make_attempt(make_order(), reference="ch_1", provider="PayLater")
    make_attempt(make_order())
    make_attempt(make_order())

    assert PaymentAttempt.objects.count() == 4


def test_an_attempt_has_a_key_of_its_own(refused):
    refused(only(make_attempt(make_order())), key=make_attempt(make_order()).key)


@pytest.mark.parametrize("state", ["calling", "pending", "unknown"])
def test_an_open_charge_takes_its_orders_one_place(refused, state):
    refused(only(make_attempt(make_order(), state=state)), open_for=None)


@pytest.mark.parametrize("state", ["calling", "pending", "unknown"])
def test_a_charge_that_is_done_is_not_opened_again_beside_another(refused, state):
    order = make_order()
    done = make_attempt(order, state="failed")
    make_attempt(order)

    refused(only(done), state=state)


def test_an_order_has_one_open_charge(refused):
    order = make_order()
    done = make_attempt(order, state="failed")
    make_attempt(order)

    refused(only(done), state="calling", open_for=order)


def test_an_open_charge_is_open_for_its_own_order(refused):
    refused(only(make_attempt(make_order())), open_for=make_order())


@pytest.mark.parametrize("state", ["paid", "failed"])
def test_a_charge_that_is_done_leaves_the_place(refused, state):
    refused(only(make_attempt(make_order())), state=state)


def test_a_refund_takes_no_place(refused):
    order = make_order()
    charge = make_attempt(order, state="paid")

    refused(only(make_attempt(order, kind="refund", parent=charge)), open_for=order)


def test_refunds_may_be_open_side_by_side():
    order = make_order()
    charge = make_attempt(order, state="paid")

    make_attempt(order, kind="refund", parent=charge)
    make_attempt(order, kind="refund", parent=charge, state="unknown")

    assert list(charge.refunds.values_list("state", flat=True)) == ["calling", "unknown"]


def test_a_refund_is_of_a_payment(refused):
    order = make_order()
    charge = make_attempt(order, state="paid")

    refused(only(make_attempt(order, kind="refund", parent=charge)), parent=None)


def test_a_charge_pays_nothing_back(refused):
    order = make_order()
    charge = make_attempt(order, state="paid")

    refused(only(make_attempt(order)), parent=charge)


def test_an_attempt_has_one_payment(refused):
    card = models.PretendCard.objects.create(token="tok_paid")
    attempt = make_attempt(make_order())
    models.CardPayment.objects.create(method=card, attempt=attempt)

    refused(only(models.CardPayment.objects.create(method=card)), attempt=attempt)


def test_a_window_of_a_throttle_is_counted_once(refused):
    first, second = (ThrottleCount.objects.create(key="k", window=number, expires_at=now()) for number in (1, 2))

    refused(only(second), window=first.window)


def test_the_rules_are_named_after_what_they_say():
    names = {
        rule.name
        for model in (LineItem, Adjustment, Cart, Order, PaymentAttempt, ThrottleCount)
        for rule in model._meta.constraints
    }

    assert names == {
        "lorikeet_lineitem_in_cart_or_order",
        "lorikeet_adjustment_in_cart_or_order",
        "lorikeet_order_once_per_client_key",
        "lorikeet_order_total_not_negative",
        "lorikeet_order_slot_only_while_pending",
        "lorikeet_order_purchased_when_placed",
        "lorikeet_attempt_reference_once",
        "lorikeet_attempt_amount_positive",
        "lorikeet_attempt_one_open_charge",
        "lorikeet_attempt_refund_has_parent",
        "lorikeet_throttle_once_per_window",
    }
