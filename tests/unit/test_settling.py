"""Recording the outcome of a payment: which process wins, what is handed back, what waits and what is parked."""

from decimal import Decimal

import pytest
from django.db import OperationalError, connection, transaction
from django.test import override_settings
from django.test.utils import CaptureQueriesContext
from django.utils.timezone import now
from django.utils.translation import gettext_lazy

from lorikeet.cart.locks import lock
from lorikeet.cart.merging import merge
from lorikeet.models import Cart, Order, PaymentAttempt
from lorikeet.outcomes import NotFound, Pending, Refused, Unknown
from lorikeet.pricing import ChargeSource
from lorikeet.sale import settle as settling
from lorikeet.sale.settle import cancel_order, settle
from tests.testapp import models
from tests.testapp.factories import make_coupon, make_user
from tests.unit import DECLINED, received, sell, states

pytestmark = pytest.mark.django_db(transaction=True)

NEVER_KNOWN = Unknown(can_be_asked=False)


def is_parked(attempt):
    """Whether it is left to the staff: the attempt is unknown, the order pending, the cart free."""
    attempt = PaymentAttempt.objects.get(pk=attempt.pk)
    return attempt.is_parked and (attempt.open_for, attempt.lease, attempt.order.state, attempt.order.slot) == (
        attempt.order,
        None,
        "pending",
        None,
    )


# paid


def test_a_payment_places_the_order(attempt, paid):
    before = now()

    placed = settle(attempt, received(payment=paid))

    order = Order.objects.get()
    attempt.refresh_from_db()
    assert placed is True
    assert (order.state, order.slot, order.expires_at, order.custom_invoice_id) == ("placed", None, None, None)
    assert before <= order.purchased_on <= now()
    assert (attempt.state, attempt.reference, attempt.open_for, attempt.lease_until) == ("paid", "ch_1", None, None)


def test_a_payment_is_linked_to_its_attempt(attempt, paid):
    settle(attempt, received(payment=paid))

    paid.refresh_from_db()
    assert (paid.attempt, paid.reference) == (attempt, "ch_1")


def test_a_record_of_the_hosts_that_cannot_be_kept_undoes_no_sale(attempt, caplog):
    """The money was taken."""
    record = models.CardPayment(reference="ch_1")  # of no payment method

    assert settle(attempt, received(payment=record))

    assert states(attempt) == ("paid", "placed")
    assert PaymentAttempt.objects.get().attention == "payment not kept"
    assert caplog.records[0].getMessage() == f"The CardPayment of payment attempt {attempt.key} was not kept."


def test_a_sale_whose_record_meets_a_busy_database_is_settled_again(attempt, monkeypatch, unchanged):
    def be_busy(payment, **kwargs):
        raise OperationalError("deadlock detected")

    monkeypatch.setattr(models.CardPayment, "save", be_busy)

    with unchanged(), pytest.raises(OperationalError):
        settle(attempt, received(payment=models.CardPayment(method=attempt.method)))


class DeadlockDetected(Exception):
    """What a driver of PostgreSQL raises."""

    sqlstate = "40P01"


def abort_first(function):
    """Return ``function`` as it is when the database aborts the transaction of its first call afterwards."""
    errors = [OperationalError("deadlock detected")]
    errors[0].__cause__ = DeadlockDetected()

    def run(*args):
        result = function(*args)
        if errors:
            raise errors.pop()
        return result

    return run


def test_the_record_of_a_sale_that_the_database_aborts_once_is_kept(attempt, monkeypatch):
    monkeypatch.setattr(settling, "place_order", abort_first(settling.place_order))

    assert settle(attempt, received(payment=models.CardPayment(method=attempt.method, reference="ch_1")))

    assert states(attempt) == ("paid", "placed")
    assert models.CardPayment.objects.get().attempt == attempt


