"""SetupIntents: making a card ready for later payments without one."""

from __future__ import annotations

from . import intents
from .books import Books, Object
from .customers import attach
from .parameters import Params

__all__ = ["authenticate", "cancel", "confirm", "create"]

KIND = "setup_intent"
EMPTY = "flow_directions last_setup_error latest_attempt mandate single_use_mandate".split()


def create(books: Books, params: Params) -> Object:
    """Make a SetupIntent, and confirm it if ``confirm`` is true."""
    usage = params.get("usage", "off_session")
    return intents.create(books, KIND, params, _set_up, **dict.fromkeys(EMPTY), usage=usage)


def confirm(books: Books, params: Params, id: str) -> Object:
    """Make the card ready, or ask the shopper first."""
    return intents.confirm(books, KIND, params, _set_up, id)


def _set_up(books: Books, intent: Object, params: Params) -> Object:
    method, card = intents.ready(books, intent)
    if card.code and not card.saves:
        raise intents.fail(books, intent, card.code, card.reason)
    if intents.is_shopper_needed(intent, params, method, card, absent=False):
        return intents.ask(books, intent, params)
    return _finish(books, intent, method)


def _finish(books: Books, intent: Object, method: Object) -> Object:
    method["_set_up"] = intent["usage"] == "off_session"
    if intent["customer"]:
        attach(books, {"customer": intent["customer"]}, method["id"])
    intents.move(books, intent, "succeeded", last_setup_error=None)
    return intent


def authenticate(books: Books, id: str, *, passed: bool) -> Object:
    """Continue after the shopper was at their bank."""
    intent = intents.expect(books, KIND, id, "authenticate", "requires_action")
    if passed:
        return _finish(books, intent, books.objects[intent["payment_method"]])
    intents.fail(books, intent, f"{KIND}_authentication_failure")
    return intent


def cancel(books: Books, params: Params, id: str) -> Object:
    """End a SetupIntent.

    :raises Refused: it succeeded or is cancelled.
    """
    intent = intents.expect(books, KIND, id, "cancel", *intents.UNPAID)
    intents.move(books, intent, "canceled", cancellation_reason=params.get("cancellation_reason"))
    return intent
