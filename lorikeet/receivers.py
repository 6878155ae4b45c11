"""What Lorikeet does when others say that something happened."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from django.contrib.auth.signals import user_logged_in
from django.dispatch import receiver
from django.http import HttpRequest

from .carts import SESSION_KEY, Shopper, merge
from .exceptions import InvalidToken

__all__ = ["merge_at_login"]


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
