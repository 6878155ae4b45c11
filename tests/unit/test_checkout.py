"""The story of a sale: what is prepared, on which terms, how often, and who is told of it."""

from datetime import timedelta
from decimal import Decimal
from uuid import UUID

import pytest
from django.db import connection, transaction
from django.test import override_settings
from django.test.utils import CaptureQueriesContext
from django.utils.timezone import now

from lorikeet import payments
from lorikeet.checkout import Terms, checkout
from lorikeet.exceptions import (
    CartChanged,
    CartGone,
    IdempotencyKeyReused,
    IncompleteCartErrorSet,
    LockBroken,
    TooManyAttempts,
)
from lorikeet.models import Cart, EmptyCart, LineItem, Order, PaymentAttempt, ThrottleCount
from lorikeet.sale import prepare
from lorikeet.signals import order_cancelled, order_checked_out, order_placed
from tests.testapp import models
from tests.testapp.factories import make_user
from tests.unit import Killed, add_wine, charged, kill, listening, make_cart, ready_cart, request_of

pytestmark = pytest.mark.django_db(transaction=True)


# prepare


def test_the_order_and_its_attempt_are_committed_before_the_provider_is_asked(cart, bank):
    seen = {}

    def look(card, order, amount):
        seen.update(
            in_transaction=connection.in_atomic_block,
            order=Order.objects.get(),
            line=models.WineLine.objects.get(),
            attempt=PaymentAttempt.objects.get(),
            amount=amount,
        )
        return models.CardPayment.objects.create(method=card)

    bank(look)
    before = now()

    outcome = checkout(cart)

    order, attempt = seen["order"], seen["attempt"]
    assert seen["in_transaction"] is False
    assert (order, order.state, order.slot, order.cart) == (outcome.order, "pending", cart, cart)
    assert (order.subtotal, order.grand_total, order.currency) == (Decimal("12"), Decimal("12"), "AUD")
    assert (seen["line"].order, seen["line"].cart, seen["line"].total_when_charged) == (order, None, Decimal("12"))
    assert (attempt.state, attempt.kind, attempt.open_for, attempt.provider) == (
        "calling",
        "charge",
        order,
        "PretendCard",
    )
    assert (attempt.amount, attempt.currency, seen["amount"]) == (Decimal("12"), "AUD", Decimal("12.00"))
    assert timedelta(seconds=59) < attempt.lease_until - before < timedelta(seconds=90)
    assert (type(attempt.key), type(attempt.lease)) == (UUID, UUID)


def test_the_provider_may_be_told_the_key_that_is_stored(cart, bank):
    keys = []

    def look(card, order, amount):
        keys.append(order.payment_key)
        return models.CardPayment.objects.create(method=card)

    bank(look)

    checkout(cart)

    assert keys == [PaymentAttempt.objects.get().key]


@override_settings(LORIKEET_LEASE_SECONDS=10)
def test_a_shop_says_how_long_a_process_works(cart, bank):
    bank(kill)

    with pytest.raises(Killed):
        checkout(cart)

    attempt = PaymentAttempt.objects.get()
    assert attempt.lease_until - attempt.created_at < timedelta(seconds=11)


def test_the_cart_is_locked_before_anything_is_read(cart):
    with CaptureQueriesContext(connection) as queries:
        checkout(cart)

    statements = [query["sql"] for query in queries if query["sql"].split()[0] in ("SELECT", "UPDATE", "INSERT")]
    assert statements[0].startswith("UPDATE")
    assert "seq" in statements[0]


def test_a_cart_that_is_gone_is_not_checked_out(cart, unchanged):
    models.WineLine.objects.all().delete()
    stale = Cart.objects.get()
    Cart.objects.all().delete()

    with unchanged(), pytest.raises(CartGone):
        checkout(stale)


def test_a_cart_that_is_not_ready_is_not_checked_out(cart, unchanged):
    models.StreetAddress.objects.update(active=False)

    with unchanged(), pytest.raises(IncompleteCartErrorSet) as refusal:
        checkout(cart)

    assert [reason.field for reason in refusal.value] == ["delivery_address"]


def test_a_shopper_without_a_cart_is_told_why_not(unchanged):
    with unchanged(), pytest.raises(IncompleteCartErrorSet) as refusal:
        checkout(EmptyCart())

    assert [reason.field for reason in refusal.value] == ["delivery_address", "payment_method", "items", "email"]


