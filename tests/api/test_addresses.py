"""Delivery addresses: ``POST /_cart/new-address/`` and ``/_cart/address/<id>/`` (L11, L18)."""

import pytest

from lorikeet.models import Cart
from tests.testapp import models
from tests.testapp.clients import NEW_ADDRESS, STREET, Browser, key_of


def selections(browser):
    return [(entry["data"].get("addressee"), entry["selected"]) for entry in browser.cart()["delivery_addresses"]]


def test_a_new_address_answers_201_and_is_selected(shopper):
    response = shopper.post(NEW_ADDRESS, {"type": "StreetAddress", "data": STREET})

    address = models.StreetAddress.objects.get()
    assert response.status_code == 201
    assert response.json() == {
        "type": "StreetAddress",
        "data": STREET,
        "selected": True,
        "url": f"/_cart/address/{address.pk}/",
    }


def test_a_second_address_is_selected_instead_of_the_first(shopper):
    shopper.add_address(addressee="Joe")

    shopper.add_address(addressee="Ann")

    assert selections(shopper) == [("Joe", False), ("Ann", True)]


def test_an_address_may_be_of_another_type(guest):
    models.Locker.objects.create(name="depot-7")

    address = guest.add(NEW_ADDRESS, "LockerAddress", locker="depot-7")

    assert address["type"] == "LockerAddress"
    assert address["data"] == {"locker": "depot-7", "note": ""}


def test_selecting_an_address_answers_200_and_deselects_the_others(shopper):
    first = shopper.add_address(addressee="Joe")
    shopper.add_address(addressee="Ann")

    response = shopper.patch(first["url"], {"selected": True})

    assert response.status_code == 200
    assert response.json() == {**first, "selected": True}
    assert selections(shopper) == [("Joe", True), ("Ann", False)]


def test_deselecting_the_selected_address_leaves_none_selected(shopper):
    address = shopper.add_address(addressee="Joe")

    response = shopper.patch(address["url"], {"selected": False})

    assert response.status_code == 200
    assert selections(shopper) == [("Joe", False)]


def test_deselecting_another_address_leaves_the_selected_one(shopper):
    first = shopper.add_address(addressee="Joe")
    shopper.add_address(addressee="Ann")

    shopper.patch(first["url"], {"selected": False})

    assert selections(shopper) == [("Joe", False), ("Ann", True)]


def test_editing_an_address_answers_200_and_the_address(shopper):
    address = shopper.add_address()

    response = shopper.patch(address["url"], {"data": {"postcode": "5001"}})

    assert response.status_code == 200
    assert response.json() == {**address, "data": {**STREET, "postcode": "5001"}}


def test_an_address_can_be_edited_and_selected_at_once(shopper):
    first = shopper.add_address(addressee="Joe")
    shopper.add_address(addressee="Ann")

    shopper.patch(first["url"], {"selected": True, "data": {"addressee": "Bob"}})

    assert selections(shopper) == [("Bob", True), ("Ann", False)]


def test_deleting_an_address_answers_204_and_deselects_it(shopper):
    address = shopper.add_address()

    response = shopper.delete(address["url"])

    assert response.status_code == 204
    assert response.content == b""
    assert shopper.cart()["delivery_addresses"] == []


def test_deleting_the_selected_address_selects_no_other(shopper):
    shopper.add_address(addressee="Joe")
    second = shopper.add_address(addressee="Ann")

    shopper.delete(second["url"])

    assert selections(shopper) == [("Joe", False)]


def test_a_deleted_address_is_kept_inactive(shopper):
    address = shopper.add_address()

    shopper.delete(address["url"])

    assert models.StreetAddress.objects.get().active is False


def test_a_deleted_address_does_not_exist_for_its_owner(shopper, unchanged):
    url = shopper.add_address()["url"]
    shopper.delete(url)

    with unchanged():
        responses = [shopper.get(url), shopper.patch(url, {"selected": True}), shopper.delete(url)]

    assert [response.status_code for response in responses] == [404, 404, 404]


def test_a_user_finds_their_addresses_in_another_browser(alice):
    """L11: all addresses available to the user."""
    alice.add_address(addressee="Joe")
    alice.add_address(addressee="Ann")

    assert selections(Browser(alice.user)) == [("Joe", False), ("Ann", True)]


