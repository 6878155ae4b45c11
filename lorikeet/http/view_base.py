"""What the views of the API have in common."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.db import transaction
from django.http import HttpResponse
from django.urls import reverse
from django.utils.cache import patch_vary_headers
from django.utils.decorators import method_decorator
from rest_framework import status
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.permissions import SAFE_METHODS
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.mediatypes import media_type_matches
from rest_framework.views import APIView

from .. import throttles
from ..cart.fetching import fetch_contents
from ..cart.shopper import TOKEN_HEADER, Shopper, locked
from ..contents import CartContents
from ..exceptions import CartChanged
from ..models import Cart, EmptyCart
from ..pricing import Totals
from .authentication import authenticators, refuse_foreign_sites
from .errors import first_message, handle_exception
from .json_parser import StrictJSONParser
from .representation import AmountEncoder, Representation, etag, render, with_time

__all__ = ["CartAPIView", "JSONView"]

#: "return=cart" among the preferences of a header (RFC 7240, section 2).
PREFERENCE = re.compile(r'(?:^|,)\s*return\s*=\s*(?:cart|"cart")\s*(?:[;,]|$)', re.IGNORECASE)


class AmountRenderer(JSONRenderer):
    """Renders JSON in which amounts are text."""

    encoder_class = AmountEncoder


class JSONOnly(BaseContentNegotiation):
    """Answers in JSON whatever a client says that it accepts, as RFC 9110 (section 12.5.1) allows."""

    def select_parser(self, request: Request, parsers: Any) -> Any:
        """Return the parser for the request's content type, or ``None``."""
        return next((p for p in parsers if media_type_matches(p.media_type, request.content_type)), None)

    def select_renderer(self, request: Request, renderers: Any, format_suffix: str | None = None) -> Any:
        """Return the one renderer there is."""
        return renderers[0], renderers[0].media_type


@method_decorator(transaction.non_atomic_requests, name="dispatch")  # every write has a transaction of its own
class JSONView(APIView):
    """JSON in, JSON out, whatever the site's own settings for REST framework are."""

    parser_classes = (StrictJSONParser,)
    renderer_classes = (AmountRenderer,)
    authentication_classes = ()
    permission_classes = ()
    throttle_classes = ()
    content_negotiation_class = JSONOnly
    metadata_class = None

    def get_exception_handler(self) -> Any:
        return handle_exception

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        response = super().finalize_response(request, response, *args, **kwargs)
        if isinstance(response, Response) and 400 <= response.status_code < 500:
            response["X-API-Error"] = first_message(response.data)
        return response


class CartAPIView(JSONView):
    """A view of the shopper's own cart, protected from requests that other sites forge."""

    http_method_names = ["get", "head", "post", "put", "patch", "delete"]

    shopper: Shopper
    #: The token of a cart that this request made, for the response.
    new_token: str | None = None

    def get_authenticators(self) -> list[Any]:
        return authenticators()

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        refuse_foreign_sites(request)
        shopper = Shopper.of(request._request)
        self.shopper = shopper if request.method in SAFE_METHODS else shopper.merged()

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        response = super().finalize_response(request, response, *args, **kwargs)
        if self.new_token is not None:
            response[TOKEN_HEADER] = self.new_token
        response["Cache-Control"] = "private, no-cache"
        patch_vary_headers(response, ("Cookie", "Accept-Language"))
        return response

    def current_cart(self) -> Cart:
        """Return the shopper's cart, or an empty one; reads only."""
        return self.shopper.find() or EmptyCart(user=self.shopper.user)

    @contextmanager
    def changing(self, create: bool = False) -> Iterator[Cart]:
        """Lock the shopper's cart for a write, provided that it is the one which ``If-Match`` names.

        :raises CartGone: there is no cart, and none is to be made.
        :raises CartChanged: ``If-Match`` names another state of it.
        :raises TooManyAttempts: this network has made too many new carts.
        """
        with locked(self.shopper, create=create or self.shopper.user is not None) as cart:
            self.note_network(cart)
            if "If-Match" in self.request.headers:
                contents = fetch_contents(pk=cart.pk)
                assert contents is not None  # it is locked
                self.check_match(contents)
            yield cart
        self.new_token = self.shopper.remember(self.request._request, cart)
        self.shopper = Shopper(self.shopper.user, None if self.shopper.user else cart.key)

    def note_network(self, cart: Cart) -> None:
        """Record which network the locked ``cart`` is changed from; count the cart if it is new."""
        network = throttles.network_of(self.request)
        if cart.user_id is None and cart.seq == 1:  # it was just made: this is its first lock
            throttles.check("cart", ip=network)
            throttles.record("cart", ip=network)
        if cart.network != (digest := throttles.digest(network)):
            cart.network = digest
            cart.save(update_fields=["network"])

    def check_match(self, contents: CartContents, totals: Totals | None = None) -> None:
        """Raise ``CartChanged`` unless ``If-Match`` names this cart (RFC 9110, section 13.1.1)."""
        wanted = {tag.strip() for tag in self.request.headers["If-Match"].split(",")}
        if "*" not in wanted and etag(render(Representation(contents, self.request, totals).cart())) not in wanted:
            raise CartChanged

    def whole_cart(self, code: int = 200) -> HttpResponse:
        """Answer with everything in the cart as it is now."""
        body = render(Representation(self.shopper.contents(), self.request).cart())
        response = HttpResponse(with_time(body), status=code, content_type="application/json")
        response["ETag"] = etag(body)
        return response

    def answer(self, body: Callable[[], Any], code: int) -> HttpResponse | Response:
        """Answer a write: with the cart if the client prefers that (RFC 7240), else with ``body()``.

        A 204 that is to hold the cart becomes a 200, since a 204 holds nothing.
        """
        header = PREFERENCE.search(self.request.headers.get("Prefer", ""))
        if header is None and self.request.query_params.get("return") != "cart":
            return Response(body(), status=code)
        response = self.whole_cart(200 if code == status.HTTP_204_NO_CONTENT else code)
        response["Preference-Applied"] = "return=cart"
        response["Content-Location"] = reverse("lorikeet:cart")
        return response
