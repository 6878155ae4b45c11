"""A sale in the middle, for the tests of payments."""

from datetime import timedelta

import pytest
from django.utils.timezone import now

from lorikeet.outcomes import Pending
from lorikeet.sale.settle import settle
from tests.testapp import models
from tests.unit import begin_sale, ready_cart, reread


@pytest.fixture
def attempt(db):
    """An open attempt, leased, at 12 dollars for the one bottle of an order, which its cart waits for."""
    return begin_sale()


@pytest.fixture
def paid(attempt):
    """A payment of the host's that is not linked to its attempt yet."""
    return models.CardPayment.objects.create(method=attempt.method, reference="ch_1")


@pytest.fixture
def scripted(db):
    """The payment method whose answers a test writes down, with none yet."""
    models.ScriptedCard.script()
    return models.ScriptedCard


@pytest.fixture
def cart(db):
    """A guest's cart that lacks nothing: one bottle for 12, a card that pays."""
    return ready_cart()


@pytest.fixture
def bank(monkeypatch):
    """Return a function that has a callable of order and amount answer instead of the card."""

    def answer(act):
        monkeypatch.setattr(models.PretendCard, "make_payment", act)

    return answer


@pytest.fixture
def begun(scripted):
    """An attempt that has just been made, at a card that answers as it is told to."""
    return begin_sale(scripted)


@pytest.fixture
def waiting(begun):
    """The same, waiting for the next look."""
    settle(begun, Pending())
    return reread(begun)


@pytest.fixture
def after(monkeypatch):
    """Return a function that moves the signers' clock forward."""

    def move(**delta):
        later = (now() + timedelta(**delta)).timestamp()
        monkeypatch.setattr("django.core.signing.time.time", lambda: later)

    return move
