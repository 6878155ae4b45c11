"""Capturing the money that was authorised at checkout, when the order is sent."""

from __future__ import annotations

from django.utils.translation import gettext as _

from lorikeet.exceptions import PaymentError, RefundError
from lorikeet.models import Order, PaymentAttempt

from .errors import OURS, misconfigured
from .intents import retrieve
from .models import StripePayment
from .sdk import api

__all__ = ["capture"]


def capture(order: Order) -> StripePayment:
    """Capture all that was authorised for a placed order. A retry is safe, also after the process died in between.

    Refund the goods that are not sent afterwards, with ``lorikeet.refunds.refund()``.

    :raises PaymentError: the authorisation has expired or was released; nothing was captured.
    :raises RefundError: nothing was authorised for this order.
    :raises stripe.StripeError: Stripe did not answer; retry.
    """
    charges = PaymentAttempt.objects.filter(order=order, order__state="placed", kind="charge", state="paid")
    attempt = charges.exclude(payment__stripepayment=None).select_related("payment__stripepayment").first()
    if attempt is None:
        raise RefundError(_("Nothing was authorised for this order."))
    payment: StripePayment = attempt.payment.stripepayment
    if payment.is_captured:
        return payment
    try:
        intent = api().payment_intents.capture(attempt.reference)
    except OURS as error:  # it was captured before, or can no longer be
        intent = retrieve(attempt)
        if intent.status == "requires_capture":
            raise misconfigured(error) from error
    if intent.status != "succeeded":
        raise PaymentError({"code": "authorisation_ended", "message": _("The bank no longer holds the money.")})
    payment.is_captured = True
    payment.save(update_fields=["is_captured"])
    return payment
