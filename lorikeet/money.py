"""One policy for money: ``Decimal`` only, rounded half up to the currency's exponent, and no cent lost."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Context, Decimal
from fractions import Fraction
from functools import cache
from types import ModuleType

from .exceptions import AmountTooLarge, PriceError

babel_numbers: ModuleType | None
UnknownLocale: type[Exception]
try:
    from babel import UnknownLocaleError as UnknownLocale
    from babel import numbers as babel_numbers
except ImportError:  # the extra lorikeet-cart[babel] is not installed
    babel_numbers, UnknownLocale = None, LookupError

__all__ = ["allocate", "display", "exponent", "from_minor_units", "quantise", "to_amount", "to_minor_units"]

#: Decimal places of the currencies that do not have two. Source: ISO 4217, list one ("minor unit").
EXPONENTS = {
    **dict.fromkeys("BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF".split(), 0),
    **dict.fromkeys("BHD IQD JOD KWD LYD OMR TND".split(), 3),
    **dict.fromkeys("CLF UYW".split(), 4),
}

#: What ``DecimalField(max_digits=19, decimal_places=4)`` holds.
LIMIT = Decimal(10) ** 15

TOO_LARGE = "An amount must have at most 15 digits before the decimal point."
#: Wide enough that no sum or product of amounts below the limit is rounded on the way.
CONTEXT = Context(prec=60, rounding=ROUND_HALF_UP)


def exponent(currency: str) -> int:
    """Return the number of decimal places of ``currency`` (an ISO 4217 code): 2 for AUD, 0 for JPY, 3 for KWD."""
    return EXPONENTS.get(currency, 2)


def to_amount(value: object) -> Decimal:
    """Return ``value`` as a ``Decimal`` in major units.

    :raises PriceError: ``value`` is not a ``Decimal`` or ``int``, or is not finite.
    :raises AmountTooLarge: it has more than 15 digits before the decimal point.
    """
    if isinstance(value, bool) or not isinstance(value, (Decimal, int)):
        raise PriceError(f"An amount must be a Decimal or an int, not {type(value).__name__}: {value!r}.")
    amount = Decimal(value)
    if not amount.is_finite():
        raise PriceError(f"An amount must be finite, not {amount}.")
    if amount.copy_abs() >= LIMIT:
        raise AmountTooLarge(TOO_LARGE)
    return amount


def quantise(value: object, currency: str) -> Decimal:
    """Return ``value`` rounded half up to the exponent of ``currency``, in major units.

    :raises PriceError: as :func:`to_amount`.
    """
    amount = to_amount(value).quantize(_unit(currency), context=CONTEXT)
    if amount.copy_abs() >= LIMIT:  # reached by rounding
        raise AmountTooLarge(TOO_LARGE)
    return amount or amount.copy_abs()  # no -0.00


@cache
def _unit(currency: str) -> Decimal:
    return Decimal(1).scaleb(-exponent(currency))


def to_minor_units(amount: Decimal, currency: str) -> int:
    """Return ``amount`` (major units) as a whole number of minor units: ``Decimal("12.50")`` AUD is ``1250``.

    :raises PriceError: ``amount`` has more decimal places than ``currency``, so that a part would be lost.
    """
    numerator, denominator = to_amount(amount).as_integer_ratio()
    units, rest = divmod(numerator * 10 ** exponent(currency), denominator)
    if rest:
        raise PriceError(f"{amount} has more decimal places than {currency}; quantise it first.")
    return int(units)


def from_minor_units(units: int, currency: str) -> Decimal:
    """Return a whole number of minor units as an amount in major units: ``1250`` AUD is ``Decimal("12.50")``."""
    return quantise(Decimal(units).scaleb(-exponent(currency), context=CONTEXT), currency)


def allocate(amount: Decimal, weights: Sequence[Decimal | int], currency: str) -> list[Decimal]:
    """Split ``amount`` in proportion to ``weights`` so that the parts add up to it to the cent.

    The remainder goes, one minor unit each, to the parts that rounding down cost most (the largest remainder
    method), earlier parts first among equals. Weights that are all zero count as equal.

    :raises ValueError: there are no weights, or one is negative.
    :raises PriceError: ``amount`` has more decimal places than ``currency``.
    """
    if not weights or min(weights) < 0:
        raise ValueError("allocate() needs at least one weight, and none below zero.")
    units = to_minor_units(amount, currency)
    sign, units = (-1, -units) if units < 0 else (1, units)
    shares = [Fraction(weight) for weight in weights] if any(weights) else [Fraction(1)] * len(weights)
    whole = sum(shares)
    exact = [units * share / whole for share in shares]
    parts = [int(part) for part in exact]
    by_remainder = sorted(range(len(parts)), key=lambda index: (parts[index] - exact[index], index))
    for index in by_remainder[: units - sum(parts)]:
        parts[index] += 1
    return [from_minor_units(sign * part, currency) for part in parts]


def display(amount: Decimal, currency: str, locale: str) -> str:
    """Return ``amount`` as a shopper reads it in ``locale`` (such as ``"en-au"``), for example ``"$12.50"``.

    :raises RuntimeError: Babel is missing; install ``lorikeet-cart[babel]``.
    """
    if babel_numbers is None:
        raise RuntimeError("LORIKEET_DISPLAY_AMOUNTS needs Babel: pip install lorikeet-cart[babel]")
    try:
        return str(babel_numbers.format_currency(amount, currency, locale=locale.replace("-", "_")))
    except UnknownLocale:  # a language that Django knows and Babel does not
        return str(babel_numbers.format_currency(amount, currency, locale="en"))
