"""The management commands: what they print, and what a monitor reads from their exit status."""

import time
from datetime import timedelta
from decimal import Decimal
from io import StringIO
from uuid import uuid4

import pytest
from django.core.management import CommandError, call_command
from django.db import OperationalError
from django.utils.timezone import now

from lorikeet import recovery
from lorikeet.management.commands import lorikeet_reconcile, lorikeet_tick
from lorikeet.models import Order, PaymentAttempt
from lorikeet.outcomes import Pending, ProviderRefund, Refused, Review
from lorikeet.sale.leases import claim
from lorikeet.sale.settle import settle
from tests.testapp import models
from tests.testapp.payments import client
from tests.unit import DECLINED, begin_sale, make_order, reread, states

pytestmark = pytest.mark.django_db(transaction=True)

NOTHING_DONE = [
    "payments looked at: 0",
    "payments flagged: 0",
    "orders notified: 0",
    "carts deleted: 0",
    "counts deleted: 0",
]


def run(*arguments, **options):
    """Return the lines that a command prints."""
    output = StringIO()
    call_command(*arguments, stdout=output, **options)
    return output.getvalue().splitlines()


def fail(*arguments, **options):
    """Return the lines that a command prints which fails, and what it says at last."""
    output = StringIO()
    with pytest.raises(CommandError) as failure:
        call_command(*arguments, stdout=output, **options)
    assert failure.value.returncode == 1
    return output.getvalue().splitlines(), str(failure.value)


# lorikeet_tick


@pytest.mark.parametrize("arguments", [[], ["--once"]], ids=str)
def test_a_tick_runs_once_and_says_what_it_did(arguments):
    make_order(state="placed", purchased_on=now() - timedelta(minutes=2))

    lines = run("lorikeet_tick", *arguments)

    assert lines == [*NOTHING_DONE[:2], "orders notified: 1", *NOTHING_DONE[3:]]


def test_a_quiet_tick_says_only_what_it_did():
    make_order(state="placed", purchased_on=now() - timedelta(minutes=2))

    assert run("lorikeet_tick", verbosity=0) == ["orders notified: 1"]


class Stopped(BaseException):
    """The process is stopped."""


@pytest.fixture
def naps(monkeypatch):
    """Sleep no time at all, and be stopped at the third time."""
    seconds = []

    def sleep(duration):
        seconds.append(duration)
        if len(seconds) == 3:
            raise Stopped

    monkeypatch.setattr(time, "sleep", sleep)
    return seconds


def test_a_loop_runs_again_and_again(naps):
    output = StringIO()

    with pytest.raises(Stopped):
        call_command("lorikeet_tick", "--loop", "7.5", stdout=output)

    assert output.getvalue().splitlines() == NOTHING_DONE * 3
    assert naps == [7.5, 7.5, 7.5]


@pytest.mark.parametrize(
    "error", [OperationalError("The server closed the connection."), ZeroDivisionError()], ids=["database", "host"]
)
def test_a_loop_outlives_whatever_a_run_raises(naps, monkeypatch, caplog, error):
    tick, failures = lorikeet_tick.tick, [None, error, None]

    def fail_sometimes(progress):
        failure = failures.pop(0)
        if failure is not None:
            raise failure
        return tick(progress)

    monkeypatch.setattr(lorikeet_tick, "tick", fail_sometimes)
    output = StringIO()

    with pytest.raises(Stopped):
        call_command("lorikeet_tick", "--loop", "1", stdout=output)

    assert output.getvalue().splitlines() == NOTHING_DONE * 2
    assert [record.getMessage() for record in caplog.records] == ["This run was not finished."]


def test_a_tick_of_cron_fails_if_the_database_is_away(monkeypatch):
    def fail(progress):
        raise OperationalError

    monkeypatch.setattr(lorikeet_tick, "tick", fail)

    with pytest.raises(OperationalError):
        run("lorikeet_tick")


def test_a_tick_says_what_it_did_as_soon_as_it_did_it(monkeypatch):
    """Staff who wait for a long one see its progress; a sweep that was done before it is stopped is reported."""

    def stop():
        raise Stopped

    monkeypatch.setattr(recovery, "notify_missed", stop)
    output = StringIO()

    with pytest.raises(Stopped):
        call_command("lorikeet_tick", stdout=output)

    assert output.getvalue().splitlines() == NOTHING_DONE[:2]


def test_a_tick_runs_once_or_in_a_loop():
    with pytest.raises(CommandError, match="not allowed with"):
        call_command("lorikeet_tick", "--once", "--loop", "1")


# lorikeet_check


def test_a_shop_in_good_order_passes():
    assert run("lorikeet_check") == ["Every rule holds."]


def test_a_shop_that_is_not_fails_and_every_row_is_named(unchanged):
    free = {"subtotal": 0, "grand_total": 0}
    first, second = make_order(**free), make_order(notified_at=now(), **free)

    with unchanged():
        failed = fail("lorikeet_check")

    assert failed == (
        [
            f"lorikeet.Order {first.pk}: A pending order has an open payment.",
            f"lorikeet.Order {second.pk}: A pending order has an open payment.",
            f"lorikeet.Order {second.pk}: Only a sale is announced.",
        ],
        "3 violations.",
    )


# lorikeet_reconcile


@pytest.fixture
def waiting(provider):
    attempt = begin_sale(models.ExactCard)
    settle(attempt, Pending())
    return reread(attempt)


def line(kind, payment):
    return f"{kind}: ExactCard {payment['id']}, 12.00 AUD, key {payment['key']}"


