"""Every write that succeeds on a cart that lacks nothing."""

from tests.testapp.clients import CART, CHECKOUT, NEW_ADDRESS, NEW_ADJUSTMENT, NEW_ITEM, NEW_PAYMENT_METHOD, STREET

WRITES = [
    "email",
    "new item",
    "put item",
    "patch item",
    "delete item",
    "new address",
    "patch address",
    "delete address",
    "new method",
    "patch method",
    "delete method",
    "new adjustment",
    "put adjustment",
    "patch adjustment",
    "delete adjustment",
    "checkout",
]


def writes(shopper, wine):
    """Return each of them for the cart of the fixture ``ready``, as (method, path, body)."""
    cart = shopper.cart()
    line, address, card = (cart[key][0]["url"] for key in ("items", "delivery_addresses", "payment_methods"))
    adjustment = cart["adjustments"][0]["url"]
    return {
        "email": ("PATCH", CART, {"email": "ann@example.com"}),
        "new item": ("POST", NEW_ITEM, {"type": "WineLine", "data": {"product": wine.pk}}),
        "put item": ("PUT", line, {"data": {"product": wine.pk, "quantity": 2}}),
        "patch item": ("PATCH", line, {"quantity": 2}),
        "delete item": ("DELETE", line, {}),
        "new address": ("POST", NEW_ADDRESS, {"type": "StreetAddress", "data": STREET}),
        "patch address": ("PATCH", address, {"data": {"postcode": "1"}}),
        "delete address": ("DELETE", address, {}),
        "new method": ("POST", NEW_PAYMENT_METHOD, {"type": "PayLater", "data": {"number": "1"}}),
        "patch method": ("PATCH", card, {"selected": False}),
        "delete method": ("DELETE", card, {}),
        "new adjustment": ("POST", NEW_ADJUSTMENT, {"type": "ShareOff", "data": {"parts": 2}}),
        "put adjustment": ("PUT", adjustment, {"data": {"parts": 2}}),
        "patch adjustment": ("PATCH", adjustment, {"parts": 2}),
        "delete adjustment": ("DELETE", adjustment, {}),
        "checkout": ("POST", CHECKOUT, {}),
    }
