"""What Lorikeet does with a cart when its shopper signs in, and when an account is deleted."""

from __future__ import annotations

import logging
from contextlib import suppress
from datetime import timedelta
from typing import Any

from django.conf import settings as django_settings
from django.contrib.auth.signals import user_logged_in
from django.db.models import F
from django.db.models.signals import pre_delete
from django.dispatch import receiver
from django.http import HttpRequest

from ..clock import now
from ..conf import settings
from ..exceptions import InvalidToken
from ..models import Cart
from .merging import merge
from .shopper import SESSION_KEY, Shopper

__all__ = ["abandon_cart", "merge_at_login"]

logger = logging.getLogger(__name__)


@receiver(user_logged_in, dispatch_uid="lorikeet.merge_at_login")
def merge_at_login(request: HttpRequest | None, user: Any, **kwargs: Any) -> None:
    """Merge the guest's cart, of the session or of a cart token, into the user's. Neither opens it afterwards.

    An error here never keeps a shopper from signing in. The session remembers a guest's cart that is still
    there, so that the next login tries again.
    """
    if request is None:
        return
    session: Any = getattr(request, "session", {})
    if _merge(Shopper.of_session(session), user):
        session.pop(SESSION_KEY, None)
    with suppress(InvalidToken):  # a stale token does not either
        _merge(Shopper.of_token(request), user)


def _merge(guest: Shopper, user: Any) -> bool:
    """Merge a guest's cart into the user's, and tell whether the guest has none any more."""
    try:
        return guest.key is None or merge(guest.key, user)
    except Exception:  # of a hook or a type of the site's, or of the database
        logger.exception("A guest's cart could not be merged into that of user %s, and stays as it is.", user.pk)
        return False


@receiver(pre_delete, sender=django_settings.AUTH_USER_MODEL, dispatch_uid="lorikeet.abandon_cart")
def abandon_cart(instance: Any, **kwargs: Any) -> None:
    """Leave the cart of an account that is being deleted to the next run of recovery, which takes the cart's lock."""
    long_ago = now() - timedelta(days=settings.ABANDONED_CART_DAYS)
    Cart.objects.filter(user=instance).update(user=None, email="", updated_at=long_ago, seq=F("seq") + 1)
