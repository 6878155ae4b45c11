"""What the pretend bank does for a shop: look a card's token up, and charge it."""

from dataclasses import dataclass

from pretend_bank.models import Charge


@dataclass(frozen=True)
class Card:
    """A test card, as the bank describes it to a shop. ``refusal`` is a code and a sentence, or ``None``."""

    token: str
    brand: str
    last4: str
    expiry: str
    outcome: str
    refusal: tuple[str, str] | None = None


CARDS = {
    card.token: card
    for card in [
        Card("tok_visa", "Visa", "4242", "12/35", "is accepted"),
        Card("tok_mastercard", "Mastercard", "5100", "08/34", "is accepted"),
        Card("tok_declined", "Visa", "0002", "03/33", "is declined", ("card_declined", "Your card was declined.")),
        Card(
            "tok_insufficient_funds",
            "Mastercard",
            "9995",
            "11/33",
            "has too little money",
            ("insufficient_funds", "Your card has insufficient funds."),
        ),
    ]
}


class Declined(Exception):
    """The bank refused to charge the card, and took nothing."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


def charge(token: str, amount, currency: str, statement: str) -> Charge:
    """Take ``amount`` (a ``Decimal`` in units of ``currency``) from the card and return the entry in the books.

    :raises Declined: the card was refused.
    """
    card = CARDS[token]
    if card.refusal:
        raise Declined(*card.refusal)
    return Charge.objects.create(card_token=token, amount=amount, currency=currency, statement=statement)
