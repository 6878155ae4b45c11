"""The report of the how-to guides."""

from django.db.models import Sum

from lorikeet.models import Order


def takings(currency, since):
    """Return what was sold since a moment, in major units of one currency."""
    orders = Order.objects.placed().filter(currency=currency, purchased_on__gte=since)
    return orders.aggregate(total=Sum("grand_total"))["total"] or 0
