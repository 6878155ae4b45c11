"""Amounts of money as providers count them: in the smallest coin of a currency."""

from decimal import Decimal

DECIMALS = {"CLP": 0, "JPY": 0, "KRW": 0, "VND": 0, "BHD": 3, "JOD": 3, "KWD": 3, "OMR": 3, "TND": 3}
USUAL_DECIMALS = 2


def to_minor(amount: Decimal, currency: str) -> int:
    """Return ``amount`` (in units of ``currency``) in its smallest coin.

    :raises ValueError: the currency has no coin that small.
    """
    minor = amount.scaleb(DECIMALS.get(currency, USUAL_DECIMALS))
    if minor != int(minor):
        raise ValueError(f"{amount} {currency} can't be paid: the currency has no coin that small.")
    return int(minor)


def to_major(minor: int, currency: str) -> Decimal:
    """Return an amount in the smallest coin of ``currency`` in its units."""
    return Decimal(minor).scaleb(-DECIMALS.get(currency, USUAL_DECIMALS))


def to_text(minor: int, currency: str) -> str:
    """Return an amount in the smallest coin of ``currency`` as a person reads it, such as ``AUD 1,234.50``."""
    return f"{currency} {to_major(minor, currency):,f}"
