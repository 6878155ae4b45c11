"""Signed, expiring tokens: they open one guest's cart or one order, and nothing else.

Each purpose has a salt of its own, so that a token for one opens nothing of the other. Keys rotate with
``SECRET_KEY_FALLBACKS``.
"""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from django.core.signing import BadSignature, TimestampSigner

from .conf import settings
from .exceptions import InvalidToken

__all__ = ["cart_token", "order_token", "read_cart_token", "read_order_token"]

CART = "lorikeet.cart"
ORDER = "lorikeet.order"


def cart_token(key: UUID) -> str:
    """Return the token (``X-Cart-Token``) that opens the guest's cart whose ``key`` this is."""
    return TimestampSigner(salt=CART).sign(key.hex)


def read_cart_token(token: str) -> UUID:
    """Return the key of the cart that ``token`` opens.

    :raises InvalidToken: the signature is wrong, or older than ``LORIKEET_CART_TOKEN_DAYS``.
    """
    try:
        return UUID(TimestampSigner(salt=CART).unsign(token, max_age=timedelta(days=settings.CART_TOKEN_DAYS)))
    except (BadSignature, ValueError):
        raise InvalidToken("This cart token is not valid.") from None


def order_token(uuid: UUID, email: str) -> str:
    """Return the token that opens one order. It dies with a change of the order's e-mail address."""
    return _order_signer(email).sign(uuid.hex)


def read_order_token(token: str, uuid: UUID, email: str) -> bool:
    """Tell whether ``token`` opens the order with this ``uuid`` and ``email``, and is young enough.

    The age allowed is ``LORIKEET_ORDER_TOKEN_DAYS``.
    """
    try:
        return _order_signer(email).unsign(token, max_age=timedelta(days=settings.ORDER_TOKEN_DAYS)) == uuid.hex
    except BadSignature:
        return False


def _order_signer(email: str) -> TimestampSigner:
    return TimestampSigner(salt=f"{ORDER}:{email}")
