"""What a payment method may say: values that are compared, and refused where they would say nothing."""

from datetime import datetime, timezone
from decimal import Decimal
from uuid import uuid4

import pytest

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
def test_an_amount_that_nobody_knows_is_refused(amount):
    with pytest.raises(TypeError) as refusal:
        Paid("ch_1", amount, "AUD")

    assert str(refusal.value) == f"The amount of a payment is a Decimal in major units, not {amount!r}."


def test_a_currency_may_be_written_small():
    assert Paid("ch_1", Decimal("12"), "aud") == Paid("ch_1", Decimal("12.00"), "AUD")


def test_what_is_left_out_says_the_usual():
    assert (Pending(), Refused(None), Unknown()) == (
        Pending(reference=None, action=None, expires_at=None),
        Refused(info=None, reason="refused", is_final=True),
        Unknown(can_be_asked=True),
    )


def test_no_outcome_is_another():
    assert NotFound() != Pending() != Unknown() != NotFound()


@pytest.mark.parametrize("amount", [Decimal("999999999999999.9999"), Decimal("-1"), Decimal(0)], ids=repr)
def test_an_amount_that_the_columns_hold_is_one(amount):
    check_money(amount, "AUD")


@pytest.mark.parametrize("currency", [None, 36, b"AUD", "", "AU", "DOLLARS"], ids=repr)
def test_a_currency_that_is_no_code_is_refused(currency):
    with pytest.raises(TypeError) as refusal:
        Paid("ch_1", Decimal(12), currency)

    assert str(refusal.value) == f"The currency of a payment is an ISO 4217 code, not {currency!r}."


@pytest.mark.parametrize("reference", [None, "c", "x" * 255], ids=repr)
def test_a_reference_is_text_or_missing(reference):
    check_reference(reference)


@pytest.mark.parametrize("reference", ["", "x" * 256, "ch\0", 17, b"ch_1"], ids=repr)
@pytest.mark.parametrize(
    "say", [lambda reference: Paid(reference, Decimal(12), "AUD"), Pending], ids=["paid", "pending"]
)
def test_a_reference_that_cannot_be_kept_is_refused(say, reference):
    with pytest.raises(TypeError) as refusal:
        say(reference)

    assert str(refusal.value) == f"The reference of a payment is text of at most 255 characters, not {reference!r}."


@pytest.mark.parametrize("action", [{1, 2}, object(), {"card": b"4242"}], ids=["set", "object", "bytes"])
def test_an_action_that_no_browser_could_be_answered_is_refused(action):
    with pytest.raises(TypeError):
        Pending(action=action)


def test_an_action_may_hold_what_the_answer_can():
    action = {"amount": Decimal(12), "until": datetime(2026, 1, 1, tzinfo=timezone.utc), "key": uuid4()}

    assert Pending(action=action).action is action


@pytest.mark.parametrize(
    ("amount", "currency", "refunded"),
    [("12", "AUD", Decimal(0)), (Decimal(12), "AUD", "0"), (Decimal(12), None, Decimal(0)), (12, "AUD", Decimal(0))],
    ids=repr,
)
def test_what_stands_in_the_books_has_amounts(amount, currency, refunded):
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


@pytest.mark.parametrize("reference", ["", "x" * 256, "re\0", 17], ids=repr)
def test_a_refund_in_the_books_has_a_reference_that_can_be_kept(reference):
    with pytest.raises(TypeError, match=r"^The reference of a payment is text"):
        refund(reference)


def test_the_currency_of_a_refund_may_be_written_small():
    assert refund(currency="aud") == refund(currency="AUD")


def test_a_review_may_find_nothing():
    assert Review() == Review(refunds=(), attention="")
