"""The system checks: every mistake of a host that shows at start-up. Ids are never reused.

This module checks the site; ``class_checks`` checks the classes that a host writes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from difflib import get_close_matches
from importlib.util import find_spec
from typing import Any

from django.apps import apps
from django.conf import settings as django_settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register
from django.db import DEFAULT_DB_ALIAS, DatabaseError, connections, router
from django.urls import NoReverseMatch, reverse
from django.utils.module_loading import import_string

from . import money
from .class_checks import check_classes
from .conf import PREFIX, Settings, SettingsGroup, settings
from .health import health
from .models import Cart, Order

__all__ = ["check_lorikeet", "check_recovery"]

#: The app of an extension, in the path of something in it.
EXTENSION = re.compile(r"(lorikeet\.extensions\.\w+)\.")
#: What pages on other origins send to the cart, and read of its answers.
SENT = ["Idempotency-Key", "If-Match", "If-None-Match", "Prefer", "X-Cart-Token", "X-CSRFToken"]
READ = [
    *("Content-Location", "ETag", "Idempotency-Replayed", "Location"),
    *("Preference-Applied", "Retry-After", "X-API-Error", "X-Cart-Token"),
]
#: Those of them that django-cors-headers allows by default.
SENT_BY_DEFAULT = ["X-CSRFToken"]
#: The attributes of a request by which a shopper's cart is found, and the middleware that sets each.
MIDDLEWARE = {
    "session": "django.contrib.sessions.middleware.SessionMiddleware",
    "user": "django.contrib.auth.middleware.AuthenticationMiddleware",
}
#: Values of SQLite's ``synchronous`` that may lose commits.
LESS_DURABLE = re.compile(r"synchronous\s*=\s*\(?['\"]?(off|normal|0|1)\b", re.IGNORECASE)
#: Isolation levels at which the database aborts one of two conflicting transactions, or lets one read stale rows.
HIGHER_ISOLATION = re.compile(r"repeatable[ \\]+read|serializable")


@register("lorikeet")
def check_lorikeet(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Run all of Lorikeet's checks."""
    wrong = [*_check_values()]
    if wrong:
        return wrong
    return [
        *_check_currency(),
        *_check_names(),
        *_check_site(),
        *_check_origins(),
        *_check_databases(),
        *_check_isolation(),
        *_check_time_zone(),
        *_check_sqlite(),
        *check_classes(),
    ]


def _check_values() -> Iterator[CheckMessage]:
    for setting in settings:
        if found := _find_uninstalled(getattr(django_settings, setting.name, setting.default)):
            path, app = found
            yield Error(
                f"{setting.name} names {path}, and {app} is not installed.",
                hint=f'Add "{app}" to INSTALLED_APPS.',
                id="lorikeet.E032",
            )
        elif problem := setting.problem():
            yield Error(f"{setting.name} {problem}.", hint=f"The default is {setting.default!r}.", id="lorikeet.E001")


def _find_uninstalled(value: Any) -> tuple[str, str] | None:
    """Return a path in a setting that leads to an extension which is not installed, with its app, or ``None``."""
    for path in value if isinstance(value, (list, tuple)) else [value]:
        match = isinstance(path, str) and EXTENSION.match(path)
        if match and not apps.is_installed(match[1]):
            return path, match[1]
    return None


def _check_currency() -> Iterator[CheckMessage]:
    if not hasattr(django_settings, Settings.CURRENCY.name):
        yield Warning(
            f"LORIKEET_CURRENCY is not set: prices are taken to be in {settings.CURRENCY}.",
            hint=f'Say so in the settings: LORIKEET_CURRENCY = "{settings.CURRENCY}".',
            id="lorikeet.W001",
        )


def _check_names() -> Iterator[CheckMessage]:
    groups = [group for group in SettingsGroup.__subclasses__() if _is_in_use(group)]
    known = {setting.name for group in groups for setting in group()}
    for name in dir(django_settings):
        if name.startswith(PREFIX) and name not in known:
            close = get_close_matches(name, known, 1)
            hint = f"Did you mean {close[0]}?" if close else "Take it out, or install the extension it belongs to."
            app = f"lorikeet.extensions.{name.removeprefix(PREFIX).partition('_')[0].lower()}"
            if not apps.is_installed(app) and find_spec(app):
                hint = f'Add "{app}" to INSTALLED_APPS, or take it out.'
            yield Warning(f"{name} is not a setting of Lorikeet.", hint=hint, id="lorikeet.W002")


def _is_in_use(group: type[SettingsGroup]) -> bool:
    """Tell whether the settings are those of the core, the site, or an extension that is installed."""
    extension = EXTENSION.match(group.__module__)
    return extension is None or apps.is_installed(extension[1])


