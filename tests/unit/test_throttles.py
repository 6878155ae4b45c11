"""Counting refusals: per scope, per identity, per window of time, in the database."""

from datetime import datetime, timezone

import pytest
from django.db import connection
from django.db.models import QuerySet
from django.test import override_settings
from django.test.utils import CaptureQueriesContext

from lorikeet import throttles
from lorikeet.exceptions import TooManyAttempts
from lorikeet.models import ThrottleCount

pytestmark = pytest.mark.django_db

RATES = {"guess_cart": "2/minute", "guess_ip": "3/hour", "checkout_cart": "1/hour"}


@pytest.fixture(autouse=True)
def rates():
    with override_settings(LORIKEET_THROTTLE_RATES=RATES):
        yield


@pytest.fixture
def clock(monkeypatch):
    """Return a function that sets the time, in seconds; it begins 10 seconds into a minute and an hour."""

    def set_to(seconds):
        monkeypatch.setattr(throttles, "time", lambda: 3600.0 * 400_000 + seconds)

    set_to(10)
    return set_to


def counts():
    return sorted(ThrottleCount.objects.values_list("count", flat=True))


def is_refused(action, **identities):
    """Return after how many seconds to come again, or ``None`` when it may be done now."""
    try:
        throttles.check(action, **identities)
    except TooManyAttempts as refusal:
        return refusal.retry_after


def test_as_many_as_the_limit_may_fail(clock):
    throttles.record("guess", cart="17")
    once = is_refused("guess", cart="17")
    throttles.record("guess", cart="17")

    assert (once, is_refused("guess", cart="17")) == (None, 50)


def test_a_window_that_is_over_is_forgotten(clock):
    for _ in range(2):
        throttles.record("guess", cart="17")

    clock(59)
    before = is_refused("guess", cart="17")
    clock(60)

    assert (before, is_refused("guess", cart="17")) == (1, None)


def test_it_is_never_said_to_come_again_at_once(clock):
    for _ in range(2):
        throttles.record("guess", cart="17")
    clock(59.9)

    assert is_refused("guess", cart="17") == 1


def test_identities_and_actions_are_counted_apart(clock):
    for _ in range(2):
        throttles.record("guess", cart="17")

    assert is_refused("guess", cart="18") is None
    assert is_refused("guess", ip="17") is None
    assert is_refused("checkout", cart="17") is None


def test_one_identity_too_many_is_enough(clock):
    for cart in "abc":
        throttles.record("guess", cart=cart, ip="192.0.2.0")

    assert is_refused("guess", cart="d", ip="192.0.2.0") == 3590


def test_an_identity_that_is_not_known_is_not_counted():
    throttles.record("guess", cart="", ip="")

    assert counts() == []
    assert is_refused("guess", cart="", ip="") is None


def test_a_scope_without_a_rate_is_not_counted():
    throttles.record("checkout", ip="192.0.2.0")

    assert counts() == []


def test_where_nothing_is_limited_nothing_is_asked():
    with CaptureQueriesContext(connection) as queries:
        throttles.check("checkout", ip="192.0.2.0")

    assert len(queries) == 0


def test_counting_writes_one_row_for_each_scope_and_window(clock):
    for _ in range(3):
        throttles.record("guess", cart="17", ip="192.0.2.0")
    clock(60)
    throttles.record("guess", cart="17", ip="192.0.2.0")

    assert counts() == [1, 3, 4]


def test_a_row_says_when_it_may_go(clock):
    throttles.record("guess", cart="17")

    assert ThrottleCount.objects.get().expires_at.timestamp() == 3600 * 400_000 + 60


def test_a_row_does_not_show_who_was_counted():
    throttles.record("guess", cart="17", ip="192.0.2.0")

    keys = set(ThrottleCount.objects.values_list("key", flat=True))
    assert [len(key) for key in keys] == [64, 64]
    assert not any("192.0.2" in key for key in keys)


def test_the_digest_of_a_network_does_not_show_which_it_is():
    known = throttles.digest("192.0.2.0")

    assert (len(known), "192.0.2" in known, throttles.digest("")) == (64, False, "")


def test_taking_turns_is_limited_by_nothing(clock):
    for network in ("192.0.2.0", "192.0.2.0", ""):
        throttles.in_turn(network)

    assert counts() == [2]


@pytest.mark.parametrize(("later", "seconds"), [(90.5, 90), (0, 1), (-5, 1)])
def test_it_is_told_when_to_come_again(clock, later, seconds):
    moment = datetime.fromtimestamp(3600 * 400_000 + 10 + later, timezone.utc)

    assert throttles.seconds_until(moment) == seconds


def test_a_throttle_without_an_end_is_retried_at_once():
    assert throttles.seconds_until(None) == 1


def test_two_processes_that_count_the_first_at_once_count_two(clock, monkeypatch):
    update = QuerySet.update

    def update_early(rows, **values):
        changed = update(rows, **values)
        monkeypatch.setattr(QuerySet, "update", update)
        throttles.record("guess", cart="17")
        return changed

    monkeypatch.setattr(QuerySet, "update", update_early)

    throttles.record("guess", cart="17")

    assert counts() == [2]
