"""An empty database for one run, and the maintenance of its tables that a shop's database gets."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection
from django.test.utils import setup_databases, teardown_databases

__all__ = ["database", "describe", "tidy"]


@contextmanager
def database() -> Iterator[None]:
    """Make the database, and remove it in the end."""
    made = setup_databases(verbosity=0, interactive=False, serialized_aliases=())
    try:
        yield
    finally:
        teardown_databases(made, verbosity=0)


def tidy() -> None:
    """Remove what updates and deletions left behind, and let the planner know what there is."""
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE" if connection.vendor == "postgresql" else "ANALYZE")


def describe() -> str:
    """Return the name and version of the database, such as ``PostgreSQL 17.2``."""
    version = connection.get_database_version()
    if connection.vendor == "postgresql":  # since version 10 the middle number is not used
        version = (version[0], version[1])
    return f"{connection.display_name} {'.'.join(map(str, version))}"
