"""The page of an order: for its user, for the browser that a guest ordered with, and for the holder of the link."""

from unittest import mock

import pytest
from django.contrib.sessions.models import Session
from django.core import signing
from django.db import connection
from django.test.utils import CaptureQueriesContext

from lorikeet.exceptions import PaymentError
from lorikeet.models import Order
from lorikeet.order_access import COOKIE
from lorikeet.outcomes import Paid, Pending
from tests.testapp.clients import CART, NEW_ADDRESS, NEW_ITEM, NEW_PAYMENT_METHOD, STREET, Browser
from tests.testapp.models import ScriptedCard

from .payers import get_ready, start_waiting

DAY = 24 * 60 * 60


@pytest.fixture
def link(guest, wine):
    """The link a guest was given at checkout."""
    guest.get_ready(wine)
    return guest.checkout().json()["url"]


def bottle(wine):
    return {"type": "WineLine", "data": {"product": wine.pk}}


def page_of(link):
    return link.partition("?")[0]


def test_the_owner_sees_their_order(alice, wine):
    alice.get_ready(wine)
    link = alice.checkout().json()["url"]

    assert Browser(alice.user).get(page_of(link)).status_code == 200


def test_the_browser_that_made_it_sees_a_guests_order(guest, link):
    assert guest.get(page_of(link)).status_code == 200


def page_of_the_one_order():
    return f"/orders/{Order.objects.get().pk}/"


def during_the_payment(act):
    """Have the provider take 12 dollars, after something else has happened."""

    def charge(attempt):
        act()
        return Paid("ref", attempt.amount, attempt.currency)

    ScriptedCard.script(start_payment=charge)


def same_browser(browser):
    """Return another tab of a browser: it has the session, and keeps later cookies to itself."""
    tab = Browser()
    tab.client.cookies.load({name: morsel.value for name, morsel in browser.client.cookies.items()})
    return tab


@pytest.mark.parametrize("change", ["signs in", "signs out"])
def test_a_guest_whose_session_is_gone_when_the_payment_is_made_gets_the_order(guest, alice, wine, change):
    get_ready(guest, wine)
    tab = same_browser(guest)
    during_the_payment(lambda: tab.log_in(alice.user) if change == "signs in" else Session.objects.all().delete())

    response = guest.checkout()

    assert (response.status_code, response.json()["id"]) == (200, Order.objects.get().pk)
    assert guest.get(page_of_the_one_order()).status_code == 200


def test_a_checkout_writes_nothing_to_the_session(guest, wine):
    guest.get_ready(wine)

    with CaptureQueriesContext(connection) as queries:
        response = guest.checkout()

    written = [query["sql"] for query in queries if "django_session" in query["sql"] and query["sql"][:6] != "SELECT"]
    assert (response.status_code, written) == (200, [])


def test_each_answer_that_names_a_guests_order_opens_its_page(guest, wine):
    checkout = start_waiting(guest, wine)
    ScriptedCard.script(check_payment=Pending("ref"), cancel_payment=True)

    opened = []
    for path in ("/_cart/checkout/", checkout["confirm_url"], checkout["cancel_url"]):
        guest.client.cookies.pop(COOKIE)
        guest.post(path)
        opened.append(guest.get(page_of_the_one_order()).status_code)

    assert opened == [200, 200, 200]
    assert Order.objects.get().state == "cancelled"


def test_a_guests_order_that_is_answered_to_the_user_who_signed_in_opens_its_page(guest, alice, wine):
    checkout = start_waiting(guest, wine)
    guest.client.cookies.pop(COOKIE)
    guest.log_in(alice.user)
    ScriptedCard.script(check_payment=Pending("ref"))

    guest.post(checkout["confirm_url"])

    assert guest.get(page_of_the_one_order()).status_code == 200


@pytest.mark.parametrize("read", ["cart", "status"])
def test_reading_opens_no_page(guest, wine, read):
    checkout = start_waiting(guest, wine)
    guest.client.cookies.pop(COOKIE)

    guest.get(CART if read == "cart" else checkout["url"])

    assert COOKIE not in guest.client.cookies


def test_a_payment_that_was_refused_opens_no_page(guest, wine):
    get_ready(guest, wine)
    ScriptedCard.script(start_payment=PaymentError({"message": "No."}))

    assert guest.checkout().status_code == 422
    assert COOKIE not in guest.client.cookies


def test_a_users_order_needs_no_cookie(alice, wine):
    alice.get_ready(wine)

    alice.checkout()

    assert COOKIE not in alice.client.cookies


