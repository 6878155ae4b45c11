"""Paying back: all or a part, never more than was received, and what an order says of its money."""

from decimal import Decimal
from uuid import uuid4

import pytest
from django.db import transaction

from lorikeet.exceptions import PaymentError, RefundError
from lorikeet.models import Order, PaymentAttempt
from lorikeet.outcomes import Pending, Refused
from lorikeet.payments import resolve
from lorikeet.refunds import refund, refundable
from lorikeet.sale.settle import settle
from tests.testapp.factories import make_user
from tests.unit import DECLINED, make_attempt, make_order, received, reread, states

pytestmark = pytest.mark.django_db(transaction=True)

FULL = Decimal("12")


@pytest.fixture
def sold(begun):
    """The payment of a placed order of 12 dollars, at a card that answers as it is told to."""
    settle(begun, received())
    return reread(begun)


def give_back(attempt):
    """Answer as a provider that pays back what it is asked to."""
    return received(f"re_{attempt.pk}", attempt.amount, attempt.currency)


def refused(order, *args):
    """Ask for a refund that is not possible, and return what is said."""
    before = PaymentAttempt.objects.count()
    with pytest.raises(RefundError) as refusal:
        refund(order, *args)
    assert PaymentAttempt.objects.count() == before
    return str(refusal.value)


def test_a_sale_is_paid_back_in_full(sold, scripted):
    staff = make_user()
    scripted.script(refund_payment=give_back)

    attempt = refund(sold.order, reason="It was broken.", by=staff)

    assert (attempt.kind, attempt.state, attempt.amount, attempt.currency) == ("refund", "paid", FULL, "AUD")
    assert (attempt.parent, attempt.order, attempt.method_id) == (sold, sold.order, sold.method_id)
    assert (attempt.provider, attempt.reference) == ("ScriptedCard", f"re_{attempt.pk}")
    assert (attempt.reason, attempt.created_by, attempt.key != sold.key) == ("It was broken.", staff, True)
    assert (attempt.open_for, attempt.lease) == (None, None)
    assert scripted.asked == [("refund_payment", attempt.pk)]


def test_a_refund_leaves_the_sale_as_it_is(sold, scripted):
    scripted.script(refund_payment=give_back)

    refund(sold.order)

    assert states(sold) == ("paid", "placed")


def test_a_sale_is_paid_back_in_parts_until_nothing_is_left(sold, scripted):
    scripted.script(refund_payment=give_back)

    amounts = [refund(sold.order, amount).amount for amount in (Decimal("5"), Decimal("0.01"), None)]

    assert amounts == [Decimal("5"), Decimal("0.01"), Decimal("6.99")]
    assert refundable(sold.order) == 0
    assert refused(sold.order) == "All that was paid has been paid back, or is about to be."


@pytest.mark.parametrize("amount", [Decimal("12.01"), Decimal("1e14")], ids=str)
def test_more_than_is_left_is_not_paid_back(sold, scripted, amount):
    assert refused(sold.order, amount) == "Only 12.00 AUD are left."
    assert scripted.asked == []


@pytest.mark.parametrize("amount", [Decimal("0"), Decimal("-1")], ids=str)
def test_an_amount_of_zero_is_not_refunded(sold, scripted, amount):
    assert refused(sold.order, amount) == "A refund is an amount above zero."
    assert scripted.asked == []


def test_a_refund_is_made_once_for_each_key(sold, scripted):
    key = uuid4()
    scripted.script(refund_payment=received("re_1", "5"))
    refund(sold.order, Decimal(5), key=key)

    with pytest.raises(RefundError, match=r"^This refund was asked for already\.$"):
        refund(sold.order, Decimal(5), key=key)

    assert sold.order.amount_refunded == Decimal(5)


def test_two_refunds_with_one_reference_at_the_provider_are_both_counted(sold, scripted):
    """Some providers answer with the id of the payment itself."""
    scripted.script(refund_payment=lambda attempt: received("ch_1", attempt.amount))

    attempts = [refund(sold.order, Decimal("5")) for _ in range(2)]

    assert [(attempt.state, attempt.reference, attempt.attention) for attempt in attempts] == [
        ("paid", "ch_1", ""),
        ("paid", None, "reference used twice"),
    ]
    assert refundable(sold.order) == Decimal("2")


def test_a_refund_on_its_way_with_a_reference_of_another_waits_as_any(sold, scripted):
    scripted.script(refund_payment=Pending("re_1"))

    attempts = [refund(sold.order, Decimal("5")) for _ in range(2)]

    assert [attempt.state for attempt in attempts] == ["pending", "pending"]
    assert refundable(sold.order) == Decimal("2")


def test_a_refund_is_no_change_of_the_order(sold, scripted):
    Order.objects.update(updated_at=sold.created_at)
    scripted.script(refund_payment=give_back)

    refund(sold.order)

    assert Order.objects.get().updated_at == sold.created_at


@pytest.mark.parametrize("amount", [Decimal("NaN"), Decimal("Infinity"), 1.5, "1", Decimal("1e30")], ids=repr)
def test_a_value_that_is_no_amount_is_not_refunded(sold, scripted, amount):
    refused(sold.order, amount)

    assert scripted.asked == []


def test_an_amount_is_not_rounded(sold, scripted):
    assert refused(sold.order, Decimal("1.005")) == "This amount has more decimal places than its currency."


