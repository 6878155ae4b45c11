"""What shoppers, staff and providers do, as data; and the world in which they do it."""

import os
import tempfile
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

from django.db import connection
from django.test import override_settings

from lorikeet import recovery, refunds, signals
from lorikeet.cart.shopper import SESSION_KEY
from lorikeet.exceptions import RefundError
from lorikeet.models import Cart, LineItem, Order, PaymentAttempt
from tests.testapp import factories, models
from tests.testapp.clients import STREET, Browser

from .clients import sign_event
from .databases import clear, pass_time
from .invariants import OpenShop

__all__ = ["SCENARIOS", "Scenario", "World"]

CREDIT = Decimal(5)


@dataclass(frozen=True)
class Scenario:
    """One story.

    :param steps: names of methods of ``World``, in order; they are what is struck.
    :param already: the steps that were done before, without a fault.
    :param plan: what the provider is told to do wrong, by operation.
    :param final: the states its order may end in when the shopper comes back after a fault, and without any.
    :param extra: ``credit``, ``coupon`` or ``gift``, which leaves nothing to pay.
    :param parks: whether the outcome may stay unknown for good.
    :param refund: cents that staff give back, or ``None`` when money is never given back on purpose.
    :param late: whether money arrives that the provider had said cannot, so that it has to be given back.
    :param core: whether it is in every run of the suite, struck at every boundary.
    """

    name: str
    method: str = "ExactCard"
    steps: tuple = ("checkout",)
    already: tuple = ()
    plan: dict = field(default_factory=dict)
    final: tuple = ("placed",)
    user: bool = True
    extra: str = ""
    parks: bool = False
    refund: int | None = None
    late: bool = False
    core: bool = False

    @property
    def repeats(self):
        """Whether the provider or the shopper does the steps again; staff look first."""
        return self.refund is None


CANCELLED = ("cancelled",)
TDS = {"confirm": ["3ds"]}
SCENARIOS = {
    scenario.name: scenario
    for scenario in (
        Scenario("exact"),
        Scenario("exact guest", user=False),
        Scenario("one call", "OneCallCard"),
        Scenario("simple", "SimpleCard", parks=True, core=True),
        Scenario("keyed", "KeyedCard"),
        Scenario("declined", plan={"confirm": ["decline"]}, final=CANCELLED),
        Scenario("one call declined", "OneCallCard", plan={"charge": ["decline"]}, final=CANCELLED),
        Scenario("simple declined", "SimpleCard", plan={"charge": ["decline"]}, final=CANCELLED, parks=True),
        Scenario("keyed declined", "KeyedCard", plan={"charge": ["decline"]}, final=CANCELLED),
        Scenario("3-D Secure", steps=("checkout", "authenticate", "confirm"), plan=TDS),
        Scenario("3-D Secure by checkout", steps=("checkout", "authenticate", "checkout"), plan=TDS),
        Scenario(
            "3-D Secure in one call", "OneCallCard", ("checkout", "authenticate", "confirm"), (), {"charge": ["3ds"]}
        ),
        Scenario("3-D Secure failed", steps=("checkout", "fail", "confirm"), plan=TDS, final=CANCELLED),
        Scenario("3-D Secure left", plan=TDS, final=CANCELLED),
        Scenario("3-D Secure and webhook", steps=("checkout", "authenticate", "webhook"), plan=TDS),
        Scenario("webhook", already=("checkout", "authenticate"), steps=("webhook",), plan=TDS),
        Scenario("cancel", already=("checkout",), steps=("cancel",), plan=TDS, final=CANCELLED),
        Scenario("cancel and paid", already=("checkout", "authenticate"), steps=("cancel",), plan=TDS),
        Scenario("expiry", already=("checkout", "expire"), steps=("tick",), plan=TDS, final=CANCELLED),
        Scenario("expiry and paid", already=("checkout", "authenticate", "expire"), steps=("tick",), plan=TDS),
        Scenario(
            "expiry, then paid",
            already=("checkout", "expire"),
            steps=("tick", "authenticate"),
            plan=TDS,
            final=("cancelled", "placed"),
        ),
        Scenario("processing", steps=("checkout", "clear_payment", "webhook"), plan={"confirm": ["processing"]}),
        Scenario(
            "processing failed",
            steps=("checkout", "fail_payment", "webhook"),
            plan={"confirm": ["processing"]},
            final=CANCELLED,
        ),
        Scenario("credit", extra="credit", core=True),
        Scenario("credit declined", extra="credit", plan={"confirm": ["decline"]}, final=CANCELLED),
        Scenario("coupon", "OneCallCard", extra="coupon"),
        Scenario("nothing to pay", extra="gift"),
        Scenario("transfer", "Transfer", ("checkout", "pay_elsewhere", "report")),
        Scenario("transfer found", "Transfer", ("tick",), ("checkout", "pay_elsewhere", "wait")),
        Scenario("transfer cancelled", "Transfer", ("cancel",), ("checkout",), final=CANCELLED),
        Scenario("transfer expired", "Transfer", ("tick",), ("checkout", "expire"), final=CANCELLED),
        Scenario("login", user=False, already=("checkout", "authenticate"), steps=("log_in", "checkout"), plan=TDS),
        Scenario(
            "recovery of paid",
            already=("checkout", "wait"),
            steps=("tick",),
            plan={"confirm": ["timeout_after"]},
        ),
        Scenario(
            "recovery of unpaid",
            already=("checkout", "wait"),
            steps=("tick",),
            plan={"confirm": ["timeout_before"]},
            final=CANCELLED,
        ),
        Scenario("recovery of keyed", "KeyedCard", ("tick",), ("checkout", "wait"), {"charge": ["timeout_after"]}),
        Scenario(
            "recovery of simple",
            "SimpleCard",
            ("tick",),
            ("checkout", "wait"),
            {"charge": ["timeout_after"]},
            parks=True,
        ),
        Scenario(
            "recovery of keyed too late",
            "KeyedCard",
            ("tick",),
            ("checkout", "wait_long"),
            {"charge": ["timeout_after"]},
            parks=True,
        ),
        Scenario("refund", already=("checkout",), steps=("refund",), refund=3000),
        Scenario("refund twice", already=("checkout",), steps=("refund_whole", "refund_whole"), refund=3000),
        Scenario("partial refund", already=("checkout",), steps=("refund_part",), refund=1000),
        Scenario(
            "refund not answered",
            already=("checkout",),
            steps=("refund",),
            refund=3000,
            plan={"refund": ["timeout_after"]},
        ),
        Scenario(
            "late money",
            already=("checkout", "expire", "tick", "pay_late"),
            steps=("webhook", "tick"),
            plan=TDS,
            final=CANCELLED,
            late=True,
        ),
    )
}


