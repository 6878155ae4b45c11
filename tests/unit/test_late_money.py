"""Money that comes too late, is not what was asked for, or pays for something else already; and what is paid back."""

import logging
from decimal import Decimal
from uuid import uuid4

import pytest
from django.utils.timezone import now

from lorikeet.models import Cart, Order, PaymentAttempt
from lorikeet.outcomes import Pending, Refused, Unknown
from lorikeet.payments import begin
from lorikeet.sale import settle as settling
from lorikeet.sale.settle import settle
from lorikeet.signals import payment_attention
from tests.testapp import models
from tests.unit import DECLINED, listening, make_attempt, make_order, received, states

pytestmark = pytest.mark.django_db(transaction=True)


def refund_of(attempt):
    """The refund that is owed, as it waits for the first look."""
    refund = PaymentAttempt.objects.get(kind="refund")
    assert (refund.order, refund.parent, refund.method_id, refund.provider) == (
        attempt.order,
        attempt,
        attempt.method_id,
        attempt.provider,
    )
    assert (refund.state, refund.open_for, refund.reference, refund.lease) == ("calling", None, None, None)
    assert refund.lease_until <= now()
    return refund


@pytest.mark.parametrize("is_final", [True, False])
def test_late_money_is_kept_and_paid_back(attempt, paid, is_final, caplog):
    settle(attempt, Refused(DECLINED, is_final=is_final))

    with listening(payment_attention) as told:
        settle(attempt, received(payment=paid))

    attempt.refresh_from_db()
    paid.refresh_from_db()
    refund = refund_of(attempt)
    assert (attempt.state, attempt.reference, attempt.received, attempt.check_at) == ("paid", "ch_1", "", None)
    assert (refund.amount, refund.currency) == (Decimal("12"), "AUD")
    assert refund.key != attempt.key
    assert paid.attempt == attempt
    assert [(sent["attempt"], sent["attempt"].attention) for sent in told] == [(attempt, "late money")]
    assert [record.levelno for record in caplog.records] == [logging.ERROR]


def test_money_for_a_cancelled_order_is_paid_back(attempt):
    Order.objects.update(state="cancelled", slot=None)

    settle(attempt, received())

    assert refund_of(attempt).amount == Decimal("12")
    assert PaymentAttempt.objects.get(pk=attempt.pk).attention == "late money"


def test_late_money_is_paid_back_once(attempt):
    settle(attempt, Refused(DECLINED))

    for _ in range(2):
        settle(attempt, received())

    assert PaymentAttempt.objects.filter(kind="refund").count() == 1


@pytest.mark.parametrize(
    ("amount", "currency"), [("11.99", "AUD"), ("12.01", "AUD"), ("12", "NZD"), ("1200", "AUD")], ids=str
)
def test_money_that_is_not_what_was_asked_for_places_nothing_and_is_paid_back(attempt, paid, amount, currency):
    placed = settle(attempt, received(amount=amount, currency=currency, payment=paid))

    attempt.refresh_from_db()
    refund = refund_of(attempt)
    assert placed is False
    assert states(attempt) == ("paid", "cancelled")
    assert (attempt.attention, attempt.received) == ("wrong amount", f"{amount} {currency}")
    assert (attempt.amount, attempt.currency, attempt.open_for) == (Decimal("12"), "AUD", None)
    assert attempt.info == {"code": "wrong_amount", "message": "What was paid is not what was asked for."}
    assert (refund.amount, refund.currency) == (Decimal(amount), currency)
    assert Order.objects.get().cancel_reason == "wrong amount"
    assert models.WineLine.objects.get().cart == Cart.objects.get()


def test_the_wrong_amount_that_comes_late_is_paid_back_as_well(attempt):
    settle(attempt, Refused(DECLINED, "expired", is_final=False))

    settle(attempt, received(amount="11"))

    assert refund_of(attempt).amount == Decimal("11")
    assert PaymentAttempt.objects.get(pk=attempt.pk).attention == "wrong amount"
    assert Order.objects.get().cancel_reason == "expired"


@pytest.mark.parametrize("amount", ["0", "-12"])
def test_nothing_is_no_payment_and_is_not_paid_back(attempt, amount):
    placed = settle(attempt, received(amount=amount))

    attempt.refresh_from_db()
    assert placed is False
    assert states(attempt) == ("failed", "cancelled")
    assert (attempt.attention, attempt.info["code"]) == ("wrong amount", "wrong_amount")
    assert (Order.objects.get().cancel_reason, PaymentAttempt.objects.count()) == ("wrong amount", 1)


def test_an_amount_is_compared_by_its_value(attempt):
    assert settle(attempt, received(amount="12.0000")) is True


def test_the_record_of_the_host_may_be_saved_with_the_money(attempt):
    settle(attempt, received(payment=models.CardPayment(method=attempt.method, reference="ch_1")))

    assert models.CardPayment.objects.get().attempt == attempt


