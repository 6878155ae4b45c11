"""Settings that the page of the Stripe extension shows."""

import os

LORIKEET_STRIPE_API_KEY = os.environ.get("STRIPE_API_KEY", "")
LORIKEET_STRIPE_PUBLISHABLE_KEY = os.environ.get("STRIPE_PUBLISHABLE_KEY", "")
LORIKEET_STRIPE_WEBHOOK_SECRETS = os.environ.get("STRIPE_WEBHOOK_SECRETS", "").split()

LORIKEET_CART_SECTIONS = ["lorikeet.extensions.stripe.sections.StripeSection"]
