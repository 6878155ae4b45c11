"""How much a cart, an account and a request body may hold."""

import json

import pytest
from django.test import override_settings

from lorikeet.models import Adjustment, LineItem
from tests.testapp import models
from tests.testapp.clients import (
    NEW_ADDRESS,
    NEW_ADJUSTMENT,
    NEW_ITEM,
    NEW_PAYMENT_METHOD,
    STREET,
    Browser,
)

NEW = {
    "LORIKEET_MAX_LINES": (NEW_ITEM, {"type": "MoodyLine", "data": {}}, "items"),
    "LORIKEET_MAX_ADJUSTMENTS": (NEW_ADJUSTMENT, {"type": "ShareOff", "data": {}}, "adjustments"),
    "LORIKEET_MAX_ADDRESSES": (NEW_ADDRESS, {"type": "StreetAddress", "data": STREET}, "delivery_addresses"),
    "LORIKEET_MAX_PAYMENT_METHODS": (
        NEW_PAYMENT_METHOD,
        {"type": "PayLater", "data": {"number": "1"}},
        "payment_methods",
    ),
}


@pytest.mark.parametrize("setting", NEW)
def test_one_more_than_the_limit_is_refused(shopper, unchanged, setting):
    path, body, key = NEW[setting]
    with override_settings(**{setting: 2}):
        created = [shopper.post(path, body).status_code for _ in range(2)]

        with unchanged():
            response = shopper.post(path, body)

    assert created == [201, 201]
    assert response.status_code == 400
    assert list(response.json()) == [key]
    assert response["X-API-Error"]


@pytest.mark.parametrize("setting", NEW)
def test_a_deleted_row_makes_room(shopper, setting):
    path, body, _ = NEW[setting]
    with override_settings(**{setting: 1}):
        shopper.delete(shopper.post(path, body).json()["url"])
        response = shopper.post(path, body)

    assert response.status_code == 201


@override_settings(LORIKEET_MAX_LINES=1)
def test_a_full_cart_still_combines(shopper, wine):
    shopper.add_wine(wine)

    response = shopper.post(NEW_ITEM, {"type": "WineLine", "data": {"product": wine.pk}})

    assert response.status_code == 200


@override_settings(LORIKEET_MAX_LINES=1)
def test_the_limit_is_one_cart_each(guest, wine):
    guest.add_wine(wine)

    assert Browser().add_wine(wine)["data"]["quantity"] == 1


@override_settings(LORIKEET_MAX_LINES=3)
def test_a_login_brings_as_many_lines_as_there_is_room_for_and_the_next_the_others(guest, alice):
    """Nothing that the shopper has put in is lost."""
    for browser in (alice, guest):
        for amount in (1, 2):
            browser.add(NEW_ITEM, "MoodyLine", amount=str(amount))

    guest.log_in(alice.user)

    cart = guest.cart()
    assert [item["total"] for item in cart["items"]] == ["1.00", "2.00", "1.00"]

    for item in cart["items"][:2]:
        guest.delete(item["url"])
    guest.log_in(alice.user)

    assert [item["total"] for item in guest.cart()["items"]] == ["1.00", "2.00"]


def test_a_login_brings_no_more_of_anything_than_the_limits_allow(guest, alice):
    for browser in (guest, alice):
        for path, body, _ in NEW.values():
            for _ in range(2):
                browser.post(path, body)
    keys = [key for _, _, key in NEW.values()]

    with override_settings(**dict.fromkeys(NEW, 3)):
        guest.log_in(alice.user)

    cart = guest.cart()
    assert [len(cart[key]) for key in keys] == [3, 3, 3, 3]
    assert [LineItem.objects.count(), Adjustment.objects.count()] == [4, 4]


def padded(wine, size):
    """Return a valid body of exactly ``size`` bytes."""
    body = json.dumps({"type": "WineLine", "data": {"product": wine.pk}})
    return body + " " * (size - len(body))


def test_a_body_as_large_as_the_limit_is_read(guest, wine):
    response = guest.send("POST", NEW_ITEM, padded(wine, 65536))

    assert response.status_code == 201


@pytest.mark.parametrize("path", [NEW_ITEM, NEW_ADDRESS, NEW_PAYMENT_METHOD, NEW_ADJUSTMENT, "/_cart/checkout/"])
def test_a_body_larger_than_the_limit_is_answered_413(guest, wine, unchanged, path):
    with unchanged():
        response = guest.send("POST", path, padded(wine, 65537))

    assert response.status_code == 413
    assert response["X-API-Error"]


def test_a_body_of_thirty_megabytes_is_answered_413(guest, wine, unchanged):
    """Larger than what Django reads at all (``DATA_UPLOAD_MAX_MEMORY_SIZE``)."""
    with unchanged():
        response = guest.send("POST", NEW_ITEM, padded(wine, 30_000_000))

    assert response.status_code == 413


@override_settings(LORIKEET_MAX_BODY_BYTES=200)
def test_the_size_of_a_body_is_the_hosts_to_set(guest, wine):
    responses = [guest.send("POST", NEW_ITEM, padded(wine, size)) for size in (200, 201)]

    assert [response.status_code for response in responses] == [201, 413]


def nested(depth):
    """Return a JSON object with ``depth`` objects in each other."""
    return '{"a":' * (depth - 1) + "{}" + "}" * (depth - 1)


@pytest.mark.parametrize("depth", [21, 1000, 10_000])
def test_a_body_nested_too_deeply_is_answered_400(guest, unchanged, depth):
    with unchanged():
        response = guest.send("POST", NEW_ITEM, nested(depth))

    assert response.status_code == 400
    assert "type" not in response.json()


def test_a_body_as_deep_as_the_limit_is_read(guest):
    response = guest.send("POST", NEW_ITEM, nested(20))

    assert response.status_code == 400
    assert "type" in response.json()


@override_settings(LORIKEET_MAX_LINES=1000)
def test_the_number_of_lines_is_the_hosts_to_set(guest, wine):
    line = guest.add_wine(wine)
    cart = models.WineLine.objects.get(pk=line["url"].split("/")[2]).cart
    for _ in range(150):
        models.MoodyLine.objects.create(cart=cart)

    response = guest.post(NEW_ITEM, {"type": "MoodyLine", "data": {}})

    assert response.status_code == 201
