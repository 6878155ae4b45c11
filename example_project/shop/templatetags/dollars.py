"""``{% load dollars %}``: amounts as Australians write them."""

from django import template

register = template.Library()


@register.filter
def dollars(amount):
    """Return ``Decimal("6.80")`` as ``$6.80``, and with a minus sign before the dollar if it is below zero."""
    return f"\N{MINUS SIGN}${-amount:.2f}" if amount < 0 else f"${amount:.2f}"
