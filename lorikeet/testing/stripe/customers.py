"""Customers, their payment methods, and the tokens that browsers make of cards."""

from __future__ import annotations

import re
from typing import Any

from . import cards
from .books import Books, Object
from .errors import Refused, missing
from .parameters import Params

__all__ = [
    "attach",
    "check_email",
    "check_metadata",
    "check_usable",
    "create_customer",
    "create_method",
    "delete_customer",
    "detach",
    "find_confirmation_token",
    "find_method",
    "new_confirmation_token",
    "new_token",
    "page_of_methods",
    "retrieve_confirmation_token",
    "retrieve_method",
]

NO_ADDRESS = dict.fromkeys(["city", "country", "line1", "line2", "postal_code", "state"])
NO_BILLING = {"address": NO_ADDRESS, "email": None, "name": None, "phone": None, "tax_id": None}
#: What is always empty here, and what a confirmation token shows of its payment method.
EMPTY = ("currency", "default_source", "discount", "test_clock")
PREVIEW = ("allow_redisplay", "billing_details", "card", "customer", "customer_account", "type")
#: For how many seconds a confirmation token can be used.
TOKEN_SECONDS = 12 * 3600


def check_metadata(params: Params) -> dict[str, str]:
    """Return the metadata in ``params``.

    :raises Refused: there are more than 50 keys, or keys over 40 or values over 500 characters.
    """
    metadata = {name: value for name, value in (params.get("metadata") or {}).items() if value}
    if len(metadata) > 50 or any(len(name) > 40 or len(value) > 500 for name, value in metadata.items()):
        raise Refused("Metadata may have 50 keys of 40 characters, with values of 500.", param="metadata")
    return metadata


def check_email(params: Params, name: str) -> str | None:
    """Return the e-mail address in ``params``, if there is one.

    :raises Refused: it is none.
    """
    address: str | None = params.get(name) or None
    if address and not re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", address):
        raise Refused(f"Invalid email address: {address}", "email_invalid", param=name)
    return address


def create_customer(books: Books, params: Params) -> Object:
    """Make a customer."""
    given: Object = {name: params.get(name) or None for name in ("address", "description", "name", "phone", "shipping")}
    given |= {"email": check_email(params, "email"), "metadata": check_metadata(params)}
    customer = books.new(
        "customer",
        **dict.fromkeys(EMPTY),
        **given,
        balance=0,
        delinquent=False,
        invoice_prefix="LORIKEET",
        invoice_settings=dict.fromkeys(["custom_fields", "default_payment_method", "footer", "rendering_options"]),
        next_invoice_sequence=1,
        preferred_locales=[],
        tax_exempt="none",
    )
    books.emit("customer.created", customer)
    return customer


def delete_customer(books: Books, id: str) -> Object:
    """Delete a customer and detach its payment methods; that it existed can still be read.

    :raises Refused: it is deleted already.
    """
    customer = books.get("customer", id, "id")
    for method in books.all("payment_method", customer=id):
        detach(books, method["id"])
    books.emit("customer.deleted", customer)
    books.objects[id] = {"id": id, "object": "customer", "deleted": True}
    return books.objects[id]


def _new_method(books: Books, name: str, **given: Any) -> Object:
    """Make a payment method of the test card ``name``."""
    card = cards.CARDS[name]
    details = {
        **cards.shape(card, books.now()),
        "display_brand": card.brand,
        "generated_from": None,
        "networks": {"available": [card.brand], "preferred": None},
        "three_d_secure_usage": {"supported": True},
    }
    shown = {"allow_redisplay": "unspecified", "billing_details": NO_BILLING, "metadata": {}, "type": "card", **given}
    hidden = {"_card": name, "_set_up": False, "_spent": False}
    return books.new("payment_method", card=details, customer=None, customer_account=None, **shown, **hidden)


def find_method(books: Books, id: str, param: str | None = "payment_method") -> Object:
    """Return the payment method with this id; of a test card's id (``pm_card_visa``) a new one.

    :raises Refused: there is none.
    """
    card = cards.find(id, "pm_card_")
    return _new_method(books, card) if card else books.get("payment_method", id, param)


def retrieve_method(books: Books, id: str) -> Object:
    """Return a payment method; of a test card's id a new one."""
    return find_method(books, id, None)


