"""What else has to happen at the moments of a cart's life: how an extension, or a host, takes part in all of them."""

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

    Each is called in the transaction that makes the change, which holds the lock of the cart or of the order. What it
    locks itself it locks in primary-key order, as everybody else does.
    """

    def check(self, contents: CartContents, for_checkout: bool) -> Iterable[IncompleteCartError]:
        """Return the reasons why this cart cannot be checked out. It writes nothing, and keeps the queries few.

        :param for_checkout: an order is about to be made: :meth:`prepare_for_checkout` follows.
        """
        return ()

    def line_changed(self, cart: Cart, line: LineItem, is_new: bool) -> None:
        """Take note of a line item that a client has just added to ``cart`` or changed, and that is saved.

        :param is_new: it was added, so that it is gone again if it is refused.
        :raises ConflictError: what it needs is not to be had; nothing is changed, the client is answered 409. A
            ``ConflictErrorSet`` will do as well.
        :raises LimitReached: it is too much for one cart; nothing is changed, the client is answered 400.
        :raises TooManyAttempts: it is too much for now; nothing is changed, the client is answered 429.
        """

    def cart_changed(self, cart: Cart) -> None:
        """Take note of what is in ``cart``, at the end of every change of it, whoever made it.

        It may refuse what :meth:`line_changed` was told of, with the same errors. Otherwise it must not fail. A
        checkout, which empties the cart, calls :meth:`prepare_for_checkout` instead.
        """

    def cart_merged(self, guest: Cart, cart: Cart) -> None:
        """Let what was kept for ``guest`` be kept for ``cart``; :meth:`cart_changed` follows. It must not fail.

        If not all of it fitted into ``cart``, :meth:`cart_changed` comes for ``guest`` afterwards.
        """

    def prepare_for_checkout(self, order: Order, contents: CartContents) -> None:
        """Take what ``order`` needs, in the transaction that makes it, after its rows and charges have done so.

        :raises ConflictError: it is not to be had any more; nothing is sold, the client is answered 409. A
            ``ConflictErrorSet`` will do as well.
        :raises TooManyAttempts: it is too much for now; nothing is sold, the client is answered 429.
        """

    def finish_checkout(self, order: Order) -> None:
        """Turn what was taken into a sale, in the transaction that places ``order``. It must not fail."""

    def undo_checkout(self, order: Order) -> None:
        """Give back what was taken, in the transaction that cancels ``order``. It must not fail."""


#: What was registered, in that order.
HOOKS: list[Hooks] = []


def register_hooks(hooks: Hooks) -> None:
    """Have ``hooks`` called from now on, in ``AppConfig.ready()``; the same object twice is called once."""
    if hooks not in HOOKS:
        HOOKS.append(hooks)
