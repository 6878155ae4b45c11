"""PaymentIntents: from the amount that is asked for to the charge that takes it."""

from __future__ import annotations

import contextlib
import re

from . import amounts, charges, customers, intents
from .books import Books, Object
from .cards import CARDS, Card
from .errors import Refused
from .parameters import Params

__all__ = ["authenticate", "cancel", "capture", "confirm", "create", "expire", "settle"]

KIND = "payment_intent"
#: What is empty at first, or always here.
EMPTY = (
    "application_fee_amount canceled_at customer_account last_payment_error latest_charge managed_payments processing "
    "review source statement_descriptor transfer_data"
).split()
#: What is shown as it was given.
GIVEN = ("setup_future_usage", "shipping", "statement_descriptor_suffix", "transfer_group")
CANCELLABLE = ("requires_payment_method", "requires_capture", "requires_confirmation", "requires_action")
#: After how many seconds an authorisation that was not captured ends.
AUTHORISED_SECONDS = 7 * 86400


def create(books: Books, params: Params) -> Object:
    """Make a PaymentIntent, and confirm it if ``confirm`` is true."""
    suffix = params.get("statement_descriptor_suffix")
    if suffix is not None and not re.fullmatch(r"(?=.*[A-Za-z])[^<>\\'\"*]{1,22}", suffix):
        message = "The statement descriptor suffix has at most 22 characters, at least one letter and none of <>\\'\"*."
        raise Refused(message, param="statement_descriptor_suffix")
    if "statement_descriptor" in params:
        message = "The parameter `statement_descriptor` is not for cards; use `statement_descriptor_suffix`."
        raise Refused(message, param="statement_descriptor")
    return intents.create(
        books,
        KIND,
        params,
        _pay,
        **dict.fromkeys(EMPTY),
        **{name: params.get(name) for name in GIVEN},
        amount=params["amount"],
        amount_capturable=0,
        amount_details={"tip": {}},
        amount_received=0,
        capture_method=params.get("capture_method", "automatic_async"),
        confirmation_method=params.get("confirmation_method", "automatic"),
        currency=amounts.check(params["amount"], params["currency"]),
        receipt_email=customers.check_email(params, "receipt_email"),
    )


def confirm(books: Books, params: Params, id: str) -> Object:
    """Take the money, or ask the shopper first."""
    return intents.confirm(books, KIND, params, _pay, id)


def _pay(books: Books, intent: Object, params: Params) -> Object:
    method, card = intents.ready(books, intent)
    intent |= {name: params[name] for name in ("receipt_email", "setup_future_usage", "shipping") if name in params}
    absent = bool(params.get("off_session"))
    if not intents.is_shopper_needed(intent, params, method, card, absent=absent):
        return _take(books, intent, method, card)
    if absent or params.get("error_on_requires_action"):
        raise _decline(books, intent, method, card, "authentication_required", "authentication_required")
    return intents.ask(books, intent, params)


def _decline(books: Books, intent: Object, method: Object, card: Card, code: str, reason: str | None) -> Refused:
    charge = charges.new(books, intent, method, card, code, reason)
    intent["latest_charge"] = charge["id"]
    return intents.fail(books, intent, code, reason, charge)


def _take(books: Books, intent: Object, method: Object, card: Card) -> Object:
    """Charge the card of ``method`` with the amount of ``intent``.

    :raises Refused: the bank declines.
    """
    if card.code:
        raise _decline(books, intent, method, card, card.code, card.reason)
    charge = charges.new(books, intent, method, card)
    intent |= {"latest_charge": charge["id"], "last_payment_error": None}
    method["_spent"] = True
    if intent["setup_future_usage"]:
        method["_set_up"] = intent["setup_future_usage"] == "off_session"
    if intent["setup_future_usage"] and intent["customer"] and method["customer"] is None:
        method["customer"] = intent["customer"]
        books.emit("payment_method.attached", method)
    if card.waits:
        intents.move(books, intent, "processing")
    elif intent["capture_method"] == "manual":
        books.due.append([books.now() + AUTHORISED_SECONDS, "expire", intent["id"]])
        intents.move(books, intent, "requires_capture", amount_capturable=intent["amount"])
    else:
        _receive(books, intent, charge, intent["amount"])
    return intent


def _receive(books: Books, intent: Object, charge: Object, amount: int) -> None:
    charges.capture(charge, amount)
    intents.move(books, intent, "succeeded", amount_capturable=0, amount_received=amount)
    reason = CARDS[charge["_card"]].dispute
    if reason:
        charges.new_dispute(books, charge, reason)


def capture(books: Books, params: Params, id: str) -> Object:
    """Capture what was authorised, or less; the rest is released.

    :raises Refused: nothing is authorised, or not as much.
    """
    intent = intents.expect(books, KIND, id, "capture", "requires_capture")
    amount: int = params.get("amount_to_capture") or intent["amount_capturable"]
    if not 0 < amount <= intent["amount_capturable"]:
        code = "amount_too_large" if amount > 0 else "parameter_invalid_integer"
        raise Refused("The amount to capture is not one that was authorised.", code, param="amount_to_capture")
    charge = books.objects[intent["latest_charge"]]
    _receive(books, intent, charge, amount)
    books.emit("charge.captured", charge)
    return intent


def cancel(books: Books, params: Params, id: str) -> Object:
    """End a PaymentIntent; what was authorised is released.

    :raises Refused: it is paid, being paid or cancelled.
    """
    intent = intents.expect(books, KIND, id, "cancel", *CANCELLABLE)
    if intent["status"] == "requires_capture":
        charges.release(books, books.objects[intent["latest_charge"]])
    ended = {"canceled_at": books.now(), "cancellation_reason": params.get("cancellation_reason")}
    intents.move(books, intent, "canceled", amount_capturable=0, **ended)
    return intent


def expire(books: Books, id: str) -> Object:
    """Expire an authorisation that was not captured; an intent in another state does not change."""
    intent = books.get(KIND, id)
    return cancel(books, {"cancellation_reason": "automatic"}, id) if intent["amount_capturable"] else intent


def authenticate(books: Books, id: str, *, passed: bool) -> Object:
    """Continue after the shopper was at their bank; the intent shows whether the card was then declined."""
    intent = intents.expect(books, KIND, id, "authenticate", "requires_action")
    if passed:
        method = books.objects[intent["payment_method"]]
        with contextlib.suppress(Refused):
            _take(books, intent, method, CARDS[method["_card"]])
    else:
        intents.fail(books, intent, f"{KIND}_authentication_failure")
    return intent


def settle(books: Books, id: str, *, passed: bool) -> Object:
    """Settle a payment that is ``processing``, with the money or without."""
    intent = intents.expect(books, KIND, id, "settle", "processing")
    charge = books.objects[intent["latest_charge"]]
    charge |= {"status": "succeeded" if passed else "failed", "paid": passed}
    if passed:
        _receive(books, intent, charge, intent["amount"])
    else:
        charge["failure_code"] = f"{KIND}_payment_attempt_failed"
        intents.fail(books, intent, charge["failure_code"], charge=charge)
    return intent
