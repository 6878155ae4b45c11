"""What Lorikeet relies on in a payment that is made elsewhere and reported by reference."""

from __future__ import annotations

from decimal import Decimal

from django.core.exceptions import ValidationError

from ..models import Order, PaymentAttempt
from ..payments import begin, confirm
from .payment_contracts import PaymentContract

__all__ = ["ReferencePaymentMethodContract"]


class ReferencePaymentMethodContract(PaymentContract):
    """What Lorikeet relies on in a ``ReferencePaymentMethod``: that ``look_up()`` tells what was really paid."""

    def pay_elsewhere(self, attempt: PaymentAttempt, amount: Decimal) -> str:
        """Pay ``amount`` at the provider for ``attempt``, as a shopper does, and return the reference."""
        raise TypeError(f"Write {type(self).__name__}.pay_elsewhere(self, attempt, amount).")

    def make_waiting(self) -> PaymentAttempt:
        """Return an attempt that waits for its shopper to pay elsewhere."""
        attempt = self.make_order(self.make_method()).latest_charge
        assert attempt is not None
        begin(attempt)
        attempt.refresh_from_db()
        return attempt

    def report(self, attempt: PaymentAttempt, reference: str) -> str:
        """Report a reference, and return the state of the order afterwards, or ``"refused"``."""
        try:
            confirm(attempt, {"reference": reference})
        except ValidationError:
            return "refused"
        return str(Order.objects.get(pk=attempt.order_id).state)

    def test_it_waits_to_be_paid(self) -> None:
        attempt = self.make_waiting()

        assert (attempt.state, attempt.order.state) == ("pending", "pending")

    def test_a_payment_that_is_reported_places_the_order(self) -> None:
        attempt = self.make_waiting()
        reference = self.pay_elsewhere(attempt, attempt.amount)

        assert self.report(attempt, reference) == "placed"

    def test_a_reference_that_is_unknown_is_refused(self) -> None:
        attempt = self.make_waiting()

        assert self.report(attempt, "no such payment") == "refused"

    def test_a_payment_counts_once(self) -> None:
        first, second = self.make_waiting(), self.make_waiting()
        reference = self.pay_elsewhere(first, first.amount)
        assert self.report(first, reference) == "placed"

        assert self.report(second, reference) == "refused"

    def test_too_little_does_not_place_the_order(self) -> None:
        attempt = self.make_waiting()
        reference = self.pay_elsewhere(attempt, attempt.amount / 2)

        assert self.report(attempt, reference) in ("cancelled", "refused")
        assert not Order.objects.get(pk=attempt.order_id).is_placed
