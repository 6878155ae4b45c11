"""Writes to the shopper when an order is placed. In the demo the message is in the terminal where the shop runs."""

from urllib.parse import urljoin

from django.conf import settings
from django.core.mail import EmailMessage
from django.dispatch import receiver

from lorikeet.signals import order_checked_out


@receiver(order_checked_out)
def send_receipt(sender, order, request, **kwargs):
    """Send the receipt. A shopper who gets it twice sees it once, since both messages have the same id."""
    if not order.email:
        return
    sold = [*order.items.select_subclasses(), *order.adjustments.select_subclasses()]
    lines = [
        "Thank you for your order.",
        "",
        *(f"{row}: {row.total}" for row in sold),
        *(f"{charge.label}: {charge.total}" for charge in order.charges.filter(included=False)),
        f"Total: {order.grand_total} {order.currency}",
        "",
        urljoin(settings.SHOP_URL, order.get_absolute_url(token=True)),
    ]
    EmailMessage(
        subject=f"Your order {order.invoice_id}",
        body="\n".join(lines),
        to=[order.email],
        headers={"Message-ID": f"<{order.uuid}@shop.example>"},
    ).send()