@pytest.mark.parametrize("state", ["pending", "unknown", "failed", "calling"])
def test_an_unpaid_order_is_not_refunded(state):
    order = make_order()
    make_attempt(order, state=state)

    assert refused(order) == "Nothing was paid for this order."
    assert refundable(order) == 0


def test_a_free_order_is_not_refunded():
    assert refused(make_order(grand_total=Decimal(0))) == "Nothing was paid for this order."


@pytest.mark.parametrize(
    ("answer", "state", "left"),
    [
        (Pending("re_1"), "pending", Decimal("7")),
        (TimeoutError(), "unknown", Decimal("7")),
        (PaymentError(DECLINED), "failed", FULL),
    ],
    ids=repr,
)
def test_an_amount_that_may_have_been_refunded_is_not_left(sold, scripted, answer, state, left):
    scripted.script(refund_payment=answer)
    attempt = refund(sold.order, Decimal("5"))

    assert attempt.state == state
    assert refundable(sold.order) == left


def test_a_refund_whose_outcome_is_unknown_is_asked_for_again_under_its_key(sold, scripted):
    keys = []

    def answer(attempt):
        keys.append(attempt.key)
        return give_back(attempt)

    scripted.script(refund_payment=[TimeoutError(), answer])
    attempt = refund(sold.order)

    resolve(attempt)

    assert (reread(attempt).state, keys) == ("paid", [attempt.key])


def test_a_refund_that_the_method_cannot_make_is_left_to_the_staff(attempt):
    settle(attempt, received())
    by_hand = refund(attempt.order)

    assert (by_hand.state, by_hand.attention, by_hand.is_parked) == ("unknown", "refund by hand", True)
    assert refundable(attempt.order) == 0


def test_a_refund_is_durable_before_the_provider_hears_of_it(sold, scripted):
    seen = []
    scripted.script(
        refund_payment=lambda attempt: seen.append(reread(attempt).state) or give_back(attempt),
    )

    refund(sold.order)

    assert seen == ["calling"]


def test_nothing_is_paid_back_inside_another_transaction(sold, scripted, unchanged):
    with unchanged(), pytest.raises(RuntimeError), transaction.atomic():
        refund(sold.order)

    assert scripted.asked == []


def test_it_is_the_order_as_it_is_stored_that_is_paid_back(sold, scripted):
    order = Order.objects.get(pk=sold.order_id)
    order.currency, order.grand_total = "NZD", Decimal("99")
    scripted.script(refund_payment=give_back)

    attempt = refund(order)

    assert (attempt.amount, attempt.currency) == (FULL, "AUD")


def test_late_money_that_is_owed_already_is_not_paid_back_twice(begun, scripted):
    settle(begun, Refused(DECLINED))
    settle(begun, received())

    assert refundable(begun.order) == 0
    assert refused(begun.order) == "All that was paid has been paid back, or is about to be."


@pytest.mark.parametrize(("amount", "currency"), [("11", "AUD"), ("1200", "AUD"), ("12", "NZD")])
def test_another_amount_than_was_asked_for_is_paid_back_by_itself_and_not_again(begun, amount, currency):
    settle(begun, received(amount=amount, currency=currency))

    assert refundable(begun.order) == 0
    assert refused(begun.order) == "Nothing was paid for this order."


def test_a_currency_without_cents_has_none(begun, scripted):
    Order.objects.update(currency="JPY")
    PaymentAttempt.objects.update(currency="JPY")
    settle(reread(begun), received(currency="JPY"))
    scripted.script(refund_payment=give_back)

    assert str(refundable(Order.objects.get())) == "12"
    assert refused(Order.objects.get(), Decimal("0.5")) == "This amount has more decimal places than its currency."


# what an order says of its money


def money_of(order):
    return order.amount_paid, order.amount_refunded, order.amount_due, order.all_paid


def test_an_order_that_waits_is_due(begun):
    assert money_of(begun.order) == (0, 0, FULL, False)


def test_an_order_that_is_paid_is_not(sold):
    assert money_of(Order.objects.get()) == (FULL, 0, 0, True)


def test_refunded_money_is_counted_beside_paid_money(sold, scripted):
    scripted.script(refund_payment=[give_back, Pending(), PaymentError(DECLINED)])
    for _ in range(3):
        refund(sold.order, Decimal("2"))

    assert money_of(Order.objects.get()) == (FULL, Decimal("2"), 0, True)


def test_nothing_is_due_on_an_order_that_is_cancelled(begun):
    settle(begun, Refused(DECLINED))

    assert money_of(Order.objects.get()) == (0, 0, 0, False)


def test_an_order_that_costs_nothing_is_paid_when_it_is_placed():
    order = make_order(grand_total=Decimal(0))

    assert money_of(order) == (0, 0, 0, False)


def test_the_amounts_of_an_order_have_the_places_of_its_currency(sold):
    assert [str(amount) for amount in money_of(Order.objects.get())[:3]] == ["12.00", "0.00", "0.00"]


def test_money_that_was_not_asked_for_does_not_count_as_paid(begun, scripted):
    settle(begun, received(amount="11"))
    scripted.script(refund_payment=received("re_1", "11"))
    resolve(PaymentAttempt.objects.get(kind="refund"))

    assert PaymentAttempt.objects.get(kind="refund").state == "paid"
    assert money_of(Order.objects.get()) == (0, 0, 0, False)
