"""Why a cart cannot be checked out yet. Incomplete is not invalid: nothing here rejects a request."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ..conf import settings
from ..exceptions import IncompleteCartError, IncompleteCartErrorSet
from ..hooks import HOOKS

if TYPE_CHECKING:
    from ..contents import CartContents
    from ..pricing import Totals

__all__ = ["checkout_steps", "reasons"]

#: The steps a shopper goes through, and the ``field`` of the reasons that belong to each.
STEPS: dict[str, set[str | None]] = {
    "items": {"items"},
    "delivery": {"delivery_address", "email"},
    "payment": {"payment_method"},
}


def reasons(contents: CartContents, totals: Totals, for_checkout: bool = False) -> IncompleteCartErrorSet:
    """Return every reason: of the checkers in their order, then of the rows and the hooks, then of the price.

    :param for_checkout: passed on to ``check_complete()``: an order is about to be made.
    """
    cart = contents.cart
    cart.totals = totals
    found = IncompleteCartErrorSet()

    def ask(check: Callable[..., None], *args: Any) -> None:
        try:
            check(*args)
        except (IncompleteCartError, IncompleteCartErrorSet) as reason:
            found.add(reason)

    for checker in settings.load(settings.CART_COMPLETE_CHECKERS):
        ask(checker, cart)
    for row in (*contents.lines, *contents.adjustments):
        ask(row.check_complete, for_checkout)
    for hooks in HOOKS:
        found.errors += hooks.check(contents, for_checkout)
    if contents.payment_method is not None and totals.grand_total:
        ask(contents.payment_method.check_complete, for_checkout)
        ask(contents.payment_method.check_amount, totals.grand_total, totals.currency)
    for problem in totals.problems:
        if problem not in found.errors:
            found.add(problem)
    return found


def checkout_steps(found: IncompleteCartErrorSet) -> list[dict[str, str]]:
    """Return ``[{"name", "state"}]`` with the states done, current (the first that is not done) and todo.

    A step called review is added while there is a reason that belongs to no other, such as a coupon's.
    """
    blocked = {reason.field for reason in found}
    rest = blocked.difference(*STEPS.values())
    steps = []
    current = False
    for name, fields in {**STEPS, **({"review": rest} if rest else {})}.items():
        is_open = bool(fields & blocked)
        steps.append({"name": name, "state": "done" if not is_open else "todo" if current else "current"})
        current = current or is_open
    return steps
