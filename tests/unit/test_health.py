"""The state of the shop in a few numbers: what needs the staff, and what does not yet."""

from datetime import timedelta

import pytest
from django.db import connection
from django.utils.timezone import now

from lorikeet.health import Health, health
from lorikeet.models import RecoveryRun
from lorikeet.recovery import tick
from tests.unit import make_attempt, make_order

pytestmark = pytest.mark.django_db(transaction=True)


def ago(minutes):
    return now() - timedelta(minutes=minutes)


def counts(found):
    return found.needs_attention, found.overdue, found.untold


def test_a_shop_whose_recovery_ran_is_well(django_assert_num_queries):
    tick()

    with django_assert_num_queries(4 if connection.vendor == "sqlite" else 5):
        found = health()

    assert found == Health(RecoveryRun.objects.get().finished_at, True, 0, 0, 0)
    assert (found.is_recovering, found.is_good) == (True, True)


def test_a_shop_whose_recovery_never_ran_is_not():
    found = health()

    assert (found.last_recovery, found.is_recovering, found.is_good) == (None, False, False)


@pytest.mark.parametrize(("minutes", "expected"), [(9, True), (11, False)])
def test_recovery_runs_if_it_ran_lately(minutes, expected):
    RecoveryRun.objects.create(finished_at=ago(minutes))

    assert (health().is_recovering, health().is_good) == (expected, expected)


def test_the_latest_run_counts():
    RecoveryRun.objects.create(finished_at=ago(1))
    RecoveryRun.objects.create(finished_at=ago(60))

    assert health().is_recovering


@pytest.mark.parametrize("state", ["unknown", "paid", "failed"])
def test_payments_that_wait_for_the_staff_are_counted(state):
    make_attempt(make_order(), state=state, attention="late money")

    assert counts(health()) == (1, 0, 0)


@pytest.mark.parametrize(
    ("state", "lease", "look", "is_overdue"),
    [
        ("calling", 11, None, True),
        ("calling", 9, None, False),
        ("calling", None, None, False),
        ("failed", None, 11, True),
        ("failed", 11, None, True),
        ("failed", None, None, False),
        ("pending", None, 11, True),
        ("unknown", None, 11, True),
        ("pending", None, 9, False),
        ("pending", 11, None, True),
        ("paid", 11, 11, False),
    ],
)
def test_payments_that_are_overdue_are_counted(state, lease, look, is_overdue):
    make_attempt(make_order(), state=state, lease_until=lease and ago(lease), check_at=look and ago(look))

    assert counts(health()) == (0, int(is_overdue), 0)


@pytest.mark.parametrize(
    ("state", "purchased", "notified", "is_untold"),
    [
        ("placed", 11, None, True),
        ("placed", 9, None, False),
        ("placed", 11, 10, False),
        ("pending", None, None, False),
        ("cancelled", None, None, False),
    ],
)
def test_sales_that_were_not_told_are_counted(state, purchased, notified, is_untold):
    make_order(state=state, purchased_on=purchased and ago(purchased), notified_at=notified and ago(notified))

    assert counts(health()) == (0, 0, int(is_untold))


@pytest.mark.parametrize("found", [(1, 0, 0), (0, 1, 0), (0, 0, 1)])
def test_a_shop_with_anything_to_do_is_not_well(found):
    assert Health(now(), True, *found).is_good is False
