"""Webhooks: pokes. What they say is never believed; it only names the payments that the provider is asked about."""

from __future__ import annotations

from itertools import islice
from typing import Any

from django.db.models import Q
from django.http import HttpRequest

from .exceptions import NoWebhooks
from .models import PaymentAttempt, PaymentMethod
from .payments import resolve
from .providers import read_key
from .registry import registry
from .reviews import review

__all__ = ["receive"]

#: More than any provider puts into one event.
MOST_POKES = 100


def receive(name: str, request: HttpRequest) -> None:
    """Look at the payments that a webhook is about.

    :param name: the registered type of the payment method that it is for.
    :raises NoWebhooks: there is no such payment method, or it takes no webhooks.
    :raises WebhookError: its signature is wrong.
    :raises ProviderUnavailable: the provider did not answer; it is to send the webhook again.
    """
    model: Any = registry.types(PaymentMethod).get(name)
    if model is None or not model.has_own("read_webhook"):
        raise NoWebhooks(name)
    pokes = [text for text in islice(model.read_webhook(request), MOST_POKES) if isinstance(text, str)]
    named = Q(reference__in=pokes) | Q(key__in=list(filter(None, map(read_key, pokes))))
    for attempt in PaymentAttempt.objects.filter(named, provider=name):
        (review if attempt.state == "paid" and not attempt.is_refund else resolve)(attempt)
