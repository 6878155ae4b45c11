"""Everything in a cart, loaded once and passed around."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Coalesce

from .bases import subclass_of
from .managers import most_derived, subclass_paths
from .models import Adjustment, Cart, DeliveryAddress, LineItem, PaymentMethod

__all__ = ["NOBODY", "CartContents", "owned_by"]


#: What a shopper selects for a cart, by the column that names it.
SELECTED: dict[str, Any] = {"delivery_address": DeliveryAddress, "payment_method": PaymentMethod}


#: Stands for the key of a cart that does not exist, to which nothing belongs; NULL would match what is in no cart.
NOBODY = -1
NO_ADJUSTMENTS: QuerySet[Any] = Adjustment.objects.none()


@dataclass(frozen=True)
class CartContents:
    """A cart with its rows, each an instance of the host's own class, in the order in which they were added.

    The rows are left on the cart as well: ``cart.items.all()`` and ``cart.delivery_address`` cost no further query.
    """

    cart: Cart
    lines: list[LineItem] = field(default_factory=list)
    adjustments: list[Adjustment] = field(default_factory=list)
    delivery_address: Any = None
    payment_method: Any = None

    @classmethod
    def fetch(cls, **lookup: Any) -> CartContents | None:
        """Load the cart that matches ``lookup`` with all that is in it, or return ``None`` if there is none.

        One query for the cart, its selected address and payment method; one for the lines; one for the adjustments
        if there are any. A lookup of ``cart_prefetch`` that cannot be joined costs one more.
        """
        try:
            cart = cart_rows().get(**lookup)
        except Cart.DoesNotExist:
            return None
        for selected, base in SELECTED.items():
            row = getattr(cart, selected)
            if row is not None:
                setattr(cart, selected, most_derived(row, subclass_paths(base).values()))
        return cls._of(cart, cart.has_adjustments)

    @classmethod
    def load(cls, cart: Cart) -> CartContents:
        """Load what is in ``cart`` afresh, whatever it had loaded before."""
        row: Any = cart
        if row.pk is None:
            return cls(cart)
        cart.delivery_address = subclass_of(cart.delivery_address)
        cart.payment_method = subclass_of(cart.payment_method)
        return cls._of(cart, True)

    @classmethod
    def _of(cls, cart: Any, has_adjustments: bool) -> CartContents:
        lines = LineItem.objects.select_subclasses().filter(cart=cart)
        adjustments = Adjustment.objects.select_subclasses().filter(cart=cart) if has_adjustments else NO_ADJUSTMENTS
        for row in (*lines, *adjustments):
            row.cart = cart
        cart._prefetched_objects_cache = {"items": lines, "adjustments": adjustments}
        for selected in SELECTED:
            row = getattr(cart, selected)
            if row is not None and not row.active:
                setattr(cart, selected, None)
        return cls(cart, list(lines), list(adjustments), cart.delivery_address, cart.payment_method)

    def addresses(self) -> list[Any]:
        """Return what the shopper may choose from: every active address of the user, or made in a guest's cart."""
        return self._choices(DeliveryAddress, self.delivery_address, "has_other_addresses")

    def payment_methods(self) -> list[Any]:
        """Return what the shopper may choose from: every active method of the user, or made in a guest's cart."""
        return self._choices(PaymentMethod, self.payment_method, "has_other_methods")

    def _choices(self, model: Any, selected: Any, flag: str) -> list[Any]:
        rows = [] if selected is None else [selected]
        cart: Any = self.cart
        is_guest_without_cart = cart.pk is None and cart.user_id is None
        if is_guest_without_cart or not getattr(self.cart, flag, True):
            return rows
        others = model.objects.select_subclasses().filter(owned_by(self.cart)).exclude(pk__in=[row.pk for row in rows])
        return sorted([*others, *rows], key=lambda row: row.pk)


def owned_by(cart: Cart) -> Q:
    """Return the condition for the addresses and payment methods that ``cart``'s shopper may see and choose."""
    if cart.user_id is not None:
        return Q(user=cart.user_id, active=True)
    return Q(user=None, cart=cart.pk or NOBODY, active=True)


@cache
def cart_rows() -> QuerySet[Any]:
    """Return carts with what is selected joined to them, and told whether there is more to ask for.

    The queryset is kept, since putting it together takes longer than most queries; it is never evaluated itself.
    """
    joins = ["user", "pending_order"]
    for name, model in SELECTED.items():
        joins += [name, *(f"{name}__{path}" for path in subclass_paths(model).values())]
    rows: QuerySet[Any] = Cart.objects.select_related(*joins).annotate(
        has_adjustments=Exists(Adjustment.objects.filter(cart=OuterRef("pk"))),
        has_other_addresses=_has_other(DeliveryAddress, "delivery_address"),
        has_other_methods=_has_other(PaymentMethod, "payment_method"),
    )
    return rows


def _has_other(model: Any, selected: str) -> Exists:
    owner = Q(user=OuterRef("user")) | Q(user=None, cart=OuterRef("pk"))
    return Exists(model.objects.filter(owner, ~Q(pk=Coalesce(OuterRef(selected), 0)), active=True))
