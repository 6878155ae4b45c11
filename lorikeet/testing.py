"""What a host's or an extension's own tests are made of: a bank with books of its own, and contract suites.

A contract suite states what Lorikeet relies on in a type that you register. Inherit it together with Django's
``TestCase``, say how one is made, and its tests run against your type through the HTTP API::

    class TestWineLine(LineItemContract, TestCase):
        type_name = "WineLineItem"

        def make_data(self):
            return {"wine": make_wine().pk, "quantity": 2}
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, ClassVar

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from .exceptions import PaymentError
from .models import DeliveryAddress, LineItem, Order, Payment, PaymentAttempt, PaymentMethod

__all__ = [
    "AdjustmentContract",
    "Contract",
    "DeliveryAddressContract",
    "FakeBank",
    "LineItemContract",
    "PaymentMethodContract",
]

#: What no client may ever set, with values that would do harm.
FORBIDDEN = {"id": 10**6, "pk": 10**6, "cart": 1, "order": 1, "user": 1, "active": False, "total_when_charged": "0.01"}
#: JSON values of the wrong type for nearly any field; a type must refuse or read them, never crash.
STRANGE: tuple[Any, ...] = (None, [], {}, [[]], {"a": 1}, True, -1, 1.5, 10**30, "", "x" * 5000, "\u202e")


@dataclass
class FakeBank:
    """A bank that keeps its own books, in memory, by which a test can tell what was really charged.

    ``declines`` holds the cards that it refuses, by whatever the test calls a card.
    """

    declines: set[str] = field(default_factory=set)
    #: One ``(reference, card, amount, currency)`` for each charge, in major units.
    charges: list[tuple[str, str, Decimal, str]] = field(default_factory=list)

    def charge(self, card: str, amount: Decimal, currency: str) -> str:
        """Take ``amount`` from ``card`` and return the bank's reference.

        :raises PaymentError: the card is one of those that are declined; nothing was charged.
        """
        if card in self.declines:
            raise PaymentError({"message": "Your card was declined.", "code": "card_declined"})
        reference = f"ch_{uuid.uuid4().hex}"
        self.charges.append((reference, card, amount, currency))
        return reference

    def total(self) -> Decimal:
        """Return everything that was charged."""
        return sum((amount for _, _, amount, _ in self.charges), Decimal(0))


class Contract:
    """What the suites share: a guest's browser, and how a thing of the type is added to his cart."""

    new_url: ClassVar[str]
    #: The name the type is registered under.
    type_name: ClassVar[str]

    client: Client
    skipTest: Any  # noqa: N815 - as unittest names it
    subTest: Any  # noqa: N815

    def make_data(self) -> dict[str, Any]:
        """Return valid data for a new one, as a client would send it."""
        raise TypeError(f"Write {type(self).__name__}.make_data(self).")

    def add(self, **changes: Any) -> Any:
        """Send a new one and return the response."""
        body = {"type": self.type_name, "data": {**self.make_data(), **changes}}
        return self.client.post(reverse(f"lorikeet:{self.new_url}"), body, content_type="application/json")

    def cart(self) -> dict[str, Any]:
        """Return the cart as its shopper sees it."""
        cart: dict[str, Any] = self.client.get(reverse("lorikeet:cart")).json()
        return cart

    def test_it_can_be_added_and_is_shown(self) -> None:
        response = self.add()

        assert response.status_code == 201, response.content
        assert response.json()["type"] == self.type_name
        shown = self.client.get(response.json()["url"]).json()
        assert shown == response.json()

    def test_what_is_not_a_clients_to_set_stays_as_it_is(self) -> None:
        data = self.make_data()
        ordinary = self.add(**data).json()

        response = self.client_again().add(**data, **FORBIDDEN)

        assert response.status_code == 201, response.content
        assert {**response.json(), "url": ""} == {**ordinary, "url": ""}

    def test_strange_values_are_refused_or_read_and_never_crash(self) -> None:
        for name in self.make_data():
            for value in STRANGE:
                with self.subTest(field=name, value=value):
                    assert self.add(**{name: value}).status_code < 500

    def test_another_guest_does_not_see_it(self) -> None:
        url = self.add().json()["url"]

        response = self.client_again().client.get(url)

        assert response.status_code == 404

    def client_again(self) -> Contract:
        """Return this suite with the browser of another guest."""
        self.client = Client()
        return self


