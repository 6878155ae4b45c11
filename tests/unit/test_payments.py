"""Asking for money and recording what came of it: who wins, what is handed back, and what is left to the staff."""

import logging
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import override_settings
from django.test.utils import CaptureQueriesContext
from django.utils.timezone import now
from django.utils.translation import gettext_lazy

from lorikeet import payments
from lorikeet.carts import lock, merge
from lorikeet.exceptions import PaymentError
from lorikeet.models import Cart, Order, PaymentAttempt
from lorikeet.payments import Paid, Refused, Unknown, ask, cancel_order, park, place_order, settle
from lorikeet.pricing import ChargeSource
from lorikeet.signals import order_cancelled, payment_changed
from tests.testapp import models
from tests.testapp.factories import make_coupon, make_user
from tests.unit import listening, make_attempt, make_order, ready_cart, sell

pytestmark = pytest.mark.django_db(transaction=True)

DECLINED = {"message": "Your card was declined."}


@pytest.fixture
def attempt():
    """An open attempt at 12 dollars for the one bottle of an order, which its cart waits for."""
    cart = ready_cart()
    order = make_order(cart=cart, slot=cart, payment_method=cart.payment_method, guest_email=cart.email)
    sell(models.WineLine.objects.get(), order)
    until = now() + timedelta(seconds=60)
    return make_attempt(order, method=models.PretendCard.objects.get(), lease_until=until)


@pytest.fixture
def paid(attempt):
    """A payment of the host's that is not linked to its attempt yet."""
    return models.CardPayment.objects.create(method=attempt.method, reference="ch_1")


def states(attempt):
    """What became of the attempt, and of its order."""
    return PaymentAttempt.objects.get(pk=attempt.pk).state, Order.objects.get(pk=attempt.order_id).state


class Method:
    """A payment method whose provider answers as it is told to."""

    def __init__(self, answer):
        self.answer = answer
        self.asked = []

    def make_payment(self, order, amount):
        self.asked.append((order, amount))
        if isinstance(self.answer, BaseException):
            raise self.answer
        return self.answer


def set_aside(attempt):
    """What everybody but the staff has forgotten: the attempt is unknown, the order pending, the cart free."""
    attempt = PaymentAttempt.objects.get(pk=attempt.pk)
    return (attempt.state, attempt.attention, attempt.open_for, attempt.order.state, attempt.order.slot) == (
        "unknown",
        "outcome unknown",
        attempt.order,
        "pending",
        None,
    )


# asking


def test_a_method_is_asked_once_for_the_amount_of_the_attempt(attempt, paid):
    method = Method(paid)

    result = ask(attempt, method)

    assert result == Paid(paid)
    assert method.asked == [(attempt.order, Decimal("12"))]


def test_a_payment_error_is_a_refusal(attempt):
    assert ask(attempt, Method(PaymentError(DECLINED))) == Refused(DECLINED)


@pytest.mark.parametrize(
    "error", [TimeoutError("Read timed out."), ConnectionError(), ValueError("502"), KeyError("id")]
)
def test_any_other_error_says_nothing(attempt, error, caplog):
    result = ask(attempt, Method(error))

    assert result == Unknown()
    assert [record.levelno for record in caplog.records] == [logging.ERROR]
    assert caplog.records[0].getMessage() == f"Payment attempt {attempt.key} raised: its outcome is unknown."
    assert caplog.records[0].exc_info[1] is error


@pytest.mark.parametrize("answer", [None, True, "ch_1", {"paid": True}, models.Promise], ids=repr)
def test_what_is_no_payment_says_nothing(attempt, answer, caplog):
    result = ask(attempt, Method(answer))

    assert result == Unknown()
    assert [record.levelno for record in caplog.records] == [logging.ERROR]
    assert caplog.records[0].getMessage() == (
        f"Method.make_payment() returned {answer!r} instead of a Payment: "
        f"the outcome of attempt {attempt.key} is unknown."
    )


def test_a_payment_that_is_not_saved_yet_is_saved(attempt):
    payment = models.CardPayment(method=attempt.method, reference="ch_1")

    result = ask(attempt, Method(payment))

    assert result == Paid(payment)
    assert models.CardPayment.objects.get() == payment


def test_a_payment_that_cannot_be_saved_says_nothing(attempt, caplog):
    """The provider may have the money all the same."""
    result = ask(attempt, Method(models.CardPayment(reference="ch_1")))

    assert result == Unknown()
    assert [record.levelno for record in caplog.records] == [logging.ERROR]


