"""Signals to the site: after the commit, although a receiver fails; and for sales at least once."""

from contextlib import contextmanager
from datetime import datetime, timedelta, timezone
from decimal import Decimal

import pytest
from django.db import transaction
from django.test import override_settings
from django.utils.timezone import now

from lorikeet.models import Order
from lorikeet.sale.notifications import announce, answers_of, is_overdue, notify
from lorikeet.signals import order_cancelled, order_checked_out
from tests.testapp.factories import make_user
from tests.unit import Killed, kill, listening, make_order, request_of

TOLD = datetime(2026, 1, 1, tzinfo=timezone.utc)

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def sale():
    return make_order(state="placed", purchased_on=now())


@pytest.fixture
def failing():
    """A receiver of both signals that fails, before any other that is connected later."""

    def fail(**sent):
        raise ZeroDivisionError

    signals = (order_cancelled, order_checked_out)
    for signal in signals:
        signal.connect(fail)
    yield fail
    for signal in signals:
        signal.disconnect(fail)


# at most once


def test_a_signal_is_sent_after_the_commit_with_the_row_as_it_is_then(sale):
    with listening(order_cancelled) as told, transaction.atomic():
        announce(order_cancelled, Order, "order", sale.pk)
        Order.objects.update(cancel_reason="late")
        during = list(told)

    assert during == []
    assert told == [{"sender": Order, "order": sale}]
    assert told[0]["order"].cancel_reason == "late"


def test_a_change_that_was_rolled_back_sends_no_signal(sale):
    with listening(order_cancelled) as told, transaction.atomic():
        announce(order_cancelled, Order, "order", sale.pk)
        transaction.set_rollback(True)

    assert told == []


def test_a_signal_without_receivers_costs_no_query(sale, django_assert_num_queries):
    with django_assert_num_queries(0):
        announce(order_cancelled, Order, "order", sale.pk)


def test_a_receiver_that_fails_stops_no_other(sale, failing):
    with listening(order_cancelled) as told:
        announce(order_cancelled, Order, "order", sale.pk)

    assert len(told) == 1


def test_a_row_that_is_gone_sends_no_signal_and_stops_nothing_else(sale):
    with listening(order_cancelled) as told, transaction.atomic():
        announce(order_cancelled, Order, "order", sale.pk)
        announce(order_cancelled, Order, "order", make_order().pk)
        Order.objects.filter(pk=sale.pk).delete()

    assert [sent["order"].state for sent in told] == ["pending"]


# at least once


def test_a_sale_is_told_and_that_is_noted(sale):
    request, before = request_of(), now()

    with listening(order_checked_out) as told:
        notify(sale, request)

    assert told == [{"sender": Order, "order": sale, "request": request}]
    assert before <= Order.objects.get().notified_at <= now()


def test_a_receiver_that_fails_is_logged_and_stops_neither_others_nor_the_note(sale, failing, caplog):
    with listening(order_checked_out) as told:
        notify(sale)

    (record,) = [record for record in caplog.records if record.name == "lorikeet.sale.notifications"]
    assert record.getMessage() == f"{failing!r} failed for order {sale.pk}."
    assert (record.levelname, record.exc_info[0]) == ("ERROR", ZeroDivisionError)
    assert len(told) == 1
    assert Order.objects.get().notified_at is not None


@contextmanager
def returning(*values):
    """Have a receiver for each of ``values`` return it."""
    receivers = [lambda value=value, **sent: value for value in values]
    for receiver in receivers:
        order_checked_out.connect(receiver)
    try:
        yield
    finally:
        for receiver in receivers:
            order_checked_out.disconnect(receiver)


def test_the_dicts_that_receivers_return_are_kept_with_the_request_as_json(sale):
    request = request_of()

    with returning({"points": Decimal("1.50"), "last": 1}, None, "text", {"last": "\ud800"}):
        notify(sale, request)

    assert answers_of(request, sale) == {"points": "1.50", "last": "?"}
    assert (answers_of(request, make_order()), answers_of(None, sale), answers_of(request_of(), sale)) == ({}, {}, {})


def test_a_dict_that_is_no_json_is_logged_and_left_out(sale, caplog):
    request, nested = request_of(), {}
    for _ in range(100_000):
        nested = {"nested": nested}

    with returning({"rate": float("nan")}, {"sale": sale}, nested, {"points": 1}):
        notify(sale, request)

    assert answers_of(request, sale) == {"points": 1}
    assert [record.getMessage().rpartition(" for order ")[2] for record in caplog.records] == [
        f"{sale.pk} that is no JSON."
    ] * 3


def test_when_a_sale_was_first_told_is_kept(sale):
    notify(sale)
    first = Order.objects.get().notified_at

    notify(sale)

    assert Order.objects.get().notified_at == first


def test_a_process_that_dies_while_it_tells_leaves_it_to_be_told(sale):
    order_checked_out.connect(kill_receiver)
    try:
        with pytest.raises(Killed):
            notify(sale)
    finally:
        order_checked_out.disconnect(kill_receiver)

    assert Order.objects.get().notified_at is None


def kill_receiver(**sent):
    kill()


@pytest.mark.parametrize(
    ("seconds", "fields", "expected"),
    [
        (61, {}, True),
        (59, {}, False),
        (61, {"notified_at": TOLD}, False),
        (None, {"state": "pending"}, False),
        (None, {"state": "cancelled"}, False),
    ],
    ids=str,
)
def test_a_sale_is_overdue_when_its_process_must_have_died(seconds, fields, expected):
    purchased_on = None if seconds is None else now() - timedelta(seconds=seconds)
    order = make_order(**{"state": "placed", "purchased_on": purchased_on, "user": make_user(), **fields})

    assert is_overdue(order) is expected


@override_settings(LORIKEET_LEASE_SECONDS=10)
def test_how_long_it_takes_to_be_overdue_is_a_setting():
    assert is_overdue(make_order(state="placed", purchased_on=now() - timedelta(seconds=11)))
