"""What happens when an order is placed or cancelled: its number, its hooks, who is told, and what staff are told."""

import pytest
from django.db import IntegrityError, OperationalError, connection, transaction
from django.test import override_settings
from django.test.utils import CaptureQueriesContext

from lorikeet.clock import now
from lorikeet.models import Order, PaymentAttempt
from lorikeet.outcomes import Refused, Unknown
from lorikeet.sale.settle import flag, place_order, settle
from lorikeet.signals import order_cancelled, payment_attention, payment_changed
from tests.testapp import models
from tests.unit import DECLINED, listening, make_order, received, states

pytestmark = pytest.mark.django_db(transaction=True)

NEVER_KNOWN = Unknown(can_be_asked=False)


# invoice numbers


def next_number():
    return f"INV-{Order.objects.placed().count()}"


def broken():
    raise ZeroDivisionError


def always_the_same():
    return "INV-1"


def generator(function):
    return override_settings(LORIKEET_INVOICE_ID_GENERATOR=f"tests.unit.test_placing_orders.{function.__name__}")


def test_a_shop_may_number_its_invoices(attempt):
    with generator(next_number):
        settle(attempt, received())

    order = Order.objects.get()
    assert (order.custom_invoice_id, order.invoice_id) == ("INV-1", "INV-1")


def test_a_broken_generator_does_not_undo_the_sale(attempt, caplog):
    with generator(broken):
        settle(attempt, received())

    order = Order.objects.get()
    assert (order.state, order.invoice_id) == ("placed", order.pk)
    assert [(record.levelname, record.getMessage()) for record in caplog.records] == [
        ("ERROR", f"Order {order.pk} was placed without an invoice id of its own.")
    ]


class DeadlockDetected(Exception):
    sqlstate = "40P01"


def deadlocked_once():
    if aborts:
        raise OperationalError("deadlock detected") from aborts.pop()
    return "INV-1"


aborts = []


def test_a_sale_that_the_database_aborts_while_it_is_numbered_is_numbered_by_the_next_try(attempt):
    aborts.append(DeadlockDetected())

    with generator(deadlocked_once):
        settle(attempt, received())

    assert Order.objects.get().custom_invoice_id == "INV-1"


def test_a_number_that_is_taken_does_not_undo_the_sale(attempt, caplog):
    make_order(custom_invoice_id="INV-1")

    with generator(always_the_same):
        settle(attempt, received())

    order = attempt.order
    order.refresh_from_db()
    assert (order.state, order.custom_invoice_id) == ("placed", None)
    assert isinstance(caplog.records[0].exc_info[1], IntegrityError)


def test_an_order_that_is_not_pending_is_not_placed(attempt):
    Order.objects.update(state="cancelled", slot=None)

    with transaction.atomic():
        place_order(attempt.order, now())

    assert Order.objects.get().state == "cancelled"


# telling the site


def test_the_site_is_told_of_every_change_of_an_attempt(attempt, paid):
    with listening(payment_changed) as told:
        settle(attempt, received(payment=paid))
        settle(attempt, received(payment=paid))

    assert told == [{"sender": PaymentAttempt, "attempt": attempt}]
    assert told[0]["attempt"].state == "paid"


def test_the_site_is_told_of_what_is_left_to_the_staff(attempt):
    with listening(payment_changed) as told:
        settle(attempt, NEVER_KNOWN)

    assert told == [{"sender": PaymentAttempt, "attempt": attempt}]
    assert (told[0]["attempt"].state, told[0]["attempt"].attention) == ("unknown", "outcome unknown")


def test_the_site_is_told_of_a_cancelled_order_once(attempt):
    with listening(order_cancelled) as cancelled, listening(payment_changed) as changed:
        for _ in range(2):
            settle(attempt, Refused(DECLINED))

    assert cancelled == [{"sender": Order, "order": attempt.order}]
    assert cancelled[0]["order"].state == "cancelled"
    assert [sent["attempt"].state for sent in changed] == ["failed"]


def test_a_change_that_was_rolled_back_sends_no_signal(attempt, monkeypatch):
    def fail(line):
        raise ZeroDivisionError

    monkeypatch.setattr(models.WineLine, "undo_checkout", fail)

    with (
        listening(order_cancelled) as cancelled,
        listening(payment_changed) as changed,
        pytest.raises(ZeroDivisionError),
    ):
        settle(attempt, Refused(DECLINED))

    assert (cancelled, changed) == ([], [])


def test_a_receiver_that_fails_undoes_nothing_and_stops_no_other(attempt, paid):
    def fail(**sent):
        raise ZeroDivisionError

    payment_changed.connect(fail)
    try:
        with listening(payment_changed) as told:
            settle(attempt, received(payment=paid))
    finally:
        payment_changed.disconnect(fail)

    assert len(told) == 1
    assert states(attempt) == ("paid", "placed")


@pytest.mark.parametrize("outcome", [Unknown(), NEVER_KNOWN, Refused(DECLINED), received()])
def test_nothing_is_settled_inside_another_transaction(attempt, unchanged, outcome):
    with unchanged(), pytest.raises(RuntimeError), transaction.atomic():
        settle(attempt, outcome)


# what an order does when it is placed


def test_everything_on_an_order_is_finished_when_it_is_placed(attempt, monkeypatch):
    def finish(line):
        line.quantity = 7
        line.save()

    monkeypatch.setattr(models.WineLine, "finish_checkout", finish)

    settle(attempt, received())

    assert models.WineLine.objects.get().quantity == 7


def test_a_row_without_a_finish_hook_is_not_loaded(attempt):
    with CaptureQueriesContext(connection) as queries:
        settle(attempt, received())

    assert not any("testapp_wineline" in query["sql"] for query in queries)


# the staff's attention


def test_the_staff_are_told_once(attempt, caplog):
    with listening(payment_attention) as told, listening(payment_changed) as changed:
        for _ in range(2):
            flag(attempt, "unresolved")

    assert (told, changed) == ([{"sender": PaymentAttempt, "attempt": attempt}], [])
    assert told[0]["attempt"].attention == "unresolved"
    assert [record.getMessage() for record in caplog.records] == [
        f"Payment attempt {attempt.key} of order {attempt.order.pk} needs attention: unresolved."
    ]
