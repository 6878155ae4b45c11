"""From what is asked for to what is held: how many of which record each line gets, wherever they are found at last."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import replace

from .demand import Part, Want, allocate, by_record
from .holds import change, lock, release_expired, units
from .models import Hold

__all__ = ["claim", "records_of"]


def claim(asked: list[Want], rows: Iterable[Hold], write: Callable[[Counter[Part]], None]) -> list[tuple[Want, int]]:
    """Hold what is asked for; what ``rows`` hold of it stays where it is, what they hold besides is given back.

    Each record that this may change is locked before the first one changes, so that two who need the same records never
    wait for each other in a ring.

    :param write: makes the holds be as the parts say that it is given.
    :returns: each want that is not met, with how many units it got; of those that share a record, the last ones.
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
