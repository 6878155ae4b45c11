"""A bank for tests."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from decimal import Decimal

from ..exceptions import PaymentError

__all__ = ["FakeBank"]


@dataclass
class FakeBank:
    """A bank that keeps its own books, in memory: they tell a test what was really charged.

    ``declines`` holds the cards that it refuses, under the names that the test gives them. Amounts are in major units.
    """

    declines: set[str] = field(default_factory=set)
    #: One ``(reference, card, amount, currency)`` for each charge.
    charges: list[tuple[str, str, Decimal, str]] = field(default_factory=list)
    #: One ``(reference, amount)`` for each refund; the reference is that of the charge.
    refunds: list[tuple[str, Decimal]] = field(default_factory=list)
    #: The reference that each key was first used for.
    keys: dict[str, str] = field(default_factory=dict)

    def charge(self, card: str, amount: Decimal, currency: str, key: str | None = None) -> str:
        """Charge ``card`` with ``amount`` and return the bank's reference. Calls with the same ``key`` charge once.

        :raises PaymentError: the card is one of those that are declined; nothing was charged.
        """
        if card in self.declines:
            raise PaymentError({"message": "Your card was declined.", "code": "card_declined"})
        if key in self.keys:
            return self.keys[key]
        reference = f"ch_{uuid.uuid4().hex}"
        self.charges.append((reference, card, amount, currency))
        if key is not None:
            self.keys[key] = reference
        return reference

    def find(self, key: str) -> tuple[str, Decimal, str] | None:
        """Return ``(reference, amount, currency)`` of what was charged under ``key``, or ``None``."""
        reference = self.keys.get(key)
        found = (charge for charge in self.charges if charge[0] == reference)
        return next(((reference, amount, currency) for reference, _, amount, currency in found), None)

    def refund(self, reference: str, amount: Decimal, key: str) -> str:
        """Refund ``amount`` of a charge and return the bank's reference. Calls with the same ``key`` refund once.

        :raises PaymentError: that is more than what is left of the charge.
        """
        if key in self.keys:
            return self.keys[key]
        given = sum(amount for charge, amount in self.refunds if charge == reference)
        if amount > sum(charge[2] for charge in self.charges if charge[0] == reference) - given:
            raise PaymentError({"message": "That is more than was paid.", "code": "over_refund"})
        self.refunds.append((reference, amount))
        self.keys[key] = f"re_{uuid.uuid4().hex}"
        return self.keys[key]

    def total(self) -> Decimal:
        """Return everything that was charged, less what was refunded."""
        charged = sum((charge[2] for charge in self.charges), Decimal(0))
        return charged - sum((amount for _, amount in self.refunds), Decimal(0))
