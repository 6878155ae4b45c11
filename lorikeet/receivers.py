"""What Lorikeet does when others say that something happened."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from typing import Any

from django.conf import settings as django_settings
from django.contrib.auth.signals import user_logged_in
from django.db.models import F
from django.db.models.signals import pre_delete
from django.dispatch import receiver
from django.http import HttpRequest
from django.utils.timezone import now

from .carts import SESSION_KEY, Shopper, merge
from .conf import settings
from .exceptions import InvalidToken
from .models import Cart

__all__ = ["abandon_cart", "merge_at_login"]


@receiver(user_logged_in, dispatch_uid="lorikeet.merge_at_login")
def merge_at_login(request: HttpRequest | None, user: Any, **kwargs: Any) -> None:
    """Merge the guest's cart, of the session or of a cart token, into the user's. Nothing opens it afterwards."""
    if request is None:
        return
    session: Any = getattr(request, "session", {})
    guests = [Shopper.of_session(session)]
    with suppress(InvalidToken):  # whoever signs in with a stale token is signed in all the same
        guests.append(Shopper.of_token(request))
    for guest in guests:
        if guest.key is not None:
            merge(guest.key, user)
    session.pop(SESSION_KEY, None)


@receiver(pre_delete, sender=django_settings.AUTH_USER_MODEL, dispatch_uid="lorikeet.abandon_cart")
def abandon_cart(instance: Any, **kwargs: Any) -> None:
    """Leave the cart of an account that is being deleted to the next run of recovery, which takes the cart's lock."""
    long_ago = now() - timedelta(days=settings.ABANDONED_CART_DAYS)
    Cart.objects.filter(user=instance).update(user=None, email="", updated_at=long_ago, seq=F("seq") + 1)
