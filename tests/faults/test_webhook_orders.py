"""Events of one payment in every order, doubled and forged: the end is the same, and at most one order.

``LORIKEET_SOAK=1`` adds ten thousand random sequences, and ``LORIKEET_SEED`` chooses them.
"""

import itertools
import os
import random
import time
from collections import Counter

import pytest
from django.db import connection
from django.test import override_settings

from lorikeet import recovery
from lorikeet.checkout import checkout
from lorikeet.models import Cart, LineItem, Order, PaymentAttempt
from tests.strides import every
from tests.testapp import factories, models
from tests.testapp.clients import STREET, Browser

from .clients import sign_event
from .databases import pass_time

SEED = int(os.environ.get("LORIKEET_SEED", "1"))
RANDOM = 10_000 if os.environ.get("LORIKEET_SOAK") else 0
#: In one sequence: what is delivered before and after the provider has the money, twice, forged, and about another.
EVENTS = ("waiting", "paid", "paid again", "forged", "foreign", "unknown")
#: Before which delivery a payment becomes final at the provider, if no event of it was delivered yet.
MOMENTS = range(len(EVENTS) + 1)
STRIDE = every(1 if connection.vendor == "sqlite" else 8)
#: What makes Lorikeet look at the payment.
TRUE = {"waiting", "paid", "paid again", "failed"}


class Deliveries:
    """A shopper's payment that waits for the provider, another's, and the events of both."""

    def __init__(self, provider):
        self.provider = provider
        self.user, self.stranger = factories.make_user(), factories.make_user()
        self.wine = factories.make_wine()
        self.poster = Browser()
        self.rows = []
        self.other = self.order(self.stranger)
        (self.theirs,) = provider.events()

    def order(self, user):
        """Check out a bottle with a provider that takes its time, and return the order's primary key."""
        cart, _ = Cart.objects.get_or_create(user=user, defaults={"currency": "AUD"})
        if cart.payment_method_id is None:
            cart.delivery_address = models.StreetAddress.objects.create(user=user, cart=cart, **STREET)
            cart.payment_method = models.ExactCard.objects.create(user=user, cart=cart, token="tok_paid")
            cart.save()
        models.WineLine.objects.create(cart=cart, product=self.wine)
        self.provider.plan(confirm=["processing"])
        return checkout(cart).order.pk

    def begin(self):
        """Make the order, or everything about it as it was when it waited."""
        if self.rows:
            self.provider.settle(self.reference, "processing", force=True)
            for model, pk, values in self.rows:
                model.objects.filter(pk=pk).update(**values)
            return
        self.pk = self.order(self.user)
        mine = self.provider.events()[-1]
        self.reference = mine["object"]
        for rows in (Order.objects, PaymentAttempt.objects, LineItem.objects):
            related = {"pk": self.pk} if rows.model is Order else {"order": self.pk}
            (values,) = rows.filter(**related).values()
            self.rows.append((rows.model, values["id"], values))
        paid = {**mine, "id": "evt_paid", "state": "succeeded"}
        self.events = {
            "waiting": mine,
            "paid": paid,
            "paid again": paid,
            "forged": {**mine, "id": "evt_forged", "state": "cancelled"},
            "foreign": self.theirs,
            "unknown": {"id": "evt_unknown", "object": "pay_0", "key": "0" * 32, "state": "succeeded"},
            "failed": {**mine, "id": "evt_failed", "state": "failed"},
        }

    def deliver(self, name):
        body, signature = sign_event(self.events[name])
        signature = "0" * 64 if name == "forged" else signature
        response = self.poster.client.generic(
            "POST",
            "/_cart/webhook/ExactCard/",
            body,
            content_type="application/json",
            headers={"Provider-Signature": signature},
        )
        assert response.status_code == (400 if name == "forged" else 200)

    def play(self, names, moment, state="succeeded"):
        """Deliver events by name; the provider decides before the one at ``moment``. Return the end."""
        self.begin()
        for position, name in enumerate(names):
            if position == moment:
                self.provider.settle(self.reference, state)
            self.deliver(name)
        if moment >= len(names):
            self.provider.settle(self.reference, state)
        if not any(name in TRUE for name in names[moment:]):  # no event told: recovery finds it
            pass_time(minutes=2)
            recovery.tick()
        return self.end()

    def end(self):
        """Return what became of it: both orders, the attempts, cents taken and not given back, refunds, all orders."""
        states = [Order.objects.get(pk=pk).state for pk in (self.pk, self.other)]
        attempts = Counter(PaymentAttempt.objects.filter(order=self.pk).values_list("kind", "state"))
        books = self.provider.books()
        taken = sum(p["paid_amount"] - p["refunded"] for p in books["payments"] if p["state"] == "succeeded")
        return *states, dict(attempts), taken, len(books["refunds"]), Order.objects.count()


PAID = ("placed", "pending", {("charge", "paid"): 1}, 1200, 0, 2)
FAILED = ("cancelled", "pending", {("charge", "failed"): 1}, 0, 0, 2)


@pytest.fixture
def deliveries(db, provider):
    with override_settings(LORIKEET_THROTTLE_RATES={}):
        yield Deliveries(provider)


@pytest.mark.timeout(1200)
@pytest.mark.parametrize("first", EVENTS)
def test_every_order_of_six_events_ends_the_same(deliveries, first):
    """720 in all on SQLite, every eighth elsewhere; the provider decides at a moment of its own in each."""
    rest = [name for name in EVENTS if name != first]
    for number, names in list(enumerate(itertools.permutations(rest)))[::STRIDE]:
        sequence = (first, *names)

        assert deliveries.play(sequence, MOMENTS[number % len(MOMENTS)]) == PAID, sequence


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_payment_that_fails_ends_as_if_never_asked(deliveries, moment):
    names = ("waiting", "failed", "failed", "forged", "foreign", "unknown")

    assert deliveries.play(names, moment, "failed") == FAILED
    assert models.WineLine.objects.filter(cart__user=deliveries.user).count() == 1


@pytest.mark.parametrize("name", ["forged", "unknown"])
def test_an_event_of_an_unknown_payment_changes_nothing(deliveries, unchanged, name):
    deliveries.begin()
    deliveries.provider.settle(deliveries.reference)

    with unchanged():
        deliveries.deliver(name)


@pytest.mark.timeout(0)
@pytest.mark.skipif(not RANDOM, reason="LORIKEET_SOAK=1 tries random sequences too")
def test_random_sequences_end_the_same(deliveries):
    choose = random.Random(SEED)
    began = time.monotonic()
    for _ in range(RANDOM):
        state = choose.choice(("succeeded", "failed"))
        known = [*sorted(TRUE), "forged", "foreign", "unknown"]
        sequence = tuple(choose.choices(known, k=choose.randint(0, 12)))

        end = deliveries.play(sequence, choose.randint(0, len(sequence)), state)

        assert end == (PAID if state == "succeeded" else FAILED), (SEED, sequence)
    print(f"{RANDOM} sequences, seed {SEED}, {time.monotonic() - began:.0f} seconds, no violation")  # noqa: T201
