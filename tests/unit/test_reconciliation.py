"""Comparing the provider's books with ours: what a database lost, and what a provider did twice."""

from datetime import timedelta
from decimal import Decimal
from uuid import uuid4

import pytest
from django.utils.timezone import now

from lorikeet.exceptions import ProviderUnavailable
from lorikeet.models import Order, PaymentAttempt
from lorikeet.outcomes import Pending, ProviderPayment, ProviderRefund, Refused, Review, Unknown
from lorikeet.payments import begin, resolve
from lorikeet.reconciliation import Difference, differences, look_again, pay_back
from lorikeet.refunds import refund, refundable
from lorikeet.sale.leases import claim
from lorikeet.sale.settle import owe, settle
from tests.testapp import models
from tests.testapp.payments import client
from tests.unit import DECLINED, begin_sale, reread, states

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("provider")]


@pytest.fixture
def waiting(provider):
    """A payment that waits, at a provider with books of its own."""
    attempt = begin_sale(models.ExactCard)
    settle(attempt, Pending())
    return reread(attempt)


@pytest.fixture
def sold(provider):
    """A sale that was paid at a provider with books of its own."""
    attempt = begin_sale(models.ExactCard)
    begin(attempt)
    assert states(attempt) == ("paid", "placed")
    return reread(attempt)


def found(days=1):
    return [
        (difference.kind, difference.provider, difference.payment.reference)
        for difference in differences(now() - timedelta(days=days))
    ]


def forget(attempt):
    """Lose an order, as a database does that fails over to a stale copy."""
    models.WineLine.objects.all().delete()
    PaymentAttempt.objects.filter(order=attempt.order_id).delete()
    Order.objects.filter(pk=attempt.order_id).delete()


def lose(provider, cents=1200):
    """Let the provider have a payment that carries a key of ours without an attempt."""
    key = uuid4()
    return key, provider.pay_elsewhere(cents, "AUD", key=key)["id"]


def test_books_that_agree_have_no_differences(sold, provider):
    assert found() == []


def test_a_payment_that_is_not_settled_yet_is_open(waiting, provider):
    paid = provider.pay_elsewhere(1200, "AUD", key=waiting.key)

    assert found() == [("open", "ExactCard", paid["id"])]


def test_a_payment_that_failed_here_is_unpaid(waiting, provider):
    settle(claim(waiting.pk), Refused(DECLINED))
    paid = provider.pay_elsewhere(1200, "AUD", key=waiting.key)

    assert found() == [("unpaid", "ExactCard", paid["id"])]


def test_a_payment_that_was_lost_is_unknown_and_named_once(provider):
    """Several methods may list the payments of one account."""
    _, reference = lose(provider)

    assert [(kind, reference) for kind, _, reference in found()] == [("unknown", reference)]


def test_a_payment_of_another_amount_differs(sold):
    PaymentAttempt.objects.update(amount=Decimal("11"))

    assert found() == [("amount", "ExactCard", sold.reference)]


def test_a_payment_in_another_currency_differs(sold):
    PaymentAttempt.objects.update(currency="NZD")

    assert found() == [("amount", "ExactCard", sold.reference)]


def test_a_currency_may_be_spelled_small(sold, monkeypatch):
    entry = ProviderPayment(sold.reference, str(sold.key), Decimal("12"), "aud", Decimal(0))
    monkeypatch.setattr(models.ExactCard, "list_payments", classmethod(lambda cls, since: [entry]))

    assert found() == []


def test_a_payment_that_the_staff_are_to_decide_is_parked(waiting, provider):
    settle(claim(waiting.pk), Unknown(can_be_asked=False))
    paid = provider.pay_elsewhere(1200, "AUD", key=waiting.key)

    assert found() == [("parked", "ExactCard", paid["id"])]


def test_looking_again_leaves_what_is_parked_to_the_staff(waiting, provider, unchanged):
    settle(claim(waiting.pk), Unknown(can_be_asked=False))
    provider.pay_elsewhere(1200, "AUD", key=waiting.key)

    with unchanged():
        look_at(provider)


def test_a_wrong_amount_that_was_noticed_makes_no_difference(waiting, provider):
    provider.pay_elsewhere(1100, "AUD", key=waiting.key)
    resolve(waiting)

    assert reread(waiting).received == "11.00 AUD"
    assert found() == []


def test_a_second_payment_under_one_key_is_found(sold, provider):
    second = provider.pay_elsewhere(1200, "AUD", key=sold.key)

    assert found() == [("second", "ExactCard", second["id"])]