@pytest.mark.parametrize("error", [KeyboardInterrupt(), SystemExit(1)])
def test_a_process_that_is_told_to_stop_stops(attempt, error):
    with pytest.raises(type(error)):
        ask(attempt, Method(error))

    assert states(attempt) == ("calling", "pending")


# settling: paid


def test_a_payment_places_the_order(attempt, paid):
    before = now()

    placed = settle(attempt, Paid(paid, "ch_1"))

    order = Order.objects.get()
    attempt.refresh_from_db()
    assert placed is True
    assert (order.state, order.slot, order.expires_at, order.custom_invoice_id) == ("placed", None, None, None)
    assert before <= order.purchased_on <= now()
    assert (attempt.state, attempt.reference, attempt.open_for, attempt.lease_until) == ("paid", "ch_1", None, None)


def test_a_payment_is_linked_to_its_attempt(attempt, paid):
    settle(attempt, Paid(paid))

    paid.refresh_from_db()
    assert (paid.attempt, paid.reference) == (attempt, "ch_1")


def test_money_may_come_without_a_record_of_the_hosts(attempt):
    assert settle(attempt, Paid(reference="ch_1")) is True
    assert states(attempt) == ("paid", "placed")


@pytest.mark.parametrize("result", [Refused(DECLINED), Unknown(), Paid(reference="ch_2")])
def test_what_is_settled_stays_as_it_is(attempt, paid, unchanged, result):
    """Except for the time at which somebody last looked."""
    settle(attempt, Paid(paid, "ch_1"))
    Order.objects.update(updated_at=now())

    settled = settle(attempt, result)

    attempt.refresh_from_db()
    assert settled is False
    assert states(attempt) == ("paid", "placed")
    assert (attempt.reference, attempt.info) == ("ch_1", None)
    assert models.WineLine.objects.get().order == attempt.order


def test_a_payment_that_comes_after_the_refusal_places_nothing(attempt, paid):
    settle(attempt, Refused(DECLINED))

    placed = settle(attempt, Paid(paid))

    assert placed is False
    assert states(attempt) == ("failed", "cancelled")
    assert models.WineLine.objects.get().cart == Cart.objects.get()


def test_of_two_that_pay_at_once_one_places_the_order(attempt, paid):
    other = models.CardPayment.objects.create(method=attempt.method, reference="ch_2")

    won = [settle(attempt, Paid(payment)) for payment in (paid, other)]

    assert won == [True, False]
    assert Order.objects.get().payment_subclass == paid


def test_an_attempt_that_was_set_aside_may_still_turn_out_paid(attempt, paid):
    park(attempt)

    placed = settle(attempt, Paid(paid))

    attempt.refresh_from_db()
    assert placed is True
    assert states(attempt) == ("paid", "placed")
    assert attempt.attention == ""


def test_money_for_an_order_that_was_cancelled_places_nothing(attempt, paid):
    """Staff may have cancelled it by hand, whatever the attempt says."""
    Order.objects.update(state="cancelled", slot=None)

    placed = settle(attempt, Paid(paid))

    assert placed is False
    assert states(attempt) == ("paid", "cancelled")


# settling: refused


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


def test_what_is_handed_back_is_combined_with_what_was_added_meanwhile(attempt):
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


def test_the_cart_is_locked_before_the_order(attempt):
    with CaptureQueriesContext(connection) as queries:
        settle(attempt, Refused(DECLINED))

    updates = [query["sql"].split()[1].strip('"`') for query in queries if query["sql"].startswith("UPDATE")]
    assert updates[:2] == ["lorikeet_cart", "lorikeet_order"]


def test_the_cart_that_lines_are_handed_to_is_locked_even_if_it_is_another_by_then(attempt, monkeypatch):
    """The guest logs in at the very moment: his cart is merged while settling waits for its lock."""
    user, key = make_user(), Cart.objects.get().key
    locked = []

    def lock_late(**lookup):
        if not locked:
            merge(key, user)
        locked.append(lookup["pk"])
        return lock(**lookup)

    monkeypatch.setattr(payments, "lock", lock_late)

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


@override_settings(LORIKEET_CHARGES=["tests.unit.test_payments.Balance"])
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


# settling: nobody knows


