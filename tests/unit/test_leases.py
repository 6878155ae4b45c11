"""The lease of a payment: one process at a time works on it, for a while, by the clock of the database."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import transaction
from django.test import override_settings
from django.utils.timezone import now

from lorikeet.exceptions import LostLease, ReferenceTaken
from lorikeet.models import PaymentAttempt
from lorikeet.outcomes import Pending, Refused
from lorikeet.sale import leases
from lorikeet.sale.leases import claim, due, new_lease, release
from lorikeet.sale.settle import settle
from tests.unit import DECLINED, lapse, make_attempt, make_order, received

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def waiting(attempt):
    """An attempt without a lease."""
    settle(attempt, Pending())
    return PaymentAttempt.objects.get(pk=attempt.pk)


def test_a_payment_without_a_lease_is_taken_with_its_order(waiting, django_assert_num_queries):
    claimed = claim(waiting.pk)

    stored = PaymentAttempt.objects.get(pk=waiting.pk)
    assert (claimed, claimed.lease) == (waiting, stored.lease)
    assert stored.lease is not None
    with django_assert_num_queries(0):
        assert (claimed.order.state, claimed.method is None, claimed.parent) == ("pending", False, None)


def test_a_lease_is_for_one_process(waiting):
    assert [claim(waiting.pk) is None for _ in range(2)] == [False, True]


def test_a_lease_that_is_over_is_taken_over(attempt):
    lapse(attempt)

    claimed = claim(attempt.pk)

    assert claimed.lease not in (None, attempt.lease)


@override_settings(LORIKEET_LEASE_SECONDS=7)
def test_a_lease_lasts_as_long_as_the_shop_says(waiting):
    before = now()

    claim(waiting.pk)

    until = PaymentAttempt.objects.get(pk=waiting.pk).lease_until
    assert timedelta(seconds=6) < until - before < timedelta(seconds=17)


def test_no_two_leases_are_the_same():
    assert new_lease(now())["lease"] != new_lease(now())["lease"]


@pytest.mark.parametrize(
    ("kind", "state", "is_taken"),
    [
        ("charge", "calling", True),
        ("charge", "pending", True),
        ("charge", "unknown", True),
        ("charge", "failed", True),
        ("charge", "paid", False),
        ("refund", "calling", True),
        ("refund", "pending", True),
        ("refund", "unknown", True),
        ("refund", "failed", False),
        ("refund", "paid", False),
    ],
)
def test_a_payment_is_worked_on_until_its_end_is_certain(kind, state, is_taken):
    """A charge that failed may still turn out paid; a refund that failed is made anew."""
    order = make_order()
    parent = make_attempt(order, state="paid") if kind == "refund" else None
    attempt = make_attempt(order, kind=kind, state=state, parent=parent)

    assert (claim(attempt.pk) is not None) is is_taken


def test_a_payment_that_is_not_there_is_not_taken():
    assert claim(7) is None


def test_nothing_is_taken_inside_another_transaction(waiting, unchanged):
    with unchanged(), pytest.raises(RuntimeError), transaction.atomic():
        claim(waiting.pk)


def test_a_lease_that_is_given_back_leaves_everything_as_it_was(waiting, unchanged):
    with unchanged():
        release(claim(waiting.pk))


def test_a_process_gives_back_its_own_lease_only(attempt, unchanged):
    attempt.lease = uuid4()

    with unchanged():
        release(attempt)


def test_a_payment_due_at_once_is_taken_in_the_same_moment(attempt, monkeypatch):
    """A clock may tick more slowly than a database answers."""
    moment = now()
    monkeypatch.setattr(leases, "now", lambda: moment)
    PaymentAttempt.objects.update(lease_until=moment)

    assert PaymentAttempt.objects.filter(due(moment)).exists()
    assert claim(attempt.pk) is not None


# what is due


LAPSED = timedelta(seconds=-1)
LONG_LAPSED = timedelta(minutes=-11)
HELD = timedelta(minutes=1)


@pytest.mark.parametrize(
    ("state", "lease", "look", "is_due", "is_late"),
    [
        ("calling", None, None, True, False),
        ("calling", LAPSED, None, True, False),
        ("calling", LONG_LAPSED, None, True, True),
        ("calling", HELD, LONG_LAPSED, False, False),
        ("pending", None, LAPSED, True, False),
        ("unknown", None, LONG_LAPSED, True, True),
        ("unknown", LAPSED, LONG_LAPSED, True, False),
        ("pending", HELD, LONG_LAPSED, False, False),
        ("pending", None, None, False, False),
        ("failed", None, LONG_LAPSED, True, True),
        ("failed", LAPSED, None, True, False),
        ("failed", LONG_LAPSED, None, True, True),
        ("failed", None, None, False, False),
        ("failed", HELD, None, False, False),
        ("paid", LONG_LAPSED, LONG_LAPSED, False, False),
    ],
)
def test_a_payment_is_due_or_late(state, lease, look, is_due, is_late):
    moments = [None if delta is None else now() + delta for delta in (lease, look)]
    make_attempt(make_order(), state=state, lease_until=moments[0], check_at=moments[1])
    late = timedelta(minutes=10)
    found = [PaymentAttempt.objects.filter(due(by)).exists() for by in (now(), now() - late)]

    assert found == [is_due, is_late]


def test_a_call_without_a_lease_is_late_when_it_is_old():
    make_attempt(make_order(), state="calling")
    PaymentAttempt.objects.update(created_at=now() - timedelta(minutes=11))

    assert PaymentAttempt.objects.filter(due(now() - timedelta(minutes=10))).exists()


# references


def test_a_reference_is_kept_at_once(attempt):
    attempt.save_reference("pi_1")

    assert (attempt.reference, PaymentAttempt.objects.get().reference) == ("pi_1", "pi_1")


def test_a_reference_is_kept_by_the_process_that_works_on_it(attempt, unchanged):
    """Another process has taken over: it may have made a payment of its own already."""
    lapse(attempt)
    claim(attempt.pk)

    with unchanged(), pytest.raises(LostLease):
        attempt.save_reference("pi_1")

    assert attempt.reference is None


@pytest.mark.parametrize("outcome", [Refused(DECLINED), received()], ids=["refused", "paid"])
def test_a_reference_of_what_is_settled_is_not_kept(attempt, unchanged, outcome):
    settle(attempt, outcome)

    with unchanged(), pytest.raises(LostLease):
        attempt.save_reference("pi_1")


@pytest.mark.parametrize("state", ["pending", "failed", "paid"])
def test_a_reference_is_not_kept_without_a_lease(unchanged, state):
    """Read outside a call, an attempt has none; neither has its row."""
    free = make_attempt(make_order(), state=state)
    with unchanged(), pytest.raises(LostLease):
        free.save_reference("pi_1")

    assert free.reference is None


def test_a_reference_that_pays_for_something_else_is_not_kept(attempt, unchanged):
    make_attempt(make_order(), state="paid", reference="pi_1")

    with unchanged(), pytest.raises(ReferenceTaken):
        attempt.save_reference("pi_1")

    assert attempt.reference is None


def test_a_reference_is_not_kept_inside_another_transaction(attempt, unchanged):
    with unchanged(), pytest.raises(RuntimeError), transaction.atomic():
        attempt.save_reference("pi_1")
