"""What comes in and what goes back: every change of what is on hand but a sale, with who made it and why."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import F, Sum
from django.utils.translation import gettext as _

from lorikeet.models import Order

from .exceptions import StockError
from .holds import tell_low, whole
from .models import Hold, Movement, StockRecord

__all__ = ["adjust", "recount", "restock", "restock_order"]


@transaction.atomic
def adjust(stock: StockRecord, change: int, reason: str, by: Any = None, key: UUID | None = None) -> Movement:
    """Record a delivery or a stocktake: ``change`` units are added, or taken off if it is below zero.

    :param reason: at most 255 characters, for the record.
    :param by: the user who says so, for the record.
    :param key: of this change, so that asking for it again is refused.
    :raises StockError: more would be held, or be owed, than there are; or there was a change with this key.
    :raises TypeError: ``change`` is no whole number.
    """
    if not whole(change):
        raise StockError(_("Give the difference, above or below zero."))
    rows = StockRecord.objects.filter(pk=stock.pk, held__lte=F("on_hand") + F("backorder_limit") + change)
    if not rows.update(on_hand=F("on_hand") + change):
        raise StockError(_("%(stock)s: fewer would be left than are held or owed.") % {"stock": stock})
    if change < 0:
        tell_low({stock.pk: -change})
    return _record(key, stock=stock, kind="correction", quantity=change, reason=reason[:255], by=by)


@transaction.atomic
def restock(
    hold: Hold, quantity: int | None = None, reason: str = "", by: Any = None, key: UUID | None = None
) -> Movement:
    """Put what was sold back into stock: ``quantity`` units, or all that has not come back yet.

    It moves no money: a refund is made apart from it.

    :param key: of this return, so that asking for it again is refused.
    :raises StockError: that many were not sold, or have come back already; or there was a return with this key.
    :raises TypeError: ``quantity`` is no whole number.
    """
    back = Hold.objects.get(pk=hold.pk).returnable if quantity is None else whole(quantity)
    sold = Hold.objects.filter(pk=hold.pk, state="consumed", quantity__gte=F("returned") + back)
    if back <= 0 or not sold.update(returned=F("returned") + back):
        raise StockError(_("%(hold)s: that many were not sold, or are back already.") % {"hold": hold})
    StockRecord.objects.filter(pk=hold.stock_id).update(on_hand=F("on_hand") + back)
    return _record(key, stock_id=hold.stock_id, kind="return", quantity=back, hold=hold, reason=reason[:255], by=by)


@transaction.atomic
def restock_order(order: Order, reason: str = "", by: Any = None) -> list[Movement]:
    """Put back into stock what was sold with ``order``, all that has not come back yet, and return the movements.

    :raises StockError: another process restocks the order, on a database that cannot lock rows; nothing is restocked.
    """
    sold = Hold.objects.filter(order=order, state="consumed", returned__lt=F("quantity"))
    locked = list(sold.select_for_update().order_by("pk"))  # all of them before the first record
    return [restock(hold, hold.returnable, reason, by) for hold in sorted(locked, key=lambda hold: hold.stock_id)]


def _record(key: UUID | None, **values: Any) -> Movement:
    """Write a movement. The caller has changed, and so locked, the record: of two with one key the first wins."""
    if key is not None and Movement.objects.filter(key=key).exists():
        raise StockError(_("This was done already."))
    movement: Movement = Movement.objects.create(key=key, **values)
    return movement


@transaction.atomic
def recount(stock: StockRecord) -> bool:
    """Set the counters of ``stock`` to what its movements and holds add up to, and tell whether they were wrong.

    They are wrong only after other code than this extension's has written to them; ``lorikeet_check`` finds that. For
    units that were lost or found on the shelf call :func:`adjust`.

    :raises StockError: more is held than is on hand and may be owed together.
    """
    record = StockRecord.objects.select_for_update().get(pk=stock.pk)
    on_hand = Movement.objects.filter(stock=stock).aggregate(sum=Sum("quantity"))["sum"] or 0
    held = Hold.objects.filter(stock=stock, state="held").aggregate(sum=Sum("quantity"))["sum"] or 0
    if (on_hand, held) == (record.on_hand, record.held):
        return False
    if held > on_hand + record.backorder_limit:
        raise StockError(_("%(stock)s: more is held than there is; release some first.") % {"stock": stock})
    StockRecord.objects.filter(pk=stock.pk).update(on_hand=on_hand, held=held)
    return True
