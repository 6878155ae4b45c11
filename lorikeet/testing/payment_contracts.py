"""What Lorikeet relies on in a payment method, on the simple path and on the exact one."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any, ClassVar

from django.test import RequestFactory

from ..clock import now
from ..exceptions import PaymentError, WebhookError
from ..models import Order, Payment, PaymentAttempt, PaymentMethod
from ..outcomes import NotFound, Paid, Pending
from ..payments import begin, resolve
from ..refunds import refund
from ..sale.leases import new_lease
from .contracts import ChoiceContract

__all__ = ["ExactPaymentMethodContract", "PaymentContract", "PaymentMethodContract"]


class PaymentContract(ChoiceContract):
    """What both suites share: an order of 10 to be paid with the method."""

    new_url = "new-payment-method"
    listed_as = "payment_methods"
    model = PaymentMethod
    #: The currency of the order, an ISO 4217 code that the provider takes.
    currency: ClassVar[str] = "AUD"

    def make_refused_data(self) -> dict[str, Any] | None:
        """Return data of a method that is refused when it is to pay, or ``None`` if none ever is."""
        return None

    def make_method(self, data: dict[str, Any] | None = None) -> Any:
        """Add a method through the API and return its row."""
        response = self.add(**(data or {}))
        assert response.status_code == 201, response.content
        return PaymentMethod.objects.select_subclasses().latest("pk")

    def make_order(self, method: Any) -> Order:
        """Return a pending order of 10 that is to be paid with ``method``, and the attempt at it."""
        order: Order = Order.objects.create(
            payment_method=method, currency=self.currency, subtotal=10, grand_total=Decimal(10)
        )
        PaymentAttempt.objects.create(
            order=order,
            open_for=order,
            method=method,
            provider=self.type_name,
            amount=Decimal(10),
            currency=self.currency,
            **new_lease(now()),
        )
        return order

    def skip_unless(self, data: dict[str, Any] | None, reason: str) -> dict[str, Any]:
        """Return ``data``, or skip the test by name."""
        if data is None:
            self.skipTest(reason)
        return data or {}


class PaymentMethodContract(PaymentContract):
    """What Lorikeet relies on in a payment method with ``make_payment()``."""

    def pay(self, method: Any) -> Any:
        return method.make_payment(self.make_order(method), Decimal(10))

    def test_a_payment_is_a_saved_row_of_its_own_class(self) -> None:
        payment = self.pay(self.make_method())

        assert isinstance(payment, Payment)
        assert payment.pk is not None

    def test_a_refusal_is_a_payment_error_that_leaves_no_payment(self) -> None:
        data = self.skip_unless(self.make_refused_data(), "This method is never refused.")
        method = self.make_method(data)

        try:
            self.pay(method)
        except PaymentError as error:
            refusal = error
        else:
            raise AssertionError("make_payment() took money with what make_refused_data() gives.")

        assert "message" in refusal.info
        assert Payment.objects.count() == 0


class ExactPaymentMethodContract(PaymentContract):
    """What Lorikeet relies on in a payment method with ``start_payment()`` and ``check_payment()``.

    Its provider should be a real one in its test mode, or a fake that is asked over HTTP: what counts is what is in
    *its* books, which :meth:`get_taken` reads.
    """

    def get_taken(self) -> Decimal:
        """Return what the provider has taken in all, less what it gave back, in major units."""
        raise TypeError(f"Write {type(self).__name__}.get_taken(self), which reads the provider's books.")

    def make_pending_data(self) -> dict[str, Any] | None:
        """Return data of a method with which the provider waits for the shopper, or ``None`` if it never does."""
        return None

    def make_attempt(self, data: dict[str, Any] | None = None) -> PaymentAttempt:
        """Return an attempt to charge 10, as the process that made the order has it."""
        attempt = self.make_order(self.make_method(data)).latest_charge
        assert attempt is not None
        return attempt

    def paid(self, data: dict[str, Any] | None = None) -> tuple[Any, PaymentAttempt]:
        """Return a method and an attempt that was just paid with it; the outcome is not recorded."""
        attempt = self.make_attempt(data)
        method = self.method_of(attempt)
        self.taken_before = self.get_taken()
        outcome = method.start_payment(attempt)
        assert isinstance(outcome, Paid), f"start_payment() returned {outcome!r} with what make_data() gives."
        return method, attempt

    def method_of(self, attempt: PaymentAttempt) -> Any:
        return PaymentMethod.objects.select_subclasses().get(pk=attempt.method_id)

    def lapse(self, attempt: PaymentAttempt) -> None:
        """Let the process that worked on ``attempt`` die."""
        PaymentAttempt.objects.filter(pk=attempt.pk).update(lease_until=now() - timedelta(days=1))

    def outcome_of(self, ask: Any, attempt: PaymentAttempt) -> Any:
        """Return what ``ask`` says of an attempt, a refusal included."""
        try:
            return ask(attempt)
        except PaymentError as error:
            return error

    def test_it_states_what_was_asked_for(self) -> None:
        attempt = self.make_attempt()

        outcome = self.method_of(attempt).start_payment(attempt)

        assert (outcome.amount, outcome.currency) == (attempt.amount, attempt.currency)

    def test_a_payment_can_be_asked_for_any_number_of_times(self) -> None:
        method, attempt = self.paid()

        answers = [method.check_payment(attempt) for _ in range(3)]

        assert {(answer.amount, answer.currency) for answer in answers} == {(attempt.amount, attempt.currency)}
        assert len({answer.reference for answer in answers}) == 1
        assert self.get_taken() - self.taken_before == attempt.amount

    def test_starting_again_takes_nothing_again(self) -> None:
        method, attempt = self.paid()

        again = self.outcome_of(method.start_payment, attempt)

        assert isinstance(again, Paid)
        assert self.get_taken() - self.taken_before == attempt.amount

    def test_what_was_never_started_is_not_paid(self) -> None:
        attempt = self.make_attempt()

        assert isinstance(self.method_of(attempt).check_payment(attempt), NotFound | Pending)

    def test_a_process_that_died_after_the_payment_loses_nothing(self) -> None:
        _method, attempt = self.paid()
        self.lapse(attempt)

        resolve(attempt)

        assert Order.objects.get(pk=attempt.order_id).is_placed
        assert self.get_taken() - self.taken_before == attempt.amount

    def test_a_process_that_died_before_the_payment_takes_nothing(self) -> None:
        attempt, before = self.make_attempt(), self.get_taken()
        self.lapse(attempt)

        resolve(attempt)

        assert not Order.objects.get(pk=attempt.order_id).is_placed
        assert self.get_taken() == before

    def test_a_refusal_takes_nothing_and_stays_one(self) -> None:
        data = self.skip_unless(self.make_refused_data(), "This method is never refused.")
        attempt, before = self.make_attempt(data), self.get_taken()
        method = self.method_of(attempt)

        refusal = self.outcome_of(method.start_payment, attempt)
        afterwards = self.outcome_of(method.check_payment, attempt)

        assert isinstance(refusal, PaymentError), f"start_payment() returned {refusal!r} instead of a refusal."
        assert "message" in refusal.info
        assert isinstance(afterwards, PaymentError | NotFound)
        assert self.get_taken() == before

    def test_a_refused_order_is_cancelled(self) -> None:
        data = self.skip_unless(self.make_refused_data(), "This method is never refused.")
        attempt = self.make_attempt(data)

        begin(attempt)

        assert Order.objects.get(pk=attempt.order_id).state == "cancelled"

    def test_what_is_paid_cannot_be_stopped(self) -> None:
        method, attempt = self.paid()

        assert not method.cancel_payment(attempt)

    def test_what_was_stopped_is_never_paid(self) -> None:
        data = self.skip_unless(self.make_pending_data(), "This provider never waits for the shopper.")
        attempt, before = self.make_attempt(data), self.get_taken()
        method = self.method_of(attempt)
        assert isinstance(method.start_payment(attempt), Pending)

        stopped = method.cancel_payment(attempt)

        assert stopped or not method.has_own("cancel_payment")
        assert not isinstance(self.outcome_of(method.check_payment, attempt), Paid)
        assert self.get_taken() == before

    def test_a_refund_is_made_once_however_often_it_is_asked_for(self) -> None:
        if not type(self.make_method()).has_own("refund_payment"):
            self.skipTest("This method cannot refund.")
        method, attempt = self.paid()
        self.lapse(attempt)
        resolve(attempt)

        paid_back = refund(attempt.order, Decimal(4), "Broken")
        once = self.get_taken() - self.taken_before
        again = self.outcome_of(method.refund_payment, paid_back)

        assert paid_back.state in ("paid", "pending")
        assert isinstance(again, Paid | Pending)
        assert paid_back.state == "pending" or once == Decimal(6), "get_taken() has to fall with a refund."
        assert self.get_taken() - self.taken_before == once

    def test_a_webhook_without_a_signature_is_refused(self) -> None:
        method = type(self.make_method())
        if not method.has_own("read_webhook"):
            self.skipTest("This method takes no webhooks.")

        try:
            list(method.read_webhook(RequestFactory().post("/", b"{}", content_type="application/json")))
        except WebhookError:
            return
        raise AssertionError("read_webhook() accepted an event without a signature.")
