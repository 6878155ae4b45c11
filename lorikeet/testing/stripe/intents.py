"""What PaymentIntents and SetupIntents have in common: their payment method, the bank's question, and failing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from . import cards, customers
from .books import Books, Object
from .errors import Refused
from .parameters import Params

__all__ = ["UNPAID", "Go", "ask", "confirm", "create", "expect", "fail", "is_shopper_needed", "move", "ready"]

#: What confirming does once the payment method is known.
Go = Callable[[Books, Object, Params], Object]
#: What is empty at first, or always here.
EMPTY = (
    "application cancellation_reason excluded_payment_method_types next_action on_behalf_of payment_method "
    "payment_method_configuration_details"
).split()
#: The states in which an intent can be confirmed.
UNPAID = ("requires_payment_method", "requires_confirmation", "requires_action")
#: Parameters of creating that mean something only when it also confirms.
ONLY_WITH_CONFIRM = (
    "confirmation_token error_on_requires_action mandate mandate_data off_session return_url use_stripe_sdk"
).split()
#: How the name of a state's event ends, where not with the name of the state.
EVENTS = {"requires_capture": "amount_capturable_updated"}
OPTIONS = {"installments": None, "mandate_options": None, "network": None, "request_three_d_secure": "automatic"}


def create(books: Books, kind: str, params: Params, go: Go, **values: Any) -> Object:
    """Make an intent, and confirm it with ``go`` if ``confirm`` is true.

    :raises Refused: a parameter is wrong, and nothing is made, or what ``go`` raises.
    """
    for name in ONLY_WITH_CONFIRM if not params.get("confirm") else ():
        if name in params:
            raise Refused(f"The parameter `{name}` cannot be passed when `confirm` is not true.", param=name)
    if "customer" in params:
        books.get("customer", params["customer"], "customer")
    # Since version 16 the SDK has another name for it.
    types = params.get("payment_method_types") or params.get("allowed_payment_method_types")
    automatic = params.get("automatic_payment_methods") or (None if types else {"enabled": True})
    if automatic and automatic["enabled"]:
        automatic = {"allow_redirects": "always", **automatic}
    intent = books.new(
        kind,
        **dict.fromkeys(EMPTY),
        **values,
        automatic_payment_methods=automatic,
        customer=params.get("customer"),
        description=params.get("description"),
        metadata=customers.check_metadata(params),
        payment_method_options={"card": {**OPTIONS, **_card_options(params)}},
        payment_method_types=types or ["card"],
        status=UNPAID[0],
    )
    intent["client_secret"] = f"{intent['id']}_secret_{intent['id'][::-1][:24]}"
    try:
        _choose(books, intent, params, confirming=bool(params.get("confirm")))
    except Refused:
        del books.objects[intent["id"]]
        raise
    books.emit(f"{kind}.created", intent)
    return go(books, intent, params) if params.get("confirm") else intent


def confirm(books: Books, kind: str, params: Params, go: Go, id: str) -> Object:
    """Confirm an intent with ``go``.

    :raises Refused: it cannot be confirmed now, or what ``go`` raises.
    """
    intent = expect(books, kind, id, "confirm", *UNPAID)
    _choose(books, intent, params, confirming=True)
    return go(books, intent, params)


def _card_options(params: Params) -> Object:
    given = params.get("payment_method_options", {}).get("card") or {}
    return {name: given[name] for name in OPTIONS if name in given}


def expect(books: Books, kind: str, id: str, verb: str, *statuses: str) -> Object:
    """Return an intent that is in one of these states.

    :raises Refused: there is none, or it is in another; then the error has it.
    """
    intent = books.get(kind, id)
    if intent["status"] not in statuses:
        message = f"You cannot {verb} this intent because it has a status of {intent['status']}, not one of "
        raise _unexpected(books, intent, message + ", ".join(statuses))
    return intent


def _unexpected(books: Books, intent: Object, message: str) -> Refused:
    kind = intent["object"]
    refusal = Refused(message, f"{kind}_unexpected_state")
    refusal.error[kind] = books.show(intent)
    return refusal


def _choose(books: Books, intent: Object, params: Params, *, confirming: bool) -> None:
    """Give an intent the payment method that ``params`` name: its id or a confirmation token.

    :raises Refused: there is no such thing, it cannot be used here, or ``return_url`` is missing; nothing is changed.
    """
    token: Object = {}
    if "confirmation_token" in params:
        token = customers.find_confirmation_token(books, params["confirmation_token"])
        given = {name: token[name] for name in ("return_url", "setup_future_usage") if token[name] is not None}
        params |= {"payment_method": token["_method"], **given, **params}
    redirects = (intent["automatic_payment_methods"] or {}).get("allow_redirects") == "always"
    if confirming and redirects and "return_url" not in params and not params.get("use_stripe_sdk"):
        message = (
            "This intent may use payment methods that redirect the shopper: pass a `return_url`, or create it with "
        )
        message += "`automatic_payment_methods[allow_redirects]` set to `never`."
        raise Refused(message, param="return_url")
    if "payment_method" in params:
        method = customers.find_method(books, params["payment_method"])
        customers.check_usable(method, intent["customer"])
        intent |= {"payment_method": method["id"], "status": "requires_confirmation"}
        token[intent["object"]] = intent["id"]


def ready(books: Books, intent: Object) -> tuple[Object, cards.Card]:
    """Return the payment method and the card with which an intent is about to be confirmed.

    :raises Refused: it has none, or it cannot be used any more.
    """
    if intent["payment_method"] is None:
        raise _unexpected(books, intent, "You cannot confirm this intent because it has no payment method.")
    method = books.objects[intent["payment_method"]]
    customers.check_usable(method, intent["customer"])
    return method, cards.CARDS[method["_card"]]


def is_shopper_needed(intent: Object, params: Params, method: Object, card: cards.Card, *, absent: bool) -> bool:
    """Return whether the bank asks the shopper, who is ``absent`` or not."""
    options = {**intent["payment_method_options"]["card"], **_card_options(params)}
    wanted = options["request_three_d_secure"] in {"any", "challenge"}
    return cards.asks_for_shopper(card, absent=absent, set_up=method["_set_up"], wanted=wanted)


def move(books: Books, intent: Object, status: str, **values: Any) -> None:
    """Put an intent into a state, with the event of it."""
    intent |= {"status": status, "next_action": None, **values}
    books.emit(f"{intent['object']}.{EVENTS.get(status, status)}", intent)


def ask(books: Books, intent: Object, params: Params) -> Object:
    """Make an intent wait for what the shopper does on their bank's page."""
    page = f"{books.url}/_fake/3ds/{intent['id']}"
    if "return_url" in params:
        action = {"type": "redirect_to_url", "redirect_to_url": {"url": page, "return_url": params["return_url"]}}
    else:
        action = {"type": "use_stripe_sdk", "use_stripe_sdk": {"type": "three_d_secure_redirect", "stripe_js": page}}
    move(books, intent, "requires_action", next_action=action)
    return intent


def fail(books: Books, intent: Object, code: str, reason: str | None = None, charge: Object | None = None) -> Refused:
    """Take the payment method from an intent and return the card error that says why."""
    error: Object = {"payment_method": books.show(books.objects[intent["payment_method"]])}
    error |= {"decline_code": reason} if reason else {}
    error |= {"charge": charge["id"]} if charge else {}
    # Without the bank's reason it was not the card that failed.
    refusal = Refused(
        cards.message(code, reason), code, status=402, type="card_error" if reason else "invalid_request_error", **error
    )
    kind = intent["object"].removesuffix("_intent")
    intent |= {"status": UNPAID[0], "payment_method": None, "next_action": None}
    intent[f"last_{kind}_error"] = dict(refusal.error)
    books.emit("payment_intent.payment_failed" if kind == "payment" else "setup_intent.setup_failed", intent)
    refusal.error[intent["object"]] = books.show(intent)
    return refusal
