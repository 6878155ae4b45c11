"""The receipt: the e-mail to the shopper, and what the page of the order says of it."""

import pytest
from django.core import mail

from lorikeet.models import Order
from shop.models import Wine
from shop.receipts import send_receipt

RIESLING = "QH-RIES-23"


def page_of(order, shopper):
    return shopper.client.get(order.get_absolute_url(token=True), follow=True).content.decode()


@pytest.fixture
def ready(shopper):
    """A shopper whose cart lacks nothing but the card."""
    shopper.get_ready(Wine.objects.get(sku=RIESLING))
    return shopper


def test_a_sale_is_written_about(ready):
    ready.send("POST", ready.cart()["new_adjustment_url"], {"type": "CouponAdjustment", "data": {"code": "TENOFF"}})

    ready.check_out()

    order = Order.objects.placed().get()
    [message] = mail.outbox
    *lines, link = message.body.split("\n")
    assert (message.to, message.subject) == (["joe@example.com"], f"Your order {order.pk}")
    assert message.extra_headers == {"Message-ID": f"<{order.uuid}@shop.example>"}
    assert lines == [
        "Thank you for your order.",
        "",
        "1 × Riesling 2023: 26.00",
        "TENOFF (10 % off): -2.60",
        "Delivery: 12.00",
        "Total: 35.40 AUD",
        "",
    ]
    assert link.startswith("http://127.0.0.1:8000/orders/")
    assert "The receipt was sent to joe@example.com." in page_of(order, ready)


def test_the_link_in_it_opens_the_order_to_the_shopper(ready, client):
    ready.check_out()

    link = mail.outbox[0].body.rsplit("\n", 1)[-1]

    assert "Thank you for your order" in client.get(link, follow=True).content.decode()


def test_a_refused_payment_is_not_written_about(shopper):
    shopper.get_ready(Wine.objects.get(sku=RIESLING), "tok_declined")

    shopper.check_out()

    assert Order.objects.get().state == "cancelled"
    assert mail.outbox == []


def test_an_order_whose_receipt_was_not_sent_yet_does_not_say_so(ready):
    ready.check_out()
    Order.objects.update(notified_at=None)

    page = page_of(Order.objects.get(), ready)

    assert "Thank you for your order" in page
    assert "receipt" not in page


def test_an_order_without_an_address_is_not_written_about(ready):
    ready.check_out()
    mail.outbox.clear()
    Order.objects.update(guest_email="")

    send_receipt(Order, Order.objects.get(), None)

    assert mail.outbox == []