@pytest.mark.parametrize("set_it_aside", [park, lambda attempt: settle(attempt, Unknown())])
def test_an_unknown_outcome_is_left_to_the_staff_and_frees_the_cart(attempt, set_it_aside, caplog):
    set_it_aside(attempt)

    assert set_aside(attempt)
    assert models.WineLine.objects.get().order == attempt.order
    assert [(record.levelname, record.getMessage()) for record in caplog.records] == [
        ("ERROR", f"Payment attempt {attempt.key} of order {attempt.order.pk} needs attention: its outcome is unknown.")
    ]


def test_what_is_settled_is_not_set_aside(attempt, paid, caplog):
    settle(attempt, Paid(paid))

    park(attempt)

    assert states(attempt) == ("paid", "placed")
    assert caplog.records == []


# invoice numbers


def next_number():
    return f"INV-{Order.objects.placed().count()}"


def broken():
    raise ZeroDivisionError


def always_the_same():
    return "INV-1"


def generator(function):
    return override_settings(LORIKEET_INVOICE_ID_GENERATOR=f"tests.unit.test_payments.{function.__name__}")


def test_a_shop_may_number_its_invoices(attempt):
    with generator(next_number):
        settle(attempt, Paid())

    order = Order.objects.get()
    assert (order.custom_invoice_id, order.invoice_id) == ("INV-1", "INV-1")


def test_a_broken_generator_does_not_undo_the_sale(attempt, caplog):
    with generator(broken):
        settle(attempt, Paid())

    order = Order.objects.get()
    assert (order.state, order.invoice_id) == ("placed", order.pk)
    assert [(record.levelname, record.getMessage()) for record in caplog.records] == [
        ("ERROR", f"Order {order.pk} was placed without an invoice id of its own.")
    ]


def test_a_number_that_is_taken_does_not_undo_the_sale(attempt, caplog):
    make_order(custom_invoice_id="INV-1")

    with generator(always_the_same):
        settle(attempt, Paid())

    order = attempt.order
    order.refresh_from_db()
    assert (order.state, order.custom_invoice_id) == ("placed", None)
    assert isinstance(caplog.records[0].exc_info[1], IntegrityError)


def test_an_order_that_is_not_pending_is_not_placed(attempt):
    Order.objects.update(state="cancelled", slot=None)

    with transaction.atomic():
        place_order(attempt.order)

    assert Order.objects.get().state == "cancelled"


# telling the site


def test_the_site_is_told_of_every_change_of_an_attempt(attempt, paid):
    with listening(payment_changed) as received:
        settle(attempt, Paid(paid))
        settle(attempt, Paid(paid))

    assert received == [{"sender": PaymentAttempt, "attempt": attempt}]
    assert received[0]["attempt"].state == "paid"


def test_the_site_is_told_of_what_is_left_to_the_staff(attempt):
    with listening(payment_changed) as received:
        park(attempt)

    assert received == [{"sender": PaymentAttempt, "attempt": attempt}]
    assert (received[0]["attempt"].state, received[0]["attempt"].attention) == ("unknown", "outcome unknown")


def test_the_site_is_told_of_a_cancelled_order_once(attempt):
    with listening(order_cancelled) as cancelled, listening(payment_changed) as changed:
        for _ in range(2):
            settle(attempt, Refused(DECLINED))

    assert cancelled == [{"sender": Order, "order": attempt.order}]
    assert cancelled[0]["order"].state == "cancelled"
    assert [sent["attempt"].state for sent in changed] == ["failed"]


def test_nobody_is_told_of_what_was_rolled_back(attempt, monkeypatch):
    def fail(line):
        raise ZeroDivisionError

    monkeypatch.setattr(models.WineLine, "undo_checkout", fail)

    with (
        listening(order_cancelled) as cancelled,
        listening(payment_changed) as changed,
        pytest.raises(ZeroDivisionError),
    ):
        settle(attempt, Refused(DECLINED))

    assert (cancelled, changed) == ([], [])


def test_a_receiver_that_fails_undoes_nothing_and_stops_no_other(attempt, paid):
    def fail(**sent):
        raise ZeroDivisionError

    payment_changed.connect(fail)
    try:
        with listening(payment_changed) as received:
            settle(attempt, Paid(paid))
    finally:
        payment_changed.disconnect(fail)

    assert len(received) == 1
    assert states(attempt) == ("paid", "placed")


@pytest.mark.parametrize("settling", [lambda attempt: settle(attempt, Unknown()), park])
def test_nothing_is_settled_inside_another_transaction(attempt, unchanged, settling):
    with unchanged(), pytest.raises(RuntimeError), transaction.atomic():
        settling(attempt)
