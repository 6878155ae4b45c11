"""Recovery: what is done periodically, in idempotent sweeps, safe to run from any number of processes."""

from __future__ import annotations

import logging
from collections.abc import Callable

from .cart.abandoned import delete_abandoned_carts
from .clock import now
from .exceptions import RegistrationError
from .models import RecoveryRun
from .sale.sweeps import flag_unresolved, notify_missed, resolve_due
from .throttles import delete_expired_counts

__all__ = ["register_sweep", "tick"]

logger = logging.getLogger(__name__)

#: What is done in every run, in this order.
OWN = ("payments looked at", "payments flagged", "orders notified", "carts deleted", "counts deleted")
#: The sweeps of extensions, by what they count.
SWEEPS: dict[str, Callable[[], int]] = {}


def register_sweep(what: str, sweep: Callable[[], int]) -> None:
    """Have every run of recovery call ``sweep()``; to be called in ``AppConfig.ready()``.

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
