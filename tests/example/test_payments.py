"""Every way in which a payment can go, at both providers, until the books of all three agree."""

from decimal import Decimal
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from lorikeet.exceptions import RefundError
from lorikeet.models import Order, PaymentAttempt
from lorikeet.refunds import refund
from pretend_providers import acquirers
from pretend_providers.clients import CardClient
from shop import models
from shop.models import Wine

from .conftest import recover

pytestmark = pytest.mark.django_db(transaction=True)


def wine(sku="QH-RIES-23"):
    return Wine.objects.get(sku=sku)


def statuses(books):
    return [(payment["state"], payment["amount"], payment["refunded"]) for payment in books.list_since()]


def orders():
    return [(order.state, order.cancel_reason) for order in Order.objects.order_by("id")]


@pytest.mark.usefixtures("books_agree")
class TestThreeDSecure:
    def test_shopper_approves(self, shopper, providers):
        shopper.get_ready(wine(), "tok_three_d_secure")

        answer = shopper.check_out()
        body = answer.json()
        assert (answer.status_code, body["reason"]) == (202, "action_required")
        assert body["info"]["url"].startswith(f"{providers.card_url}/challenges/pay_")
        assert shopper.cart()["pending_checkout"] == body["checkout"]
        reference = body["info"]["url"].rsplit("/", 1)[-1]
        assert providers.decide(body["info"]["url"], "approve") == f"http://127.0.0.1:8000/?payment={reference}"
        answer = shopper.confirm(answer)

        assert answer.status_code == 200
        assert orders() == [("placed", "")]
        assert statuses(providers.cards) == [("paid", 3800, 0)]

    def test_shopper_declines(self, shopper, providers):
        shopper.get_ready(wine(), "tok_three_d_secure")
        before = shopper.cart()
        answer = shopper.check_out()

        providers.decide(answer.json()["info"]["url"], "decline")
        answer = shopper.confirm(answer)

        assert answer.status_code == 422
        assert answer.json()["info"] == {
            "code": "authentication_failed",
            "message": "The payment was not approved by the card’s holder.",
        }
        assert shopper.cart()["items"] == before["items"]
        assert statuses(providers.cards) == [("declined", 3800, 0)]

    def test_shopper_who_left_is_asked_again(self, shopper, providers):
        shopper.get_ready(wine(), "tok_three_d_secure")
        first = shopper.check_out()

        again, confirmed = shopper.check_out(), shopper.confirm(first)

        assert again.json() == confirmed.json() == first.json()
        assert statuses(providers.cards) == [("action_required", 3800, 0)]

    def test_shopper_cancels(self, shopper, providers):
        shopper.get_ready(wine(), "tok_three_d_secure")
        before = shopper.cart()
        answer = shopper.check_out()

        cancelled = shopper.cancel(answer)

        assert (cancelled.status_code, cancelled.json()["reason"]) == (200, "cancelled")
        assert shopper.cart()["items"] == before["items"]
        assert statuses(providers.cards) == [("cancelled", 3800, 0)]

    def test_shopper_who_has_approved_can_not_cancel(self, shopper, providers):
        shopper.get_ready(wine(), "tok_three_d_secure")
        answer = shopper.check_out()

        providers.decide(answer.json()["info"]["url"], "approve")

        assert shopper.cancel(answer).json()["id"] == Order.objects.placed().get().pk

    def test_shopper_who_never_comes_back_is_given_up_when_the_time_is_over(self, shopper, providers):
        shopper.get_ready(wine(), "tok_three_d_secure")
        shopper.check_out()

        Order.objects.update(expires_at="2020-01-01T00:00Z")
        recover()

        assert orders() == [("cancelled", "expired")]
        assert len(shopper.cart()["items"]) == 1
        assert statuses(providers.cards) == [("cancelled", 3800, 0)]


@pytest.mark.usefixtures("books_agree")
class TestLateAnswers:
    @pytest.fixture(autouse=True)
    def hurry(self, monkeypatch, settings):
        monkeypatch.setattr(acquirers, "SECONDS_A_LATE_ANSWER_TAKES", 0.6)
        monkeypatch.setattr(models, "card_provider", lambda: CardClient(settings.CARD_PROVIDER_URL, timeout=0.3))

    def test_recovery_finds_out(self, shopper, providers):
        shopper.get_ready(wine(), "tok_late")

        answer = shopper.check_out()
        assert (answer.status_code, answer.json()["reason"]) == (202, "pending")
        recover()

        assert orders() == [("placed", "")]
        assert statuses(providers.cards) == [("paid", 3800, 0)]
        assert shopper.client.get(answer.json()["checkout"]["url"]).json()["state"] == "placed"

    def test_shopper_who_asks_again_finds_out(self, shopper, providers):
        shopper.get_ready(wine(), "tok_late")
        answer = shopper.check_out()

        assert shopper.confirm(answer).status_code == 200
        assert statuses(providers.cards) == [("paid", 3800, 0)]

    def test_provider_that_is_away_is_asked_again_when_it_is_back(self, shopper, providers, settings):
        shopper.get_ready(wine())
        there, settings.CARD_PROVIDER_URL = settings.CARD_PROVIDER_URL, "http://127.0.0.1:9"

        answer = shopper.check_out()
        assert answer.status_code == 202
        settings.CARD_PROVIDER_URL = there

        assert shopper.confirm(answer).status_code == 200
        assert statuses(providers.cards) == [("paid", 3800, 0)]


