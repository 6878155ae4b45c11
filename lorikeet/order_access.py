"""What opens an order: its user's account, a cookie of the browser that a guest ordered with, and the token of a link.

Cookie and token are signed, and expire after ``LORIKEET_ORDER_TOKEN_DAYS``. A request that names an order writes
nothing to the session: another shopper could have signed in to it while the payment was at its provider.
"""

from __future__ import annotations

import time
from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from django.conf import settings as django_settings
from django.core.signing import BadSignature, TimestampSigner
from django.db.models import Q
from django.http import HttpRequest, HttpResponse

from .conf import settings

if TYPE_CHECKING:
    from .models import Order

__all__ = ["let_in", "order_token", "read_order_token", "visible_orders"]

COOKIE = "lorikeet_orders"
#: Most orders that a browser opens: the newest. They take 900 bytes of the 4096 that a cookie may have.
MOST = 20
ORDER = "lorikeet.order"


def let_in(request: HttpRequest, response: HttpResponse, order: Order) -> None:
    """Let the browser that ``response`` goes to open ``order`` too, no matter which user is signed in there."""
    opened = _opened_by(request)
    opened.pop(order.uuid.hex, None)  # the latest is the last
    opened[order.uuid.hex] = int(time.time())
    response.set_signed_cookie(
        COOKIE,
        ".".join([f"{uuid}-{let_in_at}" for uuid, let_in_at in opened.items()][-MOST:]),
        max_age=_age(),
        path=django_settings.SESSION_COOKIE_PATH,
        domain=django_settings.SESSION_COOKIE_DOMAIN,
        secure=django_settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )


def visible_orders(request: HttpRequest) -> Q:
    """Return the condition for the orders that the sender of ``request`` may see."""
    visible = Q(uuid__in=list(_opened_by(request)))
    return visible | Q(user=request.user) if request.user.is_authenticated else visible


def order_token(uuid: UUID, email: str) -> str:
    """Return the token that opens one order. It is invalid once the order's e-mail address changes."""
    return _signer(email).sign(uuid.hex)


def read_order_token(token: str, uuid: UUID, email: str) -> bool:
    """Tell whether ``token`` opens the order with this ``uuid`` and ``email``, and is young enough."""
    try:
        return _signer(email).unsign(token, max_age=_age()) == uuid.hex
    except BadSignature:
        return False


def _opened_by(request: HttpRequest) -> dict[str, int]:
    """Return the ids of the orders that the cookie of ``request`` opens, and when each was let in: the latest last.

    Each later order signs the cookie anew, so the signature's age tells nothing of the orders before it.
    """
    value = request.get_signed_cookie(COOKIE, default="", max_age=_age()) or ""
    oldest = time.time() - _age().total_seconds()
    entries = (entry.partition("-") for entry in value.split("."))
    return {uuid: int(let_in_at) for uuid, _, let_in_at in entries if let_in_at and int(let_in_at) >= oldest}


def _signer(email: str) -> TimestampSigner:
    return TimestampSigner(salt=f"{ORDER}:{email}")


def _age() -> timedelta:
    return timedelta(days=settings.ORDER_TOKEN_DAYS)
