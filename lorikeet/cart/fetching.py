"""Reading a cart with all that is in it, in as few queries as there can be."""

from __future__ import annotations

from functools import cache
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Coalesce

from ..contents import SELECTED, CartContents
from ..managers import most_derived, subclass_paths
from ..models import Adjustment, Cart

__all__ = ["fetch_contents"]


def fetch_contents(**lookup: Any) -> CartContents | None:
    """Return what is in the cart that matches ``lookup``, or ``None`` if there is no such cart.

    One query for the cart, its selected address and payment method; one for the lines; one for the adjustments if there
    are any.
    """
    try:
        cart = _cart_rows().get(**lookup)
    except Cart.DoesNotExist:
        return None
    for name in SELECTED:
        row = getattr(cart, name)
        if row is not None:
            setattr(cart, name, most_derived(row, subclass_paths(_model_of(name)).values()))
    return CartContents.load(cart, cart.has_adjustments)


@cache
def _cart_rows() -> QuerySet[Any]:
    """Return carts with what is selected joined to them, and with whether there is more to fetch.

    The queryset is kept, since putting it together takes longer than most queries; it is never evaluated itself.
    """
    joins = ["user", "pending_order"]
    for name in SELECTED:
        joins += [name, *(f"{name}__{path}" for path in subclass_paths(_model_of(name)).values())]
    rows: QuerySet[Any] = Cart.objects.select_related(*joins).annotate(
        has_adjustments=Exists(Adjustment.objects.filter(cart=OuterRef("pk"))),
        **{f"has_other_{name}": _has_other(name) for name in SELECTED},
    )
    return rows


def _model_of(name: str) -> Any:
    return Cart._meta.get_field(name).related_model


def _has_other(name: str) -> Exists:
    owner = Q(user=OuterRef("user")) | Q(user=None, cart=OuterRef("pk"))
    return Exists(_model_of(name).objects.filter(owner, ~Q(pk=Coalesce(OuterRef(name), 0)), active=True))
