"""From what lines ask for to what is held for them: how many units each line gets, and of which records."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import replace

from .demand import Part, Want, allocate, by_record
from .holds import change, lock, release_expired, units
from .models import Hold

__all__ = ["claim", "records_of"]


def claim(asked: list[Want], rows: Iterable[Hold], write: Callable[[Counter[Part]], None]) -> list[tuple[Want, int]]:
    """Hold what is asked for. What ``rows`` hold of it stays held, and what they hold besides is released.

    Every record that may change is locked before the first one changes, so that two transactions that need the same
    records do not deadlock.

    :param write: is called with the parts, and makes the holds agree with them.
    :returns: each want that is not met, with the units that it got. Of those that share a record, the last fall short.
    """
    mine = units(rows)
    parts, short = allocate(asked, mine)
    kept = by_record(parts)
    lacking = [replace(want, had=got) for want, got in short]
    available = lock(records_of(lacking) | {pk for pk in mine if kept[pk] < mine[pk]})
    found, missing = allocate(lacking, available)
    if missing and release_expired(records_of(want for want, _ in missing)):
        found, missing = allocate(lacking, lock(records_of(lacking)))
    parts += found
    write(parts)
    plan = by_record(parts)
    change({pk: plan[pk] - mine[pk] for pk in plan.keys() | mine.keys()})
    return missing


def records_of(found: Iterable[Want]) -> set[int]:
    """Return the primary keys of the records that are wanted."""
    return {record.pk for want in found for record in want.records}
