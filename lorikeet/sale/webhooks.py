"""Webhooks: they only name the payments that the provider is then asked about. Nothing else in them is believed."""

from __future__ import annotations

import logging
from itertools import islice
from typing import Any

from django.db.models import Q
from django.http import HttpRequest

from ..exceptions import NoWebhooks
from ..models import PaymentAttempt, PaymentMethod
from ..outcomes import is_reference
from ..payment_reviews import review
from ..payments import resolve
from ..registry import registry
from .ask import read_key

__all__ = ["receive"]

logger = logging.getLogger(__name__)

#: How many payments are read of one event: more than any provider puts into one.
MOST_NAMED = 100


def receive(name: str, request: HttpRequest) -> None:
    """Look at the payments that a webhook is about.

    :param name: the registered type of the payment method that it is for.
    :raises NoWebhooks: there is no such payment method, or it takes no webhooks.
    :raises WebhookError: its signature is wrong.
    :raises ProviderUnavailable: the provider did not answer; it should send the webhook again.
    :raises Exception: the first that one of the payments raised, when the others are done.
    """
    model: Any = registry.types(PaymentMethod).get(name)
    if model is None or not model.has_own("read_webhook"):
        raise NoWebhooks(name)
    names = list(filter(is_reference, islice(model.read_webhook(request), MOST_NAMED)))
    named = Q(reference__in=names) | Q(key__in=list(filter(None, map(read_key, names))))
    errors = []
    for attempt in PaymentAttempt.objects.filter(named, provider=name):
        try:
            (review if attempt.state == "paid" and not attempt.is_refund else resolve)(attempt)
        except Exception as error:  # the others are looked at all the same
            logger.exception("Payment attempt %s could not be looked at for a webhook.", attempt.key)
            errors.append(error)
    if errors:
        raise errors[0]
