"""Every mistake with Stripe that shows at start-up."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.conf import settings as django_settings
from django.core.checks import CheckMessage, Error, Warning, register

from lorikeet.conf import settings as core_settings

from .conf import settings
from .sdk import is_live, stripe

__all__ = ["check_stripe"]

#: Two calls of a payment, each made twice, and what the SDK waits in between.
CALLS, PAUSES = 4, 4


@register("lorikeet")
def check_stripe(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Check the settings, the key and the SDK."""
    wrong: list[CheckMessage] = [
        Error(f"{setting.name} {problem}.", hint=f"The default is {setting.default!r}.", id="lorikeet_stripe.E001")
        for setting in settings
        if (problem := setting.problem())
    ]
    return wrong or [*_check_site()]


def _check_site() -> Iterator[CheckMessage]:
    if stripe is None:
        yield Error("Stripe's SDK is missing.", hint="pip install lorikeet-cart[stripe]", id="lorikeet_stripe.E002")
    if not settings.STRIPE_API_KEY:
        yield Error(
            "There is no key for Stripe.",
            hint='LORIKEET_STRIPE_API_KEY = os.environ["STRIPE_API_KEY"]',
            id="lorikeet_stripe.E003",
        )
    elif not (is_live() or django_settings.DEBUG or settings.STRIPE_API_BASE):
        yield Warning(
            "The key for Stripe is a test key: no card is charged.",
            hint="Set LORIKEET_STRIPE_API_KEY to the live key, or DEBUG = True.",
            id="lorikeet_stripe.W001",
        )
    if not settings.STRIPE_WEBHOOK_SECRETS:
        yield Warning(
            "Stripe's webhooks cannot be verified: refunds and disputes in its dashboard are not seen.",
            hint='LORIKEET_STRIPE_WEBHOOK_SECRETS = [os.environ["STRIPE_WEBHOOK_SECRET"]], of the endpoint '
            "/_cart/webhook/StripeCard/",
            id="lorikeet_stripe.W002",
        )
    if settings.STRIPE_TIMEOUT_SECONDS * CALLS + PAUSES > core_settings.LEASE_SECONDS:
        yield Warning(
            "The two calls of a payment, each made twice, may take longer than its lease.",
            hint=f"Set LORIKEET_LEASE_SECONDS to at least {settings.STRIPE_TIMEOUT_SECONDS * CALLS + PAUSES}.",
            id="lorikeet_stripe.W003",
        )
