"""The payment methods of the how-to guides do what the guides say of them."""

from datetime import timedelta
from decimal import Decimal
from io import StringIO
from unittest import mock

import pytest
from django.contrib.auth import get_user_model
from django.core import mail
from django.core.management import CommandError, call_command
from django.utils.timezone import now
from recipes.models import GiftCardPayment
from recipes.operations import pay_postage_back
from tours import CART, CHECKOUT, NEW, WALLET, check_out_with, get_ready, line, online_card

from lorikeet.models import Order, PaymentAttempt, RecoveryRun
from lorikeet.recovery import tick
from lorikeet.refunds import refund
from shop.models import PretendCard, PretendWallet

TOTAL = Decimal("38.00")


@pytest.fixture
def later(monkeypatch):
    """Let recovery find everything due."""

    def make_due():
        PaymentAttempt.objects.update(check_at=now(), lease=None, lease_until=now() - timedelta(seconds=1))

    return make_due


@pytest.fixture
def one_provider(monkeypatch):
    """Leave the example shop's own providers out of the comparison: other tests paid there."""
    for model in (PretendCard, PretendWallet):
        monkeypatch.setattr(model, "list_payments", lambda since: ())


def gift_card(token="tok_yes"):
    return {"type": "GiftCard", "data": {"token": token}}


class TestGiftCard:
    def test_it_is_charged_and_leaves_a_receipt(self, shopper, books):
        get_ready(shopper, method=gift_card())

        assert shopper.send(None, "POST", CHECKOUT).status_code == 200

        assert books.charged() == TOTAL
        assert GiftCardPayment.objects.get().attempt.order == Order.objects.get()

    def test_a_lost_answer_is_asked_for_with_the_same_key(self, shopper, books, later):
        get_ready(shopper, method=gift_card())
        books.fault = TimeoutError()
        assert shopper.send(None, "POST", CHECKOUT).json()["checkout"]["state"] == "pending"
        later()

        tick()

        assert Order.objects.get().is_placed
        assert books.charged() == TOTAL

    def test_after_the_window_it_waits_for_the_staff(self, shopper, books, later):
        get_ready(shopper, method=gift_card())
        books.fault = TimeoutError()
        shopper.send(None, "POST", CHECKOUT)
        PaymentAttempt.objects.update(created_at=now() - timedelta(hours=20))
        later()

        tick()

        assert PaymentAttempt.objects.get().is_parked
        assert shopper.send(None, "GET", CART).json()["pending_checkout"] is None


class TestOnlineCard:
    def test_it_is_charged(self, shopper, books):
        get_ready(shopper, method=online_card("tok_yes"))

        assert shopper.send(None, "POST", CHECKOUT).status_code == 200

        assert books.charged() == TOTAL

    def test_a_card_that_is_refused_is_not_charged(self, shopper, books):
        get_ready(shopper, method=online_card("tok_no"))

        response = shopper.send(None, "POST", CHECKOUT)

        assert (response.status_code, response.json()["info"]["code"]) == (422, "card_declined")
        assert books.charged() == 0

    @pytest.mark.parametrize("lost", ["create", "confirm"])
    def test_a_lost_answer_is_found_out(self, shopper, books, later, lost):
        get_ready(shopper, method=online_card("tok_yes"))
        real = getattr(books, lost)

        def lose_the_answer(*args, **kwargs):
            real(*args, **kwargs)
            raise TimeoutError

        with mock.patch.object(books, lost, lose_the_answer):
            assert shopper.send(None, "POST", CHECKOUT).status_code == 202
        later()

        tick()

        order = Order.objects.get()
        expected = ("cancelled", "abandoned", 0) if lost == "create" else ("placed", "", TOTAL)
        assert (order.state, order.cancel_reason, books.charged()) == expected

    def test_it_is_paid_back_once(self, shopper, books, later):
        get_ready(shopper, method=online_card("tok_yes"))
        shopper.send(None, "POST", CHECKOUT)
        order = Order.objects.get()
        books.fault = TimeoutError()
        assert refund(order, reason="Corked").state == "unknown"
        later()

        tick()

        assert (order.amount_refunded, books.charged()) == (TOTAL, 0)

    def test_what_the_database_lost_is_found_and_paid_back(self, shopper, books, later, one_provider):
        key = "2c9e7f10-8d3b-4b65-a1f4-7e6d5c4b3a29"
        books.charge(key, TOTAL, "AUD", "tok_yes")
        output = StringIO()

        with pytest.raises(CommandError, match="1 differences"):
            call_command("lorikeet_reconcile", "--refund", stdout=output)
        later()
        tick()

        assert output.getvalue().startswith(f"unknown: OnlineCard pay_1, 38.00 AUD, key {key}\n")
        assert books.charged() == 0

    def test_the_books_agree_after_a_sale(self, shopper, one_provider):
        get_ready(shopper, method=online_card("tok_yes"))
        shopper.send(None, "POST", CHECKOUT)
        output = StringIO()

        call_command("lorikeet_reconcile", stdout=output)
        call_command("lorikeet_check", stdout=output)

        assert output.getvalue() == "The providers' books agree.\nEvery rule holds.\n"


