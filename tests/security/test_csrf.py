"""Every unsafe request that rides on a cookie proves that it comes from our own page; guests' too."""

import json

import pytest
from django.test import Client, override_settings

from lorikeet.models import Cart
from tests.testapp.clients import CART, NEW_ITEM, Browser

from .test_matrix import WRITES, body_of, make_owner, url_of

ATTACKS = {
    "another's token": lambda _: {"X-CSRFToken": Browser().csrf_token()},
    "no token of the right length": lambda token: {"X-CSRFToken": "a" * len(token)},
    "a token of the wrong length": lambda token: {"X-CSRFToken": token[:-1]},
    "the empty token": lambda _: {"X-CSRFToken": ""},
    "another origin": lambda token: {"X-CSRFToken": token, "Origin": "https://evil.example"},
    "a null origin": lambda token: {"X-CSRFToken": token, "Origin": "null"},
    "another port": lambda token: {"X-CSRFToken": token, "Origin": "http://testserver:8000"},
    "a longer host": lambda token: {"X-CSRFToken": token, "Origin": "http://testserver.evil.example"},
}


def bottle(wine):
    return {"type": "WineLine", "data": {"product": wine.pk}}


@pytest.mark.parametrize("attack", ATTACKS)
@pytest.mark.parametrize("kind", ["guest", "user"])
def test_no_forged_write_goes_through(kind, attack, wine, unchanged):
    owner = make_owner(kind, wine)
    calls = {(name, method): (url_of(name, owner), body_of(name, method, wine)) for name, method in WRITES}
    headers = ATTACKS[attack](owner.csrf_token())

    with unchanged():
        statuses = {
            call: owner.client.generic(
                call[1], url, json.dumps(body), content_type="application/json", headers=headers
            ).status_code
            for call, (url, body) in calls.items()
        }

    assert statuses == dict.fromkeys(WRITES, 403)


def test_a_client_without_any_cookie_is_refused_too(wine):
    response = Client(enforce_csrf_checks=True).post(NEW_ITEM, bottle(wine), content_type="application/json")

    assert response.status_code == 403
    assert Cart.objects.count() == 0


def test_the_token_in_the_body_is_not_enough(guest, wine, unchanged):
    body = {**bottle(wine), "csrfmiddlewaretoken": guest.csrf_token()}

    with unchanged():
        response = guest.client.post(NEW_ITEM, body, content_type="application/json")

    assert response.status_code == 403


def test_the_cookie_that_reading_sets_is_the_one_that_counts(guest, wine):
    token = guest.get().cookies["csrftoken"].value

    response = guest.client.post(
        NEW_ITEM, bottle(wine), content_type="application/json", headers={"X-CSRFToken": token}
    )

    assert response.status_code == 201


def test_our_own_origin_is_accepted(guest, wine):
    response = guest.post(NEW_ITEM, bottle(wine), origin="http://testserver")

    assert response.status_code == 201


@override_settings(CSRF_TRUSTED_ORIGINS=["https://shop.example"])
def test_a_trusted_origin_is_accepted(guest, wine):
    response = guest.post(NEW_ITEM, bottle(wine), origin="https://shop.example")

    assert response.status_code == 201


def test_a_cart_token_header_does_not_unlock_the_session(alice, wine, unchanged):
    """An invalid token is refused; it is no way to skip the check and use the cookie."""
    alice.add_wine(wine)

    with unchanged():
        response = alice.client.patch(
            CART, {"email": "x@example.com"}, content_type="application/json", headers={"X-Cart-Token": "x"}
        )

    assert response.status_code == 400


@pytest.mark.parametrize("value", ["Token x", "Basic eDp5", "Bearer x", "Token", ""])
def test_an_authorization_header_that_is_wrong_does_not_unlock_the_session(alice, wine, unchanged, value):
    alice.add_wine(wine)

    with unchanged():
        response = alice.client.patch(
            CART, {"email": "x@example.com"}, content_type="application/json", headers={"Authorization": value}
        )

    assert response.status_code in (401, 403)


def test_no_origin_is_let_in_by_default(guest):
    response = guest.get(origin="https://evil.example")

    assert "Access-Control-Allow-Origin" not in response


def test_other_pages_set_no_csrf_cookie_by_default(guest):
    assert "csrftoken" not in guest.get("/plain/").cookies


def test_a_page_that_holds_the_cart_does(guest):
    """Its first write needs it."""
    assert "csrftoken" in guest.get("/page/").cookies


@override_settings(LORIKEET_SET_CSRFTOKEN_EVERYWHERE=True)
def test_the_host_may_have_the_csrf_cookie_everywhere(guest):
    assert "csrftoken" in guest.get("/plain/").cookies
