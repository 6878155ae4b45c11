"""The lock of a cart, and telling the hooks that something in it has changed."""

from __future__ import annotations

from typing import Any

from django.db.models import F
from django.utils.timezone import now

from ..hooks import HOOKS
from ..models import Cart

__all__ = ["changed", "lock"]


def changed(cart: Cart) -> None:
    """Tell the hooks that something in ``cart``, whose lock is held, has changed."""
    for hooks in HOOKS:
        hooks.cart_changed(cart)


def lock(network: str = "", **lookup: Any) -> bool:
    """Lock the cart that matches ``lookup`` until the transaction ends; tell whether there is one.

    :param network: the digest of the network that its shopper is in now, if that is known.
    """
    known = {"network": network} if network else {}
    # Here the clock is this server's: asking for the database's costs each change of a cart a statement, and the time
    # is only ever compared with a number of days (LORIKEET_ABANDONED_CART_DAYS).
    return bool(Cart.objects.filter(**lookup).update(seq=F("seq") + 1, updated_at=now(), **known))
