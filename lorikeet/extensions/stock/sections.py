"""What the cart shows of the stock that it holds."""

from __future__ import annotations

from django.db.models import Min

from lorikeet.contents import CartContents
from lorikeet.pricing import Totals
from lorikeet.sections import CartSection

from .demand import policy_of
from .models import Hold, Policy

__all__ = ["ExpirySection"]


class ExpirySection(CartSection):
    """Adds ``expires_at`` to the cart. List it in ``LORIKEET_CART_SECTIONS`` where carts hold stock."""

    key = "expires_at"

    def get_data(self, contents: CartContents, totals: Totals) -> float | None:
        """Return when the cart ceases to hold stock, in seconds since 1970, or ``None`` if it holds none."""
        if not any(policy_of(line) is Policy.ON_ADD for line in contents.lines):
            return None
        held = Hold.objects.filter(cart=contents.cart, state="held")
        first = held.aggregate(first=Min("expires_at"))["first"]
        return first.timestamp() if first is not None else None