def create_method(books: Books, params: Params) -> Object:
    """Make a payment method of a token."""
    name = "card[token]"
    if "token" not in params.get("card", {}):
        raise Refused(f"Missing required param: {name}.", "parameter_missing", param=name)
    billing = {**NO_BILLING, **params.get("billing_details", {})}
    billing["address"] = {**NO_ADDRESS, **(billing["address"] or {})}
    given = {"billing_details": billing, "metadata": check_metadata(params)}
    given |= {name: params[name] for name in ("allow_redisplay",) if name in params}
    card = cards.find(params["card"]["token"], "tok_") or _take_token(books, params["card"]["token"], name)
    return _new_method(books, card, **given)


def new_token(books: Books, name: str) -> Object:
    """Make a token of a test card, as a browser does."""
    card = cards.require(name)
    return books.new("token", client_ip=None, type="card", used=False, _card=card)


def _take_token(books: Books, id: str, param: str) -> str:
    token = books.get("token", id, param)
    if token["used"]:
        raise Refused(f"You cannot use a Stripe token more than once: {id}.", "token_already_used", param=param)
    token["used"] = True
    return str(token["_card"])


def new_confirmation_token(books: Books, params: Params) -> Object:
    """Make a confirmation token of a payment method, as the Payment Element does."""
    method = find_method(books, params.get("payment_method", "pm_card_visa"))
    return books.new(
        "confirmation_token",
        **dict.fromkeys(["mandate_data", "payment_intent", "payment_method_options", "setup_intent"]),
        **{name: params.get(name) for name in ("return_url", "setup_future_usage", "shipping")},
        expires_at=books.now() + TOKEN_SECONDS,
        payment_method_preview={name: method[name] for name in PREVIEW},
        use_stripe_sdk=True,
        _method=method["id"],
    )


def retrieve_confirmation_token(books: Books, id: str, param: str | None = None) -> Object:
    """Return a confirmation token.

    :raises Refused: there is none, or no longer.
    """
    token = books.get("confirmation_token", id, param)
    if token["expires_at"] <= books.now():
        raise missing("confirmation_token", id, param)
    return token


def find_confirmation_token(books: Books, id: str) -> Object:
    """Return a confirmation token that is about to be used.

    :raises Refused: there is none, it is too old, or it was used before.
    """
    token = retrieve_confirmation_token(books, id, "confirmation_token")
    if token["payment_intent"] or token["setup_intent"]:
        raise Refused(f"The ConfirmationToken {id} was used before.", param="confirmation_token")
    return token


def check_usable(method: Object, customer: str | None) -> None:
    """Check that a payment method may be used, for ``customer``.

    :raises Refused: it was used or detached before, or it is another customer's.
    """
    if method["customer"] is None and method["_spent"]:
        message = (
            "This PaymentMethod was used before without being attached to a customer, or it was detached from one."
        )
        raise Refused(f"{message} It cannot be used again.", param="payment_method")
    if method["customer"] not in {None, customer}:
        message = "The PaymentMethod belongs to a customer, who must be named as `customer`."
        raise Refused(message, param="payment_method")


def attach(books: Books, params: Params, id: str) -> Object:
    """Attach a payment method to a customer; it may be attached to that customer already.

    :raises Refused: it is another customer's, it cannot be used any more, or the bank declines the card.
    """
    if "customer" not in params:
        raise Refused("Missing required param: customer.", "parameter_missing", param="customer")
    method = find_method(books, id, None)
    customer = books.get("customer", params["customer"], "customer")["id"]
    if method["customer"] == customer:
        return method
    if method["customer"] is not None:
        raise Refused("The payment method has already been attached to a customer.", "payment_method_already_attached")
    check_usable(method, customer)
    card = cards.CARDS[method["_card"]]
    if card.code and not card.saves:
        message = cards.message(card.code, card.reason)
        raise Refused(message, card.code, status=402, type="card_error", decline_code=card.reason)
    method["customer"] = customer
    books.emit("payment_method.attached", method)
    return method


def detach(books: Books, id: str) -> Object:
    """Detach a payment method from its customer; it cannot be used any more.

    :raises Refused: it has no customer.
    """
    method = books.get("payment_method", id)
    if method["customer"] is None:
        raise Refused("The payment method is not attached to a customer, so it cannot be detached.")
    method |= {"customer": None, "_spent": True}
    books.emit("payment_method.detached", method)
    return method


def page_of_methods(books: Books, params: Params) -> Object:
    """Return a page of the payment methods of a customer."""
    customer = books.get("customer", params.get("customer", ""), "customer")["id"]
    return books.page("payment_method", {**params, "customer": customer}, "customer", "type")
