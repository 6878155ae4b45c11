"""Payments that are not decided yet: when they are looked at again, by whom, and which signals are sent."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils.timezone import now

from lorikeet.models import Order, PaymentAttempt
from lorikeet.outcomes import NotFound, Pending, Refused, Unknown
from lorikeet.sale import settle as settling
from lorikeet.sale.leases import claim
from lorikeet.sale.settle import flag, settle
from lorikeet.signals import payment_attention, payment_changed
from tests.unit import DECLINED, listening, received, states

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize(
    ("outcome", "state"), [(Pending("pi_1"), "pending"), (NotFound(), "pending"), (Unknown(), "unknown")], ids=repr
)
def test_an_undecided_payment_is_looked_at_again(attempt, outcome, state):
    before = now()

    with listening(payment_changed) as told:
        placed = settle(attempt, outcome)

    attempt.refresh_from_db()
    assert placed is False
    assert states(attempt) == (state, "pending")
    assert (attempt.lease, attempt.lease_until, attempt.open_for) == (None, None, attempt.order)
    assert before + settling.SOONEST <= attempt.check_at <= now() + settling.SOONEST
    assert attempt.reference == getattr(outcome, "reference", None)
    assert attempt.order.slot is not None
    assert [sent["attempt"].state for sent in told] == [state]


def test_a_pending_payment_keeps_its_reference(attempt):
    attempt.save_reference("pi_1")

    settle(attempt, Pending())

    assert PaymentAttempt.objects.get().reference == "pi_1"


def test_an_attempt_that_still_waits_sends_no_signal(attempt):
    settle(attempt, Pending())
    again = claim(attempt.pk)
    with listening(payment_changed) as told:
        settle(again, Pending())

    assert told == []


@pytest.mark.parametrize(
    ("first", "then", "state"), [(Pending(), Unknown(), "unknown"), (Unknown(), Pending(), "pending")], ids=repr
)
def test_pending_and_unknown_turn_into_each_other(attempt, first, then, state):
    settle(attempt, first)

    settle(claim(attempt.pk), then)

    assert states(attempt) == (state, "pending")


@pytest.mark.parametrize("first", [Pending(), Unknown()], ids=repr)
@pytest.mark.parametrize(
    ("then", "ended"), [(received(), ("paid", "placed")), (Refused(DECLINED), ("failed", "cancelled"))], ids=repr
)
def test_a_waiting_payment_ends(attempt, first, then, ended):
    settle(attempt, first)
    settle(claim(attempt.pk), then)

    assert states(attempt) == ended
    assert PaymentAttempt.objects.get().check_at is None


@pytest.mark.parametrize("outcome", [Pending("pi_1"), NotFound(), Unknown()], ids=repr)
def test_a_process_that_lost_the_lease_lets_nothing_wait(attempt, unchanged, outcome):
    PaymentAttempt.objects.update(lease=uuid4())

    with unchanged():
        settle(attempt, outcome)


def test_the_provider_says_until_when_it_waits(attempt):
    until = now().replace(microsecond=0) + timedelta(minutes=7)

    settle(attempt, Pending(expires_at=until))

    assert Order.objects.get().expires_at == until


@pytest.mark.parametrize(
    ("age", "least", "most"),
    [
        (timedelta(0), timedelta(seconds=10), timedelta(seconds=10)),
        (timedelta(minutes=4), timedelta(minutes=1), timedelta(minutes=1)),
        (timedelta(days=9), timedelta(hours=1), timedelta(hours=1)),
    ],
    ids=str,
)
@pytest.mark.parametrize("expired", [True, False])
def test_the_longer_it_waits_the_more_rarely_it_is_looked_at(attempt, age, least, most, expired):
    attempt.created_at = now() - age
    attempt.order.expires_at = now() - timedelta(minutes=1) if expired else None
    before = now()

    settle(attempt, Pending())

    slack = timedelta(seconds=5)
    assert before + least <= PaymentAttempt.objects.get().check_at <= before + most + slack


def test_it_is_looked_at_when_its_order_expires(attempt):
    attempt.order.expires_at = now().replace(microsecond=0) + timedelta(seconds=5)

    settle(attempt, Pending())

    assert PaymentAttempt.objects.get().check_at == attempt.order.expires_at


@pytest.mark.parametrize(
    ("outcome", "attention"), [(Pending(), ""), (NotFound(), ""), (Unknown(), "unresolved")], ids=repr
)
def test_a_payment_that_is_known_again_needs_no_attention(attempt, outcome, attention):
    """The shopper may only have to take a step; while it is unknown their browser has stopped asking."""
    settle(attempt, Unknown())
    flag(attempt, "unresolved")
    settle(claim(attempt.pk), outcome)

    assert PaymentAttempt.objects.get().attention == attention


def test_a_payment_flagged_for_another_reason_stays_flagged(attempt):
    flag(attempt, "wrong amount")
    settle(PaymentAttempt.objects.get(), Pending())

    assert PaymentAttempt.objects.get().attention == "wrong amount"


def test_a_value_that_is_no_outcome_changes_nothing(attempt, unchanged):
    with unchanged():
        placed = settle(attempt, None)

    assert placed is False


def test_when_it_changed_is_when_its_state_did(attempt):
    def changed():
        return PaymentAttempt.objects.get().updated_at != long_ago

    long_ago = now().replace(microsecond=0) - timedelta(days=1)
    settle(attempt, Pending())
    PaymentAttempt.objects.update(updated_at=long_ago)

    settle(claim(attempt.pk), Pending("pi_1"))
    flag(attempt, "unresolved")
    still = changed()
    settle(claim(attempt.pk), Unknown())

    assert (still, changed()) == (False, True)


def test_a_request_for_attention_sends_its_signal_and_no_other(attempt):
    with listening(payment_changed) as changes, listening(payment_attention) as told:
        flag(attempt, "unresolved")

    assert (changes, len(told)) == ([], 1)


def test_a_parked_payment_has_changed_once(attempt):
    with listening(payment_changed) as changes, listening(payment_attention) as told:
        settle(attempt, Unknown(can_be_asked=False))

    assert [sent["attempt"].state for sent in changes] == ["unknown"]
    assert len(told) == 1


# failures of payments that could not be stopped


def test_money_that_could_not_be_stopped_is_watched(attempt):
    before = now()

    settle(attempt, Refused(DECLINED, "expired", is_final=False))

    attempt.refresh_from_db()
    assert states(attempt) == ("failed", "cancelled")
    assert attempt.check_at >= before + settling.SOONEST
    assert Order.objects.get().cancel_reason == "expired"


OUTCOMES = pytest.mark.parametrize("outcome", [NotFound(), Pending(), Unknown(), Refused(DECLINED)], ids=repr)


@OUTCOMES
@pytest.mark.parametrize(("hours", "is_watched"), [(-1, True), (23, True), (25, False)])
def test_a_failure_is_watched_for_a_day_after_its_order_expired(attempt, outcome, hours, is_watched):
    settle(attempt, Refused(DECLINED, is_final=False))
    PaymentAttempt.objects.update(created_at=now() - timedelta(days=9))
    Order.objects.update(expires_at=now() - timedelta(hours=hours))

    settle(claim(attempt.pk), outcome)

    attempt.refresh_from_db()
    assert states(attempt) == ("failed", "cancelled")
    assert (attempt.check_at is not None) is (is_watched or outcome == Unknown())
    assert (attempt.lease, attempt.info) == (None, DECLINED)


@pytest.mark.parametrize(("hours", "is_watched"), [(23, True), (25, False)])
def test_a_failure_of_an_order_that_never_expires_is_watched_for_a_day(attempt, hours, is_watched):
    settle(attempt, Refused(DECLINED, is_final=False))
    PaymentAttempt.objects.update(created_at=now() - timedelta(hours=hours))
    Order.objects.update(expires_at=None)

    settle(claim(attempt.pk), NotFound())

    assert (PaymentAttempt.objects.get().check_at is not None) is is_watched


@OUTCOMES
def test_a_payment_that_was_stopped_for_good_is_not_watched_after_a_look(attempt, outcome):
    """A webhook of the refusal itself is enough to have it looked at."""
    settle(attempt, Refused(DECLINED))

    settle(claim(attempt.pk), outcome)

    attempt.refresh_from_db()
    assert states(attempt) == ("failed", "cancelled")
    assert (attempt.check_at, attempt.lease) == (None, None)


@pytest.mark.parametrize("is_final", [True, False])
def test_money_that_is_on_its_way_is_watched_however_late_it_is(attempt, is_final):
    settle(attempt, Refused(DECLINED, is_final=is_final))
    Order.objects.update(expires_at=now() - timedelta(hours=25))

    settle(claim(attempt.pk), Pending("TR-1"))

    assert PaymentAttempt.objects.get().check_at > now()