def test_a_card_for_one_payment_is_retired_though_the_database_aborts_the_sale_once(attempt, monkeypatch):
    monkeypatch.setattr(models.PretendCard, "reusable", False)
    monkeypatch.setattr(settling, "_retire_spent", abort_first(settling._retire_spent))

    settle(attempt, received())

    assert states(attempt) == ("paid", "placed")
    assert models.PretendCard.objects.get().active is False


def test_money_may_come_without_a_record_of_the_hosts(attempt):
    assert settle(attempt, received()) is True
    assert states(attempt) == ("paid", "placed")


@pytest.mark.parametrize("result", [Refused(DECLINED), Unknown(), NEVER_KNOWN, Pending(), NotFound(), received("ch_2")])
def test_a_settled_payment_stays_as_it_is(attempt, paid, unchanged, result):
    """Except for the time of the latest look."""
    settle(attempt, received(payment=paid))
    Order.objects.update(updated_at=now())

    settled = settle(attempt, result)

    attempt.refresh_from_db()
    assert settled is False
    assert states(attempt) == ("paid", "placed")
    assert (attempt.reference, attempt.info) == ("ch_1", None)
    assert models.WineLine.objects.get().order == attempt.order


def test_a_payment_that_comes_after_the_refusal_places_nothing(attempt, paid):
    settle(attempt, Refused(DECLINED))

    placed = settle(attempt, received(payment=paid))

    assert placed is False
    assert states(attempt) == ("paid", "cancelled")
    assert models.WineLine.objects.get().cart == Cart.objects.get()


def test_of_two_that_pay_at_once_one_places_the_order(attempt, paid):
    other = models.CardPayment.objects.create(method=attempt.method, reference="ch_2")

    won = [settle(attempt, received(payment=payment)) for payment in (paid, other)]

    assert won == [True, False]
    assert Order.objects.get().payment_subclass == paid


def test_a_parked_attempt_may_still_turn_out_paid(attempt, paid):
    settle(attempt, NEVER_KNOWN)

    placed = settle(attempt, received(payment=paid))

    attempt.refresh_from_db()
    assert placed is True
    assert states(attempt) == ("paid", "placed")
    assert attempt.attention == ""


def test_money_for_an_order_that_was_cancelled_places_nothing(attempt, paid):
    """Staff may have cancelled it by hand, whatever the attempt says."""
    Order.objects.update(state="cancelled", slot=None)

    placed = settle(attempt, received(payment=paid))

    assert placed is False
    assert states(attempt) == ("paid", "cancelled")


# refused


def test_a_refusal_cancels_the_order_and_hands_everything_back(attempt):
    share = sell(models.ShareOff.objects.create(cart=Cart.objects.get()), attempt.order, "-4")

    placed = settle(attempt, Refused(DECLINED))

    order, cart = Order.objects.get(), Cart.objects.get()
    line, share = models.WineLine.objects.get(), models.ShareOff.objects.get(pk=share.pk)
    attempt.refresh_from_db()
    assert placed is False
    assert (order.state, order.cancel_reason, order.slot, order.purchased_on) == ("cancelled", "refused", None, None)
    assert (attempt.state, attempt.info, attempt.open_for, attempt.lease_until) == ("failed", DECLINED, None, None)
    assert (line.cart, line.order, line.total_when_charged) == (cart, None, None)
    assert (share.cart, share.order, share.total_when_charged) == (cart, None, None)


def test_a_refusal_settled_twice_gives_back_once(attempt):
    cart = Cart.objects.get()
    sell(models.MoodyLine.objects.create(cart=cart), attempt.order)

    for _ in range(2):
        settle(attempt, Refused(DECLINED))

    assert list(models.HookCall.objects.values_list("name", flat=True)) == ["undo_checkout"]


