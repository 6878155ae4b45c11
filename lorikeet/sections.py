"""Top-level keys that extensions and hosts add to the cart's representation."""

from __future__ import annotations

from typing import Any, ClassVar

from .contents import CartContents
from .pricing import Totals

__all__ = ["CartSection"]


class CartSection:
    """One more key of the cart. Subclass it and list the subclass in ``LORIKEET_CART_SECTIONS``. It keeps no state."""

    #: The key, such as ``"shipments"``. It must not be one of the cart's own.
    key: ClassVar[str]

    def get_data(self, contents: CartContents, totals: Totals) -> Any:
        """Return what the key holds, any JSON value. It is part of the ``ETag``: no clock, nothing random."""
        raise TypeError(f"Write {type(self).__name__}.get_data(self, contents, totals).")
