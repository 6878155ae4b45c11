"""Which amounts Stripe takes, in the smallest unit of each currency; from its documentation on currencies."""

from __future__ import annotations

from decimal import Decimal

from .errors import Refused

__all__ = ["check", "text"]

CURRENCIES = frozenset(
    (
        "aed afn all amd ang aoa ars aud awg azn bam bbd bdt bgn bhd bif bmd bnd bob brl bsd bwp byn bzd cad cdf chf "
        "clp cny cop crc cve czk djf dkk dop dzd egp etb eur fjd fkp gbp gel gip gmd gnf gtq gyd hkd hnl htg huf idr "
        "ils inr isk jmd jod jpy kes kgs khr kmf krw kwd kyd kzt lak lbp lkr lrd lsl mad mdl mga mkd mmk mnt mop mur "
        "mvr mwk mxn myr mzn nad ngn nio nok npr nzd omr pab pen pgk php pkr pln pyg qar ron rsd rub rwf sar sbd scr "
        "sek sgd shp sle sos srd std szl thb tjs tnd top try ttd twd tzs uah ugx usd uyu uzs vnd vuv wst xaf xcd xof "
        "xpf yer zar zmw "
    ).split()
)
#: The decimal places, where they are not two.
PLACES = {
    **dict.fromkeys("bif clp djf gnf jpy kmf krw mga pyg rwf vnd vuv xaf xof xpf".split(), 0),
    **dict.fromkeys("bhd jod kwd omr tnd".split(), 3),
}
#: Units of which an amount must be a multiple, where that is not one.
STEPS = {"bhd": 10, "jod": 10, "kwd": 10, "omr": 10, "tnd": 10, "isk": 100, "ugx": 100}
MINIMUMS = {
    **dict.fromkeys(["aud", "brl", "cad", "chf", "eur", "inr", "jpy", "nzd", "sgd", "usd"], 50),
    **dict.fromkeys(["aed", "myr", "pln", "ron"], 200),
    **dict.fromkeys(["nok", "sek"], 300),
    **dict.fromkeys(["mxn", "thb"], 1000),
    "bgn": 100,
    "czk": 1500,
    "dkk": 250,
    "gbp": 30,
    "hkd": 400,
    "huf": 17500,
}
MAXIMUM = 99_999_999


def check(amount: int, currency: str) -> str:
    """Return the currency as Stripe writes it.

    :raises Refused: it is not one of Stripe's, or the amount is too small, too large or has digits it may not have.
    """
    currency = currency.lower()
    if currency not in CURRENCIES:
        raise Refused(f"Invalid currency: {currency}. Stripe does not support it.", param="currency")
    if amount < 1:
        raise Refused("This value must be greater than or equal to 1.", "parameter_invalid_integer", param="amount")
    if amount < MINIMUMS.get(currency, 1):
        raise Refused(f"Amount must be at least {MINIMUMS[currency]} {currency}", "amount_too_small", param="amount")
    if amount > MAXIMUM:
        raise Refused(f"Amount must be no more than {MAXIMUM} {currency}", "amount_too_large", param="amount")
    if amount % STEPS.get(currency, 1):
        message = f"Amounts in {currency} must be multiples of {STEPS[currency]}"
        raise Refused(message, "parameter_invalid_integer", param="amount")
    return currency


def text(amount: int, currency: str) -> str:
    """Return an amount as a shopper reads it: ``AUD 38.00``."""
    return f"{currency.upper()} {Decimal(amount).scaleb(-PLACES.get(currency, 2))}"
