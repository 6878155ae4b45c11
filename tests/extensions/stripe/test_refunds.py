"""Refunds through Stripe: made once although answers are lost; and the refunds and disputes of others."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.test import override_settings
from django.utils.timezone import now

from lorikeet.exceptions import ProviderUnavailable, RefundError
from lorikeet.models import PaymentAttempt
from lorikeet.payment_reviews import review
from lorikeet.payments import resolve
from lorikeet.refunds import refund, refundable
from tests.unit import reread

from .shopping import FAKE, attempt, calls, client, get_ready, order, refunds

pytestmark = pytest.mark.django_db(transaction=True)

RETRIEVE, CREATE, LIST = "GET payment_intents/*", "POST refunds", "GET refunds"


def again(attempt):
    """Ask for a refund again, as recovery does."""
    PaymentAttempt.objects.filter(pk=attempt.pk).update(lease_until=None)
    resolve(attempt)
    return reread(attempt)


def age(attempt, hours):
    """Let it be long since a refund was asked for."""
    PaymentAttempt.objects.filter(pk=attempt.pk).update(created_at=now() - timedelta(hours=hours))
    FAKE.advance(hours * 3600)


def buy(browser, wine, card):
    get_ready(browser, wine, card)
    assert browser.checkout().status_code == 200
    return order()


# our own


def test_a_sale_is_paid_back_in_full(sold):
    paid_back = refund(sold.order)

    (made,) = FAKE.books()["refund"]
    assert (paid_back.state, paid_back.amount, paid_back.reference) == ("paid", 12, made["id"])
    assert (made["amount"], made["currency"], made["payment_intent"]) == (1200, "aud", sold.reference)
    assert made["metadata"] == {"lorikeet_key": str(paid_back.key)}
    assert FAKE.totals() == {"aud": 0}


def test_it_takes_two_calls(sold):
    asked = len(FAKE.calls())

    refund(sold.order)

    assert calls(asked) == [RETRIEVE, CREATE]
    assert FAKE.calls()[-1]["key"] == str(attempt("refund").key)


def test_a_sale_is_paid_back_in_parts(sold):
    states = [refund(sold.order, amount).state for amount in (Decimal(5), Decimal("0.01"), None)]

    assert states == ["paid", "paid", "paid"]
    assert refunds() == [(500, "succeeded"), (1, "succeeded"), (699, "succeeded")]


def test_more_than_is_left_never_reaches_stripe(sold):
    asked = len(FAKE.calls())

    with pytest.raises(RefundError):
        refund(sold.order, Decimal("12.01"))

    assert calls(asked) == []


@pytest.mark.parametrize("reason", ["duplicate", "fraudulent", "requested_by_customer"])
def test_a_reason_that_stripe_knows_is_told(sold, reason):
    refund(sold.order, reason=reason)

    assert FAKE.books()["refund"][0]["reason"] == reason


@pytest.mark.parametrize("reason", ["", "Ms Bloggs was unwell."])
def test_any_other_reason_stays_here(sold, reason):
    paid_back = refund(sold.order, reason=reason)

    assert (FAKE.books()["refund"][0]["reason"], paid_back.reason) == ("requested_by_customer", reason)


@override_settings(LORIKEET_STRIPE_SHOP="cellar")
def test_a_refund_says_which_shop_it_is_of(sold):
    refund(sold.order)

    assert FAKE.books()["refund"][0]["metadata"]["lorikeet_shop"] == "cellar"


def test_a_refund_that_the_bank_takes_its_time_over_is_waited_for(alice, fake, wine):
    paid_back = refund(buy(alice, wine, "pendingRefund"))
    at_first = paid_back.state
    fake.settle_refund(paid_back.reference)

    assert (at_first, again(paid_back).state) == ("pending", "paid")
    assert refunds() == [(1200, "succeeded")]


def test_a_refund_that_fails_in_the_end_is_failed_and_the_staff_are_told(alice, fake, wine):
    paid_back = refund(buy(alice, wine, "pendingRefund"))
    fake.fail_refund(paid_back.reference)

    failed = again(paid_back)

    assert (failed.state, failed.attention) == ("failed", "refund failed")
    assert failed.info == {"code": "expired_or_canceled_card", "message": "The bank did not take the money back."}
    assert refundable(order()) == Decimal(12)


def test_a_refund_that_was_cancelled_is_failed(alice, fake, wine, monkeypatch):
    """Stripe gives no reason then."""
    paid_back = refund(buy(alice, wine, "pendingRefund"))
    refunds = type(client().v1.refunds)
    retrieve = refunds.retrieve

    def cancelled(service, *args):
        found = retrieve(service, *args)
        found["status"] = "canceled"
        return found

    monkeypatch.setattr(refunds, "retrieve", cancelled)

    failed = again(paid_back)

    assert (failed.state, failed.info["code"]) == ("failed", "canceled")


# answers that are lost


@pytest.mark.parametrize("acts", [False, True])
@pytest.mark.parametrize("times", [1, 2], ids=["once", "twice"])
def test_a_refund_whose_answer_is_lost_is_made_once(sold, acts, times):
    FAKE.fault("lose", acts=acts, times=times, path="/v1/refunds")

    paid_back = refund(sold.order, Decimal(5))
    at_first = paid_back.state

    assert at_first == ("paid" if times == 1 else "unknown")
    assert (again(paid_back).state, refunds()) == ("paid", [(500, "succeeded")])


def test_a_refund_that_was_made_is_found_after_its_key_was_forgotten(sold):
    FAKE.fault("lose", acts=True, times=2, path="/v1/refunds")
    paid_back = refund(sold.order, Decimal(5))
    age(paid_back, hours=25)
    asked = len(FAKE.calls())

    found = again(paid_back)

    assert (found.state, refunds()) == ("paid", [(500, "succeeded")])
    assert calls(asked) == [RETRIEVE, LIST]


def test_a_refund_that_was_never_made_is_made_then(sold):
    FAKE.fault("lose", times=2, path="/v1/refunds")
    paid_back = refund(sold.order, Decimal(5))
    FAKE.refund(sold.reference, 300)
    age(paid_back, hours=25)

    assert again(paid_back).state == "paid"
    assert refunds() == [(300, "succeeded"), (500, "succeeded")]


def test_a_refund_that_was_made_under_other_terms_is_found(sold):
    """Stripe refuses the key then; the money is on its way all the same."""
    FAKE.fault("lose", acts=True, times=2, path="/v1/refunds")
    paid_back = refund(sold.order, Decimal(5))
    with override_settings(LORIKEET_STRIPE_SHOP="cellar"):
        found = again(paid_back)

    assert (found.state, refunds()) == ("paid", [(500, "succeeded")])


def test_a_refund_that_stripe_refuses_is_failed(sold, caplog):
    FAKE.refund(sold.reference)

    paid_back = refund(sold.order)

    assert (paid_back.state, paid_back.attention) == ("failed", "refund failed")
    assert paid_back.info["code"] == "not_available"
    assert FAKE.totals() == {"aud": 0}


def test_a_silent_stripe_leaves_it_unknown(sold):
    FAKE.fault("error", times=None)

    assert refund(sold.order).state == "unknown"
    assert refunds() == []


def test_an_amount_that_stripe_cannot_count_is_not_refunded(alice, fake, wine, caplog):
    with override_settings(LORIKEET_CURRENCY="KWD"):
        buy(alice, wine, "visa")
        assert refund(order(), Decimal("1.005")).state == "failed"

    assert refunds() == []


# what others do


def test_a_sale_of_which_nothing_was_paid_back_takes_one_call(sold, unchanged):
    asked = len(FAKE.calls())

    with unchanged():
        review(sold)

    assert calls(asked) == [RETRIEVE]


def test_a_refund_made_in_the_dashboard_is_recorded(sold):
    made = FAKE.refund(sold.reference, 500)

    review(sold)

    paid_back = attempt("refund")
    assert (paid_back.state, paid_back.amount, paid_back.reference) == ("paid", 5, made["id"])
    assert refundable(sold.order) == Decimal(7)


def test_it_is_recorded_once_and_beside_ours(sold):
    FAKE.refund(sold.reference, 500)
    refund(sold.order, Decimal(3))

    for _ in range(2):
        review(sold)

    amounts = PaymentAttempt.objects.filter(kind="refund").values_list("amount", flat=True)
    assert sorted(amounts) == [Decimal(3), Decimal(5)]


def test_more_than_one_page_of_them_is_read(sold):
    for _ in range(101):
        FAKE.refund(sold.reference, 1)

    review(sold)

    assert PaymentAttempt.objects.filter(kind="refund").count() == 101


def test_a_pending_refund_is_followed_to_its_end(alice, fake, wine):
    buy(alice, wine, "pendingRefund")
    made = fake.refund(attempt().reference, 500)
    review(attempt())
    at_first = attempt("refund").state
    fake.settle_refund(made["id"])

    assert (at_first, again(attempt("refund")).state) == ("pending", "paid")


def test_a_refund_that_fails_late_is_failed_and_the_staff_are_told(alice, fake, wine):
    paid_back = refund(buy(alice, wine, "refundFail"))
    at_first = paid_back.state
    fake.advance(7200)

    review(attempt())

    failed = reread(paid_back)
    assert (at_first, failed.state, failed.attention) == ("paid", "failed", "refund failed")
    assert refundable(order()) == Decimal(12)


@pytest.mark.parametrize("reason", ["fraudulent", "inquiry"])
def test_a_dispute_is_for_the_staff(sold, reason):
    FAKE.dispute(sold.reference, reason)

    review(sold)

    assert reread(sold).attention == "disputed"
    assert PaymentAttempt.objects.filter(kind="refund").count() == 0


@pytest.mark.parametrize(("end", "attention"), [("lost", "dispute lost"), ("won", "")])
def test_how_a_dispute_ended_is_told(sold, end, attention):
    FAKE.close_dispute(FAKE.dispute(sold.reference)["id"], end)

    review(sold)

    assert reread(sold).attention == attention


@pytest.mark.parametrize("path", ["/v1/refunds", "/v1/disputes", "/v1/payment_intents/*"])
def test_a_stripe_that_does_not_say_everything_says_nothing(sold, unchanged, path):
    FAKE.refund(sold.reference, 500)
    FAKE.dispute(sold.reference)
    FAKE.fault("error", path=path, times=None)

    with unchanged(), pytest.raises(ProviderUnavailable):
        review(sold)
