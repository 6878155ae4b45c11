"""Processes that do the same at the same moment, on PostgreSQL: no shopper is charged twice, no line is sold twice.

``LORIKEET_SOAK=1`` plays 500 rounds; ``LORIKEET_ROUNDS`` any other number.
"""

import os
import time
from decimal import Decimal
from functools import partial

import pytest
from django.db import connection
from django.test import override_settings

from lorikeet import recovery, refunds
from lorikeet.checkout import Terms, checkout
from lorikeet.exceptions import ConflictErrorSet, LorikeetError, RefundError
from lorikeet.models import Cart, Order, PaymentAttempt
from tests.strides import fewer
from tests.testapp import factories, models
from tests.testapp.clients import STREET, Browser

from .clients import sign_event
from .crowds import Crowd, at_once
from .databases import clear, pass_time
from .invariants import check

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(connection.vendor != "postgresql", reason="races are run on PostgreSQL, which locks rows"),
    pytest.mark.timeout(0 if os.environ.get("LORIKEET_SOAK") else 900),
]

ROUNDS = int(os.environ.get("LORIKEET_ROUNDS") or (500 if os.environ.get("LORIKEET_SOAK") else fewer(20)))
FEW = max(1, ROUNDS // 5)


@pytest.fixture
def rounds(provider):
    """Return a function that yields the numbers of the rounds, each with an empty shop and empty books."""

    def play(count):
        began = time.monotonic()
        for number in range(count):
            clear()
            provider.reset()
            yield number
        print(f"{count} rounds, {time.monotonic() - began:.0f} seconds, no violation")  # noqa: T201  (shown with -s)

    with override_settings(LORIKEET_THROTTLE_RATES={}):
        yield play


def ready(user=None, method="ExactCard", price="12"):
    """Create a cart that lacks nothing, and return its primary key."""
    cart = Cart.objects.create(user=user, currency="AUD", email="" if user else "joe@example.com")
    cart.delivery_address = models.StreetAddress.objects.create(user=user, cart=cart, **STREET)
    cart.payment_method = getattr(models, method).objects.create(user=user, cart=cart, token="tok_paid")
    cart.save()
    models.WineLine.objects.create(cart=cart, product=factories.make_wine(price))
    return cart.pk


def ask(cart, key=None):
    """Check a cart out, and return the order's primary key and state, or what was raised."""
    try:
        order = checkout(Cart.objects.get(pk=cart), Terms(key=key)).order
    except (LorikeetError, Cart.DoesNotExist) as error:
        return type(error).__name__
    return [order.pk, order.state]


def settle(provider):
    """Let recovery run twice, and verify the invariants."""
    for _ in range(2):
        pass_time(minutes=2)
        recovery.tick()
    check(connection.settings_dict, provider)


@pytest.mark.parametrize("key", [None, "the same"])
def test_thirty_two_checkouts_of_one_cart_are_one_order_and_one_charge(rounds, provider, key):
    with Crowd(32, lambda cart: ask(cart, key)) as shoppers:
        for _ in rounds(FEW if key else ROUNDS):
            answers = shoppers.do(ready(factories.make_user()))

            order = Order.objects.get()
            assert order.state == "placed"
            assert len(provider.payments()) == len(provider.payments("succeeded")) == 1
            told = [answer for answer in answers if isinstance(answer, list)]
            assert {pk for pk, _ in told} == {order.pk}
            others = {answer for answer in answers if answer not in told}
            assert others <= (set() if key else {"IncompleteCartErrorSet"})
            check(connection.settings_dict, provider)


def test_refunds_at_once_never_give_back_more_than_was_paid(rounds, provider):
    def refund():
        try:
            return refunds.refund(Order.objects.get(), Decimal(7)).state
        except RefundError:
            return "refused"

    for _ in rounds(FEW):
        checkout(Cart.objects.get(pk=ready()))

        answers = at_once([refund] * 4)

        assert sorted(answers) == ["paid", "refused", "refused", "refused"]
        assert [payment["refunded"] for payment in provider.payments()] == [700]


def test_webhook_confirmation_recovery_and_cancelling_at_once_place_or_cancel_once(rounds, provider):
    for number in rounds(FEW):
        user = factories.make_user()
        ready(user)
        provider.plan(confirm=["3ds"])
        waiting = Browser(user).checkout().json()["checkout"]
        (payment,) = provider.payments()
        provider.three_d_secure(payment["id"])
        pass_time(minutes=31 if number % 2 else 2)
        body, signature = sign_event(provider.events()[-1])

        def confirm(user=user, url=waiting["confirm_url"]):
            return Browser(user).post(url, {}).status_code

        def cancel(user=user, url=waiting["cancel_url"]):
            return Browser(user).post(url, {}).status_code

        def poke(body=body, signature=signature):
            headers = {"Provider-Signature": signature}
            return Browser().send("POST", "/_cart/webhook/ExactCard/", body, headers=headers).status_code

        def tick():
            recovery.tick()
            return 200

        answers = at_once([confirm, cancel, poke, tick] * 2)

        assert set(answers) <= {200, 202}
        settle(provider)
        assert Order.objects.get().state == "placed"
        assert [(p["state"], p["refunded"]) for p in provider.payments()] == [("succeeded", 0)]


def test_logging_in_during_a_checkout_loses_and_doubles_nothing(rounds, provider):
    for _ in rounds(FEW):
        user, guest = factories.make_user(), Browser()
        guest.add_wine(factories.make_wine())
        cart = Cart.objects.get()
        cart.email = "joe@example.com"
        cart.delivery_address = models.StreetAddress.objects.create(cart=cart, **STREET)
        cart.payment_method = models.ExactCard.objects.create(cart=cart, token="tok_paid")
        cart.save()
        guest.get("/login/")

        def log_in(guest=guest, user=user):
            guest.log_in(user)

        at_once([log_in, *[partial(ask, cart.pk)] * 3])

        settle(provider)
        line = models.WineLine.objects.get()
        placed = Order.objects.placed().count()
        assert placed == len(provider.payments("succeeded")) == (0 if line.cart_id else 1)
        assert line.quantity == 1
        assert Cart.objects.get().user_id == user.pk


def test_a_lease_shorter_than_the_providers_answer_charges_no_shopper_twice(rounds, provider):
    def return_later(call):
        def late():
            time.sleep(1.2)
            return call()

        return late

    def tick():
        recovery.tick()

    with override_settings(LORIKEET_LEASE_SECONDS=1):
        for number in rounds(2):
            cart = ready(factories.make_user(), ("ExactCard", "OneCallCard")[number % 2])
            provider.plan({"*": [{"fault": "timeout_after", "times": 1}]}, stall=1.5)

            at_once([partial(ask, cart), *map(return_later, [partial(ask, cart), tick, tick])])

            settle(provider)
            assert len(provider.payments("succeeded")) <= 1
            assert Order.objects.placed().count() == len(provider.payments("succeeded"))
            assert provider.books()["refunds"] == []


def test_credit_that_ten_carts_spend_at_once_is_never_overdrawn(rounds, provider):
    def spend(cart):
        def call():
            try:
                return checkout(Cart.objects.get(pk=cart)).order.state
            except ConflictErrorSet as error:
                return error.errors[0].code

        return call

    for _ in rounds(FEW):
        balance = models.Balance.objects.create(left=Decimal(12))
        carts = [ready() for _ in range(10)]
        for cart in carts:
            models.Credit.objects.create(cart_id=cart, balance=balance, amount=Decimal(5))

        answers = at_once([spend(cart) for cart in carts])

        balance.refresh_from_db()
        assert sorted(answers) == ["balance"] * 8 + ["placed"] * 2
        assert balance.left == Decimal(2)
        assert sorted(payment["paid_amount"] for payment in provider.payments()) == [700, 700]
        assert PaymentAttempt.objects.count() == 2