def test_the_reference_that_was_saved_stays_if_the_money_comes_without_one(attempt):
    attempt.save_reference("pi_1")

    settle(attempt, received(reference=None))

    assert PaymentAttempt.objects.get().reference == "pi_1"


# a reference counts once


@pytest.mark.parametrize("outcome", [received("ch_9"), Pending("ch_9")], ids=["paid", "pending"])
def test_a_payment_does_not_pay_for_two_orders(attempt, outcome, caplog):
    make_attempt(make_order(), state="paid", reference="ch_9")

    placed = settle(attempt, outcome)

    attempt.refresh_from_db()
    assert placed is False
    assert states(attempt) == ("failed", "cancelled")
    assert (attempt.reference, attempt.attention, attempt.info["code"]) == (
        None,
        "reference used twice",
        "reference_used",
    )
    assert not PaymentAttempt.objects.filter(kind="refund").exists()
    assert [record.levelno for record in caplog.records] == [logging.ERROR]


@pytest.mark.parametrize("fields", [{"provider": "PayLater"}, {"kind": "refund"}], ids=["provider", "kind"])
def test_a_reference_is_one_of_a_provider_and_a_kind(attempt, fields):
    parent = make_attempt(make_order(), state="paid") if "kind" in fields else None
    make_attempt(make_order(), state="paid", reference="ch_9", parent=parent, **fields)

    assert settle(attempt, received("ch_9")) is True


def test_its_own_reference_is_not_taken(attempt):
    attempt.save_reference("ch_1")

    assert settle(PaymentAttempt.objects.get(), received("ch_1")) is True


def test_a_reference_that_another_payment_was_given_at_the_same_moment(begun, scripted, monkeypatch):
    """The look found no other payment with it; the constraint of the database did."""
    make_attempt(make_order(), state="paid", reference="ch_9", provider="ScriptedCard")
    is_taken, blind = settling._is_taken, [True]
    monkeypatch.setattr(settling, "_is_taken", lambda *args: not (blind and blind.pop()) and is_taken(*args))
    scripted.script(start_payment=received("ch_9"))

    begin(begun)

    begun.refresh_from_db()
    assert blind == []
    assert states(begun) == ("failed", "cancelled")
    assert (begun.attention, begun.lease) == ("reference used twice", None)


def test_a_payment_of_the_hosts_belongs_to_one_attempt(attempt, paid):
    other = make_attempt(make_order(), state="paid")
    models.CardPayment.objects.update(attempt=other)
    paid.refresh_from_db()

    settle(attempt, received(payment=paid))

    paid.refresh_from_db()
    assert paid.attempt == other


# refunds


@pytest.fixture
def refund(attempt):
    """A refund of 5 dollars, leased, of a payment of 12."""
    settle(attempt, received())
    return make_attempt(
        attempt.order, kind="refund", parent=attempt, amount=Decimal("5"), method=attempt.method, lease=uuid4()
    )


def kept(refund):
    refund.refresh_from_db()
    return refund.state, refund.attention, refund.order.state


def test_a_refund_is_paid_and_the_order_stays_as_it_is(refund, caplog):
    assert settle(refund, received("re_1", "5")) is False

    assert kept(refund) == ("paid", "", "placed")
    assert refund.reference == "re_1"
    assert caplog.records == []


def test_the_staff_look_at_a_refund_of_the_wrong_amount(refund):
    for _ in range(2):
        settle(refund, received("re_1", "4"))

    assert kept(refund) == ("paid", "wrong amount", "placed")
    assert refund.received == "4 AUD"
    assert PaymentAttempt.objects.filter(kind="refund").count() == 1


@pytest.mark.parametrize(
    ("amount", "attention"), [("5", "reference used twice"), ("4", "wrong amount")], ids=["as agreed", "another amount"]
)
def test_a_refund_with_the_reference_of_another_went_back_all_the_same(refund, amount, attention, caplog):
    """Recorded as failed it would be paid back again."""
    make_attempt(refund.order, kind="refund", parent=refund.parent, state="paid", reference="re_1")

    for _ in range(2):
        settle(refund, received("re_1", amount))

    assert kept(refund) == ("paid", attention, "placed")
    assert refund.reference is None
    assert len(caplog.records) == 1


def test_the_staff_look_at_a_refund_that_failed(refund, caplog):
    for _ in range(2):
        settle(refund, Refused(DECLINED))

    assert kept(refund) == ("failed", "refund failed", "placed")
    assert refund.info == DECLINED
    assert len(caplog.records) == 1


def test_a_refund_that_the_method_cannot_make_is_made_by_hand(refund):
    settle(refund, Unknown(can_be_asked=False))

    assert kept(refund) == ("unknown", "refund by hand", "placed")
    assert refund.is_parked


def test_a_refund_may_wait(refund):
    settle(refund, Pending("re_1"))

    assert kept(refund) == ("pending", "", "placed")
    assert refund.check_at is not None
