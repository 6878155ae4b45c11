"""Giving a payment up: by the shopper, if the provider can be stopped; by the staff, if it cannot be asked."""

import pytest

from lorikeet.models import Order, PaymentAttempt
from lorikeet.outcomes import NotFound, Pending, Refused, Unknown
from lorikeet.payments import decide, give_up
from lorikeet.sale.settle import settle
from lorikeet.signals import order_checked_out
from tests.testapp import models
from tests.unit import asked, begin_sale, listening, make_order, received, request_of, reread, states

pytestmark = pytest.mark.django_db(transaction=True)

NEVER_KNOWN = Unknown(can_be_asked=False)


# the shopper


@pytest.mark.parametrize("found", [NotFound(), Pending("pi_1")], ids=repr)
def test_a_shopper_may_give_up_a_payment_that_can_be_stopped(waiting, scripted, found):
    scripted.script(check_payment=found, cancel_payment=True)
    outcome = give_up(waiting.order)

    assert outcome == Refused({"code": "cancelled", "message": "The payment was cancelled."}, "cancelled")
    assert states(waiting) == ("failed", "cancelled")
    assert Order.objects.get().cancel_reason == "cancelled"
    assert asked(scripted) == ["check_payment", "cancel_payment"]


@pytest.mark.parametrize(
    ("answer", "ended"), [(received(), ("paid", "placed")), (Unknown(), ("unknown", "pending"))], ids=repr
)
def test_a_paid_or_unknown_payment_cannot_be_given_up(waiting, scripted, answer, ended):
    scripted.script(check_payment=answer)

    assert give_up(waiting.order) == answer
    assert asked(scripted) == ["check_payment"]
    assert states(waiting) == ended


def test_a_payment_that_cannot_be_stopped_goes_on(waiting, scripted):
    scripted.script(check_payment=Pending(), cancel_payment=False)
    give_up(waiting.order)

    assert states(waiting) == ("pending", "pending")


def test_a_sale_that_turns_up_instead_is_told_with_the_request(waiting, scripted):
    scripted.script(check_payment=received())
    request = request_of()

    with listening(order_checked_out) as told:
        give_up(waiting.order, request)

    assert [sent["request"] for sent in told] == [request]


def test_a_leased_payment_is_not_given_up(begun, scripted, unchanged):
    with unchanged():
        outcome = give_up(begun.order)

    assert (outcome, scripted.asked) == (None, [])


def test_a_parked_payment_is_not_given_up(begun, scripted, unchanged):
    settle(begun, NEVER_KNOWN)
    with unchanged():
        outcome = give_up(begun.order)

    assert (outcome, scripted.asked) == (None, [])


@pytest.mark.parametrize("outcome", [received(), Refused(None, is_final=False)], ids=repr)
def test_a_finished_payment_is_not_given_up(begun, scripted, unchanged, outcome):
    settle(begun, outcome)
    with unchanged():
        given_up = give_up(Order.objects.get())

    assert (given_up, scripted.asked) == (None, [])


def test_an_order_with_nothing_to_pay_is_not_given_up(unchanged):
    order = make_order()

    with unchanged():
        outcome = give_up(order)

    assert outcome is None


def test_giving_up_does_not_charge_where_asking_means_to_repeat(monkeypatch):
    attempt = begin_sale(models.KeyedCard)
    settle(attempt, Unknown())
    monkeypatch.setattr(models.KeyedCard, "make_payment", None)

    assert give_up(attempt.order) == Unknown()
    assert states(attempt) == ("unknown", "pending")


# the word of the staff


def test_the_staff_may_say_that_it_was_paid(attempt):
    settle(attempt, NEVER_KNOWN)

    with listening(order_checked_out) as told:
        placed = decide(reread(attempt), paid=True)

    assert placed is True
    assert states(attempt) == ("paid", "placed")
    assert [(sent["order"], sent["request"]) for sent in told] == [(attempt.order, None)]
    assert (reread(attempt).attention, Order.objects.get().notified_at is not None) == ("", True)


def test_the_staff_may_say_that_it_was_not(attempt):
    settle(attempt, NEVER_KNOWN)

    with listening(order_checked_out) as told:
        placed = decide(reread(attempt), paid=False)

    assert (placed, told) == (False, [])
    assert states(attempt) == ("failed", "cancelled")
    assert reread(attempt).info == {"code": "not_paid", "message": "The payment was not received."}
    assert models.WineLine.objects.get().order is None


def test_the_staff_may_have_paid_back_by_hand(attempt):
    settle(attempt, received(amount="11"))
    refund = PaymentAttempt.objects.get(kind="refund")
    settle(refund, NEVER_KNOWN)

    placed = decide(reread(refund), paid=True)

    assert placed is False
    assert (reread(refund).state, reread(refund).attention) == ("paid", "")


def test_a_settled_payment_is_not_decided_again(attempt):
    settle(attempt, received())

    assert decide(reread(attempt), paid=False) is False
    assert states(attempt) == ("paid", "placed")
