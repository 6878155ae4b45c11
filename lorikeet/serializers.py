"""Base classes for the serializers that hosts register, the registry, and the cart as a serializer."""

from __future__ import annotations

import re
from typing import Any, TypeVar

from django.core.exceptions import ObjectDoesNotExist
from django.core.exceptions import ValidationError as ModelValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from .base_models import InCartOrOrder
from .cart.combining import combine
from .contents import CartContents
from .http.representation import represent_cart
from .models import Cart
from .registry import registry

__all__ = [
    "AdjustmentSerializer",
    "CartSerializer",
    "DeliveryAddressSerializer",
    "LineItemSerializer",
    "PaymentMethodSerializer",
    "PrimaryKeyModelSerializer",
    "registry",
]

M = TypeVar("M", bound=models.Model)


class CombiningSerializer(serializers.ModelSerializer[M]):
    """Creates a row of the cart, or combines it with an equal row of the cart."""

    #: Whether the last ``save()`` changed an existing row instead of making one.
    combined = False

    def create(self, validated_data: dict[str, Any]) -> Any:
        """Save a new row, or combine it with an equal one of ``validated_data["cart"]``.

        :raises django.core.exceptions.ValidationError: the combined row is not valid.
        """
        model: Any = self.Meta.model
        if model.combine_with is InCartOrOrder.combine_with:
            return super().create(validated_data)
        many = {field.name: validated_data.pop(field.name, None) for field in model._meta.many_to_many}
        row = model(**validated_data)
        equal = {name: getattr(row, name) for name in model.combine_on}
        others = model.objects.select_subclasses().filter(cart=row.cart, **equal)
        combined = combine(row, list(others))
        self.combined = combined is not None
        if combined is None:
            row.save()
            for name, rows in many.items():
                getattr(row, name).set(rows or ())
        return combined or row


class LineItemSerializer(CombiningSerializer[M]):
    """Base for the serializers of line items. ``Meta.fields`` is what a client may set and see."""


class AdjustmentSerializer(CombiningSerializer[M]):
    """Base for the serializers of adjustments."""


class DeliveryAddressSerializer(serializers.ModelSerializer[M]):
    """Base for the serializers of delivery addresses."""


class PaymentMethodSerializer(serializers.ModelSerializer[M]):
    """Base for the serializers of payment methods.

    Override ``validate(data)`` to exchange a token for a stored card: it is called before the cart is locked, so that
    no lock is held while a provider answers. ``create()`` is called under the lock.
    """


class PrimaryKeyModelSerializer(serializers.ModelSerializer[M]):
    """Shows an object in full, and is written by its primary key alone.

    For the foreign key of a line item to what it sells. It never creates or changes the object.
    """

    default_error_messages = {
        "does_not_exist": _('Invalid pk "{pk_value}" - object does not exist.'),
        "incorrect_type": _("Incorrect type. Expected pk value, received {data_type}."),
    }

    def get_queryset(self) -> models.QuerySet[Any]:
        """Return what a client may name: override it to hide what is not for sale."""
        queryset: models.QuerySet[Any] = self.Meta.model._default_manager.all()  # type: ignore[attr-defined]
        return queryset

    def to_internal_value(self, data: Any) -> Any:
        """Return the object whose primary key ``data`` (a string or a number) is.

        :raises ValidationError: it is of another type, or there is no such object in :meth:`get_queryset`.
        """
        if isinstance(data, bool) or not isinstance(data, (int, str)) or not self._is_canonical(data):
            self.fail("incorrect_type", data_type=type(data).__name__)
        try:
            return self.get_queryset().get(pk=data)
        except ObjectDoesNotExist:
            self.fail("does_not_exist", pk_value=data)
        except (TypeError, ValueError, OverflowError, ModelValidationError):
            self.fail("incorrect_type", data_type=type(data).__name__)

    def _is_canonical(self, key: int | str) -> bool:
        """Tell whether a key is written as the database would: 12, but not " 12", "1_2" or other scripts' digits."""
        model: Any = self.Meta.model
        is_number = isinstance(model._meta.pk, models.IntegerField)
        return not is_number or isinstance(key, int) or re.fullmatch(r"-?[0-9]{1,400}", key) is not None

    def run_validation(self, data: Any = serializers.empty) -> Any:
        """Validate a key; the object's own validators are not asked, since nothing of it changes."""
        is_empty, value = self.validate_empty_values(data)
        return value if is_empty else self.to_internal_value(value)


class CartSerializer(serializers.BaseSerializer[Cart]):
    """The whole cart, as ``GET /_cart/`` shows it: ``CartSerializer(cart, context={"request": request}).data``."""

    def to_representation(self, instance: Cart) -> dict[str, Any]:
        return represent_cart(CartContents.load(instance), self.context.get("request"))
