"""Loading rows of multi-table parents as what they are, in a constant number of queries."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache
from typing import Any, TypeVar

from django.core.exceptions import FieldDoesNotExist
from django.db import models
from django.db.models.query import ModelIterable

__all__ = ["OrderQuerySet", "SubclassManager", "SubclassQuerySet", "split_prefetch", "subclass_paths"]

M = TypeVar("M", bound=models.Model)


@cache
def subclass_paths(parent: type[models.Model]) -> dict[type[models.Model], str]:
    """Return every concrete descendant of ``parent`` with the lookup that leads to it, the deepest first."""
    paths: dict[type[models.Model], str] = {}
    for relation in parent._meta.related_objects:
        child = relation.related_model
        if isinstance(relation, models.OneToOneRel) and relation.parent_link and isinstance(child, type):
            name = relation.get_accessor_name() or ""
            paths.update({grandchild: f"{name}__{rest}" for grandchild, rest in subclass_paths(child).items()})
            paths[child] = name
    return paths


@cache
def split_prefetch(model: type[models.Model]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Split ``model.cart_prefetch`` into lookups that can be joined (forward keys all the way) and the others."""
    joined: list[str] = []
    fetched: list[str] = []
    for lookup in getattr(model, "cart_prefetch", ()):
        (joined if _is_forward(model, lookup) else fetched).append(lookup)
    return tuple(joined), tuple(fetched)


def _is_forward(model: type[models.Model], lookup: str) -> bool:
    for name in lookup.split("__"):
        try:
            field = model._meta.get_field(name)
        except FieldDoesNotExist:
            return False
        if not (isinstance(field, models.ForeignKey) and isinstance(field.related_model, type)):
            return False
        model = field.related_model
    return True


def most_derived(row: models.Model, paths: Iterable[str]) -> models.Model:
    """Return the deepest child of ``row`` among ``paths`` whose rows were fetched with it, or ``row`` itself."""
    for path in paths:
        child: Any = row
        for name in path.split("__"):
            child = child._state.fields_cache.get(name)
            if child is None:
                break
        else:
            return child  # type: ignore[no-any-return]
    return row


class SubclassIterable(ModelIterable):  # type: ignore[type-arg]
    """Yields each row as an instance of the most derived model it has a row of."""

    def __iter__(self) -> Iterator[Any]:
        paths = list(subclass_paths(self.queryset.model).values())
        for row in super().__iter__():
            yield most_derived(row, paths)


class SubclassQuerySet(models.QuerySet[M, M]):
    """A queryset of a multi-table parent."""

    def select_subclasses(self) -> SubclassQuerySet[M]:
        """Return the rows as instances of their own classes, in one query for any number of types.

        What a class names in ``cart_prefetch`` is loaded too: joined where every step is a forward key, else fetched
        by one more query for each class and lookup that is met.
        """
        clone: SubclassQuerySet[M] = self.all()
        joins = [*split_prefetch(self.model)[0]]
        for model, path in subclass_paths(self.model).items():
            joins += [path, *(f"{path}__{lookup}" for lookup in split_prefetch(model)[0])]
        if joins:
            clone = clone.select_related(*joins)
        clone._iterable_class = SubclassIterable
        return clone

    def get_subclass(self, *args: Any, **kwargs: Any) -> Any:
        """Return one row as an instance of its own class; raises as ``get()`` does."""
        return self.select_subclasses().get(*args, **kwargs)

    def _fetch_all(self) -> None:
        fresh = self._result_cache is None
        super()._fetch_all()
        if fresh and self._iterable_class is SubclassIterable:
            by_class: dict[type[models.Model], list[models.Model]] = {}
            for row in self._result_cache or ():
                by_class.setdefault(type(row), []).append(row)
            for model, rows in by_class.items():
                if lookups := split_prefetch(model)[1]:
                    models.prefetch_related_objects(rows, *lookups)


SubclassManager = models.Manager.from_queryset(SubclassQuerySet)


class OrderQuerySet(models.QuerySet[M, M]):
    """Orders, and the subset that a shop sees as sales."""

    def placed(self) -> OrderQuerySet[M]:
        """Return the sales: without pending and cancelled orders.

        Use it for reports, exports and lists. The admin too lists these by default.
        """
        placed: OrderQuerySet[M] = self.filter(state="placed")
        return placed
