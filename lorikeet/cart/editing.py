"""What clients may do to the rows of a cart: every change goes through the serializer the host registered."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from copy import copy
from typing import Any

from django.core.exceptions import ValidationError as ModelValidationError
from django.db import DataError, IntegrityError, models
from django.http import Http404
from django.utils.translation import gettext as _
from rest_framework.exceptions import ErrorDetail, ValidationError
from rest_framework.fields import CharField, Field, HiddenField
from rest_framework.serializers import Serializer, as_serializer_error

from ..conf import settings
from ..contents import NO_CART, owned_by
from ..exceptions import AmountTooLarge, LimitReached, NegativeTotal, PriceError
from ..hooks import HOOKS
from ..http.card_numbers import holds_card_number
from ..http.json_parser import CARD_NUMBER
from ..models import Adjustment, Cart, DeliveryAddress, LineItem, PaymentMethod
from ..pricing import total_of
from ..registry import registry
from .combining import absorb

__all__ = [
    "create",
    "delete",
    "edit",
    "edit_choice",
    "find",
    "invalid",
    "parse_new",
    "retire",
    "rows_of",
    "select",
    "validate",
]

logger = logging.getLogger(__name__)

#: The cart's column that names the selected row, for what can be selected.
SELECTED = {DeliveryAddress: "delivery_address", PaymentMethod: "payment_method"}
#: The key of each kind in the cart's representation, and the setting that says how many there may be.
LIMITS = {
    LineItem: ("items", "MAX_LINES"),
    Adjustment: ("adjustments", "MAX_ADJUSTMENTS"),
    DeliveryAddress: ("delivery_addresses", "MAX_ADDRESSES"),
    PaymentMethod: ("payment_methods", "MAX_PAYMENT_METHODS"),
}
LONGEST_ID = 18


def rows_of(base: Any, cart: Cart) -> models.QuerySet[Any]:
    """Return the rows of one kind that the shopper of ``cart`` may see: their own, and the selected one."""
    seen = _own(base, cart)
    if base in SELECTED:
        seen |= models.Q(pk=getattr(cart, f"{SELECTED[base]}_id") or NO_CART, active=True)
    rows: models.QuerySet[Any] = base.objects.select_subclasses().filter(seen)
    return rows


def _own(base: Any, cart: Cart) -> models.Q:
    return owned_by(cart) if base in SELECTED else models.Q(cart=cart.pk or NO_CART)


def find(base: Any, cart: Cart, pk: str) -> Any:
    """Return one of :func:`rows_of` as an instance of its own class.

    :param pk: the text in the URL.
    :raises Http404: it is another shopper's, there is none, or ``pk`` is not a primary key; a client cannot tell which.
    """
    if not (pk.isascii() and pk.isdigit() and len(pk) <= LONGEST_ID):
        raise Http404
    row = rows_of(base, cart).filter(pk=int(pk)).first()
    if row is None:
        raise Http404
    return row


def parse_new(base: Any, body: Any) -> tuple[Any, dict[str, Any]]:
    """Return the registered model and the data of ``{"type": ..., "data": {...}}``.

    :raises ValidationError: either is missing or of the wrong kind.
    """
    body = _object(body, "non_field_errors")
    choices = registry.types(base)
    errors: dict[str, list[ErrorDetail]] = {}
    kind, required = body.get("type"), str(Field.default_error_messages["required"])
    if not isinstance(kind, str) or kind not in choices:
        problem, code = (_("This is not a valid type."), "invalid_choice") if "type" in body else (required, "required")
        errors["type"] = [ErrorDetail(f"{problem} {_choices(', '.join(choices))}", code)]
    if "data" not in body:
        errors["data"] = [ErrorDetail(required, "required")]
    elif not isinstance(body["data"], dict):
        errors["data"] = [ErrorDetail(_not_an_object(body["data"]), "not_an_object")]
    if errors:
        raise ValidationError(errors)
    return choices[kind], body["data"]


def validate(model: Any, data: dict[str, Any], context: dict[str, Any], row: Any = None, partial: bool = False) -> Any:
    """Return the serializer registered for ``model``, with valid ``data``.

    :param row: what is to be changed; ``None`` for a new one.
    :param partial: ``data`` may lack fields, which stay as they are.
    :raises ValidationError: the serializer refuses the data or does not declare one of its keys, or a card number is in
        a field that may not hold one.
    """
    serializer = registry.serializer(model)(row, data=data, partial=partial, context=context)
    errors = _card_numbers(serializer, data) if settings.REFUSE_CARD_NUMBERS else {}
    errors = errors or _unknown_keys(serializer, data)
    if not errors and not serializer.is_valid():
        errors = serializer.errors
    if errors:
        raise ValidationError({"data": errors})
    return serializer


def invalid(field: str, message: str, code: str = "invalid") -> ValidationError:
    """Return the error that refuses one field, or with ``"non_field_errors"`` the whole request."""
    return ValidationError({field: [ErrorDetail(message, code)]})


def _unknown_keys(field: Any, data: Any) -> dict[str, Any]:
    """Return an error for each key of ``data`` that a serializer, or one nested in it, does not declare.

    Read-only keys may be sent back, and are ignored. A serializer with a ``to_internal_value()`` of its own decides
    itself which keys it takes.
    """
    reads_itself = getattr(type(field), "to_internal_value", None) is not Serializer.to_internal_value
    if reads_itself or not isinstance(data, dict):
        return {}
    known = {name: child for name, child in field.fields.items() if not isinstance(child, HiddenField)}
    names = ", ".join(name for name, child in known.items() if not child.read_only)
    errors: dict[str, Any] = {}
    for key, value in data.items():
        if key not in known:
            errors[key] = [ErrorDetail(f"{_('There is no such field.')} {_choices(names)}", "unknown_field")]
        elif not known[key].read_only and (nested := _unknown_keys(known[key], value)):
            errors[key] = nested
    return errors


def _choices(names: str) -> str:
    return f"{_('Choose from:')} {names}." if names else _("There is none here to choose from.")


def _card_numbers(serializer: Any, data: dict[str, Any]) -> dict[str, Any]:
    """Return an error for each field that holds one, before any code of the host's or of a provider's sees it."""
    allowed = getattr(getattr(serializer, "Meta", None), "card_numbers_allowed", ())
    wrong = [
        name
        for name, value in data.items()
        if name not in allowed and any(map(holds_card_number, _texts(value, serializer.fields.get(name))))
    ]
    return {name: [ErrorDetail(str(CARD_NUMBER), "card_number")] for name in wrong}


def _texts(value: Any, field: Any = None) -> Iterator[str]:
    """Yield every text in a value, and what ``field`` would make a text of."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, (dict, list)):
        for member in value.values() if isinstance(value, dict) else value:
            yield from _texts(member)
    elif isinstance(field, CharField):
        yield str(value)


