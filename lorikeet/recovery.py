"""What has to happen although nobody asks for it: idempotent sweeps, safe to run from any number of processes."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import timedelta
from time import monotonic
from typing import Any

from django.db import connections, router, transaction
from django.db.models import Q, QuerySet
from django.db.models.functions import Coalesce

from .clock import now
from .conf import settings
from .exceptions import RegistrationError
from .models import (
    Adjustment,
    Cart,
    DeliveryAddress,
    LineItem,
    Order,
    PaymentAttempt,
    PaymentMethod,
    RecoveryRun,
    ThrottleCount,
)
from .outcomes import Unknown
from .payments import resolve
from .sale.leases import due
from .sale.notifications import notify
from .sale.settle import UNRESOLVED, flag

__all__ = [
    "delete_abandoned_carts",
    "delete_expired_counts",
    "flag_unresolved",
    "notify_missed",
    "register_sweep",
    "resolve_due",
    "tick",
]

logger = logging.getLogger(__name__)

State = PaymentAttempt.State
BATCH = 500
#: How many payments in a row a provider may not answer for, before its turn is over.
SILENT_AFTER = 50
#: How many seconds a provider's turn lasts: what is not reached by then is reached in the next run.
TURN_SECONDS = 30
#: How long the outcome of a payment may be unknown before the staff are told.
UNKNOWN_FOR = timedelta(minutes=15)


#: What is done in every run, in this order.
OWN = ("payments looked at", "payments flagged", "orders notified", "carts deleted", "counts deleted")
#: What an extension has done periodically, by what its count is of.
SWEEPS: dict[str, Callable[[], int]] = {}


def register_sweep(what: str, sweep: Callable[[], int]) -> None:
    """Have every run of recovery call ``sweep()``, in ``AppConfig.ready()``.

    :param what: the rows that it deals with, such as ``"holds released"``.
    :param sweep: idempotent, and safe to run from any number of processes; it returns how many rows it dealt with.
    :raises RegistrationError: another sweep has this name.
    """
    if what in OWN or SWEEPS.get(what, sweep) != sweep:
        raise RegistrationError(f"There is a sweep {what!r} already: say in other words what yours deals with.")
    SWEEPS[what] = sweep


def tick(progress: Callable[[str, int], None] = lambda what, count: None) -> dict[str, int]:
    """Do everything periodic once, and return how many rows each sweep dealt with.

    :param progress: called after each sweep, with its name and its count.
    :raises Exception: the first that a sweep raised, when the others are done.
    """
    own = resolve_due, flag_unresolved, notify_missed, delete_abandoned_carts, delete_expired_counts
    counts, errors = {}, []
    for what, sweep in (*zip(OWN, own, strict=True), *SWEEPS.items()):
        try:
            counts[what] = sweep()
        except Exception as error:  # one sweep must not keep the others from being done
            logger.exception("This sweep was not finished: %s.", what)
            errors.append(error)
        else:
            progress(what, counts[what])
    if OWN[0] in counts:
        RecoveryRun.objects.update_or_create(pk=1, defaults={"finished_at": now()})
    if errors:
        raise errors[0]
    return counts


def resolve_due() -> int:
    """Ask after the payments whose process died in the middle, and those that are to be looked at again by now.

    Each provider has its turn, and those of its payments whose outcome is unknown have one of their own: what does not
    answer keeps nothing else waiting for longer than ``TURN_SECONDS``.
    """
    attempts = PaymentAttempt.objects.filter(due(now()))
    providers = sorted(set(attempts.values_list("provider", flat=True)))
    is_unknown = Q(state=State.UNKNOWN)
    turns = [(provider, which) for provider in providers for which in (~is_unknown, is_unknown)]
    return sum(_take_turn(provider, attempts.filter(which, provider=provider)) for provider, which in turns)


def _take_turn(provider: str, attempts: QuerySet[PaymentAttempt]) -> int:
    """Ask one provider after up to ``BATCH`` payments, in the order in which they are due."""
    looked = silences = 0
    ends = monotonic() + TURN_SECONDS
    for attempt in attempts.order_by(Coalesce("lease_until", "check_at", "created_at"), "id")[:BATCH]:
        if silences == SILENT_AFTER or monotonic() > ends:
            logger.error("%s takes too long to answer; its other payments are looked at in the next run.", provider)
            break
        looked += 1
        try:
            outcome = resolve(attempt)
        except Exception:  # the others must not wait for a host's mistake in this one
            logger.exception("Payment attempt %s could not be resolved.", attempt.key)
            flag(attempt, UNRESOLVED)
        else:
            silences = silences + 1 if outcome == Unknown() else 0
    return looked


def flag_unresolved() -> int:
    """Tell the staff of payments whose outcome has been unknown for a quarter of an hour."""
    unresolved = PaymentAttempt.objects.filter(
        state__in=(State.CALLING, State.UNKNOWN), attention="", updated_at__lt=now() - UNKNOWN_FOR
    )
    attempts = list(unresolved.order_by("id")[:BATCH])
    for attempt in attempts:
        flag(attempt, UNRESOLVED)
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
    """Delete guests' carts that were not changed for ``LORIKEET_ABANDONED_CART_DAYS``, and those of deleted accounts.

    What is in them goes too, and so do the addresses and payment methods made in them that no order names. A cart
    with a checkout in flight stays. One that cannot be deleted, such as for a row of the site's that refers to one of
    its lines, is logged, and tried again a day later.
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


def delete_expired_counts() -> int:
    """Delete the counts of throttles whose window is over."""
    deleted: int = ThrottleCount.objects.filter(expires_at__lt=now()).delete()[0]
    return deleted
