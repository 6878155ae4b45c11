"""Stripe's own client: one for each process and key, with explicit timeouts."""

from __future__ import annotations

import json
import os
from functools import lru_cache
from typing import Any

from django.utils.module_loading import import_string

from .conf import settings

stripe: Any
try:
    import stripe
except ImportError:  # the extra lorikeet-cart[stripe] is not installed
    stripe = None

__all__ = ["AUTOMATIC", "api", "as_dict", "is_live", "make_client", "metadata", "stripe"]


#: Cards, and what else the shop has switched on at Stripe, unless it sends the shopper to another page.
AUTOMATIC = {"enabled": True, "allow_redirects": "never"}


def api() -> Any:
    """Return Stripe's API, the services of ``StripeClient.v1``."""
    return import_string(settings.STRIPE_CLIENT)().v1


def make_client() -> Any:
    """Return the client for the settings in force."""
    values = (settings.STRIPE_API_KEY, settings.STRIPE_ACCOUNT, settings.STRIPE_API_BASE)
    return _client(os.getpid(), settings.STRIPE_TIMEOUT_SECONDS, *values)


@lru_cache(maxsize=4)
def _client(pid: int, timeout: int, key: str, account: str, base: str) -> Any:  # noqa: ARG001
    """Return the client of this process: connections are not shared with a forked one, hence ``pid``."""
    return stripe.StripeClient(
        key,
        stripe_account=account or None,
        base_addresses={"api": base} if base else {},
        http_client=stripe.RequestsClient(timeout=timeout),
        max_network_retries=1,
    )


def as_dict(found: Any) -> dict[str, Any]:
    """Return an object of Stripe's as a plain dict, with any version of the SDK; ``None`` becomes an empty one."""
    shown: dict[str, Any] = json.loads(str(found)) if found else {}
    return shown


def is_live() -> bool:
    """Tell whether the key moves real money."""
    return "_live_" in settings.STRIPE_API_KEY


def metadata(key: Any, **more: Any) -> dict[str, str]:
    """Return the metadata by which an object at Stripe is recognised, nothing personal; ``key`` is an attempt's."""
    shop = {"lorikeet_shop": settings.STRIPE_SHOP} if settings.STRIPE_SHOP else {}
    return {"lorikeet_key": str(key), **shop, **{f"lorikeet_{name}": str(value) for name, value in more.items()}}
