"""From what is asked for to what is held: how many of which record each line gets, wherever they are found at last."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from typing import Protocol

from .demand import Part, Want, allocate, by_record, supply
from .holds import take, units
from .models import Hold

__all__ = ["claim", "where_held"]


class Write(Protocol):
    """Makes the holds be as ``parts`` say; ``again`` after it has done so for others."""

    def __call__(self, parts: Counter[Part], again: bool) -> None: ...


def where_held(asked: list[Want], rows: Iterable[Hold]) -> list[Want]:
    """Return ``asked`` with the records first of which ``rows`` hold some, so that nothing moves without need."""
    mine = units(rows)
    return [replace(want, records=sorted(want.records, key=lambda record: record.pk not in mine)) for want in asked]


def claim(asked: list[Want], rows: Iterable[Hold], write: Write) -> list[tuple[Want, int]]:
    """Hold what is asked for, of which ``rows`` are held already; what they hold besides is given back.

    What one location lacks is looked for in the others, so that now and then a record is locked after one with a higher
    key: should two wait for each other then, the database ends one of them.

    :returns: each want that is not met, with how many units it got; of those that share a record, the last ones.
    """
    mine = units(rows)
    parts, short = allocate(asked, supply(asked) + mine)
    for want, got in short:  # perhaps it is held by a cart whose time is over: the update finds out
        if want.records:
            parts[want.line.pk, want.records[0].pk] += want.quantity - got
    plan = by_record(parts)
    changes = {pk: plan[pk] - mine[pk] for pk in plan.keys() | mine.keys()}
    missing = Counter(take(changes, lambda: write(parts, again=False)))
    if missing:
        _find_elsewhere(asked, parts, missing)
    lacking = list(_cut(asked, parts, missing))[::-1]
    if missing:
        write(parts, again=True)
    return lacking


def _find_elsewhere(asked: list[Want], parts: Counter[Part], missing: Counter[int]) -> None:
    """Take what is missing from the other locations of the same lines; both counters are changed."""
    for want in asked:
        for record in want.records:
            for other in want.records:
                lacking = min(missing[record.pk], parts[want.line.pk, record.pk])
                if lacking and other.pk != record.pk:
                    found = lacking - take({other.pk: lacking}).get(other.pk, 0)
                    parts[want.line.pk, record.pk] -= found
                    parts[want.line.pk, other.pk] += found
                    missing[record.pk] -= found


def _cut(asked: list[Want], parts: Counter[Part], missing: Counter[int]) -> Iterable[tuple[Want, int]]:
    """Take what is missing off ``parts``, from the last want on, and yield each that is not met with what it gets."""
    left = Counter(missing)
    for want in reversed(asked):
        lacking = 0 if want.records else want.quantity
        for record in want.records:
            short = min(left[record.pk], parts[want.line.pk, record.pk], want.quantity - lacking)
            parts[want.line.pk, record.pk] -= short
            left[record.pk] -= short
            lacking += short
        if lacking:
            yield want, want.quantity - lacking
