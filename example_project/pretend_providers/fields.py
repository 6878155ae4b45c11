"""What a request may contain, each read and checked by a function that refuses what is wrong."""

import re
from datetime import datetime
from urllib.parse import urlsplit

from pretend_providers.books import to_stamp
from pretend_providers.refusals import Refusal
from pretend_providers.servers import LOOPBACK

MOST_MONEY = 10**15


def read_amount(value: object) -> int:
    """Return an amount in minor units: JSON's number, or the digits of a URL."""
    if isinstance(value, str) and re.fullmatch("[0-9]{1,16}", value):
        value = int(value)
    if type(value) is not int or not 0 < value <= MOST_MONEY:
        raise Refusal(400, "amount", "The amount has to be a positive whole number of minor units.")
    return value


def read_currency(value: object) -> str:
    """Return the code of a currency."""
    return _match(value, "[A-Z]{3}", "currency", "The currency has to be three capital letters.")


def read_key(value: object) -> str:
    """Return the key the shop knows a payment or a refund by."""
    return _match(value, "[A-Za-z0-9_-]{8,64}", "key", "The key has to be 8 to 64 letters, digits, - and _.")


def read_since(value: str) -> str:
    """Return a moment in ISO 8601, with its zone, as the books write it."""
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise Refusal(400, "since", "The moment has to be in ISO 8601 with a zone, such as 2026-01-31T08:00:00+00:00.")
    return to_stamp(moment)


def read_return_url(value: object) -> str:
    """Return the page of the shop that a browser is sent back to: ``http`` on loopback, or empty.

    Any other URL would let an attacker use the provider's page to send people to a page of theirs.
    """
    if value is None or value == "":
        return ""
    url = _match(value, r"[!-\[\]-~]{1,2000}", "return_url", "The return URL has characters no URL has.")
    if get_origin(url) is None:
        raise Refusal(400, "return_url", "The return URL has to be http on loopback.")
    return url


def get_origin(url: str) -> str | None:
    """Return the origin of a URL that is ``http`` on loopback without a user's name, or ``None``."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return None
    if parts.scheme != "http" or parts.hostname not in LOOPBACK or "@" in parts.netloc:
        return None
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return f"http://{host}" + (f":{port}" if port else "")


def _match(value: object, pattern: str, code: str, message: str) -> str:
    if not isinstance(value, str) or not re.fullmatch(pattern, value):
        raise Refusal(400, code, message)
    return value