def test_a_second_payment_refunded_in_full_makes_no_difference(provider, waiting):
    settle(claim(waiting.pk), Refused(DECLINED))
    provider.pay_elsewhere(1200, "AUD", key=waiting.key)
    resolve(reread(waiting))
    resolve(PaymentAttempt.objects.get(kind="refund"))

    assert provider.payments()[0]["refunded"] == 1200
    PaymentAttempt.objects.filter(kind="charge").update(state="failed")
    assert found() == []


def test_a_second_payment_refunded_in_part_makes_a_difference(sold, provider):
    refund(sold.order, Decimal("5"))
    PaymentAttempt.objects.filter(pk=sold.pk).update(amount=Decimal("11"))

    assert found() == [("amount", "ExactCard", sold.reference)]


# refunds


@pytest.fixture
def reviewable(monkeypatch):
    """Let the card be asked what was paid back of a payment."""

    def review_payment(card, attempt):
        entries = [entry for entry in client().list() if entry["id"] == attempt.reference]
        return Review([ProviderRefund("ref_1", Decimal(entry["refunded"]) / 100, "AUD", "paid") for entry in entries])

    monkeypatch.setattr(models.ExactCard, "review_payment", review_payment)


def give_back(payment, cents):
    """Have money paid back past the shop."""
    client().refund(payment.reference, uuid4(), cents)


@pytest.mark.parametrize("cents", [500, 1200])
def test_a_refund_past_the_shop_is_found(sold, cents):
    give_back(sold, cents)

    assert found() == [("refunds", "ExactCard", sold.reference)]


def test_it_is_recorded_when_it_is_looked_at(sold, reviewable):
    give_back(sold, 500)
    (difference,) = differences(now() - timedelta(days=1))

    look_again(difference)

    assert sold.order.amount_refunded == Decimal(5)
    assert found() == []


def test_a_refund_by_the_shop_makes_no_difference(sold):
    refund(sold.order, Decimal(5))

    assert found() == []


@pytest.mark.parametrize("paid_back", [True, False], ids=["was paid back", "was not"])
def test_a_refund_that_is_on_its_way_makes_no_difference(sold, paid_back):
    owe(sold, Decimal(5), "AUD")
    if paid_back:
        give_back(sold, 500)

    assert found() == []


def test_more_than_the_pending_refund_makes_a_difference(sold):
    owe(sold, Decimal(5), "AUD")
    give_back(sold, 501)

    assert found() == [("refunds", "ExactCard", sold.reference)]


def test_a_refund_that_only_our_books_have_makes_a_difference(sold):
    owe(sold, Decimal(5), "AUD", state="paid")

    assert found() == [("refunds", "ExactCard", sold.reference)]


def test_a_refund_that_failed_counts_for_nothing(sold):
    owe(sold, Decimal(5), "AUD", state="failed")

    assert found() == []


def test_a_refund_of_a_second_payment_is_recorded_with_that_one(sold, provider, reviewable):
    provider.pay_elsewhere(1200, "AUD", key=sold.key)
    (difference,) = differences(now() - timedelta(days=1))
    owed = pay_back(difference)
    PaymentAttempt.objects.filter(pk=owed.pk).update(state="failed")
    give_back(owed.parent, 500)
    (difference,) = differences(now() - timedelta(days=1))
    look_again(difference)

    assert (difference.kind, owed.order.amount_refunded, sold.order.amount_refunded) == ("refunds", 5, 0)
    assert found() == []


# keys that are none of ours


@pytest.mark.parametrize("key", [None, 17, b"pay_1", "pay_1"], ids=repr)
def test_a_value_that_is_no_key_is_no_key_of_ours(monkeypatch, key):
    entry = ProviderPayment("pay_9", key, Decimal("12"), "AUD", Decimal(0))
    monkeypatch.setattr(models.ExactCard, "list_payments", classmethod(lambda cls, since: [entry]))

    assert found() == []


@pytest.mark.parametrize("key", ["", "pay_1", None])
def test_a_payment_without_our_key_is_another_applications(provider, key):
    provider.pay_elsewhere(1200, "AUD", key=key)

    assert found() == []


def test_only_what_was_paid_since_then_is_compared(provider):
    lose(provider)

    assert found(days=-1) == []


@pytest.mark.parametrize("reference", [True, False])
def test_it_is_the_method_of_the_payment_that_compares_it(provider, reference):
    """Another method of the same account lists it as well, and knows nothing of it."""
    attempt = begin_sale(models.OneCallCard)
    begin(attempt)
    if not reference:
        PaymentAttempt.objects.update(reference=None)

    assert states(attempt) == ("paid", "placed")
    assert found() == []


