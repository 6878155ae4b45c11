"""Who sends a request to the cart API, and where it comes from."""

from __future__ import annotations

from ipaddress import ip_address, ip_network
from typing import Any

from rest_framework.authentication import SessionAuthentication
from rest_framework.request import Request
from rest_framework.settings import api_settings

from .carts import TOKEN_HEADER

__all__ = ["CartSessionAuthentication", "authenticators", "network_of"]


class CartSessionAuthentication(SessionAuthentication):
    """Session authentication that protects guests' carts too.

    REST framework asks for a CSRF token only when somebody is signed in; a guest's cart rides on a cookie just the
    same. A request with a cart token rides on no cookie: cookies are ignored, and no CSRF token is asked for, since
    a foreign page cannot send the header.
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


def authenticators() -> list[Any]:
    """Return the site's own authenticators, with session authentication, stricter, at the end."""
    classes: Any = api_settings.DEFAULT_AUTHENTICATION_CLASSES
    own = [cls() for cls in classes if not issubclass(cls, SessionAuthentication)]
    return [*own, CartSessionAuthentication()]


def network_of(request: Request) -> str:
    """Return the network a request comes from (IPv4 /24, IPv6 /48), or an empty string if that is not known.

    ``X-Forwarded-For`` is believed only as far as REST framework's ``NUM_PROXIES`` says that the site has proxies.
    """
    address = request.META.get("REMOTE_ADDR", "")
    forwarded = [hop.strip() for hop in request.META.get("HTTP_X_FORWARDED_FOR", "").split(",") if hop.strip()]
    proxies: int = api_settings.NUM_PROXIES or 0
    if proxies and forwarded:
        address = forwarded[-min(proxies, len(forwarded))]
    try:
        version = ip_address(address).version
    except ValueError:
        return ""
    return str(ip_network(f"{address}/{24 if version == 4 else 48}", strict=False).network_address)
