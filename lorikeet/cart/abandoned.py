"""Deleting the carts that shoppers have left behind."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Any

from django.db import connections, router, transaction
from django.db.models import QuerySet

from ..clock import now
from ..conf import settings
from ..models import Adjustment, Cart, DeliveryAddress, LineItem, PaymentMethod

__all__ = ["delete_abandoned_carts"]

logger = logging.getLogger(__name__)

#: How many carts are deleted in one transaction.
BATCH = 500


def delete_abandoned_carts() -> int:
    """Delete guests' carts that were not changed for ``LORIKEET_ABANDONED_CART_DAYS``, and those of deleted accounts.

    What is in them goes too, and so do the addresses and payment methods made in them that no order names. A cart
    with a checkout in flight is kept. One that cannot be deleted, for example because a row of the site refers to one
    of its lines, is logged, and retried a day later.
    """
    before = now() - timedelta(days=settings.ABANDONED_CART_DAYS)
    abandoned = Cart.objects.filter(user=None, updated_at__lt=before, pending_order=None)
    deleted = last = 0
    while batch := list(abandoned.filter(pk__gt=last).order_by("pk").values_list("pk", flat=True)[:BATCH]):
        last = batch[-1]
        deleted += _delete(abandoned, batch)
    return deleted


def _delete(abandoned: QuerySet[Cart], batch: list[int]) -> int:
    """Delete these carts; if one of them refuses, find it by halves, and delete the others."""
    try:
        return _delete_batch(abandoned.filter(pk__in=batch))
    except Exception:  # of the site: a key that protects, a receiver of pre_delete
        if len(batch) == 1:
            logger.exception("Cart %s cannot be deleted, and is tried again in a day.", batch[0])
            tomorrow = now() - timedelta(days=settings.ABANDONED_CART_DAYS - 1)
            abandoned.filter(pk__in=batch).update(updated_at=tomorrow)
            return 0
    half = len(batch) // 2
    return _delete(abandoned, batch[:half]) + _delete(abandoned, batch[half:])


@transaction.atomic
def _delete_batch(abandoned: QuerySet[Cart]) -> int:
    connection = connections[router.db_for_write(Cart)]
    if connection.features.has_select_for_update_skip_locked:
        abandoned = abandoned.select_for_update(skip_locked=True, of=("self",) if _has_of(connection) else ())
    carts = [cart.pk for cart in abandoned.order_by("pk")]
    for model in (LineItem, Adjustment):
        model.objects.filter(cart__in=carts).delete()
    Cart.objects.filter(pk__in=carts).update(delivery_address=None, payment_method=None)
    for owned in (DeliveryAddress, PaymentMethod):
        owned.objects.filter(cart__in=carts, user=None, orders=None).delete()
    Cart.objects.filter(pk__in=carts).delete()
    return len(carts)


def _has_of(connection: Any) -> bool:
    return bool(connection.features.has_select_for_update_of)
