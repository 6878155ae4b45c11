"""Shoppers whose payment takes more than one answer."""

from lorikeet.models import Order, PaymentAttempt
from lorikeet.outcomes import Pending
from tests.testapp.models import ScriptedCard

__all__ = ["ACTION", "charge", "get_ready", "order", "start_waiting", "state_of"]

ACTION = {"url": "https://provider.example/step"}


def get_ready(browser, wine, method="ScriptedCard"):
    """Do all that a checkout with a payment method of this type needs."""
    browser.get_ready(wine, token="tok_scripted", method=method)


def start_waiting(browser, wine, action=ACTION, reference="ref", **answers):
    """Check out with a card whose provider asks for an action, and return the object of the checkout."""
    get_ready(browser, wine)
    ScriptedCard.script(start_payment=Pending(reference, action=action), **answers)
    response = browser.checkout()
    assert response.status_code == 202, response.content
    ScriptedCard.asked.clear()
    return response.json()["checkout"]


def order():
    """Return the one order there is."""
    return Order.objects.get()


def charge():
    """Return the one charge there is."""
    return PaymentAttempt.objects.get(kind="charge")


def state_of(cart):
    """Return the items, the adjustments, the total and the pending checkout of a cart."""
    return cart["items"], cart["adjustments"], cart["grand_total"], cart["pending_checkout"]
