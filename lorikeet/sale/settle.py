"""SETTLE: recording what became of a payment in one short transaction, whose conditional update decides who won."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from copy import copy
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import OperationalError, transaction
from django.db.models import F
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _

from .. import signals
from ..base_models import subclass_of
from ..cart.locks import lock
from ..cart.merging import hand_back
from ..clock import as_stored, now
from ..conf import settings
from ..hooks import HOOKS
from ..models import Adjustment, LineItem, Order, Payment, PaymentAttempt
from ..outcomes import NotFound, Outcome, Paid, Pending, Refused, Unknown, to_json
from ..transactions import durable, is_aborted
from .notifications import announce

__all__ = ["UNRESOLVED", "cancel_order", "flag", "owe", "place_order", "postpone", "settle"]

logger = logging.getLogger(__name__)

State = PaymentAttempt.State
#: The reason for attention of a payment whose outcome has been unknown for a while. The provider's answer clears it.
UNRESOLVED = "unresolved"
#: How soon, and how late, a payment that waits is looked at again.
SOONEST, LATEST = timedelta(seconds=10), timedelta(hours=1)
#: How long to watch for a payment that could not be stopped, once its order has expired.
WATCHED = timedelta(days=1)


@durable
def settle(attempt: PaymentAttempt, outcome: Outcome) -> bool:
    """Record ``outcome``, and tell whether it was this call that placed the order."""
    match outcome:
        case Paid() | Pending(reference=str()) if not attempt.is_refund and _is_taken(attempt, outcome.reference):
            info = {"code": "reference_used", "message": _("This payment was used for another order.")}
            _fail(attempt, Refused(info), "reference used twice")
        case Paid() if outcome.amount <= 0:
            _fail(attempt, Refused(_wrong_amount(), "wrong amount"), "wrong amount")
        case Paid():
            return _receive(attempt, outcome)
        case Refused():
            _fail(attempt, outcome)
        case Unknown(can_be_asked=False):
            _park(attempt)
        case Pending() | NotFound() | Unknown():
            _wait(attempt, outcome)
    return False


def _receive(attempt: PaymentAttempt, paid: Paid) -> bool:
    """Record received money: it places the order, or is refunded."""
    as_agreed = (paid.amount, paid.currency) == (attempt.amount, attempt.currency)
    received = "" if as_agreed else f"{paid.amount} {paid.currency}"
    facts: dict[str, Any] = {
        "state": State.PAID,
        "reference": paid.reference or attempt.reference,
        "received": received,
    }
    if attempt.is_refund:
        _record_refund(attempt, as_agreed, facts)
        return False
    order = _lock_order(attempt.order_id, with_cart=not as_agreed)
    moment = now()
    if as_agreed and order.is_pending and _move_on(attempt, moment, attention="", check_at=None, **facts):
        _link(attempt, paid.payment)
        place_order(order, moment)
        _retire_spent(attempt)
        return True
    states = (*PaymentAttempt.OPEN, State.FAILED)
    if not as_agreed:
        facts["info"] = _wrong_amount()
    if _move_on(attempt, moment, states, check_at=None, **facts):
        _link(attempt, paid.payment)
        flag(attempt, "late money" if as_agreed else "wrong amount")
        cancel_order(order, "wrong amount")
        owe(attempt, paid.amount, paid.currency)
    return False


def _retire_spent(attempt: PaymentAttempt) -> None:
    """Retire a payment method that may pay only once, now that it has paid."""
    method = subclass_of(attempt.method)
    if method is not None and not method.reusable:
        row = type(method).objects.get(pk=method.pk)  # a try that was rolled back may have changed the one in memory
        if row.active:
            row.retire()


def _wrong_amount() -> dict[str, str]:
    return {"code": "wrong_amount", "message": _("What was paid is not what was asked for.")}


def _record_refund(attempt: PaymentAttempt, as_agreed: bool, facts: dict[str, Any]) -> None:
    """Record a refund that was made, even with a wrong amount or a reference that is taken."""
    is_taken = _is_taken(attempt, facts["reference"])
    if is_taken:
        facts["reference"] = attempt.reference
    if not _move_on(attempt, now(), attention="", **facts):
        return
    if not as_agreed:
        flag(attempt, "wrong amount")
    elif is_taken:
        flag(attempt, "reference used twice")


def owe(charge: PaymentAttempt, amount: Decimal, currency: str, **values: Any) -> PaymentAttempt:
    """Record that ``amount`` of a charge is to be refunded. Without a lease among ``values``, recovery asks for it."""
    moment = now()
    attempt: PaymentAttempt = PaymentAttempt.objects.create(
        order_id=charge.order_id,
        parent=charge,
        method_id=charge.method_id,
        kind=PaymentAttempt.Kind.REFUND,
        provider=charge.provider,
        amount=amount,
        currency=currency,
        created_at=moment,
        updated_at=moment,
        **{"lease_until": moment, **values},
    )
    return attempt


def _fail(attempt: PaymentAttempt, refused: Refused, attention: str = "") -> None:
    """Record that no money moved, and hand back what is on the order; flag the attempt with ``attention``, if any."""
    moment = now()
    watch = None if refused.is_final else moment + SOONEST
    values = {"state": State.FAILED, "info": _as_json(refused.info), "attention": "", "check_at": watch}
    if attempt.is_refund:
        attention = attention or "refund failed"
    order = _lock_order(attempt.order_id, with_cart=not attempt.is_refund)
    if not _move_on(attempt, moment, **values):
        _wait(attempt, NotFound())
        return
    if attention:
        flag(attempt, attention)
    if not attempt.is_refund:
        cancel_order(order, refused.reason)


def _park(attempt: PaymentAttempt) -> None:
    """Leave an attempt whose provider cannot be asked to the staff, and let the shopper use the cart again."""
    order = _lock_order(attempt.order_id, with_cart=True)
    values = {"state": State.UNKNOWN, "check_at": None, "lease": None, "lease_until": None, "updated_at": now()}
    if PaymentAttempt.objects.filter(pk=attempt.pk, state__in=PaymentAttempt.OPEN).update(**values):
        Order.objects.filter(pk=order.pk).update(slot=None)
        announce(signals.payment_changed, PaymentAttempt, "attempt", attempt.pk)
        flag(attempt, "refund by hand" if attempt.is_refund else "outcome unknown")


def _wait(attempt: PaymentAttempt, outcome: Pending | NotFound | Unknown) -> None:
    """Give the lease back and record when to look again, if this process still holds the lease."""
    mine = PaymentAttempt.objects.filter(pk=attempt.pk, lease=attempt.lease)
    moment = now()
    values: dict[str, Any] = {"lease": None, "lease_until": None, "check_at": _next_look(attempt, moment)}
    if attempt.state == "failed":
        is_coming = isinstance(outcome, Pending) and outcome.reference is not None
        is_over = moment - (attempt.order.expires_at or attempt.created_at) > WATCHED
        is_known = not isinstance(outcome, Unknown)
        if not is_coming and (attempt.check_at is None or (is_over and is_known)):
            values["check_at"] = None
        if attempt.attention == UNRESOLVED and is_known:
            values["attention"] = ""
        mine.filter(state=State.FAILED).update(**values)
        return
    values["state"] = State.UNKNOWN if isinstance(outcome, Unknown) else State.PENDING
    if attempt.attention == UNRESOLVED and not isinstance(outcome, Unknown):
        values["attention"] = ""
    if isinstance(outcome, Pending) and outcome.reference is not None and not _is_taken(attempt, outcome.reference):
        values["reference"] = outcome.reference
    if values["state"] != attempt.state:
        values["updated_at"] = moment
    if isinstance(outcome, Pending) and outcome.expires_at is not None:
        order = Order.objects.filter(pk=attempt.order_id, state=Order.State.PENDING, attempts__lease=attempt.lease)
        order.update(expires_at=as_stored(outcome.expires_at))
    if mine.filter(state__in=PaymentAttempt.OPEN).update(**values) and "updated_at" in values:
        announce(signals.payment_changed, PaymentAttempt, "attempt", attempt.pk)


def postpone(attempt: PaymentAttempt) -> None:
    """Give back the lease of an attempt that could not be settled, and look at it again after ever longer pauses."""
    mine = PaymentAttempt.objects.filter(pk=attempt.pk, lease=attempt.lease)
    mine.update(lease=None, lease_until=None, check_at=_next_look(attempt, now()))


def _next_look(attempt: PaymentAttempt, moment: datetime) -> datetime:
    """Return when to ask again: the longer it waits the more rarely, and when its order expires."""
    look = moment + min(max((moment - attempt.created_at) / 4, SOONEST), LATEST)
    expires_at = attempt.order.expires_at
    return min(look, expires_at) if expires_at is not None and expires_at > moment else look


def place_order(order: Order, moment: datetime) -> None:
    """Place a pending order, in the transaction that holds its lock."""
    values = {
        "state": Order.State.PLACED,
        "slot": None,
        "purchased_on": moment,
        "expires_at": None,
        "updated_at": moment,
    }
    if not Order.objects.filter(pk=order.pk, state=Order.State.PENDING).update(**values):
        return
    _call(order, "finish_checkout")
    announce(signals.order_placed, Order, "order", order.pk)
    if settings.INVOICE_ID_GENERATOR is None:
        return
    try:
        with transaction.atomic():
            invoice_id = import_string(settings.INVOICE_ID_GENERATOR)()
            Order.objects.filter(pk=order.pk).update(custom_invoice_id=invoice_id)
    except Exception as error:  # the money is taken: a broken generator must not undo the sale
        if isinstance(error, OperationalError) and is_aborted(error):
            raise
        logger.exception("Order %s was placed without an invoice id of its own.", order.pk)


def cancel_order(order: Order, reason: str) -> None:
    """Cancel a pending order and hand back what is on it, in a transaction that holds its lock and its cart's."""
    values = {"state": Order.State.CANCELLED, "slot": None, "cancel_reason": reason, "updated_at": now()}
    if not Order.objects.filter(pk=order.pk, state=Order.State.PENDING).update(**values):
        return
    hand_back(order, _call(order, "undo_checkout"))
    announce(signals.order_cancelled, Order, "order", order.pk)


