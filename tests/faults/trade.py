"""A shop in which anything may happen in any order, as a state machine of Hypothesis'.

Two shoppers, a provider that has its own ideas, webhooks, staff, recovery, time, and processes that die. The invariants
are read after each step from the provider's books and by SQL of our own.
"""

from contextlib import contextmanager, suppress
from decimal import Decimal

from django.db import connection
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from lorikeet import payments, recovery, refunds, signals
from lorikeet.cart.shopper import SESSION_KEY
from lorikeet.exceptions import RefundError
from lorikeet.models import Cart, Order, PaymentAttempt
from tests.testapp import factories, models
from tests.testapp.clients import STREET, Browser

from . import clients
from .databases import clear, pass_time
from .invariants import Checker, OpenShop, cents

__all__ = ["Trade"]

CREDIT = Decimal(12)
METHODS = ("ExactCard", "OneCallCard", "KeyedCard", "SimpleCard", "Transfer")
#: Those that can be asked, so that money which comes late is seen.
ASKED = ("ExactCard", "OneCallCard", "Transfer")
STAFF = "The staff decided so."
UNANSWERED = ("timeout_before", "timeout_after", "500", "500_after", "429")
ANSWERS = ("decline", "3ds", "processing", "wrong_amount", "wrong_currency")
#: What the simple path cannot see, such as another amount, is planned for the exact path alone.
PLANS = st.one_of(
    st.tuples(st.just("confirm"), st.sampled_from((*UNANSWERED, *ANSWERS))),
    st.tuples(st.just("charge"), st.sampled_from((*UNANSWERED, "decline"))),
    st.tuples(st.just("refund"), st.sampled_from((*UNANSWERED, "decline", "processing"))),
    st.tuples(st.sampled_from(("create", "retrieve", "find", "cancel", "find_refund")), st.sampled_from(UNANSWERED)),
)  # fmt: skip

#: In minutes, as long as a provider knows a key again.
HOUR = 60

methods = st.sampled_from(("ExactCard", "OneCallCard", *METHODS))
prices = st.sampled_from((5, 9, 20))
who = st.sampled_from(("user", "guest"))
keys = st.sampled_from((None, "one", "two"))
index = st.integers(0, 9)
#: Where a process dies: nowhere, before one of its next statements, or before or after one of its next provider calls.
deaths = st.one_of(
    st.none(),
    st.none(),
    st.tuples(st.just("sql"), st.integers(1, 40)),
    st.tuples(st.sampled_from(("before", "after")), st.integers(1, 3)),
)


class KeptShop(OpenShop):
    """The shop's tables, by one connection for as long as the schema stays the same."""

    def rows(self, sql):
        self.kept = self.kept or self.connect()
        return self.read(self.kept, sql)


class Died(BaseException):
    """The end of a process, as far as one process can play that: no code catches it."""


