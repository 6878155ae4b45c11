"""Payment methods of the how-to guides, at a pretend provider."""

import hmac
import json
from datetime import timedelta

from django.db import models

from lorikeet.exceptions import PaymentError, WebhookError
from lorikeet.models import Payment, PaymentMethod
from lorikeet.outcomes import ProviderPayment
from lorikeet.payments import NotFound, Paid, Pending
from lorikeet.reference_payments import ReferencePaymentMethod, ReportedPayment

from . import provider


class GiftCard(PaymentMethod):
    """Pays in one call, which can be retried with the same key for a day."""

    retry_window = timedelta(hours=24)

    token = models.CharField(max_length=40)

    def make_payment(self, order, amount):
        key = str(order.payment_key)
        try:
            record = provider.books.charge(key, amount, order.currency, self.token)
        except provider.Declined as refusal:
            raise PaymentError({"code": refusal.code, "message": refusal.message}) from refusal
        return GiftCardPayment(method=self, receipt=record.id)


class GiftCardPayment(Payment):
    """The provider's receipt."""

    receipt = models.CharField(max_length=40)


class OnlineCard(PaymentMethod):
    """A card whose provider can be asked what became of a payment."""

    token = models.CharField(max_length=40)

    def start_payment(self, attempt):
        record = provider.books.create(str(attempt.key), attempt.amount, attempt.currency, self.token)
        attempt.save_reference(record.id)
        try:
            record = provider.books.confirm(record.id, return_url="https://shop.example/checkout/return/")
        except provider.Declined as refusal:
            raise PaymentError({"code": refusal.code, "message": refusal.message}) from refusal
        return self.read(record)

    def check_payment(self, attempt):
        record = provider.books.find(str(attempt.key))
        return NotFound() if record is None else self.read(record)

    def read(self, record):
        """Translate the provider's record of a payment into an outcome."""
        match record.state:
            case "created":
                return NotFound()
            case "paid":
                return Paid(record.id, record.amount, record.currency)
            case "declined" | "cancelled":
                raise PaymentError({"code": f"card_{record.state}", "message": f"The payment was {record.state}."})
            case _:
                return Pending(record.id, action={"redirect_to": record.url})

    def cancel_payment(self, attempt):
        record = provider.books.find(str(attempt.key))
        return record is None or provider.books.cancel(record.id)

    def refund_payment(self, attempt):
        refund_id = provider.books.refund(attempt.parent.reference, str(attempt.key), attempt.amount)
        return Paid(refund_id, attempt.amount, attempt.currency)

    @classmethod
    def read_webhook(cls, request):
        signature = request.headers.get("X-Signature", "")
        if not hmac.compare_digest(provider.sign(request.body).encode(), signature.encode()):
            raise WebhookError("The signature is wrong.")
        event = json.loads(request.body)
        return [event["payment"]] if "payment" in event else []

    @classmethod
    def list_payments(cls, since):
        for record in provider.books.list(since):
            yield ProviderPayment(record.id, record.key, record.amount, record.currency, record.refunded)


class Wallet(ReferencePaymentMethod):
    """A wallet on the shopper's phone: they pay there, and type the receipt's number into the shop."""

    def look_up(self, reference):
        record = provider.books.retrieve(reference)
        if record is None:
            return None
        state = "paid" if record.state == "paid" else "pending"
        return ReportedPayment(record.amount, record.currency, state, key=record.key)
