"""A refund and the return of the stock in one action, if the staff choose that."""

from decimal import Decimal

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission
from django.db import connection
from django.urls import reverse

from lorikeet.exceptions import PaymentError
from lorikeet.extensions.stock.exceptions import StockError
from lorikeet.extensions.stock.models import Hold, Movement
from lorikeet.extensions.stock.movements import restock, restock_order
from lorikeet.models import PaymentAttempt
from lorikeet.outcomes import Paid
from tests.extensions.goods.factories import make_bottle
from tests.testapp.models import ScriptedCard

from .shopping import add, counters, get_ready, holds, moved, order, received

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("in_order")]

KEY = "5f0c3a52-8f0e-4f0b-9b51-0d8e3c1f0a11"
BACK_ALREADY = "1 of Merlot: that many were not sold, or are back already."


@pytest.fixture
def bought(guest, bottle):
    """An order of three of ten bottles for 10 dollars, and of one of another wine, paid."""
    add(guest, bottle, 3)
    add(guest, make_bottle(5, name="Merlot"))
    get_ready(guest, "ScriptedCard")
    ScriptedCard.script(
        start_payment=received(40),
        refund_payment=lambda attempt: Paid(f"re_{attempt.pk}", attempt.amount, "AUD"),
    )
    assert guest.checkout().status_code == 200
    return order()


@pytest.fixture
def allow(clerk):
    """Return a function that gives the clerk permissions."""
    return lambda *names: clerk.user_permissions.add(*Permission.objects.filter(codename__in=names))


@pytest.fixture
def act(client, clerk):
    """Return a function that has the clerk refund and restock an order, and returns the messages."""
    client.force_login(clerk)

    def run(order, **form):
        data = {"action": "refund_and_restock", "_selected_action": [order.pk], "reason": "Unopened.", **form}
        response = client.post(reverse("admin:lorikeet_order_changelist"), data, follow=True)
        assert response.status_code == 200
        return [str(message) for message in response.context["messages"]]

    return run


@pytest.fixture
def another_process():
    """A context in which another process puts the Merlot back meanwhile; only where rows cannot be locked."""
    table = connection.ops.quote_name(Hold._meta.db_table)

    def interfere(execute, sql, params, many, context):
        if sql.startswith("UPDATE") and table in sql:
            with connection.cursor() as cursor:
                cursor.cursor.execute(f"UPDATE {table} SET returned = 1 WHERE quantity = 1")  # noqa: S608 -- a table
        return execute(sql, params, many, context)

    return connection.execute_wrapper(interfere)


def refunds():
    """Return the state and the amount of each refund."""
    return list(PaymentAttempt.objects.filter(kind="refund").order_by("pk").values_list("state", "amount"))


# in Python


def test_all_that_was_sold_with_an_order_comes_back(bought, bottle, clerk):
    movements = restock_order(bought, "Unopened.", clerk)

    assert [(str(row), row.kind, row.reason, row.by) for row in movements] == [
        ("+3 Moscato: return", "return", "Unopened.", clerk),
        ("+1 Merlot: return", "return", "Unopened.", clerk),
    ]
    assert (counters(bottle), refunds()) == ((10, 0), [])


def test_a_returned_sale_stays_as_it_is(bought, bottle):
    restock(Hold.objects.get(quantity=3), 2)
    restock_order(bought)

    assert moved() == [("sale", -3), ("sale", -1), ("return", 2), ("return", 1), ("return", 1)]
    assert restock_order(bought) == []


def test_a_pending_order_does_not_come_back(guest, bottle):
    add(guest, bottle, 3)
    get_ready(guest, "Transfer")
    guest.checkout()

    assert restock_order(order()) == []
    assert (counters(bottle), holds()) == ((10, 3), [("held", 3)])


def test_two_returns_at_once_bring_back_one(bought, another_process, unchanged):
    with unchanged(), pytest.raises(StockError, match=f"^{BACK_ALREADY}$"), another_process:
        restock_order(bought)


