"""What the extension raises."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext, ngettext

from lorikeet.exceptions import ConflictError, LorikeetError

__all__ = ["OutOfStock", "StockError"]


class OutOfStock(ConflictError):
    """Less is left than a line item asks for. Its code is ``"out_of_stock"``, its field ``"items"``.

    :param line: the line item, or ``None``.
    :param asked: the units that it asks for.
    :param available: the units that are left for it.
    :param is_gone: the line item was just added, and is not in the cart now.

    ``data`` is ``{"item": <the line's URL, or None>, "asked": 5, "available": 3}``.
    """

    def __init__(self, line: Any, asked: int, available: int, is_gone: bool = False) -> None:
        self.line, self.asked, self.available = line, asked, available
        if available:
            left = ngettext("only %(count)d is left", "only %(count)d are left", available) % {"count": available}
        else:
            left = gettext("none is left")
        message = f"{line}: {left}." if line is not None else f"{left.capitalize()}."
        url = None
        if line is not None and not is_gone:
            with suppress(NoReverseMatch):  # a site without the API
                url = reverse("lorikeet:cart-item", kwargs={"id": line.pk})
        super().__init__("out_of_stock", message, "items", {"item": url, "asked": asked, "available": available})


class StockError(LorikeetError):
    """Stock cannot be moved like that: the message says why."""
