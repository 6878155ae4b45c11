"""How payment methods and tests talk to the provider of the fault tests."""

import hashlib
import hmac
import http.client
import json
import urllib.error
import urllib.request
from decimal import Decimal

__all__ = [
    "Client",
    "Controls",
    "ProviderError",
    "Refused",
    "from_minor",
    "read_event",
    "sign_event",
    "to_minor",
    "watchers",
]

#: Called as ``watcher(moment, operation)`` with "before" and "after" around each call of ``Client``.
watchers = []
SECRET = b"shared with the provider"
DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class ProviderError(Exception):
    """No answer, or one that says nothing: what happened is unknown."""


class Refused(Exception):
    """The provider answered, and says no. ``code`` tells why; ``facts`` is what it adds."""

    def __init__(self, status, error):
        self.status = status
        self.code = error.pop("code", "")
        self.facts = error
        super().__init__(f"{status} {self.code}")


def to_minor(amount):
    """Return cents of an amount in major units."""
    minor = Decimal(amount) * 100
    if minor != minor.to_integral_value():
        raise ValueError(f"{amount} is no whole number of cents.")
    return int(minor)


def from_minor(amount):
    """Return major units, with two places, of an amount in cents."""
    return (Decimal(amount) / 100).quantize(Decimal("0.01"))


def sign_event(event):
    """Return the body and the signature of a webhook of an event from ``Controls.events()``."""
    body = json.dumps(event).encode()
    return body, hmac.new(SECRET, body, hashlib.sha256).hexdigest()


def read_event(body, signature):
    """Return the event of a webhook; ``ValueError`` when the signature is not the provider's."""
    if not hmac.compare_digest(hmac.new(SECRET, body, hashlib.sha256).hexdigest(), signature):
        raise ValueError("The signature is not the provider's.")
    return json.loads(body)


def post(url, body, timeout):
    """Return the JSON answered to a JSON body, or raise ``Refused`` or ``ProviderError``."""
    headers = {"Content-Type": "application/json"}
    request = urllib.request.Request(url, json.dumps(body).encode(), headers)  # noqa: S310  (the tests' own URL)
    try:
        with DIRECT.open(request, timeout=timeout) as response:
            return json.loads(response.read())
    except urllib.error.HTTPError as error:
        with error:
            answer = error.read()
        if error.code == 429 or error.code >= 500:
            raise ProviderError(f"The provider answered {error.code}.") from None
        raise Refused(error.code, json.loads(answer)["error"]) from None
    except (OSError, http.client.HTTPException) as error:
        raise ProviderError(f"The provider did not answer: {error!r}") from error


class Client:
    """The provider's interface. Amounts are cents.

    A payment is a dict: ``id``, ``key``, ``amount``, ``currency``, ``account``, ``state`` (created, requires_action,
    processing, succeeded, failed, cancelled), ``code``, ``paid_amount``, ``paid_currency``. Each method raises
    ``Refused`` with 402 (declined), 404 (unknown), 409 (not in this state) or 422 (refund too large), and
    ``ProviderError``.
    """

    def __init__(self, url, timeout=2.0):
        self.url = url
        self.timeout = timeout

    def create(self, key, amount, currency):
        return self._call("create", key=str(key), amount=amount, currency=currency)

    def confirm(self, reference):
        return self._call("confirm", reference=reference)

    def charge(self, key, amount, currency):
        return self._call("charge", key=str(key), amount=amount, currency=currency)

    def retrieve(self, reference):
        return self._call("retrieve", reference=reference)

    def find(self, key):
        return self._call("find", key=str(key))

    def cancel(self, reference=None, key=None):
        """Fence by reference or by key; a key without a payment is barred. 409 while it can still be paid."""
        return self._call("cancel", reference=reference, key=None if key is None else str(key))

    def refund(self, reference, key, amount):
        return self._call("refund", reference=reference, key=str(key), amount=amount)

    def find_refund(self, key):
        return self._call("find_refund", key=str(key))

    def list(self, since=0):
        """Return the payments made since a time in seconds of the epoch, each with ``refunded``."""
        return self._call("list", since=since)["payments"]

    def _call(self, operation, **body):
        for watcher in watchers:
            watcher("before", operation)
        try:
            return post(f"{self.url}/v1/{operation}", body, self.timeout)
        finally:
            for watcher in watchers:
                watcher("after", operation)


class Controls:
    """What the test sets and reads, past all boundaries and faults."""

    def __init__(self, url):
        self.url = url

    def reset(self):
        """Empty the books, the journal and the plan, and release what is held."""
        self._call("reset")

    def plan(self, plan=None, *, stall=0, **operations):
        """Plan faults: ``plan(confirm=["decline"], charge=[{"fault": "500", "times": None}])``; without any, none.

        :param stall: seconds for which ``timeout_before`` and ``timeout_after`` stay silent before the connection ends.
        """
        faults = {name: [value] if isinstance(value, str | dict) else value for name, value in operations.items()}
        self._call("plan", plan={**(plan or {}), **faults}, stall=stall)

    def settle(self, reference, state="succeeded", force=False):
        """End ``processing`` of a payment or a refund; ``force``: even what was final."""
        return self._call("settle", reference=reference, state=state, force=force)

    def three_d_secure(self, reference, passed=True):
        return self._call("three_d_secure", reference=reference, passed=passed)

    def pay_elsewhere(self, amount, currency, key=None, account="shop", state="succeeded"):
        """Make a payment past the shop and return it."""
        return self._call(
            "pay_elsewhere", amount=amount, currency=currency, key=key and str(key), account=account, state=state
        )

    def forget_keys(self):
        """End the window in which a repeated key is recognised."""
        self._call("forget_keys")

    def release(self):
        """Let everything held go on."""
        self._call("release")

    def wait_held(self, count=1, seconds=10):
        """Return whether so many calls came to be held within that time."""
        return self._call("wait_held", count=count, seconds=seconds)["came"]

    def journal(self, operation=None):
        """Return every call so far, in order: number, operation, request, fault, overlap, status, answered."""
        journal = self._call("journal")["journal"]
        return [entry for entry in journal if operation in {None, entry["operation"]}]

    def books(self):
        """Return ``payments`` (with ``refunded``), ``refunds`` and ``events``."""
        return self._call("books")

    def payments(self, state=None):
        return [payment for payment in self.books()["payments"] if state in {None, payment["state"]}]

    def events(self):
        return self.books()["events"]

    def _call(self, operation, **body):
        return post(f"{self.url}/test/{operation}", body, 30)
