"""Short transactions: tried again when the database had to abort them, and durable."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from functools import wraps
from random import uniform
from time import sleep
from typing import Any, ParamSpec, TypeVar

from django.db import DEFAULT_DB_ALIAS, OperationalError, connection, transaction

__all__ = ["durable", "is_aborted", "may_pass", "retried"]

P = ParamSpec("P")
R = TypeVar("R")

#: The longest pause before each further try, in seconds. It is random, so that two that collided do not collide again.
PAUSES = (0, 0.02, 0.1)
#: PostgreSQL: serialization_failure, deadlock_detected. https://www.postgresql.org/docs/current/errcodes-appendix.html
RETRIED_SQLSTATES = {"40001", "40P01"}
#: MySQL and MariaDB: ER_LOCK_DEADLOCK, ER_CHECKREAD. https://mariadb.com/kb/en/mariadb-error-codes/
RETRIED_ERRNOS = {1213, 1020}


def retried(function: Callable[P, R]) -> Callable[P, R]:
    """Run ``function`` again, at most three times, if the database aborts it, such as for a deadlock.

    ``function`` must open its transaction itself, start from what it reads in there, and do nothing after it.
    """

    @wraps(function)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        for pause in PAUSES:
            try:
                return function(*args, **kwargs)
            except OperationalError as error:
                if not is_aborted(error):
                    raise
            sleep(uniform(0, pause))  # noqa: S311  (there is nothing to gain by guessing it)
        return function(*args, **kwargs)

    return run


def durable(function: Callable[P, R]) -> Callable[P, R]:
    """Run ``function`` in a transaction of its own whose commit survives a crash of the database; :func:`retried`.

    :raises RuntimeError: a transaction is open already; the sale could be lost with it.
    """

    @retried
    @wraps(function)
    def once(*args: P.args, **kwargs: P.kwargs) -> R:
        with transaction.atomic(using=DEFAULT_DB_ALIAS, durable=True):
            if connection.vendor == "postgresql":
                with connection.cursor() as cursor:
                    cursor.execute("SET LOCAL synchronous_commit = on")
            return function(*args, **kwargs)

    return once


def is_aborted(error: OperationalError) -> bool:
    """Tell whether the database has rolled the whole transaction back, such as for a deadlock."""
    cause: Any = error.__cause__
    sqlstate = getattr(cause, "sqlstate", None) or getattr(cause, "pgcode", None)  # psycopg, psycopg2
    errno = next(iter(getattr(cause, "args", ())), None)
    return sqlstate in RETRIED_SQLSTATES or errno in RETRIED_ERRNOS


def may_pass(error: Exception) -> bool:
    """Tell whether a retry may succeed: after a lock, a lost connection, or while a server starts.

    SQLite has one exception for that and for a missing table or a full disk, which only its message tells apart.
    See https://www.sqlite.org/rescode.html.
    """
    is_from_sqlite = isinstance(error.__cause__, sqlite3.Error)
    return not is_from_sqlite or "locked" in str(error)
