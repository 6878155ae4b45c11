"""Everything in a cart, loaded once and passed around."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.db.models import Q

from .base_models import subclass_of

if TYPE_CHECKING:
    from .models import Adjustment, Cart, LineItem

__all__ = ["NO_CART", "CartContents", "owned_by"]

#: What a shopper selects for a cart: each is a column of the cart.
SELECTED = ("delivery_address", "payment_method")
#: The primary key of no cart. NULL would match rows that are outside of every cart.
NO_CART = -1


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
    def load(cls, cart: Cart, has_adjustments: bool = True) -> CartContents:
        """Load what is in ``cart`` afresh: one query for the lines, one for the adjustments.

        Selected rows that are not loaded yet take two queries each. A lookup of ``cart_prefetch`` that cannot
        be joined costs one more.

        :param has_adjustments: ``False`` if it is known that there are none.
        """
        row: Any = cart
        if row.pk is None:
            return cls(cart)
        for name in SELECTED:
            selected = subclass_of(getattr(cart, name))
            setattr(cart, name, selected if selected is not None and selected.active else None)
        lines = row.items.select_subclasses()
        adjustments = row.adjustments.select_subclasses() if has_adjustments else row.adjustments.none()
        for entry in (*lines, *adjustments):
            entry.cart = cart
        row._prefetched_objects_cache = {"items": lines, "adjustments": adjustments}
        return cls(cart, list(lines), list(adjustments), cart.delivery_address, cart.payment_method)

    def addresses(self) -> list[Any]:
        """Return what the shopper may choose from: every active address of the user, or made in a guest's cart."""
        return self._choices("delivery_address", self.delivery_address)

    def payment_methods(self) -> list[Any]:
        """Return what the shopper may choose from: every active method of the user, or made in a guest's cart."""
        return self._choices("payment_method", self.payment_method)

    def _choices(self, name: str, selected: Any) -> list[Any]:
        rows = [] if selected is None else [selected]
        cart: Any = self.cart
        is_guest_without_cart = cart.pk is None and cart.user_id is None
        if is_guest_without_cart or not getattr(cart, f"has_other_{name}", True):
            return rows
        choices = cart._meta.get_field(name).related_model.objects.select_subclasses().filter(owned_by(cart))
        return sorted([*choices.exclude(pk__in=[row.pk for row in rows]), *rows], key=lambda row: row.pk)


def owned_by(cart: Cart) -> Q:
    """Return the condition for the addresses and payment methods that ``cart``'s shopper may see and choose."""
    if cart.user_id is not None:
        return Q(user=cart.user_id, active=True)
    return Q(user=None, cart=cart.pk or NO_CART, active=True)