class World:
    """A shop, its provider and one shopper; the methods without an underscore that take nothing are the steps."""

    def __init__(self, controls, recorder):
        self.controls = controls
        self.recorder = recorder
        self.shop = OpenShop(connection.settings_dict)
        self.scenario = None
        self.browser = None
        self.answer = None
        self.waiting = None

    @classmethod
    @contextmanager
    def open(cls, server):
        """Use a running provider, and note every delivery of ``order_checked_out``."""
        file, name = tempfile.mkstemp(prefix="deliveries-")

        def receive(order, **kwargs):
            os.write(file, f"{order.pk}\n".encode())

        signals.order_checked_out.connect(receive, dispatch_uid=name)
        try:
            with override_settings(PROVIDER_URL=server.url, PROVIDER_SECONDS=20, LORIKEET_THROTTLE_RATES={}):
                world = cls(server.controls, file)
                yield world
                world.shop.close()
        finally:
            signals.order_checked_out.disconnect(dispatch_uid=name)
            os.close(file)
            Path(name).unlink()

    def prepare(self, scenario, plan=None):
        """Empty everything, put a shopper with a full cart into it, and do what the scenario has done already.

        :param plan: what the provider does wrong from then on, instead of what the scenario says.
        """
        clear()
        self.controls.reset()
        os.ftruncate(self.recorder, 0)
        os.lseek(self.recorder, 0, os.SEEK_SET)
        self.scenario, self.answer, self.waiting = scenario, None, None
        self.account = factories.make_user("alice")
        owner = self.account if scenario.user else None
        cart = Cart.objects.create(user=owner, currency="AUD", email="" if owner else "joe@example.com")
        self.browser = Browser(owner)
        if owner is None:
            session = self.browser.client.session
            session[SESSION_KEY] = cart.key.hex
            session.save()
        cart.delivery_address = models.StreetAddress.objects.create(user=owner, cart=cart, **STREET)
        cart.payment_method = self.make_method(user=owner, cart=cart)
        cart.save()
        for price in ("20", "15"):
            models.WineLine.objects.create(cart=cart, product=factories.make_wine(price), quantity=1)
        self._adjust(cart)
        self.controls.plan(scenario.plan if plan is None else plan)
        self.play(scenario.already)

    def make_method(self, **owner):
        """Return the payment method of the scenario, as a row."""
        method = getattr(models, self.scenario.method)
        token = {} if self.scenario.method == "Transfer" else {"token": "tok_paid"}
        return method.objects.create(**owner, **token)

    def _adjust(self, cart):
        match self.scenario.extra:
            case "credit":
                balance = models.Balance.objects.create(left=CREDIT)
                models.Credit.objects.create(cart=cart, balance=balance, amount=CREDIT)
            case "gift":
                coupon = factories.make_coupon(amount="35")
                models.CouponAdjustment.objects.create(cart=cart, coupon=coupon)
            case _:
                coupon = factories.make_coupon(amount="5")
                models.CouponAdjustment.objects.create(cart=cart, coupon=coupon)

    def play(self, steps):
        """Do the steps one after the other, as requests of their own; return the answers as JSON."""
        answers = []
        for step in steps:
            self.answer = None
            getattr(self, step)()
            if not connection.in_atomic_block:
                connection.close_if_unusable_or_obsolete()
            if self.answer is not None:
                answers.append(self.answer)
        return answers

    def deliveries(self):
        """Return the primary keys of the orders ``order_checked_out`` was delivered for."""
        size = os.fstat(self.recorder).st_size
        return [int(line) for line in os.pread(self.recorder, size, 0).split()]

    # The shopper

    def checkout(self):
        self._note(self.browser.checkout(idempotency_key="one"))

    def checkout_anew(self):
        self._note(self.browser.checkout(idempotency_key="two"))

    def confirm(self):
        if self.waiting:
            self._note(self.browser.post(self.waiting["confirm_url"], {}))

    def report(self):
        paid = self.controls.payments("succeeded")
        if self.waiting and paid:
            self._note(self.browser.post(self.waiting["confirm_url"], {"data": {"reference": paid[0]["id"]}}))

    def cancel(self):
        if self.waiting is None:  # another process was told
            order = Order.objects.get()
            self.waiting = {"cancel_url": f"/_cart/checkout/{order.uuid}/cancel/"}
        self._note(self.browser.post(self.waiting["cancel_url"], {}))

    def log_in(self):
        if self.browser.user is None:
            try:
                self.browser.log_in(self.account)
            except AssertionError as error:
                if "400" not in str(error):  # Django's answer where another request has ended this session meanwhile
                    raise

    # The provider, and the shopper at the provider; none of these fails

    def authenticate(self, passed=True):
        for payment in self.controls.payments("requires_action"):
            self.controls.three_d_secure(payment["id"], passed)

    def fail(self):
        self.authenticate(passed=False)

    def pay_elsewhere(self):
        attempt = PaymentAttempt.objects.first()
        if attempt is not None and not self.controls.payments():
            self.controls.pay_elsewhere(3000, "AUD", key=attempt.key)

    def clear_payment(self, state="succeeded"):
        for payment in self.controls.payments("processing"):
            self.controls.settle(payment["id"], state)

    def fail_payment(self):
        self.clear_payment("failed")

    def pay_late(self):
        for payment in self.controls.payments("cancelled"):
            self.controls.settle(payment["id"], force=True)

    def webhook(self):
        for event in self.controls.events()[-1:]:
            body, signature = sign_event(event)
            url = f"/_cart/webhook/{self.scenario.method}/"
            headers = {"Provider-Signature": signature}
            self.browser.client.generic("POST", url, body, content_type="application/json", headers=headers)

    # The shop

    def tick(self):
        recovery.tick()

    def refund(self, amount=None):
        with suppress(RefundError):
            refunds.refund(Order.objects.get(), amount, reason="Corked.")

    def refund_whole(self):
        self.refund(Decimal(30))

    def refund_part(self):
        self.refund(Decimal(10))

    def steal(self):
        """Take the lines into another cart without the lock that every writer takes."""
        LineItem.objects.filter(order=None).update(cart=Cart.objects.create(currency="AUD"))

    # Time

    def wait(self):
        """Let every lease expire and every look fall due."""
        pass_time(minutes=2)

    def wait_long(self):
        """Let a provider forget its keys, as far as the library is to rely on them."""
        pass_time(minutes=50)

    def expire(self):
        """Let the time to pay be over."""
        pass_time(hours=6)

    def _note(self, response):
        body = response.json()
        self.answer = [response.status_code, body]
        if isinstance(body, dict) and response.status_code == 202:
            self.waiting = body["checkout"]