def _check_site() -> Iterator[CheckMessage]:
    if settings.DISPLAY_AMOUNTS and money.babel_numbers is None:
        yield Error(
            "LORIKEET_DISPLAY_AMOUNTS needs Babel.",
            hint="pip install lorikeet-cart[babel]",
            id="lorikeet.E002",
        )
    yield from _check_sessions()
    for attribute, path in MIDDLEWARE.items():
        if not _has_middleware(path):
            yield Error(
                f"No middleware sets request.{attribute}, by which a shopper's cart is found.",
                hint=f'Add "{path}" to MIDDLEWARE, before "lorikeet.middleware.CartMiddleware".',
                id="lorikeet.E033",
            )
    if not _has_middleware("lorikeet.middleware.CartMiddleware"):
        yield Warning(
            "request.get_cart() is not there: Lorikeet's middleware is missing.",
            hint='Add "lorikeet.middleware.CartMiddleware" to MIDDLEWARE, after the authentication middleware.',
            id="lorikeet.W003",
        )
    try:
        reverse("lorikeet:cart")
    except NoReverseMatch:
        yield Warning(
            "Lorikeet's URLs are not included.",
            hint='Add path("_cart/", include("lorikeet.urls")) to the urlpatterns.',
            id="lorikeet.W004",
        )
    if not hasattr(django_settings, Settings.ORDER_DETAIL_VIEW.name):
        yield Warning(
            "LORIKEET_ORDER_DETAIL_VIEW is not set: orders have no page, and the answer to a checkout has no url.",
            hint='LORIKEET_ORDER_DETAIL_VIEW = "order", the name of the URL of an OrderDetailView; '
            "None if orders have no page.",
            id="lorikeet.W020",
        )
    if settings.ORDER_DETAIL_VIEW is not None:
        try:
            reverse(settings.ORDER_DETAIL_VIEW, kwargs={"id": 1})
        except NoReverseMatch:
            yield Error(
                f"LORIKEET_ORDER_DETAIL_VIEW names {settings.ORDER_DETAIL_VIEW!r}; there is no URL "
                "of that name that takes an id.",
                hint='from lorikeet.generic_views import OrderDetailView, and path("orders/<int:id>/", '
                f'OrderDetailView.as_view(template_name="order.html"), name="{settings.ORDER_DETAIL_VIEW}")',
                id="lorikeet.E004",
            )


def _has_middleware(path: str) -> bool:
    """Tell whether the site has this middleware, or a subclass of its own."""
    wanted = import_string(path)
    for name in django_settings.MIDDLEWARE:
        with suppress(ImportError):  # Django names it when the site starts
            middleware = import_string(name)
            if isinstance(middleware, type) and issubclass(middleware, wanted):
                return True
    return False


def _check_origins() -> Iterator[CheckMessage]:
    """Check what django-cors-headers allows pages on other origins, if it answers for the cart at all.

    See https://github.com/adamchainz/django-cors-headers#configuration.
    """
    if not apps.is_installed("corsheaders"):
        return
    try:
        cart = reverse("lorikeet:cart")
    except NoReverseMatch:
        return
    if not re.match(getattr(django_settings, "CORS_URLS_REGEX", ""), cart):
        return
    if lacking := _headers_lacking("CORS_ALLOW_HEADERS", SENT, SENT_BY_DEFAULT):
        yield Warning(
            f"Pages on other origins may not send to the cart: {', '.join(lacking)}.",
            hint="from corsheaders.defaults import default_headers; "
            f"CORS_ALLOW_HEADERS = [*default_headers, {str(SENT[:-1])[1:]}",
            id="lorikeet.W021",
        )
    if lacking := _headers_lacking("CORS_EXPOSE_HEADERS", READ, []):
        yield Warning(
            f"Pages on other origins may not read of the cart's answers: {', '.join(lacking)}.",
            hint=f"CORS_EXPOSE_HEADERS = {READ}",
            id="lorikeet.W022",
        )
    if not hasattr(django_settings, "CORS_ALLOW_CREDENTIALS"):
        yield Warning(
            "CORS_ALLOW_CREDENTIALS is not set: pages on other origins send no cookies, and each of their requests "
            "comes from a new guest.",
            hint="CORS_ALLOW_CREDENTIALS = True; or False, if they send X-Cart-Token.",
            id="lorikeet.W023",
        )


def _headers_lacking(setting: str, wanted: list[str], default: list[str]) -> list[str]:
    allowed = {name.lower() for name in getattr(django_settings, setting, default)}
    return [name for name in wanted if name.lower() not in allowed]


