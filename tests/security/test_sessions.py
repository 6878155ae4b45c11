"""Planted cookies, shared sessions, and sessions that outlive what they name."""

from decimal import Decimal
from importlib import import_module

import pytest
from django.conf import settings
from django.contrib.sessions.models import Session
from django.test import override_settings

from lorikeet.models import Cart
from lorikeet.outcomes import Paid, Pending
from tests.testapp import models
from tests.testapp.clients import CART, Browser
from tests.testapp.factories import make_user


def share_session(browser, victim):
    """Give ``victim`` the session cookie of ``browser``."""
    victim.client.cookies["sessionid"] = browser.client.cookies["sessionid"].value


def test_a_planted_session_shows_nothing_after_the_victim_logged_in(wine):
    attacker, victim = Browser(), Browser()
    attacker.add_wine(wine)
    share_session(attacker, victim)

    victim.log_in(make_user())
    victim.add_address(addressee="Victim")

    assert attacker.cart()["items"] == []
    assert attacker.cart()["delivery_addresses"] == []


def test_a_planted_session_writes_nothing_after_the_victim_logged_in(wine):
    attacker, victim = Browser(), Browser()
    url = attacker.add_wine(wine)["url"]
    share_session(attacker, victim)
    victim.log_in(make_user())

    response = attacker.patch(url, {"quantity": 99})

    assert response.status_code == 404
    assert models.WineLine.objects.get().quantity == 1


def test_a_planted_address_and_card_do_not_pay_or_receive_the_victims_order(wine):
    attacker, victim = Browser(), Browser()
    user = make_user()
    account = Browser(user)
    account.get_ready(wine)
    attacker.add_address(addressee="Attacker")
    attacker.add_card("tok_declined")
    share_session(attacker, victim)

    victim.log_in(user)

    assert victim.checkout().status_code == 200
    assert [address.addressee for address in models.StreetAddress.objects.filter(orders__isnull=False)] == [
        "Joe Bloggs"
    ]


def test_a_planted_session_does_not_show_the_order_that_the_victim_makes_as_a_guest(wine):
    attacker, victim = Browser(), Browser()
    attacker.get_ready(wine)
    share_session(attacker, victim)
    models.ScriptedCard.script(start_payment=Pending("ref"), check_payment=Paid("ref", Decimal(12), "AUD"))
    victim.add("/_cart/new-payment-method/", "ScriptedCard", token="tok_scripted")
    checkout = victim.checkout().json()["checkout"]
    page = f"/orders/{checkout['order']}/"

    while_it_waits = [attacker.get(path).status_code for path in (CART, checkout["url"], page)]
    url = victim.post(checkout["confirm_url"]).json()["url"]
    placed = [attacker.get(path).status_code for path in (CART, checkout["url"], page)]

    assert (while_it_waits, placed) == ([200, 200, 404], [200, 200, 404])
    assert url.startswith(page)
    assert victim.get(page).status_code == 200


def test_a_guest_whose_cart_was_deleted_starts_afresh(guest, wine):
    guest.add_wine(wine)
    Cart.objects.all().delete()

    assert guest.cart()["items"] == []
    assert guest.add_wine(wine)["data"]["quantity"] == 1
    assert len(guest.cart()["items"]) == 1


def test_a_guest_whose_cart_became_a_users_has_it_no_more(guest, alice, wine):
    """However the session came to name it."""
    guest.add_wine(wine)
    Cart.objects.update(user=alice.user)

    assert guest.cart()["items"] == []
    assert guest.add_wine(wine)["data"]["quantity"] == 1
    assert [item["data"]["quantity"] for item in alice.cart()["items"]] == [1]


@pytest.mark.parametrize("value", [None, "", "x", 0, -1, 2**70, [], {}, "9" * 5000, "\x00", 1.5, True])
def test_a_session_that_names_nonsense_is_a_newcomers(guest, wine, value):
    """Cookie-based sessions and other code of the site may hold anything."""
    guest.add_wine(wine)
    store = import_module(settings.SESSION_ENGINE).SessionStore(guest.client.cookies["sessionid"].value)
    for key in list(store.keys()):
        store[key] = value
    store.save()

    assert guest.cart()["items"] == []
    assert guest.patch(CART, {"email": "joe@example.com"}).status_code == 200


def test_the_session_key_changes_at_login(guest, alice, wine):
    guest.add_wine(wine)
    before = guest.client.cookies["sessionid"].value

    guest.log_in(alice.user)

    assert guest.client.cookies["sessionid"].value != before


def test_a_user_needs_no_cart_in_the_session(alice, wine):
    alice.add_wine(wine)

    session = Session.objects.get().get_decoded()
    assert not [key for key in session if "cart" in key]


@override_settings(SESSION_ENGINE="django.contrib.sessions.backends.signed_cookies")
def test_a_cookie_session_that_is_replayed_after_login_gives_nothing_back(wine):
    browser, old = Browser(), Browser()
    user = make_user()
    browser.add_wine(wine)
    share_session(browser, old)
    browser.log_in(user)

    assert old.cart()["items"] == []
    assert [item["data"]["quantity"] for item in Browser(user).cart()["items"]] == [1]


def test_two_browsers_of_one_account_write_to_one_cart(alice, wine):
    other = Browser(alice.user)
    alice.add_wine(wine)

    other.add_wine(wine)

    assert [item["data"]["quantity"] for item in alice.cart()["items"]] == [2]
    assert Cart.objects.count() == 1


def test_an_inactive_user_has_no_cart(alice, wine):
    alice.add_wine(wine)
    models.Shopper.objects.update(is_active=False)

    cart = alice.cart()

    assert (cart["items"], cart["is_authenticated"]) == ([], False)
