"""The test cards, as the card provider publishes them to the shops that want to try it."""

from dataclasses import dataclass
from enum import Enum


class Outcome(str, Enum):
    """What becomes of a payment with a test card, as a person is told."""

    ACCEPTED = "is accepted"
    ANSWERED_LATE = "is accepted, and the answer takes its time"
    ASKED = "asks for a 3-D Secure step"
    DECLINED = "is declined"
    TOO_POOR = "has too little money"


@dataclass(frozen=True)
class Card:
    """A test card, as the provider describes it to a shop."""

    token: str
    brand: str
    last4: str
    expiry: str
    outcome: Outcome


CARDS = {
    card.token: card
    for card in [
        Card("tok_visa", "Visa", "4242", "12/35", Outcome.ACCEPTED),
        Card("tok_mastercard", "Mastercard", "5100", "08/34", Outcome.ACCEPTED),
        Card("tok_three_d_secure", "Visa", "3220", "05/34", Outcome.ASKED),
        Card("tok_late", "Mastercard", "8080", "09/33", Outcome.ANSWERED_LATE),
        Card("tok_declined", "Visa", "0002", "03/33", Outcome.DECLINED),
        Card("tok_insufficient_funds", "Mastercard", "9995", "11/33", Outcome.TOO_POOR),
    ]
}
