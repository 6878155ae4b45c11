"""The rules of the rows: a shop in good order breaks none, and every violation is found."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils.timezone import now

from lorikeet.checkout import checkout
from lorikeet.invariants import RULES, Violation, register_rules, violations
from lorikeet.models import LineItem, Order
from lorikeet.outcomes import Pending, Refused, Unknown
from lorikeet.refunds import refund
from lorikeet.sale.settle import settle
from tests.testapp import models
from tests.unit import DECLINED, add_wine, begin_sale, make_attempt, make_cart, make_order, ready_cart, received, sell

pytestmark = pytest.mark.django_db(transaction=True)


def found():
    """The rules that are broken, each with the row that breaks it."""
    return [(violation.rule, violation.row) for violation in violations()]


def label(row):
    return f"{row._meta.label} {row.pk}"


def only(row, **values):
    """Write columns of one row, past everything but the constraints of the database."""
    type(row).objects.filter(pk=row.pk).update(**values)


def order_of_a_bottle(**fields):
    """Create a pending order of 12 dollars with a bottle for as much on it."""
    order = make_order(**fields)
    sell(add_wine(make_cart()), order)
    return order


def add_charge(order, total, **fields):
    order.charges.create(code="extra", label="Extra", currency="AUD", total=Decimal(total), **fields)


@pytest.fixture
def sold(begun):
    settle(begun, received())
    Order.objects.update(notified_at=now())
    return begun


def test_an_empty_shop_is_in_good_order():
    assert found() == []


def test_a_shop_in_the_middle_of_everything_is_in_good_order(scripted):
    checkout(ready_cart())
    nothing = make_cart()
    models.AmountOff.objects.create(cart=nothing, amount=Decimal("12"))
    add_wine(nothing)
    for outcome in (
        Pending("pi_1"),
        Unknown(),
        Unknown(can_be_asked=False),
        Refused(DECLINED),
        received("ch_1"),
        received("ch_2", "11"),
        received("ch_3", currency="NZD"),
        received("ch_4", "1200"),
    ):
        settle(begin_sale(scripted), outcome)
    begin_sale(scripted)
    late = begin_sale(scripted)
    settle(late, Refused(DECLINED))
    settle(late, received("ch_5"))
    scripted.script(refund_payment=[received("re_1", "5"), TimeoutError()])
    sale = Order.objects.get(attempts__reference="ch_1")
    refund(sale, Decimal("5"))
    refund(sale)
    make_order(state="cancelled")

    assert found() == []


def test_a_violation_names_its_row_and_its_rule():
    assert (
        str(Violation("Every sale is announced.", "lorikeet.Order 7")) == "lorikeet.Order 7: Every sale is announced."
    )


# orders


@pytest.mark.parametrize("difference", ["1", "-0.01"])
def test_a_placed_order_that_was_not_paid_exactly_is_found(sold, difference):
    add_charge(sold.order, difference)
    only(sold.order, grand_total=Decimal(12) + Decimal(difference))

    assert found() == [("A placed order was paid exactly its total.", label(sold.order))]


@pytest.mark.parametrize("change", [{"state": "failed"}, {"received": "11 AUD"}, {"amount": Decimal("6")}], ids=str)
def test_a_placed_order_whose_payment_is_none_is_found(sold, change):
    only(sold, **change)

    assert found() == [("A placed order was paid exactly its total.", label(sold.order))]


def test_a_placed_order_that_was_paid_twice_is_found(sold):
    make_attempt(sold.order, state="paid", method=sold.method)

    assert found() == [("A placed order was paid exactly its total.", label(sold.order))]


def test_a_placed_order_that_cost_something_and_was_never_paid_is_found():
    order = order_of_a_bottle(state="placed", purchased_on=now(), notified_at=now())

    assert found() == [("A placed order was paid exactly its total.", label(order))]


def test_a_refund_is_no_payment(sold):
    make_attempt(sold.order, kind="refund", state="paid", parent=sold, method=sold.method)

    assert found() == []


def test_a_pending_order_without_an_open_payment_is_found():
    order = order_of_a_bottle()
    make_attempt(order, state="failed")

    assert found() == [("A pending order has an open payment.", label(order))]


@pytest.mark.parametrize("whose", ["another", "none"])
def test_an_order_that_is_in_flight_for_another_cart_is_found(attempt, whose):
    only(attempt.order, cart=make_cart() if whose == "another" else None)

    expected = [("An order is in flight for its own cart.", label(attempt.order))]
    assert found() == expected


SUMS = "What is on an order adds up to its totals."


def test_an_order_that_has_lost_its_lines_is_found(sold):
    models.WineLine.objects.all()._raw_delete("default")
    LineItem.objects.all()._raw_delete("default")

    assert found() == [(SUMS, label(sold.order))]


@pytest.mark.parametrize("kind", ["line item", "adjustment", "charge"])
def test_an_order_with_more_on_it_than_its_totals_say_is_found(attempt, kind):
    if kind == "charge":
        add_charge(attempt.order, "0.01")
    else:
        cart = make_cart()
        row = add_wine(cart) if kind == "line item" else models.ShareOff.objects.create(cart=cart)
        sell(row, attempt.order, "-0.01")

    assert found() == [(SUMS, label(attempt.order))]


def test_an_order_whose_subtotal_alone_is_wrong_is_found(attempt):
    only(attempt.order, subtotal=Decimal("12.01"))

    assert found() == [(SUMS, label(attempt.order))]


def test_an_order_that_adds_up_is_in_good_order(attempt):
    """Sums of tenths are no sums of binary fractions, and what is included is not added."""
    for total in ("0.1", "0.1", "0.1"):
        sell(add_wine(make_cart()), attempt.order, total)
    sell(models.ShareOff.objects.create(cart=make_cart()), attempt.order, "-0.7")
    add_charge(attempt.order, "0.4")
    add_charge(attempt.order, "5", included=True)
    only(attempt.order, subtotal=Decimal("12.3"))

    assert found() == []


def test_the_lines_of_a_cancelled_order_are_in_its_cart_again(attempt):
    settle(attempt, Refused(DECLINED))

    assert (found(), Order.objects.get().items.count()) == ([], 0)


def test_a_sale_that_was_not_told_for_long_is_found(sold):
    only(sold.order, notified_at=None)
    lately = found()
    only(sold.order, purchased_on=now() - timedelta(minutes=61))

    assert (lately, found()) == ([], [("Every sale is announced.", label(sold.order))])


def test_an_order_that_was_told_and_is_no_sale_is_found(attempt):
    cancelled = make_order(state="cancelled", notified_at=now())
    only(attempt.order, notified_at=now())

    assert found() == [
        ("Only a sale is announced.", label(attempt.order)),
        ("Only a sale is announced.", label(cancelled)),
    ]


# payments


def test_an_open_payment_of_an_order_that_is_done_is_found():
    attempt = make_attempt(make_order(state="cancelled"))

    assert found() == [("Only a pending order has an open payment.", label(attempt))]


@pytest.mark.parametrize("received_instead", ["", "11 AUD"])
def test_money_for_a_cancelled_order_that_is_not_owed_back_is_found(received_instead):
    attempt = make_attempt(make_order(state="cancelled"), state="paid", received=received_instead)

    assert found() == [("What was received for an order that is cancelled is paid back.", label(attempt))]


def test_money_for_a_cancelled_order_that_is_owed_back_is_not(attempt):
    settle(attempt, Refused(DECLINED))
    settle(attempt, received())

    assert found() == []


def test_more_paid_back_than_was_received_is_found(sold):
    for state, amount in (("paid", "7"), ("pending", "5"), ("failed", "12")):
        make_attempt(
            sold.order,
            kind="refund",
            parent=sold,
            state=state,
            amount=Decimal(amount),
            method=sold.method,
            check_at=now(),
        )
    just_enough = found()
    make_attempt(sold.order, kind="refund", parent=sold, amount=Decimal("0.01"), method=sold.method)

    assert (just_enough, found()) == ([], [("No more is paid back than was received.", label(sold))])


@pytest.mark.parametrize(
    ("state", "column"),
    [
        ("calling", "lease_until"),
        ("pending", "check_at"),
        ("unknown", "check_at"),
        ("failed", "check_at"),
        ("failed", "lease_until"),
    ],
)
def test_a_payment_that_is_long_overdue_is_found(state, column):
    order = order_of_a_bottle(state="cancelled" if state == "failed" else "pending")
    attempt = make_attempt(order, state=state, **{column: now() - timedelta(minutes=59)})
    lately = found()
    only(attempt, **{column: now() - timedelta(minutes=61)})

    assert (lately, found()) == ([], [("Recovery looks at a payment when it is time.", label(attempt))])


def test_a_payment_that_is_done_need_not_be_looked_at():
    order = make_order(state="cancelled")
    make_attempt(order, state="failed")
    long_ago = now() - timedelta(days=1)
    paid = make_attempt(order, state="paid", check_at=long_ago, lease_until=long_ago)
    make_attempt(order, kind="refund", parent=paid, state="paid")

    assert found() == []


# lines and adjustments


@pytest.mark.parametrize("kind", ["line item", "adjustment"])
def test_a_row_on_an_order_without_a_price_is_found(kind):
    cart = make_cart()
    row = add_wine(cart) if kind == "line item" else models.ShareOff.objects.create(cart=cart)
    row = sell(row, make_order(state="cancelled"))
    parent = row._meta.get_parent_list()[0]
    parent.objects.filter(pk=row.pk).update(total_when_charged=None)

    article = "A" if kind == "line item" else "An"
    assert found() == [(f"{article} {kind} on an order has its price.", f"{parent._meta.label} {row.pk}")]


def test_everything_that_is_wrong_is_found_rule_by_rule_and_row_by_row():
    first, second = (order_of_a_bottle(notified_at=now()) for _ in range(2))

    assert found() == [
        ("A pending order has an open payment.", label(first)),
        ("A pending order has an open payment.", label(second)),
        ("Only a sale is announced.", label(first)),
        ("Only a sale is announced.", label(second)),
    ]


@pytest.fixture
def house_rules():
    """Return a function that registers rules for this test."""
    registered = []

    def register(rules):
        register_rules(rules)
        registered.append(rules)

    yield register
    for rules in registered:
        RULES.remove(rules)


def test_violations_of_the_hosts_rules_come_after_the_others_row_by_row(house_rules):
    first, second = (make_order(state="cancelled", notified_at=now()) for _ in range(2))
    house_rules(lambda: [("No order is cancelled.", Order.objects.filter(state="cancelled").order_by("-pk"))])

    assert found() == [
        ("Only a sale is announced.", label(first)),
        ("Only a sale is announced.", label(second)),
        ("No order is cancelled.", label(first)),
        ("No order is cancelled.", label(second)),
    ]


def test_rules_are_asked_for_each_time_in_the_order_of_their_registration(house_rules):
    asked = []
    for name in ("first", "second"):
        house_rules(lambda name=name: asked.append(name) or ())

    for _ in range(2):
        assert found() == []

    assert asked == ["first", "second"] * 2


def test_rules_that_are_registered_twice_are_asked_for_once(house_rules):
    asked = []

    def rules():
        asked.append("rules")
        return ()

    house_rules(rules)
    register_rules(rules)

    found()

    assert asked == ["rules"]


def test_looking_changes_nothing(unchanged):
    make_order(notified_at=now())

    with unchanged():
        found()
