"""The fake under the real SDK, in one process."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import stripe

from .api import Answer
from .errors import Lost

__all__ = ["InProcessClient"]


#: The SDK declares no types for it.
_connection_error: Callable[..., stripe.APIConnectionError] = stripe.APIConnectionError


class InProcessClient(stripe.HTTPClient):
    """The ``http_client`` of a ``StripeClient`` whose calls go straight into ``call``."""

    name = "lorikeet"

    def __init__(self, call: Callable[[str, str, Mapping[str, str], str], Answer]) -> None:
        super().__init__()
        self._call = call

    def request(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str] | None,
        post_data: Any = None,
        *,
        _usage: list[str] | None = None,
    ) -> tuple[str, int, Mapping[str, str]]:
        """Return body, status and headers, or raise what the SDK raises when a connection is lost."""
        lower = {name.lower(): value for name, value in (headers or {}).items()}
        try:
            answer = self._call(method.upper(), url, lower, post_data or "")
        except Lost:
            raise _connection_error("The fake lost this call, as planned.", should_retry=True) from None
        return answer.body, answer.status, answer.headers

    def close(self) -> None:
        """Nothing is open."""

    def _sleep_time_seconds(self, *args: Any) -> float:
        """Return 0: a test does not wait before a retry."""
        return 0
