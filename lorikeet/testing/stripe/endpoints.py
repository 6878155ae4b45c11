"""The calls that the fake answers: method and path, the name of the SDK's parameters, and what is done."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

from . import charges, customers, payments, setups
from .books import Object

__all__ = ["Endpoint", "find"]

#: ``(books, params, *ids of the path)`` to the object that is answered.
Act = Callable[..., Object]


class Endpoint(NamedTuple):
    """A call that is answered."""

    method: str
    path: re.Pattern[str]
    #: ``PaymentIntent.Create``
    name: str
    act: Act


def _plain(act: Callable[..., Object]) -> Act:
    """Return an act that reads no parameters."""
    return lambda books, params, *ids: act(books, *ids)


def _get(kind: str) -> Act:
    return lambda books, params, *ids: books.get(kind, *ids)


def _page(kind: str, *filters: str) -> Act:
    return lambda books, params: books.page(kind, params, *filters)


HELPER = "test_helpers.ConfirmationToken.Create"
CALLS: list[tuple[str, str, Act]] = [
    ("GET /v1/charges", "Charge.List", _page("charge", "payment_intent", "customer")),
    ("GET /v1/charges/*", "Charge.Retrieve", _get("charge")),
    ("GET /v1/confirmation_tokens/*", "ConfirmationToken.Retrieve", _plain(customers.retrieve_confirmation_token)),
    ("GET /v1/customers", "Customer.List", _page("customer", "email")),
    ("POST /v1/customers", "Customer.Create", customers.create_customer),
    ("GET /v1/customers/*", "Customer.Retrieve", _get("customer")),
    ("DELETE /v1/customers/*", "Customer.Delete", _plain(customers.delete_customer)),
    ("GET /v1/disputes", "Dispute.List", _page("dispute", "charge", "payment_intent")),
    ("GET /v1/disputes/*", "Dispute.Retrieve", _get("dispute")),
    ("GET /v1/events", "Event.List", _page("event", "type")),
    ("GET /v1/events/*", "Event.Retrieve", _get("event")),
    ("GET /v1/payment_intents", "PaymentIntent.List", _page("payment_intent", "customer")),
    ("POST /v1/payment_intents", "PaymentIntent.Create", payments.create),
    ("GET /v1/payment_intents/*", "PaymentIntent.Retrieve", _get("payment_intent")),
    ("POST /v1/payment_intents/*/cancel", "PaymentIntent.Cancel", payments.cancel),
    ("POST /v1/payment_intents/*/capture", "PaymentIntent.Capture", payments.capture),
    ("POST /v1/payment_intents/*/confirm", "PaymentIntent.Confirm", payments.confirm),
    ("GET /v1/payment_methods", "PaymentMethod.List", customers.page_of_methods),
    ("POST /v1/payment_methods", "PaymentMethod.Create", customers.create_method),
    ("GET /v1/payment_methods/*", "PaymentMethod.Retrieve", _plain(customers.retrieve_method)),
    ("POST /v1/payment_methods/*/attach", "PaymentMethod.Attach", customers.attach),
    ("POST /v1/payment_methods/*/detach", "PaymentMethod.Detach", _plain(customers.detach)),
    ("GET /v1/refunds", "Refund.List", _page("refund", "charge", "payment_intent")),
    ("POST /v1/refunds", "Refund.Create", charges.refund),
    ("GET /v1/refunds/*", "Refund.Retrieve", _get("refund")),
    ("POST /v1/test_helpers/confirmation_tokens", HELPER, customers.new_confirmation_token),
    ("GET /v1/setup_intents", "SetupIntent.List", _page("setup_intent", "customer", "payment_method")),
    ("POST /v1/setup_intents", "SetupIntent.Create", setups.create),
    ("GET /v1/setup_intents/*", "SetupIntent.Retrieve", _get("setup_intent")),
    ("POST /v1/setup_intents/*/cancel", "SetupIntent.Cancel", setups.cancel),
    ("POST /v1/setup_intents/*/confirm", "SetupIntent.Confirm", setups.confirm),
]


def _endpoint(call: str, name: str, act: Act) -> Endpoint:
    method, path = call.split()
    return Endpoint(method, re.compile(path.replace("*", "([^/]+)")), name, act)


ENDPOINTS = [_endpoint(*call) for call in CALLS]


def find(method: str, path: str) -> tuple[Endpoint, tuple[str, ...]] | None:
    """Return the endpoint of a call and the ids in its path; ``None`` if there is none."""
    for endpoint in ENDPOINTS:
        if endpoint.method == method and (match := endpoint.path.fullmatch(path)):
            return endpoint, match.groups()
    return None
