"""A client that writes down what it sends and what it is answered, as the documentation shows it."""

import json
import re
import time

from django.test import Client

#: The headers of an answer that the documentation shows, in this order.
SHOWN = [
    "Content-Type",
    "Location",
    "ETag",
    "Preference-Applied",
    "Content-Location",
    "X-Cart-Token",
    "Idempotency-Replayed",
    "Retry-After",
    "X-API-Error",
]
#: Shown in place of the time of every answer.
GENERATED_AT = 1794300000.123456
#: Shown in place of the seconds until the client may try again.
WAIT = "1200"
#: An id of an object at Stripe, or the secret with which a browser reads one.
STRIPE_ID = re.compile(r"\b([a-z]+)_[0-9A-Za-z]{20,}(_secret_[0-9A-Za-z]+)?\b")
#: Where the fake has its bank, and where Stripe has.
FAKE_BANK, BANK = "https://stripe.invalid/_fake/3ds/", "https://hooks.stripe.com/redirect/"
#: Shown in place of the year in which a test card expires.
EXPIRES = 2030
UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
#: Shown in place of the public ids of orders and the keys of payments, in the order in which they appear.
UUIDS = [
    "6f0c5c1e-3b0a-4d5e-9f57-2a1b8c7d6e5f",
    "b81d4e2a-5c7f-4a90-8e36-d90f1a2b3c4d",
    "2c9e7f10-8d3b-4b65-a1f4-7e6d5c4b3a29",
    "e05a3b7c-1f46-4c82-9d0b-583f2e1d0c9b",
]
ETAGS = ['"9d1c2f6b8a7e4035b1d0c6e2f7a83b45"', '"40b7e5a2c91d4f86a3e8d7b6c5f40912"']
NOTHING = object()


class Recorder:
    """One browser, or one app that holds a cart token. ``exchanges`` are by name, what differs each time replaced."""

    def __init__(self):
        self.client = Client(enforce_csrf_checks=True)
        self.exchanges = {}
        self.stand_ins = {FAKE_BANK: BANK}
        self.etags = iter(ETAGS)
        self.uuids = iter(UUIDS)
        self.stripe_ids = []
        self.token = None

    def send(self, name, method, path, body=NOTHING, raw=None, csrf=True, **headers):
        """Send ``body`` as JSON, or ``raw`` as it is, and record the exchange as ``name`` unless that is ``None``."""
        shown = {} if body is NOTHING and raw is None else {"Content-Type": "application/json"}
        shown.update({key.replace("_", "-"): value for key, value in headers.items()})
        sent = dict(shown)
        if self.token is not None:
            shown["X-Cart-Token"] = sent["X-Cart-Token"] = self.token
        elif csrf and method not in ("GET", "HEAD"):
            sent["X-CSRFToken"] = self.csrf_token()
        data = raw if raw is not None else b"" if body is NOTHING else json.dumps(body)
        content_type = sent.pop("Content-Type", "application/json")
        response = self.client.generic(method, path, data, content_type=content_type, headers=sent)
        self.learn(response)
        if name is not None:
            request = {"method": method, "path": path, "headers": shown}
            if raw is not None:
                request["body"] = raw
            elif body is not NOTHING:
                request["body"] = body
            self.exchanges[name] = self.clean({"request": request, "response": read(response)})
        return response

    def csrf_token(self):
        if "csrftoken" not in self.client.cookies:
            self.client.get("/_cart/")
        return self.client.cookies["csrftoken"].value

    def learn(self, response):
        """Notice what is different each time."""
        if "X-Cart-Token" in response:
            self.token = response["X-Cart-Token"]
            self.stand_ins[self.token] = "<token>"
        etag = response.get("ETag")
        if etag is not None and etag not in self.stand_ins:
            self.stand_ins[etag] = next(self.etags, ETAGS[-1])
        for token in re.findall(r"\?token=([^\"\s]+)", response.content.decode() + response.get("Location", "")):
            self.stand_ins[token] = "<token>"
        for real in UUID.findall(response.content.decode()):
            if real not in self.stand_ins:
                self.stand_ins[real] = next(self.uuids, UUIDS[-1])

    def clean(self, value):
        """Return a JSON value with its stand-ins."""
        if isinstance(value, dict):
            return {key: stand_in(key, self.clean(member)) for key, member in value.items()}
        if isinstance(value, list):
            return [self.clean(member) for member in value]
        if isinstance(value, str):
            for real, shown in self.stand_ins.items():
                value = value.replace(real, shown)
            value = STRIPE_ID.sub(self.stripe_id, value)
            return re.sub(r"in \d+ seconds", f"in {WAIT} seconds", value)
        return value

    def stripe_id(self, match):
        """Return the stand-in of an id: its kind, and which of them it was."""
        kind, secret = match[1], match[2]
        real = match[0].removesuffix(secret or "")
        if real not in self.stripe_ids:
            self.stripe_ids.append(real)
        number = 1 + [known for known in self.stripe_ids if known.startswith(f"{kind}_")].index(real)
        return f"{kind}_{number}{'_secret' if secret else ''}"


def stand_in(key, value):
    if key == "exp_year":
        return EXPIRES
    if key in ("generated_at", "expires_at") and isinstance(value, float):
        return GENERATED_AT if key == "generated_at" else GENERATED_AT + round(value - time.time(), -2)
    return value


def read(response):
    seen = {"status": response.status_code, "headers": {key: response[key] for key in SHOWN if key in response}}
    if response.status_code == 429:
        seen["headers"]["Retry-After"] = WAIT
    if response.status_code == 204 or not response.content:
        seen["headers"].pop("Content-Type", None)
    elif response["Content-Type"] == "application/json":
        seen["body"] = response.json()
    else:
        seen["body"] = response.content.decode()
    return seen
