"""Payment methods of every kind. All but ``ScriptedCard`` ask the provider of ``tests.faults`` over HTTP."""

from datetime import datetime, timedelta, timezone

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models

from lorikeet.exceptions import PaymentError, WebhookError
from lorikeet.models import Payment, PaymentMethod
from lorikeet.outcomes import NotFound, Paid, Pending, ProviderPayment
from lorikeet.reference_payments import ReferencePaymentMethod, ReportedPayment
from tests.faults.clients import Client, Refused, from_minor, read_event, to_minor

__all__ = ["ExactCard", "KeyedCard", "OneCallCard", "Receipt", "ScriptedCard", "SimpleCard", "Transfer"]


def client():
    """Return the client of the provider at ``settings.PROVIDER_URL``."""
    return Client(settings.PROVIDER_URL, timeout=settings.PROVIDER_SECONDS)


def as_refusal(error):
    """Return a refusal of the provider as the library's exception."""
    return PaymentError({"code": error.code, "message": "The provider refused the payment."})


class AtProvider:
    """The base of the methods that pay at this provider and know its payments."""

    def read(self, payment):
        """Return the outcome that the provider's record of a payment means."""
        match payment["state"]:
            case "succeeded" if payment["account"] != "shop":
                raise RuntimeError("The money went to another account.")
            case "succeeded":
                return Paid(payment["id"], from_minor(payment["paid_amount"]), payment["paid_currency"])
            case "requires_action":
                return Pending(payment["id"], action={"url": f"https://provider.example/{payment['id']}"})
            case "processing":
                return Pending(payment["id"])
            case "created":
                return NotFound()
            case _:
                raise PaymentError({"code": payment["code"] or payment["state"], "message": "The payment failed."})

    def check_payment(self, attempt):
        try:
            if attempt.reference:
                return self.read(client().retrieve(attempt.reference))
            return self.read(client().find(attempt.key))
        except Refused as error:
            if error.status == 404:
                return NotFound()
            raise

    def cancel_payment(self, attempt):
        try:
            client().cancel(attempt.reference, None if attempt.reference else attempt.key)
        except Refused:
            return False
        return True

    def refund_payment(self, attempt):
        try:
            refund = client().find_refund(attempt.key)
        except Refused:
            refund = self.refund_anew(attempt)
        match refund["state"]:
            case "succeeded":
                return Paid(refund["id"], from_minor(refund["amount"]), refund["currency"])
            case "failed":
                raise PaymentError({"code": refund["code"], "message": "The refund failed."})
        return Pending(refund["id"])

    def refund_anew(self, attempt):
        try:
            return client().refund(attempt.parent.reference, attempt.key, to_minor(attempt.amount))
        except Refused as error:
            raise as_refusal(error) from error

    @classmethod
    def read_webhook(cls, request):
        try:
            event = read_event(request.body, request.headers.get("Provider-Signature", ""))
        except ValueError as error:
            raise WebhookError(str(error)) from error
        return [event["object"], event["key"] or ""]

    @classmethod
    def list_payments(cls, since: datetime):
        for payment in client().list(since.astimezone(timezone.utc).timestamp()):
            if payment["state"] == "succeeded" and payment["key"]:
                yield ProviderPayment(
                    payment["id"],
                    payment["key"],
                    from_minor(payment["paid_amount"]),
                    payment["paid_currency"],
                    from_minor(payment["refunded"]),
                )


class ExactCard(AtProvider, PaymentMethod):
    """Two calls: a payment is made, its id is kept, and then it is confirmed."""

    token = models.CharField(max_length=40)

    def start_payment(self, attempt):
        try:
            if attempt.reference is None:
                made = client().create(attempt.key, to_minor(attempt.amount), attempt.currency)
                attempt.save_reference(made["id"])
            return self.read(client().confirm(attempt.reference))
        except Refused as error:
            raise as_refusal(error) from error


class OneCallCard(AtProvider, PaymentMethod):
    """One call makes and confirms a payment, and it can be found by its key afterwards."""

    token = models.CharField(max_length=40)

    def start_payment(self, attempt):
        try:
            return self.read(client().charge(attempt.key, to_minor(attempt.amount), attempt.currency))
        except Refused as error:
            raise as_refusal(error) from error


class SimpleCard(PaymentMethod):
    """The simple path: one call, whose outcome cannot be asked about afterwards."""

    token = models.CharField(max_length=40)

    def make_payment(self, order, amount):
        try:
            charged = client().charge(order.payment_key, to_minor(amount), order.currency)
        except Refused as error:
            raise as_refusal(error) from error
        return Receipt.objects.create(method=self, reference=charged["id"])


class KeyedCard(PaymentMethod):
    """The simple path at a provider that knows a repeated key again for an hour."""

    retry_window = timedelta(hours=1)
    token = models.CharField(max_length=40)

    make_payment = SimpleCard.make_payment


class Transfer(AtProvider, ReferencePaymentMethod):
    """Paid elsewhere: the shopper reports the reference of the payment."""

    check_payment = ReferencePaymentMethod.check_payment
    cancel_payment = ReferencePaymentMethod.cancel_payment

    def look_up(self, reference):
        try:
            payment = client().retrieve(reference)
        except Refused:
            return None
        if payment["account"] != "shop":
            return None
        states = {"succeeded": "paid", "failed": "failed", "cancelled": "failed"}
        paid = payment["state"] == "succeeded"
        return ReportedPayment(
            from_minor(payment["paid_amount"] if paid else payment["amount"]),
            payment["paid_currency"] if paid else payment["currency"],
            states.get(payment["state"], "pending"),
            payment["key"],
        )

    def find_reference(self, attempt):
        try:
            return client().find(attempt.key)["id"]
        except Refused:
            return None


class ScriptedCard(PaymentMethod):
    """Answers what a test has put into ``answers``, without any provider, and notes what it was asked in ``asked``.

    ``answers`` has, by the name of the method, what it returns, raises, or calls with the attempt; a list is used up.
    """

    answers: dict = {}
    asked: list = []

    token = models.CharField(max_length=40, default="tok_scripted")

    @classmethod
    def script(cls, **answers):
        """Answer so from now on, and forget what was asked."""
        cls.answers, cls.asked = answers, []

    def answer(self, name, attempt, *more):
        type(self).asked.append((name, attempt.pk))
        answer = self.answers.get(name, NotFound())
        if isinstance(answer, list):
            answer = answer.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer(attempt, *more) if callable(answer) else answer

    def start_payment(self, attempt):
        return self.answer("start_payment", attempt)

    def check_payment(self, attempt):
        return self.answer("check_payment", attempt)

    def cancel_payment(self, attempt):
        return self.answer("cancel_payment", attempt)

    def refund_payment(self, attempt):
        return self.answer("refund_payment", attempt)

    def confirm_payment(self, attempt, data):
        if "wrong" in data:
            raise ValidationError({"wrong": "This is wrong."})
        self.answer("confirm_payment", attempt, data)


class Receipt(Payment):
    """What the provider answered on the simple path."""

    reference = models.CharField(max_length=40)
