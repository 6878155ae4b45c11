"""Payments that are made elsewhere and reported: what the provider says of them, for whom, and how often it counts."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.utils.timezone import now

from lorikeet.checkout import checkout
from lorikeet.exceptions import PaymentError, ProviderUnavailable
from lorikeet.models import Order, PaymentAttempt
from lorikeet.outcomes import Paid, Pending, Refused
from lorikeet.payments import confirm, give_up, resolve
from lorikeet.reference_payments import ReferencePaymentMethod, ReportedPayment
from lorikeet.sale.ask import check, method_of, start, stop
from lorikeet.sale.settle import settle
from tests.testapp import models
from tests.unit import begin_sale, ready_cart, reread, states

pytestmark = pytest.mark.django_db(transaction=True)

FAILED = {"code": "failed", "message": "The payment was not completed."}


@pytest.fixture
def books(monkeypatch):
    """What the provider says of each reference."""
    reported = {}
    monkeypatch.setattr(models.Transfer, "look_up", lambda method, reference: reported.get(reference))
    monkeypatch.setattr(models.Transfer, "find_reference", ReferencePaymentMethod.find_reference)
    return reported


@pytest.fixture
def waiting(books):
    """A payment that the shopper makes elsewhere, as it waits."""
    attempt = begin_sale(models.Transfer)
    settle(attempt, Pending())
    return reread(attempt)


def paid(attempt, **fields):
    """Return what the provider says of the payment of an attempt, as it was agreed."""
    return ReportedPayment(
        **{"amount": Decimal("12"), "currency": "AUD", "state": "paid", "key": str(attempt.key), **fields}
    )


def refused(attempt, data):
    """Report a payment, which is refused, and return what is said."""
    before = reread(attempt)
    with pytest.raises(ValidationError) as refusal:
        confirm(attempt, data)
    assert (reread(attempt).reference, reread(attempt).state) == (before.reference, before.state)
    return refusal.value.message_dict


# what the provider says


@pytest.mark.parametrize("state", ["succeeded", "declined", "PENDING", "", None, True], ids=repr)
def test_a_state_in_the_providers_own_words_is_refused(state):
    """Whatever is not known must not count as paid."""
    with pytest.raises(TypeError) as refusal:
        ReportedPayment(Decimal("12"), "AUD", state)

    words = "('paid', 'pending', 'failed')"
    assert str(refusal.value) == f"The state of a reported payment is one of {words}, not {state!r}."


@pytest.mark.parametrize(
    "fields", [{"amount": "12"}, {"currency": None}, {"reference": "x" * 256}, {"reference": ""}], ids=str
)
def test_facts_that_cannot_be_compared_are_refused(fields):
    with pytest.raises(TypeError):
        ReportedPayment(**{"amount": Decimal("12"), "currency": "AUD", "state": "paid", **fields})


# waiting


def test_the_browser_is_told_what_to_pay_and_under_which_key(waiting):
    action = {"key": str(waiting.key), "amount": "12.00", "currency": "AUD"}

    assert start(waiting) == Pending(action=action)
    assert check(waiting) == Pending(action=action)


def test_the_order_waits_for_hours():
    cart = ready_cart()
    cart.payment_method = models.Transfer.objects.create(cart=cart)
    cart.save()
    before = now()

    order = checkout(cart).order

    assert timedelta(hours=5) <= order.expires_at - before < timedelta(hours=5, minutes=1)
    assert (order.state, order.latest_charge.state) == ("pending", "pending")


def test_a_host_says_how_a_reference_is_looked_up(monkeypatch):
    monkeypatch.setattr(models.Transfer, "look_up", ReferencePaymentMethod.look_up)

    with pytest.raises(TypeError, match=r"^Write Transfer\.look_up\(self, reference\)\.$"):
        models.Transfer().look_up("TR-1")


# reporting


def test_a_payment_that_is_reported_makes_the_sale(waiting, books):
    books["TR-1"] = paid(waiting)

    outcome = confirm(waiting, {"reference": "TR-1"})

    assert outcome == Paid("TR-1", Decimal("12"), "AUD")
    assert states(waiting) == ("paid", "placed")
    assert reread(waiting).reference == "TR-1"


@pytest.mark.parametrize("reference", [None, 7, "", "x" * 256, "TR\0", ["TR-1"], True], ids=repr)
def test_a_value_that_is_no_reference_is_not_looked_up(waiting, monkeypatch, reference):
    monkeypatch.setattr(models.Transfer, "look_up", None)

    assert refused(waiting, {"reference": reference}) == {"reference": ["Give the reference of your payment."]}


def test_a_reference_is_needed(waiting):
    assert refused(waiting, {}) == {"reference": ["Give the reference of your payment."]}


def test_nothing_else_is_taken(waiting, books):
    books["TR-1"] = paid(waiting)

    assert refused(waiting, {"reference": "TR-1", "amount": "12"}) == {"amount": ["There is no such field."]}


@pytest.mark.parametrize(
    "fields",
    [None, {"key": "00000000-0000-4000-8000-000000000000"}, {"key": None}, {"key": ""}],
    ids=["unknown", "of another", "without a key", "with an empty key"],
)
def test_a_payment_that_is_not_this_shoppers_is_as_unknown_as_one_that_is_not_there(waiting, books, fields):
    if fields is not None:
        books["TR-1"] = paid(waiting, **fields)

    assert refused(waiting, {"reference": "TR-1"}) == {
        "reference": ["There is no payment for this order with this reference."]
    }


@pytest.mark.parametrize("spell", [lambda key: key.hex.upper(), lambda key: f"{{{key}}}", lambda key: key])
def test_a_key_may_be_spelled_otherwise(waiting, books, spell):
    books["TR-1"] = paid(waiting, key=spell(waiting.key))

    confirm(waiting, {"reference": "TR-1"})

    assert states(waiting) == ("paid", "placed")


@pytest.mark.parametrize("shows_key", [True, False])
def test_a_currency_may_be_spelled_small(waiting, books, monkeypatch, shows_key):
    monkeypatch.setattr(models.Transfer, "shows_key", shows_key)
    books["TR-1"] = paid(waiting, currency="aud")

    confirm(waiting, {"reference": "TR-1"})

    assert states(waiting) == ("paid", "placed")


def test_a_raw_answer_of_the_provider_is_not_believed(waiting, books, monkeypatch):
    monkeypatch.setattr(models.Transfer, "look_up", lambda method, reference: paid(waiting, state="declined"))
    with pytest.raises(ProviderUnavailable):
        confirm(waiting, {"reference": "TR-1"})

    assert states(waiting) == ("pending", "pending")


def test_a_reference_counts_once(waiting, books, monkeypatch):
    monkeypatch.setattr(models.Transfer, "shows_key", False)
    books["TR-1"] = paid(waiting, key=None)
    confirm(waiting, {"reference": "TR-1"})
    second = begin_sale(models.Transfer)
    settle(second, Pending())

    assert refused(second, {"reference": "TR-1"}) == {"reference": ["This payment was used for another order."]}
    assert states(second) == ("pending", "pending")


def test_a_reference_counts_as_the_provider_writes_it(waiting, books):
    books[" tr-1"] = books["TR-1"] = paid(waiting, reference="TR-1")

    assert confirm(waiting, {"reference": " tr-1"}).reference == "TR-1"
    assert reread(waiting).reference == "TR-1"


@pytest.mark.parametrize(("amount", "currency"), [("11", "AUD"), ("12", "NZD")])
def test_without_a_key_it_is_the_amount_that_tells_whose_payment_it_is(waiting, books, monkeypatch, amount, currency):
    monkeypatch.setattr(models.Transfer, "shows_key", False)
    books["TR-1"] = paid(waiting, key=None, amount=Decimal(amount), currency=currency)

    assert "reference" in refused(waiting, {"reference": "TR-1"})


@pytest.mark.parametrize(("amount", "currency"), [("11", "AUD"), ("12", "NZD"), ("13", "AUD")])
def test_a_payment_of_another_amount_makes_no_sale_and_is_paid_back(waiting, books, amount, currency):
    books["TR-1"] = paid(waiting, amount=Decimal(amount), currency=currency)

    confirm(waiting, {"reference": "TR-1"})

    refund = PaymentAttempt.objects.get(kind="refund")
    assert states(waiting) == ("paid", "cancelled")
    assert (refund.amount, refund.currency) == (Decimal(amount), currency)


def test_a_payment_that_is_on_its_way_is_waited_for(waiting, books):
    books["tr-1"] = books["TR-1"] = paid(waiting, state="pending", reference="TR-1")

    assert confirm(waiting, {"reference": "tr-1"}) == Pending("TR-1")
    assert states(waiting) == ("pending", "pending")


def test_a_payment_that_failed_ends_the_order(waiting, books):
    books["TR-1"] = paid(waiting, state="failed")

    confirm(waiting, {"reference": "TR-1"})

    assert states(waiting) == ("failed", "cancelled")
    assert reread(waiting).info == FAILED


@pytest.mark.parametrize("state", ["pending", "paid"])
def test_a_second_payment_does_not_take_the_place_of_a_good_one(waiting, books, state):
    books.update({"TR-1": paid(waiting, state="pending"), "TR-2": paid(waiting)})
    confirm(waiting, {"reference": "TR-1"})
    books["TR-1"] = paid(waiting, state=state)

    assert refused(reread(waiting), {"reference": "TR-2"}) == {
        "reference": ["Another payment was reported for this order."]
    }


@pytest.mark.parametrize("first", ["failed", "gone"])
def test_a_second_payment_may_take_the_place_of_one_that_came_to_nothing(waiting, books, first):
    books.update({"TR-1": paid(waiting, state="pending"), "TR-2": paid(waiting)})
    confirm(waiting, {"reference": "TR-1"})
    books["TR-1"] = paid(waiting, state="failed") if first == "failed" else None

    confirm(reread(waiting), {"reference": "TR-2"})

    assert states(waiting) == ("paid", "placed")
    assert reread(waiting).reference == "TR-2"


def test_the_same_payment_may_be_reported_twice(waiting, books):
    books["TR-1"] = paid(waiting, state="pending")

    for _ in range(2):
        confirm(waiting, {"reference": "TR-1"})

    assert states(waiting) == ("pending", "pending")


# asking


def test_a_payment_that_was_not_reported_is_found_by_its_key(waiting, books, monkeypatch):
    monkeypatch.setattr(models.Transfer, "find_reference", lambda method, attempt: "TR-1")
    books["TR-1"] = paid(waiting)
    resolve(waiting)

    assert states(waiting) == ("paid", "placed")


def test_by_default_a_method_finds_no_reference(waiting):
    assert method_of(waiting).find_reference(waiting) is None


def test_a_reference_that_turns_out_to_be_anothers_counts_for_nothing(waiting, books, monkeypatch):
    monkeypatch.setattr(models.Transfer, "find_reference", lambda method, attempt: "TR-1")
    books["TR-1"] = paid(waiting, key="another")

    resolve(waiting)

    assert states(waiting) == ("pending", "pending")


def test_a_payment_that_failed_is_a_refusal(waiting, books):
    waiting.reference = "TR-1"
    books["TR-1"] = paid(waiting, state="failed")

    with pytest.raises(PaymentError) as refusal:
        method_of(waiting).check_payment(waiting)

    assert refusal.value.info == FAILED


# giving up


@pytest.mark.parametrize("state", [None, "failed"])
def test_a_payment_without_money_on_its_way_is_given_up_and_watched(waiting, books, state):
    """The shopper can still pay there tomorrow."""
    if state is not None:
        PaymentAttempt.objects.update(reference="TR-1")
        books["TR-1"] = paid(waiting, state=state, key="another")
    give_up(waiting.order)

    assert states(waiting) == ("failed", "cancelled")
    assert reread(waiting).check_at is not None


def test_a_payment_on_its_way_is_not_given_up(waiting, books):
    PaymentAttempt.objects.update(reference="TR-1")
    books["TR-1"] = paid(waiting, state="pending")

    assert give_up(waiting.order) == Pending("TR-1")
    assert states(waiting) == ("pending", "pending")


def test_a_payment_on_its_way_is_found_before_it_is_given_up(waiting, books, monkeypatch):
    monkeypatch.setattr(models.Transfer, "find_reference", lambda method, attempt: "TR-1")
    books["TR-1"] = paid(waiting, state="pending", key="another")

    assert stop(waiting, Pending(), Refused(None)) == check(waiting)


def test_a_payment_that_comes_after_it_was_given_up_is_refunded(waiting, books, monkeypatch):
    give_up(waiting.order)
    monkeypatch.setattr(models.Transfer, "find_reference", lambda method, attempt: "TR-1")
    books["TR-1"] = paid(waiting)
    resolve(reread(waiting))

    assert states(waiting) == ("paid", "cancelled")
    assert (reread(waiting).attention, PaymentAttempt.objects.get(kind="refund").amount) == ("late money", 12)


def test_an_expired_payment_is_given_up(waiting):
    Order.objects.update(expires_at=now() - timedelta(seconds=1))
    resolve(waiting)

    assert states(waiting) == ("failed", "cancelled")
    assert Order.objects.get().cancel_reason == "expired"
