"""The contract suites: they pass for every type of the test shop, and each fails for a type that breaks it."""

import unittest
from decimal import Decimal

import pytest
from django.test import Client, TestCase

from lorikeet import testing
from lorikeet.exceptions import PaymentError
from lorikeet.http import fast_serializers as readers
from lorikeet.testing import (
    AdjustmentContract,
    DeliveryAddressContract,
    FakeBank,
    LineItemContract,
    PaymentMethodContract,
)
from tests.testapp import models
from tests.testapp.clients import STREET
from tests.testapp.factories import make_book, make_coupon, make_wine, make_wrapping

# the bank


def test_a_bank_keeps_books():
    bank = FakeBank()

    references = [bank.charge("visa", Decimal("12.50"), "AUD"), bank.charge("visa", Decimal("3"), "AUD")]

    assert bank.charges == [
        (references[0], "visa", Decimal("12.50"), "AUD"),
        (references[1], "visa", Decimal("3"), "AUD"),
    ]
    assert (bank.total(), len(set(references))) == (Decimal("15.50"), 2)


def test_a_bank_declines_the_cards_it_is_told_to():
    bank = FakeBank(declines={"bad"})

    with pytest.raises(PaymentError) as refusal:
        bank.charge("bad", Decimal(1), "AUD")

    assert refusal.value.info == {"message": "Your card was declined.", "code": "card_declined"}
    assert (bank.charges, bank.total()) == ([], Decimal(0))


def test_banks_share_nothing():
    FakeBank().charge("visa", Decimal(1), "AUD")

    assert FakeBank().charges == []


def test_a_bank_takes_and_gives_once_for_each_key():
    bank = FakeBank()

    charged = [bank.charge("visa", Decimal(12), "AUD", key="k") for _ in range(2)]
    given = [bank.refund(charged[0], Decimal(5), key="r") for _ in range(2)]

    assert (len(set(charged)), len(set(given)), bank.total()) == (1, 1, Decimal(7))
    assert bank.find("k") == (charged[0], Decimal(12), "AUD")
    assert bank.find("another") is None


def test_a_bank_gives_no_more_back_than_it_took():
    bank = FakeBank()
    reference = bank.charge("visa", Decimal(12), "AUD")
    bank.refund(reference, Decimal(5), key="r1")

    with pytest.raises(PaymentError) as refusal:
        bank.refund(reference, Decimal(8), key="r2")

    assert (refusal.value.info["code"], bank.total()) == ("over_refund", Decimal(7))


# every type of the test shop


class TestWineLine(LineItemContract, TestCase):
    type_name = "WineLine"

    def make_data(self):
        return {"product": make_wine().pk, "quantity": 2}


class TestBookLine(LineItemContract, TestCase):
    """It forgets its ``cart_prefetch``, which the suite says."""

    type_name = "BookLine"

    def make_data(self):
        return {"product": str(make_book().pk), "wrapping": make_wrapping().pk}

    @unittest.expectedFailure
    def test_the_number_of_queries_does_not_grow_with_the_number_of_lines(self):
        super().test_the_number_of_queries_does_not_grow_with_the_number_of_lines()


class TestGiftBookLine(LineItemContract, TestCase):
    type_name = "GiftBookLine"

    def make_data(self):
        return {"product": str(make_book().pk), "wrapping": make_wrapping().pk, "message": "Cheers"}


class TestHamperLine(LineItemContract, TestCase):
    type_name = "HamperLine"

    def make_data(self):
        return {"wines": [make_wine().pk, make_wine().pk]}


class TestEnrolment(LineItemContract, TestCase):
    type_name = "Enrolment"

    def make_data(self):
        course, _ = models.Course.objects.get_or_create(slug="tasting", defaults={"title": "Tasting", "fee": 80})
        return {"product": course.pk}


class TestMoodyLine(LineItemContract, TestCase):
    type_name = "MoodyLine"

    def make_data(self):
        return {"mood": "calm", "amount": "12.0000"}


class TestShareOff(AdjustmentContract, TestCase):
    type_name = "ShareOff"

    def make_data(self):
        return {"parts": 3}


