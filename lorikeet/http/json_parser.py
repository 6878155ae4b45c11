"""Reading request bodies: JSON of a sane size and depth, with nothing in it that cannot be stored."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import IO, Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from rest_framework.exceptions import APIException, ErrorDetail, ParseError, ValidationError
from rest_framework.parsers import BaseParser

from ..conf import settings
from .card_numbers import holds_card_number

__all__ = ["CARD_NUMBER", "BodyTooLarge", "RowParser", "StrictJSONParser"]

#: Longer numbers are refused before they are converted, which takes time that grows with the square of the length.
LONGEST_NUMBER = 400
CARD_NUMBER = gettext_lazy("Card numbers are not accepted here.")


class BodyTooLarge(APIException):
    """The request body is larger than ``LORIKEET_MAX_BODY_BYTES``."""

    status_code = 413
    default_code = "too_large"

    def __init__(self) -> None:
        super().__init__(_("The request is larger than %(limit)d bytes.") % {"limit": settings.MAX_BODY_BYTES})


class StrictJSONParser(BaseParser):
    """Parses ``application/json`` in UTF-8.

    Refuses duplicate keys, numbers that are not finite or absurdly long, NUL and lone surrogates, nesting deeper than
    ``LORIKEET_MAX_BODY_DEPTH``, more values than ``LORIKEET_MAX_BODY_VALUES``, and text that holds a card number. Each
    refusal names the field.
    """

    media_type = "application/json"
    #: Whether values that hold a card number are refused here. If not, the registered serializer says which fields may.
    refuses_card_numbers = True

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        """Return the parsed body.

        :raises BodyTooLarge: it is larger than the limit; no more than that is read.
        :raises ParseError: it is not JSON.
        :raises ValidationError: something in it is refused.
        """
        body = stream.read(settings.MAX_BODY_BYTES + 1)
        if len(body) > settings.MAX_BODY_BYTES:
            raise BodyTooLarge
        try:
            value = json.loads(
                body.decode(),
                object_pairs_hook=_unique,
                parse_constant=float,
                parse_float=_number,
                parse_int=_number,
            )
        except RecursionError:
            raise ParseError(_("The JSON is nested too deeply.")) from None
        except ValueError as error:
            raise ParseError(_("This is not JSON: %(error)s") % {"error": error}) from None
        _refuse_unstorable(value, self.refuses_card_numbers and settings.REFUSE_CARD_NUMBERS)
        return value


class RowParser(StrictJSONParser):
    """Parses the data of a registered serializer, which says which fields may hold what looks like a card number."""

    refuses_card_numbers = False


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        seen: set[str] = set()
        twice = next(key for key, _member in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
        raise _refusal((twice,), _("This key occurs twice."), "duplicate_key")
    return value


def _number(literal: str) -> int | float:
    if len(literal) > LONGEST_NUMBER:
        return math.inf
    return int(literal) if literal.lstrip("-").isdigit() else float(literal)


def _refuse_unstorable(value: Any, refuse_card_numbers: bool) -> None:
    waiting: list[tuple[Any, tuple[str, ...], int]] = [(value, (), 1)]
    seen = 1
    while waiting:
        member, path, depth = waiting.pop()
        if depth > settings.MAX_BODY_DEPTH:
            raise _refusal(path, _("This is nested too deeply."), "too_deep")
        if problem := _problem(member, refuse_card_numbers):
            raise _refusal(path, *problem)
        children = _children(member, path)
        seen += len(children)
        if seen > settings.MAX_BODY_VALUES:
            most = _("A request holds at most %(limit)d values.") % {"limit": settings.MAX_BODY_VALUES}
            raise _refusal(path, most, "too_many_values")
        waiting.extend((*child, depth + 1) for child in children)


def _children(member: Any, path: tuple[str, ...]) -> list[tuple[Any, tuple[str, ...]]]:
    """Return what is in a list or an object, each with its path."""
    if isinstance(member, list):
        return [(child, path) for child in member]
    if not isinstance(member, dict):
        return []
    for key in member:
        if problem := _problem(key):
            raise _refusal((*path, key), *problem)
        if settings.REFUSE_CARD_NUMBERS and holds_card_number(key):
            raise _refusal(path, str(CARD_NUMBER), "card_number")  # which does not repeat it
    return [(child, (*path, key)) for key, child in member.items()]


def _problem(member: Any, refuse_card_numbers: bool = False) -> tuple[str, str] | None:
    """Return what is wrong with a key or a value, as a message and its code."""
    if isinstance(member, float) and not math.isfinite(member):
        return _("A number must be finite."), "not_finite"
    if not isinstance(member, str):
        return None
    if "\0" in member:
        return _("Null characters are not allowed."), "null_character"
    if any("\ud800" <= character <= "\udfff" for character in member):
        return _("Lone surrogates are not allowed."), "lone_surrogate"
    return (str(CARD_NUMBER), "card_number") if refuse_card_numbers and holds_card_number(member) else None


def _refusal(path: tuple[str, ...], message: str, code: str) -> ValidationError:
    detail: Any = [ErrorDetail(message, code)]
    for name in reversed(path or ("non_field_errors",)):
        detail = {_printable(name): detail}
    return ValidationError(detail)


def _printable(name: str) -> str:
    return name.encode("ascii", "backslashreplace").decode()[:100]
