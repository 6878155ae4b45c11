"""The outcomes of a checkout: paid, refused, unknown, nothing to pay; and the hooks of its rows on the way."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test import override_settings
from django.utils.timezone import now

from lorikeet.checkout import Terms, checkout
from lorikeet.exceptions import (
    ConflictError,
    ConflictErrorSet,
)
from lorikeet.models import Order, PaymentAttempt
from lorikeet.outcomes import Refused
from lorikeet.pricing import Charge, ChargeSource
from lorikeet.sale.settle import settle
from lorikeet.signals import order_checked_out, order_placed, payment_changed
from tests.testapp import models
from tests.unit import Killed, add_wine, charged, kill, listening, make_cart, select_address

pytestmark = pytest.mark.django_db(transaction=True)


def lapse():
    """Let the lease of the payment that is being made expire: its process is taken for dead."""
    PaymentAttempt.objects.update(lease_until=now() - timedelta(seconds=1))


# pay and settle


def test_a_payment_places_the_order(cart):
    outcome = checkout(cart)

    payment = models.CardPayment.objects.get()
    assert (outcome.order.state, outcome.replayed) == ("placed", False)
    assert (outcome.action, outcome.is_duplicate, PaymentAttempt.objects.get().state) == (None, False, "paid")
    assert (payment.attempt, outcome.order.payment_subclass) == (PaymentAttempt.objects.get(), payment)
    assert charged() == [(outcome.order.pk, Decimal("12"))]


def test_a_refusal_leaves_the_cart_as_it_was(cart):
    models.PretendCard.objects.update(token="tok_declined")

    outcome = checkout(cart)

    attempt = outcome.order.latest_charge
    assert (outcome.order.state, attempt.state) == ("cancelled", "failed")
    assert attempt.info == {"message": "Your card was declined.", "decline_code": "insufficient_funds"}
    assert models.WineLine.objects.get().cart == cart
    assert charged() == []


@pytest.mark.parametrize("error", [TimeoutError(), ConnectionResetError(), ZeroDivisionError()])
def test_a_timeout_is_no_refusal(cart, bank, error):
    """The bank may have the money: no line is handed back, the charge is not repeated, and the staff see it."""

    def take_and_fall_silent(card, order, amount):
        models.BankEntry.objects.create(order=order.pk, amount=amount)
        raise error

    bank(take_and_fall_silent)

    outcome = checkout(cart)

    order, attempt = outcome.order, outcome.order.latest_charge
    assert (order.state, attempt.state, attempt.attention) == ("pending", "unknown", "outcome unknown")
    assert models.WineLine.objects.get().order == order
    assert len(charged()) == 1


def test_a_return_value_that_is_no_payment_is_no_refusal_either(cart, bank):
    bank(lambda card, order, amount: "ch_1")
    order = checkout(cart).order

    assert (order.state, order.latest_charge.state) == ("pending", "unknown")


def test_a_cart_is_free_again_while_the_staff_look(cart, bank):
    bank(lambda card, order, amount: None)
    first = checkout(cart)
    add_wine(cart)
    bank(lambda card, order, amount: models.CardPayment.objects.create(method=card))

    second = checkout(cart)

    assert (first.order.state, second.order.state) == ("pending", "placed")
    assert first.order != second.order


def test_a_payment_whose_process_died_is_set_aside_by_the_next_request(cart, bank):
    bank(kill)
    with pytest.raises(Killed):
        checkout(cart)
    lapse()

    order = checkout(cart).order

    attempt = order.latest_charge
    assert (order.state, order.slot, attempt.state, attempt.attention) == (
        "pending",
        None,
        "unknown",
        "outcome unknown",
    )


def test_a_payment_that_is_being_made_is_waited_for(cart, bank):
    bank(kill)
    with pytest.raises(Killed):
        checkout(cart)

    outcome = checkout(cart, Terms(key="another"))

    assert (outcome.order, outcome.order.state, outcome.replayed) == (Order.objects.get(), "pending", False)
    assert PaymentAttempt.objects.get().state == "calling"


def test_a_process_that_died_is_not_followed_by_a_second_charge(cart, bank):
    def take_and_die(card, order, amount):
        models.BankEntry.objects.create(order=order.pk, amount=amount)
        raise Killed

    bank(take_and_die)
    with pytest.raises(Killed):
        checkout(cart, Terms(key="k"))
    lapse()

    answers = [checkout(cart, Terms(key="k")) for _ in range(3)]

    assert [answer.order.state for answer in answers] == ["pending"] * 3
    assert PaymentAttempt.objects.get().is_parked
    assert len(charged()) == 1


def test_a_worker_that_was_taken_for_dead_and_comes_back_places_the_order(cart, bank):
    """It was paid after all, and the attempt was not settled in the meantime."""

    def sleep(card, order, amount):
        lapse()
        meanwhile.append(checkout(cart).order.latest_charge.state)
        return models.CardPayment.objects.create(method=card)

    meanwhile = []
    bank(sleep)

    order = checkout(cart).order

    attempt = order.latest_charge
    assert meanwhile == ["unknown"]
    assert (order.state, attempt.state, attempt.attention) == ("placed", "paid", "")


def test_a_worker_that_comes_back_after_it_was_settled_places_nothing_and_pays_back(cart, bank):
    def sleep(card, order, amount):
        settle(PaymentAttempt.objects.get(), Refused({"message": "The staff have asked the bank."}))
        return models.CardPayment.objects.create(method=card)

    bank(sleep)

    with listening(order_placed) as placed, listening(order_checked_out) as told:
        outcome = checkout(cart)

    charge, refund = PaymentAttempt.objects.all()
    assert (outcome.order.state, charge.state, charge.attention) == ("cancelled", "paid", "late money")
    assert (refund.parent, refund.amount) == (charge, Decimal("12"))
    assert (placed, told) == ([], [])
    assert models.WineLine.objects.get().cart == cart


# nothing to pay


def test_an_order_that_costs_nothing_is_placed_without_asking_a_provider(cart, bank):
    bank(kill)
    models.AmountOff.objects.create(cart=cart, amount=Decimal("12"))

    with listening(order_placed) as placed, listening(payment_changed) as changed:
        outcome = checkout(cart)

    order = outcome.order
    assert (order.state, order.grand_total, order.payment_method, order.slot) == ("placed", Decimal(0), None, None)
    assert (order.expires_at, PaymentAttempt.objects.count()) == (None, 0)
    assert (len(placed), changed) == (1, [])


def test_an_order_that_costs_nothing_needs_no_method():
    cart = make_cart()
    add_wine(cart, "0")
    select_address(cart)

    assert checkout(cart).order.state == "placed"


# hooks


def test_every_line_takes_what_it_needs_before_the_commit_and_knows_its_order(cart, monkeypatch):
    def prepare(line):
        taken.append((line.order, line.cart, line.total_when_charged, connection.in_atomic_block))

    taken = []
    monkeypatch.setattr(models.WineLine, "prepare_for_checkout", prepare)

    order = checkout(cart).order

    assert taken == [(order, None, Decimal("12.00"), True)]


def test_a_line_may_keep_what_it_took_and_forget_it_again(cart, monkeypatch):
    """Only its hooks may save a row that is on an order."""

    def note(quantity):
        def hook(line):
            line.quantity = quantity
            line.save()

        return hook

    monkeypatch.setattr(models.WineLine, "prepare_for_checkout", note(7))
    monkeypatch.setattr(models.WineLine, "undo_checkout", note(8))
    models.PretendCard.objects.update(token="tok_declined")

    checkout(cart)
    refused = models.WineLine.objects.get()
    models.PretendCard.objects.update(token="tok_paid")
    order = checkout(cart).order

    sold = models.WineLine.objects.get()
    assert (refused.quantity, refused.cart, refused.order, refused.total_when_charged) == (8, cart, None, None)
    assert (sold.quantity, sold.cart, sold.order, sold.total_when_charged) == (7, None, order, Decimal("96"))
    with pytest.raises(ValueError, match="This is on an order"):
        sold.save()


def test_conflicts_stop_the_sale_and_each_is_named(cart, unchanged, monkeypatch):
    def used_up(coupon):
        raise ConflictError("used_up", "This coupon is used up.", "adjustments")

    monkeypatch.setattr(models.ShareOff, "prepare_for_checkout", used_up)
    models.MoodyLine.objects.create(cart=cart, mood="gone")
    models.ShareOff.objects.create(cart=cart)

    with unchanged(), pytest.raises(ConflictErrorSet) as refusal:
        checkout(cart)

    assert refusal.value.to_json() == [
        {"code": "gone", "field": "items", "message": "It is gone."},
        {"code": "used_up", "field": "adjustments", "message": "This coupon is used up."},
    ]
    assert charged() == []


class Credit(ChargeSource):
    """Store credit: takes five, notes what it takes and gives back."""

    code = "credit"

    def get_charges(self, contents, total):
        yield Charge("credit", "Store credit", Decimal("-5"), data={"left": 3})

    def prepare_for_checkout(self, order, charges):
        models.HookCall.objects.create(name=f"take {charges[0].total}", line=order.pk)

    def undo_checkout(self, order):
        models.HookCall.objects.create(name="give back", line=order.pk)


class Emptied(Credit):
    """Another shopper has taken it."""

    def prepare_for_checkout(self, order, charges):
        super().prepare_for_checkout(order, charges)
        raise ConflictError("credit", "Your store credit has changed.", "charges")


def charging(source):
    return override_settings(LORIKEET_CHARGES=[f"tests.unit.test_checkout_outcomes.{source.__name__}"])


def hooks():
    return list(models.HookCall.objects.order_by("pk").values_list("name", "line"))


def test_charge_sources_take_what_they_charge(cart):
    with charging(Credit):
        order = checkout(cart).order

    charge = order.charges.get()
    assert (charge.code, charge.label, charge.total, charge.included, charge.data, charge.currency) == (
        "credit",
        "Store credit",
        Decimal("-5"),
        False,
        {"left": 3},
        "AUD",
    )
    assert hooks() == [("take -5.00", order.pk)]
    assert charged() == [(order.pk, Decimal("7"))]


class Weighed(ChargeSource):
    """Says how it came to its charge, with the types that a host has at hand."""

    code = "post"

    def get_charges(self, contents, total):
        yield Charge("post", "Post", Decimal("5"), data={"kilograms": Decimal("1.50"), "until": date(2026, 1, 31)})


def test_an_order_keeps_what_the_cart_shows_of_a_charge(cart):
    with charging(Weighed):
        order = checkout(cart).order

    assert order.charges.get().data == {"kilograms": "1.50", "until": "2026-01-31"}


def test_charge_sources_give_it_back_when_the_payment_is_refused(cart):
    models.PretendCard.objects.update(token="tok_declined")

    with charging(Credit):
        order = checkout(cart).order

    assert hooks() == [("take -5.00", order.pk), ("give back", order.pk)]


def test_a_charge_source_in_conflict_stops_the_sale(cart, unchanged):
    with charging(Emptied), unchanged(), pytest.raises(ConflictErrorSet) as refusal:
        checkout(cart)

    assert [reason.code for reason in refusal.value] == ["credit"]
