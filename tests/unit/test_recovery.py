"""What happens although nobody asks for it: payments parked, sales told, abandoned carts and old counts deleted."""

from datetime import timedelta
from decimal import Decimal
from io import StringIO

import pytest
from django.core.management import call_command
from django.db import connection
from django.test import override_settings
from django.test.utils import CaptureQueriesContext
from django.utils.timezone import now

from lorikeet import recovery
from lorikeet.models import (
    Adjustment,
    Cart,
    DeliveryAddress,
    LineItem,
    Order,
    PaymentAttempt,
    PaymentMethod,
    ThrottleCount,
)
from lorikeet.signals import order_checked_out, order_placed
from tests.testapp import models
from tests.testapp.clients import STREET
from tests.testapp.factories import make_user
from tests.unit import listening, make_attempt, make_cart, make_order, ready_cart, select_address

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def batches_of_two(monkeypatch):
    monkeypatch.setattr(recovery, "BATCH", 2)


def ago(**delta):
    return now() - timedelta(**delta)


def abandon(*carts, days=31):
    """Let it be long since these carts were changed."""
    Cart.objects.filter(pk__in=[cart.pk for cart in carts]).update(updated_at=ago(days=days))


def make_sale(seconds_ago=61, **fields):
    return make_order(state="placed", purchased_on=ago(seconds=seconds_ago), **fields)


# payments whose process died


def test_a_payment_whose_lease_is_over_is_left_to_the_staff():
    cart = make_cart()
    order = make_order(cart=cart, slot=cart)
    attempt = make_attempt(order, lease_until=ago(seconds=1))

    assert recovery.park_lapsed() == 1

    attempt.refresh_from_db()
    order.refresh_from_db()
    assert (attempt.state, attempt.attention) == ("unknown", "outcome unknown")
    assert (order.state, order.slot) == ("pending", None)


@pytest.mark.parametrize(
    "fields",
    [
        {"state": "calling", "lease_until": now() + timedelta(hours=1)},
        {"state": "calling", "lease_until": None},
        {"state": "pending", "lease_until": ago(days=1)},
        {"state": "unknown", "lease_until": ago(days=1)},
        {"state": "paid", "lease_until": ago(days=1)},
        {"state": "failed", "lease_until": ago(days=1)},
    ],
    ids=lambda fields: fields["state"],
)
def test_any_other_payment_is_left_alone(unchanged, fields):
    make_attempt(make_order(), **fields)

    with unchanged():
        count = recovery.park_lapsed()

    assert count == 0


def test_payments_are_parked_once():
    make_attempt(make_order(), lease_until=ago(seconds=1))

    assert [recovery.park_lapsed(), recovery.park_lapsed()] == [1, 0]


def test_the_oldest_payments_are_parked_first(batches_of_two):
    attempts = [make_attempt(make_order(), lease_until=ago(seconds=1)) for _ in range(3)]

    assert recovery.park_lapsed() == 2

    assert list(PaymentAttempt.objects.filter(state="calling")) == [attempts[2]]


# sales that were not told


def test_a_sale_nobody_was_told_of_is_told_without_a_request():
    order = make_sale()

    with listening(order_placed) as placed, listening(order_checked_out) as told:
        count = recovery.notify_missed()

    order.refresh_from_db()
    assert count == 1
    assert told == [{"sender": Order, "order": order, "request": None}]
    assert placed == []
    assert order.notified_at is not None


def test_a_sale_that_is_being_told_of_is_left_to_whoever_made_it():
    make_sale(seconds_ago=30)

    assert recovery.notify_missed() == 0


@override_settings(LORIKEET_LEASE_SECONDS=10)
def test_how_long_that_may_take_is_a_setting():
    make_sale(seconds_ago=30)

    assert recovery.notify_missed() == 1


@pytest.mark.parametrize(
    "fields",
    [
        {"state": "pending"},
        {"state": "cancelled"},
        {"state": "placed", "purchased_on": ago(days=1), "notified_at": now()},
    ],
)
def test_what_is_no_sale_or_was_told_is_not_told(fields):
    make_order(**fields)

    assert recovery.notify_missed() == 0


def test_sales_are_told_once():
    make_sale()

    assert [recovery.notify_missed(), recovery.notify_missed()] == [1, 0]


def test_the_oldest_sales_are_told_first(batches_of_two):
    orders = [make_sale() for _ in range(3)]

    with listening(order_checked_out) as told:
        assert recovery.notify_missed() == 2

    assert [sent["order"] for sent in told] == orders[:2]


# abandoned carts


def test_an_abandoned_cart_goes_with_everything_in_it():
    cart = ready_cart()
    models.HamperLine.objects.create(cart=cart).wines.add(models.Wine.objects.get())
    models.GiftBookLine.objects.create(cart=cart, product=models.Book.objects.create(price=1, title="x"))
    models.ShareOff.objects.create(cart=cart)
    models.LockerAddress.objects.create(cart=cart, locker=models.Locker.objects.create(name="gpo"))
    abandon(cart)

    assert recovery.delete_abandoned_carts() == 1

    for parent in (Cart, LineItem, Adjustment, DeliveryAddress, PaymentMethod, models.WineLine, models.StreetAddress):
        assert parent.objects.count() == 0
    assert models.Wine.objects.count() == 1


