"""Resolving a payment: one function that asks the provider what happened, and records it.

The request, the client's retry, the return from 3-D Secure, the webhook, recovery and the staff's button all call
:func:`resolve`. It is called outside any transaction, and one process at a time works on an attempt.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, InterfaceError, OperationalError
from django.http import HttpRequest
from django.utils.translation import gettext as _

from . import throttles
from .clock import now
from .exceptions import LostLease, PaymentBusy, ProviderUnavailable
from .models import Order, PaymentAttempt
from .outcomes import NotFound, Outcome, Paid, Pending, Refused, Unknown, is_refusal
from .sale.ask import ask_for_refund, check, method_of, start, stop
from .sale.leases import claim, release
from .sale.notifications import notify
from .sale.settle import postpone, settle

__all__ = ["NotFound", "Paid", "Pending", "begin", "confirm", "decide", "give_up", "resolve"]

logger = logging.getLogger(__name__)


def begin(attempt: PaymentAttempt, request: HttpRequest | None = None) -> Outcome | None:
    """Have a new attempt, whose lease is held since it was made, charged or refunded; return the outcome."""
    return _conclude(attempt, lambda: (ask_for_refund if attempt.is_refund else start)(attempt), request)


def resolve(attempt: PaymentAttempt, present: bool = False, request: HttpRequest | None = None) -> Outcome | None:
    """Ask the provider what became of a payment, and record it.

    :param present: the shopper still means to pay, so a payment that the provider does not know is started (again).
        Otherwise such a payment is given up, and its order cancelled.
    :returns: what the provider said, or ``None`` if another process works on this payment.
    """
    claimed = None if attempt.is_parked else claim(attempt.pk)
    if claimed is None:
        return None
    claimed.off_session = attempt.off_session
    if claimed.is_refund:
        return _conclude(claimed, lambda: ask_for_refund(claimed), request)
    return _conclude(claimed, lambda: _look(claimed, present), request)


def confirm(attempt: PaymentAttempt, data: dict[str, Any], request: HttpRequest | None = None) -> Outcome | None:
    """Give the payment method what the browser brought back, then resolve.

    :raises ValidationError: (of ``django.core.exceptions``) the payment method refuses ``data``.
    :raises PaymentBusy: another process works on this payment, so that ``data`` was not read.
    :raises ProviderUnavailable: the payment method could not find out whether ``data`` is right.
    """
    if attempt.is_parked or attempt.state == "paid":
        return None
    claimed = claim(attempt.pk)
    if claimed is None:
        raise PaymentBusy(attempt.key)
    try:
        method_of(claimed).confirm_payment(claimed, data)
    except LostLease as error:
        raise PaymentBusy(attempt.key) from error
    except ValidationError:
        release(claimed)
        raise
    except Exception as error:
        logger.exception("Payment attempt %s could not be confirmed.", attempt.key)
        release(claimed)
        raise ProviderUnavailable(attempt.key) from error
    return _conclude(claimed, lambda: _look(claimed, True), request)


def give_up(order: Order, request: HttpRequest | None = None) -> Outcome | None:
    """Cancel a pending order if its payment can still be stopped at the provider; return the outcome."""
    attempt = order.latest_charge if order.is_pending else None
    claimed = None if attempt is None or attempt.is_parked else claim(attempt.pk)
    if claimed is None:
        return None
    info = {"code": "cancelled", "message": _("The payment was cancelled.")}

    def end() -> Outcome:
        outcome = Unknown() if method_of(claimed).asks_by_repeating else check(claimed)
        is_open = isinstance(outcome, Pending | NotFound)
        return stop(claimed, outcome, Refused(info, "cancelled")) if is_open else outcome

    return _conclude(claimed, end, request)


def decide(attempt: PaymentAttempt, paid: bool) -> bool:
    """Record what the staff found out about a parked payment; tell whether it placed the order."""
    if paid:
        outcome: Outcome = Paid(attempt.reference, attempt.amount, attempt.currency)
    else:
        outcome = Refused({"code": "not_paid", "message": _("The payment was not received.")})
    placed = settle(attempt, outcome)
    if placed:
        notify(Order.objects.get(pk=attempt.order_id))
    return placed


def _look(attempt: PaymentAttempt, present: bool) -> Outcome:
    """Ask the provider, then continue the payment if the shopper is present, else end it if it can be ended."""
    method = method_of(attempt)
    if attempt.state == "failed":  # asking must not charge for what was given up
        return Unknown() if method.asks_by_repeating else check(attempt)
    outcome = check(attempt)
    expires_at = attempt.order.expires_at
    expired = expires_at is not None and expires_at <= now()
    match outcome:
        case NotFound() if present and not expired and method.active:  # the shopper may have removed this card
            return start(attempt)
        case Pending() | NotFound() if expired:
            info = {"code": "expired", "message": _("The time to pay is over.")}
            return stop(attempt, outcome, Refused(info, "expired"))
        case NotFound():
            info = {"code": "abandoned", "message": _("The payment was not completed.")}
            return stop(attempt, outcome, Refused(info, "abandoned"))
        case _:
            return outcome


def _conclude(attempt: PaymentAttempt, ask: Callable[[], Outcome], request: HttpRequest | None) -> Outcome | None:
    try:
        outcome = ask()
        if is_refusal(outcome) and not attempt.is_refund:
            outcome = stop(attempt, outcome, outcome)
        placed = _settle(attempt, outcome)
    except LostLease:
        return None
    except (OperationalError, InterfaceError):  # the connection was lost: the payment is due when its lease ends
        raise
    except Exception:  # such as a mistake in a host's hook: the other payments that are due come first
        postpone(attempt)
        raise
    if placed:
        notify(Order.objects.select_related("user").get(pk=attempt.order_id), request)
    if is_refusal(outcome) and not attempt.is_refund and attempt.state != "failed":  # which was counted once
        throttles.record("checkout", cart=str(attempt.order.cart_id or ""))
    return outcome


def _settle(attempt: PaymentAttempt, outcome: Outcome) -> bool:
    try:
        return settle(attempt, outcome)
    except IntegrityError:  # another attempt was given this reference at the same moment
        return settle(attempt, outcome)
