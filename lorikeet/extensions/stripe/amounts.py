"""Amounts as Stripe counts them, without losing a cent, and the least that it charges.

Source: https://docs.stripe.com/currencies (minor units, special cases, minimum charge amounts).
"""

from __future__ import annotations

from decimal import Decimal

from django.utils.translation import gettext as _

from lorikeet import money
from lorikeet.exceptions import IncompleteCartError

from .conf import settings

__all__ = ["check_amount", "from_stripe", "to_stripe"]

#: Decimal places in Stripe's amounts where they are not two. ISK and UGX have none, and are counted in hundredths.
PLACES = {
    **dict.fromkeys("BIF CLP DJF GNF JPY KMF KRW MGA PYG RWF VND VUV XAF XOF XPF".split(), 0),
    **dict.fromkeys("BHD JOD KWD OMR TND".split(), 3),
}
#: Amounts are whole multiples of this many of Stripe's units.
STEPS = dict.fromkeys("ISK UGX".split(), 100) | dict.fromkeys("BHD JOD KWD OMR TND".split(), 10)
#: The currencies that Stripe charges in.
TAKEN = set(
    "AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BWP BYN BZD CAD CDF CHF CLP "
    "CNY COP CRC CVE CZK DJF DKK DOP DZD EGP ETB EUR FJD FKP GBP GEL GIP GMD GNF GTQ GYD HKD HNL HTG HUF IDR ILS INR "
    "ISK JMD JOD JPY KES KGS KHR KMF KRW KWD KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MUR MVR MWK MXN "
    "MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF SAR SBD SCR SEK SGD SHP SLE "
    "SOS SRD STD SZL THB TJS TND TOP TRY TTD TWD TZS UAH UGX USD UYU UZS VND VUV WST XAF XCD XOF XPF YER ZAR "
    "ZMW".split()
)
#: Major units, where the shop is settled in the same currency.
MINIMA = {
    currency: Decimal(amount)
    for currency, amount in (
        pair.split(":")
        for pair in (
            "AED:2 AUD:0.50 BGN:1 BRL:0.50 CAD:0.50 CHF:0.50 CZK:15 DKK:2.50 EUR:0.50 GBP:0.30 HKD:4 HUF:175 INR:0.50 "
            "JPY:50 MXN:10 MYR:2 NOK:3 NZD:0.50 PLN:2 RON:2 SEK:3 SGD:0.50 THB:10 USD:0.50"
        ).split()
    )
}
#: Stripe takes at most eight digits.
LARGEST = 99_999_999


def to_stripe(amount: Decimal, currency: str) -> int:
    """Return ``amount``, in major units, as Stripe counts it.

    :raises ValueError: Stripe cannot count it without losing a part.
    """
    units, rest = divmod(amount.scaleb(PLACES.get(currency, 2)), STEPS.get(currency, 1))
    if rest:
        raise ValueError(f"Stripe cannot count {amount} {currency}.")
    return int(units) * STEPS.get(currency, 1)


def from_stripe(units: int, currency: str) -> Decimal:
    """Return what Stripe counts as an amount in major units; ``currency`` in capitals or not."""
    code = currency.upper()
    return money.quantise(Decimal(units).scaleb(-PLACES.get(code, 2)), code)


def check_amount(amount: Decimal, currency: str) -> None:
    """Raise ``IncompleteCartError`` if Stripe would not charge ``amount``, in major units."""
    least = settings.STRIPE_MINIMUM_AMOUNTS.get(currency, MINIMA.get(currency, Decimal(0)))
    if currency not in TAKEN | settings.STRIPE_MINIMUM_AMOUNTS.keys():
        raise _error("currency_not_payable", _("%(currency)s cannot be paid with a card."), amount, currency)
    try:
        units = to_stripe(amount, currency)
    except ValueError:
        message = _("%(amount)s %(currency)s cannot be paid exactly with a card.")
        raise _error("amount_not_payable", message, amount, currency) from None
    if amount < least:
        message = _("At least %(amount)s %(currency)s can be paid with a card.")
        raise _error("amount_too_small", message, money.quantise(least, currency), currency)
    if units > LARGEST:
        message = _("At most %(amount)s %(currency)s can be paid with a card.")
        raise _error("amount_too_large", message, from_stripe(LARGEST, currency), currency)


def _error(code: str, message: str, amount: Decimal, currency: str) -> IncompleteCartError:
    return IncompleteCartError(code, message % {"amount": amount, "currency": currency}, "payment_method")
