"""Rows that are not needed any more: abandoned carts of guests, and counts of windows that are over."""

from datetime import timedelta

import pytest
from django.db import connection
from django.db.models import F
from django.db.models.signals import pre_delete
from django.test import override_settings
from django.test.utils import CaptureQueriesContext
from django.utils.timezone import now

from lorikeet import throttles
from lorikeet.cart import abandoned
from lorikeet.checkout import checkout
from lorikeet.models import Adjustment, Cart, DeliveryAddress, LineItem, Order, PaymentMethod, ThrottleCount
from lorikeet.outcomes import Pending
from lorikeet.sale.settle import settle
from tests.testapp import models
from tests.testapp.clients import STREET
from tests.testapp.factories import make_user
from tests.unit import abandon, make_cart, make_order, ready_cart, received, select_address

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def batches_of_two(monkeypatch):
    monkeypatch.setattr(abandoned, "BATCH", 2)


def test_an_abandoned_cart_goes_with_everything_in_it():
    cart = ready_cart()
    models.HamperLine.objects.create(cart=cart).wines.add(models.Wine.objects.get())
    models.GiftBookLine.objects.create(cart=cart, product=models.Book.objects.create(price=1, title="x"))
    models.ShareOff.objects.create(cart=cart)
    models.LockerAddress.objects.create(cart=cart, locker=models.Locker.objects.create(name="gpo"))
    abandon(cart)

    assert abandoned.delete_abandoned_carts() == 1

    for parent in (Cart, LineItem, Adjustment, DeliveryAddress, PaymentMethod, models.WineLine, models.StreetAddress):
        assert parent.objects.count() == 0
    assert models.Wine.objects.count() == 1


@pytest.mark.parametrize("days", [0, 29])
def test_a_cart_that_was_changed_lately_stays(unchanged, days):
    abandon(ready_cart(), days=days)

    with unchanged():
        count = abandoned.delete_abandoned_carts()

    assert count == 0


@override_settings(LORIKEET_ABANDONED_CART_DAYS=10)
def test_how_long_carts_are_kept_is_a_setting():
    abandon(ready_cart(), days=11)

    assert abandoned.delete_abandoned_carts() == 1


def test_the_cart_of_a_deleted_account_goes_with_everything_in_it_at_the_next_run():
    user = make_user()
    ready_cart(user)
    user.delete()
    left = Cart.objects.get()

    assert (left.user, left.email, abandoned.delete_abandoned_carts()) == (None, "", 1)

    for parent in (Cart, LineItem, DeliveryAddress, PaymentMethod):
        assert parent.objects.count() == 0


def test_an_order_of_a_deleted_account_stays_with_all_that_it_names():
    user = make_user()
    done = checkout(ready_cart(user)).order
    user.delete()

    assert abandoned.delete_abandoned_carts() == 1

    order = Order.objects.get()
    assert (order, order.state, order.user, order.items.count()) == (done, "placed", None, 1)
    assert order.delivery_address_subclass.addressee == STREET["addressee"]


def test_the_cart_of_a_deleted_account_stays_while_its_checkout_is_in_flight(scripted):
    scripted.script(start_payment=Pending("pi_1"))
    user = make_user()
    cart = ready_cart(user)
    cart.payment_method = scripted.objects.create(user=user, cart=cart)
    cart.save()
    order = checkout(cart).order
    user.delete()

    assert (abandoned.delete_abandoned_carts(), Order.objects.get().slot) == (0, cart)
    settle(order.latest_charge, received("pi_1"))
    assert (Order.objects.get().state, abandoned.delete_abandoned_carts()) == ("placed", 1)


def test_the_cart_of_a_user_stays(unchanged):
    abandon(ready_cart(make_user()))

    with unchanged():
        count = abandoned.delete_abandoned_carts()

    assert count == 0


def test_a_cart_with_a_checkout_in_flight_stays(unchanged):
    cart = ready_cart()
    make_order(cart=cart, slot=cart)
    abandon(cart)

    with unchanged():
        count = abandoned.delete_abandoned_carts()

    assert count == 0


def test_rows_that_an_order_names_stay_and_the_order_with_them():
    cart = ready_cart()
    address, card = models.StreetAddress.objects.get(), models.PretendCard.objects.get()
    models.StreetAddress.objects.create(cart=cart, **STREET)
    order = make_order(state="placed", purchased_on=now(), cart=cart, delivery_address=address, payment_method=card)
    abandon(cart)

    assert abandoned.delete_abandoned_carts() == 1

    order.refresh_from_db()
    assert (order.cart, order.delivery_address_subclass, order.payment_method_subclass) == (None, address, card)
    assert list(DeliveryAddress.objects.select_subclasses()) == [address]


