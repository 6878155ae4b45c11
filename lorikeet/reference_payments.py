"""Payments made elsewhere and reported by reference: the provider is asked what was really paid, and for what."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any, ClassVar, Literal, get_args

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from .exceptions import InvalidAnswer, PaymentError, ReferenceTaken
from .models import PaymentAttempt, PaymentMethod
from .outcomes import NotFound, Paid, Pending, check_money, check_reference, is_reference
from .sale.ask import read_key

__all__ = ["ReferencePaymentMethod", "ReportedPayment"]

State = Literal["paid", "pending", "failed"]


@dataclass(frozen=True)
class ReportedPayment:
    """What the provider says of a payment to *this* shop, in its live mode.

    :param amount: what was received, in major units of ``currency``.
    :param state: ``"paid"``; ``"pending"`` until the money is certain; ``"failed"`` if it never comes or went
        back. Translate the provider's own words into these.
    :param key: what the provider shows of the attempt's key, or ``None`` if it shows nothing of the kind.
    :param reference: the provider's own spelling, where :meth:`ReferencePaymentMethod.look_up` allows others.
    """

    amount: Decimal
    currency: str
    state: State
    key: str | None = None
    reference: str | None = None

    def __post_init__(self) -> None:
        check_money(self.amount, self.currency)
        check_reference(self.reference)
        if self.state not in get_args(State):
            raise InvalidAnswer(f"The state of a reported payment is one of {get_args(State)}, not {self.state!r}.")
        object.__setattr__(self, "currency", self.currency.upper())


class ReferencePaymentMethod(PaymentMethod):
    """A payment that the shopper makes somewhere else. Subclass it, and write :meth:`look_up`.

    The order waits for ``payment_window``; meanwhile the client posts ``{"data": {"reference": "..."}}`` to the
    checkout's ``confirm_url``. Each reference counts once. A payment that carries the order's key and another amount
    is refunded; one with another key is not this shopper's and is refused.
    """

    paid_elsewhere = True
    payment_window = timedelta(hours=5)
    #: Whether the provider shows the key with the payment. If not, a shopper who learns another's reference can use it.
    shows_key: ClassVar[bool] = True

    class Meta:
        abstract = True

    def look_up(self, reference: str) -> ReportedPayment | None:
        """Ask the provider about a reference; ``None`` if it knows no such payment to this shop."""
        raise TypeError(f"Write {type(self).__name__}.look_up(self, reference).")

    def find_reference(self, attempt: PaymentAttempt) -> str | None:
        """Ask the provider for the reference of a payment with ``attempt.key`` that was not reported, if it can say."""
        return None

    def get_action(self, attempt: PaymentAttempt) -> Any:
        """Return what the browser needs to pay elsewhere, any JSON value."""
        return {"key": str(attempt.key), "amount": str(attempt.amount), "currency": attempt.currency}

    def start_payment(self, attempt: PaymentAttempt) -> Paid | Pending:
        return Pending(action=self.get_action(attempt))

    def confirm_payment(self, attempt: PaymentAttempt, data: dict[str, Any]) -> None:
        reference: Any = data.get("reference")
        if not is_reference(reference):
            raise ValidationError({"reference": _("Give the reference of your payment.")})
        if unknown := {name: _("There is no such field.") for name in data if name != "reference"}:
            raise ValidationError(unknown)
        reported = self.look_up(reference)
        if reported is None or not self._is_ours(attempt, reported):
            raise ValidationError({"reference": _("There is no payment for this order with this reference.")})
        reference = reported.reference or reference
        if attempt.reference not in (None, reference) and self._is_good(attempt.reference):
            raise ValidationError({"reference": _("Another payment was reported for this order.")})
        try:
            attempt.save_reference(reference)
        except ReferenceTaken:
            raise ValidationError({"reference": _("This payment was used for another order.")}) from None

    def _is_good(self, reference: str) -> bool:
        reported = self.look_up(reference)
        return reported is not None and reported.state != "failed"

    def check_payment(self, attempt: PaymentAttempt) -> Paid | Pending | NotFound:
        reference = attempt.reference or self.find_reference(attempt)
        reported = None if reference is None else self.look_up(reference)
        if reported is None or not self._is_ours(attempt, reported):
            return Pending(action=self.get_action(attempt))
        if reported.state == "failed":
            raise PaymentError({"code": "failed", "message": str(_("The payment was not completed."))})
        if reported.state == "pending":
            return Pending(reported.reference or reference)
        return Paid(reported.reference or reference, reported.amount, reported.currency)

    def cancel_payment(self, attempt: PaymentAttempt) -> bool:
        """Give up waiting, unless a payment is on its way. One that is reported afterwards is refunded."""
        reference = attempt.reference or self.find_reference(attempt)
        return reference is None or not self._is_good(reference)

    def _is_ours(self, attempt: PaymentAttempt, reported: ReportedPayment) -> bool:
        if self.shows_key:
            return read_key(reported.key) == attempt.key
        return (reported.amount, reported.currency) == (attempt.amount, attempt.currency)
