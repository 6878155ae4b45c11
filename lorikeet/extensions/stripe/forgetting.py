"""Having Stripe forget a card that its owner has removed. The model of the card calls this, so it imports no model."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from django.db.models import Q, QuerySet

from lorikeet.clock import now
from lorikeet.models import PaymentAttempt

from .sdk import api, stripe

if TYPE_CHECKING:
    from .models import StripeCard

__all__ = ["detach", "forget", "removed"]

logger = logging.getLogger(__name__)


def removed(model: type[StripeCard]) -> QuerySet[StripeCard]:
    """Return the cards at Stripe that their owners removed, or whose owners are gone."""
    gone = Q(active=False) | Q(user=None, cart=None)
    cards: QuerySet[StripeCard] = model.objects.filter(gone, forgotten_at=None).exclude(customer=None)
    return cards


def forget(card: StripeCard) -> bool:
    """Have Stripe forget a card that was removed, unless a payment with it is open; tell whether it did."""
    row = removed(type(card)).filter(pk=card.pk).first()
    if row is None or PaymentAttempt.objects.filter(method=card.pk).exclude(open_for=None).exists():
        return False
    if row.payment_method is not None and not detach(row.payment_method):
        return False
    type(card).objects.filter(pk=card.pk).update(forgotten_at=now())
    return True


def detach(payment_method: str) -> bool:
    """Have Stripe forget a card, and tell whether it is forgotten now."""
    try:
        api().payment_methods.detach(payment_method)
    except stripe.InvalidRequestError:  # it is forgotten already
        return True
    except stripe.StripeError:
        logger.exception("Stripe did not forget a card; the next run tries again.")
        return False
    return True
