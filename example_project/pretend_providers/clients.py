"""How a shop asks the pretend providers.

Amounts are ``Decimal`` in units of their currency. Every call may raise

:class:`ProviderUnavailable`
    no answer came, or none that can be read: what was asked may have been done or not;
:class:`RequestRefused`
    the provider answered that it did nothing, and why.
"""

import http.client
import json
import re
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from urllib.error import HTTPError
from urllib.parse import quote, urlencode
from urllib.request import ProxyHandler, Request, build_opener

from pretend_providers.amounts import to_major, to_minor

# Shorter than the late card's answer takes: the shop asks afterwards what became of the payment.
SECONDS_TO_WAIT = 4.0

REFERENCE = re.compile("PW(-[A-Z0-9]{4}){3}")


class ProviderUnavailable(Exception):
    """The provider gave no answer, so it is unknown whether it did what it was asked."""


class RequestRefused(Exception):
    """The provider refused what it was asked and changed nothing. ``status`` is that of HTTP."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message


@dataclass(frozen=True)
class Payment:
    """A payment as the provider has it in its books.

    ``state`` is created, action_required, paid, declined or cancelled at the card provider, and pending or paid at
    the wallet. ``code`` and ``message`` say why it was declined or cancelled. ``challenge_url`` is the page on which
    the card's holder approves a payment whose state is action_required.
    """

    id: str
    key: str
    amount: Decimal
    currency: str
    state: str
    code: str
    message: str
    refunded: Decimal
    created_at: datetime
    challenge_url: str | None = None


@dataclass(frozen=True)
class Refund:
    """A refund. ``payment`` is the id of the payment that it is of."""

    id: str
    key: str
    payment: str
    amount: Decimal
    currency: str


class Client:
    """What both providers can be asked.

    :param base_url: such as ``http://127.0.0.1:8101``.
    :param timeout: seconds without a byte after which the provider counts as unavailable.
    """

    def __init__(self, base_url: str, timeout: float = SECONDS_TO_WAIT) -> None:
        self.base_url = base_url.rstrip("/")
        self.timeout = timeout
        # A proxy of the environment is not used between a shop and a provider on the same machine.
        self._opener = build_opener(ProxyHandler({}))

    def retrieve(self, payment_id: str) -> Payment | None:
        """Return the payment with this id, which is the reference at the wallet, or ``None``."""
        try:
            return self._read_payment(self._ask("GET", f"/payments/{quote(payment_id, safe='')}"))
        except RequestRefused as refusal:
            if refusal.status == 404:
                return None
            raise

    def find(self, key: str) -> Payment | None:
        """Return the payment made under our ``key``, or ``None``."""
        found = self._list(key=key)
        return found[0] if found else None

    def list_payments(self, since: datetime) -> list[Payment]:
        """Return the payments made at or after an aware moment, oldest first."""
        return self._list(since=since.isoformat())

    def refund(self, payment_id: str, key: str, amount: Decimal, currency: str) -> Refund:
        """Refund ``amount``, once for each ``key``.

        :raises RequestRefused: the code is ``too_much``, ``not_paid``, ``key_reused`` or ``not_found``.
        """
        data = {"key": key, "amount": to_minor(amount, currency)}
        answer = self._ask("POST", f"/payments/{quote(payment_id, safe='')}/refunds", data)
        return Refund(**{**answer, "amount": to_major(answer["amount"], answer["currency"])})

    def _list(self, **query: str) -> list[Payment]:
        answer = self._ask("GET", f"/payments?{urlencode(query)}")
        return [self._read_payment(payment) for payment in answer["payments"]]

    def _read_payment(self, answer: dict) -> Payment:
        challenge = answer.get("challenge")
        return Payment(
            id=answer["id"],
            key=answer["key"],
            amount=to_major(answer["amount"], answer["currency"]),
            currency=answer["currency"],
            state=answer["state"],
            code=answer["code"],
            message=answer["message"],
            refunded=to_major(answer["refunded"], answer["currency"]),
            created_at=datetime.fromisoformat(answer["created_at"]),
            challenge_url=self.base_url + challenge if challenge else None,
        )

    def _ask(self, method: str, path: str, data: dict | None = None) -> dict:
        body = None if data is None else json.dumps(data).encode()
        headers = {"Accept": "application/json", "Content-Type": "application/json"}
        request = Request(self.base_url + path, body, headers, method=method)  # noqa: S310 - the shop's own setting
        try:
            with self._opener.open(request, timeout=self.timeout) as response:
                return json.load(response)
        except HTTPError as error:
            raise self._read_refusal(error) from error
        # ValueError: an answer that breaks off is no JSON.
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise ProviderUnavailable(f"{self.base_url} gave no answer: {error}") from error

    @staticmethod
    def _read_refusal(error: HTTPError) -> Exception:
        try:
            with error:
                answer = json.load(error)
            code, message = answer["code"], answer["message"]
        except (OSError, http.client.HTTPException, ValueError, KeyError, TypeError):
            return ProviderUnavailable(f"The provider answered {error.code} without saying why.")
        if error.code >= 500:
            return ProviderUnavailable(f"The provider answered {error.code}: {message}")
        return RequestRefused(error.code, code, message)


class CardClient(Client):
    """Asks the card provider."""

    def create(self, key: str, amount: Decimal, currency: str, card_token: str) -> Payment:
        """Make a payment that takes no money before it is confirmed. The same ``key`` returns the same payment.

        :raises RequestRefused: the code is ``key_reused`` if the key belongs to another amount, currency or card.
        """
        data = {"key": key, "amount": to_minor(amount, currency), "currency": currency, "card_token": card_token}
        return self._read_payment(self._ask("POST", "/payments", data))

    def confirm(self, payment_id: str, return_url: str = "") -> Payment:
        """Take the money, or decline it, or ask the card's holder on ``challenge_url``. Again, it changes nothing.

        :param return_url: where the holder's browser is sent afterwards, with ``payment=<id>`` added to its query.
        """
        answer = self._ask("POST", f"/payments/{quote(payment_id, safe='')}/confirm", {"return_url": return_url})
        return self._read_payment(answer)

    def cancel(self, payment_id: str) -> Payment:
        """Stop a payment unless it is paid."""
        return self._read_payment(self._ask("POST", f"/payments/{quote(payment_id, safe='')}/cancel", {}))


class WalletClient(Client):
    """Asks the pay-elsewhere provider. A payment's id is the reference that the shopper was given."""

    def get_pay_url(self, key: str, amount: Decimal, currency: str) -> str:
        """Return the page on which the shopper pays."""
        query = {"key": key, "amount": to_minor(amount, currency), "currency": currency}
        return f"{self.base_url}/pay?{urlencode(query)}"

    def look_up(self, reference: str) -> Payment | None:
        """Return what a shopper's reference, taken to the letter, is worth, or ``None``."""
        return self.retrieve(reference) if REFERENCE.fullmatch(reference) else None