def test_a_user_keeps_their_addresses_after_a_checkout(alice, wine):
    alice.get_ready(wine)
    alice.checkout()

    assert [name for name, _ in selections(alice)] == ["Joe Bloggs"]


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ({"type": "StreetAddress", "data": {**STREET, "postcode": ""}}, {"postcode": ["This field may not be blank."]}),
        (
            {"type": "StreetAddress", "data": {**STREET, "state": "Victoria"}},
            {"state": ["Ensure this field has no more than 3 characters."]},
        ),
        (
            {"type": "LockerAddress", "data": {"locker": "nowhere"}},
            {"locker": ['Invalid pk "nowhere" - object does not exist.']},
        ),
        ({"type": "LockerAddress", "data": {}}, {"locker": ["This field is required."]}),
    ],
)
def test_an_invalid_address_is_refused_and_makes_no_cart(guest, unchanged, body, error):
    with unchanged():
        response = guest.post(NEW_ADDRESS, body)

    assert response.status_code == 400
    assert response.json() == error


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"selected": None}, "selected"),
        ({"selected": 7}, "selected"),
        ({"selected": []}, "selected"),
        ({"selected": "perhaps"}, "selected"),
        ({"data": []}, "data"),
        ({"data": None}, "data"),
        ({"data": {"postcode": []}}, "postcode"),
        ({"selected": True, "data": {"postcode": None}}, "postcode"),
    ],
)
def test_an_invalid_change_is_refused_by_the_name_of_its_field(shopper, unchanged, body, field):
    address = shopper.add_address()

    with unchanged():
        response = shopper.patch(address["url"], body)

    assert response.status_code == 400
    assert list(response.json()) == [field]


def test_editing_an_address_that_an_order_names_leaves_the_order_as_it_was(alice, wine):
    """I4: a placed order never changes."""
    alice.get_ready(wine)
    address = alice.cart()["delivery_addresses"][0]
    alice.checkout()

    response = alice.patch(address["url"], {"data": {"postcode": "5001"}})

    old, new = models.StreetAddress.objects.order_by("pk")
    assert response.status_code == 200
    assert key_of(response.json()["url"]) == str(new.pk)
    assert (old.postcode, old.active) == ("5000", False)
    assert (new.postcode, new.active) == ("5001", True)


def test_deleting_an_address_that_an_order_names_leaves_the_order_its_address(alice, wine):
    alice.get_ready(wine)
    address = alice.cart()["delivery_addresses"][0]
    alice.checkout()

    assert alice.delete(address["url"]).status_code == 204

    assert models.StreetAddress.objects.get().orders.count() == 1


def test_replacing_an_address_answers_200_and_the_address(shopper):
    address = shopper.add_address()
    data = {**STREET, "addressee": "Ann", "postcode": "5001"}

    for body in (data, {"data": data}, {**address, "data": data}):
        response = shopper.put(address["url"], body)

        assert response.status_code == 200
        assert response.json() == {**address, "data": data}


def test_an_address_that_the_site_selected_can_be_read_where_it_is_listed(shopper, unchanged):
    """A place to pick things up, of no shopper's."""
    shopper.add_address()
    place = models.StreetAddress.objects.create(**{**STREET, "addressee": "Depot"})
    Cart.objects.update(delivery_address=place)
    shown = shopper.cart()["delivery_addresses"][-1]

    with unchanged():
        responses = [
            shopper.get(shown["url"]),
            shopper.patch(shown["url"], {"data": {"suburb": "x"}}),
            Browser().get(shown["url"]),
        ]

    assert [response.status_code for response in responses] == [200, 400, 404]
    assert responses[0].json() == shown
    assert (shown["data"]["addressee"], shown["selected"]) == ("Depot", True)


def test_deleting_an_address_that_the_site_selected_deselects_it(shopper):
    shopper.add_address()
    place = models.StreetAddress.objects.create(**{**STREET, "addressee": "Depot"})
    Cart.objects.update(delivery_address=place)

    response = shopper.delete(f"/_cart/address/{place.pk}/")

    assert response.status_code == 204
    assert selections(shopper) == [("Joe Bloggs", False)]
    assert models.StreetAddress.objects.get(pk=place.pk).active
