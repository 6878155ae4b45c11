"""Rounding, minor units and splitting: whatever the amount and the currency, no cent is lost."""

import importlib.util
import sys
from decimal import ROUND_DOWN, Decimal, localcontext
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lorikeet import money
from lorikeet.exceptions import AmountTooLarge, LorikeetError, PriceError

#: One currency for each exponent there is.
EXPONENTS = {"JPY": 0, "AUD": 2, "KWD": 3, "CLF": 4}

any_speed = settings(deadline=None, database=None)
currencies = st.sampled_from(sorted(EXPONENTS))
amounts = st.decimals(-(10**14), 10**14, places=4)
units = st.integers(-(10**14), 10**14)
weights = st.lists(st.integers(0, 10**6) | st.decimals(0, 10**9, places=4), min_size=1, max_size=20)


def step(currency):
    """The smallest amount of a currency."""
    return Decimal(1).scaleb(-EXPONENTS[currency])


@pytest.mark.parametrize(("currency", "exponent"), [*EXPONENTS.items(), ("EUR", 2), ("XXX", 2)])
def test_the_exponent_is_that_of_iso_4217_and_else_two(currency, exponent):
    assert money.exponent(currency) == exponent


@pytest.mark.parametrize(
    ("value", "currency", "rounded"),
    [
        ("0.005", "AUD", "0.01"),
        ("-0.005", "AUD", "-0.01"),
        ("0.0049", "AUD", "0.00"),
        ("2.5", "JPY", "3"),
        ("3.5", "JPY", "4"),
        ("1.2345", "KWD", "1.235"),
        ("1.23455", "CLF", "1.2346"),
        ("12", "AUD", "12.00"),
        ("999999999999999", "AUD", "999999999999999.00"),
    ],
)
def test_amounts_are_rounded_half_up_to_the_exponent(value, currency, rounded):
    assert str(money.quantise(Decimal(value), currency)) == rounded


def test_a_whole_number_is_an_amount():
    assert str(money.quantise(12, "AUD")) == "12.00"


def test_there_is_no_negative_zero():
    assert str(money.quantise(Decimal("-0.001"), "AUD")) == "0.00"


@any_speed
@given(amounts, currencies)
def test_rounding_moves_an_amount_by_half_a_step_at_most(amount, currency):
    rounded = money.quantise(amount, currency)

    assert abs(Fraction(rounded) - Fraction(amount)) <= Fraction(step(currency)) / 2
    assert rounded.as_tuple().exponent == -EXPONENTS[currency]


@any_speed
@given(amounts, currencies)
def test_a_rounded_amount_is_not_rounded_again(amount, currency):
    rounded = money.quantise(amount, currency)

    assert str(money.quantise(rounded, currency)) == str(rounded)


@any_speed
@given(units, currencies)
def test_minor_units_come_back_as_they_were(number, currency):
    amount = money.from_minor_units(number, currency)

    assert money.to_minor_units(amount, currency) == number
    assert amount == number * step(currency)


def test_an_amount_finer_than_its_currency_has_no_minor_units():
    with pytest.raises(PriceError) as refusal:
        money.to_minor_units(Decimal("12.505"), "AUD")

    assert str(refusal.value) == "12.505 has more decimal places than AUD; quantise it first."


def test_a_part_too_small_for_the_context_is_not_lost_either():
    with pytest.raises(PriceError):
        money.to_minor_units(Decimal("999999999999999.00000000000000000001"), "AUD")


@any_speed
@given(units, weights, currencies)
def test_the_parts_of_a_split_add_up_to_the_whole(number, weights, currency):
    amount = money.from_minor_units(number, currency)

    parts = money.allocate(amount, weights, currency)

    assert sum(map(Fraction, parts)) == Fraction(amount)
    assert len(parts) == len(weights)


@any_speed
@given(units, weights, currencies)
def test_each_part_is_less_than_one_minor_unit_from_its_exact_share(number, weights, currency):
    amount = money.from_minor_units(number, currency)
    shares = list(map(Fraction, weights)) if any(weights) else [Fraction(1)] * len(weights)

    parts = money.allocate(amount, weights, currency)

    for part, share in zip(parts, shares, strict=True):
        assert abs(Fraction(part) - Fraction(amount) * share / sum(shares)) < Fraction(step(currency))


@any_speed
@given(units, weights, currencies)
def test_a_discount_is_split_as_a_surcharge(number, weights, currency):
    amount = money.from_minor_units(number, currency)

    assert money.allocate(-amount, weights, currency) == [-part for part in money.allocate(amount, weights, currency)]


