"""Telling the site what happened: after the commit, and for sales at least once."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.dispatch import Signal
from django.http import HttpRequest

from .. import signals
from ..clock import now
from ..conf import settings
from ..models import Order
from ..outcomes import to_json

__all__ = ["announce", "answers_of", "is_overdue", "notify"]

logger = logging.getLogger(__name__)

#: Where a request keeps what the receivers that ran in it returned, by the key of the order.
ANSWERS = "_lorikeet_answers"


def announce(signal: Signal, model: Any, name: str, pk: int) -> None:
    """Send ``signal`` with the row as it is after the commit, if it has receivers; lost if the process dies first."""
    if signal.has_listeners(model):
        transaction.on_commit(lambda: signal.send_robust(sender=model, **{name: model.objects.get(pk=pk)}), robust=True)


def notify(order: Order, request: HttpRequest | None = None) -> None:
    """Deliver ``order_checked_out``, and keep the dicts that are returned for the answer to ``request``.

    A receiver that fails is logged and stops no other.
    """
    answers: dict[str, Any] = {}
    for receiver, answer in signals.order_checked_out.send_robust(sender=Order, order=order, request=request):
        if isinstance(answer, Exception):
            logger.error("%r failed for order %s.", receiver, order.pk, exc_info=answer)
        elif isinstance(answer, dict):
            try:
                answers |= to_json(answer)
            except (TypeError, ValueError, RecursionError):  # the shopper has paid: it must not spoil the answer
                logger.exception("%r returned a dict for order %s that is no JSON.", receiver, order.pk)
    if request is not None:
        vars(request).setdefault(ANSWERS, {})[order.pk] = answers
    Order.objects.filter(pk=order.pk, notified_at=None).update(notified_at=now())


def answers_of(request: HttpRequest | None, order: Order) -> dict[str, Any]:
    """Return what the receivers of ``order_checked_out`` returned for ``order`` during ``request``, as JSON values."""
    answers: dict[str, Any] = getattr(request, ANSWERS, {}).get(order.pk, {})
    return answers


def is_overdue(order: Order) -> bool:
    """Tell whether the process that placed ``order`` seems to have died before it delivered ``order_checked_out``."""
    patience = timedelta(seconds=settings.LEASE_SECONDS)
    return order.purchased_on is not None and order.notified_at is None and order.purchased_on < now() - patience
