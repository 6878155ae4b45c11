"""Telling the number of a payment card from other digits, so that none is stored (PCI DSS, requirement 3)."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from itertools import accumulate

__all__ = ["holds_card_number"]

#: What the numbers of each network begin with, and how many digits they have. Source: the table in Wikipedia's article
#: "Payment card number", and Braintree's https://github.com/braintree/credit-card-type (``src/lib/card-types.ts``).
#: Left out on purpose is what is more often something else: Visa's old 13 digits and Maestro's 12 to 15, which article
#: numbers have (the EAN of German and British goods begins with 4 and 50), and Visa's 18, which keys have.
NETWORKS = {
    "visa": ("4", (16, 19)),
    "mastercard": ("5[1-5]|222[1-9]|22[3-9]|2[3-6]|27[01]|2720", (16,)),
    "american_express": ("3[47]", (15,)),
    "diners_club": ("30[0-59]|36|3[89]", (14, 16, 19)),
    "jcb": ("35(?:2[89]|[3-8])", (16, 17, 18, 19)),
    "discover_and_rupay": ("60|64[4-9]|65", (16, 19)),
    "unionpay": ("62|81", (16, 17, 18, 19)),
    "maestro_elo_and_verve": ("50|5[6-9]|63|67", (16, 17, 18, 19)),
    "mir": ("220[0-4]", (16, 17, 18, 19)),
}
NETWORK = re.compile("|".join(f"(?P<{name}>{prefixes})" for name, (prefixes, _lengths) in NETWORKS.items()))
SHORTEST = 14
VALUES = bytes.maketrans(b"0123456789", bytes(range(10)))
#: What a digit counts if it counts double: the sum of the digits of twice its value.
DOUBLED = bytes.maketrans(bytes(range(10)), bytes([0, 2, 4, 6, 8, 1, 3, 5, 7, 9]))
UUID = re.compile(r"\b[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\b|\b[0-9a-fA-F]{32}\b")
#: An account at a bank (ISO 13616), in groups of four or in one piece.
IBAN = re.compile(r"\b[A-Za-z]{2}[0-9]{2}(?: ?[A-Za-z0-9]{4}){2,7}(?: ?[A-Za-z0-9]{1,3})?\b", re.ASCII)
#: What divides a list, where the next number begins.
DIVIDERS = frozenset(",;\u060c\u061b\u3001\uff0c\uff1b\n\r\v\f\x85\u2028\u2029")


def holds_card_number(text: str) -> bool:
    """Tell whether some of the digits in ``text`` are the number of a payment card, as a person would read it.

    Digits of every script count, and characters without width are ignored. The number may be all digits, or in groups
    that are joined by spaces, dashes and dots, or else by the same signs each time, such as slashes. Letters, and what
    divides a list, join nothing: "Flat 4, 242 Long Street" is two numbers. A UUID or an IBAN holds none.
    """
    if sum(map(str.isdigit, text)) < SHORTEST:
        return False
    plain = "".join(map(_plain, IBAN.sub(_unless_iban, UUID.sub("x", text))))
    return any(_is_in(part) for part in plain.split("x") if len(part) >= SHORTEST)


@lru_cache(maxsize=1024)
def _plain(character: str) -> str:
    """Return a digit as ASCII, nothing for what has no width, a space for what may join, and "x" for what does not."""
    digit = unicodedata.digit(character, None)
    if digit is not None:
        return str(digit)
    category = unicodedata.category(character)
    if category in ("Cf", "Me", "Mn"):
        return ""
    if category[0] in "LMN" or character in DIVIDERS:
        return "x"
    return " " if category in ("Cc", "Pd", "Zs") or character in ".·" else character


def _unless_iban(match: re.Match[str]) -> str:
    """Return "x" for an IBAN, or the text as it is if its check digits are wrong (ISO 7064, mod 97-10)."""
    text = match[0].replace(" ", "")
    is_iban = int("".join(str(int(character, 36)) for character in text[4:] + text[:4])) % 97 == 1
    return "x" if is_iban else match[0]


def _is_in(text: str) -> bool:
    """Tell whether some groups of digits that follow each other in ``text``, joined alike, are a card's number."""
    pieces = re.split("([0-9]+)", text)
    groups, gaps = pieces[1::2], [gap.replace(" ", "") for gap in pieces[2::2]]
    digits = "".join(groups)
    sums = _luhn_sums(digits)
    bounds = [0, *accumulate(map(len, groups))]
    ends = set(bounds)
    last = len(groups) - 1  # the last of the groups that are joined like the one at ``place`` and the next
    for place in reversed(range(len(groups))):
        if place + 1 < last and gaps[place] != gaps[place + 1]:
            last = place + 1
        begin = bounds[place]
        network = NETWORK.match(digits, begin)
        for length in NETWORKS[network.lastgroup or ""][1] if network else ():
            end = begin + length
            if end in ends and end <= bounds[last + 1] and (sums[end % 2][end] - sums[end % 2][begin]) % 10 == 0:
                return True
    return False


def _luhn_sums(digits: str) -> tuple[list[int], list[int]]:
    """Return the running sums of digits, of which every second counts double (ISO/IEC 7812-1, annex B).

    In the first those at odd places count single, as in a number that ends there; in the second those at even places.
    """
    values = digits.encode().translate(VALUES)
    odd, even = bytearray(values.translate(DOUBLED)), bytearray(values)
    odd[1::2], even[1::2] = even[1::2], odd[1::2]
    return list(accumulate(odd, initial=0)), list(accumulate(even, initial=0))
