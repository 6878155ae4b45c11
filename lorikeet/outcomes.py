"""What became of a payment, as far as its provider can say. A payment method returns these.

Amounts are ``Decimal`` in major units of their currency, an ISO 4217 code.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Literal, TypeGuard, get_args

from django.core.serializers.json import DjangoJSONEncoder

from . import money
from .exceptions import InvalidAnswer

if TYPE_CHECKING:
    from .orders import Payment

__all__ = [
    "NotFound",
    "Outcome",
    "Paid",
    "Pending",
    "ProviderPayment",
    "ProviderRefund",
    "Refused",
    "Review",
    "Unknown",
    "check_money",
    "check_reference",
    "is_reference",
    "is_refusal",
    "to_json",
]


#: The limits of the columns, which no provider's reference or amount exceeds.
LONGEST_REFERENCE = 255
LONGEST_REASON = 40
TOO_MUCH = Decimal(10) ** 15
CURRENCY = re.compile("[A-Za-z]{3}")
DAY = timedelta(days=1)


def check_money(amount: Any, currency: Any) -> None:
    """Refuse what a payment method passes on unconverted, such as an amount that is text.

    :raises InvalidAnswer: ``amount`` is not a finite ``Decimal``, or has more decimal places than its currency, or
        ``currency`` is not a code.
    """
    if not isinstance(currency, str) or CURRENCY.fullmatch(currency) is None:
        raise InvalidAnswer(f"The currency of a payment is an ISO 4217 code, not {currency!r}.")
    if not isinstance(amount, Decimal) or not amount.is_finite() or abs(amount) >= TOO_MUCH:
        raise InvalidAnswer(f"The amount of a payment is a Decimal in major units, not {amount!r}.")
    unit = Decimal(1).scaleb(-money.exponent(currency.upper()))
    if amount.quantize(unit, context=money.CONTEXT) != amount:
        raise InvalidAnswer(f"{amount} has more decimal places than {currency}.")


def is_reference(text: Any) -> bool:
    """Tell whether this can be kept as a provider's reference."""
    return isinstance(text, str) and 0 < len(text) <= LONGEST_REFERENCE and _is_storable(text)


def _is_storable(text: str) -> bool:
    """Tell whether every database takes this text: it has no NUL and no lone surrogate."""
    return "\0" not in text and text.encode("utf-8", "replace").decode() == text


def check_reference(reference: Any) -> None:
    """Refuse what cannot be kept as a provider's reference.

    :raises InvalidAnswer: it is neither ``None`` nor text of at most 255 characters.
    """
    if reference is not None and not is_reference(reference):
        raise InvalidAnswer(f"The reference of a payment is text of at most 255 characters, not {reference!r:.300}.")


def _check_reason(reason: Any) -> None:
    """Refuse a reason that its column cannot hold."""
    if not isinstance(reason, str) or len(reason) > LONGEST_REASON or not _is_storable(reason):
        raise InvalidAnswer(f"A reason is text of at most {LONGEST_REASON} characters, not {reason!r:.300}.")


def _check_action(action: Any) -> None:
    """Refuse what cannot be sent to a browser: a value without a JSON form, NaN, infinity, or a lone surrogate."""
    try:
        json.dumps(action, cls=DjangoJSONEncoder, allow_nan=False, ensure_ascii=False).encode()
    except (TypeError, ValueError, RecursionError) as error:
        raise InvalidAnswer(f"The action of a payment is a JSON value: {error}.") from error


def _check_moment(moment: Any) -> None:
    """Refuse what is not an aware datetime, or has no date in some time zone."""
    if not isinstance(moment, datetime) or moment.utcoffset() is None:
        raise InvalidAnswer(f"A payment expires at an aware datetime, not {moment!r}.")
    try:
        for step in (-DAY, DAY):
            moment.astimezone(timezone.utc) + step
    except OverflowError as error:
        raise InvalidAnswer(f"A payment expires at a moment of our time, not {moment!r}.") from error


@dataclass(frozen=True)
class Paid:
    """The provider has the money: these are its facts, which Lorikeet compares with what was asked for.

    :param reference: the provider's own id of the payment, if it has one.
    :param currency: in capitals or not.
    :param payment: the host's record of it, an instance of its own ``Payment``, saved or not.
    :raises InvalidAnswer: ``amount`` is not a finite ``Decimal``, has more decimal places than ``currency``, or
        ``reference`` is not text. What was paid is unknown then.
    """

    reference: str | None
    amount: Decimal
    currency: str
    payment: Payment | None = None

    def __post_init__(self) -> None:
        check_money(self.amount, self.currency)
        check_reference(self.reference)
        object.__setattr__(self, "currency", self.currency.upper())


