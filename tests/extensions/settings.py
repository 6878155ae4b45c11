"""Settings of the test host with the extensions installed."""

from tests.settings import *  # noqa: F403
from tests.settings import INSTALLED_APPS

INSTALLED_APPS = [
    *INSTALLED_APPS,
    "lorikeet.extensions.stripe",
    "lorikeet.extensions.stock",
    "tests.extensions.goods",
]
ROOT_URLCONF = "tests.extensions.urls"

LORIKEET_STRIPE_API_KEY = "sk_test_lorikeet"
LORIKEET_STRIPE_WEBHOOK_SECRETS = ["whsec_lorikeet"]
LORIKEET_LEASE_SECONDS = 60

LORIKEET_CART_SECTIONS = ["lorikeet.extensions.stock.sections.ExpirySection"]