def _check_sessions() -> Iterator[CheckMessage]:
    if not apps.is_installed("django.contrib.sessions"):
        yield Error(
            "Guests' carts are remembered in sessions, which are not installed.",
            hint='Add "django.contrib.sessions" to INSTALLED_APPS, and its middleware to MIDDLEWARE.',
            id="lorikeet.E003",
        )
    if django_settings.SESSION_SAVE_EVERY_REQUEST:
        yield Warning(
            "The session is saved with every answer: Django answers 400 to a guest who signs in or out during "
            "the payment, although the guest is charged.",
            hint="SESSION_SAVE_EVERY_REQUEST = False",
            id="lorikeet.W008",
        )


def _check_databases() -> Iterator[CheckMessage]:
    """Check that Lorikeet uses the default database alone: a sale is read in the transaction that writes it."""
    aliases = {router.db_for_write(Order), router.db_for_read(Order), DEFAULT_DB_ALIAS}
    if len(aliases) > 1:
        yield Error(
            f"Lorikeet's tables are read or written in other databases than the default one: {sorted(aliases)}.",
            hint=f"Let the database routers answer {DEFAULT_DB_ALIAS!r} for the app, to reads as well.",
            id="lorikeet.E014",
        )


def _check_isolation() -> Iterator[CheckMessage]:
    """Check for READ COMMITTED: only there a read that follows a lock sees what others have committed.

    See https://docs.djangoproject.com/en/stable/ref/databases/#database-isolation-level and
    https://docs.djangoproject.com/en/stable/ref/databases/#mysql-isolation-level.
    """
    connection = connections[router.db_for_write(Cart)]
    options = connection.settings_dict["OPTIONS"]
    level = options.get("isolation_level", "read committed")
    names = f"{getattr(level, 'name', level)} {options.get('options', '')}".lower().replace("_", " ")
    is_higher = HIGHER_ISOLATION.search(names) is not None
    if is_higher or (connection.vendor == "mysql" and level is None):
        yield Error(
            "The database's isolation level is above READ COMMITTED: shoppers who write at the same moment are "
            "answered 503.",
            hint='Take "isolation_level" out of DATABASES["default"]["OPTIONS"]: READ COMMITTED is Django\'s default.',
            id="lorikeet.E020",
        )


def _check_time_zone() -> Iterator[CheckMessage]:
    if not django_settings.USE_TZ and django_settings.TIME_ZONE not in ("UTC", "Etc/UTC"):
        yield Warning(
            "Times are kept without their time zone: in the night in which the clocks change, orders expire an hour "
            "too early or too late.",
            hint="USE_TZ = True",
            id="lorikeet.W010",
        )


def _check_sqlite() -> Iterator[CheckMessage]:
    """Check what a shop needs of SQLite.

    See https://docs.djangoproject.com/en/stable/ref/databases/#sqlite-transaction-behavior and
    https://www.sqlite.org/pragma.html#pragma_synchronous.
    """
    connection = connections[router.db_for_write(Cart)]
    if connection.vendor != "sqlite":
        return
    options = connection.settings_dict["OPTIONS"]
    if str(options.get("transaction_mode", "")).upper() not in ("IMMEDIATE", "EXCLUSIVE"):
        yield Warning(
            "SQLite's transactions begin without a lock, so that two writes at the same moment can fail.",
            hint='DATABASES = {"default": {..., "OPTIONS": {"transaction_mode": "IMMEDIATE"}}}',
            id="lorikeet.W005",
        )
    if LESS_DURABLE.search(str(options.get("init_command", ""))):
        yield Warning(
            "SQLite's synchronous is lowered: a power cut can lose an order that was paid.",
            hint="PRAGMA synchronous=FULL is the default; take yours out of init_command.",
            id="lorikeet.W006",
        )


@register(Tags.database)
def check_recovery(app_configs: Any, databases: Any = None, **kwargs: Any) -> list[CheckMessage]:
    """Warn if there are orders and recovery does not run; only if Django is told to check the database."""
    alias = router.db_for_write(Order)
    if alias not in (databases or ()):
        return []
    try:
        is_idle = Order.objects.exists() and not health().is_recovering
    except DatabaseError:  # there are no tables before the first migration
        return []
    problem = Warning(
        "Recovery did not run in the last ten minutes: payments whose process died are not settled.",
        hint="Run manage.py lorikeet_tick every minute, or manage.py lorikeet_tick --loop 60 as a process of its own.",
        id="lorikeet.W007",
    )
    return [problem] if is_idle else []
