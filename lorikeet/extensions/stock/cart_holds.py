"""Stock that a cart holds: as much as its lines need, for a while after each change (``Policy.ON_ADD``)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django.utils.timezone import now
from django.utils.translation import gettext as _

from lorikeet.exceptions import ConflictErrorSet, LimitReached
from lorikeet.models import Cart

from .claims import claim, where_held
from .conf import settings
from .demand import Part, Want, by_record, lines_in, policy_of, wants
from .exceptions import OutOfStock
from .holds import held
from .models import Hold, Policy

__all__ = ["add", "hand_over", "keep"]


def add(cart: Cart, line: Any, is_new: bool) -> None:
    """Hold what ``line``, which a client has just added or changed, needs; it is served after the other lines.

    If less is left and it has a ``fit_stock(available, asked)``, that may lower what it asks for.

    :raises ConflictErrorSet: less is left than it asks for.
    :raises LimitReached: the cart would hold more than ``LORIKEET_STOCK_CART_UNITS``.
    """
    if policy_of(line) is not Policy.ON_ADD:
        return
    lines = [other for other in lines_in(cart) if other.pk != line.pk] + [line]
    asked = wants(lines, Policy.ON_ADD)
    if sum(want.quantity for want in asked) > settings.STOCK_CART_UNITS:
        limit = settings.STOCK_CART_UNITS
        raise LimitReached(
            _("No more than %(limit)d of these can be kept for you at a time.") % {"limit": limit}, "items"
        )
    short = _of(line, _hold(cart, asked))
    if short and _fit(line, short):
        short = _of(line, _hold(cart, wants(lines_in(cart), Policy.ON_ADD)))
    if short:
        raise ConflictErrorSet(OutOfStock(line, want.quantity, got, is_gone=is_new) for want, got in short)


def keep(cart: Cart) -> None:
    """Hold what the lines in ``cart`` need, or as much of it as is left, from now on for another while."""
    lines = lines_in(cart)
    short = _hold(cart, wants(lines, Policy.ON_ADD))
    fitted = [_fit(line, of_line) for line in lines if (of_line := _of(line, short))]
    if any(fitted):
        _hold(cart, wants(lines_in(cart), Policy.ON_ADD))


def hand_over(guest: Cart, cart: Cart) -> None:
    """Let ``cart`` hold what ``guest`` held."""
    Hold.objects.filter(cart=guest, state="held").update(cart=cart)


def _of(line: Any, short: list[tuple[Want, int]]) -> list[tuple[Want, int]]:
    return [(want, got) for want, got in short if want.line.pk == line.pk]


def _fit(line: Any, short: list[tuple[Want, int]]) -> bool:
    """Have a line ask for what is left, if it can and something is, and save it; tell whether it does."""
    want, left = min(short, key=lambda found: found[1] / found[0].quantity)
    if not left or not hasattr(line, "fit_stock") or not line.fit_stock(left, want.quantity):
        return False
    line.save()
    return True


def _hold(cart: Cart, asked: list[Want]) -> list[tuple[Want, int]]:
    """Let ``cart`` hold what is asked for and nothing else; return each want that is not met, with what it got."""
    rows = held(cart=cart)
    if not rows and not asked:
        return []
    time = _time(rows)
    Hold.objects.filter(pk__in=[row.pk for row in rows]).update(**time)  # first: nobody takes them for expired now
    asked = where_held(asked, rows)
    short = claim(list(_limited(asked)), rows, partial(_write, cart, rows, time))
    return [(want, got) for limited, got in short for want in asked if want.records is limited.records]


def _limited(asked: list[Want]) -> Iterator[Want]:
    """Yield what is asked for as far as one cart may hold."""
    room = settings.STOCK_CART_UNITS
    for want in asked:
        quantity = min(want.quantity, room)
        room -= quantity
        if quantity:
            yield replace(want, quantity=quantity)


def _time(rows: list[Hold]) -> dict[str, datetime]:
    """Return since when the cart holds stock, and until when it does from now on, as columns of a hold."""
    moment = now()
    since = min((row.created_at for row in rows if row.expires_at and row.expires_at > moment), default=moment)
    longest = since + timedelta(seconds=settings.STOCK_CART_LONGEST_SECONDS)
    soonest = moment + timedelta(seconds=settings.STOCK_CART_SECONDS)
    return {"created_at": since, "expires_at": min(soonest, longest)}


def _write(cart: Cart, rows: list[Hold], time: dict[str, datetime], parts: Counter[Part], again: bool) -> None:
    """Let there be one hold for each record of ``parts``; ``rows`` are those that there were at first."""
    present = held(cart=cart) if again else rows
    plan = by_record(parts)
    kept = {row.stock_id: row for row in present if plan[row.stock_id]}
    for pk, row in sorted(kept.items()):
        if row.quantity != plan[pk]:
            Hold.objects.filter(pk=row.pk).update(quantity=plan[pk])
    gone = {row.pk for row in present} - {row.pk for row in kept.values()}
    Hold.objects.filter(pk__in=gone).update(state="released")
    new = sorted(pk for pk in plan if plan[pk] and pk not in kept)
    Hold.objects.bulk_create(Hold(stock_id=pk, cart=cart, quantity=plan[pk], **time) for pk in new)
