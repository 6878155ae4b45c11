"""Stripe's test cards: what each looks like, and what comes of charging it.

Numbers and names are those of Stripe's documentation on testing. ``pm_card_processing`` is the fake's own: its
payments wait until a control call settles them, as those of bank debits do.
"""

from __future__ import annotations

import hashlib
import time
from typing import Any, NamedTuple

from .errors import Refused

__all__ = ["CARDS", "Card", "asks_for_shopper", "find", "message", "require", "shape"]


class Card(NamedTuple):
    """A test card."""

    last4: str = "4242"
    brand: str = "visa"
    funding: str = "credit"
    country: str = "US"
    #: The error code of each charge, and the reason that the bank gave; ``None`` for a card that pays.
    code: str | None = None
    reason: str | None = None
    #: When the bank asks the shopper: ``never``, ``always``, ``once`` (not again off session when set up),
    #: ``present`` (never off session), ``asked`` (when the merchant asks for it).
    secure: str = "never"
    #: Whether it can be saved though it cannot be charged.
    saves: bool = False
    #: What becomes of a refund: ``succeeded``, ``pending`` or ``fails``, which first succeeds, then fails.
    refund: str = "succeeded"
    #: Why each payment is disputed at once.
    dispute: str | None = None
    #: Whether each payment waits until it is settled.
    waits: bool = False


DECLINED = "card_declined"
CARDS = {
    "visa": Card(),
    "visa_debit": Card("5556", funding="debit"),
    "mastercard": Card("4444", "mastercard"),
    "mastercard_debit": Card("8210", "mastercard", "debit"),
    "mastercard_prepaid": Card("5100", "mastercard", "prepaid"),
    "amex": Card("0005", "amex"),
    "discover": Card("1117", "discover"),
    "diners": Card("0004", "diners"),
    "jcb": Card("0505", "jcb", country="JP"),
    "unionpay": Card("0005", "unionpay", country="CN"),
    "au": Card("0006", country="AU"),
    "gb": Card("0000", country="GB"),
    "chargeDeclined": Card("0002", code=DECLINED, reason="generic_decline"),
    "chargeDeclinedInsufficientFunds": Card("9995", code=DECLINED, reason="insufficient_funds"),
    "chargeDeclinedLostCard": Card("9987", code=DECLINED, reason="lost_card"),
    "chargeDeclinedStolenCard": Card("9979", code=DECLINED, reason="stolen_card"),
    "chargeDeclinedFraudulent": Card("0019", code=DECLINED, reason="fraudulent"),
    "chargeDeclinedVelocityLimitExceeded": Card("6975", code=DECLINED, reason="card_velocity_exceeded"),
    "chargeDeclinedExpiredCard": Card("0069", code="expired_card", reason="expired_card"),
    "chargeDeclinedIncorrectCvc": Card("0127", code="incorrect_cvc", reason="incorrect_cvc"),
    "chargeDeclinedProcessingError": Card("0119", code="processing_error", reason="processing_error"),
    "chargeCustomerFail": Card("0341", code=DECLINED, reason="generic_decline", saves=True),
    "authenticationRequired": Card("3184", country="DE", secure="always"),
    "authenticationRequiredOnSetup": Card("3155", country="DE", secure="once"),
    "authenticationRequiredSetupForOffSession": Card("0446", country="DE", secure="present"),
    "authenticationRequiredChargeDeclinedInsufficientFunds": Card(
        "3178", code=DECLINED, reason="insufficient_funds", secure="always", saves=True
    ),
    "threeDSecureRequired": Card("3220", secure="always"),
    "threeDSecure2Required": Card("3220", secure="always"),
    "threeDSecureOptional": Card("3055", secure="asked"),
    "threeDSecureRequiredChargeDeclined": Card(
        "1629", code=DECLINED, reason="generic_decline", secure="always", saves=True
    ),
    "createDispute": Card("0259", dispute="fraudulent"),
    "createDisputeProductNotReceived": Card("2685", dispute="product_not_received"),
    "createDisputeInquiry": Card("1976", dispute="inquiry"),
    "refundFail": Card("5126", refund="fails"),
    "pendingRefund": Card("7726", refund="pending"),
    "processing": Card("1111", waits=True),
}
MESSAGES = {
    DECLINED: "Your card was declined.",
    "authentication_required": "Your card was declined. This transaction requires authentication.",
    "expired_card": "Your card has expired.",
    "incorrect_cvc": "Your card's security code is incorrect.",
    "insufficient_funds": "Your card has insufficient funds.",
    "processing_error": "An error occurred while processing your card. Try again in a little bit.",
    "payment_intent_authentication_failure": "Your bank could not confirm that it is you. Try another card.",
    "payment_intent_payment_attempt_failed": "The payment failed.",
    "setup_intent_authentication_failure": "Your bank could not confirm that it is you. Try another card.",
}


def find(id: str, prefix: str) -> str | None:
    """Return the name of the test card with the id ``id`` (``pm_card_visa_chargeDeclined``), if it is one."""
    name = id.removeprefix(prefix)
    name = name if name in CARDS else name.removeprefix("visa_")
    return name if name in CARDS and id.startswith(prefix) else None


def require(name: str) -> str:
    """Return the name of a test card as it is in ``CARDS``.

    :raises Refused: there is none.
    """
    found = find(name, "")
    if found is None:
        raise Refused(f"There is no test card {name!r}; there are {', '.join(CARDS)}.", param="card")
    return found


def message(code: str, reason: str | None) -> str:
    """Return what Stripe tells the shopper."""
    return MESSAGES.get(reason or "") or MESSAGES[code]


def asks_for_shopper(card: Card, *, absent: bool, set_up: bool, wanted: bool) -> bool:
    """Return whether the bank asks the shopper, who may be absent; the merchant may want it."""
    if absent:
        return card.secure == "always" or (card.secure == "once" and not set_up)
    return card.secure in {"always", "once", "present"} or (card.secure == "asked" and wanted)


def shape(card: Card, now: int) -> dict[str, Any]:
    """Return the facts about a card that PaymentMethods and charges both show."""
    return {
        "brand": card.brand,
        "checks": {"address_line1_check": None, "address_postal_code_check": None, "cvc_check": "pass"},
        "country": card.country,
        "exp_month": 8,
        "exp_year": time.gmtime(now).tm_year + 4,
        "fingerprint": hashlib.sha256(card.last4.encode()).hexdigest()[:16],
        "funding": card.funding,
        "last4": card.last4,
        "regulated_status": "unregulated",
        "wallet": None,
    }
