"""The settings of the extension, each ``LORIKEET_STOCK_...``."""

from __future__ import annotations

from lorikeet.conf import Setting, SettingsGroup, positive

__all__ = ["settings"]


class StockSettings(SettingsGroup):
    """The settings of ``lorikeet.extensions.stock``. Those named after carts apply to ``Policy.ON_ADD``."""

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
    STOCK_NETWORK_UNITS = Setting(
        200,
        positive,
        "Most units of stock that all carts of one network (IPv4 /24, IPv6 /48) may hold together; a line item that "
        "needs more is answered 429.",
    )
    STOCK_PENDING_UNITS = Setting(
        200,
        positive,
        "Units of stock that the pending (unpaid) orders of one shopper may hold before the next checkout is answered "
        "429. One order may hold more.",
    )
    STOCK_NETWORK_PENDING_UNITS = Setting(
        1000,
        positive,
        "The same for all shoppers of one network (IPv4 /24, IPv6 /48) together. Each counts up to the limit of one.",
    )


settings = StockSettings()
