"""Looking again at settled payments: what a provider did by itself is recorded, once."""

import threading
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from uuid import uuid4

import pytest
from django.db import IntegrityError, connection, connections
from django.utils.timezone import now

from lorikeet import payment_reviews
from lorikeet.exceptions import PaymentError, ProviderUnavailable
from lorikeet.models import PaymentAttempt
from lorikeet.outcomes import Pending, ProviderRefund, Review
from lorikeet.payment_reviews import review
from lorikeet.refunds import refund, refundable
from lorikeet.sale.settle import owe, settle
from lorikeet.sale.webhooks import receive
from lorikeet.signals import payment_attention, payment_changed
from tests.testapp.clients import Browser
from tests.unit import asked, begin_sale, listening, make_attempt, received, request_of, reread, states

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def reviewed(scripted, monkeypatch):
    """The scripted card, which can be asked about a settled payment."""
    monkeypatch.setattr(scripted, "review_payment", lambda card, attempt: card.answer("review_payment", attempt))
    return scripted


@pytest.fixture
def sold(reviewed):
    """The payment of a placed order of 12 dollars."""
    attempt = begin_sale(reviewed)
    settle(attempt, received())
    return reread(attempt)


@pytest.fixture
def returned(sold, reviewed):
    """A refund of 5 that we asked for, and that went through."""
    reviewed.script(refund_payment=received("re_1", "5"))
    return refund(sold.order, Decimal(5))


def at_provider(reference="re_1", amount="5", state="paid", key=None):
    """Return a refund as it is in the provider's books."""
    return ProviderRefund(reference, Decimal(amount), "AUD", state, key)


def refunds():
    return list(PaymentAttempt.objects.filter(kind="refund").values_list("reference", "state", "amount"))


# refunds that were not asked for here


def test_a_refund_made_elsewhere_is_recorded(sold, reviewed):
    reviewed.script(review_payment=Review([at_provider()]))

    review(sold)

    attempt = PaymentAttempt.objects.get(kind="refund")
    assert (attempt.parent, attempt.order, attempt.method_id) == (sold, sold.order, sold.method_id)
    assert (attempt.state, attempt.amount, attempt.currency, attempt.reference) == ("paid", 5, "AUD", "re_1")
    assert (attempt.reason, attempt.provider) == ("Made at the provider", "ScriptedCard")
    assert (attempt.lease_until, attempt.check_at, attempt.attention) == (None, None, "")
    assert refundable(sold.order) == Decimal(7)
    assert asked(reviewed) == ["review_payment"]


def test_it_is_recorded_once(sold, reviewed):
    reviewed.script(review_payment=Review([at_provider()]))

    for _ in range(2):
        review(sold)

    assert refunds() == [("re_1", "paid", 5)]


def test_a_refund_that_is_on_its_way_is_recorded_and_asked_after(sold, reviewed):
    reviewed.script(
        review_payment=Review([at_provider(state="pending")]), refund_payment=[Pending("re_1"), received("re_1", "5")]
    )

    steps = []
    for _ in range(3):
        review(sold)
        steps.append(refunds())

    assert steps == [[("re_1", "pending", 5)], [("re_1", "pending", 5)], [("re_1", "paid", 5)]]
    assert asked(reviewed) == ["review_payment", "review_payment", "refund_payment", "review_payment", "refund_payment"]


def test_a_pending_one_is_due_at_once(sold, reviewed):
    reviewed.script(review_payment=Review([at_provider(state="pending")]))

    review(sold)

    attempt = PaymentAttempt.objects.get(kind="refund")
    assert attempt.check_at <= now()
    assert (attempt.lease, attempt.lease_until) == (None, None)


def test_a_refund_made_elsewhere_that_failed_is_none(sold, reviewed, unchanged):
    reviewed.script(review_payment=Review([at_provider(state="failed")]))

    with unchanged():
        review(sold)


def test_a_refund_made_elsewhere_is_not_limited_to_what_is_left(sold, returned, reviewed):
    """It is a fact, however odd."""
    reviewed.script(review_payment=Review([at_provider("re_2", "12")]))
    review(sold)

    assert refunds() == [("re_1", "paid", 5), ("re_2", "paid", 12)]


def test_a_refund_made_elsewhere_is_not_taken_for_one_of_ours_that_has_no_reference_yet(sold, reviewed):
    owe(sold, Decimal(3), "AUD")
    reviewed.script(review_payment=Review([at_provider()]), refund_payment=Pending())

    review(sold)

    assert refunds() == [(None, "calling", 3), ("re_1", "paid", 5)]
    assert asked(reviewed) == ["review_payment"]


