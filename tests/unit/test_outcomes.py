"""The outcomes that a payment method returns: values that are compared, and refused where they are invalid."""

from datetime import datetime, timezone
from decimal import Decimal
from functools import partial
from uuid import uuid4

import pytest

from lorikeet.exceptions import InvalidAnswer
from lorikeet.outcomes import (
    NotFound,
    Paid,
    Pending,
    ProviderPayment,
    ProviderRefund,
    Refused,
    Review,
    Unknown,
    check_money,
    check_reference,
    is_refusal,
)


@pytest.mark.parametrize(
    "amount", [12, 12.0, "12", None, Decimal("NaN"), Decimal("Infinity"), Decimal(10**15)], ids=repr
)
def test_an_amount_that_is_unknown_is_refused(amount):
    with pytest.raises(TypeError) as refusal:
        Paid("ch_1", amount, "AUD")

    assert str(refusal.value) == f"The amount of a payment is a Decimal in major units, not {amount!r}."


def test_a_currency_may_be_written_small():
    assert Paid("ch_1", Decimal("12"), "aud") == Paid("ch_1", Decimal("12.00"), "AUD")


def test_a_field_that_is_left_out_has_its_default():
    assert (Pending(), Refused(None), Unknown()) == (
        Pending(reference=None, action=None, expires_at=None),
        Refused(info=None, reason="refused", is_final=True),
        Unknown(can_be_asked=True),
    )


def test_no_outcome_is_another():
    assert NotFound() != Pending() != Unknown() != NotFound()


@pytest.mark.parametrize("amount", [Decimal("999999999999999.9999"), Decimal("-1"), Decimal(0)], ids=repr)
def test_an_amount_that_the_columns_hold_is_one(amount):
    check_money(amount, "CLF")


@pytest.mark.parametrize(
    ("amount", "currency"), [("12.505", "AUD"), ("0.5", "JPY"), ("0.5", "jpy"), ("1E-999999", "KWD")]
)
def test_an_amount_below_the_unit_of_its_currency_is_refused(amount, currency):
    with pytest.raises(InvalidAnswer, match=rf"^{Decimal(amount)} has more decimal places than {currency}\.$"):
        Paid("ch_1", Decimal(amount), currency)


@pytest.mark.parametrize("amount", ["12", "12.5", "12.5000"])
def test_zeros_at_the_end_of_an_amount_are_none_of_its_decimal_places(amount):
    assert Paid("ch_1", Decimal(amount), "AUD").amount == Decimal(amount)


@pytest.mark.parametrize(
    "currency", [None, 36, b"AUD", "", "AU", "DOLLARS", "A$1", "\0\0\0", "\N{LATIN SMALL LETTER SHARP S}" * 3], ids=repr
)
def test_a_currency_that_is_no_code_is_refused(currency):
    with pytest.raises(TypeError) as refusal:
        Paid("ch_1", Decimal(12), currency)

    assert str(refusal.value) == f"The currency of a payment is an ISO 4217 code, not {currency!r}."


@pytest.mark.parametrize("reference", [None, "c", "x" * 255], ids=repr)
def test_a_reference_is_text_or_missing(reference):
    check_reference(reference)


@pytest.mark.parametrize("reference", ["", "x" * 256, "ch\0", "ch\ud800", 17, b"ch_1"], ids=ascii)
@pytest.mark.parametrize(
    "say", [lambda reference: Paid(reference, Decimal(12), "AUD"), Pending], ids=["paid", "pending"]
)
def test_a_reference_that_cannot_be_kept_is_refused(say, reference):
    with pytest.raises(TypeError) as refusal:
        say(reference)

    assert str(refusal.value) == f"The reference of a payment is text of at most 255 characters, not {reference!r}."


NESTED: list = []
for _ in range(200_000):  # newer Pythons encode several thousand
    NESTED = [NESTED]


