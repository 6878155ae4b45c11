"""A call's parameters: from the text of a form to values of the types that the SDK declares, or Stripe's refusal."""

from __future__ import annotations

import functools
import operator
import re
import sys
import types
from typing import Any, Literal, Union, get_args, get_origin
from urllib.parse import parse_qsl

import stripe
from stripe import RequestOptions
from typing_extensions import get_type_hints, is_typeddict

from .errors import Refused

__all__ = ["Params", "decode", "read"]

Params = dict[str, Any]

#: The SDK declares the parameters in a package of their own, older ones inside the service that takes them.
ROOT, NAME = (stripe.params, "{}{}Params") if hasattr(stripe, "params") else (stripe, "{}Service.{}Params")


def decode(text: str) -> Params:
    """Return the nested parameters of a form or a query: ``a[b]=c`` and, of a list, ``a[0]=c`` or ``a[]=c``.

    A list is a dictionary by position; only :func:`read` knows that it is one.
    """
    params: Params = {}
    for name, value in parse_qsl(text, keep_blank_values=True):
        *path, last = [step or "[]" for step in re.split(r"\]?\[", name.removesuffix("]"))]
        inner = params
        for step in path:
            inner = inner.setdefault(step, {})
            if not isinstance(inner, dict):
                raise Refused(f"Invalid parameter: {name}", param=name)
        inner[str(len(inner)) if last == "[]" else last] = value
    return params


def read(call: str, given: Params) -> Params:
    """Return the parameters of ``call`` (``PaymentIntent.Create``) as values of the types that the SDK declares.

    :raises Refused: one is unknown, missing or not of its type.
    """
    return _mapping(_schema(call), given, "")


@functools.cache
def _schema(call: str) -> Any:
    """Return the SDK's ``TypedDict`` of a call."""
    *package, noun, verb = call.split(".")
    return operator.attrgetter(".".join([*package, NAME.format(noun, verb)]))(ROOT)


@functools.cache
def _hints(schema: Any) -> dict[str, Any]:
    """Return the parameters in ``schema`` with their types, without the options that never leave the client."""
    # Newer TypedDicts inherit those options, whose types exist for type checkers only.
    sent = {name: hint for name, hint in schema.__annotations__.items() if name not in RequestOptions.__annotations__}
    return get_type_hints(types.SimpleNamespace(__annotations__=sent), vars(sys.modules[schema.__module__]))


def _mapping(schema: Any, given: Params, path: str) -> Params:
    hints = _hints(schema)
    names = {name: f"{path}[{name}]" if path else name for name in [*given, *schema.__required_keys__]}
    for name in given:
        if name not in hints:
            raise Refused(f"Received unknown parameter: {names[name]}", "parameter_unknown", param=names[name])
    for name in sorted(schema.__required_keys__ - given.keys()):
        raise Refused(f"Missing required param: {names[name]}.", "parameter_missing", param=names[name])
    return {name: _value(hints[name], value, names[name]) for name, value in given.items()}


def _value(hint: Any, given: Any, path: str) -> Any:
    """Return ``given`` as a value of the type ``hint``."""
    origin = get_origin(hint)
    if origin in {Union, types.UnionType}:
        return _alternative(get_args(hint), given, path)
    if isinstance(given, dict):
        return _nested(hint, given, path)
    if origin is Literal:
        if given not in get_args(hint):
            raise Refused(f"Invalid {path}: must be one of {', '.join(get_args(hint))}", param=path)
    elif given == "":
        raise Refused(f"{path} cannot be unset by an empty string.", "parameter_invalid_empty", param=path)
    elif origin in {list, dict} or is_typeddict(hint):
        raise Refused(f"Invalid {'array' if origin is list else 'object'}", param=path)
    return _integer(given, path) if hint is int else _boolean(given, path) if hint is bool else given


def _integer(given: str, path: str) -> int:
    if not re.fullmatch(r"-?\d{1,18}", given, re.ASCII):
        raise Refused(f"Invalid integer: {given}", "parameter_invalid_integer", param=path)
    return int(given)


def _boolean(given: str, path: str) -> bool:
    if given not in {"true", "false"}:
        raise Refused(f"Invalid boolean: {given}", param=path)
    return given == "true"


def _nested(hint: Any, given: Params, path: str) -> Any:
    if is_typeddict(hint):
        return _mapping(hint, given, path)
    if get_origin(hint) is list and all(position.isdigit() for position in given):
        return [
            _value(get_args(hint)[0], given[position], f"{path}[{position}]") for position in sorted(given, key=int)
        ]
    if get_origin(hint) is dict:
        return {name: value if value == "" else _value(str, value, f"{path}[{name}]") for name, value in given.items()}
    raise Refused("Invalid string: an object was given", param=path)


def _alternative(hints: tuple[Any, ...], given: Any, path: str) -> Any:
    """Return ``given`` as a value of the first of ``hints`` that takes it, or raise the refusal of the last."""
    # The SDK allows text beside an enumeration, for values that Stripe adds later; Stripe refuses any other text.
    if any(get_origin(hint) is Literal and get_args(hint) != ("",) for hint in hints):
        hints = tuple(hint for hint in hints if hint is not str)
    refusal = None
    for hint in hints:
        try:
            return _value(hint, given, path)
        except Refused as error:
            if refusal is None or error.error.get("param") != path:
                refusal = error  # one that is about something further inside says more
    assert refusal is not None
    raise refusal