def test_a_guests_order_page_stays_open_after_signing_in_and_out(guest, alice, link):
    guest.log_in(alice.user)
    signed_in = guest.get(page_of(link)).status_code
    guest.client.post("/logout/", headers={"X-CSRFToken": guest.csrf_token()})

    assert (signed_in, guest.get(page_of(link)).status_code) == (200, 200)


def test_a_client_with_a_cart_token_gets_a_link_and_no_cookie(wine):
    browser = Browser()
    headers = {"x_cart_token": browser.post(NEW_ITEM, bottle(wine), x_cart_token="new")["X-Cart-Token"]}
    browser.post(NEW_ADDRESS, {"type": "StreetAddress", "data": STREET}, **headers)
    browser.post(NEW_PAYMENT_METHOD, {"type": "PayLater", "data": {"number": "1"}}, **headers)
    browser.patch(CART, {"email": "joe@example.com"}, **headers)

    response = browser.checkout(**headers)

    assert response.status_code == 200
    assert not {"sessionid", COOKIE} & browser.client.cookies.keys()
    assert Browser().get(response.json()["url"]).status_code == 302


def test_another_shopper_sees_nothing(link, mallory, staff):
    assert [browser.get(page_of(link)).status_code for browser in (Browser(), mallory, staff)] == [404, 404, 404]


def test_another_user_does_not_see_a_users_order(alice, wine, mallory, staff):
    alice.get_ready(wine)
    page = page_of(alice.checkout().json()["url"])

    assert [browser.get(page).status_code for browser in (Browser(), mallory, staff)] == [404, 404, 404]


def test_the_token_is_swapped_for_a_cookie_and_leaves_the_address(link):
    browser = Browser()

    response = browser.get(link)

    assert (response.status_code, response["Location"]) == (302, page_of(link))
    assert browser.get(page_of(link)).status_code == 200


def test_the_page_leaks_nothing_and_is_not_stored(link):
    browser = Browser()

    responses = [browser.get(link), browser.get(page_of(link))]

    assert [response["Referrer-Policy"] for response in responses] == ["no-referrer", "no-referrer"]
    assert ["no-store" in response["Cache-Control"] for response in responses] == [True, True]


@pytest.mark.parametrize("path", ["//evil.example/", "/\\evil.example/", "https://evil.example/"])
def test_the_swap_never_leaves_the_site(link, path):
    response = Browser().get(f"{link}&next={path}")

    assert response["Location"] == page_of(link)


@pytest.mark.parametrize("change", [lambda token: token[:-1], lambda token: token + "x", lambda _: "", str.upper])
def test_a_token_that_was_changed_is_worth_nothing(link, change):
    page, _, token = link.partition("?token=")

    response = Browser().get(f"{page}?token={change(token)}")

    assert response.status_code == 404


def test_a_token_opens_no_other_order(link, guest, wine):
    guest.get_ready(wine)
    other = page_of(guest.checkout().json()["url"])

    assert Browser().get(f"{other}?{link.partition('?')[2]}").status_code == 404


def test_a_token_expires_after_thirty_days(link):
    with mock.patch.object(signing.time, "time", return_value=signing.time.time() + 31 * DAY):
        response = Browser().get(link)

    assert response.status_code == 404


def test_a_token_is_valid_until_then(link):
    with mock.patch.object(signing.time, "time", return_value=signing.time.time() + 29 * DAY):
        response = Browser().get(link)

    assert response.status_code == 302


@pytest.mark.parametrize("page", ["/orders/0/", "/orders/999999999/", "/orders/99999999999999999999999999/"])
def test_an_order_that_is_not_there_is_not_found(alice, page):
    assert alice.get(page).status_code == 404


def test_a_cart_token_is_no_order_token(link, guest, wine):
    cart_token = Browser().post(NEW_ITEM, bottle(wine), x_cart_token="new")["X-Cart-Token"]

    assert Browser().get(f"{page_of(link)}?token={cart_token}").status_code == 404


def test_the_list_shows_the_users_own_orders_only(alice, mallory, wine):
    alice.get_ready(wine)
    order = alice.checkout().json()["id"]

    assert f"<li>{order}</li>" in alice.get("/orders/").content.decode()
    assert f"<li>{order}</li>" not in mallory.get("/orders/").content.decode()


def test_the_list_asks_a_guest_to_log_in(guest):
    response = guest.get("/orders/")

    assert (response.status_code, response["Location"]) == (302, "/login/?next=/orders/")


def test_an_order_that_was_refused_is_no_purchase(alice, wine):
    alice.get_ready(wine, token="tok_declined")
    alice.checkout()

    assert "<li>" not in alice.get("/orders/").content.decode()