@pytest.mark.parametrize("key", [None, "", "pay_1", "0b51b0d8-7a01-4f5e-9d4c-b5a2a36e8a11"])
def test_a_key_that_is_none_of_ours_makes_it_no_refund_of_ours(sold, reviewed, key):
    reviewed.script(review_payment=Review([at_provider(key=key)]))

    review(sold)

    assert refunds() == [("re_1", "paid", 5)]


def test_the_site_is_told_of_it(sold, reviewed):
    reviewed.script(review_payment=Review([at_provider()]))

    with listening(payment_changed) as told:
        review(sold)
        review(sold)

    assert [sent["attempt"].reference for sent in told] == ["re_1"]


# refunds of ours


@pytest.mark.parametrize("by", ["key", "reference"])
def test_a_refund_of_ours_is_known_by_its_key_and_by_its_reference(sold, returned, reviewed, unchanged, by):
    named = at_provider("re_9", key=str(returned.key)) if by == "key" else at_provider("re_1")
    reviewed.script(review_payment=Review([named]))

    with unchanged():
        review(sold)


def test_a_refund_of_ours_that_failed_later_is_failed_and_flagged(sold, returned, reviewed, caplog):
    reviewed.script(review_payment=Review([at_provider(state="failed")]))

    with listening(payment_changed) as changed, listening(payment_attention) as flagged:
        review(sold)
        review(sold)

    assert (reread(returned).state, reread(returned).attention) == ("failed", "refund failed")
    assert refundable(sold.order) == Decimal(12)
    assert [sent["attempt"] for sent in changed] == [sent["attempt"] for sent in flagged] == [returned]
    assert [record.getMessage() for record in caplog.records] == [
        f"Payment attempt {returned.key} of order {sold.order_id} needs attention: refund failed."
    ]


def test_a_refund_that_failed_here_and_was_paid_after_all_is_paid(sold, returned, reviewed):
    PaymentAttempt.objects.filter(pk=returned.pk).update(state="failed")
    reviewed.script(review_payment=Review([at_provider()]))
    review(sold)

    assert (reread(returned).state, reread(returned).attention) == ("paid", "")
    assert refundable(sold.order) == Decimal(7)


def test_a_paid_refund_that_is_said_to_be_on_its_way_stays_paid(sold, returned, reviewed, unchanged):
    reviewed.script(review_payment=Review([at_provider(state="pending")]))

    with unchanged():
        review(sold)


def test_an_open_refund_is_asked_for(sold, reviewed):
    waiting = owe(sold, Decimal(5), "AUD", state="pending", check_at=None, lease_until=None)
    reviewed.script(review_payment=Review([at_provider(key=str(waiting.key))]), refund_payment=received("re_1", "5"))
    review(sold)

    assert reviewed.asked == [("review_payment", sold.pk), ("refund_payment", waiting.pk)]
    assert refunds() == [("re_1", "paid", 5)]


def test_a_leased_refund_is_left_to_its_worker(sold, reviewed, unchanged):
    waiting = make_attempt(
        sold.order,
        kind="refund",
        parent=sold,
        method=sold.method,
        amount=Decimal(5),
        state="calling",
        lease=uuid4(),
        lease_until=sold.created_at.replace(year=9000),
    )
    reviewed.script(review_payment=Review([at_provider(key=str(waiting.key))]))

    with unchanged():
        review(sold)

    assert asked(reviewed) == ["review_payment"]


def test_a_review_leaves_the_sale_as_it_is(sold, returned, reviewed):
    reviewed.script(review_payment=Review([at_provider(state="failed")], "disputed"))

    review(sold)

    assert states(sold) == ("paid", "placed")


# what the staff are to look at


def test_a_dispute_is_flagged_once(sold, reviewed, caplog):
    reviewed.script(review_payment=Review(attention="disputed"))

    with listening(payment_attention) as told:
        review(sold)
        review(sold)

    assert reread(sold).attention == "disputed"
    assert [sent["attempt"] for sent in told] == [sold]
    assert len(caplog.records) == 1


def test_a_review_without_attention_leaves_the_flag_to_the_staff(sold, reviewed, unchanged):
    PaymentAttempt.objects.filter(pk=sold.pk).update(attention="disputed")
    reviewed.script(review_payment=Review())

    with unchanged():
        review(sold)


# providers that do not answer, and methods that cannot be asked


