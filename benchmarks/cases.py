"""What is measured: one request of one shopper, with a given number of lines in the cart."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from importlib import import_module
from typing import Any
from uuid import uuid4

from django.conf import settings
from django.contrib import auth
from django.db import transaction

from benchmarks.browsers import CLOCKS, Answer, Browser
from benchmarks.floor.views import SESSION_KEY as FLOOR_KEY
from benchmarks.shop.models import Wine
from benchmarks.sides import SIDES
from lorikeet.cart.shopper import SESSION_KEY as LORIKEET_KEY

__all__ = ["Case", "WrongAnswer", "make_cases"]

#: The method, path below the side's prefix and right status of each operation.
REQUESTS = {"get": ("GET", "", 200), "add": ("POST", "new/", 201), "checkout": ("POST", "checkout/", 200)}


class WrongAnswer(SystemExit):
    """A side gave a wrong answer, so that its time means nothing."""


@dataclass(frozen=True)
class Case:
    """One operation, which either side can be asked for any number of times."""

    operation: str
    shopper: str
    lines: int
    browser: Browser
    #: The shopper's cart on each side.
    carts: dict[str, Any]
    #: What is put into the cart.
    extra: Wine

    def ask(self, side: str, send: Callable[..., Any] | None = None) -> Any:
        """Send the request and undo what it did; return what ``send`` returned, by default an ``Answer``."""
        method, path, status = REQUESTS[self.operation]
        body = {"get": None, "checkout": {}}.get(
            self.operation, {"type": "WineLine", "data": {"product": self.extra.pk, "quantity": 2}}
        )
        result = (send or self.browser.send)(method, SIDES[side].prefix + path, body)
        answer: Answer = result if isinstance(result, Answer) else result[0]
        if answer.status != status:
            raise WrongAnswer(f"{side} answered {self} with {answer.status}: {answer.body.decode()[:1000]}")
        if self.operation == "add":
            SIDES[side].undo_add(self.carts[side], self.extra)
        elif self.operation == "checkout":
            SIDES[side].undo_checkout(self.carts[side])
        return result

    def count(self, side: str) -> int:
        """Return how many SQL statements the request makes."""
        return int(self.ask(side, self.browser.count)[1])

    def check(self) -> None:
        """Make sure that both sides give the same answer, but for ids and the time."""
        mine, other = (self.normal(side) for side in SIDES)
        if mine != other:
            raise WrongAnswer(f"The sides differ in {self}:\n{mine}\n{other}")

    def normal(self, side: str) -> Any:
        document = self.ask(side).document
        document.pop("generated_at", None)
        if self.operation == "checkout":  # a link that guests may follow holds a token of Lorikeet's
            return document.keys()
        return _without_ids(document, SIDES[side].prefix)

    def __str__(self) -> str:
        return f"{self.operation} ({self.shopper}, {self.lines} lines)"


def _without_ids(value: Any, prefix: str) -> Any:
    if isinstance(value, dict):
        return {key: _without_ids(member, prefix) for key, member in value.items()}
    if isinstance(value, list):
        return [_without_ids(member, prefix) for member in value]
    if isinstance(value, str) and value.startswith(prefix):
        return re.sub(r"\d+", "0", value.removeprefix(prefix))
    return value


@transaction.atomic
def make_cases(operation: str | None, sizes: list[int], clock: str = "wall") -> list[Case]:
    """Make shoppers with carts of each of ``sizes``, and the cases of ``operation``, or of all operations.

    :param clock: the name of one of ``CLOCKS``, which times their requests.
    """
    wines = Wine.objects.bulk_create(
        Wine(
            name=f"Moscato No. {number}",
            photo=f"/media/wines/{number}.jpg",
            vintage=2000 + number % 20,
            unit_price=Decimal(1000 + number * 7 % 900) / 100,
        )
        for number in range(max(sizes) + 1)
    )
    cases = []
    for size in sizes:
        user = auth.get_user_model().objects.create_user(f"shopper-{size}", email=f"shopper-{size}@example.com")
        customer, guest = _make_shopper(size, wines, user, clock), _make_shopper(size, wines, None, clock)
        cases += [customer, guest, replace(customer, operation="add"), replace(customer, operation="checkout")]
    wanted = [case for case in cases if operation in (None, case.operation)]
    return sorted(wanted, key=lambda case: (list(REQUESTS).index(case.operation), case.shopper == "guest", case.lines))


def _make_shopper(size: int, wines: list[Wine], user: Any, clock: str) -> Case:
    key = uuid4()
    email = "" if user else "joe@example.com"
    carts = {name: side.fill_cart(wines[:size], user, key, email) for name, side in SIDES.items()}
    session = import_module(settings.SESSION_ENGINE).SessionStore()
    session.update(dict(_signed_in(user)) if user else {LORIKEET_KEY: key.hex, FLOOR_KEY: key.hex})
    session.save()
    browser = Browser(session.session_key, CLOCKS[clock])
    return Case("get", "signed in" if user else "guest", size, browser, carts, wines[-1])


def _signed_in(user: Any) -> Iterator[tuple[str, str]]:
    """Yield what a session keeps of its user."""
    yield auth.SESSION_KEY, str(user.pk)
    yield auth.BACKEND_SESSION_KEY, settings.AUTHENTICATION_BACKENDS[0]
    yield auth.HASH_SESSION_KEY, user.get_session_auth_hash()
