"""Charges, and what may become of them: refunds and disputes."""

from __future__ import annotations

from . import cards
from .books import Books, Object
from .customers import check_metadata
from .errors import Refused
from .parameters import Params

__all__ = ["capture", "charge_of", "close_dispute", "end_refund", "new", "new_dispute", "refund", "release"]

#: What is always empty here.
EMPTY = (
    "application application_fee application_fee_amount balance_transaction failure_balance_transaction on_behalf_of "
    "receipt_number review shipping source source_transfer statement_descriptor transfer_data transfer_group"
).split()
EMPTY_CARD = "authorization_code installments mandate network_transaction_id three_d_secure transaction_link_id".split()
EVIDENCE = (
    "access_activity_log billing_address cancellation_policy cancellation_policy_disclosure cancellation_rebuttal "
    "customer_communication customer_email_address customer_name customer_purchase_ip customer_signature "
    "duplicate_charge_documentation duplicate_charge_explanation duplicate_charge_id product_description receipt "
    "refund_policy refund_policy_disclosure refund_refusal_explanation service_date service_documentation "
    "shipping_address shipping_carrier shipping_date shipping_documentation shipping_tracking_number "
    "uncategorized_file uncategorized_text"
).split()
#: After how many seconds a refund fails whose card fails refunds, and by when a dispute must be answered.
REFUND_FAILS_SECONDS = 3600
DISPUTE_SECONDS = 9 * 86400


def new(
    books: Books, intent: Object, method: Object, card: cards.Card, code: str | None = None, reason: str | None = None
) -> Object:
    """Make the charge of an intent: failed if there is a ``code``, else authorised, or pending if the card waits."""
    status = "failed" if code else "pending" if card.waits else "succeeded"
    unavailable = {"status": "unavailable"}
    details = {
        **{name: value for name, value in method["card"].items() if name in cards.shape(card, books.now())},
        **dict.fromkeys(EMPTY_CARD),
        "amount_authorized": None if code else intent["amount"],
        "extended_authorization": {"status": "disabled"},
        "incremental_authorization": unavailable,
        "multicapture": unavailable,
        "network": card.brand,
        "network_token": {"used": False},
        "overcapture": {"maximum_amount_capturable": intent["amount"], **unavailable},
    }
    charge = books.new(
        "charge",
        **dict.fromkeys(EMPTY),
        **{name: intent[name] for name in ("amount", "currency", "customer", "description", "metadata")},
        **{name: intent[name] for name in ("receipt_email", "statement_descriptor_suffix")},
        amount_captured=0,
        amount_refunded=0,
        billing_details=method["billing_details"],
        calculated_statement_descriptor="LORIKEET",
        captured=False,
        disputed=False,
        failure_code=code,
        failure_message=cards.message(code, reason) if code else None,
        fraud_details={},
        outcome={
            **dict.fromkeys(["advice_code", "network_advice_code"]),
            "network_decline_code": "05" if code else None,
            "network_status": "declined_by_network" if code else "approved_by_network",
            "reason": reason,
            "seller_message": "The bank declined the payment." if code else "Payment complete.",
            "type": "issuer_declined" if code else "authorized",
        },
        paid=status == "succeeded",
        payment_intent=intent["id"],
        payment_method=method["id"],
        payment_method_details={"card": details, "type": "card"},
        receipt_url=None,
        refunded=False,
        status=status,
        _card=method["_card"],
    )
    books.emit(f"charge.{status}", charge)
    return charge


def capture(charge: Object, amount: int) -> None:
    """Capture what was authorised, or less: Stripe shows the rest as refunded, without a refund."""
    charge |= {"captured": True, "amount_captured": amount, "amount_refunded": charge["amount"] - amount}


def release(books: Books, charge: Object) -> None:
    """Release what was authorised and not captured."""
    charge |= {"amount_refunded": charge["amount"], "refunded": True}
    books.emit("charge.refunded", charge)


def charge_of(books: Books, params: Params) -> Object:
    """Return the charge that ``params`` name, by itself or by its intent.

    :raises Refused: there is none, or no money was taken.
    """
    if "charge" in params:
        charge = books.get("charge", params["charge"], "charge")
    elif "payment_intent" in params:
        intent = books.get("payment_intent", params["payment_intent"], "payment_intent")
        charge = books.objects.get(intent["latest_charge"] or "", {})
    else:
        raise Refused("One of the following params should be provided: payment_intent or charge.")
    if not charge.get("captured"):
        raise Refused(f"This payment ({params}) does not have a successful charge to refund.", param="payment_intent")
    return charge


