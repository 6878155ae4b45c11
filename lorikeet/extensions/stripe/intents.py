"""Payments, as Stripe's PaymentIntents: made unconfirmed, written down, and only then confirmed.

Source of the states: https://docs.stripe.com/payments/paymentintents/lifecycle
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _

from lorikeet.exceptions import PaymentError
from lorikeet.models import PaymentAttempt
from lorikeet.outcomes import NotFound, Paid, Pending, ProviderPayment

from .amounts import from_stripe, to_stripe
from .conf import settings
from .errors import OURS, misconfigured, refusal
from .sdk import AUTOMATIC, api, as_dict, metadata, stripe

if TYPE_CHECKING:
    from .models import StripeCard

__all__ = ["cancel", "check", "list_paid", "retrieve", "start", "units_of"]

#: The code of a decline that only asks for the shopper: nothing is decided.
ABSENT = "authentication_required"
#: The longest time from the making of an intent to its payment.
LONGEST_WAIT = timedelta(days=1)


def start(card: StripeCard, attempt: PaymentAttempt) -> Paid | Pending:
    """Make the intent if there is none yet, and confirm it if that was not done.

    :raises PaymentError: the card was declined, or Stripe takes no such payment.
    """
    if attempt.reference is None:
        try:
            intent = api().payment_intents.create(_terms(card, attempt), {"idempotency_key": str(attempt.key)})
        except OURS as error:
            raise _refused(card, attempt, error) from error
        attempt.save_reference(intent.id)
    else:
        intent = retrieve(attempt)
    if not _is_untouched(intent):
        return _read(card, intent)
    try:
        intent = api().payment_intents.confirm(intent.id, _confirmation(card, attempt), _confirmed_once(attempt))
    except (stripe.CardError, *OURS) as error:  # declined, in another state by now, or not confirmable
        intent = retrieve(attempt)
        if _is_untouched(intent):
            raise _refused(card, attempt, error) from error
    return _read(card, intent)


def check(card: StripeCard, attempt: PaymentAttempt) -> Paid | Pending | NotFound:
    """Ask what became of an attempt's intent. An attempt without a reference has none that was confirmed.

    :raises PaymentError: it was declined or cancelled.
    """
    if attempt.reference is None:
        return NotFound()
    intent = retrieve(attempt)
    return NotFound() if _is_untouched(intent) else _read(card, intent)


def cancel(attempt: PaymentAttempt) -> bool:
    """Cancel an intent, and tell whether it can never be paid from now on.

    Stripe would also release money that is authorised. So that is looked for first: an order may depend on it.
    """
    if attempt.reference is None:
        return True
    intent = retrieve(attempt)
    if intent.status not in ("canceled", "requires_capture", "succeeded"):
        try:
            intent = api().payment_intents.cancel(attempt.reference)
        except OURS:
            intent = retrieve(attempt)
    return bool(intent.status == "canceled")


def list_paid(since: datetime) -> Iterator[ProviderPayment]:
    """Return the intents of this shop that were paid or authorised since a moment."""
    created = {"gte": int((since - LONGEST_WAIT).timestamp())}
    parameters = {"created": created, "limit": 100, "expand": ["data.latest_charge"]}
    for intent in api().payment_intents.list(parameters).auto_paging_iter():
        carried = as_dict(intent.metadata)
        is_ours = "lorikeet_key" in carried and carried.get("lorikeet_shop", "") == settings.STRIPE_SHOP
        if is_ours and intent.status in ("succeeded", "requires_capture"):
            yield ProviderPayment(
                reference=intent.id,
                key=carried["lorikeet_key"],
                amount=from_stripe(_received(intent), intent.currency),
                currency=intent.currency,
                refunded=from_stripe(intent.latest_charge.amount_refunded, intent.currency),
            )


def retrieve(attempt: PaymentAttempt, *expand: str) -> Any:
    """Return the intent of an attempt that has a reference."""
    return api().payment_intents.retrieve(attempt.reference, {"expand": list(expand)} if expand else {})


def _refused(card: StripeCard, attempt: PaymentAttempt, error: Any) -> PaymentError:
    """Return the refusal for a call that Stripe refused. A decline can use up a card that is not saved."""
    if isinstance(error, stripe.CardError):
        return refusal(error.error)
    if not card.reusable and PaymentAttempt.objects.filter(method=card.pk).exclude(pk=attempt.pk).exists():
        return PaymentError({"code": "card_spent", "message": _("Enter this card again, or use another one.")})
    return misconfigured(error)


def units_of(attempt: PaymentAttempt) -> int:
    """Return the amount of an attempt as Stripe counts it.

    :raises PaymentError: Stripe cannot count it without losing a part.
    """
    try:
        return to_stripe(attempt.amount, attempt.currency)
    except ValueError as error:
        raise misconfigured(error) from error


def _terms(card: StripeCard, attempt: PaymentAttempt) -> dict[str, Any]:
    """Return the parameters of a new intent: the same whenever they are asked for."""
    order = attempt.order
    optional = {
        "description": settings.STRIPE_DESCRIPTION.format(order=order.pk),
        "payment_method": card.payment_method,
        "customer": card.customer and card.customer.reference,
        "setup_future_usage": "" if attempt.off_session or not card.is_to_be_set_up() else "off_session",
        "statement_descriptor_suffix": settings.STRIPE_STATEMENT_DESCRIPTOR_SUFFIX,
        "receipt_email": order.email if settings.STRIPE_SENDS_RECEIPTS else "",
    }
    return {
        "amount": units_of(attempt),
        "currency": attempt.currency.lower(),
        "capture_method": settings.STRIPE_CAPTURE_METHOD,
        "automatic_payment_methods": AUTOMATIC,
        "metadata": metadata(attempt.key, order=order.uuid),
        **{name: value for name, value in optional.items() if value},
    }


def _confirmation(card: StripeCard, attempt: PaymentAttempt) -> dict[str, Any]:
    optional = {
        "confirmation_token": "" if card.payment_method else card.confirmation_token,
        "return_url": "" if attempt.off_session else settings.STRIPE_RETURN_URL,
        "off_session": attempt.off_session,
        "use_stripe_sdk": not (attempt.off_session or settings.STRIPE_RETURN_URL),
    }
    return {name: value for name, value in optional.items() if value}


def _confirmed_once(attempt: PaymentAttempt) -> dict[str, str]:
    return {"idempotency_key": f"{attempt.key}-{'absent' if attempt.off_session else 'present'}"}


def _is_untouched(intent: Any) -> bool:
    """Tell whether an intent is still to be confirmed."""
    waits = intent.status in ("requires_payment_method", "requires_confirmation")
    return waits and intent.last_payment_error is None


def _received(intent: Any) -> int:
    units: int = intent.amount_capturable if intent.status == "requires_capture" else intent.amount_received
    return units


def _read(card: StripeCard, intent: Any) -> Paid | Pending:
    """Return the outcome of an intent that was confirmed.

    :raises PaymentError: the shopper was not charged.
    """
    error = intent.last_payment_error
    used = intent.payment_method or getattr(getattr(error, "payment_method", None), "id", None)
    card.keep(used)
    match intent.status:
        case "succeeded" | "requires_capture":
            amount = from_stripe(_received(intent), intent.currency)
            return Paid(intent.id, amount, intent.currency, card.make_payment_record(intent))
        case "processing":
            return Pending(intent.id)
        case "requires_action":
            return Pending(intent.id, _action("authenticate", intent, used))
        case "canceled":
            raise PaymentError({"code": "canceled", "message": _("The payment was cancelled.")})
    if getattr(error, "code", None) == ABSENT:
        return Pending(intent.id, _action("confirm", intent, used))
    raise refusal(error)


def _action(kind: str, intent: Any, payment_method: str | None) -> dict[str, Any]:
    """Return what the browser has to do, with all that Stripe.js needs for it."""
    return {
        "type": kind,
        "client_secret": intent.client_secret,
        "next_action": as_dict(intent.next_action) or None,
        "payment_method": payment_method,
    }