@pytest.mark.parametrize(
    "action",
    [{1, 2}, object(), {"card": b"4242"}, {"sum": float("nan")}, [float("inf")], "\ud800", {"\udfff": 1}, NESTED],
    ids=["set", "object", "bytes", "nan", "infinity", "surrogate", "surrogate as a key", "nested"],
)
def test_an_action_that_no_browser_could_be_answered_is_refused(action):
    with pytest.raises(InvalidAnswer, match=r"^The action of a payment is a JSON value: "):
        Pending(action=action)


@pytest.mark.parametrize(
    "moment",
    ["tomorrow", 1767225600, datetime(2026, 1, 1), datetime.max.replace(tzinfo=timezone.utc)],  # noqa: DTZ001
    ids=["text", "number", "naive", "the end of time"],
)
def test_a_payment_that_expires_at_no_moment_is_refused(moment):
    with pytest.raises(InvalidAnswer, match=r"^A payment expires at "):
        Pending(expires_at=moment)


@pytest.mark.parametrize("reason", [None, 17, "x" * 41, "late\0", "late\ud800"], ids=ascii)
def test_a_reason_that_cannot_be_kept_is_refused(reason):
    for say in (partial(Refused, None), partial(Review, ())):
        with pytest.raises(InvalidAnswer, match=r"^A reason is text of at most 40 characters, not "):
            say(reason)


def test_an_action_may_hold_what_the_answer_can():
    action = {"amount": Decimal(12), "until": datetime(2026, 1, 1, tzinfo=timezone.utc), "key": uuid4()}

    assert Pending(action=action).action is action


@pytest.mark.parametrize(
    ("amount", "currency", "refunded"),
    [("12", "AUD", Decimal(0)), (Decimal(12), "AUD", "0"), (Decimal(12), None, Decimal(0)), (12, "AUD", Decimal(0))],
    ids=repr,
)
def test_an_entry_of_the_books_has_amounts(amount, currency, refunded):
    """An amount as JSON gives it would look the same in a report and differ from ours."""
    with pytest.raises(TypeError):
        ProviderPayment("pay_1", str(uuid4()), amount, currency, refunded)


@pytest.mark.parametrize(
    ("outcome", "says_no"),
    [
        (Refused(None), True),
        (Refused(None, "expired"), False),
        (Refused(None, "cancelled"), False),
        (Pending(), False),
        (None, False),
    ],
    ids=repr,
)
def test_only_a_provider_that_says_no_refuses(outcome, says_no):
    assert is_refusal(outcome) is says_no


def refund(reference="re_1", amount=Decimal(5), currency="AUD", state="paid"):
    return ProviderRefund(reference, amount, currency, state)


@pytest.mark.parametrize("state", ["pending", "paid", "failed"])
def test_a_refund_in_the_books_is_in_one_of_three_states(state):
    assert refund(state=state).state == state


@pytest.mark.parametrize("state", ["succeeded", "", None, "Paid", 1], ids=repr)
def test_a_refund_in_any_other_state_is_refused(state):
    with pytest.raises(TypeError) as refusal:
        refund(state=state)

    assert str(refusal.value) == f"The state of a refund is one of ('pending', 'paid', 'failed'), not {state!r}."


@pytest.mark.parametrize("amount", [5, 5.0, "5", None, Decimal("NaN")], ids=repr)
def test_a_refund_in_the_books_has_an_amount(amount):
    with pytest.raises(TypeError, match=r"^The amount of a payment is a Decimal in major units"):
        refund(amount=amount)


@pytest.mark.parametrize("amount", [Decimal(0), Decimal(-5)])
def test_a_refund_in_the_books_is_above_zero(amount):
    with pytest.raises(InvalidAnswer, match=f"^A refund is an amount above zero, not {amount}\\.$"):
        refund(amount=amount)


@pytest.mark.parametrize("reference", ["", "x" * 256, "re\0", 17], ids=repr)
def test_a_refund_in_the_books_has_a_reference_that_can_be_kept(reference):
    with pytest.raises(TypeError, match=r"^The reference of a payment is text"):
        refund(reference)


def test_the_currency_of_a_refund_may_be_written_small():
    assert refund(currency="aud") == refund(currency="AUD")


def test_a_review_may_find_nothing():
    assert Review() == Review(refunds=(), attention="")