def test_a_provider_that_does_not_answer_is_named_at_the_end(provider, monkeypatch):
    def fall_silent(cls, since):
        yield ProviderPayment("pay_9", str(uuid4()), Decimal("12"), "AUD", Decimal(0))
        raise ConnectionError

    for method in (models.OneCallCard, models.Transfer):
        monkeypatch.setattr(method, "list_payments", classmethod(fall_silent))
    _, reference = lose(provider)
    found = differences(now() - timedelta(days=1))

    assert next(found).payment.reference == reference
    with pytest.raises(ProviderUnavailable, match=r"^OneCallCard, Transfer$"):
        next(found)


# what is done about it


def look_at(provider):
    (difference,) = differences(now() - timedelta(days=1))
    look_again(difference)


def test_an_open_payment_is_settled(waiting, provider):
    provider.pay_elsewhere(1200, "AUD", key=waiting.key)

    look_at(provider)

    assert states(waiting) == ("paid", "placed")
    assert found() == []


def test_an_unpaid_payment_is_recorded_and_owed_back(waiting, provider):
    settle(claim(waiting.pk), Refused(DECLINED))
    provider.pay_elsewhere(1200, "AUD", key=waiting.key)

    look_at(provider)

    assert states(waiting) == ("paid", "cancelled")
    assert PaymentAttempt.objects.get(kind="refund").amount == Decimal("12")
    assert found() == []


def test_looking_again_at_an_unknown_payment_does_nothing(provider, unchanged):
    lose(provider)

    with unchanged():
        look_at(provider)


def test_a_lost_payment_is_owed_to_the_shopper(provider):
    key, reference = lose(provider)
    (difference,) = differences(now() - timedelta(days=1))

    owed = pay_back(difference)

    order, charge = Order.objects.get(), PaymentAttempt.objects.get(kind="charge")
    assert (order.state, order.cancel_reason, order.cart, order.subtotal) == ("cancelled", "lost", None, 0)
    assert (order.grand_total, order.currency) == (Decimal("12"), "AUD")
    assert (charge.key, charge.reference, charge.state, charge.method) == (key, reference, "paid", None)
    assert (owed.parent, owed.order, owed.amount, owed.currency, owed.state) == (charge, order, 12, "AUD", "calling")
    assert found() == []


def test_an_owed_refund_is_paid_by_recovery(provider):
    lose(provider)
    (difference,) = differences(now() - timedelta(days=1))
    owed = pay_back(difference)
    resolve(owed)

    assert reread(owed).state == "paid"
    assert provider.payments()[0]["refunded"] == 1200


def test_an_earlier_refund_of_a_lost_payment_is_left_out(provider):
    payment = ProviderPayment("pay_9", str(uuid4()), Decimal("12"), "AUD", refunded=Decimal("5"))

    owed = pay_back(Difference("unknown", "ExactCard", payment))

    first = PaymentAttempt.objects.get(kind="refund", state="paid")
    assert (owed.amount, owed.parent.amount, owed.order.grand_total) == (7, 12, 12)
    assert (first.amount, first.parent, first.lease_until, owed.order.amount_refunded) == (5, owed.parent, None, 5)
    assert refundable(owed.order) == 0


def test_nothing_is_recorded_as_paid_back_where_nothing_was(provider):
    lose(provider)
    (difference,) = differences(now() - timedelta(days=1))

    owed = pay_back(difference)

    assert PaymentAttempt.objects.get(kind="refund") == owed


def test_a_second_payment_is_owed_back_under_a_key_of_its_own(sold, provider):
    second = provider.pay_elsewhere(1200, "AUD", key=sold.key)["id"]
    (difference,) = differences(now() - timedelta(days=1))

    owed = pay_back(difference)
    resolve(owed)

    assert (owed.parent.reference, owed.parent.key != sold.key) == (second, True)
    assert {payment["id"]: payment["refunded"] for payment in provider.payments()} == {sold.reference: 0, second: 1200}
    assert states(sold) == ("paid", "placed")
    assert found() == []


def test_a_sale_that_the_database_lost_is_owed_back(sold, provider):
    forget(sold)

    (difference,) = differences(now() - timedelta(days=1))

    assert (difference.kind, difference.payment) == (
        "unknown",
        ProviderPayment(sold.reference, str(sold.key), Decimal("12"), "AUD", Decimal(0)),
    )