def create(base: Any, cart: Cart, serializer: Any) -> tuple[Any, bool]:
    """Add what a valid ``serializer`` holds to the locked ``cart``; an address or payment method is selected.

    Return the row and whether it is new, which it is not if it was combined with an equal one.

    :raises ValidationError: it cannot be saved.
    :raises LimitReached: the cart is full.
    """
    owner = {"cart": cart} if base not in SELECTED else {"cart": cart, "user": cart.user}
    row = _save(serializer, **owner)
    if getattr(serializer, "combined", False):
        _check_line(row, cart, is_new=False)
        return row, False
    place, setting = LIMITS[base]
    limit = getattr(settings, setting)
    if base.objects.filter(_own(base, cart)).order_by().count() > limit:
        raise LimitReached(_("There is no room for more than %(limit)d of these.") % {"limit": limit}, place)
    _check_line(row, cart, is_new=True)
    if base in SELECTED:
        select(base, cart, row)
    return row, True


def edit(row: Any, cart: Cart, body: Any, partial: bool, context: dict[str, Any]) -> Any:
    """Change a line item or adjustment of the locked ``cart``, and return it.

    An adjustment that becomes equal to another is combined with it, which is returned then: no coupon counts twice.

    :param body: ``{"data": {...}}``, or the data itself.
    :raises ValidationError: the serializer refuses it.
    """
    body = _object(body, "non_field_errors")
    data = _object(body["data"], "data") if "data" in body else body
    before = copy(row)
    _save(validate(type(row), data, context, row, partial))
    _check_line(row, cart, is_new=False, before=before)
    if isinstance(row, Adjustment):
        others = rows_of(Adjustment, cart).exclude(pk=row.pk)
        return absorb([row], list(others))[0] or row
    return row