class TestAmountOff(AdjustmentContract, TestCase):
    type_name = "AmountOff"

    def make_data(self):
        return {"amount": "1000.0000"}


class TestCoupon(AdjustmentContract, TestCase):
    type_name = "CouponAdjustment"

    def make_data(self):
        coupon = models.Coupon.objects.first() or make_coupon()
        return {"code": coupon.code}


class TestStreetAddress(DeliveryAddressContract, TestCase):
    type_name = "StreetAddress"

    def make_data(self):
        return dict(STREET)


class TestLockerAddress(DeliveryAddressContract, TestCase):
    type_name = "LockerAddress"

    def make_data(self):
        locker, _ = models.Locker.objects.get_or_create(name="gpo")
        return {"locker": locker.pk, "note": "Bay 5"}


class TestPretendCard(PaymentMethodContract, TestCase):
    type_name = "PretendCard"

    def make_data(self):
        return {"token": "tok_paid"}

    def make_refused_data(self):
        return {"token": "tok_declined"}


class TestPayLater(PaymentMethodContract, TestCase):
    """It never refuses, so one test is skipped."""

    type_name = "PayLater"

    def make_data(self):
        return {"number": "PO-1"}


# a type that breaks its contract


def outcome(contract, name):
    """Run one test of a suite and return ``passed``, ``failed`` or ``skipped``."""
    result = unittest.TestResult()
    contract(name)(result)
    assert result.testsRun == 1
    if result.skipped:
        return "skipped"
    return "passed" if result.wasSuccessful() else "failed"


WINE, CARD, ADDRESS, SHARE = TestWineLine, TestPretendCard, TestStreetAddress, TestShareOff


def crash(*args, **kwargs):
    raise ZeroDivisionError


BREAKAGES = {
    "it is registered under another name": (
        WINE,
        "test_it_can_be_added_and_is_shown",
        lambda patch: patch.setattr("lorikeet.registry.Registry.name", lambda registry, model: "Wine"),
    ),
    "it is shown in another way each time": (
        WINE,
        "test_it_can_be_added_and_is_shown",
        lambda patch: patch.setattr(models.WineLine, "get_total", unsteady()),
    ),
    "it lets clients say who it belongs to": (
        ADDRESS,
        "test_what_is_not_a_clients_to_set_stays_as_it_is",
        lambda patch: show_and_take(patch, "active"),
    ),
    "it crashes": (
        WINE,
        "test_strange_values_are_refused_or_read_and_never_crash",
        lambda patch: patch.setattr("lorikeet.serializers.PrimaryKeyModelSerializer.to_internal_value", crash),
    ),
    "it is every shopper's": (
        WINE,
        "test_another_guest_does_not_see_it",
        lambda patch: patch.setattr(
            "lorikeet.cart.editing.find", lambda base, cart, pk: base.objects.get_subclass(pk=pk)
        ),
    ),
    "its price changes": (
        WINE,
        "test_its_total_is_the_carts_subtotal",
        lambda patch: patch.setattr(models.WineLine, "get_total", unsteady()),
    ),
    "it cannot be removed": (
        WINE,
        "test_it_can_be_removed",
        lambda patch: patch.setattr(models.WineLine, "delete", lambda line: None),
    ),
    "it reads its products one by one": (
        WINE,
        "test_the_number_of_queries_does_not_grow_with_the_number_of_lines",
        lambda patch: patch.setattr(models.WineLine, "get_total", lambda line: count_wines() * 0 + Decimal(12)),
    ),
    "the price may fall below zero": (
        SHARE,
        "test_it_never_makes_the_price_negative",
        lambda patch: patch.setattr(
            "lorikeet.http.representation.Representation.amount", lambda *args: {args[1]: "-1.00"}
        ),
    ),
    "a new one is not selected": (
        CARD,
        "test_a_new_one_is_selected",
        lambda patch: patch.setattr("lorikeet.cart.editing.select", lambda *args: None),
    ),
    "a removed one is still shown": (
        CARD,
        "test_a_removed_one_is_hidden_and_kept",
        lambda patch: patch.setattr("lorikeet.cart.editing.retire", lambda *args: None),
    ),
    "a removed one is deleted": (
        ADDRESS,
        "test_a_removed_one_is_hidden_and_kept",
        lambda patch: patch.setattr("lorikeet.cart.editing.retire", lambda base, cart, row: row.delete()),
    ),
    "a payment is no row": (
        CARD,
        "test_a_payment_is_a_saved_row_of_its_own_class",
        lambda patch: patch.setattr(models.PretendCard, "make_payment", lambda card, order, amount: "ch_1"),
    ),
    "a payment is not saved": (
        CARD,
        "test_a_payment_is_a_saved_row_of_its_own_class",
        lambda patch: patch.setattr(
            models.PretendCard, "make_payment", lambda card, order, amount: models.CardPayment(method=card)
        ),
    ),
    "a refusal pays": (
        CARD,
        "test_a_refusal_is_a_payment_error_that_leaves_no_payment",
        lambda patch: patch.setattr(
            models.PretendCard,
            "make_payment",
            lambda card, order, amount: models.CardPayment.objects.create(method=card),
        ),
    ),
    "a refusal is another error": (
        CARD,
        "test_a_refusal_is_a_payment_error_that_leaves_no_payment",
        lambda patch: patch.setattr(models.PretendCard, "make_payment", crash),
    ),
    "a refusal has no message": (
        CARD,
        "test_a_refusal_is_a_payment_error_that_leaves_no_payment",
        lambda patch: patch.setattr(models.PretendCard, "make_payment", refuse({"code": "x"})),
    ),
    "a refusal leaves a payment": (
        CARD,
        "test_a_refusal_is_a_payment_error_that_leaves_no_payment",
        lambda patch: patch.setattr(models.PretendCard, "make_payment", pay_and_refuse),
    ),
}


