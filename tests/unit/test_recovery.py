"""Recovery: payments looked at, sales told, abandoned carts and old counts deleted, without a request."""

from datetime import timedelta
from decimal import Decimal
from itertools import pairwise

import pytest
from django.db import InterfaceError, OperationalError
from django.test import override_settings
from django.utils.timezone import now

from lorikeet import payments, recovery
from lorikeet.exceptions import PaymentError, RegistrationError
from lorikeet.models import (
    Order,
    PaymentAttempt,
    RecoveryRun,
    ThrottleCount,
)
from lorikeet.outcomes import Pending, Refused
from lorikeet.payments import resolve
from lorikeet.sale import leases, sweeps
from lorikeet.sale import settle as settling
from lorikeet.sale.settle import settle
from lorikeet.signals import order_checked_out, order_placed, payment_attention
from tests.faults.databases import pass_time
from tests.testapp import models
from tests.unit import (
    DECLINED,
    abandon,
    begin_sale,
    listening,
    make_attempt,
    make_cart,
    make_order,
    ready_cart,
    received,
    reread,
    sell,
    states,
)

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def batches_of_two(monkeypatch):
    monkeypatch.setattr(sweeps, "BATCH", 2)


def ago(**delta):
    return now() - timedelta(**delta)


def make_sale(seconds_ago=61, **fields):
    return make_order(state="placed", purchased_on=ago(seconds=seconds_ago), **fields)


# payments that are due


LEASES = {"free": None, "lapsed": timedelta(seconds=-1), "held": timedelta(hours=1)}
LOOKS = {"never": None, "due": timedelta(seconds=-1), "later": timedelta(hours=1)}


def moment(delta):
    return None if delta is None else now() + delta


@pytest.fixture
def asked(scripted):
    """Make an attempt in this state, and return what its provider was asked by the sweep."""

    def sweep(state, lease, look):
        attempt = begin_sale(scripted, state=state, lease_until=moment(LEASES[lease]), check_at=moment(LOOKS[look]))
        scripted.script(check_payment=Pending())
        assert sweeps.resolve_due() == len(scripted.asked)
        return [name for name, pk in scripted.asked if pk == attempt.pk]

    return sweep


@pytest.mark.parametrize(
    ("state", "lease", "look"),
    [
        ("calling", "lapsed", "never"),
        ("calling", "free", "never"),
        ("failed", "lapsed", "never"),
        ("pending", "free", "due"),
        ("unknown", "free", "due"),
        ("unknown", "lapsed", "due"),
        ("pending", "lapsed", "later"),
        ("failed", "free", "due"),
    ],
)
def test_a_payment_that_is_due_is_asked_after(asked, state, lease, look):
    assert asked(state, lease, look) == ["check_payment"]


@pytest.mark.parametrize(
    ("state", "lease", "look"),
    [
        ("calling", "held", "never"),
        ("pending", "free", "later"),
        ("pending", "held", "due"),
        ("unknown", "free", "never"),
        ("failed", "free", "never"),
        ("paid", "lapsed", "due"),
    ],
)
def test_any_other_payment_is_left_alone(asked, state, lease, look):
    assert asked(state, lease, look) == []


def test_a_refund_that_is_owed_is_asked_for(scripted):
    attempt = begin_sale(scripted)
    settle(attempt, Refused(DECLINED, is_final=False))
    settle(attempt, received())
    scripted.script(refund_payment=received("re_1"))

    assert sweeps.resolve_due() == 1

    refund = PaymentAttempt.objects.get(kind="refund")
    assert (refund.state, refund.reference) == ("paid", "re_1")
    assert scripted.asked == [("refund_payment", refund.pk)]


def test_a_payment_whose_process_died_is_parked_if_it_cannot_be_asked_about():
    attempt = begin_sale(lease_until=ago(seconds=1))

    assert [sweeps.resolve_due(), sweeps.resolve_due()] == [1, 0]

    attempt.refresh_from_db()
    assert attempt.is_parked
    assert (attempt.order.state, attempt.order.slot) == ("pending", None)