@pytest.mark.parametrize(
    ("amount", "weights", "currency", "parts"),
    [
        ("10", [1, 1, 1], "AUD", ["3.34", "3.33", "3.33"]),
        ("-10", [1, 1, 1], "AUD", ["-3.34", "-3.33", "-3.33"]),
        ("0.02", [0, 0, 0], "AUD", ["0.01", "0.01", "0.00"]),
        ("1", [Decimal("0.7"), Decimal("0.2"), Decimal("0.1")], "JPY", ["1", "0", "0"]),
        ("100", [1, 0, 2], "JPY", ["33", "0", "67"]),
        ("0.001", [3, 7], "KWD", ["0.000", "0.001"]),
    ],
)
def test_the_remainder_goes_to_the_largest_remainders_and_among_equals_to_the_first(amount, weights, currency, parts):
    assert list(map(str, money.allocate(Decimal(amount), weights, currency))) == parts


@pytest.mark.parametrize("weights", [[], [1, -1], [Decimal("-0.5")]])
def test_a_split_needs_weights_that_are_not_negative(weights):
    with pytest.raises(ValueError, match="at least one weight, and none below zero"):
        money.allocate(Decimal(1), weights, "AUD")


def test_an_amount_finer_than_its_currency_is_not_split():
    with pytest.raises(PriceError):
        money.allocate(Decimal("0.005"), [1, 1], "AUD")


@pytest.mark.parametrize("value", [1.0, "12", None, True, [12], 1j, Fraction(1, 2)], ids=repr)
def test_only_decimals_and_whole_numbers_are_amounts(value):
    with pytest.raises(PriceError) as refusal:
        money.quantise(value, "AUD")

    assert str(refusal.value) == f"An amount must be a Decimal or an int, not {type(value).__name__}: {value!r}."


@pytest.mark.parametrize("value", ["NaN", "sNaN", "Infinity", "-Infinity"])
def test_an_amount_is_finite(value):
    with pytest.raises(PriceError) as refusal:
        money.quantise(Decimal(value), "AUD")

    assert str(refusal.value) == f"An amount must be finite, not {value}."


@pytest.mark.parametrize("value", ["1e15", "-1e15", "999999999999999.995", "1e400", "-1e400", "1e1000000"])
def test_an_amount_that_no_column_holds_is_refused(value):
    with pytest.raises(AmountTooLarge) as refusal:
        money.quantise(Decimal(value), "AUD")

    assert str(refusal.value) == "An amount must have at most 15 digits before the decimal point."


def test_a_whole_number_of_thousands_of_digits_is_refused():
    with pytest.raises(AmountTooLarge):
        money.quantise(10**5000, "AUD")


def test_a_price_error_is_one_of_lorikeets():
    assert issubclass(AmountTooLarge, PriceError)
    assert issubclass(PriceError, LorikeetError)


def test_the_threads_decimal_context_changes_nothing():
    with localcontext() as context:
        context.prec, context.rounding = 4, ROUND_DOWN

        results = (
            money.quantise(Decimal("123456.785"), "AUD"),
            money.to_minor_units(Decimal("123456.78"), "AUD"),
            money.from_minor_units(12345678, "AUD"),
            money.allocate(Decimal("123456.79"), [Decimal("10000.5"), Decimal("10000.5")], "AUD"),
        )

    assert results == (
        Decimal("123456.79"),
        12345678,
        Decimal("123456.78"),
        [Decimal("61728.40"), Decimal("61728.39")],
    )


@pytest.mark.parametrize(
    ("amount", "currency", "locale", "shown"),
    [
        ("12.50", "AUD", "en-au", "$12.50"),
        ("12.50", "AUD", "en", "A$12.50"),
        ("1234.50", "EUR", "de", "1.234,50\xa0€"),
        ("1234", "JPY", "en", "¥1,234"),
    ],
)
def test_an_amount_is_displayed_as_its_readers_write_it(amount, currency, locale, shown):
    pytest.importorskip("babel")

    assert money.display(Decimal(amount), currency, locale) == shown


def test_a_language_that_babel_does_not_know_is_shown_in_english():
    pytest.importorskip("babel")

    assert money.display(Decimal("12.50"), "AUD", "xx") == "A$12.50"


def test_without_babel_the_error_names_the_extra(monkeypatch):
    monkeypatch.setattr(money, "babel_numbers", None)

    with pytest.raises(RuntimeError) as refusal:
        money.display(Decimal("12.50"), "AUD", "en")

    assert str(refusal.value) == "LORIKEET_DISPLAY_AMOUNTS needs Babel: pip install lorikeet-cart[babel]"


def test_without_babel_everything_else_works(monkeypatch):
    """The module as it is loaded where the extra is not installed."""
    monkeypatch.setitem(sys.modules, "babel", None)
    spec = importlib.util.spec_from_file_location("lorikeet.money_without_babel", money.__file__)
    without = importlib.util.module_from_spec(spec)

    spec.loader.exec_module(without)

    assert without.babel_numbers is None
    assert str(without.quantise(12, "AUD")) == "12.00"
