"""What a test plans to go wrong with calls."""

from __future__ import annotations

import dataclasses
import fnmatch
import threading
from typing import Any

from .books import Books, Object

__all__ = ["KINDS", "Fault", "Faults"]

KINDS = ("lose", "delay", "error", "wrong")

#: Fields of an intent and of its charge that state the amount, once there is one.
AMOUNTS = ("amount", "amount_received", "amount_capturable", "amount_captured")


@dataclasses.dataclass
class Fault:
    """What goes wrong, and with which calls.

    ``lose``: no answer comes. ``delay``: the answer takes ``seconds``, or until ``release()``. ``error``: the answer
    has ``status``. ``wrong``: another ``amount`` or ``currency`` is taken, and shown from then on.
    ``acts`` says whether what was asked for is done first; an error after it is kept for the idempotency key.
    """

    #: One of ``KINDS``, or empty for nothing.
    kind: str
    acts: bool = False
    #: The calls: ``POST``, and a path where ``*`` matches anything (``/v1/payment_intents/*/confirm``).
    method: str = "*"
    path: str = "*"
    #: How many of them; ``None`` for all.
    times: int | None = 1
    seconds: float = 60
    status: int = 500
    amount: int | None = None
    currency: str | None = None
    #: Set when a delayed call may go on.
    gate: threading.Event = dataclasses.field(default_factory=threading.Event)

    @property
    def before(self) -> str:
        """What goes wrong before anything is done."""
        return "" if self.acts else self.kind

    @property
    def after(self) -> str:
        """What goes wrong when it is done."""
        return self.kind if self.acts else ""

    def falsify(self, books: Books, shown: Object) -> None:
        """Change the amount and the currency of the object ``shown`` and of its charge."""
        entry = books.objects.get(shown.get("id", ""), {})
        values: dict[str, Any] = {"currency": self.currency} if self.currency else {}
        for changed in (entry, books.objects.get(entry.get("latest_charge") or "", {})):
            amounts = {name: self.amount for name in AMOUNTS if self.amount and changed.get(name)}
            changed.update({**values, **amounts} if changed else {})


class Faults:
    """The faults that are planned, in the order in which they were."""

    def __init__(self) -> None:
        self.planned: list[Fault] = []
        self.gate = threading.Event()

    def clear(self) -> None:
        """Remove the planned faults, and let delayed calls go on."""
        self.planned.clear()
        self.release()

    def release(self) -> None:
        """Let delayed calls go on."""
        gate, self.gate = self.gate, threading.Event()
        gate.set()

    def take(self, method: str, path: str) -> Fault:
        """Return what goes wrong with this call, if anything, and count it; called under the lock of the books."""
        for fault in self.planned:
            if fnmatch.fnmatchcase(method, fault.method) and fnmatch.fnmatchcase(path, fault.path):
                if fault.times is not None:
                    fault.times -= 1
                    if not fault.times:
                        self.planned.remove(fault)
                return dataclasses.replace(fault, gate=self.gate)
        return Fault("")
