"""Webhooks: events signed as Stripe signs them, delivered in any order and any number of times."""

from __future__ import annotations

import hashlib
import hmac
import http.client
import json
import random
import time
from collections.abc import Callable
from typing import Literal
from urllib.parse import urlsplit

from .books import Books, Object

__all__ = ["Order", "Post", "deliver", "post_to", "sign"]

#: Takes body and headers of a delivery to a webhook and returns the status that it answered.
Post = Callable[[bytes, dict[str, str]], int]
Order = Literal["in order", "reversed", "shuffled"]


def sign(body: bytes, secret: str, at: int | None = None) -> str:
    """Return the ``Stripe-Signature`` of ``body``, made now or ``at`` a time in seconds since 1970."""
    at = int(time.time()) if at is None else at
    signature = hmac.new(secret.encode(), b"%d.%s" % (at, body), hashlib.sha256).hexdigest()
    return f"t={at},v1={signature}"


def post_to(url: str) -> Post:
    """Return a function that posts to ``url``; its status is 0 if no server answers."""
    parts = urlsplit(url)
    connect = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection

    def post(body: bytes, headers: dict[str, str]) -> int:
        connection = connect(parts.netloc, timeout=30)
        try:
            connection.request("POST", parts.path or "/", body, headers)
            return connection.getresponse().status
        except OSError:
            return 0
        finally:
            connection.close()

    return post


def deliver(
    books: Books, post: Post, secret: str, *, order: Order = "in order", times: int = 1, seed: int = 0, age: int = 0
) -> list[Object]:
    """Post each event that waits, ``times`` times; return id, type and status of each delivery.

    An event that was not answered with 2xx waits on. The signatures were made ``age`` seconds ago.
    """
    with books.lock:
        sequence = [books.show(books.objects[waiting]) for waiting in books.outbox] * times
    if order == "reversed":
        sequence.reverse()
    elif order == "shuffled":
        random.Random(seed).shuffle(sequence)  # noqa: S311 - chance that a test can repeat
    delivered = []
    for event in sequence:
        body = json.dumps(event, indent=2).encode()
        # The receiver has no other clock than the real one.
        signature = sign(body, secret, int(time.time()) - age)
        status = post(body, {"Content-Type": "application/json; charset=utf-8", "Stripe-Signature": signature})
        delivered.append({"id": event["id"], "type": event["type"], "status": status})
        with books.lock:
            if 200 <= status < 300 and event["id"] in books.outbox:
                books.outbox.remove(event["id"])
                books.objects[event["id"]]["pending_webhooks"] = 0
    return delivered