class TestWallet:
    def pay(self, books, amount=TOTAL):
        attempt = PaymentAttempt.objects.latest("id")
        record = books.create(str(attempt.key), amount, "AUD")
        return books.confirm(record.id).id

    def report(self, shopper, checkout, reference):
        return shopper.send(None, "POST", checkout["confirm_url"], {"data": {"reference": reference}})

    def test_the_shopper_may_shop_on(self, shopper, books):
        first = check_out_with(shopper, WALLET)
        reference = self.pay(books)
        shopper.send(None, "POST", NEW, line(wine=2))
        assert shopper.send(None, "POST", CHECKOUT).json()["id"] != first["order"]

        assert self.report(shopper, first, reference).status_code == 200

    def test_too_little_is_refused_and_paid_back(self, shopper, books):
        checkout = check_out_with(shopper, WALLET)
        reference = self.pay(books, Decimal("1.00"))

        assert self.report(shopper, checkout, reference).status_code == 422

        charge, owed = PaymentAttempt.objects.all()
        assert (charge.attention, charge.received) == ("wrong amount", "1.00 AUD")
        assert (owed.kind, owed.amount, owed.parent) == ("refund", 1, charge)


class TestOperations:
    @pytest.fixture
    def order(self, shopper):
        get_ready(shopper, method=online_card("tok_yes"))
        shopper.send(None, "POST", CHECKOUT)
        return Order.objects.get()

    def test_the_health_page_turns_when_recovery_does_not_run(self, shopper):
        assert shopper.client.get("/health/").status_code == 503
        tick()

        response = shopper.client.get("/health/")

        assert response.status_code == 200
        assert {**response.json(), "last_recovery": ""} == {
            "last_recovery": "",
            "is_recovering": True,
            "needs_attention": 0,
            "overdue": 0,
            "untold": 0,
        }
        RecoveryRun.objects.update(finished_at=now() - timedelta(minutes=11))
        assert shopper.client.get("/health/").status_code == 503

    def test_the_staff_are_written_to(self, shopper, books, later):
        checkout = check_out_with(shopper, WALLET)
        attempt = PaymentAttempt.objects.get()
        record = books.create(str(attempt.key), Decimal("1.00"), "AUD")
        books.confirm(record.id)

        shopper.send(None, "POST", checkout["confirm_url"], {"data": {"reference": record.id}})

        [message] = mail.outbox
        assert message.to == ["payments@shop.example"]
        assert message.subject == f"Order {attempt.order_id}: wrong amount"

    def test_the_postage_is_paid_back(self, order, books):
        staff = get_user_model().objects.create_user("ann")

        attempt = pay_postage_back(order, staff)

        assert (attempt.state, attempt.amount, attempt.created_by) == ("paid", Decimal("12.00"), staff)
        assert books.charged() == Decimal("26.00")