def test_the_oldest_payments_are_asked_after_first(batches_of_two, scripted):
    attempts = [begin_sale(scripted, lease_until=ago(seconds=1)) for _ in range(3)]
    scripted.script(check_payment=Pending())

    assert sweeps.resolve_due() == 2

    assert scripted.asked == [("check_payment", attempt.pk) for attempt in attempts[:2]]


def test_a_hosts_mistake_in_one_payment_does_not_stop_the_others(scripted, monkeypatch, caplog):
    def fail(line):
        raise ZeroDivisionError

    broken = begin_sale(scripted, lease_until=ago(seconds=1))
    whole = begin_sale(scripted, lease_until=ago(seconds=1))
    sell(models.MoodyLine.objects.create(cart=broken.order.cart), broken.order)
    monkeypatch.setattr(models.MoodyLine, "undo_checkout", fail)
    scripted.script(check_payment=PaymentError(DECLINED), cancel_payment=True)

    assert sweeps.resolve_due() == 2

    assert [states(broken), states(whole)] == [("calling", "pending"), ("failed", "cancelled")]
    assert [record.getMessage() for record in caplog.records] == [
        f"Payment attempt {broken.key} could not be resolved.",
        f"Payment attempt {broken.key} of order {broken.order.pk} needs attention: unresolved.",
    ]


def test_a_late_payment_whose_look_failed_once_keeps_its_reason(scripted, monkeypatch):
    """Until its provider answers again, and only where that was the reason."""
    late = make_attempt(make_order(state="cancelled"), state="failed", check_at=ago(seconds=1), attention="late money")
    unresolved = make_attempt(
        make_order(state="cancelled"),
        method=scripted.objects.create(),
        provider="ScriptedCard",
        state="failed",
        check_at=ago(seconds=1),
        attention="unresolved",
    )
    monkeypatch.setattr(models.PretendCard, "check_payment", lambda card, attempt: 1 / 0)
    scripted.script(check_payment=Pending("ch_1"))

    sweeps.resolve_due()

    assert [reread(late).attention, reread(unresolved).attention] == ["late money", ""]


@pytest.fixture
def silent(monkeypatch):
    """Let a provider give no answer, and return which of its payments it was asked about."""
    asked = []

    def give_no_answer(card, attempt):
        asked.append(attempt.pk)
        raise TimeoutError

    monkeypatch.setattr(models.ExactCard, "check_payment", give_no_answer)
    return asked


@pytest.fixture
def patience_of_two(monkeypatch):
    monkeypatch.setattr(sweeps, "SILENT_AFTER", 2)


TAKES_TOO_LONG = "ExactCard takes too long to answer; its other payments are looked at in the next run."


def test_a_provider_that_gives_no_answer_is_skipped_for_the_rest_of_the_sweep(
    patience_of_two, scripted, silent, caplog
):
    away = [begin_sale(models.ExactCard, lease_until=ago(seconds=1)) for _ in range(3)]
    there = [begin_sale(scripted, lease_until=ago(seconds=1)) for _ in range(3)]
    scripted.script(check_payment=Pending())

    assert sweeps.resolve_due() == 5

    assert silent == [attempt.pk for attempt in away[:2]]
    assert [pk for _, pk in scripted.asked] == [attempt.pk for attempt in there]
    assert (caplog.records[-1].levelname, caplog.records[-1].getMessage()) == ("ERROR", TAKES_TOO_LONG)


def test_a_provider_that_answers_in_between_is_asked_on(patience_of_two, scripted):
    for _ in range(4):
        begin_sale(scripted, lease_until=ago(seconds=1))
    scripted.script(check_payment=[TimeoutError(), Pending(), TimeoutError(), Pending()])

    assert sweeps.resolve_due() == 4


def test_a_provider_that_takes_its_time_has_so_much_of_it_and_no_more(scripted, monkeypatch, caplog):
    clock = [0]

    def take_time(card, attempt):
        clock[0] += sweeps.TURN_SECONDS * 0.6
        return Pending()

    monkeypatch.setattr(sweeps, "monotonic", lambda: clock[0])
    monkeypatch.setattr(models.ExactCard, "check_payment", take_time)
    for method in (models.ExactCard, scripted):
        for _ in range(3):
            begin_sale(method, lease_until=ago(seconds=1))
    scripted.script(check_payment=Pending())

    assert sweeps.resolve_due() == 2 + 3

    assert [record.getMessage() for record in caplog.records] == [TAKES_TOO_LONG]


