"""From the line items of a cart to the stock that they need. One query, for products without a key."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.contrib.contenttypes.models import ContentType
from django.db.models import Q

from lorikeet.models import LineItem
from lorikeet.registry import registry

from .models import MOST, Policy, StockRecord

__all__ = ["Part", "Want", "allocate", "holds_in_carts", "policy_of", "stock_by_product", "stock_of", "supply", "wants"]

#: A line item's primary key, and a stock record's.
Part = tuple[int, int]


@dataclass(frozen=True)
class Want:
    """Units that one line item needs, from the first of ``records`` that have any; it holds ``had`` of them already."""

    line: Any
    records: list[StockRecord]
    quantity: int
    had: int = 0


def policy_of(line: Any) -> Policy:
    """Return when the stock of a line item, or of the line items of a model, is held."""
    if not hasattr(line, "get_stock"):
        return Policy.NONE
    policy: Policy = getattr(line, "stock_policy", Policy.AT_PLACING)
    return policy


def holds_in_carts() -> bool:
    """Tell whether the stock of any line item is held from the moment that it is in a cart."""
    never = (Policy.AT_PLACING, Policy.NONE)
    return any(policy_of(model) not in never for model in registry.types(LineItem).values())


def wants(lines: Collection[Any], *policies: Policy) -> list[Want]:
    """Return the tracked stock that ``lines`` with one of ``policies`` need, in the order of ``policies``.

    :raises TypeError: a ``get_stock()`` returns something other than whole units.
    """
    asked = list(_asked(line for policy in policies for line in lines if policy_of(line) is policy))
    named = stock_by_product(source for _, source, _ in asked if _is_product(source))
    found = []
    for line, source, quantity in asked:
        if isinstance(source, StockRecord):
            records = [source]
        else:
            records = list(named[source] if _is_product(source) else source or ())
        if all(record.tracked for record in records):
            found.append(Want(line, records, quantity))
    return found


def _is_product(source: Any) -> bool:
    return source is not None and not isinstance(source, (StockRecord, list, tuple))


def _asked(lines: Iterable[Any]) -> Iterator[tuple[Any, Any, int]]:
    for line in lines:
        for source, quantity in line.get_stock():
            if not isinstance(quantity, int):
                raise TypeError(f"{type(line).__name__}.get_stock() asks for {quantity!r}: give whole units.")
            if quantity > 0:
                yield line, source, min(quantity, MOST)


def stock_of(product: Any) -> list[StockRecord]:
    """Return the records that name ``product``, in the order in which they are used up."""
    return stock_by_product([product])[product]


def stock_by_product(products: Iterable[Any]) -> dict[Any, list[StockRecord]]:
    """Return the records that name each of ``products``, in the order in which they are used up; one query."""
    keys = {product: (ContentType.objects.get_for_model(product).pk, str(product.pk)) for product in products}
    mine = Q()
    for content_type in {content_type for content_type, _ in keys.values()}:
        mine |= Q(content_type=content_type, object_id__in={pk for known, pk in keys.values() if known == content_type})
    found: dict[Any, list[StockRecord]] = {key: [] for key in keys.values()}
    for record in StockRecord.objects.filter(mine).order_by("position", "pk") if keys else ():
        found[record.content_type_id, record.object_id].append(record)
    return {product: found[key] for product, key in keys.items()}


def supply(found: Iterable[Want]) -> Counter[int]:
    """Return how many units of each wanted record were available when it was read."""
    return Counter({record.pk: record.available for want in found for record in want.records})


def allocate(found: Iterable[Want], available: Mapping[int, int]) -> tuple[Counter[Part], list[tuple[Want, int]]]:
    """Share out what is available, line by line and record by record.

    :returns: how many units of which record each line gets; and each want that is not met, with the units left for it.
    """
    left = Counter(available)
    parts: Counter[Part] = Counter()
    short = []
    for want in found:
        missing = want.quantity - want.had
        for record in want.records:
            taken = min(missing, max(left[record.pk], 0))
            if taken:
                parts[want.line.pk, record.pk] += taken
                left[record.pk] -= taken
                missing -= taken
        if missing:
            short.append((want, want.quantity - missing))
    return parts, short


def by_record(parts: Mapping[Part, int]) -> Counter[int]:
    """Return how many units of each record are in ``parts``."""
    totals: Counter[int] = Counter()
    for (_, record), quantity in parts.items():
        totals[record] += quantity
    return totals


def lines_in(cart: Any) -> list[Any]:
    """Return what is in ``cart`` as it is now."""
    return list(LineItem.objects.select_subclasses().filter(cart=cart))
