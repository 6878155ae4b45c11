"""The world of ``tests.faults`` with Stripe for a provider: the same scenarios, faults and invariants."""

import json
from dataclasses import replace
from functools import cache
from os import getpid

import stripe
from django.conf import settings

from lorikeet.extensions.stripe.models import StripeCard
from lorikeet.testing.stripe import SECRET
from lorikeet.testing.stripe.webhooks import sign
from tests.faults import clients
from tests.faults.scenarios import SCENARIOS, World

__all__ = ["STRIPE", "StripeControls", "StripeWorld", "make_client"]

#: The scenarios of the core that there are with Stripe too, by the names that they have here.
STRIPE = {
    f"Stripe {name}": replace(SCENARIOS[name], name=f"Stripe {name}", method="StripeCard")
    for name in (
        "exact",
        "exact guest",
        "declined",
        "3-D Secure",
        "3-D Secure failed",
        "3-D Secure left",
        "3-D Secure and webhook",
        "webhook",
        "cancel",
        "cancel and paid",
        "expiry",
        "expiry and paid",
        "processing",
        "processing failed",
        "credit",
        "login",
        "recovery of paid",
        "recovery of unpaid",
        "refund",
        "refund twice",
        "partial refund",
        "refund not answered",
    )
}
#: What a scenario has the provider do to a payment, as the test card that does it.
CARDS = {"3ds": "pm_card_threeDSecureRequired", "decline": "pm_card_chargeDeclined", "processing": "pm_card_processing"}
#: The provider's operations, as calls of Stripe's.
PATHS = {"create": "/v1/payment_intents", "confirm": "/v1/payment_intents/*/confirm", "refund": "/v1/refunds"}
STATES = {
    "requires_payment_method": "failed",
    "requires_confirmation": "created",
    "canceled": "cancelled",
}
REFUNDS = {"canceled": "failed"}


class Watched(stripe.RequestsClient):
    """Says before and after each call that it is one, which is where a process may be lost."""

    def request(self, method, url, headers, post_data=None):
        operation = f"{method} {url.partition('/v1/')[2].partition('?')[0]}"
        for watcher in clients.watchers:
            watcher("before", operation)
        try:
            return super().request(method, url, headers, post_data)
        finally:
            for watcher in clients.watchers:
                watcher("after", operation)

    def _sleep_time_seconds(self, *args):
        return 0


def make_client():
    """Return the client of this process."""
    return client_of(getpid(), settings.LORIKEET_STRIPE_API_BASE, settings.LORIKEET_STRIPE_API_KEY)


@cache
def client_of(pid, url, key):
    return stripe.StripeClient(key, base_addresses={"api": url}, http_client=Watched(timeout=20), max_network_retries=1)


class StripeControls:
    """The fake's controls under the names, and its books in the shape, that the worlds of ``tests.faults`` know."""

    def __init__(self, fake):
        self.fake = fake

    def reset(self):
        self.fake.reset()

    def plan(self, plan=None):
        """Lose the answers to calls, and to the SDK's repetitions of them; the other faults are those of cards."""
        for operation, faults in (plan or {}).items():
            for fault in faults:
                if fault not in CARDS:
                    acts = fault == "timeout_after"
                    self.fake.fault(kind="lose", acts=acts, method="POST", path=PATHS[operation], times=2)

    def three_d_secure(self, reference, passed=True):
        (self.fake.complete_3ds if passed else self.fake.fail_3ds)(id=reference)

    def settle(self, reference, state="succeeded"):
        (self.fake.settle_payment if state == "succeeded" else self.fake.fail_payment)(id=reference)

    def books(self):
        kept = self.fake.books()
        refunds = [self._refund(refund) for refund in kept.get("refund", ())]
        return {
            "payments": [self._payment(intent, refunds) for intent in kept.get("payment_intent", ())],
            "refunds": refunds,
            "events": self.fake.events(),
        }

    def payments(self, state=None):
        return [payment for payment in self.books()["payments"] if state in {None, payment["state"]}]

    def journal(self, operation=None):
        return [{"operation": call["path"], "status": call["status"], "overlap": False} for call in self.fake.calls()]

    def forget_keys(self):
        self.fake.advance(seconds=25 * 3600)

    def _payment(self, intent, refunds):
        given = sum(r["amount"] for r in refunds if r["payment"] == intent["id"] and r["state"] == "succeeded")
        return {
            "id": intent["id"],
            "key": intent["metadata"].get("lorikeet_key"),
            "amount": intent["amount"],
            "currency": intent["currency"].upper(),
            "state": STATES.get(intent["status"], intent["status"]),
            "paid_amount": intent["amount_received"],
            "refunded": given,
        }

    def _refund(self, refund):
        return {
            "id": refund["id"],
            "key": refund["metadata"].get("lorikeet_key"),
            "payment": refund["payment_intent"],
            "amount": refund["amount"],
            "state": REFUNDS.get(refund["status"], refund["status"]),
        }


class StripeWorld(World):
    """A shop that is paid by Stripe."""

    def __init__(self, controls, recorder):
        super().__init__(StripeControls(controls), recorder)

    def prepare(self, scenario, plan=None):
        self.planned = scenario.plan if plan is None else plan
        super().prepare(scenario, plan)

    def make_method(self, **owner):
        faults = [fault for planned in self.planned.values() for fault in planned if fault in CARDS]
        found = make_client().v1.payment_methods.retrieve(CARDS[faults[0]] if faults else "pm_card_visa")
        card = {"brand": found.card.brand, "last4": found.card.last4, "exp_month": 12, "exp_year": 2035}
        return StripeCard.objects.create(payment_method=found.id, **card, **owner)

    def webhook(self):
        for event in self.controls.books()["events"][-1:]:
            body = json.dumps(event).encode()
            headers = {"Stripe-Signature": sign(body, SECRET)}
            url = "/_cart/webhook/StripeCard/"
            self.browser.client.generic("POST", url, body, content_type="application/json", headers=headers)
