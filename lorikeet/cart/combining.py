"""Combining equal rows, and moving rows into a cart as far as it has room for them."""

from __future__ import annotations

from copy import copy
from typing import Any

from django.core.exceptions import ValidationError

from ..models import Cart

__all__ = ["absorb", "combine", "take_in"]


def combine(row: Any, others: list[Any]) -> Any:
    """Combine ``row`` with the first of ``others`` that is equal to it, and return that one, saved; else ``None``.

    :raises django.core.exceptions.ValidationError: the combined row is not valid, such as a quantity out of range;
        then nothing is changed.
    """
    for index, other in enumerate(others):
        if type(other) is type(row) and all(getattr(other, name) == getattr(row, name) for name in row.combine_on):
            combined = copy(other)
            for name in row.combine_on:  # equal, and what row refers to is loaded
                setattr(combined, name, getattr(row, name))
            if combined.combine_with(row):
                relations = [field.name for field in combined._meta.fields if field.is_relation]
                combined.full_clean(exclude=relations, validate_unique=False, validate_constraints=False)
                combined.save()
                others[index] = combined
                return combined
    return None


def absorb(rows: list[Any], present: list[Any]) -> list[Any]:
    """Combine each of ``rows`` with the one of ``present`` that is equal to it.

    Return for each of ``rows`` what it was combined with; ``None`` for one that stays as it is, because none is equal
    to it, or because the combined row would not be valid.
    """
    takers = []
    for row in rows:
        try:
            taker = combine(row, present)
        except ValidationError:
            taker = None
        if taker is not None:
            with row.unfrozen():
                row.delete()
        takers.append(taker)
    return takers


def take_in(base: Any, rows: list[Any], present: list[Any], cart: Cart, limit: int) -> list[Any]:
    """Move ``rows``, of another cart or of an order, into ``cart``, whose lock is held; return those that stay there.

    Equal ones are combined with what is ``present``. Of the others the first are moved, until there are ``limit`` rows,
    or as many as ``rows``, if that is more: what fitted into one cart fits into an empty one.
    """
    for row in rows:
        row.cart, row.order, row.total_when_charged = cart, None, None
    room = max(limit - len(present), len(rows) - len(present), 0)
    others = [row for row, taker in zip(rows, absorb(rows, present), strict=True) if taker is None]
    if moving := [row.pk for row in others[:room]]:
        base.objects.filter(pk__in=moving).update(cart=cart, order=None, total_when_charged=None)
    return others[room:]
