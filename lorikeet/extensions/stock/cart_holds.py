"""Stock that a cart holds: as much as its lines need, for a while after each change (``Policy.ON_ADD``)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any, NamedTuple

from django.db.models import Min, Sum
from django.utils.translation import gettext as _

from lorikeet.clock import now
from lorikeet.exceptions import ConflictErrorSet, LimitReached, TooManyAttempts
from lorikeet.models import Cart, LineItem
from lorikeet.throttles import in_turn, seconds_until

from .claims import claim
from .conf import settings
from .demand import Part, Want, by_record, lines_in, policy_of, wants
from .exceptions import OutOfStock
from .holds import held
from .models import Hold, Policy

__all__ = ["hand_over", "keep", "note"]

#: Where a cart that is being changed keeps what :func:`note` is given.
NOTED = "_stock_noted"


class Note(NamedTuple):
    """A line that a client has added or changed, and what it was before an edit."""

    line: LineItem
    is_new: bool
    before: LineItem | None


def note(cart: Cart, line: LineItem, is_new: bool, before: LineItem | None = None) -> None:
    """Have :func:`keep` refuse ``line``, which a client has just added or changed, if too little is left for it."""
    if policy_of(line) is Policy.ON_ADD:
        cart.__dict__.setdefault(NOTED, {})[line.pk] = Note(line, is_new, before)


def keep(cart: Cart) -> None:
    """Hold what the lines in ``cart`` need, or as much of it as is left, and extend the time for which it is held.

    The lines that :func:`note` was given are served after the others. Where less is left than a line asks for, its
    ``fit_stock(available, asked)``, if it has one, may lower what it asks for.

    :raises ConflictErrorSet: less is left than a noted line asks for.
    :raises LimitReached: a noted line asks for more than before, and the cart would hold more than
        ``LORIKEET_STOCK_CART_UNITS``.
    :raises TooManyAttempts: the same, and its network would hold more than ``LORIKEET_STOCK_NETWORK_UNITS``.
    """
    noted: dict[int, Note] = cart.__dict__.pop(NOTED, {})
    lines = sorted(lines_in(cart), key=lambda line: line.pk in noted)
    asked = wants(lines, Policy.ON_ADD)
    rows = held(cart=cart)
    if not rows and not asked:
        return
    room = _room(cart, rows, asked, noted)
    short = _hold(cart, rows, asked, room)
    lines = [noted[line.pk].line if line.pk in noted else line for line in lines]  # the objects that the answer shows
    fitted = [_fit(line, of_line) for line in lines if (of_line := _of(line, short))]
    if any(fitted):
        short = _hold(cart, held(cart=cart), wants(lines, Policy.ON_ADD), room)
    refused = [(want, got) for want, got in short if want.line.pk in noted]
    if refused:
        raise ConflictErrorSet(
            OutOfStock(want.line, want.quantity, got, is_gone=noted[want.line.pk].is_new) for want, got in refused
        )


def hand_over(guest: Cart, cart: Cart) -> None:
    """Let ``cart`` hold what ``guest`` held."""
    Hold.objects.filter(cart=guest, state="held").update(cart=cart)


def _of(line: Any, short: list[tuple[Want, int]]) -> list[tuple[Want, int]]:
    return [(want, got) for want, got in short if want.line.pk == line.pk]


def _fit(line: Any, short: list[tuple[Want, int]]) -> bool:
    """Lower what a line asks for to what is left, and save it. Tell whether the line could be lowered."""
    want, left = min(short, key=lambda found: found[1] / found[0].quantity)
    if not left or not hasattr(line, "fit_stock") or not line.fit_stock(left, want.quantity):
        return False
    line.save()
    return True


def _room(cart: Cart, rows: list[Hold], asked: list[Want], noted: dict[int, Note]) -> int:
    """Return how many units ``cart`` may hold, or refuse a noted line that asks for more than before.

    The cart keeps what it holds already, even where other carts of its network have reached the limit.
    """
    total = _total(asked)
    most = settings.STOCK_CART_UNITS
    if total > most and _is_raised(asked, noted):
        raise LimitReached(
            _("No more than %(limit)d of these can be kept for you at a time.") % {"limit": most}, "items"
        )
    mine = sum(row.quantity for row in rows if row.expires_at and row.expires_at > now())
    if total <= mine or not cart.network:
        return most
    in_turn(cart.network)
    others = Hold.objects.filter(cart__network=cart.network, state="held", expires_at__gt=now()).exclude(cart=cart)
    found = others.aggregate(units=Sum("quantity"), first=Min("expires_at"))
    left = max(settings.STOCK_NETWORK_UNITS - (found["units"] or 0), mine)
    if total > left and _is_raised(asked, noted):
        raise TooManyAttempts(
            seconds_until(found["first"]), _("Too many of these are kept for other shoppers on your network.")
        )
    return min(most, left)


def _is_raised(asked: list[Want], noted: dict[int, Note]) -> bool:
    """Tell whether the noted lines ask for more than before. A shopper may lower them, whatever limit is exceeded."""
    before = wants([note.before for note in noted.values() if note.before], Policy.ON_ADD)
    return _total(want for want in asked if want.line.pk in noted) > _total(before)


def _total(asked: Iterable[Want]) -> int:
    return sum(want.quantity for want in asked)


def _hold(cart: Cart, rows: list[Hold], asked: list[Want], room: int) -> list[tuple[Want, int]]:
    """Let ``cart``, which holds ``rows``, hold what is asked for and nothing else.

    Return each want that is not met, with what it got.
    """
    time = _time(rows)
    Hold.objects.filter(pk__in=[row.pk for row in rows]).update(**time)  # first, so that no process expires them
    short = claim(list(_limited(asked, room)), rows, partial(_write, cart, rows, time))
    return [(want, got) for limited, got in short for want in asked if want.records is limited.records]


def _limited(asked: list[Want], room: int) -> Iterator[Want]:
    """Yield what is asked for as far as there is room for it."""
    for want in asked:
        quantity = min(want.quantity, room)
        room -= quantity
        if quantity:
            yield replace(want, quantity=quantity)


def _time(rows: list[Hold]) -> dict[str, datetime]:
    """Return when the cart began to hold stock and when its holds now expire, as columns of a hold."""
    moment = now()
    since = min((row.created_at for row in rows if row.expires_at and row.expires_at > moment), default=moment)
    longest = since + timedelta(seconds=settings.STOCK_CART_LONGEST_SECONDS)
    soonest = moment + timedelta(seconds=settings.STOCK_CART_SECONDS)
    return {"created_at": since, "expires_at": min(soonest, longest)}


def _write(cart: Cart, rows: list[Hold], time: dict[str, datetime], parts: Counter[Part]) -> None:
    """Make the holds agree with ``parts``, one for each record; ``rows`` are the holds that exist."""
    plan = by_record(parts)
    kept = {row.stock_id: row for row in rows if plan[row.stock_id]}
    for pk, row in sorted(kept.items()):
        if row.quantity != plan[pk]:
            Hold.objects.filter(pk=row.pk).update(quantity=plan[pk])
    gone = {row.pk for row in rows} - {row.pk for row in kept.values()}
    Hold.objects.filter(pk__in=gone).update(state="released")
    new = sorted(plan.keys() - kept.keys())
    Hold.objects.bulk_create(Hold(stock_id=pk, cart=cart, quantity=plan[pk], **time) for pk in new)