def test_unknown_payments_do_not_delay_those_that_were_answered(patience_of_two, scripted):
    unknown = [begin_sale(scripted, state="unknown", lease_until=ago(hours=1)) for _ in range(3)]
    pending = begin_sale(scripted, state="pending", lease_until=None, check_at=ago(seconds=1))
    scripted.script(check_payment=[Pending(), TimeoutError(), TimeoutError()])

    assert sweeps.resolve_due() == 3

    assert [pk for _, pk in scripted.asked] == [pending.pk, unknown[0].pk, unknown[1].pk]


@pytest.fixture
def later(monkeypatch):
    """Return a function that lets time pass, a minute or as much as it is told, for all that asks for the time."""
    passed = [timedelta(0)]
    for module in (leases, settling, sweeps, payments):
        monkeypatch.setattr(module, "now", lambda: now() + passed[0])

    def wait(delta=timedelta(seconds=61)):
        passed[0] += delta

    return wait


def runs_until_settled(attempt):
    """Return how many runs of recovery, one a minute, it takes until an attempt is settled."""
    for run in range(1, 20):
        sweeps.resolve_due()
        if states(attempt) == ("paid", "placed"):
            return run
        pass_time(seconds=61)
    return None


@pytest.mark.parametrize("trouble", ["raising", "silent"])
def test_a_payment_that_cannot_be_settled_does_not_delay_later_ones(
    scripted, batches_of_two, patience_of_two, monkeypatch, trouble
):
    def fail(line):
        raise ZeroDivisionError

    monkeypatch.setattr(models.MoodyLine, "finish_checkout", fail)
    stuck = [begin_sale(scripted, lease_until=ago(seconds=9)) for _ in range(6)]
    for attempt in stuck:
        sell(models.MoodyLine.objects.create(cart=attempt.order.cart), attempt.order)
    behind = begin_sale(scripted, lease_until=ago(seconds=1))
    keys = {attempt.key for attempt in stuck}

    def answer(attempt):
        if trouble == "silent" and attempt.key in keys:
            raise TimeoutError
        return received(str(attempt.key))

    scripted.script(check_payment=answer)

    assert runs_until_settled(behind) == 4

    assert {states(attempt)[1] for attempt in stuck} == {"pending"}


def test_a_payment_that_cannot_be_settled_is_retried_ever_later(scripted, monkeypatch, later):
    def fail(line):
        raise ZeroDivisionError

    monkeypatch.setattr(models.MoodyLine, "finish_checkout", fail)
    attempt = begin_sale(scripted, lease_until=ago(seconds=1))
    sell(models.MoodyLine.objects.create(cart=attempt.order.cart), attempt.order)
    scripted.script(check_payment=received())
    looks = []

    for _ in range(10):
        sweeps.resolve_due()
        looks.append(PaymentAttempt.objects.get().check_at)
        later(looks[-1] - leases.now())

    waits = [round((second - first).total_seconds()) for first, second in pairwise(looks)]
    assert waits == sorted(waits)
    assert (waits[0], waits[-1] > 20) == (10, True)
    assert len(scripted.asked) == 10
    assert PaymentAttempt.objects.get().attention == "unresolved"


@pytest.mark.parametrize("error", [OperationalError, InterfaceError])
def test_a_payment_during_which_the_database_was_lost_is_due_when_its_lease_ends(scripted, monkeypatch, error):
    attempt = begin_sale(scripted, lease_until=ago(seconds=1))
    PaymentAttempt.objects.update(created_at=ago(hours=1))  # after a mistake of a host it would wait for 15 minutes
    scripted.script(check_payment=received())

    def lose(attempt, outcome):
        raise error

    with monkeypatch.context() as patched:
        patched.setattr(payments, "settle", lose)
        sweeps.resolve_due()
    pass_time(seconds=61)
    sweeps.resolve_due()

    assert states(attempt) == ("paid", "placed")


