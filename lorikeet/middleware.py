"""``request.get_cart()`` for the host's own views."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest
from django.middleware.csrf import get_token

from .cart.shopper import for_request
from .conf import settings
from .exceptions import InvalidToken

__all__ = ["CartMiddleware"]


class CartMiddleware:
    """Gives every request ``get_cart(create=False)``; list it after the session and authentication middleware."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.get_cart = partial(for_request, request)  # type: ignore[attr-defined]
        if settings.SET_CSRFTOKEN_EVERYWHERE:
            get_token(request)
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Answer a cart token that is not valid with 400 in views that are not Lorikeet's, too."""
        return HttpResponseBadRequest(str(exception)) if isinstance(exception, InvalidToken) else None
