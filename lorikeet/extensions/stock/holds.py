"""The counters and the holds behind them: both change in one transaction, so that they always agree.

A change inserts or locks the holds first and the records last, so that the row that every buyer needs is locked as
briefly as possible. All records that one change can touch are locked in primary-key order, by the ``UPDATE`` or by
:func:`lock` before it, and after ``throttles.in_turn()`` where a network is limited.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django.db import connections, router, transaction
from django.db.models import F, Q, QuerySet
from django.utils.translation import gettext as _

from lorikeet.clock import now

from .exceptions import OutOfStock, StockError
from .models import Hold, Movement, StockRecord
from .signals import stock_low

__all__ = [
    "change",
    "consume",
    "delete_old",
    "give_up",
    "held",
    "lock",
    "release",
    "release_expired",
    "reserve",
    "sell",
    "tell_low",
    "units",
    "whole",
]

BATCH = 500
#: How long a hold of no order is kept after its end, so that staff can see what happened.
KEPT = timedelta(days=1)


@transaction.atomic
def reserve(
    stock: StockRecord,
    quantity: int,
    *,
    line: Any = None,
    order: Any = None,
    expires_at: datetime | None = None,
) -> Hold:
    """Hold ``quantity`` units of ``stock``, for an order or for a purpose of the caller's own.

    :param line: the line item that they are for.
    :param order: the hold ends when this order is placed or cancelled. Without one :func:`consume` or :func:`release`
        ends it.
    :param expires_at: when the hold ends by itself, if it is for no order.
    :raises OutOfStock: fewer are left; nothing is held.
    :raises StockError: ``quantity`` is not above zero, or ``stock`` is not tracked.
    :raises TypeError: ``quantity`` is no whole number.
    """
    if whole(quantity) <= 0:
        raise StockError(_("Give a number of units above zero."))
    if not stock.tracked:
        raise StockError(_("%(stock)s is not tracked: any number can be sold.") % {"stock": stock})
    hold = Hold(stock=stock, quantity=quantity, line=line, order=order, expires_at=expires_at)
    if _inserts_first():
        hold.save()
    is_there = Q(held__lte=F("on_hand") + F("backorder_limit") - quantity)
    if not StockRecord.objects.filter(is_there, pk=stock.pk).update(held=F("held") + quantity):
        release_expired([stock.pk])
        if (left := lock([stock.pk])[stock.pk]) < quantity:
            raise OutOfStock(line, quantity, left)
        change({stock.pk: quantity})
    if not _inserts_first():
        hold.save()
    return hold


@transaction.atomic
def consume(holds: Iterable[Hold], reason: str = "", by: Any = None) -> int:
    """Turn what is held into what is sold, and return how many of the holds were still held.

    :param reason: at most 255 characters, for the log of movements.
    :param by: the user who says so, for the log.
    """
    return sell(Hold.objects.filter(pk__in=[hold.pk for hold in holds]), reason, by)


@transaction.atomic
def release(holds: Iterable[Hold]) -> int:
    """Give up what is held, and return how many of the holds were still held."""
    return give_up(Hold.objects.filter(pk__in=[hold.pk for hold in holds]))


def whole(quantity: Any) -> int:
    """Return ``quantity`` if it is whole units.

    :raises TypeError: it is not.
    """
    if not isinstance(quantity, int):
        raise TypeError(f"{quantity!r} is no number of whole units.")
    return quantity


def sell(holds: QuerySet[Hold], reason: str = "", by: Any = None) -> int:
    """Do what :func:`consume` does, in the transaction that is open."""
    rows = _end(holds, "consumed")
    sold = units(rows)
    log = {"kind": "sale", "reason": reason[:255], "by": by}
    movements = [Movement(stock_id=row.stock_id, quantity=-row.quantity, hold=row, **log) for row in rows]
    is_watched = StockRecord.objects.filter(pk__in=sold).exclude(low_level=None).exists()
    if _inserts_first():
        Movement.objects.bulk_create(movements)
    for pk, quantity in sorted(sold.items()):
        StockRecord.objects.filter(pk=pk).update(on_hand=F("on_hand") - quantity, held=F("held") - quantity)
    if not _inserts_first():
        Movement.objects.bulk_create(movements)
    if is_watched:
        tell_low(sold)
    return len(rows)


def give_up(holds: QuerySet[Hold], skip_locked: bool = False) -> int:
    """Do what :func:`release` does, in the transaction that is open."""
    rows = _end(holds, "released", skip_locked)
    change({pk: -quantity for pk, quantity in units(rows).items()})
    return len(rows)


def release_expired(records: Collection[int] | None = None) -> int:
    """Release what carts have held for too long, in batches, and return how many holds that were.

    Stock does not wait for it: a caller that finds too little left runs it for the records that it needs.

    :param records: look only at these records, by primary key. The caller has locked them.
    """
    expired = Hold.objects.filter(state="held", order=None, expires_at__lte=now())
    if records is not None:
        expired = expired.filter(stock__in=records)
    released = 0
    while count := transaction.atomic(give_up)(expired, skip_locked=True):
        released += count
    return released


def delete_old() -> int:
    """Delete the released holds of no order, a day after their end."""
    before = now() - KEPT
    is_over = Q(expires_at__lt=before) | Q(expires_at=None, created_at__lt=before)
    old = Hold.objects.filter(is_over, order=None, state="released")
    deleted: int = old.delete()[0]
    return deleted


def lock(records: Collection[int]) -> Counter[int]:
    """Lock records, given and ordered by primary key, and return how many units of each are available."""
    features = connections[router.db_for_write(StockRecord)].features
    locked = StockRecord.objects.select_for_update(no_key=features.has_select_for_no_key_update)
    return Counter({record.pk: record.available for record in locked.filter(pk__in=records).order_by("pk")})


def change(changes: Mapping[int, int]) -> None:
    """Add to what is held of each record; the database refuses more than there is.

    :param changes: units by the record's primary key, below zero to release.
    """
    for pk, quantity in sorted(changes.items()):
        if quantity:
            StockRecord.objects.filter(pk=pk).update(held=F("held") + quantity)


def _inserts_first() -> bool:
    """Tell whether rows with a foreign key to a record are inserted before the record is changed.

    Where the database checks a foreign key at once, an insert locks the record for reading, and two would deadlock.
    """
    return bool(connections[router.db_for_write(Hold)].features.can_defer_constraint_checks)


def held(**owner: Any) -> list[Hold]:
    """Lock and return what is held for an ``order`` or a ``cart``."""
    return list(_held(Hold.objects.filter(**owner)))


def units(rows: Iterable[Hold]) -> Counter[int]:
    """Return the units of each record that ``rows`` are of."""
    totals: Counter[int] = Counter()
    for row in rows:
        totals[row.stock_id] += row.quantity
    return totals


def _held(holds: QuerySet[Hold], skip_locked: bool = False) -> QuerySet[Hold]:
    skips = skip_locked and connections[router.db_for_write(Hold)].features.has_select_for_update_skip_locked
    locked: QuerySet[Hold] = holds.filter(state="held").select_for_update(skip_locked=skips).order_by("pk")
    return locked


def _end(holds: QuerySet[Hold], state: str, skip_locked: bool = False) -> list[Hold]:
    """Move those of ``holds`` that are held to ``state``, and return them."""
    rows = list(_held(holds, skip_locked)[:BATCH]) if skip_locked else list(_held(holds))
    ended = Hold.objects.filter(pk__in=[row.pk for row in rows], state="held").update(state=state)
    if ended != len(rows):  # only on a database that cannot lock rows; the transaction is undone
        raise StockError(_("Another process is changing these holds."))
    return rows


def tell_low(gone: Mapping[int, int]) -> None:
    """Send ``stock_low``, after the commit, for each record that fell to its ``low_level`` when ``gone`` units left."""
    for record in StockRecord.objects.filter(pk__in=gone, low_level__gte=F("on_hand")).order_by("pk"):
        if record.on_hand + gone[record.pk] > (record.low_level or 0):
            send = partial(stock_low.send_robust, sender=StockRecord, record=record)
            transaction.on_commit(send, robust=True)
