"""Every row that Lorikeet, its extensions and the test host keep, to show that nothing changed."""

from functools import cache

from django.apps import apps
from django.db import connection

APPS = ("lorikeet", "tests.")
#: What is not a shopper's: users (their last login changes) and the counts of what was refused.
LEFT_OUT = ("Shopper", "ThrottleCount")


def snapshot():
    """Return all columns of all rows, many-to-many tables included: ``[(table, row as text), ...]``."""
    with connection.cursor() as cursor:
        cursor.execute(question())
        return sorted(cursor.fetchall())


@cache
def question():
    """Return one statement for all tables: one for each would take most of a short test's time."""
    return " UNION ALL ".join(
        f"SELECT '{model._meta.db_table}', {as_text(model)} FROM {quoted(model._meta.db_table)} kept"  # noqa: S608
        for app in apps.get_app_configs()
        if app.name.startswith(APPS)
        for model in app.get_models(include_auto_created=True)
        if model.__name__ not in LEFT_OUT
    )


def as_text(model):
    if connection.vendor == "postgresql":
        return "CAST(kept AS text)"
    return f"JSON_ARRAY({', '.join(quoted(field.column) for field in model._meta.local_concrete_fields)})"


def quoted(name):
    return connection.ops.quote_name(name)
