"""The JSON that clients see: of the whole cart, and of one thing in it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from decimal import Decimal
from functools import lru_cache
from time import time
from typing import Any

from django.core.signals import setting_changed
from django.dispatch import receiver
from django.http import Http404
from django.urls import get_script_prefix, get_urlconf, reverse
from django.utils.functional import cached_property
from django.utils.translation import get_language
from rest_framework.utils.encoders import JSONEncoder

from .. import money
from ..cart.completeness import checkout_steps, reasons
from ..conf import settings
from ..contents import CartContents
from ..exceptions import PriceError
from ..models import Cart, DeliveryAddress, LineItem, Order, PaymentAttempt
from ..pricing import Charge, Totals, price, total_of
from ..registry import registry
from ..sections import CartSection
from .fast_serializers import Reader, reader

__all__ = [
    "CORE_KEYS",
    "AmountEncoder",
    "Representation",
    "etag",
    "render",
    "represent_cart",
    "represent_checkout",
    "sections",
    "with_time",
]

#: In place of the primary key in a URL that is made once for many rows.
SOME_ID = "0"
COMPATIBLE_VERSION = 2
INCOMPATIBLE_VERSION = 1

#: The keys of the cart that no section may take.
CORE_KEYS = {
    "items",
    "new_item_url",
    "adjustments",
    "new_adjustment_url",
    "charges",
    "delivery_addresses",
    "new_address_url",
    "payment_methods",
    "new_payment_method_url",
    "subtotal",
    "grand_total",
    "currency",
    "generated_at",
    "is_complete",
    "incomplete_reasons",
    "checkout_steps",
    "checkout_url",
    "pending_checkout",
    "is_authenticated",
    "email",
    "compatible_version",
    "incompatible_version",
}


class AmountEncoder(JSONEncoder):
    """Writes a ``Decimal`` as the text of its digits, never as a float."""

    def default(self, obj: Any) -> Any:
        """Return the JSON form of ``obj``."""
        return format(obj, "f") if isinstance(obj, Decimal) else super().default(obj)


@lru_cache(maxsize=64)
def urls_for(place: tuple[str | None, ...]) -> dict[str, str]:  # noqa: ARG001 - the key under which they are kept
    """Return the API's URLs by name, with ``SOME_ID`` for an id.

    Reversing them takes longer than reading ten lines, so they are kept for each ``place`` they depend on: the URLconf,
    the script's prefix and the language.
    """
    names = ("add-to-cart", "new-adjustment", "new-address", "new-payment-method", "checkout")
    rows = ("cart-item", "adjustment", "address", "payment-method")
    return {name: reverse(f"lorikeet:{name}") for name in names} | {
        name: reverse(f"lorikeet:{name}", kwargs={"id": SOME_ID}) for name in rows
    }


@receiver(setting_changed)
def forget_urls(**_changes: Any) -> None:
    """Forget the URLs that were kept when a test changes a setting."""
    urls_for.cache_clear()


def render(document: Any) -> bytes:
    """Return ``document`` as JSON in UTF-8."""
    return json.dumps(document, cls=AmountEncoder, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()


def etag(body: bytes) -> str:
    """Return the strong validator (RFC 9110, section 8.8.3) of a rendered document."""
    return f'"{hashlib.sha256(body).hexdigest()[:32]}"'


def sections() -> list[CartSection]:
    """Return the sections of ``LORIKEET_CART_SECTIONS``."""
    return [section() for section in settings.load(settings.CART_SECTIONS)]


def with_time(body: bytes) -> bytes:
    """Return a rendered cart with ``generated_at``, seconds since 1970, by which clients drop stale answers."""
    return b'%s,"generated_at":%.6f}' % (body[:-1], time())


def represent_cart(contents: CartContents, request: Any) -> dict[str, Any]:
    """Return the whole cart, as ``GET /_cart/`` shows it."""
    return {**Representation(contents, request).cart(), "generated_at": time()}


class Representation:
    """What one response shows of one cart: each type's reader and each URL is made once."""

    def __init__(self, contents: CartContents, request: Any, totals: Totals | None = None) -> None:
        self.contents = contents
        self.context = {"request": request, "cart": contents.cart}
        if totals is not None:
            self.totals = totals
        self.displays = settings.DISPLAY_AMOUNTS
        self.urls = urls_for((get_urlconf(), get_script_prefix(), get_language()))

    @cached_property
    def totals(self) -> Totals:
        return price(self.contents)

    def cart(self) -> dict[str, Any]:
        """Return everything but ``generated_at``."""
        contents, totals = self.contents, self.totals
        cart = contents.cart
        found = reasons(contents, totals)
        urls = self.urls
        return {
            "items": list(self.items()),
            "new_item_url": urls["add-to-cart"],
            "adjustments": list(self.adjustments()),
            "new_adjustment_url": urls["new-adjustment"],
            "charges": [self.charge(charge) for charge in totals.charges],
            "delivery_addresses": list(self.choices(contents.addresses(), cart.delivery_address_id, "address")),
            "new_address_url": urls["new-address"],
            "payment_methods": list(self.choices(contents.payment_methods(), cart.payment_method_id, "payment-method")),
            "new_payment_method_url": urls["new-payment-method"],
            **self.amount("subtotal", totals.subtotal),
            **self.amount("grand_total", totals.grand_total),
            "currency": totals.currency,
            "is_complete": not found,
            "incomplete_reasons": found.to_json(),
            "checkout_steps": checkout_steps(found),
            "checkout_url": urls["checkout"],
            "pending_checkout": pending_checkout(cart),
            "is_authenticated": cart.user_id is not None,
            "email": cart.email or None,
            "compatible_version": COMPATIBLE_VERSION,
            "incompatible_version": INCOMPATIBLE_VERSION,
            **{section.key: section.get_data(contents, totals) for section in sections()},
        }

    def items(self) -> Iterator[dict[str, Any]]:
        """Yield each line item: ``{"type", "data", "total", "url"}``."""
        return self.priced(self.contents.lines, self.totals.lines, "cart-item")

    def adjustments(self) -> Iterator[dict[str, Any]]:
        """Yield each adjustment, as line items."""
        return self.priced(self.contents.adjustments, self.totals.adjustments, "adjustment")

    def line(self, line: LineItem) -> dict[str, Any]:
        """Return one line item, which need not be among the contents."""
        try:
            total = total_of(line, self.contents.cart.currency)
        except PriceError:
            total = None
        return next(self.priced([line], [total], "cart-item"))

    def choice(self, base: Any, row: Any) -> dict[str, Any]:
        """Return one address or payment method, which need not be the selected one."""
        cart = self.contents.cart
        if base is DeliveryAddress:
            return next(self.choices([row], cart.delivery_address_id, "address"))
        return next(self.choices([row], cart.payment_method_id, "payment-method"))

    def adjustment(self, pk: int) -> dict[str, Any]:
        """Return the adjustment with this primary key, which is among the contents.

        :raises Http404: it is not any more.
        """
        shown = zip(self.contents.adjustments, self.adjustments(), strict=True)
        found = next((envelope for row, envelope in shown if row.pk == pk), None)
        if found is None:
            raise Http404
        return found

    def priced(self, rows: Iterable[Any], totals: Iterable[Decimal | None], kind: str) -> Iterator[dict[str, Any]]:
        """Yield rows with their totals: ``{"type", "data", "total", "url"}``."""
        for (_row, name, data, url), total in zip(self.read(rows, kind), totals, strict=True):
            yield {"type": name, "data": data, **self.amount("total", total), "url": url}

    def choices(self, rows: Iterable[Any], selected: int | None, kind: str) -> Iterator[dict[str, Any]]:
        """Yield each address or payment method: ``{"type", "data", "selected", "url"}``."""
        for row, name, data, url in self.read(rows, kind):
            yield {"type": name, "data": data, "selected": row.pk == selected, "url": url}

    def read(self, rows: Iterable[Any], kind: str) -> Iterator[tuple[Any, str, Any, str]]:
        """Yield each row with its type's name, its data, and its URL."""
        known: dict[type, tuple[str, Reader]] = {}
        prefix, _, suffix = self.urls[kind].rpartition(SOME_ID)
        for row in rows:
            cls = type(row)
            if cls not in known:
                known[cls] = registry.name(cls), reader(registry.serializer(cls), self.context)
            name, data = known[cls]
            yield row, name, data(row), f"{prefix}{row.pk}{suffix}"

    def charge(self, charge: Charge) -> dict[str, Any]:
        return {
            "code": charge.code,
            "label": charge.label,
            **self.amount("total", charge.total),
            "included": charge.included,
            "data": charge.data,
        }

    def amount(self, name: str, value: Decimal | None) -> dict[str, Any]:
        """Return one amount under its name and, with ``LORIKEET_DISPLAY_AMOUNTS``, in its two other forms."""
        shown = None if value is None else format(value, "f")
        if not self.displays:
            return {name: shown}
        currency = self.contents.cart.currency
        return {
            name: shown,
            f"display_{name}": None if value is None else money.display(value, currency, get_language() or "en"),
            f"{name}_cents": None if value is None else money.to_minor_units(value, currency),
        }


def pending_checkout(cart: Cart) -> dict[str, Any] | None:
    """Return the checkout of ``cart`` that is in flight, or ``None``."""
    order: Order | None = getattr(cart, "pending_order", None)
    if order is None:
        return None
    return represent_checkout(order, order.latest_charge)


def represent_checkout(order: Order, attempt: PaymentAttempt | None) -> dict[str, Any]:
    """Return what a client may know of a checkout that waits.

    Its ``state`` is ``"unknown"`` when it is unknown whether the shopper was charged, and the staff must find out.
    """
    url, confirm_url, cancel_url = (
        reverse(f"lorikeet:checkout-{name}", kwargs={"id": order.uuid}) for name in ("status", "confirm", "cancel")
    )
    return {
        "id": str(order.uuid),
        "order": order.pk,
        "state": "unknown" if order.is_pending and attempt and attempt.attention else order.state,
        "payment_method": attempt.provider if attempt else None,
        "info": attempt.info if attempt else None,
        "expires_at": order.expires_at.timestamp() if order.expires_at else None,
        "url": url,
        "confirm_url": confirm_url,
        "cancel_url": cancel_url,
    }
