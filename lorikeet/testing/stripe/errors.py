"""What Stripe answers when it does not do what it was asked."""

from __future__ import annotations

from typing import Any

__all__ = ["Lost", "Refused", "missing"]


class Refused(Exception):
    """A call that is answered with an error; ``details`` are further keys of Stripe's error object.

    A card error (``type="card_error"``) has status 402.
    """

    def __init__(
        self,
        message: str,
        code: str | None = None,
        *,
        status: int = 400,
        type: str = "invalid_request_error",
        **details: Any,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.error: dict[str, Any] = {"message": message, "type": type, **details}
        if code is not None:
            self.error |= {"code": code, "doc_url": f"https://stripe.com/docs/error-codes/{code.replace('_', '-')}"}


class Lost(Exception):
    """A call that gets no answer."""


def missing(noun: str, id: str, param: str | None) -> Refused:
    """Return the refusal of an id that is not known: 404 if the URL names it, 400 if the parameter ``param`` does."""
    message = f"No such {noun.replace('_', '')}: '{id}'"
    return Refused(message, "resource_missing", status=400 if param else 404, param=param or "id")
