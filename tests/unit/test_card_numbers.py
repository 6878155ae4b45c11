"""Telling a payment card's number from everything else that is written in digits."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lorikeet.http.card_numbers import holds_card_number


@pytest.mark.parametrize(
    "number",
    [
        "4242424242424242",
        "4000000000000000006",
        "5555555555554444",
        "2223003122003222",
        "2720990000000007",
        "378282246310005",
        "341111111111111",
        "30569309025904",
        "36227206271667",
        "3530111333300000",
        "6011111111111117",
        "6445644564456445",
        "6521111111111110",
        "6200000000000005",
        "6304000000000000000",
        "6759649826438453",
        "5018000000000009",
        "2200000000000004",
    ],
)
def test_a_number_of_each_network_is_found(number):
    """The numbers are made up, or those that Stripe gives out for tests."""
    assert holds_card_number(number)


@pytest.mark.parametrize(
    "text",
    [
        "4242 4242 4242 4242",
        "4242-4242-4242-4242",
        "4242 – 4242 – 4242 – 4242",
        "4242.4242.4242.4242",
        "4242 4242-4242.42 42",
        "4242/4242/4242/4242",
        "4242 / 4242 / 4242 / 4242",
        "4242_4242_4242_4242",
        "4242\u00a04242\u20094242\t4242",
        "3782 822463 10005",
        "4 2 4 2 4 2 4 2 4 2 4 2 4 2 4 2",
        "card 4242424242424242, please",
        "x4242424242424242x",
        "4242 4242 4242 4242 12/27 123",
        "12/27 4242 4242 4242 4242",
        "41 4242 4242 4242 4242",
        "Flat 4, 242 Long St; 4242 4242 4242 4242",
    ],
)
def test_a_number_is_found_in_any_grouping_and_any_text(text):
    assert holds_card_number(text)


@pytest.mark.parametrize(
    "text",
    [
        "4242\u200b4242\u200b4242\u200b4242",
        "4\u2060242\ufeff4242\u00ad4242\u200d4242",
        "4\u03012\u030142424242424242",
        "٤٢٤٢٤٢٤٢٤٢٤٢٤٢٤٢",
        "٤٢٤٢ 4242 ४२४२ \uff14\uff12\uff14\uff12",
        "④②" * 8,
        "⁴²" * 8,
    ],
    ids=ascii,
)
def test_digits_of_every_script_count_and_what_has_no_width_does_not(text):
    assert holds_card_number(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "4242424242424241",
        "424242424242",
        "42424242424242424242",
        "0000000000000000",
        "9999999999999995",
        "+61 8 8000 0000",
        "4222222222222",
        "4006381333932",
        "5018000000006",
        "424242424242424242",
        "490154203237518",
        "½4242 4242 4242 ½4242",
    ],
)
def test_other_numbers_are_none(text):
    """Among them 13 digits, as articles have (an EAN), 18 as keys have, and 15 as telephones have (an IMEI)."""
    assert not holds_card_number(text)


def test_no_article_number_is_one():
    """A tenth of them would pass the check digit of cards."""
    first = 400638133300

    assert [ean for ean in map(with_ean_digit, range(first, first + 1000)) if holds_card_number(ean)] == []


def with_ean_digit(number):
    digits = [int(digit) for digit in str(number)]
    return f"{number}{-sum(digits[::2] + [3 * digit for digit in digits[1::2]]) % 10}"


@pytest.mark.parametrize(
    "text",
    [
        "Flat 4, 242 Fourth St, 4242 42nd Ave, 4242 42",
        "42 Long Street 4242 Adelaide 4242 Australia 424242",
        "4242, 4242, 4242, 4242",
        "4242\n4242\n4242\n4242",
        "4242 4242 / 4242 4242",
        "4242 4242; 4242 4242",
        "42424242-4242-4242-8000-000000000000",
        "4242424242424242a0000000deadbeef",
        "DE87400501506083778353",
        "DE87 4005 0150 6083 7783 53",
        "DK5000400409016103",
        "dk50 0040 0409 0161 03",
    ],
)
def test_digits_of_several_things_or_of_another_are_not_put_together(text):
    """Addresses, lists, two telephone numbers, UUIDs, and accounts at banks (an IBAN)."""
    assert not holds_card_number(text)


def test_text_that_only_looks_like_an_iban_is_searched():
    assert holds_card_number("DE88 4005 0150 6083 7783 53")


@settings(deadline=None, database=None)
@given(st.integers(4 * 10**14, 5 * 10**14 - 1))
def test_of_ten_check_digits_one_is_right(number):
    """ISO/IEC 7812-1, annex B."""
    assert sum(holds_card_number(f"{number}{digit}") for digit in range(10)) == 1
