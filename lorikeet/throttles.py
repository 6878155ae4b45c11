"""Counting what was refused, in the database, so that every process sees the same count."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timezone
from time import time

from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils.crypto import salted_hmac

from .conf import parse_rate, settings
from .exceptions import TooManyAttempts
from .models import ThrottleCount

__all__ = ["check", "record"]


@dataclass(frozen=True)
class Bucket:
    """One identity's count in the present window of one scope."""

    key: str
    window: int
    limit: int
    seconds: int

    @property
    def ends(self) -> int:
        return (self.window + 1) * self.seconds


def check(action: str, **identities: str) -> None:
    """Refuse ``action`` if any of ``identities`` has failed at it too often.

    :param action: the first part of a scope of ``LORIKEET_THROTTLE_RATES``, such as ``"checkout"``.
    :param identities: the second part of the scope and who that is: ``cart="17", ip="192.0.2.0"``. Empty ones are
        not limited.
    :raises TooManyAttempts: with the seconds until the window ends.
    """
    buckets = {bucket.key: bucket for bucket in _buckets(action, identities)}
    for count in ThrottleCount.objects.filter(key__in=buckets) if buckets else ():
        bucket = buckets[count.key]
        if count.window == bucket.window and count.count >= bucket.limit:
            raise TooManyAttempts(max(1, bucket.ends - int(time())))


def record(action: str, **identities: str) -> None:
    """Count one failure of ``action`` for each of ``identities``."""
    for bucket in _buckets(action, identities):
        row = ThrottleCount.objects.filter(key=bucket.key, window=bucket.window)
        if row.update(count=F("count") + 1):
            continue
        try:
            with transaction.atomic():
                expires_at = datetime.fromtimestamp(bucket.ends, timezone.utc)
                ThrottleCount.objects.create(key=bucket.key, window=bucket.window, count=1, expires_at=expires_at)
        except IntegrityError:  # another process was first
            row.update(count=F("count") + 1)


def _buckets(action: str, identities: dict[str, str]) -> list[Bucket]:
    buckets = []
    for kind, identity in identities.items():
        scope = f"{action}_{kind}"
        if identity and scope in settings.THROTTLE_RATES:
            limit, seconds = parse_rate(settings.THROTTLE_RATES[scope])
            key = salted_hmac(f"lorikeet.throttle.{scope}", identity, algorithm="sha256").hexdigest()
            buckets.append(Bucket(key, int(time()) // seconds, limit, seconds))
    return buckets