def _call(order: Order, hook: str) -> list[Any]:
    """Call a hook of what is on ``order``, then of the charge sources, then the registered hooks; return the rows."""
    rows = list(_rows(order, hook))
    for row in rows:
        with row.unfrozen():
            getattr(row, hook)()
    for source in settings.load(settings.CHARGES):
        getattr(source(), hook)(order)
    for hooks in HOOKS:
        getattr(hooks, hook)(order)
    return rows


def _rows(order: Order, hook: str) -> Iterator[Any]:
    for model in (LineItem, Adjustment):
        overridden = any(getattr(cls, hook) is not getattr(model, hook) for cls in _subclasses(model))
        if overridden or hook == "undo_checkout":  # what is handed back has to be loaded anyway
            yield from model.objects.select_subclasses().filter(order=order)


def _subclasses(model: type[Any]) -> Iterator[type[Any]]:
    for cls in model.__subclasses__():
        yield cls
        yield from _subclasses(cls)


def flag(attempt: PaymentAttempt, attention: str) -> None:
    """Ask the staff to look at a payment: in the admin, in the log, and by signal."""
    flagged = PaymentAttempt.objects.filter(pk=attempt.pk).exclude(attention=attention)
    if flagged.update(attention=attention):
        logger.error("Payment attempt %s of order %s needs attention: %s.", attempt.key, attempt.order_id, attention)
        announce(signals.payment_attention, PaymentAttempt, "attempt", attempt.pk)