def test_a_line_handed_back_is_combined_with_an_equal_one_added_meanwhile(attempt):
    cart, line = Cart.objects.get(), models.WineLine.objects.get()
    meanwhile = models.WineLine.objects.create(cart=cart, product=line.product, quantity=2)
    other = models.MoodyLine.objects.create(cart=cart)
    settle(attempt, Refused(DECLINED))

    assert list(cart.items.select_subclasses()) == [meanwhile, other]
    assert models.WineLine.objects.get().quantity == 3


def test_a_coupon_that_is_handed_back_counts_once(attempt):
    cart, coupon = Cart.objects.get(), make_coupon()
    sell(models.CouponAdjustment.objects.create(cart=cart, coupon=coupon), attempt.order, "-10")
    meanwhile = models.CouponAdjustment.objects.create(cart=cart, coupon=coupon)

    settle(attempt, Refused(DECLINED))

    assert models.CouponAdjustment.objects.get() == meanwhile


@override_settings(LORIKEET_MAX_LINES=3, LORIKEET_MAX_ADJUSTMENTS=1)
def test_a_line_without_room_in_the_cart_stays_on_the_cancelled_order(attempt, caplog):
    cart, bottle = Cart.objects.get(), models.WineLine.objects.get()
    second = sell(models.MoodyLine.objects.create(cart=cart), attempt.order, "10")
    share = sell(models.ShareOff.objects.create(cart=cart), attempt.order, "-1")
    for _ in range(2):
        models.MoodyLine.objects.create(cart=cart)
    models.ShareOff.objects.create(cart=cart)

    settle(attempt, Refused(DECLINED))

    order = Order.objects.get()
    assert order.state == "cancelled"
    assert (cart.items.count(), cart.adjustments.count()) == (3, 1)
    assert bottle in cart.items.select_subclasses()
    assert [(line, line.total) for line in order.items.select_subclasses()] == [(second, Decimal(10))]
    assert [(row, row.total) for row in order.adjustments.select_subclasses()] == [(share, Decimal(-1))]
    assert f"Cart {cart.pk} is full: 2 rows of order {order.pk} stay on it." in caplog.messages


@override_settings(LORIKEET_MAX_LINES=1)
def test_a_line_handed_back_to_a_full_cart_is_combined_with_an_equal_one(attempt):
    cart, bottle = Cart.objects.get(), models.WineLine.objects.get()
    models.WineLine.objects.create(cart=cart, product=bottle.product, quantity=2)
    settle(attempt, Refused(DECLINED))

    assert models.WineLine.objects.get().quantity == 3


@override_settings(LORIKEET_MAX_LINES=1)
def test_an_order_with_more_lines_than_the_limit_comes_back_whole_to_an_empty_cart(attempt):
    """A site may fill carts from Python; a refused payment leaves the cart as it was."""
    cart = Cart.objects.get()
    for _ in range(2):
        sell(models.MoodyLine.objects.create(cart=cart), attempt.order, "10")

    settle(attempt, Refused(DECLINED))

    assert cart.items.count() == 3


def test_the_cart_is_locked_before_the_order(attempt):
    with CaptureQueriesContext(connection) as queries:
        settle(attempt, Refused(DECLINED))

    updates = [query["sql"].split()[1].strip('"`') for query in queries if query["sql"].startswith("UPDATE")]
    assert updates[:2] == ["lorikeet_cart", "lorikeet_order"]


def test_the_cart_that_lines_are_handed_to_is_locked_even_if_it_is_another_by_then(attempt, monkeypatch):
    """The guest logs in at the very moment: their cart is merged while settling waits for its lock."""
    user, key = make_user(), Cart.objects.get().key
    locked = []

    def lock_late(**lookup):
        if not locked:
            merge(key, user)
        locked.append(lookup["pk"])
        return lock(**lookup)

    monkeypatch.setattr(settling, "lock", lock_late)

    settle(attempt, Refused(DECLINED))

    cart = Cart.objects.get()
    assert models.WineLine.objects.get().cart == cart
    assert cart.pk in locked


