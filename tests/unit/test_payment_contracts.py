"""The suites for payment methods: they pass for those of the test shop, and each fails for one that breaks it."""

import unittest
from uuid import uuid4

import pytest
from django.test import TestCase

from lorikeet.outcomes import Paid, Pending
from lorikeet.reference_payments import ReportedPayment
from lorikeet.testing import (
    ExactPaymentMethodContract,
    PaymentMethodContract,
    ReferencePaymentMethodContract,
)
from tests.faults.clients import from_minor, to_minor
from tests.testapp.models import ExactCard, Transfer
from tests.testapp.payments import client


@pytest.mark.usefixtures("provider")
class AtProvider:
    """What a suite needs to know of the provider of these tests."""

    @pytest.fixture(autouse=True)
    def _provider(self, provider):
        self.provider = provider

    def make_data(self):
        return {"token": "tok_paid"}

    def get_taken(self):
        payments = self.provider.payments("succeeded")
        return from_minor(sum(payment["paid_amount"] - payment["refunded"] for payment in payments))


class WithFaults(AtProvider):
    """The provider does what the test plans, whatever the token is."""

    def make_refused_data(self):
        self.provider.plan(confirm=["decline"], charge=["decline"])
        return {"token": "tok_refused"}

    def make_pending_data(self):
        self.provider.plan(confirm=["3ds"], charge=["3ds"])
        return {"token": "tok_pending"}


class TestExactCard(WithFaults, ExactPaymentMethodContract, TestCase):
    type_name = "ExactCard"


class TestOneCallCard(WithFaults, ExactPaymentMethodContract, TestCase):
    type_name = "OneCallCard"


class TestSimpleCard(AtProvider, PaymentMethodContract, TestCase):
    type_name = "SimpleCard"

    def make_refused_data(self):
        self.provider.plan(charge=["decline"])
        return {"token": "tok_refused"}


class TestKeyedCard(TestSimpleCard):
    type_name = "KeyedCard"


class TestTransfer(AtProvider, ReferencePaymentMethodContract, TestCase):
    type_name = "Transfer"

    def make_data(self):
        return {}

    def pay_elsewhere(self, attempt, amount):
        return self.provider.pay_elsewhere(to_minor(amount), attempt.currency, key=attempt.key)["id"]


# a method that breaks its contract


class Said(unittest.TestResult):
    """What the developer reads of a test that failed, without the lines of the suite."""

    def __init__(self):
        super().__init__()
        self.failures_read = []

    def addFailure(self, test, error):  # noqa: N802 - as unittest names it
        self.failures_read.append(str(error[1]))


def failures(suite, name):
    """Run one test of a suite, and return what it says if it fails; an error would be the suite's own mistake."""
    result = Said()
    suite(name)(result)
    assert (result.testsRun, result.errors, result.skipped) == (1, [], [])
    return result.failures_read


def charge_anew(method, attempt):
    """Take the money under another key each time."""
    made = client().charge(uuid4(), to_minor(attempt.amount), attempt.currency)
    return Paid(made["id"], attempt.amount, attempt.currency)


def start_anew(patch):
    """Begin as agreed, and take the money a second time when it is asked for a second time."""
    start = ExactCard.start_payment
    patch.setattr(
        ExactCard,
        "start_payment",
        lambda card, attempt: charge_anew(card, attempt) if attempt.reference else start(card, attempt),
    )


def check_anew(patch):
    """Say what there is, and take the money again in passing."""
    check = ExactCard.check_payment

    def look(card, attempt):
        if attempt.reference:
            charge_anew(card, attempt)
        return check(card, attempt)

    patch.setattr(ExactCard, "check_payment", look)


def charge_what_is_asked_after(patch):
    patch.setattr(ExactCard, "check_payment", charge_anew)


def refund_anew(card, attempt):
    """Pay back under another key each time."""
    refund = client().refund(attempt.parent.reference, uuid4(), to_minor(attempt.amount))
    return Paid(refund["id"], attempt.amount, attempt.currency)


def refund_nothing(card, attempt):
    return Paid("re_1", attempt.amount, attempt.currency)


def state_another_amount(patch):
    patch.setattr("tests.testapp.payments.from_minor", lambda amount: from_minor(amount) / 100)


def read_anything(cls, request):
    return ["pay_1"]


