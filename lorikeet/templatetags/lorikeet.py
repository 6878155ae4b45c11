"""``{% load lorikeet %}``: the cart as JSON, for a page that is rendered on the server."""

from __future__ import annotations

from typing import Any

from django import template
from django.utils.safestring import SafeString, mark_safe

from ..carts import Shopper
from ..representation import Representation, render, with_time

register = template.Library()

#: So that nothing a shopper has typed ends the script element (as Django's ``json_script`` does).
ESCAPES = {ord("<"): "\\u003C", ord(">"): "\\u003E", ord("&"): "\\u0026"}


@register.simple_tag(takes_context=True)
def lorikeet_cart(context: template.Context) -> SafeString:
    """Return the cart as ``GET /_cart/`` shows it, safe inside ``<script type="application/json">``.

    Needs ``request`` in the context. Reads only.
    """
    request: Any = context["request"]
    body = render(Representation(Shopper.of(request).contents(), request).cart())
    return mark_safe(with_time(body).decode().translate(ESCAPES))  # noqa: S308 - escaped just now
