"""The fake as a test holds it: the SDK's client over it, and everything that does not come through the API."""

from __future__ import annotations

import json
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import stripe

from . import charges, customers, payments, setups, webhooks
from .api import Answer, Api
from .books import Books, Object
from .client import InProcessClient
from .faults import KINDS, Fault

__all__ = ["CONTROLS", "KEY", "SECRET", "FakeStripe"]

#: The API key that is known, and the secret that signs webhooks, unless others are named.
KEY = "sk_test_lorikeet"
SECRET = "whsec_lorikeet"
#: The methods that can also be called over loopback.
CONTROLS = frozenset(
    (
        "advance books calls clear_faults close_dispute complete_3ds confirmation_token deliver dispute events "
        "expire_authorisation fail_3ds fail_payment fail_refund fault intent payment_method refund release reset "
        "settle_payment settle_refund token totals webhook"
    ).split()
)


class FakeStripe:
    """A Stripe account with books of its own, in memory.

    ``keys`` are the API keys that it knows; with ``sk_live_`` its objects are live. A control that names an intent, a
    charge, a refund or a dispute returns it as Stripe shows it afterwards, and raises ``Refused`` if it cannot be done.
    """

    def __init__(self, *, keys: Sequence[str] = (KEY,)) -> None:
        self._books = Books(livemode="_live_" in keys[0])
        self._api = Api(self._books, tuple(keys))
        self.webhook("")
        self._delivering = threading.Lock()
        #: For ``StripeClient(key, http_client=fake.http_client)``.
        self.http_client = InProcessClient(self.call)

    def client(self, **options: Any) -> stripe.StripeClient:
        """Return the SDK's client of this account; ``options`` are those of ``StripeClient``."""
        return stripe.StripeClient(self._api.keys[0], http_client=self.http_client, **options)

    def call(self, method: str, url: str, headers: Mapping[str, str], body: str = "") -> Answer:
        """Answer a call of the API; the names of ``headers`` are in lower case.

        :raises Lost: a planned fault keeps the answer from coming.
        """
        return self._api.call(method, url, headers, body)

    def public_at(self, url: str) -> None:
        """Say where the pages are that shoppers are sent to."""
        self._books.url = url

    def load(self, path: Path) -> None:
        """Go on with the books that were saved to ``path``, if there are any."""
        if path.exists():
            with self._books.lock:
                vars(self._books).update(json.loads(path.read_text()))

    def save(self, path: Path) -> None:
        """Write the books to ``path``: all of them or, if the process dies meanwhile, none."""
        with self._books.lock:
            new = path.with_name(f"{path.name}.new")
            new.write_text(json.dumps({name: getattr(self._books, name) for name in Books.KEPT}))
            new.replace(path)

    # Faults

    def fault(self, kind: str, **options: Any) -> None:
        """Plan what goes wrong; ``options`` are the fields of :class:`~lorikeet.testing.stripe.faults.Fault`."""
        if kind not in KINDS:
            raise ValueError(f"A fault is one of {', '.join(KINDS)}.")
        with self._books.lock:
            self._api.faults.planned.append(Fault(kind, **options))

    def clear_faults(self) -> None:
        """Remove the planned faults, and let delayed calls go on."""
        with self._books.lock:
            self._api.faults.clear()

    def release(self) -> None:
        """Let delayed calls go on."""
        self._api.faults.release()

    # What shoppers and their banks do

    def complete_3ds(self, id: str) -> Object:
        """Let the shopper answer their bank's question, for a PaymentIntent or a SetupIntent."""
        return self._do(_authenticate(id), id, passed=True)

    def fail_3ds(self, id: str) -> Object:
        """Let the shopper fail their bank's question."""
        return self._do(_authenticate(id), id, passed=False)

    def settle_payment(self, id: str) -> Object:
        """Let the money of a ``processing`` PaymentIntent arrive."""
        return self._do(payments.settle, id, passed=True)

    def fail_payment(self, id: str) -> Object:
        """Let a ``processing`` PaymentIntent fail."""
        return self._do(payments.settle, id, passed=False)

    def token(self, card: str = "visa") -> Object:
        """Make a token (``tok_``) of a test card, to be used once."""
        return self._do(customers.new_token, card)

    def payment_method(self, card: str = "visa") -> Object:
        """Make a payment method of a test card, as Stripe.js does of what is typed into its form."""
        return self._do(customers.create_method, {"type": "card", "card": {"token": f"tok_{card}"}})

    def confirmation_token(self, card: str = "visa", **params: Any) -> Object:
        """Make a confirmation token of a test card, as the Payment Element does; ``params`` are as ``return_url``."""
        return self._do(customers.new_confirmation_token, {"payment_method": f"pm_card_{card}", **params})

    def dispute(self, id: str, reason: str = "fraudulent", amount: int | None = None) -> Object:
        """Dispute the charge ``id``, or that of the intent ``id``; an ``inquiry`` is no more than a question."""
        with self._books.lock:
            charge = charges.charge_of(self._books, _named(id))
            return self._do(charges.new_dispute, charge, reason, amount)

    def close_dispute(self, id: str, status: str = "lost") -> Object:
        """End a dispute: ``won``, ``lost`` or, for an inquiry, ``warning_closed``."""
        return self._do(charges.close_dispute, id, status)

    # What happens in the dashboard, and by itself

    def refund(self, id: str, amount: int | None = None, reason: str = "requested_by_customer") -> Object:
        """Refund the charge ``id``, or that of the intent ``id``, as the dashboard does: without our metadata."""
        params = {**_named(id), "reason": reason, **({} if amount is None else {"amount": amount})}
        return self._do(charges.refund, params)

    def settle_refund(self, id: str) -> Object:
        """Let a pending refund succeed."""
        return self._do(charges.end_refund, id, passed=True)

    def fail_refund(self, id: str) -> Object:
        """Let a refund fail, also one that had succeeded."""
        return self._do(charges.end_refund, id, passed=False)

    def expire_authorisation(self, id: str) -> Object:
        """End the authorisation of a PaymentIntent that was not captured."""
        return self._do(payments.expire, id)

    def advance(self, seconds: int) -> None:
        """Put the clock forward; what is due by then happens."""
        with self._books.lock:
            self._books.offset += seconds
            self._api.tick()

    # Webhooks

    def webhook(self, url: str, secret: str = SECRET, *, automatic: bool = False) -> None:
        """Set where events are posted to and what signs them; a server posts them by itself if ``automatic``."""
        self._webhook = (url, secret)
        self.delivers = automatic and bool(url)

    def deliver(self, post: webhooks.Post | None = None, **options: Any) -> list[Object]:
        """Post the events that wait, with ``post`` or to the webhook; return id, type and status of each delivery.

        ``order`` is ``in order``, ``reversed`` or ``shuffled`` (by ``seed``); each is posted ``times`` times, signed
        ``age`` seconds ago. One that is not answered with 2xx waits on.
        """
        url, secret = self._webhook
        with self._delivering:
            return (
                webhooks.deliver(self._books, post or webhooks.post_to(url), secret, **options) if post or url else []
            )

    def sign(self, body: bytes, age: int = 0) -> str:
        """Return the ``Stripe-Signature`` for a body of the test's own."""
        return webhooks.sign(body, self._webhook[1], int(time.time()) - age)

    # What a test reads

    def events(self) -> list[Object]:
        """Return all events, oldest first."""
        with self._books.lock:
            return [self._books.show(event) for event in self._books.all("event")]

    def calls(self) -> list[Object]:
        """Return all calls: method, path, key, status (``None`` while it is not known), fault and replayed."""
        with self._books.lock:
            return [dict(call) for call in self._books.calls]

    def books(self) -> dict[str, list[Object]]:
        """Return all objects, by kind: ``payment_intent``, ``charge``, ``refund``, ``payment_method`` ..."""
        kept: dict[str, list[Object]] = {}
        with self._books.lock:
            for entry in self._books.objects.values():
                if "deleted" in entry:
                    continue
                kept.setdefault(entry["object"], []).append(self._books.show(entry))
        return kept

    def totals(self) -> dict[str, int]:
        """Return what was taken less what was refunded, by currency."""
        totals: Counter[str] = Counter()
        with self._books.lock:
            for charge in self._books.all("charge", captured=True):
                totals[charge["currency"]] += charge["amount"] - charge["amount_refunded"]
        return dict(totals)

    def reset(self) -> None:
        """Forget everything: objects, calls, faults and keys; the clock is right again."""
        with self._books.lock:
            self._books.clear()
            self._api.faults.clear()

    def intent(self, id: str) -> Object:
        """Return a PaymentIntent or a SetupIntent."""
        return self._do(Books.get, "setup_intent" if id.startswith("seti_") else "payment_intent", id)

    def _do(self, act: Callable[..., Object], *arguments: Any, **options: Any) -> Object:
        with self._books.lock:
            return self._books.show(act(self._books, *arguments, **options))


def _named(id: str) -> Object:
    return {"charge" if id.startswith("ch_") else "payment_intent": id}


def _authenticate(id: str) -> Callable[..., Object]:
    return setups.authenticate if id.startswith("seti_") else payments.authenticate
