"""The example shop, filled with its catalogue, its payment providers, and a shopper in it."""

import json
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from http.client import HTTPConnection
from io import StringIO
from threading import Thread
from urllib.parse import urlencode, urlsplit

import pytest
from django.core.management import call_command
from django.db import connection
from django.test import TransactionTestCase
from django.utils.timezone import now

from lorikeet.models import PaymentAttempt
from lorikeet.recovery import tick
from lorikeet.testing.stripe import KEY, FakeStripeServer
from pretend_providers.acquirers import CardProvider
from pretend_providers.books import Books
from pretend_providers.servers import serve
from pretend_providers.wallets import WalletProvider
from tests.faults.databases import clear
from tests.json_client import JSONClient


class Shopper:
    """A browser without JavaScript: keeps cookies, and sends JSON with the CSRF token that it was given."""

    def __init__(self):
        self.client = JSONClient(enforce_csrf_checks=True)

    def send(self, method, url, data=None, **headers):
        if "csrftoken" not in self.client.cookies:
            self.cart()
        headers["X-CSRFToken"] = self.client.cookies["csrftoken"].value
        body = "" if data is None else json.dumps(data)
        return self.client.generic(method, url, body, content_type="application/json", headers=headers)

    def cart(self):
        return self.client.get("/_cart/").json()

    def add(self, wine, quantity=1):
        body = {"type": "WineLineItem", "data": {"wine": wine.pk, "quantity": quantity}}
        return self.send("POST", self.cart()["new_item_url"], body)

    def give_address(self):
        data = {
            "addressee": "Joe Bloggs",
            "address": "123 Fake St",
            "suburb": "Adelaide",
            "state": "SA",
            "postcode": "5000",
        }
        return self.send("POST", self.cart()["new_address_url"], {"type": "AustralianDeliveryAddress", "data": data})

    def give_card(self, token):
        body = {"type": "PretendCard", "data": {"card_token": token}}
        return self.send("POST", self.cart()["new_payment_method_url"], body)

    def give_stripe_card(self, payment_method, **data):
        body = {"type": "StripeCard", "data": {"payment_method": payment_method, **data}}
        return self.send("POST", self.cart()["new_payment_method_url"], body)

    def give_wallet(self):
        return self.send("POST", self.cart()["new_payment_method_url"], {"type": "PretendWallet", "data": {}})

    def get_ready(self, wine, token="tok_visa"):
        """Do all that an order of one bottle needs; without a token it is paid with the wallet."""
        self.add(wine)
        self.give_address()
        self.give_email("joe@example.com")
        if token is None:
            return self.give_wallet()
        return self.give_stripe_card(token) if token.startswith("pm_") else self.give_card(token)

    def confirm(self, answer, **data):
        return self.send("POST", answer.json()["checkout"]["confirm_url"], {"data": data} if data else {})

    def cancel(self, answer):
        return self.send("POST", answer.json()["checkout"]["cancel_url"], {})

    def give_email(self, email):
        return self.send("PATCH", "/_cart/", {"email": email})

    def check_out(self, **headers):
        return self.send("POST", self.cart()["checkout_url"], **headers)


def post(url, **form):
    """Send a form as a browser does, and return where it is sent."""
    parts = urlsplit(url)
    with closing(HTTPConnection(parts.netloc, timeout=10)) as connection:
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        connection.request("POST", parts.path, urlencode(form), headers)
        answer = connection.getresponse()
    assert answer.status == 303
    return answer.headers["Location"]


@dataclass
class Providers:
    """Both payment providers: their addresses, their books, and what a shopper does on their pages."""

    card_url: str
    wallet_url: str
    cards: Books
    wallets: Books

    def decide(self, url, decision):
        """Answer the question on the bank's page, and return where the browser is sent."""
        return post(url, decision=decision)

    def pay(self, action, choice="all", amount=None):
        """Pay on the wallet's page what the shop asked for, and return the reference."""
        amount = amount or action["amount"].replace(".", "")
        form = {"key": action["key"], "amount": amount, "currency": action["currency"], "choice": choice}
        return post(f"{self.wallet_url}/pay", **form).rsplit("/", 1)[-1]


@pytest.fixture
def providers(tmp_path, settings):
    """Run both providers on free ports, with empty books."""
    books = [Books(tmp_path / "providers.sqlite3", name) for name in ("card", "wallet")]
    servers = [serve(CardProvider(books[0]), 0), serve(WalletProvider(books[1]), 0)]
    threads = [Thread(target=server.serve_forever, args=[0.05]) for server in servers]
    for thread in threads:
        thread.start()
    urls = [f"http://127.0.0.1:{server.server_port}" for server in servers]
    settings.CARD_PROVIDER_URL, settings.WALLET_PROVIDER_URL = urls
    yield Providers(*urls, *books)
    for server, thread in zip(servers, threads, strict=True):
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def stripe(settings):
    """Run Stripe's double on a free port, and return it."""
    with FakeStripeServer() as server:
        settings.LORIKEET_STRIPE_API_KEY, settings.LORIKEET_STRIPE_API_BASE = KEY, server.url
        settings.LORIKEET_STRIPE_PUBLISHABLE_KEY = ""
        yield server


@pytest.fixture
def books_agree(shopper):
    """Check afterwards that every rule holds and all providers have written down the same."""
    yield
    call_command("lorikeet_check", stdout=StringIO())
    call_command("lorikeet_reconcile", stdout=StringIO())


def recover():
    """Run recovery as it runs when everything that waits is due."""
    PaymentAttempt.objects.exclude(check_at=None).update(check_at=now())
    tick()


@pytest.fixture(scope="session", autouse=True)
def quick_clearing():
    """After a test, empty the tables; Django would make all permissions anew as well."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", lambda case: clear())
        yield


@pytest.fixture(scope="session")
def filled(django_db_setup, django_db_blocker):
    """A copy of the database, with the catalogue in it."""
    with django_db_blocker.unblock(), closing(sqlite3.connect(":memory:")) as copy:
        call_command("load_catalogue", verbosity=0)
        connection.connection.backup(copy)
        clear()
        yield copy


@pytest.fixture
def catalogue(filled, transactional_db):
    filled.backup(connection.connection)


@pytest.fixture
def shopper(catalogue, providers, stripe):
    return Shopper()
