"""The clock that decides when a payment's time is over: the database's, since every server of a shop has that one."""

from __future__ import annotations

from datetime import datetime, timezone

from django.conf import settings
from django.db import connection
from django.utils import timezone as django_timezone

__all__ = ["as_stored", "now"]

#: What asks each database for its time in UTC.
QUESTIONS = {
    "postgresql": "SELECT STATEMENT_TIMESTAMP() AT TIME ZONE 'UTC'",
    "mysql": "SELECT UTC_TIMESTAMP(6)",
}


def now() -> datetime:
    """Return the time of the database, as Django stores times: aware, or local and naive without ``USE_TZ``.

    A server whose own clock is wrong neither cancels an order early nor takes a payment over from another. SQLite
    runs in this process, and has its clock.
    """
    question = QUESTIONS.get(connection.vendor)
    if question is None:
        return django_timezone.now()
    with connection.cursor() as cursor:
        cursor.execute(question)
        moment: datetime = cursor.fetchone()[0].replace(tzinfo=timezone.utc)
    return as_stored(moment)


def as_stored(moment: datetime) -> datetime:
    """Return an aware moment as Django stores it: naive, in the shop's own time, without ``USE_TZ``."""
    return moment if settings.USE_TZ else django_timezone.make_naive(moment, django_timezone.get_default_timezone())
