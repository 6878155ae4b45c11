"""Reading objects through their serializers, fast.

A serializer is the contract; this compiles its read side into one function that gives what ``to_representation()``
would give. Fields that are not known to be plain, and serializers that override how they read, are left to
REST framework. Functions that depend on nothing but the class are kept for the life of the process; the others are
made once for each response, since a context may be part of them.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal
from operator import attrgetter
from typing import Any

from django.core.exceptions import FieldDoesNotExist
from django.db.models import Model
from rest_framework import serializers
from rest_framework.fields import SkipField
from rest_framework.relations import PKOnlyObject

__all__ = ["Reader", "reader"]

Reader = Callable[[Any], Any]
#: Puts one field of an object into a representation.
Step = Callable[[Any, dict[str, Any]], None]

#: Fields whose output depends on the value alone.
PLAIN_FIELDS = {
    serializers.BooleanField,
    serializers.CharField,
    serializers.ChoiceField,
    serializers.DateField,
    serializers.DateTimeField,
    serializers.DecimalField,
    serializers.EmailField,
    serializers.FloatField,
    serializers.IntegerField,
    serializers.JSONField,
    serializers.RegexField,
    serializers.SlugField,
    serializers.TimeField,
    serializers.URLField,
    serializers.UUIDField,
    getattr(serializers, "BigIntegerField", serializers.IntegerField),  # REST framework 3.17
}
AS_IT_IS = {serializers.BooleanField, serializers.CharField, serializers.EmailField, serializers.IntegerField}
#: What a serializer class may define without changing how it reads; anything else may depend on the context.
HARMLESS = re.compile(
    r"Meta|_declared_fields|default_error_messages|create|update|save|is_valid|validate.*|run_validation|"
    r"to_internal_value|get_queryset|__(?!init__|new__)\w+__"
)

#: The readers of the serializer classes that depend on nothing else, and the classes that do.
_kept: dict[type, Reader] = {}
_varying: set[type] = set()


def reader(serializer_class: Any, context: dict[str, Any]) -> Reader:
    """Return a function from an object to what ``serializer_class(obj, context=context).data`` would hold."""
    if serializer_class not in _kept and serializer_class not in _varying:
        # made without the context, so that what is kept holds on to no request
        read, is_pure = _compile(serializer_class()) if _is_plain(serializer_class) else (None, False)
        if is_pure and read is not None:
            _kept[serializer_class] = read
        else:
            _varying.add(serializer_class)
    return _kept.get(serializer_class) or _compile(serializer_class(context=context))[0]


def _compile(serializer: Any) -> tuple[Reader, bool]:
    """Return the reader of a serializer, and whether it depends on nothing but the serializer's class."""
    cls = type(serializer)
    if cls.to_representation is not serializers.Serializer.to_representation:
        return serializer.to_representation, False
    pure = _is_plain(cls)
    steps: list[Step] = []
    for field in serializer._readable_fields:
        step, is_pure = _step(field, getattr(getattr(cls, "Meta", None), "model", None))
        steps.append(step)
        pure = pure and is_pure

    def read(instance: Any) -> dict[str, Any]:
        data: dict[str, Any] = {}
        for step in steps:
            step(instance, data)
        return data

    return read, pure


def _is_plain(cls: type) -> bool:
    """Tell whether a serializer class, and every class of a host that it is made of, leaves reading as it is."""
    hosts = [base for base in cls.__mro__ if base.__module__.partition(".")[0] not in ("builtins", "rest_framework")]
    names = [name for base in hosts if base.__module__ != "lorikeet.serializers" for name in vars(base)]
    return all(map(HARMLESS.fullmatch, names))


def _step(field: Any, model: type[Model] | None) -> tuple[Step, bool]:
    name = field.field_name
    if not _is_column(field, model):
        return _slow_step(field), type(field) in PLAIN_FIELDS
    get = attrgetter(field.source)
    if isinstance(field, serializers.Serializer):
        if not _is_plain(type(field)):
            return _slow_step(field), False
        convert, pure = _compile(field)
    elif type(field) in PLAIN_FIELDS:
        convert, pure = _converter(field), True
    else:
        return _slow_step(field), type(field) is serializers.PrimaryKeyRelatedField

    def step(instance: Any, data: dict[str, Any]) -> None:
        value = get(instance)
        data[name] = None if value is None else convert(value)

    return step, pure


def _slow_step(field: Any) -> Step:
    """Do what ``Serializer.to_representation()`` does for one field."""

    def step(instance: Any, data: dict[str, Any]) -> None:
        try:
            attribute = field.get_attribute(instance)
        except SkipField:
            return
        value = attribute.pk if isinstance(attribute, PKOnlyObject) else attribute
        data[field.field_name] = None if value is None else field.to_representation(attribute)

    return step


def _is_column(field: Any, model: type[Model] | None) -> bool:
    """Tell whether the field reads one column or forward key of the model, which is always there and never called."""
    if model is None or len(field.source_attrs) != 1:
        return False
    try:
        column = model._meta.get_field(field.source)
    except FieldDoesNotExist:
        return False
    return bool(column.concrete) and not column.many_to_many


def _converter(field: Any) -> Reader:
    if type(field) in AS_IT_IS:
        return _unless_unusual(field)
    if type(field) is serializers.DecimalField and _is_plain_decimal(field):
        places = f".{field.decimal_places}f"
        slow = field.to_representation
        return lambda value: format(value, places) if type(value) is Decimal and value.is_finite() else slow(value)
    return field.to_representation  # type: ignore[no-any-return]


def _unless_unusual(field: Any) -> Reader:
    """Return a value as it is if it has the field's own type already, which is what a column gives."""
    expected = {serializers.IntegerField: int, serializers.BooleanField: bool}.get(type(field), str)
    slow = field.to_representation
    return lambda value: value if type(value) is expected else slow(value)


def _is_plain_decimal(field: Any) -> bool:
    coerces = getattr(field, "coerce_to_string", True)
    unusual = field.localize or field.normalize_output or field.rounding is not None
    return coerces and not unusual and field.decimal_places is not None
