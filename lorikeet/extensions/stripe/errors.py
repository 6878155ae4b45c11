"""What a shopper may know of Stripe's errors: its code, decline code and message; never an id, a key or a stack."""

from __future__ import annotations

import logging
from typing import Any

from django.utils.translation import gettext_lazy as _

from lorikeet.exceptions import PaymentError

from .sdk import stripe

__all__ = ["OURS", "message_of", "misconfigured", "refusal"]

logger = logging.getLogger(__name__)

#: The shopper may be testing stolen cards, and is told no more than that. Source: https://docs.stripe.com/declines/codes
HIDDEN = {"fraudulent", "lost_card", "merchant_blacklist", "stolen_card"}

NOT_AVAILABLE = _("This card cannot be charged at the moment.")
#: Errors that the shopper or their bank causes, although Stripe does not call them card errors.
SPOKEN = {
    "payment_intent_authentication_failure": _("Your bank could not confirm that it is you."),
    "payment_intent_payment_attempt_failed": _("Your bank did not make the payment."),
}

#: The errors of a call that Stripe refused, and would refuse again: the mistake is the shop's.
OURS: tuple[type[Exception], ...] = (
    (
        stripe.AuthenticationError,
        stripe.IdempotencyError,
        stripe.InvalidRequestError,
        stripe.PermissionError,
    )
    if stripe
    else ()
)


def refusal(error: Any) -> PaymentError:
    """Return the refusal that an error object of Stripe's, such as ``last_payment_error``, describes."""
    code, decline_code = getattr(error, "code", None), getattr(error, "decline_code", None)
    if code in SPOKEN:
        return PaymentError({"code": code, "message": str(SPOKEN[code])})
    if getattr(error, "type", None) != "card_error":
        return PaymentError({"code": "not_available", "message": str(NOT_AVAILABLE)})
    info = {
        "code": code or "card_declined",
        "decline_code": "generic_decline" if decline_code in HIDDEN else decline_code,
        "message": getattr(error, "message", None) or str(_("Your card was declined.")),
    }
    return PaymentError({name: value for name, value in info.items() if value})


def misconfigured(error: Exception, message: Any = NOT_AVAILABLE) -> PaymentError:
    """Return the refusal for one of ``OURS``; only the log has the details."""
    logger.error("Stripe refused what the shop asked for.", exc_info=error)
    return PaymentError({"code": "not_available", "message": str(message)})


def message_of(error: Any) -> str:
    """Return what a shopper may read of a card error."""
    return str(error.user_message or _("Your card was declined."))
