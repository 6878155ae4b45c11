"""The rules that the rows keep at every moment, as queries that find where one is broken. They change nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.db.models import DecimalField, F, OuterRef, Q, QuerySet, Subquery, Sum, Value
from django.db.models.functions import Abs, Coalesce

from .clock import now
from .models import Adjustment, LineItem, Order, OrderCharge, PaymentAttempt
from .sale.leases import due

__all__ = ["Violation", "register_rules", "violations"]

#: How late anything may be: recovery runs every minute.
LATE = timedelta(hours=1)
#: Smaller differences of sums are ignored, since SQLite adds up in floating point.
LEAST = Decimal("0.00005")
AMOUNT: DecimalField[Any, Any] = DecimalField(max_digits=19, decimal_places=4)


@dataclass(frozen=True)
class Violation:
    """A rule that does not hold for a row. ``rule`` is a sentence, ``row`` the model's label and the primary key."""

    rule: str
    row: str

    def __str__(self) -> str:
        return f"{self.row}: {self.rule}"


#: The rules of extensions and hosts.
RULES: list[Callable[[], Iterable[tuple[str, QuerySet[Any]]]]] = []


def register_rules(rules: Callable[[], Iterable[tuple[str, QuerySet[Any]]]]) -> None:
    """Have :func:`violations` check ``rules()`` too; to be called in ``AppConfig.ready()``.

    :param rules: it returns pairs: a sentence, and the rows for which it does not hold.
    """
    if rules not in RULES:
        RULES.append(rules)


def violations() -> Iterator[Violation]:
    """Find every row for which a rule does not hold."""
    for find in (_orders, _attempts, _rows, *RULES):
        for rule, rows in find():
            for row in rows.order_by("pk"):
                yield Violation(rule, f"{row._meta.label} {row.pk}")


def _orders() -> Iterator[tuple[str, QuerySet[Any]]]:
    orders = Order.objects.all()
    charges = PaymentAttempt.objects.filter(order=OuterRef("pk"), kind="charge", state="paid", received="")
    yield (
        "A placed order was paid exactly its total.",
        orders.placed().annotate(paid=_sum(charges, "order")).exclude(paid=F("grand_total")),
    )
    waiting = PaymentAttempt.objects.exclude(open_for=None).values("open_for")
    yield "A pending order has an open payment.", orders.filter(state="pending").exclude(pk__in=waiting)
    yield "An order is in flight for its own cart.", orders.exclude(slot=None).exclude(slot=F("cart"))
    yield "What is on an order adds up to its totals.", _wrong_sums(orders)
    announced_by = now() - LATE
    yield "Every sale is announced.", orders.placed().filter(notified_at=None, purchased_on__lt=announced_by)
    yield "Only a sale is announced.", orders.exclude(state="placed").exclude(notified_at=None)


def _wrong_sums(orders: QuerySet[Any]) -> QuerySet[Any]:
    """Return the orders, cancelled ones aside, whose totals are not the sums of what is on them."""
    mine = {"order": OuterRef("pk")}
    lines = _sum(LineItem.objects.filter(**mine), "order", "total_when_charged")
    adjustments = _sum(Adjustment.objects.filter(**mine), "order", "total_when_charged")
    charges = _sum(OrderCharge.objects.filter(**mine, included=False), "order", "total")
    added = orders.exclude(state="cancelled").annotate(lines=lines, more=adjustments + charges)
    off = {"lines_off": F("subtotal") - F("lines"), "all_off": F("grand_total") - F("lines") - F("more")}
    compared = added.annotate(**{name: Abs(difference) for name, difference in off.items()})
    wrong: QuerySet[Any] = compared.filter(Q(lines_off__gte=LEAST) | Q(all_off__gte=LEAST))
    return wrong


def _attempts() -> Iterator[tuple[str, QuerySet[Any]]]:
    attempts = PaymentAttempt.objects.all()
    charges = attempts.filter(kind="charge", state="paid")
    yield "Only a pending order has an open payment.", attempts.exclude(open_for=None).exclude(order__state="pending")
    yield (
        "What was received for an order that is cancelled is paid back.",
        charges.filter(order__state="cancelled", refunds=None),
    )
    refunds = PaymentAttempt.objects.filter(parent=OuterRef("pk")).exclude(state="failed")
    yield (
        "No more is paid back than was received.",
        charges.filter(received="").annotate(given=_sum(refunds, "parent")).filter(given__gt=F("amount")),
    )
    yield "Recovery looks at a payment when it is time.", attempts.filter(due(now() - LATE))


def _rows() -> Iterator[tuple[str, QuerySet[Any]]]:
    yield (
        "A line item on an order has its price.",
        LineItem.objects.filter(order__isnull=False, total_when_charged=None),
    )
    yield (
        "An adjustment on an order has its price.",
        Adjustment.objects.filter(order__isnull=False, total_when_charged=None),
    )


def _sum(rows: QuerySet[Any], key: str, column: str = "amount") -> Any:
    """Return the sum of a column of ``rows`` with the same ``key``, zero if there are none, for an annotation."""
    totals = rows.order_by().values(key).annotate(sum_of_rows=Sum(column)).values("sum_of_rows")
    return Coalesce(Subquery(totals, output_field=AMOUNT), Value(Decimal(0), output_field=AMOUNT))
