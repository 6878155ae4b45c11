"""``{% load lorikeet %}``: the cart in a page that is rendered on the server."""

from __future__ import annotations

from typing import Any

from django import template
from django.middleware.csrf import get_token
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from ..cart.shopper import Shopper
from ..http.representation import Representation, etag, render, with_time

register = template.Library()

#: So that no text of a shopper ends the script element (as in Django's ``json_script``), or an attribute that a
#: template puts the element into. JSON itself needs no apostrophe.
ESCAPES = {ord(character): f"\\u{ord(character):04X}" for character in "<>&'"}


@register.simple_tag(takes_context=True)
def lorikeet_cart(context: template.Context, id: str = "lorikeet-cart") -> SafeString:
    """Write ``<script type="application/json">`` with the cart in it, as ``GET /_cart/`` shows it.

    The element has the ``id``, and the cart's ``ETag`` in ``data-etag``. The response sets the CSRF cookie, which the
    page's first write needs. Needs ``request`` in the context; writes nothing to the database.
    """
    request: Any = context["request"]
    get_token(request)
    body = render(Representation(Shopper.of(request).contents(), request).cart())
    return format_html(
        '<script type="application/json" id="{}" data-etag="{}">{}</script>',
        id,
        etag(body),
        mark_safe(with_time(body).decode().translate(ESCAPES)),  # noqa: S308 - escaped just now
    )
