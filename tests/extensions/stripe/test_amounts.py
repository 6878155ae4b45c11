"""Amounts as Stripe counts them: every currency, and never a cent lost."""

from decimal import Decimal

import pytest
from django.test import override_settings
from hypothesis import given
from hypothesis import strategies as st

from lorikeet import money
from lorikeet.exceptions import IncompleteCartError
from lorikeet.extensions.stripe.amounts import MINIMA, PLACES, STEPS, TAKEN, check_amount, from_stripe, to_stripe

#: Currencies of ISO 4217 with places of their own that Stripe does not take.
FOREIGN = {"CLF", "IQD", "LYD", "UYI", "UYW"}
#: What Lorikeet counts otherwise than in hundredths, and what Stripe does.
CURRENCIES = sorted({"AUD", "EUR", "HUF", "TWD", "USD", *money.EXPONENTS, *PLACES, *STEPS} - FOREIGN)


def refusal(amount, currency):
    """Return why an amount cannot be paid, or ``None``."""
    try:
        check_amount(Decimal(amount), currency)
    except IncompleteCartError as error:
        return error.to_json()
    return None


@pytest.mark.parametrize(
    ("amount", "currency", "units"),
    [
        ("12.34", "AUD", 1234),
        ("0.01", "EUR", 1),
        ("1.00", "HUF", 100),
        ("500", "JPY", 500),
        ("500", "KRW", 500),
        ("1500", "MGA", 1500),
        ("5", "ISK", 500),
        ("5", "UGX", 500),
        ("1.230", "KWD", 1230),
        ("5.12", "TND", 5120),
        ("999999.99", "USD", 99999999),
    ],
)
def test_an_amount_is_counted_as_stripe_counts(amount, currency, units):
    assert to_stripe(Decimal(amount), currency) == units
    assert from_stripe(units, currency) == Decimal(amount)


@pytest.mark.parametrize(
    ("amount", "currency"),
    [("0.001", "AUD"), ("1.5", "JPY"), ("1.50", "MGA"), ("1.5", "ISK"), ("1.234", "KWD")],
)
def test_an_amount_that_stripe_cannot_count_is_not_rounded(amount, currency):
    with pytest.raises(ValueError, match=f"^Stripe cannot count {amount} {currency}.$"):
        to_stripe(Decimal(amount), currency)


def test_stripe_writes_currencies_small():
    assert from_stripe(500, "jpy") == from_stripe(500, "JPY") == Decimal(500)


@pytest.mark.parametrize("currency", CURRENCIES)
def test_an_amount_from_stripe_has_lorikeets_decimal_places(currency):
    units = to_stripe(Decimal(7), currency)

    assert from_stripe(units, currency).as_tuple().exponent == -money.exponent(currency)


@given(
    currency=st.sampled_from(CURRENCIES),
    amount=st.decimals(min_value=0, max_value=10**15 - 1, places=4, allow_nan=False, allow_infinity=False),
)
def test_nothing_is_lost_there_and_back(currency, amount):
    """Whatever Lorikeet can store is counted exactly, or refused."""
    try:
        units = to_stripe(amount, currency)
    except ValueError:
        assert amount % (Decimal(STEPS.get(currency, 1)).scaleb(-PLACES.get(currency, 2)))
        return

    assert units % STEPS.get(currency, 1) == 0
    assert from_stripe(units, currency) == amount


@given(currency=st.sampled_from(CURRENCIES), units=st.integers(0, 10**14))
def test_nothing_is_lost_back_and_there(currency, units):
    """Whatever Stripe can have charged is stored exactly."""
    units -= units % STEPS.get(currency, 1)

    assert to_stripe(from_stripe(units, currency), currency) == units


# the least and the most


@pytest.mark.parametrize("currency", sorted(MINIMA))
def test_the_least_is_charged_and_nothing_below(currency):
    least = MINIMA[currency]
    below = least - Decimal(10) ** -money.exponent(currency)

    assert refusal(least, currency) is None
    assert refusal(below, currency) == {
        "code": "amount_too_small",
        "message": f"At least {money.quantise(least, currency)} {currency} can be paid with a card.",
        "field": "payment_method",
    }


def test_a_currency_of_which_stripe_names_no_least_has_none():
    assert refusal("0.01", "ZAR") is None


@override_settings(LORIKEET_STRIPE_MINIMUM_AMOUNTS={"ZAR": Decimal(9), "AUD": Decimal("0.10")})
def test_a_shop_that_is_settled_in_another_currency_says_the_least():
    assert refusal("8.99", "ZAR")["message"] == "At least 9.00 ZAR can be paid with a card."
    assert refusal("9", "ZAR") is None
    assert refusal("0.10", "AUD") is None


@pytest.mark.parametrize(
    ("most", "above", "currency"),
    [
        ("999999.99", "1000000", "AUD"),
        ("99999999", "100000000", "JPY"),
        ("99999.99", "100000", "KWD"),
        ("999999", "1000000", "ISK"),
    ],
)
def test_the_most_is_charged_and_nothing_above(most, above, currency):
    assert refusal(most, currency) is None
    assert refusal(above, currency)["code"] == "amount_too_large"


def test_the_most_is_told():
    assert refusal("1000000", "AUD")["message"] == "At most 999999.99 AUD can be paid with a card."


def test_an_amount_that_cannot_be_counted_is_told():
    assert refusal("1.50", "MGA") == {
        "code": "amount_not_payable",
        "message": "1.50 MGA cannot be paid exactly with a card.",
        "field": "payment_method",
    }


# currencies


@pytest.mark.parametrize("currency", [*sorted(FOREIGN), "XYZ"])
def test_a_currency_that_stripe_does_not_take_is_refused(currency):
    assert refusal("12", currency) == {
        "code": "currency_not_payable",
        "message": f"{currency} cannot be paid with a card.",
        "field": "payment_method",
    }


@override_settings(LORIKEET_STRIPE_MINIMUM_AMOUNTS={"XYZ": Decimal(1)})
def test_a_currency_that_stripe_takes_by_now_is_named_by_the_shop():
    assert refusal("1", "XYZ") is None
    assert refusal("0.99", "XYZ")["code"] == "amount_too_small"


def test_every_currency_with_a_least_or_places_of_its_own_is_taken():
    assert {*MINIMA, *PLACES, *STEPS} <= TAKEN


# in the cart


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("unit_price", "codes"), [("0.49", ["amount_too_small"]), ("0.50", []), ("1000000", ["amount_too_large"])]
)
def test_the_cart_says_what_cannot_be_charged_before_stripe_is_asked(buyer, fake, wine, unit_price, codes):
    wine.unit_price = Decimal(unit_price)
    wine.save()
    asked = len(fake.calls())

    reasons = buyer.cart()["incomplete_reasons"]

    assert [reason["code"] for reason in reasons] == codes
    assert len(fake.calls()) == asked


@pytest.mark.django_db(transaction=True)
def test_a_cart_that_stripe_would_not_charge_is_not_checked_out(buyer, fake, wine, unchanged):
    wine.unit_price = Decimal("0.49")
    wine.save()
    asked = len(fake.calls())
    with unchanged():
        response = buyer.checkout()

    assert (response.status_code, response.json()["reason"]) == (422, "incomplete")
    assert len(fake.calls()) == asked