def refund(books: Books, params: Params) -> Object:
    """Refund a charge, all that is left of it or an amount.

    :raises Refused: nothing was taken, nothing or less is left, or the shopper's bank has it.
    """
    charge = charge_of(books, params)
    left = charge["amount"] - charge["amount_refunded"]
    if left == 0:
        raise Refused(f"Charge {charge['id']} has already been refunded.", "charge_already_refunded", param="charge")
    open_disputes = [dispute for dispute in books.all("dispute", charge=charge["id"]) if dispute["status"] != "won"]
    if not all(dispute["is_charge_refundable"] for dispute in open_disputes):
        raise Refused(f"Charge {charge['id']} has been charged back; cannot issue a refund.", "charge_disputed")
    amount = params.get("amount", left)
    if amount < 1:
        raise Refused("Invalid positive integer", "parameter_invalid_integer", param="amount")
    if amount > left:
        message = f"Refund amount ({amount}) is greater than unrefunded amount on charge ({left})"
        raise Refused(message, param="amount")
    outcome = cards.CARDS[charge["_card"]].refund
    made = books.new(
        "refund",
        **dict.fromkeys(["balance_transaction", "receipt_number", "source_transfer_reversal", "transfer_reversal"]),
        amount=amount,
        charge=charge["id"],
        currency=charge["currency"],
        destination_details={"card": {"type": "refund"}, "type": "card"},
        metadata=check_metadata(params),
        payment_intent=charge["payment_intent"],
        reason=params.get("reason"),
        status="pending" if outcome == "pending" else "succeeded",
    )
    _count(charge, amount)
    books.emit("refund.created", made)
    books.emit("charge.refunded", charge)
    if outcome == "fails":
        books.due.append([books.now() + REFUND_FAILS_SECONDS, "fail_refund", made["id"]])
    return made


def _count(charge: Object, amount: int) -> None:
    charge["amount_refunded"] += amount
    charge["refunded"] = charge["amount_refunded"] == charge["amount"]


def end_refund(books: Books, id: str, *, passed: bool) -> Object:
    """Let a pending refund succeed, or let a refund fail, also one that had succeeded. A failed one does not change."""
    made = books.get("refund", id)
    if made["status"] == "failed":
        return made
    made["status"] = "succeeded" if passed else "failed"
    if not passed:
        made["failure_reason"] = "expired_or_canceled_card"
        _count(books.objects[made["charge"]], -made["amount"])
        books.emit("refund.failed", made)
    books.emit("refund.updated", made)
    return made


def new_dispute(books: Books, charge: Object, reason: str = "fraudulent", amount: int | None = None) -> Object:
    """Let the shopper dispute a charge; an ``inquiry`` only asks, and leaves it refundable."""
    asks = reason == "inquiry"
    due = {"due_by": books.now() + DISPUTE_SECONDS, "has_evidence": False, "past_due": False, "submission_count": 0}
    card = {"brand": cards.CARDS[charge["_card"]].brand, "case_type": "inquiry" if asks else "chargeback"}
    dispute = books.new(
        "dispute",
        amount=charge["amount_captured"] if amount is None else amount,
        balance_transactions=[],
        charge=charge["id"],
        currency=charge["currency"],
        enhanced_eligibility_types=[],
        evidence={**dict.fromkeys(EVIDENCE), "enhanced_evidence": {}},
        evidence_details={**due, "enhanced_eligibility": {}},
        is_charge_refundable=asks,
        metadata={},
        payment_intent=charge["payment_intent"],
        payment_method_details={"card": {**card, "network_reason_code": "10.4"}, "type": "card"},
        reason="general" if asks else reason,
        status="warning_needs_response" if asks else "needs_response",
    )
    charge["disputed"] = True
    books.emit("charge.dispute.created", dispute)
    return dispute


def close_dispute(books: Books, id: str, status: str) -> Object:
    """End a dispute: ``won`` or ``lost``, or ``warning_closed`` for an inquiry."""
    dispute = books.get("dispute", id)
    if status not in {"won", "lost", "warning_closed"}:
        raise Refused(f"A dispute does not end as {status!r}.", param="status")
    dispute["status"] = status
    books.emit("charge.dispute.closed", dispute)
    return dispute