@override_settings(LORIKEET_CART_COMPLETE_CHECKERS=[])
def test_without_any_checker_a_shopper_without_a_cart_buys_nothing(unchanged):
    with unchanged(), pytest.raises(IncompleteCartErrorSet) as refusal:
        checkout(EmptyCart())

    assert refusal.value.to_json() == [
        {"code": "empty", "field": "items", "message": "There are no items in the cart."}
    ]


@override_settings(LORIKEET_CART_COMPLETE_CHECKERS=[])
def test_without_any_checker_what_costs_something_still_needs_a_method(unchanged):
    cart = make_cart()
    add_wine(cart)

    with unchanged(), pytest.raises(IncompleteCartErrorSet) as refusal:
        checkout(cart)

    assert refusal.value.to_json() == [
        {"code": "not_set", "field": "payment_method", "message": "A payment method is required."}
    ]


@override_settings(LORIKEET_CART_COMPLETE_CHECKERS=[])
def test_without_any_checker_what_costs_nothing_needs_none():
    cart = make_cart()
    add_wine(cart, "0")

    assert checkout(cart).order.state == "placed"


def test_the_cart_is_read_under_the_lock_and_not_as_it_was_found(cart):
    models.Wine.objects.update(unit_price=Decimal("15"))

    outcome = checkout(cart)

    assert outcome.order.grand_total == Decimal("15")


def test_lines_taken_without_the_lock_stop_the_checkout(cart, unchanged, monkeypatch):
    """A host's code that moves lines past Lorikeet must not have a shopper charged for lines that they do not get."""
    other = make_cart()
    make_order = prepare._make_order

    def make_order_late(*args):
        LineItem.objects.update(cart=other)
        return make_order(*args)

    monkeypatch.setattr(prepare, "_make_order", make_order_late)

    with unchanged(), pytest.raises(LockBroken, match=f"Rows of cart {cart.pk} were taken without its lock."):
        checkout(cart)

    assert charged() == []


@pytest.mark.parametrize("who", ["guest", "user"])
def test_the_order_knows_whose_it_is(who):
    user = make_user() if who == "user" else None
    cart = ready_cart(user)

    order = checkout(cart).order

    assert (order.user, order.guest_email) == ((user, "") if user else (None, "joe@example.com"))
    assert (order.delivery_address_subclass, order.payment_method_subclass) == (
        models.StreetAddress.objects.get(),
        models.PretendCard.objects.get(),
    )


def test_it_is_refused_inside_another_transaction(cart, unchanged):
    with unchanged(), pytest.raises(RuntimeError), transaction.atomic():
        checkout(cart)

    assert charged() == []


def test_every_line_is_kept_at_its_own_price(cart):
    add_wine(cart, "0.125", 3)
    models.MoodyLine.objects.create(cart=cart, amount=Decimal("7.005"))
    models.ShareOff.objects.create(cart=cart, parts=3)

    order = checkout(cart).order

    assert list(order.items.values_list("total_when_charged", flat=True)) == [
        Decimal("12"),
        Decimal("0.38"),
        Decimal("7.01"),
    ]
    assert list(order.adjustments.values_list("total_when_charged", flat=True)) == [Decimal("-6.46")]
    assert order.grand_total == Decimal("12.93")


# terms


def test_the_precondition_is_asked_under_the_lock_with_what_is_there(cart):
    asked = []

    checkout(
        cart, Terms(precondition=lambda contents, totals: asked.append((contents, totals, Cart.objects.get().seq)))
    )

    contents, totals, seq = asked[0]
    assert (contents.cart, len(contents.lines), totals.grand_total, seq) == (cart, 1, Decimal("12"), 1)


def test_a_precondition_that_does_not_hold_stops_the_checkout(cart, unchanged):
    def changed(contents, totals):
        raise CartChanged

    with unchanged(), pytest.raises(CartChanged):
        checkout(cart, Terms(precondition=changed))


def test_a_key_that_comes_again_is_answered_with_the_same_order(cart):
    first = checkout(cart, Terms(key="k", fingerprint="f"))

    again = checkout(cart, Terms(key="k", fingerprint="f"))

    assert (first.replayed, again.replayed) == (False, True)
    assert (again.order, again.order.state) == (first.order, "placed")
    assert len(charged()) == 1