def take_any_payment(method, reference):
    """Say that any reference pays for the attempt of the caller."""
    return ReportedPayment(from_minor(1000), "AUD", "paid")


BREAKAGES = {
    "it charges twice": (TestExactCard, "test_starting_again_takes_nothing_again", start_anew, ""),
    "asking charges": (
        TestExactCard,
        "test_a_payment_can_be_asked_for_any_number_of_times",
        check_anew,
        "",
    ),
    "asking makes a payment": (
        TestExactCard,
        "test_what_was_never_started_is_not_paid",
        charge_what_is_asked_after,
        "",
    ),
    "a dead process charges": (
        TestExactCard,
        "test_a_process_that_died_before_the_payment_takes_nothing",
        charge_what_is_asked_after,
        "",
    ),
    "it refunds twice": (
        TestExactCard,
        "test_a_refund_is_made_once_however_often_it_is_asked_for",
        lambda patch: patch.setattr(ExactCard, "refund_payment", refund_anew),
        "",
    ),
    "it refunds nothing": (
        TestExactCard,
        "test_a_refund_is_made_once_however_often_it_is_asked_for",
        lambda patch: patch.setattr(ExactCard, "refund_payment", refund_nothing),
        "get_taken() has to fall with a refund.",
    ),
    "it stops what is paid": (
        TestExactCard,
        "test_what_is_paid_cannot_be_stopped",
        lambda patch: patch.setattr(ExactCard, "cancel_payment", lambda card, attempt: True),
        "",
    ),
    "it states another amount": (
        TestExactCard,
        "test_it_states_what_was_asked_for",
        state_another_amount,
        "",
    ),
    "it believes a webhook": (
        TestExactCard,
        "test_a_webhook_without_a_signature_is_refused",
        lambda patch: patch.setattr(ExactCard, "read_webhook", classmethod(read_anything)),
        "read_webhook() accepted an event without a signature.",
    ),
    "its data is refused by its serializer": (
        TestExactCard,
        "test_it_states_what_was_asked_for",
        lambda patch: patch.setattr(TestExactCard, "make_data", lambda test: {"token": ""}),
        "This field may not be blank.",
    ),
    "its data does not pay": (
        TestExactCard,
        "test_starting_again_takes_nothing_again",
        lambda patch: patch.setattr(ExactCard, "start_payment", lambda card, attempt: Pending("pay_1")),
        "with what make_data() gives.",
    ),
    "any reference pays": (
        TestTransfer,
        "test_a_reference_that_is_unknown_is_refused",
        lambda patch: (
            patch.setattr(Transfer, "shows_key", False),
            patch.setattr(Transfer, "look_up", take_any_payment),
        ),
        "",
    ),
}


@pytest.mark.django_db
@pytest.mark.parametrize("breakage", BREAKAGES)
def test_a_method_that_breaks_its_contract_fails_and_reads_why(breakage, provider, monkeypatch):
    suite, name, breaks, reason = BREAKAGES[breakage]
    monkeypatch.setattr(suite, "provider", provider, raising=False)
    whole = failures(suite, name)
    provider.reset()
    breaks(monkeypatch)

    (broken,) = failures(suite, name)

    assert whole == []
    assert reason in broken


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("test_a_refund_is_made_once_however_often_it_is_asked_for", "This method cannot refund."),
        ("test_a_webhook_without_a_signature_is_refused", "This method takes no webhooks."),
        ("test_what_was_stopped_is_never_paid", "This provider never waits for the shopper."),
        ("test_a_refusal_takes_nothing_and_stays_one", "This method is never refused."),
    ],
)
def test_a_feature_that_a_method_lacks_is_not_tested(name, reason):
    class Plain(ExactPaymentMethodContract, TestCase):
        type_name = "PretendCard"

        def make_data(self):
            return {"token": "tok_paid"}

    result = unittest.TestResult()
    Plain(name)(result)

    assert [reason for _, reason in result.skipped] == [reason]
    assert result.wasSuccessful()


def test_a_suite_that_cannot_read_the_books_is_told_what_to_write():
    with pytest.raises(TypeError, match=r"get_taken\(self\), which reads the provider's books\.$"):
        ExactPaymentMethodContract().get_taken()
    with pytest.raises(TypeError, match=r"pay_elsewhere\(self, attempt, amount\)\.$"):
        ReferencePaymentMethodContract().pay_elsewhere(None, 1)
