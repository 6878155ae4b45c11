"""Refunds through Stripe, and what was refunded or disputed in its dashboard."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.utils.translation import gettext as _

from lorikeet.clock import now
from lorikeet.exceptions import PaymentError
from lorikeet.models import PaymentAttempt
from lorikeet.outcomes import Paid, Pending, ProviderRefund, Review

from .amounts import from_stripe
from .errors import OURS, misconfigured
from .intents import retrieve, units_of
from .sdk import api, as_dict, metadata

__all__ = ["refund", "review"]

#: Stripe forgets idempotency keys after a day. Source: https://docs.stripe.com/api/idempotent_requests
KEPT = timedelta(hours=20)
#: The reasons that Stripe knows; any other is for our own record, since it may be personal.
REASONS = {"duplicate", "fraudulent", "requested_by_customer"}
STATES: dict[str, Any] = {"succeeded": "paid", "failed": "failed", "canceled": "failed"}
#: Of disputes that the shop can still answer.
OPEN_DISPUTES = {"needs_response", "warning_needs_response"}


def refund(attempt: PaymentAttempt) -> Paid | Pending:
    """Refund what ``attempt`` says. Money that is only authorised is released, all of it or nothing.

    :raises PaymentError: it was not refunded, and never will be.
    """
    charge = attempt.parent
    assert charge is not None  # a refund has one
    intent = retrieve(charge)
    if intent.status in ("requires_capture", "canceled"):
        return _void(attempt, intent)
    found = _find(attempt, charge)
    if found is None:
        reason = attempt.reason if attempt.reason in REASONS else "requested_by_customer"
        parameters = {
            "payment_intent": charge.reference,
            "amount": units_of(attempt),
            "reason": reason,
            "metadata": metadata(attempt.key),
        }
        try:
            found = api().refunds.create(parameters, {"idempotency_key": str(attempt.key)})
        except OURS as error:  # the key's first call may have had another reason
            found = _find_by_key(attempt, charge)
            if found is None:
                raise misconfigured(error, _("This cannot be paid back; the log says why.")) from error
    match STATES.get(found.status):
        case "paid":
            return Paid(found.id, from_stripe(found.amount, found.currency), found.currency)
        case "failed":
            message = _("The bank did not take the money back.")
            raise PaymentError({"code": getattr(found, "failure_reason", None) or found.status, "message": message})
    return Pending(found.id)


def review(charge: PaymentAttempt) -> Review:
    """Ask for everything that was refunded of a charge, and whether it is disputed.

    Nothing is refunded of money that is only authorised: Stripe records a refund of its own when it releases that.
    """
    intent = retrieve(charge, "latest_charge")
    ours = charge.refunds.exclude(state="failed")
    if intent.status != "succeeded":
        is_gone = intent.status == "canceled" and not ours.exists()
        return Review(attention="authorisation ended" if is_gone else "")
    has_refunds = intent.latest_charge.amount_refunded or ours.exists()
    refunds = [_as_refund(refund) for refund in _refunds_of(charge)] if has_refunds else []
    return Review(refunds, _attention(charge, intent))


def _attention(charge: PaymentAttempt, intent: Any) -> str:
    """Say why the staff are to look at a payment."""
    states = set()
    if intent.latest_charge.disputed:
        disputes = api().disputes.list({"payment_intent": charge.reference, "limit": 100})
        states = {dispute.status for dispute in disputes.auto_paging_iter()}
    if states & OPEN_DISPUTES:
        return "disputed"
    if "lost" in states:
        return "dispute lost"
    is_less = not charge.received and from_stripe(intent.amount_received, intent.currency) != charge.amount
    return "captured less" if is_less else ""


def _void(attempt: PaymentAttempt, intent: Any) -> Paid:
    authorised = from_stripe(intent.amount, intent.currency)
    if attempt.amount != authorised:
        message = _("Only all of what is authorised can be released. To pay back a part, capture it first.")
        raise PaymentError({"code": "not_captured", "message": message})
    if intent.status != "canceled":
        intent = api().payment_intents.cancel(intent.id)
    return Paid(intent.id, authorised, intent.currency)


def _find(attempt: PaymentAttempt, charge: PaymentAttempt) -> Any:
    """Return the refund that was made for an attempt, if Stripe would not know its key again."""
    if attempt.reference:
        return api().refunds.retrieve(attempt.reference)
    return None if now() - attempt.created_at < KEPT else _find_by_key(attempt, charge)


def _find_by_key(attempt: PaymentAttempt, charge: PaymentAttempt) -> Any:
    return next((found for found in _refunds_of(charge) if _key_of(found) == str(attempt.key)), None)


def _refunds_of(charge: PaymentAttempt) -> Any:
    return api().refunds.list({"payment_intent": charge.reference, "limit": 100}).auto_paging_iter()


def _key_of(refund: Any) -> str | None:
    key: str | None = as_dict(refund.metadata).get("lorikeet_key")
    return key


def _as_refund(refund: Any) -> ProviderRefund:
    amount = from_stripe(refund.amount, refund.currency)
    return ProviderRefund(refund.id, amount, refund.currency, STATES.get(refund.status, "pending"), _key_of(refund))