class LineItemContract(Contract):
    """What Lorikeet relies on in a line item."""

    new_url = "add-to-cart"

    def test_its_total_is_the_carts_subtotal(self) -> None:
        total = self.add().json()["total"]

        assert self.cart()["subtotal"] == total

    def test_it_can_be_removed(self) -> None:
        url = self.add().json()["url"]

        response = self.client.delete(url)

        assert (response.status_code, self.cart()["items"]) == (204, [])

    def test_the_number_of_queries_does_not_grow_with_the_number_of_lines(self) -> None:
        self.add()
        row = LineItem.objects.select_subclasses().get()
        one = self.count_queries()
        for _ in range(3):
            another = type(row).objects.get(pk=row.pk)
            another.pk = another.id = None
            another._state.adding = True
            another.save()

        assert self.count_queries() == one

    def count_queries(self) -> int:
        with CaptureQueriesContext(connection) as queries:
            self.cart()
        return len(queries)


class AdjustmentContract(Contract):
    """What Lorikeet relies on in an adjustment."""

    new_url = "new-adjustment"

    def test_it_never_makes_the_price_negative(self) -> None:
        self.add()

        assert not self.cart()["grand_total"].startswith("-")


class ChoiceContract(Contract):
    """What addresses and payment methods share."""

    listed_as: ClassVar[str]
    model: ClassVar[Any]

    def test_a_new_one_is_selected(self) -> None:
        self.add()

        assert [row["selected"] for row in self.cart()[self.listed_as]] == [True]

    def test_a_removed_one_is_kept_out_of_sight(self) -> None:
        url = self.add().json()["url"]

        response = self.client.delete(url)

        assert (response.status_code, self.cart()[self.listed_as]) == (204, [])
        assert self.model.objects.count() == 1


class DeliveryAddressContract(ChoiceContract):
    """What Lorikeet relies on in a delivery address."""

    new_url = "new-address"
    listed_as = "delivery_addresses"
    model = DeliveryAddress


class PaymentMethodContract(ChoiceContract):
    """What Lorikeet relies on in a payment method."""

    new_url = "new-payment-method"
    listed_as = "payment_methods"
    model = PaymentMethod

    def make_order(self, method: Any) -> Order:
        """Return a pending order of 10 that is to be paid with ``method``."""
        order: Order = Order.objects.create(payment_method=method, currency="AUD", subtotal=10, grand_total=Decimal(10))
        PaymentAttempt.objects.create(
            order=order, open_for=order, method=method, provider=self.type_name, amount=Decimal(10), currency="AUD"
        )
        return order

    def make_refused_data(self) -> dict[str, Any] | None:
        """Return data of a method that is refused when it is to pay, or ``None`` if none ever is."""
        return None

    def pay(self) -> Any:
        method = PaymentMethod.objects.select_subclasses().get()
        return method.make_payment(self.make_order(method), Decimal(10))

    def test_a_payment_is_a_saved_row_of_its_own_class(self) -> None:
        self.add()

        payment = self.pay()

        assert isinstance(payment, Payment)
        assert payment.pk is not None

    def test_a_refusal_is_a_payment_error_that_leaves_no_payment(self) -> None:
        data = self.make_refused_data()
        if data is None:
            self.skipTest("This method is never refused.")
        self.add(**(data or {}))

        try:
            self.pay()
        except PaymentError as error:
            refusal = error
        else:
            raise AssertionError("make_payment() took money with what make_refused_data() gives.")

        assert "message" in refusal.info
        assert Payment.objects.count() == 0