def test_an_order_that_is_not_pending_is_not_cancelled(attempt, unchanged):
    Order.objects.update(state="placed", slot=None, purchased_on=now())

    with unchanged(), transaction.atomic():
        cancel_order(attempt.order, "expired")


def test_an_order_whose_cart_is_gone_keeps_its_lines(attempt):
    Order.objects.update(slot=None, cart=None)
    Cart.objects.all().delete()

    settle(attempt, Refused(DECLINED))

    assert states(attempt) == ("failed", "cancelled")
    assert models.WineLine.objects.get().order == attempt.order


def test_if_something_cannot_be_given_back_nothing_is(attempt, unchanged, monkeypatch):
    def fail(line):
        raise ZeroDivisionError

    monkeypatch.setattr(models.WineLine, "undo_checkout", fail)

    with unchanged(), pytest.raises(ZeroDivisionError):
        settle(attempt, Refused(DECLINED))


class Balance(ChargeSource):
    """Notes what it gives back."""

    code = "balance"

    def get_charges(self, contents, total):
        return []

    def undo_checkout(self, order):
        models.HookCall.objects.create(name="balance given back", line=order.pk)


@override_settings(LORIKEET_CHARGES=["tests.unit.test_settling.Balance"])
def test_charge_sources_give_back_as_well(attempt):
    settle(attempt, Refused(DECLINED))

    assert list(models.HookCall.objects.values_list("name", "line")) == [("balance given back", attempt.order.pk)]


def test_an_order_is_cancelled_for_a_reason(attempt):
    PaymentAttempt.objects.update(state="failed", open_for=None)

    with transaction.atomic():
        cancel_order(attempt.order, "expired")

    assert Order.objects.get().cancel_reason == "expired"


@pytest.mark.parametrize(
    ("info", "kept"),
    [
        ({"message": "No.", "codes": [1, 2.5, None]}, {"message": "No.", "codes": [1, 2.5, None]}),
        ("No.", "No."),
        (None, None),
        ({"amount": Decimal("12.50")}, {"amount": "12.50"}),
        ({"message": gettext_lazy("Yes")}, {"message": "Yes"}),
        (ValueError("No."), {"message": "No."}),
        ({1}, {"message": "{1}"}),
        ({"rate": float("nan")}, {"message": "{'rate': nan}"}),
        (float("inf"), {"message": "inf"}),
    ],
    ids=repr,
)
def test_the_info_of_a_refusal_is_kept_as_json(attempt, info, kept):
    settle(attempt, Refused(info))

    attempt.refresh_from_db()
    assert attempt.info == kept


@pytest.mark.parametrize("info", [{"message": "\0"}, {"\ud800": 1}, "\ud800"], ids=ascii)
def test_a_refusal_is_kept_whatever_the_provider_says(attempt, info):
    """Not every database stores every JSON value; the shopper was refused all the same."""
    settle(attempt, Refused(info))

    assert states(attempt) == ("failed", "cancelled")


def test_a_refusal_that_is_nested_too_deeply_is_kept_all_the_same(attempt):
    info = []
    for _ in range(100_000):
        info = [info]

    settle(attempt, Refused(info))

    assert states(attempt) == ("failed", "cancelled")


# unknown outcomes


def test_a_payment_that_cannot_be_asked_about_is_parked_and_frees_the_cart(attempt, caplog):
    settle(attempt, NEVER_KNOWN)

    assert is_parked(attempt)
    assert models.WineLine.objects.get().order == attempt.order
    assert [(record.levelname, record.getMessage()) for record in caplog.records] == [
        ("ERROR", f"Payment attempt {attempt.key} of order {attempt.order.pk} needs attention: outcome unknown.")
    ]


def test_a_settled_payment_is_not_parked(attempt, paid, caplog):
    settle(attempt, received(payment=paid))
    settle(attempt, NEVER_KNOWN)

    assert states(attempt) == ("paid", "placed")
    assert caplog.records == []
