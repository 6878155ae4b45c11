"""Asking the provider of a payment, and reading the answer."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace
from typing import Any
from uuid import UUID

from ..base_models import subclass_of
from ..exceptions import InvalidAnswer, LostLease, PaymentError
from ..models import Payment, PaymentAttempt, PaymentMethod
from ..outcomes import NotFound, Outcome, Paid, Pending, Refused, Unknown
from ..registry import registry
from .settle import UNRESOLVED, flag

__all__ = ["ask_for_refund", "check", "method_of", "read_key", "start", "stop"]

logger = logging.getLogger(__name__)


def method_of(attempt: PaymentAttempt) -> Any:
    """Return the payment method of an attempt as an instance of the host's own class."""
    if attempt.method is None:
        return registry.types(PaymentMethod)[attempt.provider]()
    attempt.method = subclass_of(attempt.method)
    return attempt.method


def read_key(text: Any) -> UUID | None:
    """Return the key of an attempt as a provider shows it, or ``None`` if this is not such a key."""
    try:
        return UUID(str(text))
    except ValueError:
        return None


def start(attempt: PaymentAttempt) -> Outcome:
    """Have the provider charge ``attempt``, whose lease is held."""
    method = method_of(attempt)
    return _read(attempt, method.start_payment, Unknown(method.can_be_asked))


def check(attempt: PaymentAttempt) -> Outcome:
    """Ask what became of ``attempt``, whose lease is held."""
    return _read(attempt, method_of(attempt).check_payment)


def ask_for_refund(attempt: PaymentAttempt) -> Outcome:
    """Have the provider make a refund, ``attempt``, whose lease is held."""
    method = method_of(attempt)
    return _read(attempt, method.refund_payment) if method.can_refund else Unknown(can_be_asked=False)


def stop(attempt: PaymentAttempt, outcome: Outcome, refusal: Refused) -> Outcome:
    """Make sure that an attempt is never paid, and return ``refusal``; otherwise return the provider's latest answer.

    :param outcome: the provider's last answer. Without a ``cancel_payment()``, a refusal is taken as final. A payment
        that the provider has not found and cannot stop is looked at again later.
    """
    method = method_of(attempt)
    unfenced = replace(refusal, is_final=False)
    if method.has_own("cancel_payment"):
        fenced = unfenced if method.paid_elsewhere else refusal  # a shopper may still pay there late
        stopped = _read(attempt, lambda attempt: fenced if method.cancel_payment(attempt) is True else Pending())
        if stopped != Pending():
            return stopped
        outcome = check(attempt)
    elif isinstance(outcome, Refused):
        return refusal
    return unfenced if isinstance(outcome, NotFound) else outcome


def _read(attempt: PaymentAttempt, ask: Callable[[PaymentAttempt], Any], nothing: Outcome = Unknown()) -> Outcome:  # noqa: B008
    """Ask, and read the answer. Only ``PaymentError`` means that no money moved; after any other, return ``nothing``.

    :raises LostLease: another process has taken over.
    """
    try:
        return _checked(ask(attempt), attempt, ask)
    except PaymentError as error:
        return Refused(error.info)
    except LostLease:
        raise
    except InvalidAnswer:
        logger.exception("Payment attempt %s got an invalid answer: its outcome is unknown.", attempt.key)
        flag(attempt, UNRESOLVED)
    except Exception:
        logger.exception("Payment attempt %s raised an exception: its outcome is unknown.", attempt.key)
    return nothing


def _checked(answer: Any, attempt: PaymentAttempt, ask: Any) -> Outcome:
    """Return the answer if it is an outcome.

    :raises InvalidAnswer: it is something else, or its ``payment`` is not a ``Payment``.
    """
    name = f"{attempt.provider}.{ask.__name__}()"
    if not isinstance(answer, Paid | Pending | NotFound | Refused | Unknown):
        raise InvalidAnswer(f"{name} returned {answer!r} instead of Paid(...) or Pending(...).")
    if isinstance(answer, Paid) and not isinstance(answer.payment, Payment | None):
        raise InvalidAnswer(f"{name} returned {answer!r}, whose payment is no Payment.")
    return answer
