"""Who sends a request to the cart API."""

from __future__ import annotations

from typing import Any

from rest_framework.authentication import SessionAuthentication
from rest_framework.request import Request
from rest_framework.settings import api_settings

from ..cart.shopper import TOKEN_HEADER

__all__ = ["CartSessionAuthentication", "authenticators", "refuse_foreign_sites"]

#: The schemes of ``Authorization`` that browsers send by themselves (RFC 7617, RFC 7616, RFC 4559).
AMBIENT = {"basic", "digest", "negotiate", "ntlm"}


class CartSessionAuthentication(SessionAuthentication):
    """Session authentication that protects guests' carts too.

    REST framework asks for a CSRF token only when a user is signed in, but a guest's cart depends on a cookie as well.
    For a request with a cart token cookies are ignored, and no CSRF token is asked for, since a foreign page cannot
    send the header.
    """

    def authenticate(self, request: Request) -> Any:
        """Return ``(user, None)`` for a session with a user, else ``None``.

        :raises PermissionDenied: the CSRF token of an unsafe request is missing or wrong.
        """
        if TOKEN_HEADER in request.headers:
            return None
        self.enforce_csrf(request)
        user = getattr(request._request, "user", None)
        return (user, None) if user is not None and user.is_authenticated and user.is_active else None


def refuse_foreign_sites(request: Request) -> None:
    """Ask for a CSRF token if the site's own authenticator relied on what a browser sends by itself.

    That is cookies, and the schemes of ``AMBIENT``. A token that a page has to put into a header is proof enough, since
    a foreign page cannot.

    :raises PermissionDenied: the CSRF token of an unsafe request is missing or wrong.
    """
    scheme = request.headers.get("Authorization", "").partition(" ")[0].lower()
    is_ambient = TOKEN_HEADER not in request.headers and (not scheme or scheme in AMBIENT)
    if is_ambient:
        CartSessionAuthentication().enforce_csrf(request)


def authenticators() -> list[Any]:
    """Return the site's own authenticators, with session authentication, stricter, at the end."""
    classes: Any = api_settings.DEFAULT_AUTHENTICATION_CLASSES
    own = [cls() for cls in classes if not issubclass(cls, SessionAuthentication)]
    return [*own, CartSessionAuthentication()]
