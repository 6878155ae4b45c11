"""Every mistake a host can make that shows at start-up. Ids are never used again for something else.

Here are those of the site; ``class_checks`` has those of the classes that a host writes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from difflib import get_close_matches
from typing import Any

from django.apps import apps
from django.conf import settings as django_settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register
from django.db import DEFAULT_DB_ALIAS, DatabaseError, connections, router
from django.urls import NoReverseMatch, reverse

from . import money
from .class_checks import check_classes
from .conf import PREFIX, Settings, SettingsGroup, settings
from .health import health
from .models import Cart, Order

__all__ = ["check_lorikeet", "check_recovery"]

#: A synchronous of SQLite that may lose commits.
LESS_DURABLE = re.compile(r"synchronous\s*=\s*\(?['\"]?(off|normal|0|1)\b", re.IGNORECASE)


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
        *_check_databases(),
        *_check_sqlite(),
        *check_classes(),
    ]


def _check_values() -> Iterator[CheckMessage]:
    for setting in settings:
        if problem := setting.problem():
            yield Error(f"{setting.name} {problem}.", hint=f"The default is {setting.default!r}.", id="lorikeet.E001")


def _check_currency() -> Iterator[CheckMessage]:
    if not hasattr(django_settings, Settings.CURRENCY.name):
        yield Warning(
            f"LORIKEET_CURRENCY is not set: prices are taken to be in {settings.CURRENCY}.",
            hint=f'Say so in the settings: LORIKEET_CURRENCY = "{settings.CURRENCY}".',
            id="lorikeet.W001",
        )


def _check_names() -> Iterator[CheckMessage]:
    known = {setting.name for group in SettingsGroup.__subclasses__() for setting in group()}
    for name in dir(django_settings):
        if name.startswith(PREFIX) and name not in known:
            close = get_close_matches(name, known, 1)
            hint = f"Did you mean {close[0]}?" if close else "Take it out, or install the extension it belongs to."
            yield Warning(f"{name} is not a setting of Lorikeet.", hint=hint, id="lorikeet.W002")


def _check_site() -> Iterator[CheckMessage]:
    if settings.DISPLAY_AMOUNTS and money.babel_numbers is None:
        yield Error(
            "LORIKEET_DISPLAY_AMOUNTS needs Babel.",
            hint="pip install lorikeet-cart[babel]",
            id="lorikeet.E002",
        )
    if not apps.is_installed("django.contrib.sessions"):
        yield Error(
            "Guests' carts are remembered in sessions, which are not installed.",
            hint='Add "django.contrib.sessions" to INSTALLED_APPS, and its middleware to MIDDLEWARE.',
            id="lorikeet.E003",
        )
    if "lorikeet.middleware.CartMiddleware" not in django_settings.MIDDLEWARE:
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


def _check_databases() -> Iterator[CheckMessage]:
    """A sale is read where it was just written, in the transaction of the default database."""
    aliases = {router.db_for_write(Order), router.db_for_read(Order), DEFAULT_DB_ALIAS}
    if len(aliases) > 1:
        yield Error(
            f"Lorikeet's tables are read or written in other databases than the default one: {sorted(aliases)}.",
            hint=f"Let the database routers answer {DEFAULT_DB_ALIAS!r} for the app, to reads as well.",
            id="lorikeet.E014",
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
            "Two writes at the same moment can fail on SQLite as it is set up: transactions begin without its lock.",
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
    """Tell if there are orders, and recovery does not run; only when Django checks the database itself."""
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