def edit_choice(base: Any, row: Any, cart: Cart, body: Any, context: dict[str, Any], partial: bool = True) -> Any:
    """Select or deselect an address or payment method, or change an address; return the row as it is then.

    :param body: ``{"selected": bool}``, ``{"data": {...}}`` (addresses only), or both. If not
        ``partial``, an address may also be the data itself, or its whole representation.
    :raises ValidationError: ``body`` is anything else, or the serializer refuses the data.
    """
    body = _object(body, "non_field_errors")
    allowed = {"selected", "data"} if base is DeliveryAddress else {"selected"}
    if base is DeliveryAddress and not partial:
        body = {key: body[key] for key in allowed & body.keys()} if allowed & body.keys() else {"data": body}
    if not body or body.keys() - allowed:
        wrong = next((str(key) for key in body if key not in allowed), "selected")
        raise invalid(wrong, _("Send %(keys)s.") % {"keys": _(" or ").join(sorted(allowed))}, "unknown_field")
    if not isinstance(body.get("selected", True), bool):
        raise invalid("selected", _("Must be true or false."))
    if "data" in body:
        if not _is_own(row, cart):
            message = _("This is the shop's: select or deselect it, or add one of your own.")
            raise invalid("data", message, "not_yours")
        row = _edit_address(row, cart, _object(body["data"], "data"), context, partial)
    if "selected" in body:
        is_selected = getattr(cart, f"{SELECTED[base]}_id") == row.pk
        if body["selected"] != is_selected:
            select(base, cart, row if body["selected"] else None)
    return row


def _edit_address(address: Any, cart: Cart, data: dict[str, Any], context: dict[str, Any], partial: bool) -> Any:
    """Change an address; one that an order names is retired instead, and a new one takes its place."""
    on_order = address.orders.exists()
    target = copy(address) if on_order else address
    if on_order:
        target.pk = target.id = None
        target._state.adding = True
    _save(validate(type(address), data, context, target, partial))
    if on_order:
        was_selected = cart.delivery_address_id == address.pk
        retire(DeliveryAddress, cart, address)
        if was_selected:
            select(DeliveryAddress, cart, target)
    return target


def delete(row: Any) -> None:
    """Take a line item or adjustment out of its cart.

    :raises ValidationError: something of the host's still refers to it.
    """
    try:
        row.delete()
    except (models.ProtectedError, models.RestrictedError) as error:
        raise invalid("non_field_errors", _("This cannot be removed."), "protected") from error


def select(base: Any, cart: Cart, row: Any) -> None:
    """Make ``row`` the selected address or payment method of the locked ``cart``; ``None`` deselects."""
    setattr(cart, SELECTED[base], row)
    cart.save(update_fields=[SELECTED[base]])


def retire(base: Any, cart: Cart, row: Any) -> None:
    """Deselect an address or payment method, and retire it if it is the shopper's own."""
    if _is_own(row, cart):
        row.retire()
    if getattr(cart, f"{SELECTED[base]}_id") == row.pk:
        select(base, cart, None)


def _is_own(row: Any, cart: Cart) -> bool:
    """Tell whether an address or payment method is the shopper's own, and not one that the site selected."""
    user: Any = cart.user_id
    return bool(row.user_id == user and (user is not None or row.cart_id == cart.pk))


def _save(serializer: Any, **owner: Any) -> Any:
    try:
        return serializer.save(**owner)
    except ModelValidationError as error:  # the host's model validates itself
        raise ValidationError({"data": as_serializer_error(error)}) from error
    except (IntegrityError, DataError) as error:  # a rule that only the host's table knows; the lock's block rolls back
        logger.warning("%s was given data that its table refuses.", type(serializer).__name__, exc_info=error)
        raise invalid("non_field_errors", _("This cannot be saved as it is.")) from error


def _check_line(row: Any, cart: Cart, is_new: bool, before: Any = None) -> None:
    """Refuse a line that a hook refuses, or that costs more than can be charged or less than nothing."""
    if not isinstance(row, LineItem):
        return
    for hooks in HOOKS:
        hooks.line_changed(cart, row, is_new, before)
    try:
        total_of(row, cart.currency)
    except AmountTooLarge:
        raise invalid("total", _("The total is too large."), "too_large") from None
    except NegativeTotal:
        raise invalid("total", _("The total is below zero."), "negative_total") from None
    except PriceError:  # the host's mistake, not the client's: the cart shows it as a reason
        logger.exception("%s.get_total() returned an invalid amount.", type(row).__name__)


def _object(value: Any, field: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise invalid(field, _not_an_object(value), "not_an_object")
    return value


def _not_an_object(value: Any) -> str:
    return _("Expected an object, not %(type)s.") % {"type": type(value).__name__}
