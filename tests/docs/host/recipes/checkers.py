"""A checker of the how-to guides."""

from lorikeet.exceptions import IncompleteCartError


def minimum_order(cart):
    """The items cost at least 20 dollars."""
    if cart.items.all() and cart.get_subtotal() < 20:
        raise IncompleteCartError("too_small", "We send parcels worth 20 dollars or more.", "items")
