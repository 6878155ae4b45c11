"""Hooks: how an extension, or a host, takes part in the changes of every cart and in every checkout."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .contents import CartContents
    from .exceptions import IncompleteCartError
    from .models import Cart, LineItem, Order

__all__ = ["HOOKS", "Hooks", "register_hooks"]


class Hooks:
    """What an app does with every cart and every order. Subclass it, and register an instance; it keeps no state.

    Each method is called in the transaction that makes the change and holds the lock of the cart or of the order. If it
    locks further rows, it locks them in primary-key order, as all of Lorikeet does.
    """

    def check(self, contents: CartContents, for_checkout: bool) -> Iterable[IncompleteCartError]:
        """Return the reasons why this cart cannot be checked out. It must not write, and should need few queries.

        :param for_checkout: an order is about to be made: :meth:`prepare_for_checkout` follows.
        """
        return ()

    def line_changed(self, cart: Cart, line: LineItem, is_new: bool, before: LineItem | None = None) -> None:
        """React to a line item that a client has just added to ``cart`` or changed; the line is saved.

        :param is_new: the line was added, and is removed again if it is refused.
        :param before: a copy of the line as it was before an edit; ``None`` if something was added.
        :raises ConflictError: what the line needs is not available; nothing is changed, the client is answered 409. A
            ``ConflictErrorSet`` may be raised as well.
        :raises LimitReached: the line is too much for one cart; nothing is changed, the client is answered 400.
        :raises TooManyAttempts: the line is too much for now; nothing is changed, the client is answered 429.
        """

    def cart_changed(self, cart: Cart) -> None:
        """React to what is in ``cart``, at the end of every change, no matter what made the change.

        After :meth:`line_changed` it may refuse the line with the same errors. Otherwise it must not fail. A checkout,
        which empties the cart, calls :meth:`prepare_for_checkout` instead.
        """

    def cart_merged(self, guest: Cart, cart: Cart) -> None:
        """Move what is kept for ``guest`` to ``cart``; :meth:`cart_changed` follows. It must not fail.

        If some rows do not fit into ``cart``, :meth:`cart_changed` is called for ``guest`` afterwards.
        """

    def prepare_for_checkout(self, order: Order, contents: CartContents) -> None:
        """Take what ``order`` needs, in the transaction that makes it, after its rows and charges have taken theirs.

        :raises ConflictError: it is no longer available; nothing is sold, the client is answered 409. A
            ``ConflictErrorSet`` may be raised as well.
        :raises TooManyAttempts: it is too much for now; nothing is sold, the client is answered 429.
        """

    def finish_checkout(self, order: Order) -> None:
        """Turn what was taken into a sale, in the transaction that places ``order``. It must not fail."""

    def undo_checkout(self, order: Order) -> None:
        """Give back what was taken, in the transaction that cancels ``order``. It must not fail."""


#: The registered hooks, in the order of their registration.
HOOKS: list[Hooks] = []


def register_hooks(hooks: Hooks) -> None:
    """Register ``hooks``; to be called in ``AppConfig.ready()``. Registering an object again changes nothing."""
    if hooks not in HOOKS:
        HOOKS.append(hooks)
