"""Settings of the test host. ``LORIKEET_TEST_DATABASE`` selects the database: sqlite, postgresql or mariadb."""

import os

from tests.servers import database_settings

DATABASES = {"default": database_settings(os.environ.get("LORIKEET_TEST_DATABASE", "sqlite"))}

SECRET_KEY = "only for tests"
DEBUG = False
USE_TZ = True
TIME_ZONE = "Australia/Adelaide"
LANGUAGE_CODE = "en-au"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
ROOT_URLCONF = "tests.urls"
AUTH_USER_MODEL = "testapp.Shopper"
LOGIN_URL = "/login/"
LOGIN_REDIRECT_URL = "/_cart/"
STATIC_URL = "/static/"
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "rest_framework",
    "rest_framework.authtoken",
    "lorikeet",
    "tests.testapp",
]

MIDDLEWARE = [
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "lorikeet.middleware.CartMiddleware",
]

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

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["rest_framework.authentication.TokenAuthentication"],
    "NUM_PROXIES": 0,
}

LORIKEET_CURRENCY = "AUD"
LORIKEET_ORDER_DETAIL_VIEW = "order-detail"

# Where the provider of tests.faults listens, and for how many seconds its answer is waited for.
PROVIDER_URL = ""
PROVIDER_SECONDS = 2.0
