"""What the pages about stock show: deliveries, returns, units put aside, and a message to the staff."""

from datetime import timedelta

from django.core.mail import EmailMessage
from django.dispatch import receiver
from django.utils.timezone import now

from lorikeet.extensions.stock.holds import consume, release, reserve
from lorikeet.extensions.stock.models import Hold, StockRecord
from lorikeet.extensions.stock.movements import adjust, restock_order
from lorikeet.extensions.stock.signals import stock_low
from lorikeet.refunds import refund

from .goods import Glass


def add_glass(name, price, units):
    """Add a product with a key to its stock."""
    record = StockRecord.objects.create(name=name)
    adjust(record, units, "First count.")
    return Glass.objects.create(name=name, price=price, stock=record)


def start_counting(book, **locations):
    """Make the stock of a product that has no key to it: ``start_counting(book, shelf=3, cellar=20)``."""
    for position, (location, units) in enumerate(locations.items()):
        record = StockRecord.objects.create(product=book, name=book.title, location=location, position=position)
        if units:
            adjust(record, units, "First count.")


def count_again(record, counted, staff):
    """Write down what was found on the shelf."""
    record.refresh_from_db()
    if counted != record.on_hand:
        adjust(record, counted - record.on_hand, "Stocktake.", by=staff)


def take_back(order, staff):
    """Pay back an order, then put into stock what came back; not in a transaction, since this calls a provider."""
    attempt = refund(order, reason="Came back unopened.", by=staff)
    if attempt.state == "failed":
        return attempt  # the parcel is here, but the refund failed: the staff have to look
    restock_order(order, reason="Came back unopened.", by=staff)
    return attempt


def put_aside(record, units):
    """Keep some for a customer who has called, for two days."""
    return reserve(record, units, expires_at=now() + timedelta(days=2))


def come_to_the_counter(hold, buys, staff):
    """Sell what was put aside, or release it."""
    if buys:
        return bool(consume([hold], "Sold at the counter.", by=staff))
    return bool(release([hold]))


def waiting():
    """Return the holds of orders that have waited too long for their payment, the oldest first."""
    old = Hold.objects.filter(state="held", order__state="pending", created_at__lt=now() - timedelta(hours=6))
    return old.select_related("order", "stock__content_type").order_by("created_at")


def still_held():
    """Return everything that is held."""
    return Hold.objects.filter(state="held")


@receiver(stock_low)
def order_more(sender, record, **kwargs):
    """Write to the staff who buy for the shop."""
    EmailMessage(f"{record}: {record.on_hand} left", to=["buyer@shop.example"]).send()
