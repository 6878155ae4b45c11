"""A view of the how-to guides."""

from django.http import HttpResponse


def cart_badge(request):
    """Say how many lines are in the cart, for a page without JavaScript."""
    cart = request.get_cart()
    return HttpResponse(f"{cart.items.count()} in your cart: {cart.get_grand_total()}")