class Trade(RuleBasedStateMachine):
    """The shop; ``controls`` are the provider's. ``figures`` counts examples and steps over all of them."""

    figures = {"examples": 0, "steps": 0}

    def __init__(self, controls):
        super().__init__()
        self.figures["examples"] += 1
        clear()
        if connection.vendor == "sqlite":  # these processes die, the machine does not
            connection.cursor().execute("PRAGMA synchronous = OFF")
        controls.reset()
        self.controls = controls
        self.shop = KeptShop(connection.settings_dict)
        self.deliveries = []
        self.answered = None
        self.added = 0
        self.waiting = {"user": [], "guest": []}
        self.frozen = {}
        self.strike = None
        signals.order_checked_out.connect(self.deliver)
        clients.watchers.append(self.call_provider)
        self.account = factories.make_user("bob")
        self.browsers = {"user": Browser(factories.make_user("alice")), "guest": Browser()}
        self.balance = models.Balance.objects.create(left=CREDIT)

    def teardown(self):
        try:
            self.come_to_rest()
        finally:
            signals.order_checked_out.disconnect(self.deliver)
            clients.watchers.remove(self.call_provider)
            self.shop.close()

    def deliver(self, order, **kwargs):
        self.deliveries.append(order.pk)

    # Dying

    def call_provider(self, moment, operation):
        self.count(moment)

    def count(self, moment):
        if self.strike is not None and self.strike[0] == moment:
            moment, left = self.strike
            self.strike = (moment, left - 1) if left > 1 else None
            if left <= 1:
                raise Died

    def execute(self, execute, sql, params, many, context):
        self.count("sql")
        return execute(sql, params, many, context)

    @contextmanager
    def mortal(self, death):
        """Do what a process does until it dies."""
        self.strike = death
        try:
            with connection.execute_wrapper(self.execute):
                yield
        except Died:
            pass
        finally:
            self.strike = None

    # The shoppers

    @initialize(name=who, method=methods, plan=st.none() | PLANS, death=deaths)
    def open(self, name, method, plan, death):
        self.methods = {}
        for owner, browser in self.browsers.items():
            cart = Cart.objects.create(
                user=browser.user, currency="AUD", email="" if browser.user else "joe@example.com"
            )
            if browser.user is None:
                session = browser.client.session
                session[SESSION_KEY] = cart.key.hex
                session.save()
            cart.delivery_address = models.StreetAddress.objects.create(user=browser.user, cart=cart, **STREET)
            for kind in METHODS:
                token = {} if kind == "Transfer" else {"token": "tok_paid"}
                card = getattr(models, kind).objects.create(user=browser.user, cart=cart, **token)
                self.methods[owner, kind] = card.pk
            cart.payment_method_id = self.methods[owner, method]
            cart.save()
        self.buy(name, 20, method, plan, "one", False, death)

    def add(self, name, price):
        wine, _ = models.Wine.objects.get_or_create(name=str(price), unit_price=price)
        self.browsers[name].add_wine(wine)
        self.added += 1

    def select(self, name, method):
        url = f"/_cart/payment-method/{self.methods[name, method]}/"
        assert self.browsers[name].patch(url, {"selected": True}).status_code == 200

    @rule(name=who)
    def use_credit(self, name):
        body = {"type": "Credit", "data": {"balance": self.balance.pk, "amount": "5"}}
        assert self.browsers[name].post("/_cart/new-adjustment/", body).status_code in {201, 400}

    @rule(name=who, price=prices, method=methods, plan=st.none() | PLANS, key=keys, again=st.booleans(), death=deaths)
    def buy(self, name, price, method, plan, key, again, death):
        """Put something into the cart, choose how to pay, and check out."""
        self.add(name, price)
        self.select(name, method)
        self.controls.plan({} if plan is None else {plan[0]: [plan[1]]})
        self.check_out(name, key, again, death)

    #: What has two names happens twice as often.
    buy_more = buy

    @rule(name=who, key=keys, again=st.booleans(), death=deaths)
    def check_out(self, name, key, again, death):
        headers = {"idempotency_key": key} if key else {}
        body = {"confirm_duplicate": True} if again else {}
        with self.mortal(death):
            self.hear(name, self.browsers[name].checkout(body, **headers), {200, 202, 409, 422})

    @precondition(lambda self: any(self.waiting.values()))
    @rule(name=who, which=index, what=st.sampled_from(("confirm", "cancel", "report")), payment=index, death=deaths)
    def come_back(self, name, which, what, payment, death):
        """Return to one of the shopper's checkouts; the reported payment may be any."""
        if not self.waiting[name]:
            return
        checkout = self.waiting[name][-1 - which % len(self.waiting[name])]
        url, body, expected = checkout["confirm_url"], {}, {200, 202, 422}
        if what == "cancel":
            url, expected = checkout["cancel_url"], {200, 202}
        elif what == "report" and (known := self.controls.payments()):
            body, expected = {"data": {"reference": known[-1 - payment % len(known)]["id"]}}, {*expected, 400, 503}
        with self.mortal(death):
            self.hear(name, self.browsers[name].post(url, body), expected)

    come_back_again = come_back

    @precondition(lambda self: self.transfers())
    @rule(which=index, short=st.sampled_from((0, 0, 0, 1)), state=st.sampled_from(("succeeded", "processing")))
    def pay_elsewhere(self, which, short, state):
        attempts = self.transfers()
        attempt = attempts[which % len(attempts)]
        amount = cents(attempt.amount) - short
        self.controls.pay_elsewhere(amount, attempt.currency, key=attempt.key, state=state)

    def transfers(self):
        """Return the attempts for which nothing was paid yet at the provider where money is sent."""
        paid = {payment["key"] for payment in self.controls.payments()}
        attempts = PaymentAttempt.objects.filter(provider="Transfer", kind="charge", state__in=PaymentAttempt.OPEN)
        return [attempt for attempt in attempts.order_by("id") if str(attempt.key) not in paid]

    @precondition(lambda self: self.browsers["guest"].user is None)
    @rule()
    def log_in(self):
        self.browsers["guest"].log_in(self.account)

    def hear(self, name, response, expected):
        """Take an answer to a shopper, which must agree with the row."""
        body = response.json()
        assert response.status_code in expected, (response.status_code, body)
        if response.status_code == 202 and body["checkout"] not in self.waiting[name]:
            self.waiting[name].append(body["checkout"])
        if "id" in body:
            states = {200: "cancelled" if body.get("reason") == "cancelled" else "placed", 202: "pending"}
            state = Order.objects.get(pk=body["id"]).state
            assert state == states[response.status_code], f"answered {response.status_code}, the order is {state}"
        if response.status_code == 422:
            assert body["reason"] in {"payment", "incomplete", "idempotency_key_reused"}

    # The provider

    @rule(plan=st.none() | PLANS)
    def change(self, plan):
        """Get something wrong from now on, or nothing."""
        self.controls.plan({} if plan is None else {plan[0]: [plan[1]]})

    @rule(which=index, well=st.booleans())
    def decide(self, which, well):
        """Let a payment or a refund that waits come to its end."""
        books = self.controls.books()
        entries = (*books["payments"], *books["refunds"])
        waiting = [entry for entry in entries if entry["state"] in {"requires_action", "processing"}]
        if waiting:
            entry = waiting[which % len(waiting)]
            if entry["state"] == "processing":
                self.controls.settle(entry["id"], "succeeded" if well else "failed")
            else:
                self.controls.three_d_secure(entry["id"], well)

    @rule(which=index)
    def pay_late(self, which):
        """Let money move that the provider had said could not, and tell of it."""
        asked = set(map(str, PaymentAttempt.objects.filter(provider__in=ASKED).values_list("key", flat=True)))
        over = [p for p in self.controls.payments() if p["state"] in {"failed", "cancelled"} and p["amount"]]
        if over := [payment for payment in over if payment["key"] in asked]:
            self.controls.settle(over[which % len(over)]["id"], force=True)
            self.poke(self.controls.events()[-1], None)

    @rule(which=index, death=deaths)
    def webhook(self, which, death):
        if events := self.controls.events():
            self.poke(events[-1 - which % len(events)], death)

    def poke(self, event, death):
        body, signature = clients.sign_event(event)
        for method in ASKED:
            with self.mortal(death):
                response = Browser().send(
                    "POST", f"/_cart/webhook/{method}/", body, headers={"Provider-Signature": signature}
                )
                assert response.status_code == 200

    # The shop

    @rule(minutes=st.sampled_from((0.1, 2, 2, 16, 40, 60)))
    def time_passes(self, minutes):
        pass_time(minutes=minutes)
        if minutes == HOUR:
            self.controls.forget_keys()

    @rule(death=deaths)
    def recover(self, death):
        with self.mortal(death):
            recovery.tick()

    @rule(which=index, part=st.booleans(), death=deaths)
    def refund(self, which, part, death):
        orders = Order.objects.placed().filter(attempts__provider__in=ASKED, attempts__state="paid").distinct()
        if orders := list(orders.order_by("id")):
            with self.mortal(death), suppress(RefundError):
                refunds.refund(orders[which % len(orders)], Decimal(3) if part else None, STAFF)

    @precondition(lambda self: self.parked())
    @rule(which=index)
    def look_into_the_books(self, which):
        """Let the staff look into the provider's books, and say what is there."""
        parked = self.parked()
        attempt = parked[which % len(parked)]
        payments.decide(attempt, str(attempt.key) in self.paid_keys())

    def parked(self):
        return [a for a in PaymentAttempt.objects.filter(state="unknown").order_by("id") if a.is_parked]

    def paid_keys(self):
        return {payment["key"] for payment in self.controls.payments("succeeded")}

    # What must be so

    def given(self):
        """Return the cents that staff gave back, by order."""
        paid = PaymentAttempt.objects.filter(kind="refund", state="paid", reason=STAFF)
        sums = {}
        for order, amount in paid.values_list("order", "amount"):
            sums[order] = sums.get(order, 0) + cents(amount)
        return sums

    def look(self, settled):
        limits = [("testapp_balance", "left", 0, CREDIT)]
        checker = Checker(
            self.shop,
            self.controls.books(),
            deliveries=self.deliveries,
            settled=settled,
            parked=not settled,
            refunded=self.given() if settled else None,
            limits=limits,
        )
        found = list(checker.violations())
        assert not found, "\n".join(found)

    @invariant()
    def what_must_hold_holds(self):
        self.figures["steps"] += 1
        self.look(settled=False)

    @invariant()
    def no_placed_order_changes(self):
        """But for its day, from which time passes in these tests."""
        now = {pk: (order[:10], parts) for pk, (order, parts) in self.shop.frozen_orders().items()}
        assert {pk: now.get(pk) for pk in self.frozen} == self.frozen
        self.frozen = now

    @invariant()
    def no_bottle_is_lost(self):
        (row,) = self.shop.rows("SELECT COALESCE(SUM(quantity), 0) AS bottles FROM testapp_wineline")
        assert row["bottles"] == self.added

    @invariant()
    def credit_is_with_the_shop_or_on_an_order(self):
        spent = self.shop.rows("SELECT total_when_charged AS total FROM lorikeet_adjustment WHERE order_id IS NOT NULL")
        (balance,) = self.shop.rows("SELECT * FROM testapp_balance")
        assert cents(balance["left"]) - sum(cents(row["total"]) for row in spent) == cents(CREDIT)

    def come_to_rest(self):
        """Let the provider be well again and two passes of recovery happen, and all is settled."""
        self.controls.plan()
        books = self.controls.books()
        for entry in (*books["payments"], *books["refunds"]):
            if entry["state"] == "processing":
                self.controls.settle(entry["id"])
        pass_time(hours=6)
        recovery.tick()
        pass_time(minutes=2)
        recovery.tick()
        for attempt in PaymentAttempt.objects.filter(state="unknown", kind="charge").order_by("id"):
            assert attempt.is_parked, f"{attempt} is left {attempt.state}"
            assert attempt.provider in {"SimpleCard", "KeyedCard"}
            payments.decide(attempt, str(attempt.key) in self.paid_keys())
        self.look(settled=True)