def test_books_that_agree_pass(provider):
    assert run("lorikeet_reconcile") == ["The providers' books agree."]


def test_an_open_payment_is_settled_and_passes(waiting, provider):
    """It may be a payment that is being made this very moment."""
    paid = provider.pay_elsewhere(1200, "AUD", key=waiting.key)

    said = [line("open", paid), "The providers' books agree, except for open payments."]
    assert run("lorikeet_reconcile") == said
    assert states(waiting) == ("paid", "placed")


def test_an_unpaid_payment_fails_and_is_looked_at(waiting, provider):
    settle(claim(waiting.pk), Refused(DECLINED))
    paid = provider.pay_elsewhere(1200, "AUD", key=waiting.key)

    assert fail("lorikeet_reconcile") == ([line("unpaid", paid)], "1 differences.")
    assert states(waiting) == ("paid", "cancelled")
    assert run("lorikeet_reconcile") == ["The providers' books agree."]


def test_an_unknown_payment_fails_and_is_left_alone(provider, unchanged):
    paid = provider.pay_elsewhere(1200, "AUD", key=uuid4())
    with unchanged():
        failed = fail("lorikeet_reconcile")

    assert failed == ([line("unknown", paid)], "1 differences.")


def test_an_unknown_payment_is_refunded_if_that_is_asked_for(provider):
    paid = provider.pay_elsewhere(1200, "AUD", key=uuid4())

    failed = fail("lorikeet_reconcile", "--refund")

    owed = PaymentAttempt.objects.get(kind="refund")
    assert failed == ([line("unknown", paid), f"refund {owed.key} is on its way"], "1 differences.")
    assert Order.objects.get().cancel_reason == "lost"
    assert run("lorikeet_reconcile") == ["The providers' books agree."]


def test_a_second_payment_is_refunded_if_that_is_asked_for(waiting, provider):
    first = provider.pay_elsewhere(1200, "AUD", key=waiting.key)
    run("lorikeet_reconcile")
    second = provider.pay_elsewhere(1200, "AUD", key=waiting.key)

    lines, _ = fail("lorikeet_reconcile", "--refund")

    owed = PaymentAttempt.objects.get(kind="refund")
    assert reread(waiting).reference == first["id"]
    assert lines == [line("second", second), f"refund {owed.key} is on its way"]


def test_another_amount_fails_and_is_left_to_the_staff(waiting, provider, unchanged):
    paid = provider.pay_elsewhere(1200, "AUD", key=waiting.key)
    run("lorikeet_reconcile")
    PaymentAttempt.objects.update(amount=7)

    with unchanged():
        failed = fail("lorikeet_reconcile", "--refund")

    assert failed == ([line("amount", paid)], "1 differences.")


def test_refunds_that_differ_fail_and_are_looked_at(waiting, provider, monkeypatch):
    found = Review([ProviderRefund("ref_1", Decimal(5), "AUD", "paid")])
    monkeypatch.setattr(models.ExactCard, "review_payment", lambda card, attempt: found)
    paid = provider.pay_elsewhere(1200, "AUD", key=waiting.key)
    run("lorikeet_reconcile")
    client().refund(paid["id"], uuid4(), 500)

    assert fail("lorikeet_reconcile") == ([line("refunds", paid)], "1 differences.")
    assert waiting.order.amount_refunded == Decimal(5)
    assert run("lorikeet_reconcile") == ["The providers' books agree."]


def test_a_provider_that_falls_silent_while_refunds_are_looked_at_is_named(waiting, provider, monkeypatch, unchanged):
    def fall_silent(card, attempt):
        raise ConnectionError

    monkeypatch.setattr(models.ExactCard, "review_payment", fall_silent)
    paid = provider.pay_elsewhere(1200, "AUD", key=waiting.key)
    run("lorikeet_reconcile")
    client().refund(paid["id"], uuid4(), 500)

    with unchanged():
        failed = fail("lorikeet_reconcile")

    assert failed == ([line("refunds", paid)], "No answer from ExactCard; 1 differences elsewhere.")


def test_a_payment_that_cannot_be_settled_does_not_stop_the_others(waiting, provider, monkeypatch, caplog):
    def fail_to_settle(difference):
        raise ZeroDivisionError

    monkeypatch.setattr(lorikeet_reconcile, "look_again", fail_to_settle)
    first = provider.pay_elsewhere(1200, "AUD", key=waiting.key)
    second = provider.pay_elsewhere(1200, "AUD", key=uuid4())

    lines, said = fail("lorikeet_reconcile")

    assert sorted(lines) == sorted([line("open", first), line("unknown", second)])
    assert said == "No answer from ExactCard; 1 differences elsewhere."
    assert caplog.records[0].getMessage() == f"ExactCard {first['id']} could not be settled."


def test_an_option_says_how_far_to_look_back(provider):
    provider.pay_elsewhere(1200, "AUD", key=uuid4())

    assert run("lorikeet_reconcile", "--days", "-1") == ["The providers' books agree."]


def test_a_provider_that_does_not_answer_fails_and_the_others_are_compared(provider, monkeypatch, caplog):
    def fall_silent(cls, since):
        raise ConnectionError

    monkeypatch.setattr(models.OneCallCard, "list_payments", classmethod(fall_silent))
    paid = provider.pay_elsewhere(1200, "AUD", key=uuid4())

    failed = fail("lorikeet_reconcile")

    assert failed == ([line("unknown", paid)], "No answer from OneCallCard; 1 differences elsewhere.")
    assert [record.getMessage() for record in caplog.records] == ["OneCallCard could not list its payments."]
