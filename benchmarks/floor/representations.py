"""The JSON of Lorikeet's cart, put together by hand."""

from __future__ import annotations

from decimal import Decimal
from time import time
from typing import Any

from django.urls import reverse

from .models import Address, Cart, Line

__all__ = ["represent_cart", "represent_line"]


def represent_cart(cart: Cart, lines: list[Line]) -> dict[str, Any]:
    base = reverse("floor:cart")
    totals = [line.product.unit_price * line.quantity for line in lines]
    total = str(sum(totals, Decimal("0.00")))
    reasons = find_reasons(cart, lines)
    order = getattr(cart, "pending_order", None)
    return {
        "items": [represent_line(line, total, base) for line, total in zip(lines, totals, strict=True)],
        "new_item_url": reverse("floor:add-to-cart"),
        "adjustments": [],
        "new_adjustment_url": reverse("floor:new-adjustment"),
        "charges": [],
        "delivery_addresses": [represent_address(cart.address, base)] if cart.address else [],
        "new_address_url": reverse("floor:new-address"),
        "payment_methods": [
            {
                "type": "Account",
                "data": {"number": cart.account.number},
                "selected": True,
                "url": f"{base}payment-method/{cart.account.pk}/",
            }
        ]
        if cart.account
        else [],
        "new_payment_method_url": reverse("floor:new-payment-method"),
        "subtotal": total,
        "grand_total": total,
        "currency": cart.currency,
        "generated_at": time(),
        "is_complete": not reasons,
        "incomplete_reasons": reasons,
        "checkout_steps": [
            {"name": "items", "state": "done" if lines else "current"},
            {"name": "delivery", "state": "done" if cart.address and (cart.user_id or cart.email) else "todo"},
            {"name": "payment", "state": "done" if cart.account else "todo"},
        ],
        "checkout_url": reverse("floor:checkout"),
        "pending_checkout": {"order": order.pk, "state": order.state} if order else None,
        "is_authenticated": cart.user_id is not None,
        "email": cart.email or None,
        "compatible_version": 2,
        "incompatible_version": 1,
    }


def represent_line(line: Line, total: Decimal, base: str) -> dict[str, Any]:
    product = line.product
    return {
        "type": "WineLine",
        "data": {
            "product": {
                "id": product.pk,
                "name": product.name,
                "photo": product.photo,
                "vintage": product.vintage,
                "unit_price": str(product.unit_price),
            },
            "quantity": line.quantity,
        },
        "total": str(total),
        "url": f"{base}{line.pk}/",
    }


def represent_address(address: Address, base: str) -> dict[str, Any]:
    return {
        "type": "StreetAddress",
        "data": {
            "addressee": address.addressee,
            "street": address.street,
            "suburb": address.suburb,
            "state": address.state,
            "postcode": address.postcode,
        },
        "selected": True,
        "url": f"{base}address/{address.pk}/",
    }


def find_reasons(cart: Cart, lines: list[Line]) -> list[dict[str, str]]:
    reasons = []
    if cart.address is None:
        reasons.append({"code": "not_set", "field": "delivery_address", "message": "A delivery address is required."})
    if cart.account is None:
        reasons.append({"code": "not_set", "field": "payment_method", "message": "A payment method is required."})
    if not lines:
        reasons.append({"code": "empty", "field": "items", "message": "There are no items in the cart."})
    if cart.user_id is None and not cart.email:
        reasons.append({"code": "not_set", "field": "email", "message": "An email address is required."})
    return reasons