@pytest.mark.usefixtures("books_agree")
class TestWallet:
    def test_reference_pays_the_order(self, shopper, providers):
        shopper.get_ready(wine(), token=None)
        answer = shopper.check_out()
        action = answer.json()["info"]
        assert action == {
            "key": str(PaymentAttempt.objects.get().key),
            "amount": "38.00",
            "currency": "AUD",
            "url": f"{providers.wallet_url}/pay?key={action['key']}&amount=3800&currency=AUD",
        }

        reference = providers.pay(action)

        assert shopper.confirm(answer, reference=reference).status_code == 200
        assert statuses(providers.wallets) == [("paid", 3800, 0)]

    def test_payment_that_is_not_reported_is_found_by_its_key(self, shopper, providers):
        shopper.get_ready(wine(), token=None)
        answer = shopper.check_out()
        providers.pay(answer.json()["info"])
        recover()

        assert orders() == [("placed", "")]

    @pytest.mark.parametrize("reference", ["PW-AAAA-BBBB-CCCC", "../cards", "a payment"])
    def test_reference_that_is_unknown_is_refused(self, shopper, providers, reference):
        shopper.get_ready(wine(), token=None)
        answer = shopper.check_out()
        refused = shopper.confirm(answer, reference=reference)

        assert refused.status_code == 400
        assert refused.json() == {"reference": ["There is no payment for this order with this reference."]}
        assert orders() == [("pending", "")]

    def test_another_order_is_bought_meanwhile_and_a_reference_counts_once(self, shopper, providers):
        shopper.get_ready(wine(), token=None)
        first = shopper.check_out()
        reference = providers.pay(first.json()["info"])
        shopper.add(wine("LP-BRUT-NV"))
        second = shopper.check_out()
        assert second.json()["id"] != first.json()["id"]

        assert shopper.confirm(second, reference=reference).status_code == 400
        assert shopper.confirm(first, reference=reference).status_code == 200
        assert shopper.confirm(second, reference=reference).status_code == 400

        assert orders() == [("placed", ""), ("pending", "")]

    def test_too_little_is_paid_back(self, shopper, providers):
        shopper.get_ready(wine(), token=None)
        answer = shopper.check_out()

        reference = providers.pay(answer.json()["info"], "less")
        assert shopper.confirm(answer, reference=reference).status_code == 422
        recover()

        assert orders() == [("cancelled", "wrong amount")]
        assert len(shopper.cart()["items"]) == 1
        assert statuses(providers.wallets) == [("paid", 1900, 1900)]

    def test_amount_that_the_shopper_has_changed_is_paid_back(self, shopper, providers):
        shopper.get_ready(wine(), token=None)
        answer = shopper.check_out()

        reference = providers.pay(answer.json()["info"], amount="1")
        assert shopper.confirm(answer, reference=reference).status_code == 422
        recover()

        assert statuses(providers.wallets) == [("paid", 1, 1)]


@pytest.mark.usefixtures("books_agree")
class TestRefunds:
    @pytest.mark.parametrize("token", ["tok_visa", None])
    def test_staff_pay_back_in_the_admin(self, shopper, providers, admin_user, token):
        shopper.get_ready(wine(), token)
        answer = shopper.check_out()
        if token is None:
            shopper.confirm(answer, reference=providers.pay(answer.json()["info"]))
        staff = Client()
        staff.force_login(admin_user)
        books = providers.cards if token else providers.wallets

        for amount in ("8.00", "", "1.00"):
            data = {"_selected_action": Order.objects.get().pk, "amount": amount, "reason": "Corked"}
            assert staff.post("/admin/lorikeet/order/", {"action": "refund", **data}).status_code == 302

        assert statuses(books) == [("paid", 3800, 3800)]
        order = Order.objects.placed().get()
        assert order.amount_refunded == Decimal("38.00")
        page = shopper.client.get(order.get_absolute_url()).content.decode()
        assert "Paid back to you" in page

    def test_refund_whose_answer_was_lost_is_paid_once(self, shopper, providers):
        shopper.get_ready(wine())
        shopper.check_out()
        attempt = refund(Order.objects.get(), Decimal("8.00"), "Corked")

        models.PretendCard.objects.get().refund_payment(attempt)

        assert statuses(providers.cards) == [("paid", 3800, 800)]

    def test_more_than_was_paid_is_refused(self, shopper, providers):
        shopper.get_ready(wine())
        shopper.check_out()

        with pytest.raises(RefundError):
            refund(Order.objects.get(), Decimal("38.01"), "Corked")

        assert statuses(providers.cards) == [("paid", 3800, 0)]


class TestReconciliation:
    def test_payment_that_the_database_has_lost_is_reported_and_paid_back(self, shopper, providers):
        lost = CardClient(providers.card_url)
        payment = lost.create("0f7e3d3c-5a45-4a3f-9d0b-9bb4e7a5f1ce", Decimal("38.00"), "AUD", "tok_visa")
        lost.confirm(payment.id)
        said = StringIO()

        with pytest.raises(CommandError, match="1 differences"):
            call_command("lorikeet_reconcile", "--refund", stdout=said)
        recover()

        assert f"unknown: PretendCard {payment.id}" in said.getvalue()
        assert statuses(providers.cards) == [("paid", 3800, 3800)]
