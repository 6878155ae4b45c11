"""The settings of the extension, each ``LORIKEET_STOCK_...``."""

from __future__ import annotations

from lorikeet.conf import Setting, SettingsGroup, positive

__all__ = ["settings"]


class StockSettings(SettingsGroup):
    """The settings of ``lorikeet.extensions.stock``. All are of carts that hold stock (``Policy.ON_ADD``)."""

    STOCK_CART_SECONDS = Setting(
        900, positive, "Seconds after its last change for which a cart holds stock. Reading it changes nothing."
    )
    STOCK_CART_LONGEST_SECONDS = Setting(
        3600,
        positive,
        "Seconds after which a cart ceases to hold stock, however often it is changed meanwhile.",
    )
    STOCK_CART_UNITS = Setting(
        50, positive, "Most units of stock that one cart may hold; a line item that needs more is answered 400."
    )


settings = StockSettings()