def test_a_key_answers_for_a_refusal_too(cart):
    models.PretendCard.objects.update(token="tok_declined")
    checkout(cart, Terms(key="k"))

    again = checkout(cart, Terms(key="k"))

    assert (again.replayed, again.order.state, again.order.latest_charge.info["message"]) == (
        True,
        "cancelled",
        "Your card was declined.",
    )
    assert Order.objects.count() == 1


def test_a_key_with_another_request_is_refused(cart, unchanged):
    checkout(cart, Terms(key="k", fingerprint="f"))

    with unchanged(), pytest.raises(IdempotencyKeyReused):
        checkout(cart, Terms(key="k", fingerprint="g"))


def test_a_key_is_one_carts_own(cart):
    user = make_user()
    first = checkout(cart, Terms(key="k", fingerprint="f"))

    second = checkout(ready_cart(user), Terms(key="k", fingerprint="g"))

    assert (second.replayed, second.order == first.order) == (False, False)


def test_a_checkout_with_another_key_after_a_sale_is_a_new_one(cart):
    checkout(cart, Terms(key="k"))
    add_wine(cart)

    second = checkout(cart, Terms(key="l"))

    assert (second.replayed, Order.objects.placed().count(), len(charged())) == (False, 2, 2)


# throttling


@override_settings(LORIKEET_THROTTLE_RATES={"checkout_cart": "2/hour", "checkout_ip": "9/hour"})
def test_refused_payments_are_counted_and_at_some_point_no_more_are_asked_for(cart, unchanged):
    models.PretendCard.objects.update(token="tok_declined")
    terms = Terms(network="192.0.2.0")
    for _ in range(2):
        checkout(cart, terms)

    with unchanged(), pytest.raises(TooManyAttempts) as refusal:
        checkout(cart, terms)

    assert 0 < refusal.value.retry_after <= 3600
    assert list(ThrottleCount.objects.values_list("count", flat=True)) == [2, 2]


def test_payments_that_go_through_are_not_counted(cart):
    checkout(cart, Terms(network="192.0.2.0"))

    assert ThrottleCount.objects.count() == 0


def test_an_answer_from_the_record_is_not_counted(cart):
    models.PretendCard.objects.update(token="tok_declined")
    terms = Terms(key="k", network="192.0.2.0")

    for _ in range(3):
        checkout(cart, terms)

    assert list(ThrottleCount.objects.values_list("count", flat=True)) == [1, 1]


# telling the site


def test_a_sale_is_told_to_those_who_may_miss_it_and_to_those_who_must_not(cart):
    request = request_of()

    with (
        listening(order_placed) as placed,
        listening(order_checked_out) as told,
        listening(order_cancelled) as cancelled,
    ):
        order = checkout(cart, request=request).order

    assert placed == [{"sender": Order, "order": order}]
    assert told == [{"sender": Order, "order": order, "request": request}]
    assert cancelled == []
    assert Order.objects.get().notified_at is not None


def test_a_sale_is_told_after_it_is_committed(cart):
    seen = []

    def look(order, **sent):
        seen.append((connection.in_atomic_block, Order.objects.get().state, order.state))

    order_checked_out.connect(look)
    try:
        checkout(cart)
    finally:
        order_checked_out.disconnect(look)

    assert seen == [(False, "placed", "placed")]


@pytest.mark.parametrize("token", ["tok_declined", "tok_raising"])
def test_an_order_that_is_no_sale_sends_no_signal_of_one(cart, token):
    models.PretendCard.objects.update(token=token)
    with listening(order_placed) as placed, listening(order_checked_out) as told:
        checkout(cart)

    assert (placed, told) == ([], [])


def test_an_answer_from_the_record_is_not_told_again(cart):
    checkout(cart, Terms(key="k"))

    with listening(order_placed) as placed, listening(order_checked_out) as told:
        checkout(cart, Terms(key="k"))

    assert (placed, told) == ([], [])


def test_a_sale_whose_process_died_before_it_was_told_is_told_by_a_retry(cart, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(payments, "notify", kill)
        with pytest.raises(Killed):
            checkout(cart, Terms(key="k"))
    Order.objects.update(purchased_on=now() - timedelta(seconds=61))

    with listening(order_placed) as placed, listening(order_checked_out) as told:
        order = checkout(cart, Terms(key="k")).order

    assert (placed, [sent["order"] for sent in told]) == ([], [order])