@pytest.mark.parametrize(
    "answer", [TimeoutError(), PaymentError({"message": "No."}), None], ids=["silence", "refusal", "nothing"]
)
def test_a_provider_that_gives_no_review_changes_nothing(sold, reviewed, unchanged, caplog, answer):
    reviewed.script(review_payment=answer)
    with unchanged(), pytest.raises(ProviderUnavailable, match=r"^ScriptedCard$"):
        review(sold)

    assert [record.getMessage() for record in caplog.records] == [f"Payment attempt {sold.key} could not be reviewed."]


def test_a_method_that_cannot_be_asked_is_left_alone(scripted, unchanged):
    attempt = begin_sale(scripted)
    settle(attempt, received())

    with unchanged():
        review(reread(attempt))

    assert scripted.asked == []


def test_by_itself_a_method_cannot_be_asked(begun):
    with pytest.raises(TypeError, match=r"^ScriptedCard cannot review a payment: write its review_payment"):
        begun.method.review_payment(begun)


# webhooks


@pytest.fixture
def poke(reviewed, monkeypatch):
    """Return a function that posts a webhook about an attempt, and gives the answer."""
    named = []
    monkeypatch.setattr(reviewed, "read_webhook", classmethod(lambda cls, request: named))

    def deliver(attempt):
        named[:] = [str(attempt.key)]
        return Browser().client.post("/_cart/webhook/ScriptedCard/", {}, content_type="application/json")

    return deliver


def test_a_webhook_about_a_paid_charge_has_it_reviewed(sold, reviewed, poke):
    reviewed.script(review_payment=Review([at_provider()]))

    response = poke(sold)

    assert (response.status_code, response.json()) == (200, {})
    assert refunds() == [("re_1", "paid", 5)]
    assert asked(reviewed) == ["review_payment"]


def test_a_webhook_is_answered_503_while_the_provider_is_silent(sold, reviewed, poke, unchanged):
    """So that it is sent again."""
    reviewed.script(review_payment=TimeoutError())

    with unchanged():
        response = poke(sold)

    assert response.status_code == 503
    assert response.json() == {"detail": "The payment provider does not answer. Please try again."}


def test_a_webhook_about_a_paid_refund_asks_no_provider(returned, reviewed, poke, unchanged):
    reviewed.script()
    with unchanged():
        response = poke(returned)

    assert response.status_code == 200
    assert reviewed.asked == []


def test_a_webhook_about_an_open_charge_has_it_resolved(waiting, reviewed, poke):
    reviewed.script(check_payment=received())

    poke(waiting)

    assert asked(reviewed) == ["check_payment"]
    assert states(waiting) == ("paid", "placed")


def test_a_paid_charge_of_a_method_that_cannot_be_asked_is_answered_200(scripted, monkeypatch, unchanged):
    attempt = begin_sale(scripted)
    settle(attempt, received())
    monkeypatch.setattr(scripted, "read_webhook", classmethod(lambda cls, request: [str(attempt.key)]))

    with unchanged():
        receive("ScriptedCard", request_of())

    assert scripted.asked == []


# several processes


def test_a_refund_that_another_process_records_meanwhile_is_recorded_once(sold, reviewed):
    def answer(attempt):
        reviewed.answers["review_payment"] = Review([at_provider()])
        review(attempt)
        return Review([at_provider()])

    reviewed.script(review_payment=answer)

    review(sold)

    assert refunds() == [("re_1", "paid", 5)]


def test_the_process_that_writes_second_reads_again(sold, reviewed, monkeypatch):
    """The database refuses the second row of one reference."""
    record, tries = payment_reviews._record, []

    def lose(charge, found):
        tries.append(found)
        if len(tries) == 1:
            record(charge, found)
            raise IntegrityError
        return record(charge, found)

    monkeypatch.setattr(payment_reviews, "_record", lose)
    reviewed.script(review_payment=Review([at_provider()]))

    review(sold)

    assert len(tries) == 2
    assert refunds() == [("re_1", "paid", 5)]


@pytest.mark.skipif(connection.vendor != "postgresql", reason="this needs a database that locks rows")
def test_processes_that_record_one_refund_at_once_leave_one(sold, reviewed):
    barrier = threading.Barrier(8, timeout=30)

    def answer(attempt):
        barrier.wait()
        return Review([at_provider()], "disputed")

    def look(_):
        try:
            review(reread(sold))
        finally:
            connections.close_all()

    reviewed.script(review_payment=answer)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(look, range(8)))

    assert refunds() == [("re_1", "paid", 5)]
