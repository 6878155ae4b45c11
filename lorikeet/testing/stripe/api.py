"""The API: authentication, idempotency keys, planned faults, and answers in Stripe's JSON."""

from __future__ import annotations

import base64
import binascii
import functools
import json
import secrets
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

from . import charges, endpoints, payments
from .books import NO_CALL, Books, Object
from .errors import Lost, Refused
from .faults import Fault, Faults
from .parameters import Params, decode, read

__all__ = ["Answer", "Api"]

#: For how many seconds Stripe remembers an idempotency key, at least.
KEY_SECONDS = 86400
#: What happens without a call.
DUE: dict[str, Callable[[Books, str], object]] = {
    "expire": payments.expire,
    "fail_refund": functools.partial(charges.end_refund, passed=False),
}


class Answer(NamedTuple):
    """What comes back; the names of the headers are in lower case."""

    status: int
    headers: dict[str, str]
    body: str


class Api:
    """Stripe's API over ``books``, for clients with one of ``keys``."""

    def __init__(self, books: Books, keys: Sequence[str]) -> None:
        self.books = books
        self.keys = keys
        self.faults = Faults()

    def tick(self) -> None:
        """Do what is due by now, and forget old idempotency keys; called under the lock."""
        books, now = self.books, self.books.now()
        due, books.due = [entry for entry in books.due if entry[0] <= now], [e for e in books.due if e[0] > now]
        for _, what, subject in due:
            DUE[what](books, subject)
        books.keys = {key: kept for key, kept in books.keys.items() if kept["at"] > now - KEY_SECONDS}

    def call(self, method: str, url: str, headers: Mapping[str, str], body: str = "") -> Answer:
        """Answer a call; the names of ``headers`` are in lower case.

        :raises Lost: a planned fault keeps the answer from coming.
        """
        path, query = unquote(urlsplit(url).path), urlsplit(url).query
        key = headers.get("idempotency-key") if method == "POST" else None
        entry: Object = {"method": method, "path": path, "key": key, "status": None, "fault": None, "replayed": False}
        with self.books.lock:
            self.tick()
            self.books.calls.append(entry)
            fault = self.faults.take(method, path)
        entry["fault"] = fault.kind or None
        if fault.before == "lose":
            raise Lost
        answered: dict[str, str] = {"request-id": f"req_{secrets.token_hex(7)}", "content-type": "application/json"}
        try:
            if fault.before == "error":
                raise _trouble(fault.status)
            self._authenticate(headers.get("authorization", ""))
            status, text = self._answer(entry, decode(query or body), fault, answered)
        except Refused as refusal:
            status, text = refusal.status, _error(refusal)
        entry["status"] = status
        if fault.after == "lose":
            raise Lost
        return Answer(status, answered, text)

    def _authenticate(self, given: str) -> None:
        scheme, _, key = given.partition(" ")
        if scheme == "Basic":
            try:
                key = base64.b64decode(key, validate=True).decode().partition(":")[0]
            except (binascii.Error, UnicodeDecodeError):
                key = ""
        if not key:
            raise Refused("You did not provide an API key.", status=401)
        if scheme not in {"Basic", "Bearer"} or key not in self.keys:
            raise Refused(f"Invalid API Key provided: {key[:8]}****{key[-4:]}", status=401)

    def _answer(self, entry: Object, given: Params, fault: Fault, answered: dict[str, str]) -> tuple[int, str]:
        """Answer with status and body, or with those that are kept for the idempotency key."""
        method, path, key = entry["method"], entry["path"], entry["key"]
        found = endpoints.find(method, path)
        if found is None:
            raise Refused(f"Unrecognized request URL ({method}: {path}).", status=404)
        endpoint, ids = found
        params = read(endpoint.name, given)
        asked = json.dumps([method, path, given], sort_keys=True)
        kept: Object = {"asked": asked, "at": self.books.now(), "status": None, "by": answered["request-id"]}
        if key is not None:
            answered["idempotency-key"] = key
            with self.books.lock:
                if self.books.keys.setdefault(key, kept) is not kept:
                    return self._replay(self.books.keys[key], asked, entry, answered)
        if fault.before == "delay":
            fault.gate.wait(fault.seconds)
        with self.books.lock:
            self.books.request = {"id": answered["request-id"], "idempotency_key": key}
            status, text = self._act(endpoint, ids, params, fault)
            self.books.request = NO_CALL
            kept |= {"status": status, "body": text}
        if status >= 500:
            answered["stripe-should-retry"] = "false"
        if fault.after == "delay":
            fault.gate.wait(fault.seconds)
        return status, text

    def _replay(self, kept: Object, asked: str, entry: Object, answered: dict[str, str]) -> tuple[int, str]:
        if kept["asked"] != asked:
            message = "Keys for idempotent requests can only be used again for the same endpoint and parameters."
            raise Refused(message, type="idempotency_error")
        if kept["status"] is None:
            message = "Another request with this idempotency key is in progress."
            raise Refused(message, "idempotency_key_in_use", status=409, type="idempotency_error")
        entry["replayed"] = True
        answered |= {"idempotent-replayed": "true", "original-request": kept["by"]}
        if kept["status"] >= 500:
            answered["stripe-should-retry"] = "false"
        return kept["status"], kept["body"]

    def _act(self, endpoint: endpoints.Endpoint, ids: tuple[str, ...], params: Params, fault: Fault) -> tuple[int, str]:
        books = self.books
        try:
            made = endpoint.act(books, params, *ids)
            if fault.kind == "wrong":
                fault.falsify(books, made)
            if fault.after == "error":
                raise _trouble(fault.status)
            return 200, json.dumps(made if made["object"] == "list" else books.show(made, params.get("expand", ())))
        except Refused as refusal:
            return refusal.status, _error(refusal)


def _error(refusal: Refused) -> str:
    return json.dumps({"error": refusal.error})


def _trouble(status: int) -> Refused:
    """Return the refusal of a planned fault, which says nothing of the call."""
    code = "rate_limit" if status == 429 else None
    kind = "api_error" if status >= 500 else "invalid_request_error"
    return Refused("Something went wrong at Stripe, as the test planned.", code, status=status, type=kind)
