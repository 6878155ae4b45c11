"""Two shoppers make any requests that they may, in any order; each cart stays right and its shopper's alone.

``HYPOTHESIS_PROFILE=soak`` tries longer and more.
"""

import os
from decimal import Decimal

import pytest
from django.db import transaction
from django.test import override_settings
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from lorikeet.models import LineItem, Order
from tests.strides import fewer
from tests.testapp import models
from tests.testapp.clients import CART, Browser, key_of
from tests.testapp.factories import make_coupon, make_user, make_wine

COMMON = settings(deadline=None, suppress_health_check=list(HealthCheck), database=None)
PROFILES = {
    # A failure is not made smaller, which takes minutes: its fifteen steps are few enough.
    "default": settings(
        COMMON,
        max_examples=fewer(12, least=3),
        stateful_step_count=15,
        phases=[Phase.explicit, Phase.generate],
    ),
    "soak": settings(COMMON, max_examples=500, stateful_step_count=50),
}

who = st.sampled_from(["user", "guest"])
prices = st.decimals("0.01", "500", places=3)
quantities = st.integers(1, 5)
tokens = st.sampled_from(["tok_paid", "tok_declined"])
LISTS = ("items", "adjustments", "delivery_addresses", "payment_methods")


class Shopping(RuleBasedStateMachine):
    """The shoppers, and what each of them should have in the cart."""

    wines = Bundle("wines")

    def __init__(self):
        super().__init__()
        make_savepoint = getattr(transaction, "savepoint_create", None) or transaction.savepoint  # renamed in 6.1
        self.savepoint = make_savepoint()
        make_coupon("TENOFF", "10")
        self.browsers = {"user": Browser(make_user()), "guest": Browser()}
        self.quantities = {name: {} for name in self.browsers}
        self.orders = dict.fromkeys(self.browsers, 0)
        self.seen = self.carts()
        self.actor = None

    def teardown(self):
        transaction.savepoint_rollback(self.savepoint)

    def carts(self):
        return {name: browser.cart() for name, browser in self.browsers.items()}

    def pick(self, name, key, index):
        """Return the URL of one entry of the list ``key``, or ``None`` when it is empty."""
        self.actor = name
        entries = self.seen[name][key]
        return entries[index % len(entries)]["url"] if entries else None

    @initialize(target=wines, price=prices, token=tokens)
    def start_with_two_carts_that_lack_nothing(self, price, token):
        wine = make_wine(str(price))
        for name, browser in self.browsers.items():
            browser.get_ready(wine, token=token)
            self.quantities[name][wine.pk] = 1
        self.seen = self.carts()
        return wine

    @rule(target=wines, price=prices)
    def stock_a_wine(self, price):
        return make_wine(str(price))

    @rule(name=who, wine=wines, quantity=quantities)
    def add(self, name, wine, quantity):
        self.actor = name
        self.browsers[name].add_wine(wine, quantity)
        held = self.quantities[name]
        held[wine.pk] = held.get(wine.pk, 0) + quantity

    @rule(name=who, index=st.integers(0, 9), quantity=quantities)
    def change_quantity(self, name, index, quantity):
        if url := self.pick(name, "items", index):
            response = self.browsers[name].patch(url, {"data": {"quantity": quantity}})
            assert response.status_code == 200
            self.quantities[name][response.json()["data"]["product"]["id"]] = quantity

    @rule(name=who, index=st.integers(0, 9))
    def remove(self, name, index):
        if url := self.pick(name, "items", index):
            product = self.browsers[name].get(url).json()["data"]["product"]["id"]
            assert self.browsers[name].delete(url).status_code == 204
            del self.quantities[name][product]

    @rule(name=who, choice=st.sampled_from([("ShareOff", {"parts": 3}), ("CouponAdjustment", {"code": "TENOFF"})]))
    def adjust(self, name, choice):
        self.actor = name
        if len(self.seen[name]["adjustments"]) < 20:
            self.browsers[name].add_adjustment(choice[0], **choice[1])

    @rule(name=who, token=tokens)
    def add_card(self, name, token):
        self.actor = name
        self.browsers[name].add_card(token)

    @rule(name=who)
    def add_address(self, name):
        self.actor = name
        self.browsers[name].add_address(addressee=name)

    @rule(name=who, key=st.sampled_from(LISTS[1:]), index=st.integers(0, 9))
    def delete(self, name, key, index):
        if url := self.pick(name, key, index):
            assert self.browsers[name].delete(url).status_code == 204

    @rule(name=who, key=st.sampled_from(LISTS[2:]), index=st.integers(0, 9), selected=st.booleans())
    def select(self, name, key, index, selected):
        if url := self.pick(name, key, index):
            response = self.browsers[name].patch(url, {"selected": selected})
            assert (response.status_code, response.json()["selected"]) == (200, selected)

    @rule(name=who, email=st.sampled_from(["joe@example.com", None]))
    def set_email(self, name, email):
        self.actor = name
        assert self.browsers[name].patch(CART, {"email": email}).status_code == 200

    @rule(name=who)
    def check_out(self, name):
        self.actor = name
        complete = self.seen[name]["is_complete"]

        response = self.browsers[name].checkout()

        if response.status_code == 200:
            assert complete
            self.quantities[name] = {}
            self.orders[name] += 1
        else:
            expected = "payment" if complete else "incomplete"
            assert (response.status_code, response.json()["reason"]) == (422, expected)

    @precondition(lambda self: self.actor is not None)
    @invariant()
    def nothing_of_the_other_shopper_changed(self):
        before, self.seen = self.seen, self.carts()
        for name in self.browsers:
            if name != self.actor:
                assert self.seen[name] == before[name]
        self.actor = None

    @invariant()
    def the_total_is_the_sum_of_its_parts(self):
        for cart in self.seen.values():
            items, adjustments, charges = (
                sum((Decimal(entry["total"]) for entry in cart[key] if not entry.get("included")), Decimal(0))
                for key in ("items", "adjustments", "charges")
            )
            assert Decimal(cart["subtotal"]) == items
            assert Decimal(cart["grand_total"]) == items + adjustments + charges
            assert Decimal(cart["grand_total"]) >= 0

    @invariant()
    def the_cart_shows_what_was_put_in(self):
        for name, cart in self.seen.items():
            shown = {entry["data"]["product"]["id"]: entry["data"]["quantity"] for entry in cart["items"]}
            assert shown == self.quantities[name]

    @invariant()
    def the_cart_agrees_with_the_database(self):
        shown = {key_of(entry["url"]) for cart in self.seen.values() for entry in cart["items"]}
        stored = {str(pk) for pk in LineItem.objects.filter(cart__isnull=False).values_list("pk", flat=True)}
        assert shown == stored

    @invariant()
    def no_url_is_shown_to_both(self):
        user, guest = ({entry["url"] for key in LISTS for entry in self.seen[name][key]} for name in ("user", "guest"))
        assert not user & guest

    @invariant()
    def one_address_and_one_method_is_selected_at_most(self):
        for cart in self.seen.values():
            for key in LISTS[2:]:
                assert sum(entry["selected"] for entry in cart[key]) <= 1

    @invariant()
    def every_sale_was_charged_once_and_exactly(self):
        placed = Order.objects.placed()
        assert placed.count() == sum(self.orders.values())
        assert sorted(placed.filter(grand_total__gt=0).values_list("pk", "grand_total")) == sorted(
            models.BankEntry.objects.values_list("order", "amount")
        )


@pytest.mark.django_db
@override_settings(
    LORIKEET_THROTTLE_RATES={},
    LORIKEET_CHARGES=["tests.testapp.charges.Shipping", "tests.testapp.charges.IncludedTax"],
)
def test_two_shoppers_in_any_order():
    run_state_machine_as_test(Shopping, settings=PROFILES[os.environ.get("HYPOTHESIS_PROFILE", "default")])
