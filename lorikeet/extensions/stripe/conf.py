"""The settings of the extension, each ``LORIKEET_STRIPE_...``."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

from django.conf import settings as django_settings

from lorikeet.conf import Problem, Setting, SettingsGroup, boolean, dotted_path, positive

__all__ = ["settings"]


def text(value: Any) -> Problem:
    return None if isinstance(value, str) else "must be text"


def texts(value: Any) -> Problem:
    ok = isinstance(value, (list, tuple)) and all(isinstance(member, str) and member for member in value)
    return None if ok else "must be a list of texts, none of them empty"


def suffix(value: Any) -> Problem:
    """Source: https://docs.stripe.com/get-started/account/statement-descriptors."""
    ok = isinstance(value, str) and re.fullmatch(r"""(?=.*[A-Za-z])[^<>\\'"*\x80-\U0010ffff]{1,22}|""", value)
    return None if ok else "must be at most 22 ASCII characters with a letter, without < > \\ ' \" *"


def description(value: Any) -> Problem:
    try:
        ok = isinstance(value, str) and len(value.format(order=2**63)) <= 1000
    except (AttributeError, IndexError, KeyError, ValueError):
        ok = False
    return None if ok else "must be text of at most 1000 characters, with no braces but {order}"


def capture_method(value: Any) -> Problem:
    return None if value in ("automatic", "manual") else "must be 'automatic' or 'manual'"


def amounts(value: Any) -> Problem:
    ok = isinstance(value, dict) and all(isinstance(amount, Decimal) for amount in value.values())
    return None if ok else "must be a dict of currency to Decimal"


class KeySetting(Setting[str]):
    """The secret key. Lorikeet's first release read it from ``STRIPE_API_KEY``, which still works."""

    def __get__(self, instance: Any, owner: Any) -> Any:
        found: Any = super().__get__(instance, owner)
        return found or (instance and getattr(django_settings, "STRIPE_API_KEY", ""))


class StripeSettings(SettingsGroup):
    """The settings of ``lorikeet.extensions.stripe``."""

    STRIPE_API_KEY = KeySetting(
        "", text, "Stripe's secret or restricted key (``sk_...``, ``rk_...``). If empty, ``STRIPE_API_KEY`` is read."
    )
    STRIPE_PUBLISHABLE_KEY = Setting("", text, "The key for the browser (``pk_...``), which the cart then shows.")
    STRIPE_WEBHOOK_SECRETS: Setting[list[str]] = Setting(
        [],
        texts,
        "The signing secrets (``whsec_...``) of the webhook endpoints: two while one replaces the other.",
    )
    STRIPE_WEBHOOK_TOLERANCE = Setting(300, positive, "Seconds for which the signature of a webhook is accepted.")
    STRIPE_ACCOUNT = Setting(
        "", text, "The connected account (``acct_...``) that is charged. Empty: the one that the key belongs to."
    )
    STRIPE_SHOP = Setting(
        "", text, "The name of this shop in Stripe's metadata, where several shops share one Stripe account."
    )
    STRIPE_CAPTURE_METHOD = Setting(
        "automatic",
        capture_method,
        "``automatic``: checkout captures the money. ``manual``: checkout authorises it, ``capture()`` captures it.",
    )
    STRIPE_STATEMENT_DESCRIPTOR_SUFFIX = Setting(
        "", suffix, "What follows the shop's name on the statement of a card, at most 22 characters with it."
    )
    STRIPE_DESCRIPTION = Setting(
        "Order {order}", description, "What Stripe's dashboard shows; ``{order}`` is the order's key."
    )
    STRIPE_SENDS_RECEIPTS = Setting(
        False, boolean, "Whether Stripe is given the shopper's e-mail address, so that it sends a receipt."
    )
    STRIPE_RETURN_URL = Setting(
        "", text, "The page to which a bank sends the shopper back. Empty: Stripe.js shows the bank's step in the page."
    )
    STRIPE_MINIMUM_AMOUNTS: Setting[dict[str, Decimal]] = Setting(
        {},
        amounts,
        "The least that can be charged, by currency and in major units: where Stripe's published minimum does not "
        "apply, and for currencies that Stripe has added.",
    )
    STRIPE_TIMEOUT_SECONDS = Setting(
        12, positive, "Seconds to wait for Stripe's answer. Each call is made at most twice."
    )
    STRIPE_CLIENT = Setting(
        "lorikeet.extensions.stripe.sdk.make_client",
        dotted_path,
        "Dotted path of a function without arguments that returns the ``stripe.StripeClient`` to use.",
    )
    STRIPE_API_BASE = Setting("", text, "Another address than Stripe's own, for tests.")


settings = StripeSettings()
