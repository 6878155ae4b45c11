"""What an error is answered with: one table from exception to status, and one shape for every body.

Every body of an error holds ``errors``, a list of ``{"code", "field", "message"}`` with ``data`` where there is more to
know. ``code`` is a stable word, ``field`` a path such as ``data.product``, or ``None``. The body also
holds what REST framework shows (a dict of field to messages, or ``detail``), or the ``reason`` and ``info`` of a
checkout.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from typing import Any

from django.db import InterfaceError, OperationalError
from django.utils.translation import gettext as _
from rest_framework import status
from rest_framework.exceptions import APIException, ErrorDetail, NotFound, Throttled, ValidationError
from rest_framework.response import Response
from rest_framework.views import exception_handler

from ..cart.shopper import TOKEN_HEADER
from ..exceptions import (
    CartChanged,
    CartGone,
    ConflictError,
    ConflictErrorSet,
    IdempotencyKeyReused,
    IncompleteCartErrorSet,
    InvalidToken,
    LimitReached,
    NoWebhooks,
    PaymentBusy,
    ProviderUnavailable,
    TooManyAttempts,
)
from ..transactions import may_pass

__all__ = ["ErrorEntry", "entries", "first_message", "handle_exception", "refuse", "refuse_payment"]

logger = logging.getLogger(__name__)

#: One member of ``errors``: ``{"code", "field", "message"}``, perhaps with ``data``.
ErrorEntry = dict[str, Any]
#: In characters. Web servers limit a header, and a host's message may quote a value.
LONGEST_HEADER = 500


class Precondition(APIException):
    """``If-Match`` names another state of the cart (RFC 9110, section 15.5.13)."""

    status_code = status.HTTP_412_PRECONDITION_FAILED
    default_code = "cart_changed"


class Unavailable(APIException):
    """A retry may succeed; ``Retry-After`` is set from ``wait``, in seconds."""

    status_code = status.HTTP_503_SERVICE_UNAVAILABLE
    default_code = "busy"
    wait = 1


def _field(name: str, message: str, code: str) -> ValidationError:
    return ValidationError({name: [ErrorDetail(message, code)]})


def _busy(error: Exception) -> APIException | None:
    if not may_pass(error):
        return None
    logger.error("The database could not serve the cart.", exc_info=error)
    return Unavailable(_("The shop is busy. Please try again."))


#: Lorikeet's exceptions as those of REST framework; ``None`` leaves one to Django, as a bug. The first match counts.
TRANSLATIONS: dict[type[Exception], Callable[[Any], APIException | None]] = {
    CartGone: lambda error: NotFound(_("Not found.")),
    NoWebhooks: lambda error: NotFound(_("Not found.")),
    CartChanged: lambda error: Precondition(_("The cart has changed since it was shown.")),
    InvalidToken: lambda error: _field(TOKEN_HEADER, str(error), "invalid_token"),
    LimitReached: lambda error: _field(error.field, str(error), "limit_reached"),
    TooManyAttempts: lambda error: Throttled(error.retry_after, error.message),
    PaymentBusy: lambda error: Unavailable(_("This payment is being worked on. Please try again.")),
    ProviderUnavailable: lambda error: Unavailable(
        _("The payment provider does not answer. Please try again."), "provider_unavailable"
    ),
    InterfaceError: _busy,
    OperationalError: _busy,
}


def handle_exception(error: Exception, context: dict[str, Any]) -> Response | None:
    """Return the answer to an error; ``None`` leaves it to Django, as a bug."""
    match error:
        case ConflictErrorSet():
            return refuse("conflict", error.to_json(), error.to_json(), status.HTTP_409_CONFLICT)
        case ConflictError():
            return refuse("conflict", [error.to_json()], [error.to_json()], status.HTTP_409_CONFLICT)
        case IncompleteCartErrorSet():
            return refuse("incomplete", error.to_json(), error.to_json())
        case IdempotencyKeyReused():
            message = _("This idempotency key was used with another request.")
            entry = {"code": "idempotency_key_reused", "field": "Idempotency-Key", "message": message}
            return refuse("idempotency_key_reused", {"message": message}, [entry])
    for known, translate in TRANSLATIONS.items():
        if isinstance(error, known):
            translated = translate(error)
            return None if translated is None else _show(exception_handler(translated, context))
    return _show(exception_handler(error, context))


def refuse(reason: str, info: Any, errors: list[ErrorEntry], code: int = 422, **more: Any) -> Response:
    """Answer a checkout that made no order: ``{"reason", "info", "errors"}``."""
    return Response({"reason": reason, **more, "info": info, "errors": errors}, status=code)


def refuse_payment(name: str | None, info: Any) -> Response:
    """Answer a checkout whose payment was refused.

    :param name: the registered type of the payment method.
    :param info: what the payment method says of it, any JSON value; its ``code`` and ``message`` are used if it has
        them.
    """
    known = info if isinstance(info, dict) else {}
    code, message = known.get("code"), known.get("message")
    entry = {
        "code": code if isinstance(code, str) else "payment_refused",
        "field": "payment_method",
        "message": message if isinstance(message, str) else _("The payment was refused."),
    }
    return refuse("payment", info, [entry], payment_method=name)


def _show(response: Response | None) -> Response | None:
    """Give the body of an answer by REST framework its ``errors``.

    What is wrong in ``data`` is at the top of the body, as clients of the original Lorikeet expect it; in ``errors``
    its path is complete.
    """
    if response is None:
        return None
    body = response.data if isinstance(response.data, dict) else {"non_field_errors": response.data}
    errors = list(entries(body))
    inner = body.get("data")
    if isinstance(inner, dict):
        body = {**{key: body[key] for key in body if key != "data"}, **inner}
    response.data = {**body, "errors": errors}
    return response


def entries(detail: Any, path: tuple[str, ...] = ()) -> Iterator[ErrorEntry]:
    """Yield one entry for each message in REST framework's ``detail``, which may be nested."""
    if isinstance(detail, dict):
        for key, member in detail.items():
            of_nothing = key == "non_field_errors" or (key == "detail" and not path and isinstance(member, str))
            yield from entries(member, path if of_nothing else (*path, str(key)))
    elif isinstance(detail, list):
        for index, member in enumerate(detail):
            yield from entries(member, path if isinstance(member, str) else (*path, str(index)))
    else:
        yield {"code": getattr(detail, "code", "invalid"), "field": ".".join(path) or None, "message": str(detail)}


def first_message(body: Any) -> str:
    """Return the first message of an error's body as one line of ASCII, for the header ``X-API-Error``."""
    known = body.get("errors") if isinstance(body, dict) else None
    first = next(iter(known or entries(body)), None)
    text = " ".join((str(first["message"]) if first else _("Error")).split())
    return text.encode("ascii", "backslashreplace").decode()[:LONGEST_HEADER]
