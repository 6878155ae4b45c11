"""A receiver of the how-to guides."""

from django.core.mail import EmailMessage
from django.dispatch import receiver

from lorikeet.signals import order_checked_out


@receiver(order_checked_out)
def send_receipt(sender, order, request, **kwargs):
    """Write to the shopper. Whoever gets the same message twice sees it once, since it has the same id."""
    if not order.email:
        return
    lines = [f"{line}: {line.total}" for line in order.items.select_subclasses()]
    EmailMessage(
        subject=f"Your order {order.invoice_id}",
        body="\n".join([*lines, f"Total: {order.grand_total} {order.currency}"]),
        to=[order.email],
        headers={"Message-ID": f"<{order.uuid}@shop.example>"},
    ).send()
