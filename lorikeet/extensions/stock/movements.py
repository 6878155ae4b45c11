"""What comes in and what goes back: every change of what is on hand but a sale, with who made it and why."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.db.models import F, Sum
from django.utils.translation import gettext as _

from .exceptions import StockError
from .holds import tell_low
from .models import Hold, Movement, StockRecord

__all__ = ["adjust", "recount", "restock"]


@transaction.atomic
def adjust(stock: StockRecord, change: int, reason: str, by: Any = None) -> Movement:
    """Change what is on hand by ``change`` units, below zero for what is broken or gone: a delivery, a stocktake.

    :param reason: at most 255 characters, for the record.
    :param by: the user who says so, for the record.
    :raises StockError: more would be held, or be owed, than there are.
    """
    if not change:
        raise StockError(_("Give the difference, above or below zero."))
    rows = StockRecord.objects.filter(pk=stock.pk, held__lte=F("on_hand") + F("backorder_limit") + change)
    if not rows.update(on_hand=F("on_hand") + change):
        raise StockError(_("%(stock)s: of these, more are held or owed than would be left.") % {"stock": stock})
    if change < 0:
        tell_low({stock.pk: -change})
    movement: Movement = Movement.objects.create(
        stock=stock, kind="correction", quantity=change, reason=reason[:255], by=by
    )
    return movement


@transaction.atomic
def restock(hold: Hold, quantity: int | None = None, reason: str = "", by: Any = None) -> Movement:
    """Put what was sold back into stock, all that has not come back yet or ``quantity`` units of it.

    It has nothing to do with money: whether what was sold comes back is decided apart from a refund.

    :raises StockError: that many were not sold, or have come back already.
    """
    back = hold.returnable if quantity is None else quantity
    sold = Hold.objects.filter(pk=hold.pk, state="consumed", quantity__gte=F("returned") + back)
    if back <= 0 or not sold.update(returned=F("returned") + back):
        raise StockError(_("%(hold)s: that many were not sold, or are back already.") % {"hold": hold})
    StockRecord.objects.filter(pk=hold.stock_id).update(on_hand=F("on_hand") + back)
    movement: Movement = Movement.objects.create(
        stock_id=hold.stock_id, kind="return", quantity=back, hold=hold, reason=reason[:255], by=by
    )
    return movement


@transaction.atomic
def recount(stock: StockRecord) -> bool:
    """Write the counters of ``stock`` anew, as its movements and holds add up, and tell whether they were wrong.

    They are only after something has written to them past the functions of this extension, which ``lorikeet_check``
    finds. What was lost or found on the shelf is for :func:`adjust`.
    """
    record = StockRecord.objects.select_for_update().get(pk=stock.pk)
    on_hand = Movement.objects.filter(stock=stock).aggregate(sum=Sum("quantity"))["sum"] or 0
    held = Hold.objects.filter(stock=stock, state="held").aggregate(sum=Sum("quantity"))["sum"] or 0
    if (on_hand, held) == (record.on_hand, record.held):
        return False
    StockRecord.objects.filter(pk=stock.pk).update(on_hand=on_hand, held=held)
    return True
