"""What shoppers do who pay with a card at Stripe, told as requests."""

from django.contrib.auth import get_user_model
from django.test import override_settings
from fake_stripe import client, stripe
from recipes import stripe_settings
from recipes.stripe_sales import renew
from tours import CART, CHECKOUT, NEW_PAYMENT_METHOD, get_ready

from lorikeet.models import Cart

SETUP = "/_cart/stripe/setup/"


def new_card(card="visa"):
    """Return the id of a card that a browser has just given to Stripe."""
    return client().v1.payment_methods.create({"type": "card", "card": {"token": stripe.token(card)["id"]}}).id


def stripe_card(**data):
    return {"type": "StripeCard", "data": data}


def get_ready_with(shopper, card="visa", **data):
    get_ready(shopper, method=stripe_card(payment_method=new_card(card), **data))


def sign_in(shopper):
    shopper.client.force_login(get_user_model().objects.create_user("joe", "joe@example.com"))


def tour_of_cards(shopper):
    card = new_card()
    shopper.send("stripe-card-add", "POST", NEW_PAYMENT_METHOD, stripe_card(payment_method=card))
    token = stripe.confirmation_token("mastercard")["id"]
    shopper.send("stripe-card-confirmation-token", "POST", NEW_PAYMENT_METHOD, stripe_card(confirmation_token=token))
    token = stripe.token("amex")["id"]
    shopper.send("stripe-card-token", "POST", NEW_PAYMENT_METHOD, stripe_card(token=token))
    shopper.send("stripe-card-unknown", "POST", NEW_PAYMENT_METHOD, stripe_card(payment_method="pm_9"))
    shopper.send("stripe-card-two", "POST", NEW_PAYMENT_METHOD, stripe_card(payment_method=card, token=token))


@override_settings(LORIKEET_CART_SECTIONS=stripe_settings.LORIKEET_CART_SECTIONS)
def tour_of_the_section(shopper):
    shopper.send("stripe-cart", "GET", CART)


def tour_of_a_decline(shopper):
    get_ready_with(shopper, "chargeDeclinedInsufficientFunds")
    shopper.send("stripe-declined", "POST", CHECKOUT)


def tour_of_three_d_secure(shopper):
    get_ready_with(shopper, "threeDSecureRequired")
    shopper.send("stripe-authenticate", "POST", CHECKOUT)


@override_settings(LORIKEET_STRIPE_RETURN_URL="https://shop.example/paid/")
def tour_of_a_redirect(shopper):
    get_ready_with(shopper, "threeDSecureRequired")
    shopper.send("stripe-redirect", "POST", CHECKOUT)


def tour_of_a_shopper_who_was_away(shopper):
    """A renewal asked the bank, the bank wants the shopper's approval, and the shopper visits the shop."""
    sign_in(shopper)
    get_ready_with(shopper, "authenticationRequired", reusable=True)
    renew(Cart.objects.get(), "2027")
    shopper.send("stripe-absent", "POST", CHECKOUT)


def tour_of_saving_a_card(shopper):
    shopper.send("stripe-setup-guest", "POST", SETUP)
    sign_in(shopper)
    secret = shopper.send("stripe-setup", "POST", SETUP).json()
    made = client().v1.setup_intents.confirm(secret["id"], {"payment_method": "pm_card_visa"})
    saved = stripe_card(payment_method=made.payment_method, reusable=True)
    shopper.send("stripe-card-saved", "POST", NEW_PAYMENT_METHOD, saved)


TOURS = [
    tour_of_cards,
    tour_of_the_section,
    tour_of_a_decline,
    tour_of_three_d_secure,
    tour_of_a_redirect,
    tour_of_a_shopper_who_was_away,
    tour_of_saving_a_card,
]
