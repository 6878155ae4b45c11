"""Reading request bodies: JSON of a sane size and depth, with nothing in it that cannot be stored."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from typing import IO, Any
from unicodedata import normalize

from django.utils.translation import gettext as _
from rest_framework.exceptions import APIException, ParseError, ValidationError
from rest_framework.parsers import BaseParser

from .conf import settings

__all__ = ["BodyTooLarge", "StrictJSONParser"]

#: Longer numbers are refused before they are converted, which takes time that grows with the square of the length.
LONGEST_NUMBER = 400
#: Only Visa, whose numbers start with 4, has had cards this short; every network's numbers start with 2 to 6.
SHORTEST_CARD = 13
CARD_NUMBER = re.compile(r"(?<!\d)(?:\d[\s.–-]*){12,18}\d(?!\d)")
UUID = re.compile(r"\b[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\b|\b[0-9a-fA-F]{32}\b")


class BodyTooLarge(APIException):
    """The request body is larger than ``LORIKEET_MAX_BODY_BYTES``."""

    status_code = 413
    default_code = "too_large"

    def __init__(self) -> None:
        super().__init__(_("The request is larger than %(limit)d bytes.") % {"limit": settings.MAX_BODY_BYTES})


class StrictJSONParser(BaseParser):
    """Parses ``application/json`` in UTF-8.

    Refuses duplicate keys, numbers that are not finite or absurdly long, NUL and lone surrogates, nesting deeper than
    ``LORIKEET_MAX_BODY_DEPTH``, and what looks like a card number (PCI DSS: a shop's server must never receive one).
    Each refusal names the field.
    """

    media_type = "application/json"

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
        _refuse_unstorable(value)
        return value


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        seen: set[str] = set()
        twice = next(key for key, _member in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
        raise ValidationError({_printable(twice): [_("This key occurs twice.")]})
    return value


def _number(literal: str) -> int | float:
    if len(literal) > LONGEST_NUMBER:
        return math.inf
    return int(literal) if literal.lstrip("-").isdigit() else float(literal)


def _refuse_unstorable(value: Any) -> None:
    waiting: list[tuple[Any, tuple[str, ...], int]] = [(value, (), 1)]
    while waiting:
        member, path, depth = waiting.pop()
        if depth > settings.MAX_BODY_DEPTH:
            raise _refusal(path, _("This is nested too deeply."))
        if isinstance(member, dict):
            for key, child in member.items():
                if message := _text_problem(key):
                    raise _refusal((*path, key), message)
                waiting.append((child, (*path, key), depth + 1))
        elif isinstance(member, list):
            waiting.extend((child, path, depth + 1) for child in member)
        elif message := _problem(member):
            raise _refusal(path, message)


def _problem(member: Any) -> str | None:
    if isinstance(member, str):
        return _text_problem(member)
    if isinstance(member, float):
        if not math.isfinite(member):
            return _("A number must be finite.")
        member = int(member)
    if isinstance(member, int) and _is_card_number(str(member)):
        return _("Card numbers are not accepted here.")
    return None


def _text_problem(text: str) -> str | None:
    if "\0" in text:
        return _("Null characters are not allowed.")
    if any("\ud800" <= character <= "\udfff" for character in text):
        return _("Lone surrogates are not allowed.")
    if any(map(_is_card_number, CARD_NUMBER.findall(UUID.sub("", normalize("NFKC", text))))):
        return _("Card numbers are not accepted here.")
    return None


def _is_card_number(text: str) -> bool:
    """Tell whether the digits in ``text`` are as many as a card number's and pass its check (ISO/IEC 7812-1)."""
    digits = [int(character) for character in text if character.isascii() and character.isdigit()]
    if not 13 <= len(digits) <= 19 or digits[0] not in ((4,) if len(digits) == SHORTEST_CARD else (2, 3, 4, 5, 6)):
        return False
    doubled = [digit * 2 - 9 if digit > 4 else digit * 2 for digit in digits[-2::-2]]
    return (sum(digits[::-2]) + sum(doubled)) % 10 == 0


def _refusal(path: tuple[str, ...], message: str) -> ValidationError:
    """Name the field that the client knows: ``data.quantity`` is ``quantity``."""
    names = path[1:] if path[:1] == ("data",) and len(path) > 1 else path
    return ValidationError({_printable(names[0]) if names else "non_field_errors": [message]})


def _printable(name: str) -> str:
    return name.encode("ascii", "backslashreplace").decode()[:100]
