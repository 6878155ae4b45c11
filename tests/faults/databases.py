"""A database that forked processes share, emptied between cases, and in which time passes when a test says so."""

import shutil
import sqlite3
import tempfile
from contextlib import closing, contextmanager
from datetime import timedelta
from pathlib import Path

from django.db import connection, transaction
from django.db.models import F

from lorikeet.models import Order, PaymentAttempt

__all__ = ["clear", "impatient", "pass_time", "shared_database"]

#: Every column that the library compares with the present.
MOMENTS = {
    PaymentAttempt: ("lease_until", "check_at", "created_at", "updated_at"),
    Order: ("expires_at", "created_at", "purchased_on"),
}
#: What migrations put there.
KEPT = {"django_migrations", "django_content_type", "auth_permission"}


@contextmanager
def shared_database():
    """Use a database that a forked process can open too: SQLite's, in memory, is copied into a file meanwhile."""
    if connection.vendor != "sqlite" or not connection.is_in_memory_db():
        yield
        return
    folder = tempfile.mkdtemp(prefix="faults-")
    connection.ensure_connection()
    memory, name = connection.connection, connection.settings_dict["NAME"]
    path = str(Path(folder) / "database")
    with closing(sqlite3.connect(path)) as file:
        memory.backup(file)
    connection.settings_dict["NAME"] = path
    # What a process wrote outlives it; only a power cut would need what is waited for here.
    connection.settings_dict["OPTIONS"]["init_command"] = "PRAGMA synchronous=OFF"
    connection.connection = None
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict["NAME"] = name
        del connection.settings_dict["OPTIONS"]["init_command"]
        connection.connection = memory
        shutil.rmtree(folder)


@contextmanager
def impatient(seconds=0.2):
    """Wait no longer than this for a lock that a frozen process holds."""
    connection.close()
    options = connection.settings_dict["OPTIONS"]
    if connection.vendor == "sqlite":
        name, value = "timeout", seconds
    else:
        name, value = "options", f"-c lock_timeout={int(seconds * 1000)}ms"
    before = options.get(name)
    options[name] = value
    try:
        yield
    finally:
        options.pop(name)
        if before is not None:
            options[name] = before
        connection.close()


def clear():
    """Empty every table that a test writes to."""
    tables = set(connection.introspection.django_table_names(only_existing=False)) - KEPT
    statements = [f"DELETE FROM {connection.ops.quote_name(table)}" for table in sorted(tables)]  # noqa: S608
    if connection.vendor == "postgresql":
        statements = [";".join(statements)]  # one round trip; keys are checked when it commits
    # MariaDB checks keys at each statement
    with connection.constraint_checks_disabled(), transaction.atomic(), connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def pass_time(**duration):
    """Let time pass for everything that waits for it; parameters of ``timedelta``."""
    gone = timedelta(**duration)
    for model, names in MOMENTS.items():
        model.objects.update(**{name: F(name) - gone for name in names})
