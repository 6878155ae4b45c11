"""Whose clock decides that time is over: the database's, and no server's."""

import sys
from datetime import datetime, timedelta, timezone

import pytest
from django.db import connection
from django.db.models import F
from django.test import override_settings
from django.utils import timezone as django_timezone

from lorikeet import clock
from lorikeet.cart.abandoned import delete_abandoned_carts
from lorikeet.checkout import Terms, checkout
from lorikeet.health import health
from lorikeet.models import Order, PaymentAttempt
from lorikeet.outcomes import NotFound, Pending
from lorikeet.payments import resolve
from lorikeet.recovery import tick
from lorikeet.sale.prepare import prepare
from lorikeet.sale.settle import owe
from lorikeet.sale.sweeps import flag_unresolved
from tests.testapp.factories import make_user
from tests.unit import add_wine, begin_sale, ready_cart, states

pytestmark = pytest.mark.django_db(transaction=True)
with_a_clock_of_its_own = pytest.mark.skipif(connection.vendor == "sqlite", reason="SQLite has this process's clock")

SECOND, HOUR = timedelta(seconds=1), timedelta(hours=1)
true_time = django_timezone.now


@pytest.fixture
def fast(monkeypatch):
    """Return a function that puts the clock of this server an hour forward."""

    def put_forward():
        for module in [django_timezone, *(sys.modules[name] for name in sys.modules if name.startswith("lorikeet"))]:
            if getattr(module, "now", None) is true_time:
                monkeypatch.setattr(module, "now", lambda: true_time() + HOUR)

    return put_forward


@pytest.fixture
def unhurried(scripted):
    """Return a function that makes a checkout wait for its shopper, who is with the bank."""

    def begin():
        scripted.script(start_payment=Pending("pi_1"), check_payment=Pending("pi_1"), cancel_payment=True)
        cart = ready_cart()
        cart.payment_method = scripted.objects.create(cart=cart)
        cart.save()
        return checkout(cart).order

    return begin


def test_it_shows_the_time_as_django_stores_it():
    before = true_time()

    moment = clock.now()

    assert moment.utcoffset() == timedelta(0)
    assert before - SECOND < moment < true_time() + SECOND


@override_settings(USE_TZ=False)
def test_without_time_zones_it_shows_the_time_of_the_shop():
    moment = clock.now()

    assert moment.tzinfo is None
    assert abs(moment - datetime.now()) < SECOND  # noqa: DTZ005 - local, as Django stores it


@with_a_clock_of_its_own
def test_a_server_whose_clock_is_fast_cancels_no_order(unhurried, fast):
    order = unhurried()
    fast()

    tick()
    resolve(order.latest_charge, present=True)

    order.refresh_from_db()
    assert (order.state, order.latest_charge.state) == ("pending", "pending")
    assert health().is_good


@with_a_clock_of_its_own
def test_an_order_of_a_server_whose_clock_is_fast_waits_no_longer_than_others(unhurried, fast):
    fast()

    order = unhurried()

    attempt = order.latest_charge
    moments = order.created_at, attempt.created_at, order.expires_at - timedelta(minutes=30)
    assert all(abs(moment - true_time()) < 30 * SECOND for moment in moments)
    assert attempt.check_at - true_time() < 30 * SECOND


@with_a_clock_of_its_own
def test_a_server_whose_clock_is_fast_takes_no_payment_from_another(scripted, fast):
    attempt = begin_sale(scripted)
    scripted.script(check_payment=NotFound(), cancel_payment=True)
    fast()

    assert resolve(attempt) is None

    assert states(attempt) == ("calling", "pending")
    assert scripted.asked == []


@with_a_clock_of_its_own
def test_a_server_whose_clock_is_fast_knows_an_order_of_the_same_that_waits(unhurried, fast):
    order = unhurried()
    cart = order.cart
    fast()
    Order.objects.update(slot=None)
    add_wine(cart, product=order.items.select_subclasses().get().product)

    again = checkout(cart, Terms(key="another"))

    assert (again.is_duplicate, again.order) == (True, order)
    assert PaymentAttempt.objects.count() == 1


@with_a_clock_of_its_own
def test_a_sale_that_a_fast_server_places_is_told_in_time(fast):
    fast()

    order = checkout(ready_cart()).order

    assert abs(order.purchased_on - datetime.now(timezone.utc)) < 30 * SECOND


@with_a_clock_of_its_own
def test_a_payment_of_a_server_whose_clock_is_fast_is_flagged_when_its_time_is_over(fast):
    fast()

    charge = prepare(ready_cart(), Terms()).attempt
    owe(charge, charge.amount, charge.currency)

    assert all(abs(attempt.updated_at - true_time()) < 30 * SECOND for attempt in PaymentAttempt.objects.all())
    PaymentAttempt.objects.update(updated_at=F("updated_at") - timedelta(minutes=16))
    assert flag_unresolved() == 2


@with_a_clock_of_its_own
def test_the_cart_of_an_account_that_a_fast_server_deletes_goes_at_the_next_run(fast):
    user = make_user()
    ready_cart(user)
    fast()
    user.delete()

    assert delete_abandoned_carts() == 1


# a shop without time zones


@pytest.fixture
def zoneless():
    """A shop with ``USE_TZ = False``."""
    with override_settings(USE_TZ=False):
        connection.close()
        yield
    connection.close()


def test_a_shop_without_time_zones_declines_and_sells(zoneless):
    cart = ready_cart(token="tok_declined")

    declined = checkout(cart, Terms(network="192.0.2.0")).order
    cart.payment_method.token = "tok_paid"
    cart.payment_method.save()
    sold = checkout(cart).order

    assert (declined.state, sold.state) == ("cancelled", "placed")
    assert abs(sold.purchased_on - datetime.now()) < 30 * SECOND  # noqa: DTZ005
    assert health().needs_attention == 0


def test_a_shop_without_time_zones_waits_as_long_as_the_provider_says(zoneless, scripted):
    attempt = begin_sale(scripted)
    until = datetime(2030, 1, 1, 12, tzinfo=timezone.utc)
    scripted.script(check_payment=Pending(expires_at=until))

    PaymentAttempt.objects.update(lease_until=clock.now() - SECOND)
    resolve(attempt)
    tick()

    assert Order.objects.get().expires_at == django_timezone.make_naive(until)
    assert states(attempt) == ("pending", "pending")


@override_settings(USE_TZ=False, TIME_ZONE="Australia/Adelaide")
def test_times_without_a_zone_are_those_of_the_shop_wherever_the_shopper_is():
    with django_timezone.override("America/New_York"):
        stored = clock.as_stored(datetime(2026, 7, 1, 12, tzinfo=timezone.utc))

    assert stored == datetime(2026, 7, 1, 21, 30)  # noqa: DTZ001 - as Django stores it
