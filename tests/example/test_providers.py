"""What the pretend providers promise to a shop, asked over HTTP."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timezone
from decimal import Decimal
from http.client import HTTPConnection
from urllib.parse import urlsplit

import pytest

from pretend_providers.clients import CardClient, ProviderUnavailable, RequestRefused, WalletClient

KEY, OTHER_KEY, THIRD_KEY = (f"0f7e3d3c-5a45-4a3f-9d0b-9bb4e7a5f1c{digit}" for digit in "123")
PRICE = Decimal("38.00")


@pytest.fixture
def cards(providers):
    return CardClient(providers.card_url)


def pay(cards, token="tok_visa"):
    return cards.confirm(cards.create(KEY, PRICE, "AUD", token).id)


class TestPayments:
    def test_same_key_is_the_same_payment(self, cards):
        first, second = (cards.create(KEY, PRICE, "AUD", "tok_visa") for _ in range(2))

        assert first == second
        assert (first.state, first.amount, first.key) == ("created", PRICE, KEY)

    def test_key_of_another_payment_is_refused(self, cards):
        cards.create(KEY, PRICE, "AUD", "tok_visa")

        with pytest.raises(RequestRefused) as refusal:
            cards.create(KEY, Decimal("38.01"), "AUD", "tok_visa")

        assert (refusal.value.status, refusal.value.code) == (409, "key_reused")

    @pytest.mark.parametrize(
        "token, state",
        [
            ("tok_visa", "paid"),
            ("tok_mastercard", "paid"),
            ("tok_declined", "declined"),
            ("tok_insufficient_funds", "declined"),
            ("tok_three_d_secure", "action_required"),
        ],
    )
    def test_each_card_has_its_outcome_for_good(self, cards, token, state):
        payment = pay(cards, token)

        assert payment.state == state
        assert cards.confirm(payment.id) == cards.retrieve(payment.id) == cards.find(KEY) == payment

    def test_payment_is_either_paid_or_cancelled(self, cards):
        payment = cards.create(KEY, PRICE, "AUD", "tok_visa")

        with ThreadPoolExecutor() as pool:
            answers = list(pool.map(lambda ask: ask(payment.id).state, [cards.cancel, cards.confirm] * 8))

        assert len(set(answers)) == 1

    def test_amount_is_in_the_coins_of_its_currency(self, cards, providers):
        cards.create(KEY, Decimal("3800"), "JPY", "tok_visa")

        assert providers.cards.find(KEY)["amount"] == 3800

    def test_payments_are_listed_since_a_moment(self, cards):
        payment = pay(cards)

        assert cards.list_payments(payment.created_at) == [payment]
        assert cards.list_payments(datetime(2200, 1, 1, tzinfo=timezone.utc)) == []

    def test_payment_that_was_never_made_is_unknown(self, cards, providers):
        assert cards.find(KEY) is cards.retrieve("pay_1") is None
        assert WalletClient(providers.wallet_url).look_up("PW-AAAA-BBBB-CCCC") is None

    def test_provider_that_is_away_is_unavailable(self):
        with pytest.raises(ProviderUnavailable):
            CardClient("http://127.0.0.1:9").find(KEY)


class TestRefunds:
    def test_same_key_is_the_same_refund(self, cards):
        payment = pay(cards)

        first, second = (cards.refund(payment.id, OTHER_KEY, Decimal("8.00"), "AUD") for _ in range(2))

        assert first == second
        assert cards.retrieve(payment.id).refunded == Decimal("8.00")

    def test_no_more_is_given_back_than_was_paid(self, cards):
        payment = pay(cards)
        cards.refund(payment.id, OTHER_KEY, Decimal("37.99"), "AUD")

        with pytest.raises(RequestRefused, match="More would be given back"):
            cards.refund(payment.id, THIRD_KEY, Decimal("0.02"), "AUD")

        assert cards.retrieve(payment.id).refunded == Decimal("37.99")

    def test_nothing_is_given_back_of_what_was_not_paid(self, cards):
        payment = pay(cards, "tok_declined")

        with pytest.raises(RequestRefused, match="Only what was paid"):
            cards.refund(payment.id, OTHER_KEY, PRICE, "AUD")


class TestStrangers:
    """A page of another site that a person has open must not move money here."""

    @pytest.mark.parametrize(
        "headers, status",
        [
            ({"Host": "provider.example", "Content-Type": "application/json"}, 421),
            ({"Content-Type": "text/plain"}, 415),
            ({"Content-Type": "application/json"}, 400),
        ],
    )
    def test_request_that_a_stranger_can_send_is_refused(self, providers, headers, status):
        connection = HTTPConnection(urlsplit(providers.card_url).netloc, timeout=10)

        connection.request("POST", "/payments", "{}", headers)
        answer = connection.getresponse()
        connection.close()

        assert answer.status == status
        assert providers.cards.list_since() == []

    @pytest.mark.parametrize("url", ["https://shop.example/", "http://me@127.0.0.1/", "javascript:alert(1)"])
    def test_browser_is_sent_nowhere_but_to_loopback(self, cards, url):
        payment = cards.create(KEY, PRICE, "AUD", "tok_three_d_secure")

        with pytest.raises(RequestRefused) as refusal:
            cards.confirm(payment.id, return_url=url)

        assert refusal.value.code == "return_url"
        assert cards.retrieve(payment.id).state == "created"
