"""Resolving a payment: what is asked when, in which order, and what comes of each answer."""

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.utils.timezone import now

from lorikeet.exceptions import LostLease, PaymentBusy, PaymentError, ProviderUnavailable
from lorikeet.models import Order, PaymentAttempt, ThrottleCount
from lorikeet.outcomes import NotFound, Pending, Refused, Unknown
from lorikeet.payments import begin, confirm, resolve
from lorikeet.sale.leases import claim
from lorikeet.sale.settle import settle
from lorikeet.signals import order_checked_out
from tests.testapp import models
from tests.unit import DECLINED, asked, begin_sale, lapse, listening, received, request_of, reread, states

pytestmark = pytest.mark.django_db(transaction=True)

NEVER_KNOWN = Unknown(can_be_asked=False)


def expire(attempt):
    Order.objects.filter(pk=attempt.order_id).update(expires_at=now() - timedelta(seconds=1))


# beginning


@pytest.mark.parametrize(
    ("answer", "ended"),
    [
        (received(), ("paid", "placed")),
        (Pending("pi_1"), ("pending", "pending")),
        (NotFound(), ("pending", "pending")),
        (Unknown(), ("unknown", "pending")),
    ],
    ids=repr,
)
def test_the_outcome_of_the_first_call_is_recorded(begun, scripted, answer, ended):
    scripted.script(start_payment=answer)

    assert begin(begun) is answer
    assert states(begun) == ended
    assert asked(scripted) == ["start_payment"]


def test_the_provider_is_asked_outside_any_transaction(begun, scripted):
    seen = []
    scripted.script(start_payment=lambda attempt: seen.append(connection.in_atomic_block) or Pending())

    begin(begun)

    assert seen == [False]


@pytest.mark.parametrize(
    ("stopped", "then", "ended"),
    [
        (True, None, ("failed", "cancelled")),
        (False, PaymentError(DECLINED), ("failed", "cancelled")),
        (False, received(), ("paid", "placed")),
        (False, Pending(), ("pending", "pending")),
        (TimeoutError(), None, ("unknown", "pending")),
    ],
    ids=repr,
)
def test_a_refusal_is_fenced_before_anything_goes_back(begun, scripted, stopped, then, ended):
    """A provider that says no and charges all the same must not find an order that is cancelled."""
    scripted.script(start_payment=PaymentError(DECLINED), cancel_payment=stopped, check_payment=then)

    begin(begun)

    assert states(begun) == ended
    assert asked(scripted)[:2] == ["start_payment", "cancel_payment"]


def test_a_process_that_lost_the_lease_records_nothing(begun, scripted, unchanged):
    scripted.script(start_payment=LostLease())
    with unchanged():
        outcome = begin(begun)

    assert outcome is None


def test_a_sale_is_told_with_the_request_that_made_it(begun, scripted):
    scripted.script(start_payment=received())
    request = request_of()

    with listening(order_checked_out) as told:
        begin(begun, request)

    assert told == [{"sender": Order, "order": begun.order, "request": request}]
    assert Order.objects.get().notified_at is not None


# resolving


def test_a_leased_payment_is_left_to_its_worker(begun, scripted, unchanged):
    with unchanged():
        outcome = resolve(begun)

    assert (outcome, scripted.asked) == (None, [])


def test_a_parked_payment_is_left_to_the_staff(begun, scripted, unchanged):
    settle(begun, NEVER_KNOWN)

    with unchanged():
        outcome = resolve(reread(begun))

    assert (outcome, scripted.asked) == (None, [])


@pytest.mark.parametrize("present", [True, False])
@pytest.mark.parametrize(
    ("answer", "ended"),
    [
        (received(), ("paid", "placed")),
        (Pending(), ("pending", "pending")),
        (Unknown(), ("unknown", "pending")),
        (TimeoutError(), ("unknown", "pending")),
    ],
    ids=repr,
)
def test_the_answer_of_the_provider_is_recorded(waiting, scripted, present, answer, ended):
    scripted.script(check_payment=answer)
    resolve(waiting, present)

    assert states(waiting) == ended
    assert asked(scripted) == ["check_payment"]


@pytest.mark.parametrize("present", [True, False])
def test_a_refusal_that_is_found_is_fenced_as_well(waiting, scripted, present):
    scripted.script(check_payment=PaymentError(DECLINED), cancel_payment=True)

    resolve(waiting, present)

    assert states(waiting) == ("failed", "cancelled")
    assert asked(scripted) == ["check_payment", "cancel_payment"]
    assert (reread(waiting).info, Order.objects.get().cancel_reason) == (DECLINED, "refused")


