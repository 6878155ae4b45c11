"""What the cart shows the front end of Stripe."""

from __future__ import annotations

from typing import Any

from django.urls import NoReverseMatch, reverse

from lorikeet.contents import CartContents
from lorikeet.pricing import Totals
from lorikeet.sections import CartSection

from .conf import settings

__all__ = ["StripeSection"]


class StripeSection(CartSection):
    """Adds ``stripe`` to the cart: what Stripe.js needs. List it in ``LORIKEET_CART_SECTIONS``."""

    key = "stripe"

    def get_data(self, contents: CartContents, totals: Totals) -> dict[str, Any]:
        """Return the publishable key, how money is captured, and where a card is saved: ``None`` without the URLs."""
        try:
            setup_url = reverse("lorikeet_stripe:setup")
        except NoReverseMatch:
            setup_url = None
        return {
            "publishable_key": settings.STRIPE_PUBLISHABLE_KEY,
            "capture_method": settings.STRIPE_CAPTURE_METHOD,
            "setup_url": setup_url,
        }
