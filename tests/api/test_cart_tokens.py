"""``X-Cart-Token``: a cart for clients that keep no cookies."""

from unittest import mock

import pytest
from django.contrib.sessions.models import Session
from django.core import signing
from django.test import Client
from rest_framework.authtoken.models import Token

from tests.testapp import models
from tests.testapp.clients import CART, CHECKOUT, NEW_ITEM, without_time

DAY = 24 * 60 * 60


def app(method, path, data=None, **headers):
    """Send one request of a mobile app: JSON, no cookies, no CSRF token."""
    headers = {name.replace("_", "-"): headers[name] for name in headers}
    client = Client(enforce_csrf_checks=True)
    return getattr(client, method)(path, data, content_type="application/json", headers=headers)


@pytest.fixture
def token(wine):
    """The token of a cart with one bottle."""
    return app("post", NEW_ITEM, bottle(wine), x_cart_token="new")["X-Cart-Token"]


def bottle(wine):
    return {"type": "WineLine", "data": {"product": wine.pk}}


def test_the_first_write_that_asks_gets_a_token_and_no_cookie(wine):
    response = app("post", NEW_ITEM, bottle(wine), x_cart_token="new")

    assert response.status_code == 201
    assert response["X-Cart-Token"]
    assert list(response.cookies) == []
    assert Session.objects.count() == 0


def test_the_token_names_the_cart(token):
    cart = Client().get(CART, headers={"X-Cart-Token": token}).json()

    assert [item["total"] for item in cart["items"]] == ["12.00"]


def test_the_token_is_enough_to_write(token, wine):
    response = app("post", NEW_ITEM, bottle(wine), x_cart_token=token)

    assert response.status_code == 200
    assert response.json()["data"]["quantity"] == 2


def test_a_whole_purchase_needs_nothing_else(token):
    street = {"addressee": "Joe", "street": "1 A St", "suburb": "Adelaide", "state": "SA", "postcode": "5000"}
    app("patch", CART, {"email": "joe@example.com"}, x_cart_token=token)
    app("post", "/_cart/new-address/", {"type": "StreetAddress", "data": street}, x_cart_token=token)
    app(
        "post",
        "/_cart/new-payment-method/",
        {"type": "PretendCard", "data": {"token": "tok_paid"}},
        x_cart_token=token,
    )

    response = app("post", CHECKOUT, {}, x_cart_token=token)

    assert response.status_code == 200
    assert models.BankEntry.objects.count() == 1


def test_every_newcomer_gets_a_token_and_a_cart_of_their_own(wine):
    first = app("post", NEW_ITEM, bottle(wine), x_cart_token="new")["X-Cart-Token"]
    second = app("post", NEW_ITEM, bottle(wine), x_cart_token="new")["X-Cart-Token"]

    assert first != second
    assert models.WineLine.objects.values("cart").distinct().count() == 2


def test_reading_with_new_writes_nothing(db, unchanged):
    with unchanged():
        response = Client().get(CART, headers={"X-Cart-Token": "new"})

    assert response.status_code == 200
    assert response.json()["items"] == []


@pytest.mark.parametrize("change", [lambda token: token[:-1], lambda token: token + "x", lambda _: "1", str.upper])
@pytest.mark.parametrize("method", ["get", "patch"])
def test_a_token_that_was_changed_is_refused(token, unchanged, method, change):
    with unchanged():
        response = app(method, CART, {} if method == "patch" else None, x_cart_token=change(token))

    assert response.status_code == 400
    assert list(response.json()) == ["X-Cart-Token", "errors"]


def test_a_token_expires_after_thirty_days(token):
    with mock.patch.object(signing.time, "time", return_value=signing.time.time() + 31 * DAY):
        response = Client().get(CART, headers={"X-Cart-Token": token})

    assert response.status_code == 400


def test_a_token_holds_no_plain_id(token):
    cart = models.WineLine.objects.get().cart

    assert not token.startswith(f"{cart.pk}:")


def test_an_order_token_is_no_cart_token(guest, wine):
    guest.get_ready(wine)
    order_token = guest.checkout().json()["url"].partition("?token=")[2]

    response = Client().get(CART, headers={"X-Cart-Token": order_token})

    assert response.status_code == 400


def test_the_token_of_a_cart_that_is_gone_is_no_cart_yet(token, wine):
    models.WineLine.objects.get().cart.delete()

    read = Client().get(CART, headers={"X-Cart-Token": token})
    written = app("post", NEW_ITEM, bottle(wine), x_cart_token=token)

    assert (read.status_code, read.json()["items"]) == (200, [])
    assert written.status_code == 201
    assert written["X-Cart-Token"] != token


def test_cookies_are_ignored_where_a_token_is_sent(token, alice, wine):
    """A request with a token skips the CSRF check, so its cookies must give no access."""
    alice.add_wine(wine, 5)

    cart = alice.get(x_cart_token=token).json()

    assert [item["data"]["quantity"] for item in cart["items"]] == [1]
    assert cart["is_authenticated"] is False


def test_a_write_with_token_and_foreign_cookie_changes_the_tokens_cart_only(token, alice, wine):
    alice.add_wine(wine, 5)

    alice.client.post(NEW_ITEM, bottle(wine), content_type="application/json", headers={"X-Cart-Token": token})

    assert [item["data"]["quantity"] for item in alice.cart()["items"]] == [5]


def test_new_with_foreign_cookies_does_not_touch_their_cart(alice, wine):
    alice.add_wine(wine, 5)

    alice.client.post(NEW_ITEM, bottle(wine), content_type="application/json", headers={"X-Cart-Token": "new"})

    assert [item["data"]["quantity"] for item in alice.cart()["items"]] == [5]


@pytest.fixture
def key(alice):
    """The API key of an account."""
    return f"Token {Token.objects.create(user=alice.user).key}"


def test_a_cart_comes_along_when_its_holder_authenticates(token, key, alice, wine):
    """The first write with both merges, as logging in does."""
    alice.add_wine(wine, 5)

    response = app("patch", CART, {"email": "a@example.com"}, x_cart_token=token, authorization=key)

    assert [item["data"]["quantity"] for item in response.json()["items"]] == [6]


def test_a_cart_that_came_along_is_open_to_the_token_no_more(token, key, alice):
    """Rotated at login, as a session key is."""
    app("patch", CART, {"email": "a@example.com"}, x_cart_token=token, authorization=key)

    cart = Client().get(CART, headers={"X-Cart-Token": token}).json()

    assert cart["items"] == []


def test_reading_with_both_shows_the_users_cart_and_writes_nothing(token, key, alice, unchanged):
    with unchanged():
        cart = Client().get(CART, headers={"X-Cart-Token": token, "Authorization": key}).json()

    assert (cart["items"], cart["is_authenticated"]) == ([], True)


def test_an_authenticated_api_client_has_its_users_cart(alice, key, wine):
    """The cart follows the authenticated user of the API request."""
    alice.add_wine(wine, 5)

    cart = Client().get(CART, headers={"Authorization": key}).json()

    assert without_time(cart) == alice.cart()


def test_an_authenticated_api_client_needs_no_csrf_token(alice, key, wine):
    response = app("post", NEW_ITEM, bottle(wine), authorization=key)

    assert response.status_code == 201
    assert [item["data"]["quantity"] for item in alice.cart()["items"]] == [1]


def test_a_wrong_api_token_is_refused(db, wine, unchanged):
    with unchanged():
        response = app("post", NEW_ITEM, bottle(wine), authorization="Token nonsense")

    assert response.status_code in (401, 403)