def test_the_payment_that_waited_longest_is_asked_after_first(scripted):
    later, sooner = (begin_sale(scripted, state="pending", lease_until=None, check_at=ago(hours=h)) for h in (1, 2))
    scripted.script(check_payment=Pending())
    sweeps.resolve_due()

    assert [pk for _, pk in scripted.asked] == [sooner.pk, later.pk]


# payments that take too long


@pytest.mark.parametrize("state", ["calling", "unknown"])
def test_the_staff_are_told_of_what_is_not_known_for_long(state, caplog):
    attempt = make_attempt(make_order(), state=state, check_at=now())
    PaymentAttempt.objects.update(updated_at=ago(minutes=16))

    with listening(payment_attention) as told:
        assert [sweeps.flag_unresolved(), sweeps.flag_unresolved()] == [1, 0]

    attempt.refresh_from_db()
    assert (attempt.state, attempt.attention, attempt.is_parked) == (state, "unresolved", False)
    assert [sent["attempt"] for sent in told] == [attempt]


@pytest.mark.parametrize(
    ("fields", "minutes"),
    [
        ({"state": "calling"}, 14),
        ({"state": "pending"}, 16),
        ({"state": "paid"}, 16),
        ({"state": "failed"}, 16),
        ({"state": "unknown", "attention": "outcome unknown"}, 16),
    ],
    ids=str,
)
def test_the_staff_are_not_told_of_anything_else(unchanged, fields, minutes):
    make_attempt(make_order(), **fields)
    PaymentAttempt.objects.update(created_at=ago(days=1), updated_at=ago(minutes=minutes))

    with unchanged():
        count = sweeps.flag_unresolved()

    assert count == 0


def test_the_staff_are_told_of_the_oldest_first(batches_of_two):
    attempts = [make_attempt(make_order()) for _ in range(3)]
    PaymentAttempt.objects.update(updated_at=ago(minutes=16))

    assert sweeps.flag_unresolved() == 2

    assert list(PaymentAttempt.objects.filter(attention="")) == [attempts[2]]


def test_how_long_it_is_unknown_counts_from_when_it_became_unknown(scripted):
    """One answer that is missing after hours of waiting does not need the staff."""
    attempt = begin_sale(scripted, state="pending", lease_until=None)
    PaymentAttempt.objects.update(created_at=ago(hours=3), updated_at=ago(hours=3))
    scripted.script(check_payment=TimeoutError())

    resolve(attempt)
    at_first = sweeps.flag_unresolved()
    PaymentAttempt.objects.update(updated_at=ago(minutes=16))
    resolve(attempt)

    assert (at_first, sweeps.flag_unresolved()) == (0, 1)


# sales that were not told


def test_a_sale_that_was_not_told_is_told_without_a_request():
    order = make_sale()

    with listening(order_placed) as placed, listening(order_checked_out) as told:
        count = sweeps.notify_missed()

    order.refresh_from_db()
    assert count == 1
    assert told == [{"sender": Order, "order": order, "request": None}]
    assert placed == []
    assert order.notified_at is not None


def test_a_sale_that_is_being_told_is_left_to_its_process():
    make_sale(seconds_ago=30)

    assert sweeps.notify_missed() == 0


@override_settings(LORIKEET_LEASE_SECONDS=10)
def test_how_long_that_may_take_is_a_setting():
    make_sale(seconds_ago=30)

    assert sweeps.notify_missed() == 1


@pytest.mark.parametrize(
    "fields",
    [
        {"state": "pending"},
        {"state": "cancelled"},
        {"state": "placed", "purchased_on": ago(days=1), "notified_at": now()},
    ],
)
def test_an_order_that_is_no_sale_or_was_told_is_not_told(fields):
    make_order(**fields)

    assert sweeps.notify_missed() == 0


def test_sales_are_told_once():
    make_sale()

    assert [sweeps.notify_missed(), sweeps.notify_missed()] == [1, 0]


def test_the_oldest_sales_are_told_first(batches_of_two):
    orders = [make_sale() for _ in range(3)]

    with listening(order_checked_out) as told:
        assert sweeps.notify_missed() == 2

    assert [sent["order"] for sent in told] == orders[:2]


# everything


