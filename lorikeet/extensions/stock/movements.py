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
    """Change what is on hand by ``change`` units, below zero for what is broken or gone: a delivery, a stocktake.

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
        raise StockError(_("%(stock)s: of these, more are held or owed than would be left.") % {"stock": stock})
    if change < 0:
        tell_low({stock.pk: -change})
    return _record(key, stock=stock, kind="correction", quantity=change, reason=reason[:255], by=by)


@transaction.atomic
def restock(
    hold: Hold, quantity: int | None = None, reason: str = "", by: Any = None, key: UUID | None = None
) -> Movement:
    """Put what was sold back into stock, all that has not come back yet or ``quantity`` units of it.

    It has nothing to do with money: whether what was sold comes back is decided apart from a refund.

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

    :raises StockError: somebody else puts it back at this moment, and rows cannot be locked here; nothing is.
    """
    sold = Hold.objects.filter(order=order, state="consumed", returned__lt=F("quantity"))
    locked = list(sold.select_for_update().order_by("pk"))  # all of them before the first record
    return [restock(hold, hold.returnable, reason, by) for hold in sorted(locked, key=lambda hold: hold.stock_id)]


def _record(key: UUID | None, **values: Any) -> Movement:
    """Write down a movement, after the record was changed and is locked, so that of two with one key the first wins."""
    if key is not None and Movement.objects.filter(key=key).exists():
        raise StockError(_("This was done already."))
    movement: Movement = Movement.objects.create(key=key, **values)
    return movement


@transaction.atomic
def recount(stock: StockRecord) -> bool:
    """Write the counters of ``stock`` anew, as its movements and holds add up, and tell whether they were wrong.

    They are only after something has written to them past the functions of this extension, which ``lorikeet_check``
    finds. What was lost or found on the shelf is for :func:`adjust`.

    :raises StockError: more is held than there is, and may be owed.
    """
    record = StockRecord.objects.select_for_update().get(pk=stock.pk)
    on_hand = Movement.objects.filter(stock=stock).aggregate(sum=Sum("quantity"))["sum"] or 0
    held = Hold.objects.filter(stock=stock, state="held").aggregate(sum=Sum("quantity"))["sum"] or 0
    if (on_hand, held) == (record.on_hand, record.held):
        return False
    if held > on_hand + record.backorder_limit:
        raise StockError(_("%(stock)s: more is held than there is; let go of some first.") % {"stock": stock})
    StockRecord.objects.filter(pk=stock.pk).update(on_hand=on_hand, held=held)
    return True