# in the admin


def test_the_staff_choose_it_beside_the_refund_alone(client, clerk, allow, bought):
    allow("refund_order")
    client.force_login(clerk)

    form = client.get(reverse("admin:lorikeet_order_changelist")).context["action_form"]

    names = [(value, str(label)) for value, label in form.fields["action"].choices if "refund" in value]
    assert names == [("refund", "Refund"), ("refund_and_restock", "Refund, and put all of it back into stock")]


def test_the_staff_pay_back_and_put_back(act, allow, clerk, bought, bottle):
    allow("refund_order", "restock_hold")

    said = act(bought, amount="")

    assert said == [
        f"Order {bought.pk}: Refund of 40.00 AUD: paid. Unopened.",
        "+3 Moscato: return",
        "+1 Merlot: return",
    ]
    assert (counters(bottle), refunds()) == ((10, 0), [("paid", Decimal(40))])
    assert set(Movement.objects.filter(kind="return").values_list("by", "reason")) == {(clerk.pk, "Unopened.")}
    written = LogEntry.objects.order_by("pk").values_list("content_type__model", "change_message")
    assert list(written) == [
        ("order", "Refund of 40.00 AUD: paid. Unopened."),
        ("hold", "+3: Unopened."),
        ("hold", "+1: Unopened."),
    ]


def test_all_comes_back_though_a_part_is_paid_back(act, allow, bought, bottle):
    """The shop may keep the cost of the return."""
    allow("refund_order", "restock_hold")

    act(bought, amount="35")

    assert (counters(bottle), refunds()) == ((10, 0), [("paid", Decimal(35))])


def test_a_refund_alone_puts_nothing_back(client, clerk, allow, bought, bottle):
    allow("refund_order", "restock_hold")
    client.force_login(clerk)
    data = {"action": "refund", "_selected_action": [bought.pk], "amount": "", "reason": "Lost by the carrier."}

    client.post(reverse("admin:lorikeet_order_changelist"), data)

    assert (counters(bottle), refunds()) == ((7, 0), [("paid", Decimal(40))])


def test_a_refund_that_fails_puts_nothing_back(act, allow, bought, bottle):
    allow("refund_order", "restock_hold")
    ScriptedCard.script(refund_payment=PaymentError({"message": "The account is closed."}))

    said = act(bought, amount="")

    assert said == [f"Order {bought.pk}: Refund of 40.00 AUD: failed. Unopened."]
    assert (counters(bottle), refunds()) == ((7, 0), [("failed", Decimal(40))])


def test_nothing_is_put_back_that_is_not_paid_back(act, allow, bought, unchanged):
    allow("refund_order", "restock_hold")

    with unchanged():
        said = act(bought, amount="41")

    assert said == [f"Order {bought.pk}: Only 40.00 AUD are left."]


@pytest.mark.parametrize("names", [["refund_order"], ["restock_hold"]], ids=repr)
def test_it_needs_both_permissions(act, allow, bought, unchanged, names):
    allow(*names)

    with unchanged():
        said = act(bought, amount="")

    assert said == (["You may not put back into stock what was sold."] if names == ["refund_order"] else [])


def test_the_second_of_two_clicks_does_nothing(act, allow, bought, bottle):
    allow("refund_order", "restock_hold")
    act(bought, amount="5", refund_key=KEY)

    said = act(bought, amount="5", refund_key=KEY)

    assert said == [f"Order {bought.pk}: This refund was asked for already."]
    assert (counters(bottle), refunds()) == ((10, 0), [("paid", Decimal(5))])


def test_stock_that_another_process_puts_back_meanwhile_is_reported(act, allow, bought, bottle, another_process):
    allow("refund_order", "restock_hold")
    with another_process:
        said = act(bought, amount="")

    assert said == [f"Order {bought.pk}: Refund of 40.00 AUD: paid. Unopened.", BACK_ALREADY]
    assert (counters(bottle), refunds()) == ((7, 0), [("paid", Decimal(40))])
