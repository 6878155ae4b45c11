"""What has to happen although nobody asks for it: idempotent sweeps, safe to run from any number of processes."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db import connections, router, transaction
from django.db.models import QuerySet
from django.db.models.functions import Now
from django.utils.timezone import now

from .checkout import notify
from .conf import settings
from .models import Adjustment, Cart, DeliveryAddress, LineItem, Order, PaymentAttempt, PaymentMethod, ThrottleCount
from .payments import park

__all__ = ["delete_abandoned_carts", "delete_expired_counts", "notify_missed", "park_lapsed", "tick"]

BATCH = 500


def tick() -> dict[str, int]:
    """Do everything periodic once, and return how many rows each sweep dealt with."""
    return {
        "payments parked": park_lapsed(),
        "orders notified": notify_missed(),
        "carts deleted": delete_abandoned_carts(),
        "counts deleted": delete_expired_counts(),
    }


def park_lapsed() -> int:
    """Hand payments whose process died in the middle to the staff; nobody else can say what became of them."""
    lapsed = PaymentAttempt.objects.filter(state=PaymentAttempt.State.CALLING, lease_until__lt=Now())
    attempts = list(lapsed.order_by("id")[:BATCH])
    for attempt in attempts:
        park(attempt)
    return len(attempts)


def notify_missed() -> int:
    """Deliver ``order_checked_out`` of the orders whose process died after it had placed them."""
    due = now() - timedelta(seconds=settings.LEASE_SECONDS)
    missed = Order.objects.placed().filter(notified_at=None, purchased_on__lt=due)
    orders = list(missed.select_related("user").order_by("id")[:BATCH])
    for order in orders:
        notify(order)
    return len(orders)


def delete_abandoned_carts() -> int:
    """Delete guests' carts that nobody has changed for ``LORIKEET_ABANDONED_CART_DAYS``, in batches.

    What is in them goes too, and so do the addresses and payment methods made in them that no order names. A cart
    with a checkout in flight stays.
    """
    before = now() - timedelta(days=settings.ABANDONED_CART_DAYS)
    deleted = 0
    while count := _delete_batch(Cart.objects.filter(user=None, updated_at__lt=before, pending_order=None)):
        deleted += count
    return deleted


@transaction.atomic
def _delete_batch(abandoned: QuerySet[Cart]) -> int:
    connection = connections[router.db_for_write(Cart)]
    if connection.features.has_select_for_update_skip_locked:
        abandoned = abandoned.select_for_update(skip_locked=True, of=("self",) if _has_of(connection) else ())
    carts = [cart.pk for cart in abandoned.order_by("updated_at")[:BATCH]]
    for model in (LineItem, Adjustment):
        model.objects.filter(cart__in=carts).delete()
    Cart.objects.filter(pk__in=carts).update(delivery_address=None, payment_method=None)
    for owned in (DeliveryAddress, PaymentMethod):
        owned.objects.filter(cart__in=carts, user=None, orders=None).delete()
    Cart.objects.filter(pk__in=carts).delete()
    return len(carts)


def _has_of(connection: Any) -> bool:
    return bool(connection.features.has_select_for_update_of)


def delete_expired_counts() -> int:
    """Delete the counts of throttles whose window is over."""
    deleted: int = ThrottleCount.objects.filter(expires_at__lt=now()).delete()[0]
    return deleted
