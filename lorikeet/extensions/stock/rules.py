"""What must be true of stock at every moment, as queries that find where it is not."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from django.db.models import BigIntegerField, F, OuterRef, QuerySet, Subquery, Sum, Value
from django.db.models.functions import Coalesce

from lorikeet.clock import now

from .models import Hold, Movement, StockRecord

__all__ = ["rules"]

#: How long a cart's hold may outlive its expiry: recovery, which runs every minute, releases it.
LATE = timedelta(hours=1)


def rules() -> Iterator[tuple[str, QuerySet[Any]]]:
    """Return each rule with the rows for which it does not hold."""
    records = StockRecord.objects.all()
    held = Hold.objects.filter(state="held")
    mine = held.filter(stock=OuterRef("pk"))
    yield "What is held is the sum of its holds.", records.annotate(sum=_sum(mine)).exclude(sum=F("held"))
    moved = Movement.objects.filter(stock=OuterRef("pk"))
    yield "What is on hand is the sum of its movements.", records.annotate(sum=_sum(moved)).exclude(sum=F("on_hand"))
    yield (
        "Only an order that waits for its money holds stock.",
        held.exclude(order=None).exclude(order__state="pending"),
    )
    sold = Hold.objects.filter(state="consumed")
    yield "Stock is sold by an order that is placed.", sold.exclude(order=None).exclude(order__state="placed")
    sales = Movement.objects.filter(hold=OuterRef("pk"), kind="sale")
    yield "What was sold is among the movements.", sold.annotate(sum=_sum(sales, "hold")).exclude(sum=-F("quantity"))
    returns = Movement.objects.filter(hold=OuterRef("pk"), kind="return")
    yield "What came back is among the movements.", sold.annotate(sum=_sum(returns, "hold")).exclude(sum=F("returned"))
    yield "A cart does not hold stock for ever.", held.filter(order=None, expires_at__lt=now() - LATE)


def _sum(rows: QuerySet[Any], key: str = "stock") -> Any:
    """Return the sum of the quantities of ``rows`` with the same ``key``, zero if there are none, for an annotation."""
    totals = rows.order_by().values(key).annotate(total=Sum("quantity")).values("total")
    return Coalesce(Subquery(totals, output_field=BigIntegerField()), Value(0), output_field=BigIntegerField())
