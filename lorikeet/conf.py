"""Every setting of Lorikeet: its name, type, default and meaning, read from Django's settings each time it is used.

``conf.settings.CURRENCY`` is ``settings.LORIKEET_CURRENCY`` or its default; ``override_settings`` just works.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any, Generic, TypeVar, overload

from django.conf import settings as django_settings
from django.utils.module_loading import import_string

__all__ = [
    "PREFIX",
    "Problem",
    "Setting",
    "Settings",
    "SettingsGroup",
    "boolean",
    "dotted_path",
    "dotted_paths",
    "parse_rate",
    "positive",
    "settings",
]

T = TypeVar("T")
Problem = str | None
PREFIX = "LORIKEET_"
SECONDS = {"second": 1, "minute": 60, "hour": 3600, "day": 86400}


class Setting(Generic[T]):
    """One setting. ``check(value)`` returns what is wrong with a value, or ``None``."""

    name: str

    def __init__(self, default: T, check: Callable[[Any], Problem], doc: str) -> None:
        self.default = default
        self.check = check
        self.__doc__ = doc

    def __set_name__(self, owner: type[SettingsGroup], name: str) -> None:
        self.name = PREFIX + name

    @overload
    def __get__(self, instance: None, owner: type[SettingsGroup]) -> Setting[T]: ...

    @overload
    def __get__(self, instance: SettingsGroup, owner: type[SettingsGroup]) -> T: ...

    def __get__(self, instance: SettingsGroup | None, owner: type[SettingsGroup]) -> Setting[T] | T:
        if instance is None:
            return self
        value: T = getattr(django_settings, self.name, self.default)
        return value

    def problem(self) -> Problem:
        """Say what is wrong with the value in force, or return ``None``."""
        return self.check(getattr(django_settings, self.name, self.default))


def parse_rate(rate: str) -> tuple[int, int]:
    """Return ``"5/hour"`` as ``(5, 3600)``: how often, in how many seconds.

    :raises ValueError: it is not of that form.
    """
    match = re.fullmatch(r"([1-9]\d{0,8})/(second|minute|hour|day)", rate)
    if match is None:
        raise ValueError(f"{rate!r} is not a rate such as '5/hour'")
    return int(match[1]), SECONDS[match[2]]


def boolean(value: Any) -> Problem:
    """Accept ``True`` and ``False``."""
    return None if isinstance(value, bool) else "must be True or False"


def positive(value: Any) -> Problem:
    """Accept a whole number above zero."""
    ok = isinstance(value, int) and not isinstance(value, bool) and value > 0
    return None if ok else "must be a whole number above zero"


def currency_code(value: Any) -> Problem:
    ok = isinstance(value, str) and re.fullmatch("[A-Z]{3}", value) is not None
    return None if ok else "must be an ISO 4217 code such as 'AUD'"


def url_name(value: Any) -> Problem:
    return None if value is None or isinstance(value, str) else "must be the name of a URL, or None"


def dotted_path(value: Any) -> Problem:
    """Accept the dotted path of something that can be called, or ``None``."""
    if value is None:
        return None
    try:
        found = import_string(value)
    except (ImportError, TypeError, AttributeError, RuntimeError) as error:  # the last: of an app that is not installed
        return f"names {value!r}, which cannot be imported ({error})"
    return None if callable(found) else f"names {value!r}, which cannot be called"


def dotted_paths(value: Any) -> Problem:
    """Accept a list of dotted paths, each of something that can be called."""
    if not isinstance(value, (list, tuple)):
        return "must be a list of dotted paths"
    if not all(isinstance(path, str) for path in value):
        return "must be a list of dotted paths"
    return next(filter(None, map(dotted_path, value)), None)


def rates(value: Any) -> Problem:
    if not isinstance(value, dict):
        return "must be a dict of scope to rate"
    for scope, rate in value.items():
        if scope not in Settings.THROTTLE_RATES.default:
            return f"names the scope {scope!r}; choose from {', '.join(Settings.THROTTLE_RATES.default)}"
        try:
            parse_rate(rate)
        except (TypeError, ValueError):
            return f"has {rate!r} for {scope!r}, which is not a rate such as '5/hour'"
    return None


class SettingsGroup:
    """Settings as attributes, each without the prefix ``LORIKEET_``."""

    def __iter__(self) -> Iterator[Setting[Any]]:
        return (value for value in vars(type(self)).values() if isinstance(value, Setting))

    def load(self, paths: list[str]) -> list[Any]:
        """Import what each dotted path of a setting names."""
        return [import_string(path) for path in paths]


class Settings(SettingsGroup):
    """The settings of the core."""

    CURRENCY = Setting("AUD", currency_code, "ISO 4217 code of the currency new carts are priced in.")
    CART_COMPLETE_CHECKERS = Setting(
        [
            "lorikeet.cart_checkers.delivery_address_required",
            "lorikeet.cart_checkers.payment_method_required",
            "lorikeet.cart_checkers.cart_not_empty",
            "lorikeet.cart_checkers.email_address_if_anonymous",
        ],
        dotted_paths,
        "Dotted paths of the functions that say why a cart is incomplete, in the order of their reasons. Each takes "
        "the cart and raises ``IncompleteCartError``.",
    )
    CHARGES: Setting[list[str]] = Setting(
        [],
        dotted_paths,
        "Dotted paths of ``ChargeSource`` subclasses, asked in this order after the items and the adjustments: "
        "shipping, tax, store credit.",
    )
    CART_SECTIONS: Setting[list[str]] = Setting(
        [], dotted_paths, "Dotted paths of ``CartSection`` subclasses, each of which adds a key to the cart."
    )
    DISPLAY_AMOUNTS = Setting(
        False,
        boolean,
        "Whether each amount ``x`` comes with ``display_x`` (localised) and ``x_cents`` (whole minor units). Needs "
        "the extra ``lorikeet-cart[babel]``.",
    )
    ORDER_DETAIL_VIEW: Setting[str | None] = Setting(
        None, url_name, "Name of the URL of an order's page, reversed with ``id``. ``None``: orders have no page."
    )
    INVOICE_ID_GENERATOR: Setting[str | None] = Setting(
        None,
        dotted_path,
        "Dotted path of a function without arguments that returns the invoice id (a string) of an order that is "
        "being placed. ``None``: the order's primary key.",
    )
    SET_CSRFTOKEN_EVERYWHERE = Setting(
        False, boolean, "Whether the middleware sets the CSRF cookie on every response, not only on the cart's."
    )
    MAX_LINES = Setting(
        100,
        positive,
        "Most line items in a cart. What a login or a cancelled order cannot fit in stays where it was.",
    )
    MAX_ADJUSTMENTS = Setting(20, positive, "Most adjustments in a cart.")
    MAX_ADDRESSES = Setting(50, positive, "Most active delivery addresses of a user, or of a guest's cart.")
    MAX_PAYMENT_METHODS = Setting(50, positive, "Most active payment methods of a user, or of a guest's cart.")
    MAX_BODY_BYTES = Setting(65536, positive, "Largest request body, in bytes; a larger one is answered 413.")
    MAX_BODY_DEPTH = Setting(20, positive, "Deepest nesting of a request body's JSON.")
    MAX_PENDING_ORDERS = Setting(
        10,
        positive,
        "Most pending (unpaid) orders of a user, or of a guest's cart; one more is answered 429.",
    )
    MAX_NETWORK_PENDING_ORDERS = Setting(
        50, positive, "The same for all shoppers of one network (IPv4 /24, IPv6 /48) together."
    )
    MAX_BODY_VALUES = Setting(
        500, positive, "Most values in a request body, lists and objects and what is in them; each may cost a query."
    )
    REFUSE_CARD_NUMBERS = Setting(
        True,
        boolean,
        "Whether text that holds the number of a payment card is refused. A serializer may except fields of its own: "
        '``card_numbers_allowed = ["ean"]`` in its ``Meta``.',
    )
    THROTTLE_RATES = Setting(
        {
            "checkout_cart": "5/hour",
            "checkout_ip": "60/hour",
            "guess_cart": "20/hour",
            "guess_ip": "200/hour",
            "cart_ip": "200/hour",
            "ask_order": "30/minute",
            "ask_ip": "300/minute",
        },
        rates,
        "Limits for one cart (``..._cart``), one order (``..._order``) and one network (``..._ip``: IPv4 /24, IPv6 "
        "/48). ``checkout_...`` counts refused payments, ``guess_...`` refused adjustments and payment methods, "
        "``cart_ip`` the carts that guests begin; beyond these limits the answer is 429. ``ask_...`` counts questions "
        "to a provider about a payment; beyond it the answer is what Lorikeet knows already. A scope left out is not "
        "limited.",
    )
    ABANDONED_CART_DAYS = Setting(30, positive, "Days after its last change that a guest's cart is deleted.")
    CART_TOKEN_DAYS = Setting(30, positive, "Days for which a cart token (``X-Cart-Token``) is accepted.")
    ORDER_TOKEN_DAYS = Setting(
        30, positive, "Days for which an order is opened by its link, and by the cookie of the guest's browser."
    )
    CHECKOUT_SECONDS = Setting(
        1800,
        positive,
        "Seconds for which an order waits for its payment, unless its payment method has a window of its own.",
    )
    LEASE_SECONDS = Setting(
        60,
        positive,
        "Seconds for which a process has a payment to itself: longer than all provider calls of one payment together.",
    )


settings = Settings()
