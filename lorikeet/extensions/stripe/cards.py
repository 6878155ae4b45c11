"""Cards at Stripe: looking one up, keeping it for the next time, and having Stripe forget it."""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from typing import Any
from uuid import uuid4

from django.db.models import Exists, OuterRef, ProtectedError
from django.utils.timezone import now

from .forgetting import forget, removed
from .models import StripeCard, StripeCustomer
from .sdk import api, metadata, stripe

__all__ = [
    "attach",
    "customer_of",
    "delete_unused_customers",
    "describe",
    "forget_retired",
    "look_up",
    "with_customer",
]

logger = logging.getLogger(__name__)

BATCH = 100
#: How long a customer may be without a card: one is made before the card is saved.
UNUSED = timedelta(hours=1)


def look_up(name: str, value: str) -> Any:
    """Return the card that a browser names: as a PaymentMethod, or what a confirmation token shows of it.

    :param name: ``"payment_method"``, ``"confirmation_token"`` or ``"token"``.
    :raises stripe.InvalidRequestError: there is none.
    """
    if name == "payment_method":
        return api().payment_methods.retrieve(value)
    if name == "confirmation_token":
        return api().confirmation_tokens.retrieve(value).payment_method_preview
    return api().payment_methods.create({"type": "card", "card": {"token": value}}, {"idempotency_key": value})


def describe(found: Any) -> dict[str, Any]:
    """Return what the cart shows of a card; nothing else of it is kept."""
    card = found.card
    return {"brand": card.brand, "last4": card.last4, "exp_month": card.exp_month, "exp_year": card.exp_year}


def customer_of(user: Any) -> StripeCustomer:
    """Return a user's customer at Stripe, which the first call makes; a guest gets a new one each time.

    The row is written first. It has the idempotency key, so that a retry makes no second customer.
    """
    customer = StripeCustomer() if user is None else StripeCustomer.objects.get_or_create(user=user)[0]
    if customer.reference is None:
        made = api().customers.create({"metadata": metadata(customer.key)}, {"idempotency_key": str(customer.key)})
        customer.reference = made.id
        customer.save()
    return customer


def attach(payment_method: str, customer: StripeCustomer) -> StripeCustomer:
    """Attach a card to a customer, and return the customer.

    :raises stripe.CardError: the bank does not let it be saved.
    """
    api().payment_methods.attach(payment_method, {"customer": customer.reference})
    return customer


def with_customer(user: Any, act: Callable[[StripeCustomer], Any]) -> Any:
    """Return what ``act(customer)`` returns, with a new customer if the user's was deleted at Stripe."""
    customer = customer_of(user)
    try:
        return act(customer)
    except stripe.InvalidRequestError as error:
        if error.param != "customer" or not _is_deleted(customer):
            raise
    gone = StripeCustomer.objects.filter(pk=customer.pk, reference=customer.reference)
    gone.update(reference=None, key=uuid4())
    return act(customer_of(user))


def _is_deleted(customer: StripeCustomer) -> bool:
    """Tell whether a customer was deleted at Stripe. One of another account or mode is unknown there, which raises."""
    return bool(getattr(api().customers.retrieve(customer.reference), "deleted", False))


def forget_retired() -> int:
    """Have Stripe forget the removed cards that it did not forget at once."""
    return sum(map(forget, removed(StripeCard).order_by("pk")[:BATCH]))


def delete_unused_customers() -> int:
    """Delete the customers without an account, and their cards with them, once every card that is left is forgotten.

    These are customers of guests whose carts are gone or whose card was refused, and of deleted accounts. A card whose
    row is gone although Stripe never detached it goes with its customer.
    """
    in_use = StripeCard.objects.filter(customer=OuterRef("pk"), forgotten_at=None)
    unused = StripeCustomer.objects.filter(~Exists(in_use), user=None, created_at__lt=now() - UNUSED)
    return sum(map(_delete_customer, unused.order_by("pk")[:BATCH]))


def _delete_customer(customer: StripeCustomer) -> bool:
    try:
        if customer.reference is not None:
            api().customers.delete(customer.reference)
    except stripe.InvalidRequestError:  # it is deleted already
        pass
    except stripe.StripeError:
        logger.exception("Stripe did not delete a customer; the next run tries again.")
        return False
    customer.cards.exclude(forgotten_at=None).update(customer=None)
    with suppress(ProtectedError):  # a guest returned with their card at this moment
        customer.delete()
    return True