def test_a_tick_does_everything_once_and_says_so(scripted):
    begin_sale(scripted, lease_until=ago(seconds=1))
    scripted.script(check_payment=Pending())
    make_attempt(make_order(), lease_until=now() + timedelta(hours=1))
    PaymentAttempt.objects.update(updated_at=ago(minutes=16))
    make_sale()
    make_sale()
    abandon(make_cart(), make_cart(), make_cart())
    ThrottleCount.objects.create(key="k", window=1, expires_at=ago(hours=1))

    said = []

    counts = recovery.tick(lambda what, count: said.append((what, count)))

    assert counts == dict(said)
    assert said == [
        ("payments looked at", 1),
        ("payments flagged", 1),
        ("orders notified", 2),
        ("carts deleted", 3),
        ("counts deleted", 1),
    ]


def test_a_tick_with_nothing_to_do_changes_nothing(unchanged):
    recovery.tick()
    ready_cart()
    make_sale(seconds_ago=1, grand_total=Decimal(1))
    RecoveryRun.objects.all().delete()

    with unchanged():
        counts = recovery.tick()
        RecoveryRun.objects.all().delete()

    assert set(counts.values()) == {0}


def test_a_tick_notes_when_it_finished():
    before = now()

    for _ in range(2):
        recovery.tick()

    assert before <= RecoveryRun.objects.get().finished_at <= now()


def fail():
    raise ZeroDivisionError


def test_a_failing_sweep_does_not_stop_the_others(monkeypatch, caplog):
    monkeypatch.setattr(recovery, "notify_missed", fail)
    ThrottleCount.objects.create(key="k", window=1, expires_at=ago(hours=1))
    said = []
    with pytest.raises(ZeroDivisionError):
        recovery.tick(lambda what, count: said.append(what))

    assert said == ["payments looked at", "payments flagged", "carts deleted", "counts deleted"]
    assert not ThrottleCount.objects.exists()
    assert RecoveryRun.objects.exists()
    assert [record.getMessage() for record in caplog.records] == ["This sweep was not finished: orders notified."]


def test_payments_that_could_not_be_looked_at_are_no_recovery(monkeypatch):
    monkeypatch.setattr(recovery, "resolve_due", fail)
    make_sale()

    with pytest.raises(ZeroDivisionError):
        recovery.tick()

    assert not RecoveryRun.objects.exists()
    assert Order.objects.get().notified_at is not None


# what an extension has done


@pytest.fixture
def registered(monkeypatch):
    """Forget afterwards what a test registers."""
    monkeypatch.setattr(recovery, "SWEEPS", {})
    return recovery.SWEEPS


def test_a_sweep_of_an_extension_is_run_after_our_own_and_its_count_is_told(registered):
    said = []
    recovery.register_sweep("stamps licked", lambda: 3)

    counts = recovery.tick(lambda what, count: said.append((what, count)))

    assert counts["stamps licked"] == 3
    assert [what for what, _ in said][-2:] == ["counts deleted", "stamps licked"]
    assert said[-1] == ("stamps licked", 3)


def test_a_failing_sweep_of_an_extension_does_not_stop_the_others(registered, caplog):
    recovery.register_sweep("envelopes sealed", fail)
    recovery.register_sweep("stamps licked", lambda: 3)
    said = []
    with pytest.raises(ZeroDivisionError):
        recovery.tick(lambda what, count: said.append(what))

    assert said[-2:] == ["counts deleted", "stamps licked"]
    assert RecoveryRun.objects.exists()
    assert [record.getMessage() for record in caplog.records] == ["This sweep was not finished: envelopes sealed."]


def lick():
    return 3


def test_a_sweep_that_is_registered_again_is_run_once(registered):
    """``AppConfig.ready()`` may be called twice."""
    for _ in range(2):
        recovery.register_sweep("stamps licked", lick)

    assert list(recovery.tick().values()) == [0, 0, 0, 0, 0, 3]


@pytest.mark.parametrize("what", ["stamps licked", "payments looked at"])
def test_a_sweep_whose_name_is_taken_is_an_error(registered, what):
    recovery.register_sweep("stamps licked", lick)

    with pytest.raises(RegistrationError) as refusal:
        recovery.register_sweep(what, fail)

    assert str(refusal.value) == f"There is a sweep {what!r} already: say in other words what yours deals with."
    assert registered == {"stamps licked": lick}
