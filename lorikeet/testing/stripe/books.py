"""What the account has: every object that was made, under its id, and a clock that can be put forward."""

from __future__ import annotations

import copy
import secrets
import string
import threading
import time
from collections.abc import Callable, Iterable
from typing import Any

import stripe

from .errors import Refused, missing

__all__ = ["NO_CALL", "Books", "Object"]

Object = dict[str, Any]

#: What ids are made of.
LETTERS = string.ascii_letters + string.digits
#: How an id begins, by the kind of the object.
PREFIXES = {
    "charge": "ch",
    "confirmation_token": "ctoken",
    "customer": "cus",
    "dispute": "dp",
    "event": "evt",
    "payment_intent": "pi",
    "payment_method": "pm",
    "refund": "re",
    "setup_intent": "seti",
    "token": "tok",
}
#: The request of an event that no call caused.
NO_CALL: Object = {"id": None, "idempotency_key": None}
#: What Stripe calls them in its messages.
NAMES = {"payment_method": "PaymentMethod"}
#: The tests of a ``created`` filter.
COMPARISONS: dict[str, Callable[[int, int], bool]] = {
    "gt": int.__gt__,
    "gte": int.__ge__,
    "lt": int.__lt__,
    "lte": int.__le__,
}


class Books:
    """Everything that Stripe keeps of one account, as dictionaries in the shape in which it shows them.

    Keys with a leading underscore are never shown. A caller that reads or writes holds ``lock``.
    """

    #: The attributes that a copy on disk consists of.
    KEPT = ("objects", "keys", "due", "outbox", "calls", "offset")

    def __init__(self, *, livemode: bool = False) -> None:
        self.livemode = livemode
        #: Where the pages are that Stripe shows to shoppers.
        self.url = "https://stripe.invalid"
        self.lock = threading.RLock()
        #: The call that is being answered, as events show it.
        self.request = NO_CALL
        self.clear()

    def clear(self) -> None:
        """Forget everything."""
        self.objects: dict[str, Object] = {}
        #: Status and body of each answer, by idempotency key.
        self.keys: dict[str, Object] = {}
        #: What is due to happen: ``[when, what, id]``.
        self.due: list[list[Any]] = []
        #: The ids of the events that no webhook has taken yet.
        self.outbox: list[str] = []
        #: Each call with what became of it.
        self.calls: list[Object] = []
        #: By how many seconds the clock is ahead.
        self.offset = 0

    def now(self) -> int:
        """Return the time in seconds since 1970."""
        return int(time.time()) + self.offset

    def new(self, kind: str, /, **values: Any) -> Object:
        """Enter an object with an id of its own and return it."""
        unique = "".join(secrets.choice(LETTERS) for _ in range(24))
        made = {"id": f"{PREFIXES[kind]}_{unique}", "object": kind, "created": self.now(), **values}
        if kind != "refund":
            made["livemode"] = self.livemode
        self.objects[made["id"]] = made
        return made

    def get(self, kind: str, id: str, param: str | None = None) -> Object:
        """Return the object itself; ``param`` is the parameter that names it, if it is not the URL.

        :raises Refused: there is none of this kind.
        """
        found = self.objects.get(id)
        if found is None or found["object"] != kind or (param and "deleted" in found):  # its URL remembers it
            raise missing(NAMES.get(kind, kind), id, param)
        return found

    def all(self, kind: str, **values: Any) -> list[Object]:
        """Return the objects of a kind that have these values, in the order in which they were made."""
        return [
            entry
            for entry in self.objects.values()
            if entry["object"] == kind
            and "deleted" not in entry
            and all(entry.get(name) == value for name, value in values.items())
        ]

    def show(self, entry: Object, expand: Iterable[str] = ()) -> Object:
        """Return a copy of ``entry`` as Stripe shows it, with the objects in place of the ids that ``expand`` names."""
        shown = copy.deepcopy({name: value for name, value in entry.items() if not name.startswith("_")})
        for path in expand:
            self._expand(shown, path.split("."), path)
        return shown

    def _expand(self, shown: Object, steps: list[str], path: str) -> None:
        key, *rest = steps
        if key == "refunds" and shown["object"] == "charge":
            shown[key] = self.page("refund", {"charge": shown["id"]}, "charge")
        value = shown.get(key)
        if isinstance(value, str) and value in self.objects and key != "id":
            shown[key] = value = self.show(self.objects[value])
        if key not in shown or isinstance(value, str | int):
            raise Refused(f"This property cannot be expanded ({path}).", param="expand")
        if rest and value is not None:
            for inner in value if isinstance(value, list) else [value]:
                self._expand(inner, rest, path)

    def page(self, kind: str, params: Object, *filters: str, url: str | None = None) -> Object:
        """Return one page of the objects of a kind, newest first, as ``params`` ask.

        ``filters`` are the parameters of which an object must have the value.
        """
        limit = params.get("limit", 10)
        if not 1 <= limit <= 100:
            raise Refused(f"Invalid limit: {limit} is not from 1 to 100", "parameter_invalid_integer", param="limit")
        values = {name: params[name] for name in filters if name in params}
        found = [entry for entry in reversed(self.all(kind, **values)) if _in_time(entry, params.get("created"))]
        part = slice(limit)
        if "starting_after" in params:
            found = found[found.index(self.get(kind, params["starting_after"], "starting_after")) + 1 :]
        elif "ending_before" in params:
            found = found[: found.index(self.get(kind, params["ending_before"], "ending_before"))]
            part = slice(-limit, None)
        listed = {
            "object": "list",
            "url": url or f"/v1/{kind}s",
            "has_more": len(found) > limit,
            "data": [self.show(entry) for entry in found[part]],
        }
        return self.show(listed, params.get("expand", ()))

    def emit(self, type: str, entry: Object) -> None:
        """Enter an event that shows ``entry`` as it is now, for the webhooks."""
        shown = {"data": {"object": self.show(entry)}, "request": self.request, "api_version": stripe.api_version}
        self.outbox.append(self.new("event", type=type, pending_webhooks=1, **shown)["id"])


def _in_time(entry: Object, created: Any) -> bool:
    if created is None or isinstance(created, int):
        return created in {None, entry["created"]}
    return all(COMPARISONS[test](entry["created"], limit) for test, limit in created.items())