@dataclass(frozen=True)
class Pending:
    """The provider waits for the shopper, or has not decided.

    :param action: what the browser has to do, any JSON value. It is sent to the client, and not stored.
    :param expires_at: when the provider stops waiting, if it does; aware.
    :raises InvalidAnswer: one of them is of another type.
    """

    reference: str | None = None
    action: Any = None
    expires_at: datetime | None = None

    def __post_init__(self) -> None:
        check_reference(self.reference)
        _check_action(self.action)
        if self.expires_at is not None:
            _check_moment(self.expires_at)


@dataclass(frozen=True)
class NotFound:
    """The provider has no payment for this attempt, or one that takes no money until it is confirmed."""


@dataclass(frozen=True)
class Refused:
    """The shopper was certainly not charged.

    :param info: what the client may know of the reason.
    :param reason: why the order is cancelled, one of the words of ``Order.cancel_reason``.
    :param is_final: ``False`` if the payment could not be stopped at the provider, so that money may still arrive.
    """

    info: Any = None
    reason: str = "refused"
    is_final: bool = True

    def __post_init__(self) -> None:
        _check_reason(self.reason)


def is_refusal(outcome: Outcome | None) -> TypeGuard[Refused]:
    """Tell whether the provider refused; a payment that expired or was given up was not refused."""
    return isinstance(outcome, Refused) and outcome.reason == "refused"


@dataclass(frozen=True)
class Unknown:
    """It is unknown whether the shopper was charged; ``can_be_asked`` is ``False`` if the provider can never say."""

    can_be_asked: bool = True


Outcome = Paid | Pending | NotFound | Refused | Unknown


@dataclass(frozen=True)
class ProviderPayment:
    """A payment as the books of its provider show it, for reconciliation.

    :param key: the attempt's key that it carries.
    :param refunded: what was refunded of it so far.
    :raises InvalidAnswer: an amount is not a finite ``Decimal``, has more decimal places than ``currency``, or
        ``reference`` is not text.
    """

    reference: str
    key: str
    amount: Decimal
    currency: str
    refunded: Decimal

    def __post_init__(self) -> None:
        check_reference(self.reference)
        check_money(self.amount, self.currency)
        check_money(self.refunded, self.currency)
        object.__setattr__(self, "currency", self.currency.upper())


RefundState = Literal["pending", "paid", "failed"]


@dataclass(frozen=True)
class ProviderRefund:
    """A refund as the books of its provider show it, no matter where it was started.

    :param key: the key of the attempt that it carries, if Lorikeet started it.
    :param state: ``"failed"`` if it will never arrive, or came back.
    :raises InvalidAnswer: ``amount`` is not an amount of ``currency`` above zero, or ``state`` is another word.
    """

    reference: str
    amount: Decimal
    currency: str
    state: RefundState
    key: str | None = None

    def __post_init__(self) -> None:
        check_money(self.amount, self.currency)
        check_reference(self.reference)
        if self.amount <= 0:
            raise InvalidAnswer(f"A refund is an amount above zero, not {self.amount}.")
        if self.state not in get_args(RefundState):
            raise InvalidAnswer(f"The state of a refund is one of {get_args(RefundState)}, not {self.state!r}.")
        object.__setattr__(self, "currency", self.currency.upper())


@dataclass(frozen=True)
class Review:
    """What became of a payment after it was settled.

    :param refunds: every refund of it, made or on its way.
    :param attention: why the staff must look at it now, such as ``"disputed"``, in at most 40 characters.
    """

    refunds: Sequence[ProviderRefund] = ()
    attention: str = ""

    def __post_init__(self) -> None:
        _check_reason(self.attention)


def to_json(value: Any) -> Any:
    """Return ``value`` as JSON values that every database stores and every client can read.

    :raises TypeError, ValueError, RecursionError: it has no JSON form.
    """
    return _storable(json.loads(json.dumps(value, cls=DjangoJSONEncoder, allow_nan=False)))


def _storable(value: Any) -> Any:
    """Replace lone surrogates and NUL in all text: PostgreSQL and MariaDB refuse them in JSON."""
    if isinstance(value, dict):
        return {_storable(key): _storable(member) for key, member in value.items()}
    if isinstance(value, list):
        return [_storable(member) for member in value]
    return value.encode("utf-8", "replace").decode().replace("\0", "?") if isinstance(value, str) else value
