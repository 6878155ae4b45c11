"""Every row that Lorikeet, its extensions and the test host keep, to show that nothing changed."""

from django.apps import apps
from django.db import connection

APPS = ("lorikeet", "tests.")
#: What is not a shopper's: users (their last login changes) and the counts of what was refused.
LEFT_OUT = ("Shopper", "ThrottleCount")


def snapshot():
    """Return all columns of all rows, many-to-many tables included: ``{table: [row, ...]}``."""
    return {table: rows_of(table) for table in tables()}


def tables():
    return [
        model._meta.db_table
        for app in apps.get_app_configs()
        if app.name.startswith(APPS)
        for model in app.get_models(include_auto_created=True)
        if model.__name__ not in LEFT_OUT
    ]


def rows_of(table):
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")  # noqa: S608 -- the name of a model's table
        return sorted(cursor.fetchall(), key=repr)
