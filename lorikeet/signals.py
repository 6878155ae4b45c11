"""The signals that Lorikeet sends to the site. Receivers run after the commit; one that fails does not stop the others.

``order_placed``
    An order has just been placed. Sent once, by the process that placed it, with ``order``. If that process dies
    first it is not sent again: use it for what may be lost, such as a counter.
``order_checked_out``
    An order has been placed. Sent *at least* once, with ``order`` and ``request``; ``request`` is ``None`` when it
    is sent by recovery. Make the receiver harmless to repeat: use ``order.uuid`` as the key of what it does.
    A dict that a receiver returns is added to the answer 200 to the client, if the receiver ran in that request; the
    answer to a later request, or after recovery, comes without it. Lorikeet's own keys win.
``order_cancelled``
    A pending order was cancelled, and its lines handed back to the cart. Sent once, with ``order``.
``payment_changed``
    A payment attempt reached another state. Sent once, with ``attempt``.
``payment_attention``
    A payment needs the staff: its outcome is unknown, it came late, or its amount is wrong. Sent once for each reason,
    with ``attempt``, whose ``attention`` says which.
``cart_merged``
    A guest's cart was merged into a user's at login. Sent once, with ``cart`` (the user's) and ``merged_lines``, the
    number of lines that were moved.

The sender is the model class of the object each signal is about.
"""

from __future__ import annotations

from django.dispatch import Signal

__all__ = [
    "cart_merged",
    "order_cancelled",
    "order_checked_out",
    "order_placed",
    "payment_attention",
    "payment_changed",
]

order_placed = Signal()
order_checked_out = Signal()
order_cancelled = Signal()
payment_changed = Signal()
payment_attention = Signal()
cart_merged = Signal()
