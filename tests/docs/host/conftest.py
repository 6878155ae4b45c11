"""The shop with its catalogue, and a shopper whose every request is written down."""

import threading

import pytest
from django.core.management import call_command
from fake_stripe import stripe
from recipes import provider
from recorder import Recorder

from pretend_providers.acquirers import CardProvider
from pretend_providers.books import Books
from pretend_providers.servers import serve


@pytest.fixture
def catalogue(transactional_db, django_db_reset_sequences):
    """The wines, numbered from 1: a checkout needs real transactions, and the examples need the same numbers."""
    call_command("load_catalogue", verbosity=0)


@pytest.fixture(autouse=True)
def books(monkeypatch):
    """The provider of the how-to guides, with empty books."""
    books = provider.Books()
    monkeypatch.setattr(provider, "books", books)
    return books


@pytest.fixture(autouse=True)
def empty_stripe():
    """Start with an account at Stripe that has no payments."""
    stripe.reset()


@pytest.fixture(scope="session")
def card_provider(tmp_path_factory):
    """The card provider of the example shop, on a port of its own."""
    books = Books(tmp_path_factory.mktemp("provider") / "books.sqlite3", "card")
    server = serve(CardProvider(books), 0)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture(autouse=True)
def provider_url(settings, card_provider):
    settings.CARD_PROVIDER_URL = card_provider


@pytest.fixture
def shopper(catalogue):
    return Recorder()
