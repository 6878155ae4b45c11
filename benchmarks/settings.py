"""Settings of both sides, as a site in production has them."""

import os

from tests.servers import database_settings

DATABASES = {
    "default": {
        **database_settings(os.environ["LORIKEET_BENCHMARK_DATABASE"]),
        "CONN_MAX_AGE": None,
        "TEST": {"MIGRATE": False},
    }
}
if DATABASES["default"]["ENGINE"].endswith("postgresql"):
    # The default of PostgreSQL, which the tests' server switches off: a commit waits for its log. Lorikeet asks for it
    # at a checkout, and would otherwise be the only side that pays for it.
    DATABASES["default"]["OPTIONS"] = {"options": "-c synchronous_commit=on"}
    DATABASES["default"]["TEST"]["NAME"] = "lorikeet_benchmark"

SECRET_KEY = "only for benchmarks"
ALLOWED_HOSTS = ["shop.example"]
USE_TZ = True
TIME_ZONE = "Australia/Adelaide"
LANGUAGE_CODE = "en-au"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
ROOT_URLCONF = "benchmarks.urls"

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "rest_framework",
    "lorikeet",
    "benchmarks.shop",
    "benchmarks.floor",
]

MIDDLEWARE = [
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "lorikeet.middleware.CartMiddleware",
]

LORIKEET_CURRENCY = "AUD"
LORIKEET_MAX_LINES = 10_000
LORIKEET_ORDER_DETAIL_VIEW = "order"
