"""Which orders a request may see: the user's own, and those its session was let in to."""

from __future__ import annotations

from typing import Any

from django.db.models import Q
from django.http import HttpRequest

from .models import Order

__all__ = ["let_in", "visible_orders"]

SESSION_KEY = "lorikeet_orders"
#: Most orders a session remembers.
REMEMBERED = 50


def let_in(request: HttpRequest, order: Order) -> None:
    """Let the session of ``request`` see ``order`` from now on."""
    session: Any = getattr(request, "session", None)
    if session is not None:
        others = [uuid for uuid in session.get(SESSION_KEY, ()) if uuid != order.uuid.hex]
        session[SESSION_KEY] = [*others, order.uuid.hex][-REMEMBERED:]


def visible_orders(request: HttpRequest) -> Q:
    """Return the condition for the orders that whoever sent ``request`` may see."""
    session: Any = getattr(request, "session", {})
    visible = Q(uuid__in=session.get(SESSION_KEY, ()))
    return visible | Q(user=request.user) if request.user.is_authenticated else visible