def test_a_payment_that_was_never_made_is_made_if_the_shopper_is_there(waiting, scripted):
    scripted.script(check_payment=NotFound(), start_payment=received())

    assert resolve(waiting, present=True) == received()
    assert asked(scripted) == ["check_payment", "start_payment"]
    assert states(waiting) == ("paid", "placed")


def test_the_action_is_answered_to_a_shopper_who_asks_again(waiting, scripted):
    scripted.script(check_payment=Pending("pi_1", {"url": "https://bank.example/"}))

    assert resolve(waiting, present=True).action == {"url": "https://bank.example/"}


@pytest.mark.parametrize("present", [True, False])
@pytest.mark.parametrize("found", [NotFound(), Pending("pi_1")], ids=repr)
def test_an_expired_payment_is_stopped_and_given_up(waiting, scripted, present, found):
    expire(waiting)
    scripted.script(check_payment=found, cancel_payment=True)
    outcome = resolve(waiting, present)

    assert outcome == Refused({"code": "expired", "message": "The time to pay is over."}, "expired")
    assert asked(scripted) == ["check_payment", "cancel_payment"]
    assert states(waiting) == ("failed", "cancelled")
    assert (Order.objects.get().cancel_reason, models.WineLine.objects.get().order) == ("expired", None)


def test_an_expired_payment_that_cannot_be_stopped_goes_on_waiting(waiting, scripted):
    expire(waiting)
    scripted.script(check_payment=Pending(), cancel_payment=False)
    resolve(waiting)

    assert states(waiting) == ("pending", "pending")


def test_an_expired_payment_that_was_just_paid_is_a_sale(waiting, scripted):
    expire(waiting)
    scripted.script(check_payment=[Pending(), received()], cancel_payment=False)
    resolve(waiting)

    assert states(waiting) == ("paid", "placed")


@pytest.mark.parametrize("answer", [received(), Unknown()], ids=repr)
def test_a_paid_or_unknown_payment_does_not_expire(waiting, scripted, answer):
    expire(waiting)
    scripted.script(check_payment=answer)
    resolve(waiting)

    assert asked(scripted) == ["check_payment"]
    assert states(waiting)[1] != "cancelled"


def test_a_payment_that_was_never_made_is_given_up_when_the_shopper_is_absent(waiting, scripted):
    scripted.script(check_payment=NotFound(), cancel_payment=True)
    resolve(waiting)

    assert asked(scripted) == ["check_payment", "cancel_payment"]
    assert states(waiting) == ("failed", "cancelled")
    assert Order.objects.get().cancel_reason == "abandoned"
    assert reread(waiting).info == {"code": "abandoned", "message": "The payment was not completed."}


def test_an_order_that_never_expires_waits(waiting, scripted):
    Order.objects.update(expires_at=None)
    scripted.script(check_payment=Pending())

    resolve(waiting)

    assert states(waiting) == ("pending", "pending")


@pytest.mark.parametrize("answer", [NotFound(), Pending(), Unknown()], ids=repr)
def test_a_failure_is_watched_without_stopping_or_asking_anew(waiting, scripted, answer):
    settle(claim(waiting.pk), Refused(DECLINED, "expired", is_final=False))
    expire(waiting)
    scripted.script(check_payment=answer)

    resolve(reread(waiting), present=True)

    assert asked(scripted) == ["check_payment"]
    assert states(waiting) == ("failed", "cancelled")
    assert reread(waiting).check_at is not None


@pytest.mark.parametrize("present", [True, False])
def test_a_failure_is_not_asked_about_where_asking_means_to_repeat(monkeypatch, present):
    """The shopper of an order that is cancelled must not be charged by a webhook or by the staff."""
    attempt = begin_sale(models.KeyedCard)
    settle(attempt, Refused(DECLINED, is_final=False))
    monkeypatch.setattr(models.KeyedCard, "make_payment", lambda card, order, amount: pytest.fail("charged"))

    assert resolve(reread(attempt), present) == Unknown()
    assert states(attempt) == ("failed", "cancelled")


def test_a_method_that_was_removed_is_not_charged_though_the_shopper_is_there(waiting, scripted):
    scripted.objects.update(active=False)
    scripted.script(check_payment=NotFound(), cancel_payment=True)

    outcome = resolve(waiting, present=True)

    assert (outcome.reason, asked(scripted)) == ("abandoned", ["check_payment", "cancel_payment"])
    assert states(waiting) == ("failed", "cancelled")


def test_late_money_that_is_found_is_kept_and_paid_back(waiting, scripted):
    settle(claim(waiting.pk), Refused(DECLINED, "expired", is_final=False))
    scripted.script(check_payment=received(), refund_payment=received("re_1"))

    resolve(reread(waiting))
    resolve(PaymentAttempt.objects.get(kind="refund"))

    assert states(waiting) == ("paid", "cancelled")
    assert (reread(waiting).attention, PaymentAttempt.objects.get(kind="refund").state) == ("late money", "paid")


