"""What the page of the Stripe extension shows: charging a shopper who is away, and capturing what was authorised."""

from django.core.mail import EmailMessage
from django.db.models import F

from lorikeet.checkout import Terms, checkout
from lorikeet.exceptions import PaymentError
from lorikeet.extensions.stripe.captures import capture
from lorikeet.extensions.stripe.models import StripeCard, StripePayment
from lorikeet.models import Cart


def renew(cart, period):
    """Charge the saved card in a user's cart, and tell whether the order is placed."""
    done = checkout(cart, Terms(key=f"renewal-{period}", off_session=True))
    if done.action is not None:  # the bank asks for the shopper
        message = f"Your bank asks you to approve {done.order.grand_total} {done.order.currency}."
        EmailMessage("One more step", message, to=[done.order.email]).send()
    return done.order.is_placed


def hand_over(order):
    """Capture the money when the parcel leaves, and tell whether the bank still held it."""
    try:
        capture(order)
    except PaymentError:  # the authorisation has expired
        return False
    return True


def uncaptured():
    """Return the orders whose money is authorised, and neither captured nor released."""
    payments = StripePayment.objects.filter(is_captured=False)
    waiting = payments.exclude(attempt__refunds__state="paid")
    return [payment.attempt.order for payment in waiting]


def forget_cards():
    """Remove every card from the shoppers' lists, before the extension is removed."""
    cards = StripeCard.objects.filter(active=True)
    carts = Cart.objects.filter(payment_method__in=cards.values("pk"))
    carts.update(payment_method=None, seq=F("seq") + 1)
    for card in cards:
        card.retire()