def test_rows_made_in_the_cart_by_a_user_stay():
    cart, user = make_cart(), make_user()
    address = models.StreetAddress.objects.create(cart=cart, user=user, **STREET)
    abandon(cart)

    abandoned.delete_abandoned_carts()

    address.refresh_from_db()
    assert (address.user, address.cart) == (user, None)


def test_other_carts_and_what_is_in_them_stay():
    cart, other = ready_cart(), ready_cart()
    abandon(cart)

    abandoned.delete_abandoned_carts()

    assert Cart.objects.get() == other
    assert LineItem.objects.get().cart == other
    assert (other.delivery_address_subclass, other.payment_method_subclass) == (
        models.StreetAddress.objects.get(),
        models.PretendCard.objects.get(),
    )


def test_carts_are_deleted_in_batches_until_none_is_left(batches_of_two):
    abandon(*(make_cart() for _ in range(5)))

    with CaptureQueriesContext(connection) as queries:
        count = abandoned.delete_abandoned_carts()

    deleted = [query["sql"] for query in queries if query["sql"].startswith('DELETE FROM "lorikeet_cart"')]
    assert (count, Cart.objects.count()) == (5, 0)
    assert connection.vendor == "mysql" or len(deleted) >= 3


def test_carts_that_another_process_deletes_are_skipped():
    if not connection.features.has_select_for_update_skip_locked:
        pytest.skip("this database locks more than rows")
    abandon(make_cart())

    with CaptureQueriesContext(connection) as queries:
        abandoned.delete_abandoned_carts()

    assert any("SKIP LOCKED" in query["sql"] for query in queries)


@pytest.mark.parametrize("place", range(4))
def test_a_cart_that_cannot_be_deleted_keeps_no_other(place, caplog):
    """A row of the site's refers to the card that was used in it."""
    carts = [ready_cart() for _ in range(4)]
    refusing = carts[place]
    models.CardPayment.objects.create(method=refusing.payment_method, reference="ch_1")
    abandon(*carts)

    assert abandoned.delete_abandoned_carts() == 3

    assert Cart.objects.get() == refusing
    assert LineItem.objects.get().cart == refusing
    (record,) = caplog.records
    assert record.getMessage() == f"Cart {refusing.pk} cannot be deleted, and is tried again in a day."
    assert "Payment.method" in caplog.text


def test_a_cart_that_could_not_be_deleted_is_left_alone_for_a_day(unchanged, caplog):
    cart = ready_cart()
    payment = models.CardPayment.objects.create(method=cart.payment_method, reference="ch_1")
    abandon(cart, days=400)
    abandoned.delete_abandoned_carts()
    caplog.clear()

    with unchanged():
        assert abandoned.delete_abandoned_carts() == 0
    assert caplog.records == []

    payment.delete()
    Cart.objects.update(updated_at=F("updated_at") - timedelta(days=1))
    assert abandoned.delete_abandoned_carts() == 1


def test_a_failing_receiver_of_the_sites_keeps_one_cart_only(caplog):
    carts = [ready_cart() for _ in range(2)]
    abandon(*carts)

    def refuse(instance, **sent):
        if instance.pk == carts[0].pk:
            raise ZeroDivisionError

    pre_delete.connect(refuse, sender=Cart)
    try:
        count = abandoned.delete_abandoned_carts()
    finally:
        pre_delete.disconnect(refuse, sender=Cart)

    assert (count, Cart.objects.get()) == (1, carts[0])
    assert LineItem.objects.get().cart == carts[0]


def test_a_sweep_does_not_touch_what_is_selected_elsewhere():
    cart = make_cart()
    address = select_address(cart)
    abandon(make_cart())

    abandoned.delete_abandoned_carts()

    cart.refresh_from_db()
    assert cart.delivery_address_id == address.pk


# old counts


def test_counts_of_windows_that_are_over_are_deleted():
    for number, hours in enumerate((-2, -1, 1)):
        ThrottleCount.objects.create(key="k", window=number, expires_at=now() + timedelta(hours=hours))

    assert throttles.delete_expired_counts() == 2

    assert ThrottleCount.objects.get().window == 2
