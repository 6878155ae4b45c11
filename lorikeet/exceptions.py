"""Every exception that Lorikeet raises, in one tree. None knows of HTTP: ``http/errors.py`` maps them to answers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, ClassVar

__all__ = [
    "AmountTooLarge",
    "CartChanged",
    "CartGone",
    "ConflictError",
    "ConflictErrorSet",
    "IdempotencyKeyReused",
    "IncompleteCartError",
    "IncompleteCartErrorSet",
    "InvalidAnswer",
    "InvalidToken",
    "LimitReached",
    "LockBroken",
    "LorikeetError",
    "LostLease",
    "NegativeTotal",
    "NoWebhooks",
    "PaymentBusy",
    "PaymentError",
    "PriceError",
    "ProviderUnavailable",
    "ReferenceTaken",
    "RefundError",
    "RegistrationError",
    "TooManyAttempts",
    "WebhookError",
]


class LorikeetError(Exception):
    """The root of the tree: ``except LorikeetError`` catches every exception that Lorikeet defines."""


class RegistrationError(LorikeetError):
    """A class cannot be registered, or a model is not registered: the message says what to write instead."""


class PriceError(LorikeetError):
    """An amount is invalid: a float, NaN, infinite, or beyond 15 digits before the decimal point."""


class AmountTooLarge(PriceError):
    """An amount has more than 15 digits before the decimal point."""


class NegativeTotal(PriceError):
    """A line item costs less than nothing, and its type has no ``may_be_negative = True``."""


class IncompleteCartError(LorikeetError):
    """One reason why a cart cannot be checked out. Raised by checkers and by ``check_complete()``.

    :param code: a stable word for programs, such as ``"not_set"``.
    :param message: a sentence for the shopper.
    :param field: the part of the cart that it concerns, such as ``"delivery_address"``, or ``None``.
    :param data: what else programs may know of it, a JSON object.
    """

    #: What resolves it: a change of the cart (``"recoverable"``), only the shopper in person
    #: (``"requires_buyer_input"``), or nothing (``"unrecoverable"``). The cart does not show it.
    severity: ClassVar[str] = "recoverable"

    def __init__(self, code: str, message: str, field: str | None = None, data: dict[str, Any] | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.field = field
        self.data = data

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and self.to_json() == other.to_json()

    def __hash__(self) -> int:
        return hash((type(self), self.code, self.field))

    def to_json(self) -> dict[str, Any]:
        """Return ``{"code", "field", "message"}``, one entry of ``incomplete_reasons``, and ``data`` if it is set."""
        shown = {"code": self.code, "field": self.field, "message": str(self.message)}
        return shown if self.data is None else {**shown, "data": self.data}


class ConflictError(IncompleteCartError):
    """Something that the cart needs was gone when the order was made: stock, a coupon, a price.

    Raise it from ``prepare_for_checkout()``. The order is not made, the cart stays as it was, and the client is
    answered 409 with this reason.
    """


class IncompleteCartErrorSet(LorikeetError):
    """All the reasons why a cart cannot be checked out, in the order in which they were found. Falsy when empty.

    A checker and a ``check_complete()`` that find several reasons raise one.
    """

    def __init__(self, errors: Iterable[IncompleteCartError | IncompleteCartErrorSet] = ()) -> None:
        super().__init__()
        self.errors: list[IncompleteCartError] = []
        for error in errors:
            self.add(error)

    def __str__(self) -> str:
        return "; ".join(str(error.message) for error in self.errors)

    def __bool__(self) -> bool:
        return bool(self.errors)

    def __len__(self) -> int:
        return len(self.errors)

    def __iter__(self) -> Iterator[IncompleteCartError]:
        return iter(self.errors)

    def add(self, error: IncompleteCartError | IncompleteCartErrorSet) -> None:
        """Append one reason, or each of a set."""
        self.errors += error if isinstance(error, IncompleteCartErrorSet) else [error]

    def to_json(self) -> list[dict[str, Any]]:
        """Return the list that the cart shows as ``incomplete_reasons``."""
        return [error.to_json() for error in self.errors]


class ConflictErrorSet(IncompleteCartErrorSet):
    """Every :class:`ConflictError` that stopped one order from being made."""


class PaymentError(LorikeetError):
    """The shopper was certainly not charged, and never will be by this attempt.

    Raise it from a payment method only when the provider has said so. A timeout, a broken connection or an answer
    that cannot be read is *not* a ``PaymentError``: let it propagate, and the attempt is kept as unknown.

    :param info: what the client may know, any JSON value; by convention ``{"message", "code"}``. ``None``: nothing.
    """

    def __init__(self, info: Any = None) -> None:
        super().__init__(info)
        self.info = info


class CartChanged(LorikeetError):
    """The cart, or a price in it, has changed since the client saw it (``If-Match``)."""


class CartGone(LorikeetError):
    """The cart was deleted, or merged into another, since it was found."""


class LockBroken(LorikeetError):
    """Rows of a cart were moved or deleted while a checkout held its lock: code of the site changes carts without it.

    No client can cause it: it is logged, and answered 500. Nothing was sold.
    """


class IdempotencyKeyReused(LorikeetError):
    """The client used an idempotency key again, with another request than the first."""


class InvalidAnswer(LorikeetError, TypeError):
    """A payment method returned something invalid: the message says what.

    What became of the payment is unknown then. The error is logged, and the payment is flagged for the staff.
    """


class InvalidToken(LorikeetError):
    """A cart token whose signature is wrong or too old."""


class LimitReached(LorikeetError):
    """A limit of the cart, such as ``LORIKEET_MAX_LINES``, does not allow one more.

    :param message: a sentence for the shopper.
    :param field: the part of the cart that is full, such as ``"items"``.
    """

    def __init__(self, message: str, field: str) -> None:
        super().__init__(message)
        self.field = field


class TooManyAttempts(LorikeetError):
    """A shopper or a network tried too often, for example to guess; the next try is in ``retry_after`` seconds.

    :param message: a sentence for the shopper, if there is more to say than when to try again.
    """

    def __init__(self, retry_after: int, message: str | None = None) -> None:
        super().__init__(retry_after)
        self.retry_after, self.message = retry_after, message


class LostLease(LorikeetError):
    """A process worked on a payment for so long that another has taken it over. Let it propagate."""


class NoWebhooks(LorikeetError):
    """There is no payment method of this name, or it takes no webhooks."""


class PaymentBusy(LorikeetError):
    """Another process works on this payment right now; try again a second later."""


class ProviderUnavailable(LorikeetError):
    """A provider did not answer: the outcome is unknown, and nothing was changed."""


class ReferenceTaken(LorikeetError):
    """A provider's reference belongs to another payment already; one payment never pays for two orders."""


class RefundError(LorikeetError):
    """A refund is not possible: the message says why."""


class WebhookError(LorikeetError):
    """A webhook is not from the provider, or cannot be read. It is answered 400 and changes nothing."""
