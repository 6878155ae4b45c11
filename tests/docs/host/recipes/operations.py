"""What the operator's guide shows."""

from dataclasses import asdict
from decimal import Decimal

from django.core.mail import EmailMessage
from django.dispatch import receiver
from django.http import JsonResponse

from lorikeet.health import health
from lorikeet.refunds import refund
from lorikeet.signals import payment_attention


def payments_health(request):
    """Answer 200 while there is nothing for the staff to do, and 503 otherwise."""
    state = health()
    return JsonResponse(asdict(state), status=200 if state.is_good else 503)


@receiver(payment_attention)
def tell_the_staff(sender, attempt, **kwargs):
    """Write to the staff who look after payments."""
    EmailMessage(
        subject=f"Order {attempt.order_id}: {attempt.attention}",
        body=f"{attempt.kind} of {attempt.amount} {attempt.currency} by {attempt.provider}, key {attempt.key}",
        to=["payments@shop.example"],
    ).send()


def pay_postage_back(order, staff):
    """Refund the postage of a parcel that came late."""
    return refund(order, Decimal("12.00"), reason="The parcel came late.", by=staff)
