"""Comparing Stripe's books with ours: what the database lost, what the dashboard did, and what is none of ours."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.test import override_settings
from django.utils.timezone import now

from lorikeet.extensions.stripe.models import StripePayment
from lorikeet.models import Order, PaymentAttempt
from lorikeet.outcomes import ProviderPayment
from lorikeet.payments import resolve
from lorikeet.reconciliation import differences, look_again, pay_back
from lorikeet.refunds import refund
from tests.testapp import models
from tests.unit import lapse, states

from .shopping import FAKE, attempt, calls, client, get_ready, intents

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _only_stripe(monkeypatch):
    """Let the other methods of the test host, whose provider does not run, have no payments."""
    for method in (models.ExactCard, models.OneCallCard, models.Transfer):
        monkeypatch.setattr(method, "list_payments", classmethod(lambda cls, since: []))


def found(days=7):
    return list(differences(now() - timedelta(days=days)))


def kinds():
    return [difference.kind for difference in found()]


def forget():
    """Lose the order, as a database does that fails over to a stale copy."""
    models.WineLine.objects.all().delete()
    StripePayment.objects.all().delete()
    PaymentAttempt.objects.all().delete()
    Order.objects.all().delete()


def charge(**metadata):
    """Make a payment past the shop."""
    terms = {"amount": 700, "currency": "aud", "payment_method": "pm_card_visa", "confirm": True, "metadata": metadata}
    automatic = {"enabled": True, "allow_redirects": "never"}
    return client().v1.payment_intents.create({**terms, "automatic_payment_methods": automatic})


def test_books_that_agree_have_no_differences(sold):
    assert found() == []


def test_a_sale_that_the_database_lost_is_found_and_paid_back(sold):
    forget()

    (difference,) = found()
    owed = pay_back(difference)
    resolve(owed)

    assert (difference.kind, difference.payment) == (
        "unknown",
        ProviderPayment(sold.reference, str(sold.key), Decimal(12), "AUD", Decimal(0)),
    )
    assert FAKE.totals() == {"aud": 0}
    assert found() == []


def test_a_payment_without_a_webhook_is_open_and_settled(buyer, fake):
    fake.fault("lose", acts=True, times=2, path="*/confirm")
    buyer.checkout()
    lapse(attempt())
    (difference,) = found()
    look_again(difference)

    assert difference.kind == "open"
    assert states(attempt()) == ("paid", "placed")
    assert found() == []


@pytest.mark.parametrize("amount", [500, None], ids=["a part", "all"])
def test_a_refund_in_the_dashboard_is_found_and_recorded(sold, amount):
    FAKE.refund(sold.reference, amount)
    (difference,) = found()
    look_again(difference)

    assert difference.kind == "refunds"
    assert sold.order.amount_refunded == Decimal(amount or 1200) / 100
    assert found() == []


def test_a_refund_by_the_shop_makes_no_difference(sold):
    refund(sold.order, Decimal(5))

    assert found() == []


@pytest.mark.parametrize("metadata", [{}, {"order": "7"}, {"lorikeet_key": "7"}, {"lorikeet_shop": "cellar"}], ids=str)
def test_a_payment_without_our_key_is_another_applications(fake, db, metadata):
    charge(**metadata)

    assert found() == []


@pytest.mark.parametrize(("shop", "other"), [("", "cellar"), ("cellar", ""), ("cellar", "bar")])
def test_another_shops_payments_are_left_alone(buyer, shop, other):
    with override_settings(LORIKEET_STRIPE_SHOP=other):
        buyer.checkout()
    forget()

    with override_settings(LORIKEET_STRIPE_SHOP=shop):
        assert found() == []
    with override_settings(LORIKEET_STRIPE_SHOP=other):
        assert kinds() == ["unknown"]


@pytest.mark.parametrize("card", ["chargeDeclined", "threeDSecureRequired", "processing"])
def test_a_payment_that_was_not_made_makes_no_difference(alice, fake, wine, card):
    get_ready(alice, wine, card)
    alice.checkout()

    assert found() == []


@override_settings(LORIKEET_STRIPE_CAPTURE_METHOD="manual")
@pytest.mark.parametrize("captured", [None, 1200])
def test_an_authorised_payment_agrees_before_and_after_its_capture(buyer, fake, captured):
    buyer.checkout()
    if captured:
        client().v1.payment_intents.capture(attempt().reference)

    assert found() == []


@override_settings(LORIKEET_STRIPE_CAPTURE_METHOD="manual")
def test_a_partial_capture_in_the_dashboard_is_another_amount(buyer, fake):
    buyer.checkout()
    client().v1.payment_intents.capture(attempt().reference, {"amount_to_capture": 700})

    assert kinds() == ["amount"]


def test_only_what_was_made_lately_is_compared(sold):
    forget()
    FAKE.advance(5 * 86400)

    assert [difference.kind for difference in found(days=7)] == ["unknown"]
    assert found(days=-5) == []


def test_every_page_is_read(fake, db):
    for number in range(101):
        charge(lorikeet_key=f"00000000-0000-4000-8000-{number:012}")

    assert kinds() == ["unknown"] * 101
    assert calls().count("GET payment_intents") == 2


def test_it_is_one_call_for_a_page(sold):
    asked = len(FAKE.calls())

    found()

    assert calls(asked) == ["GET payment_intents"]
    assert len(intents()) == 1
