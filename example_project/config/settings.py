"""Settings of the example shop: for development on your own machine, not for a public server."""

import os
from pathlib import Path

import django
from django.core.exceptions import ImproperlyConfigured

BASE_DIR = Path(__file__).resolve().parent.parent

DEBUG = True
SECRET_KEY = "development-only-key-of-the-example-shop"
ALLOWED_HOSTS = ["127.0.0.1", "localhost", "[::1]"]

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "rest_framework",
    "lorikeet",
    "lorikeet.extensions.stock",
    "lorikeet.extensions.stripe",
    "shop",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "config.middleware.ContentSecurityPolicyMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "lorikeet.middleware.CartMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]

DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": os.environ.get("EXAMPLE_DATABASE", BASE_DIR / "db.sqlite3"),
        "OPTIONS": {
            # A transaction takes the write lock when it begins, and a commit is on the disk when it returns: an
            # order that was answered is still there after a power cut.
            "transaction_mode": "IMMEDIATE",
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL",
            "timeout": 10,
        },
    }
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "wine-list"
LOGOUT_REDIRECT_URL = "wine-list"

LANGUAGE_CODE = "en-au"
TIME_ZONE = "Australia/Adelaide"
USE_TZ = True
STATIC_URL = "/static/"

# Receipts are written to the terminal. Django 6.1 has another setting for that.
CONSOLE = "django.core.mail.backends.console.EmailBackend"
if django.VERSION < (6, 1):
    EMAIL_BACKEND = CONSOLE
else:
    MAILERS = {"default": {"BACKEND": CONSOLE}}

REST_FRAMEWORK = {"NUM_PROXIES": 0}  # browsers connect to this shop directly

LORIKEET_CURRENCY = "AUD"
LORIKEET_ORDER_DETAIL_VIEW = "order"
LORIKEET_CHARGES = ["shop.charges.FlatRateShipping", "shop.charges.GstIncluded"]
LORIKEET_CART_SECTIONS = [
    "lorikeet.extensions.stock.sections.ExpirySection",
    "lorikeet.extensions.stripe.sections.StripeSection",
]
# How long a cart keeps a rare wine: long enough to enter an address and a card, and short enough to watch.
LORIKEET_STOCK_CART_SECONDS = 300
# After this time another process takes up a payment whose process died: longer than all the calls to a provider that
# one payment makes, and short enough to watch.
LORIKEET_LEASE_SECONDS = 20

# Where shoppers come back to, and where the payment providers are: ``make demo`` starts the providers.
SHOP_URL = os.environ.get("EXAMPLE_SHOP_URL", "http://127.0.0.1:8000/")
CARD_PROVIDER_URL = os.environ.get("EXAMPLE_CARD_PROVIDER_URL", "http://127.0.0.1:18000")
WALLET_PROVIDER_URL = os.environ.get("EXAMPLE_WALLET_PROVIDER_URL", "http://127.0.0.1:28000")

# Cards by Stripe: by Stripe itself if the environment has the test keys of an account, otherwise by a double of it on
# this machine, which knows the made-up key and secret.
STRIPE_API_KEY = os.environ.get("STRIPE_API_KEY", "")
LORIKEET_STRIPE_PUBLISHABLE_KEY = os.environ.get("STRIPE_PUBLISHABLE_KEY", "")
if bool(STRIPE_API_KEY) != bool(LORIKEET_STRIPE_PUBLISHABLE_KEY) or "_live_" in STRIPE_API_KEY:
    raise ImproperlyConfigured("Set STRIPE_API_KEY and STRIPE_PUBLISHABLE_KEY to test keys of Stripe's, or neither.")
LORIKEET_STRIPE_API_KEY = STRIPE_API_KEY or "sk_test_lorikeet"
LORIKEET_STRIPE_API_BASE = os.environ.get("EXAMPLE_STRIPE_URL", "" if STRIPE_API_KEY else "http://127.0.0.1:23000")
STRIPE_WEBHOOK_SECRET = os.environ.get("STRIPE_WEBHOOK_SECRET", "" if STRIPE_API_KEY else "whsec_lorikeet")
LORIKEET_STRIPE_WEBHOOK_SECRETS = [STRIPE_WEBHOOK_SECRET] if STRIPE_WEBHOOK_SECRET else []
LORIKEET_STRIPE_RETURN_URL = SHOP_URL
LORIKEET_STRIPE_TIMEOUT_SECONDS = 4  # four calls of a payment within LORIKEET_LEASE_SECONDS
