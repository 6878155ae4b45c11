"""Counting what was refused, in the database, so that every process sees the same count."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timezone
from time import time

from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils.crypto import salted_hmac

from .clock import as_stored, now
from .conf import parse_rate, settings
from .exceptions import TooManyAttempts
from .http.networks import network_of
from .models import ThrottleCount

__all__ = ["check", "delete_expired_counts", "digest", "in_turn", "network_of", "record", "seconds_until", "spend"]

#: The window of the row by which transactions wait for each other, in seconds.
DAY = 86400


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
        _count(bucket)


def in_turn(network: str) -> None:
    """Have the transactions of one network, if it is known, run from here to their ends one after the other.

    So each sees what the others have taken, and together they keep to a limit.
    """
    if network:
        _count(Bucket(_key("turn", network), int(time()) // DAY, 0, DAY))


def digest(network: str) -> str:
    """Return the digest that rows keep of a network, so that no row tells where a shopper is; empty for none."""
    return _key("network", network) if network else ""


def seconds_until(moment: datetime | None) -> int:
    """Return in how many seconds ``moment`` is; at least one, and one for ``None``."""
    return max(1, int(moment.timestamp() - time())) if moment is not None else 1


def _count(bucket: Bucket) -> None:
    row = ThrottleCount.objects.filter(key=bucket.key, window=bucket.window)
    if row.update(count=F("count") + 1):
        return
    try:
        with transaction.atomic():
            expires_at = as_stored(datetime.fromtimestamp(bucket.ends, timezone.utc))
            ThrottleCount.objects.create(key=bucket.key, window=bucket.window, count=1, expires_at=expires_at)
    except IntegrityError:  # another process was first
        row.update(count=F("count") + 1)


def _key(scope: str, identity: str) -> str:
    return salted_hmac(f"lorikeet.throttle.{scope}", identity, algorithm="sha256").hexdigest()


def spend(action: str, **identities: str) -> int:
    """Count one ``action``, no matter how it ends, and return 0; or return how many seconds it has to wait."""
    with transaction.atomic():
        try:
            check(action, **identities)
        except TooManyAttempts as error:
            return error.retry_after
        record(action, **identities)
    return 0


def _buckets(action: str, identities: dict[str, str]) -> list[Bucket]:
    buckets = []
    for kind, identity in identities.items():
        scope = f"{action}_{kind}"
        if identity and scope in settings.THROTTLE_RATES:
            limit, seconds = parse_rate(settings.THROTTLE_RATES[scope])
            buckets.append(Bucket(_key(scope, identity), int(time()) // seconds, limit, seconds))
    return buckets


def delete_expired_counts() -> int:
    """Delete the counts of throttles whose window is over."""
    deleted: int = ThrottleCount.objects.filter(expires_at__lt=now()).delete()[0]
    return deleted