def _lock_order(pk: int, with_cart: bool) -> Order:
    """Lock an order and, before it, its cart where lines may go back to it: always in this order."""
    cart = Order.objects.values_list("cart", flat=True).get(pk=pk) if with_cart else None
    if cart is not None:
        lock(pk=cart)
    Order.objects.filter(pk=pk).update(state=F("state"))
    order: Order = Order.objects.select_related("cart").get(pk=pk)
    if with_cart and order.cart_id not in (None, cart):  # merged while this waited
        lock(pk=order.cart_id)
    return order


def _move_on(attempt: PaymentAttempt, moment: datetime, states: Any = PaymentAttempt.OPEN, **values: Any) -> bool:
    """Move an attempt out of ``states`` to a final one, and tell whether it was this call that did."""
    rows = PaymentAttempt.objects.filter(pk=attempt.pk, state__in=states)
    if not rows.update(open_for=None, lease=None, lease_until=None, updated_at=moment, **values):
        return False
    announce(signals.payment_changed, PaymentAttempt, "attempt", attempt.pk)
    return True


def _is_taken(attempt: PaymentAttempt, reference: str | None) -> bool:
    """Tell whether another attempt has this reference; a constraint of the database makes sure of it."""
    if reference in (None, attempt.reference):
        return False
    others = PaymentAttempt.objects.filter(provider=attempt.provider, reference=reference, kind=attempt.kind)
    taken: bool = others.exclude(pk=attempt.pk).exists()
    return taken


def _link(attempt: PaymentAttempt, payment: Payment | None) -> None:
    """Keep the host's own record of a payment. The money is taken: a record that cannot be kept undoes nothing."""
    if payment is None:
        return
    if not payment._state.adding:
        Payment.objects.filter(pk=payment.pk, attempt=None).update(attempt=attempt)
        return
    row = copy(payment)  # which a rollback leaves as it is, so that the next try saves it again
    row.attempt = attempt
    try:
        with transaction.atomic():
            row.save()
    except OperationalError:  # all of it is tried again
        raise
    except Exception:
        logger.exception("The %s of payment attempt %s was not kept.", type(payment).__name__, attempt.key)
        flag(attempt, "payment not kept")


def _as_json(info: Any) -> Any:
    """Return ``info`` as JSON values; what has no JSON form becomes a message."""
    try:
        return to_json(info)
    except RecursionError:
        return {"message": _("The payment was refused.")}
    except (TypeError, ValueError):
        return to_json({"message": str(info)})
