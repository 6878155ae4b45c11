"""The example shop, with the apps of the how-to guides and of the README, and with the extensions. Stripe is a fake."""

from recipes.stripe_settings import *  # noqa: F403

from config.settings import *  # noqa: F403
from config.settings import INSTALLED_APPS

INSTALLED_APPS = [*INSTALLED_APPS, "recipes", "bookshop"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
ROOT_URLCONF = "urls"
# Django 6.1 asks for it; earlier ones do not know it.
MAILERS = {"default": {"BACKEND": "django.core.mail.backends.locmem.EmailBackend"}}
# The recorded carts are those of a shop without sections.
LORIKEET_CART_SECTIONS = []
LORIKEET_STOCK_CART_SECONDS = 900

LORIKEET_STRIPE_API_KEY = "sk_test_lorikeet"
LORIKEET_STRIPE_PUBLISHABLE_KEY = "pk_test_lorikeet"
LORIKEET_STRIPE_WEBHOOK_SECRETS = ["whsec_lorikeet"]
LORIKEET_STRIPE_RETURN_URL = ""
LORIKEET_STRIPE_CLIENT = "fake_stripe.client"
