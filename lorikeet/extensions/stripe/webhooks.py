"""Stripe's webhooks: signed, and of our own account and mode. An event only says which intent to ask about."""

from __future__ import annotations

import json
import logging
from typing import Any

from django.http import HttpRequest

from lorikeet.exceptions import WebhookError

from .conf import settings
from .sdk import is_live, stripe

__all__ = ["read"]

logger = logging.getLogger(__name__)

#: The events of a payment that a process is working on at this moment.
DULL = {"payment_intent.created", "payment_intent.requires_action"}


def read(request: HttpRequest) -> list[str]:
    """Return the intents that an event is about; none if it is not about this shop.

    :raises WebhookError: no secret has signed it, it was signed too long ago, or it is no event.
    """
    event = _verified(request)
    if event.get("livemode") is not is_live() or (event.get("account") or "") != settings.STRIPE_ACCOUNT:
        logger.warning("An event of Stripe's is ignored: it is for another account or mode.")
        return []
    data = event.get("data")
    found = data.get("object") if isinstance(data, dict) else None
    if not isinstance(found, dict) or event.get("type") in DULL:
        return []
    intent = found.get("id") if found.get("object") == "payment_intent" else found.get("payment_intent")
    return [intent] if isinstance(intent, str) else []


def _verified(request: HttpRequest) -> dict[str, Any]:
    header = request.headers.get("Stripe-Signature", "")
    for secret in settings.STRIPE_WEBHOOK_SECRETS:
        try:
            payload = request.body.decode()
            stripe.WebhookSignature.verify_header(payload, header, secret, settings.STRIPE_WEBHOOK_TOLERANCE)
            event = json.loads(payload)
        except (stripe.SignatureVerificationError, TypeError, ValueError, RecursionError):  # TypeError: no ASCII
            continue
        if isinstance(event, dict):
            return event
    raise WebhookError("No webhook secret has signed this, or it was signed too long ago.")
