"""The built-in checkers. A checker takes a cart and raises ``IncompleteCartError`` if it cannot be checked out.

They are called with everything in the cart loaded: reading ``cart.items.all()``, ``cart.delivery_address`` or
``cart.get_grand_total()`` costs no query.
"""

from __future__ import annotations

from django.utils.translation import gettext as _

from .base_models import account_email
from .exceptions import IncompleteCartError
from .models import Cart

__all__ = ["cart_not_empty", "delivery_address_required", "email_address_if_anonymous", "payment_method_required"]


def delivery_address_required(cart: Cart) -> None:
    """Require a delivery address."""
    if cart.delivery_address is None:
        raise IncompleteCartError("not_set", _("A delivery address is required."), "delivery_address")


def payment_method_required(cart: Cart) -> None:
    """Require a payment method, unless the cart holds something and there is nothing to pay."""
    free = cart.get_grand_total() == 0 and cart.items.all()
    if cart.payment_method is None and not free:
        raise IncompleteCartError("not_set", _("A payment method is required."), "payment_method")


def cart_not_empty(cart: Cart) -> None:
    """Require at least one line item."""
    if not cart.items.all():
        raise IncompleteCartError("empty", _("There are no items in the cart."), "items")


def email_address_if_anonymous(cart: Cart) -> None:
    """Require an e-mail address: of a guest, and of a user whose account has none."""
    if not cart.email and not account_email(cart.user):
        raise IncompleteCartError("not_set", _("An email address is required."), "email")
