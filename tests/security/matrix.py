"""Who may do what: a row for each URL of the cart API.

An actor is the *owner* of the object that is asked for, or another: for others, the object does not exist.
"""

from dataclasses import dataclass, field
from typing import Any

from tests.testapp.clients import STREET

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "TRACE")
UNSAFE = ("POST", "PUT", "PATCH", "DELETE")


@dataclass(frozen=True)
class Row:
    """One URL.

    ``own``: the status of each method for the owner; any other method is 405. ``others``: where all other actors are
    answered with another status.
    ``listed``: the list of the cart whose first entry has the URL, or ``None`` where the URL is the same for all.
    ``waits``: the name of the URL in the cart's ``pending_checkout``, for those of a checkout that waits.
    ``bodies``: what to send; ``{wine}`` is the key of a product.
    """

    path: str
    own: dict[str, int]
    others: dict[str, int] = field(default_factory=dict)
    listed: str | None = None
    waits: str | None = None
    bodies: dict[str, Any] = field(default_factory=dict)

    @property
    def is_owned(self):
        """Whether the URL is that of an object with an owner."""
        return bool(self.listed or self.waits)

    def for_others(self, method):
        """Return the status that ``method`` is answered with for all actors but the owner."""
        return 404 if self.is_owned else self.others.get(method, self.own[method])


def of_object(listed, path, own, bodies):
    return Row(path, {"GET": 200, "HEAD": 200, **own}, listed=listed, bodies=bodies)


ROWS = {
    "cart": Row("/_cart/", {"GET": 200, "HEAD": 200, "PATCH": 200}, bodies={"PATCH": {"email": "ann@example.com"}}),
    "add-to-cart": Row("/_cart/new/", {"POST": 201}, bodies={"POST": {"type": "MoodyLine", "data": {}}}),
    "new-address": Row(
        "/_cart/new-address/", {"POST": 201}, bodies={"POST": {"type": "StreetAddress", "data": STREET}}
    ),
    "new-payment-method": Row(
        "/_cart/new-payment-method/", {"POST": 201}, bodies={"POST": {"type": "PayLater", "data": {"number": "1"}}}
    ),
    "new-adjustment": Row(
        "/_cart/new-adjustment/", {"POST": 201}, bodies={"POST": {"type": "ShareOff", "data": {"parts": 2}}}
    ),
    "checkout": Row("/_cart/checkout/", {"POST": 200}, {"POST": 422}, bodies={"POST": {}}),
    "checkout-status": Row("/_cart/checkout/{id}/", {"GET": 200, "HEAD": 200}, waits="url"),
    "checkout-confirm": Row(
        "/_cart/checkout/{id}/confirm/", {"POST": 202}, waits="confirm_url", bodies={"POST": {"data": {}}}
    ),
    "checkout-cancel": Row("/_cart/checkout/{id}/cancel/", {"POST": 200}, waits="cancel_url"),
    # only the provider can sign an event that it takes
    "webhook": Row("/_cart/webhook/ExactCard/", {"POST": 400}),
    "cart-item": of_object(
        "items",
        "/_cart/{id}/",
        {"PUT": 200, "PATCH": 200, "DELETE": 204},
        {"PUT": {"data": {"product": "{wine}"}}, "PATCH": {"quantity": 2}},
    ),
    "adjustment": of_object(
        "adjustments",
        "/_cart/adjustment/{id}/",
        {"PUT": 200, "PATCH": 200, "DELETE": 204},
        {"PUT": {"data": {"parts": 2}}, "PATCH": {"parts": 2}},
    ),
    "address": of_object(
        "delivery_addresses",
        "/_cart/address/{id}/",
        {"PUT": 200, "PATCH": 200, "DELETE": 204},
        {"PUT": {"data": STREET}, "PATCH": {"selected": False}},
    ),
    "payment-method": of_object(
        "payment_methods",
        "/_cart/payment-method/{id}/",
        {"PUT": 200, "PATCH": 200, "DELETE": 204},
        {"PUT": {"selected": True}, "PATCH": {"selected": False}},
    ),
}