def test_a_refund_is_asked_for_again_and_nothing_else(waiting, scripted):
    settle(claim(waiting.pk), received(amount="11"))
    refund = PaymentAttempt.objects.get(kind="refund")
    scripted.script(refund_payment=[TimeoutError(), PaymentError(DECLINED)])

    for _ in range(2):
        resolve(refund, present=True)

    assert asked(scripted) == ["refund_payment", "refund_payment"]
    assert (reread(refund).state, reread(refund).attention) == ("failed", "refund failed")


def test_a_sale_that_recovery_finds_is_told_without_a_request(waiting, scripted):
    scripted.script(check_payment=received())

    with listening(order_checked_out) as told:
        resolve(waiting)

    assert [(sent["order"], sent["request"]) for sent in told] == [(waiting.order, None)]


# confirming


def test_data_of_the_browser_is_handed_on_and_then_the_provider_is_asked(waiting, scripted):
    brought = []
    scripted.script(confirm_payment=lambda attempt, data: brought.append(data), check_payment=received())

    assert confirm(waiting, {"reference": "ch_1"}) == received()
    assert brought == [{"reference": "ch_1"}]
    assert asked(scripted) == ["confirm_payment", "check_payment"]
    assert states(waiting) == ("paid", "placed")


def test_a_shopper_who_confirms_is_there(waiting, scripted):
    scripted.script(check_payment=NotFound(), start_payment=Pending())
    confirm(waiting, {})

    assert asked(scripted) == ["confirm_payment", "check_payment", "start_payment"]


def test_refused_data_changes_nothing_and_gives_the_lease_back(waiting, scripted, unchanged):
    scripted.script(confirm_payment=ValidationError({"reference": "This is wrong."}))
    with unchanged(), pytest.raises(ValidationError):
        confirm(waiting, {})

    assert asked(scripted) == ["confirm_payment"]
    assert claim(waiting.pk) is not None


@pytest.mark.parametrize("error", [TimeoutError(), KeyError("id"), PaymentError(DECLINED)], ids=repr)
def test_unchecked_data_changes_nothing_and_gives_the_lease_back(waiting, scripted, unchanged, error, caplog):
    scripted.script(confirm_payment=error)
    with unchanged(), pytest.raises(ProviderUnavailable):
        confirm(waiting, {})

    assert asked(scripted) == ["confirm_payment"]
    assert [record.getMessage() for record in caplog.records] == [
        f"Payment attempt {waiting.key} could not be confirmed."
    ]
    assert claim(waiting.pk) is not None


def test_a_process_that_lost_the_lease_confirms_nothing(waiting, scripted):
    def take_too_long(attempt, data):
        lapse(attempt)
        claim(attempt.pk)
        attempt.save_reference("pi_1")

    scripted.script(confirm_payment=take_too_long)

    with pytest.raises(PaymentBusy):
        confirm(waiting, {})

    assert asked(scripted) == ["confirm_payment"]
    assert reread(waiting).reference is None


def test_a_leased_payment_is_not_confirmed(begun, scripted, unchanged):
    """The data of the browser must not be lost silently."""
    with unchanged(), pytest.raises(PaymentBusy):
        confirm(begun, {})

    assert scripted.asked == []


def test_a_paid_payment_is_not_confirmed(begun, scripted, unchanged):
    settle(begun, received())
    with unchanged():
        outcome = confirm(reread(begun), {})

    assert (outcome, scripted.asked) == (None, [])


def test_a_parked_payment_is_not_confirmed(begun, scripted, unchanged):
    settle(begun, NEVER_KNOWN)
    with unchanged():
        outcome = confirm(reread(begun), {})

    assert (outcome, scripted.asked) == (None, [])


def test_a_method_takes_no_data_by_itself(attempt):
    settle(attempt, Pending())

    with pytest.raises(ValidationError) as refusal:
        confirm(attempt, {"reference": "ch_1"})

    assert refusal.value.message_dict == {"reference": ["This payment method takes no data."]}


def test_a_method_without_data_is_asked_by_itself(monkeypatch):
    attempt = begin_sale(models.ExactCard)
    settle(attempt, Pending())
    monkeypatch.setattr(models.ExactCard, "check_payment", lambda card, attempt: received())

    assert confirm(attempt, {}) == received()
    assert states(attempt) == ("paid", "placed")


def test_a_refusal_that_is_found_again_counts_once(scripted):
    attempt = begin_sale(scripted)
    scripted.script(start_payment=PaymentError(DECLINED), check_payment=PaymentError(DECLINED), cancel_payment=True)
    begin(attempt)

    resolve(reread(attempt))

    assert list(ThrottleCount.objects.values_list("count", flat=True)) == [1]