def show_and_take(patch, name):
    """Let the clients of an address set one more of its columns."""
    patch.setattr("tests.testapp.serializers.StreetAddressSerializer.Meta.fields", [*STREET, name])
    patch.setattr(readers, "_kept", {})


def unsteady():
    """A price that is another each time it is asked for."""
    prices = iter(range(1, 1000))
    return lambda line: Decimal(next(prices))


def count_wines():
    return models.Wine.objects.count()


def refuse(info):
    def make_payment(card, order, amount):
        raise PaymentError(info)

    return make_payment


def pay_and_refuse(card, order, amount):
    models.CardPayment.objects.create(method=card)
    raise PaymentError({"message": "No."})


@pytest.mark.django_db
@pytest.mark.parametrize("breakage", BREAKAGES)
def test_a_type_that_breaks_its_contract_fails_its_suite(breakage, monkeypatch):
    contract, name, break_it = BREAKAGES[breakage]
    whole = outcome(contract, name)

    with monkeypatch.context() as patch:
        break_it(patch)
        broken = outcome(contract, name)

    assert (whole, broken) == ("passed", "failed")


def test_every_test_of_every_suite_is_seen_to_fail():
    tests = {
        name
        for suite in (LineItemContract, AdjustmentContract, DeliveryAddressContract, PaymentMethodContract)
        for name in dir(suite)
        if name.startswith("test_")
    }

    assert {name for _, name, _ in BREAKAGES.values()} == tests


@pytest.mark.django_db
def test_a_refusal_that_is_no_refusal_is_told_as_such():
    """The failure is to say what is wrong with the type, not with the suite."""
    contract = TestPretendCard()
    contract.client = Client()
    contract.make_refused_data = lambda: {"token": "tok_paid"}

    with pytest.raises(AssertionError):
        contract.test_a_refusal_is_a_payment_error_that_leaves_no_payment()


@pytest.mark.django_db
def test_a_method_that_is_never_refused_is_not_tested_for_it():
    name = "test_a_refusal_is_a_payment_error_that_leaves_no_payment"

    assert outcome(TestPayLater, name) == "skipped"


def test_a_suite_without_data_is_told_what_to_write():
    class TestNothing(LineItemContract):
        pass

    with pytest.raises(TypeError) as refusal:
        TestNothing().make_data()

    assert str(refusal.value) == "Write TestNothing.make_data(self)."


def test_every_public_name_is_there():
    assert all(hasattr(testing, name) for name in testing.__all__)


del WINE, CARD, ADDRESS, SHARE
