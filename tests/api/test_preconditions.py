"""``ETag``, ``If-None-Match`` and ``If-Match``."""

import re
from decimal import Decimal

import pytest
from django.test import override_settings

from tests.testapp import models
from tests.testapp.clients import CART, NEW_ITEM

from .writes import WRITES, writes

STALE = '"0123456789abcdef"'


def test_the_validator_is_a_strong_one(shopper):
    assert re.fullmatch(r'"[\x21\x23-\x7e]+"', shopper.etag())


def test_the_validator_stays_while_nothing_changes(shopper, wine):
    shopper.get_ready(wine)

    assert shopper.etag() == shopper.etag()


def test_the_same_validator_is_answered_304_without_a_body(shopper, wine):
    shopper.get_ready(wine)
    etag = shopper.etag()

    response = shopper.get(if_none_match=etag)

    assert response.status_code == 304
    assert response.content == b""
    assert response["ETag"] == etag


@pytest.mark.parametrize("header", ["W/{0}", '"other", {0}', "*"])
def test_if_none_match_compares_weakly_and_takes_lists(guest, header):
    """RFC 9110, 13.1.2."""
    response = guest.get(if_none_match=header.format(guest.etag()))

    assert response.status_code == 304


def test_another_validator_is_answered_with_the_cart(guest):
    response = guest.get(if_none_match=STALE)

    assert response.status_code == 200


def add_wine(guest, wine):
    guest.add_wine(wine)


def change_line(guest, wine):
    guest.patch(guest.cart()["items"][0]["url"], {"quantity": 7})


def delete_line(guest, wine):
    guest.delete(guest.cart()["items"][0]["url"])


def add_adjustment(guest, wine):
    guest.add_adjustment("ShareOff", parts=2)


def add_address(guest, wine):
    guest.add_address()


def deselect_address(guest, wine):
    guest.patch(guest.cart()["delivery_addresses"][0]["url"], {"selected": False})


def edit_address(guest, wine):
    guest.patch(guest.cart()["delivery_addresses"][0]["url"], {"data": {"postcode": "1"}})


def delete_card(guest, wine):
    guest.delete(guest.cart()["payment_methods"][0]["url"])


def set_email(guest, wine):
    guest.patch(CART, {"email": "ann@example.com"})


def change_price(guest, wine):
    models.Wine.objects.update(unit_price=Decimal("13"))


def rename_product(guest, wine):
    models.Wine.objects.update(name="Shiraz")


@pytest.mark.parametrize(
    "change",
    [
        add_wine,
        change_line,
        delete_line,
        add_adjustment,
        add_address,
        deselect_address,
        edit_address,
        delete_card,
        set_email,
        change_price,
        rename_product,
    ],
)
def test_every_visible_change_changes_the_validator(guest, wine, change):
    """A price in the catalogue included."""
    guest.get_ready(wine)
    before = guest.etag()
    change(guest, wine)

    assert guest.etag() != before


def test_the_validator_depends_on_the_settings_that_shape_the_cart(guest):
    before = guest.etag()

    with override_settings(LORIKEET_CURRENCY="EUR"):
        after = guest.etag()

    assert after != before


@pytest.mark.parametrize("write", WRITES)
def test_a_write_goes_through_while_the_cart_is_the_one_seen(ready, wine, write):
    method, path, body = writes(ready, wine)[write]

    response = ready.request(method, path, body, if_match=ready.etag())

    assert response.status_code in (200, 201, 204)


@pytest.mark.parametrize("write", WRITES)
def test_a_write_is_refused_when_the_cart_is_no_longer_the_one_seen(ready, wine, unchanged, write):
    method, path, body = writes(ready, wine)[write]
    etag = ready.etag()
    models.Wine.objects.update(unit_price=Decimal("13"))

    with unchanged():
        response = ready.request(method, path, body, if_match=etag)

    assert response.status_code == 412
    assert response["X-API-Error"]


def test_if_match_star_means_any_cart(guest, wine):
    guest.add_wine(wine)

    response = guest.post(NEW_ITEM, {"type": "WineLine", "data": {"product": wine.pk}}, if_match="*")

    assert response.status_code == 200


@pytest.mark.parametrize("header", ["W/{0}", "{0}x", STALE, "nonsense", '"'])
def test_if_match_compares_strongly(guest, wine, unchanged, header):
    """RFC 9110, 13.1.1."""
    guest.add_wine(wine)
    etag = header.format(guest.etag())

    with unchanged():
        response = guest.post(NEW_ITEM, {"type": "WineLine", "data": {"product": wine.pk}}, if_match=etag)

    assert response.status_code == 412


def test_if_match_takes_a_list(guest, wine):
    guest.add_wine(wine)

    response = guest.patch(CART, {"email": "a@example.com"}, if_match=f"{STALE}, {guest.etag()}")

    assert response.status_code == 200


def test_the_empty_cart_of_a_newcomer_can_be_matched(guest, wine):
    response = guest.post(NEW_ITEM, {"type": "WineLine", "data": {"product": wine.pk}}, if_match=guest.etag())

    assert response.status_code == 201
