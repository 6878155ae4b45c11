"""What Lorikeet relies on in the types of a host: suites of tests that run through the HTTP API."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from ..models import DeliveryAddress, LineItem

__all__ = ["AdjustmentContract", "ChoiceContract", "Contract", "DeliveryAddressContract", "LineItemContract"]

#: What no client may ever set, with values that would do harm.
FORBIDDEN = {"id": 10**6, "pk": 10**6, "cart": 1, "order": 1, "user": 1, "active": False, "total_when_charged": "0.01"}
#: JSON values of the wrong type for nearly any field; a type must refuse or read them, never crash.
STRANGE: tuple[Any, ...] = (None, [], {}, [[]], {"a": 1}, True, -1, 1.5, 10**30, "", "x" * 5000, "\u202e")


class Contract:
    """What the suites share: a guest's browser, and how an object of the type is added to the guest's cart."""

    new_url: ClassVar[str]
    #: The name the type is registered under.
    type_name: ClassVar[str]

    client: Client
    skipTest: Any  # noqa: N815 - as unittest names it
    subTest: Any  # noqa: N815

    def make_data(self) -> dict[str, Any]:
        """Return valid data for a new object, as a client would send it."""
        raise TypeError(f"Write {type(self).__name__}.make_data(self).")

    def add(self, **changes: Any) -> Any:
        """Send a new object and return the response."""
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

        for key, value in FORBIDDEN.items():
            with self.subTest(key=key):
                response = self.client_again().add(**data, **{key: value})
                is_refused = response.status_code == 400 and key in response.json()
                assert is_refused or {**response.json(), "url": ""} == {**ordinary, "url": ""}, response.content

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

    def test_a_removed_one_is_hidden_and_kept(self) -> None:
        url = self.add().json()["url"]

        response = self.client.delete(url)

        assert (response.status_code, self.cart()[self.listed_as]) == (204, [])
        assert self.model.objects.count() == 1


class DeliveryAddressContract(ChoiceContract):
    """What Lorikeet relies on in a delivery address."""

    new_url = "new-address"
    listed_as = "delivery_addresses"
    model = DeliveryAddress