@pytest.mark.parametrize("days", [0, 29])
def test_a_cart_that_was_changed_lately_stays(unchanged, days):
    abandon(ready_cart(), days=days)

    with unchanged():
        count = recovery.delete_abandoned_carts()

    assert count == 0


@override_settings(LORIKEET_ABANDONED_CART_DAYS=10)
def test_how_long_carts_are_kept_is_a_setting():
    abandon(ready_cart(), days=11)

    assert recovery.delete_abandoned_carts() == 1


def test_the_cart_of_a_user_stays(unchanged):
    abandon(ready_cart(make_user()))

    with unchanged():
        count = recovery.delete_abandoned_carts()

    assert count == 0


def test_a_cart_with_a_checkout_in_flight_stays(unchanged):
    cart = ready_cart()
    make_order(cart=cart, slot=cart)
    abandon(cart)

    with unchanged():
        count = recovery.delete_abandoned_carts()

    assert count == 0


def test_what_an_order_names_stays_and_the_order_with_it():
    cart = ready_cart()
    address, card = models.StreetAddress.objects.get(), models.PretendCard.objects.get()
    models.StreetAddress.objects.create(cart=cart, **STREET)
    order = make_sale(cart=cart, delivery_address=address, payment_method=card)
    abandon(cart)

    assert recovery.delete_abandoned_carts() == 1

    order.refresh_from_db()
    assert (order.cart, order.delivery_address_subclass, order.payment_method_subclass) == (None, address, card)
    assert list(DeliveryAddress.objects.select_subclasses()) == [address]


def test_what_was_made_in_the_cart_by_a_user_stays():
    cart, user = make_cart(), make_user()
    address = models.StreetAddress.objects.create(cart=cart, user=user, **STREET)
    abandon(cart)

    recovery.delete_abandoned_carts()

    address.refresh_from_db()
    assert (address.user, address.cart) == (user, None)


def test_other_carts_and_what_is_in_them_stay():
    cart, other = ready_cart(), ready_cart()
    abandon(cart)

    recovery.delete_abandoned_carts()

    assert Cart.objects.get() == other
    assert LineItem.objects.get().cart == other
    assert (other.delivery_address_subclass, other.payment_method_subclass) == (
        models.StreetAddress.objects.get(),
        models.PretendCard.objects.get(),
    )


def test_carts_are_deleted_in_batches_until_none_is_left(batches_of_two):
    abandon(*(make_cart() for _ in range(5)))

    with CaptureQueriesContext(connection) as queries:
        count = recovery.delete_abandoned_carts()

    deleted = [query["sql"] for query in queries if query["sql"].startswith('DELETE FROM "lorikeet_cart"')]
    assert (count, Cart.objects.count()) == (5, 0)
    assert connection.vendor == "mysql" or len(deleted) >= 3


def test_carts_that_another_process_deletes_are_skipped():
    if not connection.features.has_select_for_update_skip_locked:
        pytest.skip("this database locks more than rows")
    abandon(make_cart())

    with CaptureQueriesContext(connection) as queries:
        recovery.delete_abandoned_carts()

    assert any("SKIP LOCKED" in query["sql"] for query in queries)


# old counts


def test_counts_of_windows_that_are_over_are_deleted():
    for number, hours in enumerate((-2, -1, 1)):
        ThrottleCount.objects.create(key="k", window=number, expires_at=now() + timedelta(hours=hours))

    assert recovery.delete_expired_counts() == 2

    assert ThrottleCount.objects.get().window == 2


# everything


def test_a_tick_does_everything_once_and_says_so():
    make_attempt(make_order(), lease_until=ago(seconds=1))
    make_sale()
    make_sale()
    abandon(make_cart(), make_cart(), make_cart())
    ThrottleCount.objects.create(key="k", window=1, expires_at=ago(hours=1))
    output = StringIO()

    call_command("lorikeet_tick", stdout=output)

    assert output.getvalue() == "payments parked: 1\norders notified: 2\ncarts deleted: 3\ncounts deleted: 1\n"


def test_a_tick_with_nothing_to_do_changes_nothing(unchanged):
    ready_cart()
    make_sale(seconds_ago=1, grand_total=Decimal(1))
    output = StringIO()

    with unchanged():
        call_command("lorikeet_tick", stdout=output)

    assert output.getvalue() == "payments parked: 0\norders notified: 0\ncarts deleted: 0\ncounts deleted: 0\n"


def test_a_sweep_does_not_touch_what_is_selected_elsewhere():
    cart = make_cart()
    address = select_address(cart)
    abandon(make_cart())

    recovery.delete_abandoned_carts()

    cart.refresh_from_db()
    assert cart.delivery_address_id == address.pk
