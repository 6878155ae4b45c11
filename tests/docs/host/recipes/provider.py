"""A provider of card payments with its books in memory, in place of the client library of a real one."""

import hashlib
import hmac
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import count

from django.utils.timezone import now

SECRET = b"whsec_of_the_provider"


class Declined(Exception):
    """The card is refused: no money moved, and none will."""

    def __init__(self, code, message):
        super().__init__(message)
        self.code = code
        self.message = message


@dataclass
class Record:
    """A payment in the provider's books: ``created``, ``action_required``, ``paid``, ``declined`` or ``cancelled``."""

    id: str
    key: str
    amount: Decimal
    currency: str
    card: str = ""
    state: str = "created"
    refunded: Decimal = Decimal("0.00")
    refunds: dict = field(default_factory=dict)
    created_at: object = field(default_factory=now)

    @property
    def url(self):
        """The page on which the shopper approves the payment."""
        return f"https://provider.example/approve/{self.id}"


class Books:
    """What the provider knows. ``fault`` is raised once, after its next act, so that the answer is lost."""

    def __init__(self):
        self.records = {}
        self.fault = None
        self._numbers = count(1)

    def create(self, key, amount, currency, card=""):
        """Make a payment that moves nothing until it is confirmed. The same key gives the same payment."""
        record = self.find(key)
        if record is None:
            record = Record(f"pay_{next(self._numbers)}", key, amount, currency, card)
            self.records[record.id] = record
        return self._answer(record)

    def confirm(self, id, return_url=""):
        """Take the money, or ask the shopper first. Confirming again changes nothing.

        :raises Declined: the card is refused.
        """
        record = self.records[id]
        if record.state == "created":
            record.state = {"tok_no": "declined", "tok_asks": "action_required"}.get(record.card, "paid")
        self._answer(record)
        if record.state == "declined":
            raise Declined("card_declined", "Your card was declined.")
        return record

    def charge(self, key, amount, currency, card):
        """Make and confirm a payment in one call. For a day the same key is the same charge; after that it is another.

        :raises Declined: the card is refused.
        """
        return self.confirm(self.create(key, amount, currency, card).id)

    def find(self, key):
        """Return the payment with this key, or ``None``."""
        return next((record for record in self.records.values() if record.key == key), None)

    def retrieve(self, id):
        """Return the payment with this id, or ``None``."""
        return self.records.get(id)

    def cancel(self, id):
        """Stop a payment; ``False`` if it is paid already."""
        record = self.records[id]
        if record.state in ("created", "action_required"):
            record.state = "cancelled"
        return record.state != "paid"

    def refund(self, id, key, amount):
        """Refund, once for each key, and return the refund's id."""
        record = self.records[id]
        if key not in record.refunds:
            record.refunds[key] = f"re_{next(self._numbers)}"
            record.refunded += amount
        return self._answer(record.refunds[key])

    def list(self, since):
        """Return the payments that were paid since a moment."""
        return [record for record in self.records.values() if record.state == "paid" and record.created_at >= since]

    def charged(self):
        """Return what the provider has taken and kept."""
        return sum((r.amount - r.refunded for r in self.records.values() if r.state == "paid"), Decimal(0))

    def _answer(self, value):
        if self.fault is not None:
            fault, self.fault = self.fault, None
            raise fault
        return value


books = Books()


def sign(body):
    """Return the signature that the provider sends with a webhook."""
    return hmac.new(SECRET, body, hashlib.sha256).hexdigest()
