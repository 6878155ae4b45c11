"""``GET /_cart/``: the whole truth about one shopper's cart (L1 to L12, L26, L28)."""

import json
import time

import pytest
from django.contrib.sessions.models import Session

from tests.testapp.clients import CART, Browser, key_of
from tests.testapp.factories import make_wine

EMPTY_CART = {
    "items": [],
    "new_item_url": "/_cart/new/",
    "adjustments": [],
    "new_adjustment_url": "/_cart/new-adjustment/",
    "charges": [],
    "delivery_addresses": [],
    "new_address_url": "/_cart/new-address/",
    "payment_methods": [],
    "new_payment_method_url": "/_cart/new-payment-method/",
    "subtotal": "0.00",
    "grand_total": "0.00",
    "currency": "AUD",
    "is_complete": False,
    "incomplete_reasons": [
        {"code": "not_set", "field": "delivery_address", "message": "A delivery address is required."},
        {"code": "not_set", "field": "payment_method", "message": "A payment method is required."},
        {"code": "empty", "field": "items", "message": "There are no items in the cart."},
        {"code": "not_set", "field": "email", "message": "An email address is required."},
    ],
    "checkout_steps": [
        {"name": "items", "state": "current"},
        {"name": "delivery", "state": "todo"},
        {"name": "payment", "state": "todo"},
    ],
    "checkout_url": "/_cart/checkout/",
    "pending_checkout": None,
    "is_authenticated": False,
    "email": None,
    "compatible_version": 2,
    "incompatible_version": 1,
}


def test_a_guest_without_a_cart_gets_the_representation_of_an_empty_one(guest):
    assert guest.cart() == EMPTY_CART


def test_a_user_without_a_cart_gets_the_representation_of_an_empty_one(alice):
    reasons = EMPTY_CART["incomplete_reasons"][:3]

    assert alice.cart() == {**EMPTY_CART, "is_authenticated": True, "incomplete_reasons": reasons}


def test_a_filled_cart_shows_everything_in_one_object(alice, wine):
    line = alice.add_wine(wine, 2)
    adjustment = alice.add_adjustment("ShareOff", parts=10)
    address = alice.add_address()
    card = alice.add_card()

    cart = alice.cart()

    assert cart == {
        **EMPTY_CART,
        "items": [
            {
                "type": "WineLine",
                "data": {"product": {"id": wine.pk, "name": "Moscato 2016", "unit_price": "12.0000"}, "quantity": 2},
                "total": "24.00",
                "url": line["url"],
            }
        ],
        "adjustments": [{"type": "ShareOff", "data": {"parts": 10}, "total": "-2.40", "url": adjustment["url"]}],
        "delivery_addresses": [
            {
                "type": "StreetAddress",
                "data": {
                    "addressee": "Joe Bloggs",
                    "street": "123 Fake St",
                    "suburb": "Adelaide",
                    "state": "SA",
                    "postcode": "5000",
                },
                "selected": True,
                "url": address["url"],
            }
        ],
        "payment_methods": [
            {"type": "PretendCard", "data": {"brand": "visa", "last4": "4242"}, "selected": True, "url": card["url"]}
        ],
        "subtotal": "24.00",
        "grand_total": "21.60",
        "is_complete": True,
        "incomplete_reasons": [],
        "checkout_steps": [
            {"name": "items", "state": "done"},
            {"name": "delivery", "state": "done"},
            {"name": "payment", "state": "done"},
        ],
        "is_authenticated": True,
    }


def test_urls_name_the_parts_by_their_ids(alice, wine):
    alice.get_ready(wine)
    alice.add_adjustment("ShareOff", parts=10)

    cart = alice.cart()

    urls = [cart[key][0]["url"] for key in ("items", "adjustments", "delivery_addresses", "payment_methods")]
    assert urls == [
        f"/_cart/{key_of(urls[0])}/",
        f"/_cart/adjustment/{key_of(urls[1])}/",
        f"/_cart/address/{key_of(urls[2])}/",
        f"/_cart/payment-method/{key_of(urls[3])}/",
    ]
    assert all(key_of(url).isdigit() for url in urls)


def test_items_are_in_the_order_in_which_they_were_added(guest, wine):
    for amount in ("3", "1", "2"):
        guest.add("/_cart/new/", "MoodyLine", amount=amount)
    items = guest.cart()["items"]

    assert [item["total"] for item in items] == ["3.00", "1.00", "2.00"]


@pytest.mark.parametrize("key", ["items", "adjustments", "delivery_addresses", "payment_methods"])
def test_an_entry_of_the_cart_is_what_its_own_url_answers(shopper, wine, key):
    """L10, L11, L12, L17, L18."""
    shopper.get_ready(wine)
    shopper.add_adjustment("ShareOff", parts=10)
    entry = shopper.cart()[key][0]

    response = shopper.get(entry["url"])

    assert response.status_code == 200
    assert response.json() == entry


def test_generated_at_is_the_unix_time_as_a_float(guest):
    """L4."""
    before = time.time()

    generated_at = guest.get().json()["generated_at"]

    assert isinstance(generated_at, float)
    assert before <= generated_at <= time.time()


def test_the_answer_is_json_that_no_cache_shares(guest):
    response = guest.get()

    assert response["Content-Type"] == "application/json"
    assert response["Cache-Control"] == "private, no-cache"
    assert {"Cookie", "Accept-Language"} <= {name.strip() for name in response["Vary"].split(",")}


def test_reading_sets_the_csrf_cookie_and_no_other(guest):
    response = guest.get()

    assert list(response.cookies) == ["csrftoken"]


def test_reading_writes_no_row_and_no_session(guest, unchanged):
    with unchanged():
        guest.get()

    assert Session.objects.count() == 0


def test_reading_a_filled_cart_writes_nothing(shopper, wine, unchanged):
    shopper.get_ready(wine)

    with unchanged():
        shopper.get()


def test_a_user_sees_the_same_cart_in_every_browser(alice, wine):
    alice.add_wine(wine)

    assert Browser(alice.user).cart() == alice.cart()


def test_two_guests_see_nothing_of_each_other(guest, wine):
    guest.get_ready(wine)

    assert Browser().cart() == EMPTY_CART


def test_two_users_see_nothing_of_each_other(alice, mallory, wine):
    alice.get_ready(wine)

    cart = mallory.cart()

    assert (cart["items"], cart["delivery_addresses"], cart["payment_methods"]) == ([], [], [])


def test_a_browser_that_prefers_html_is_answered_with_json(guest):
    response = guest.get(accept="text/html,application/xhtml+xml,*/*;q=0.8")

    assert response.status_code == 200
    assert response["Content-Type"] == "application/json"


def test_the_template_tag_gives_the_same_cart(shopper, wine):
    """The object in the page is what ``GET /_cart/`` answers, but for the time."""
    shopper.get_ready(wine)

    page = shopper.get("/page/")

    assert page.status_code == 200
    assert read_cart(page) == shopper.cart()


def test_the_template_tag_cannot_be_left_by_a_product_name(guest):
    guest.add_wine(make_wine(name="</script><script>alert(1)</script>"))

    page = guest.get("/page/").content.decode()

    assert page.count("</script>") == 1


def read_cart(page):
    text = page.content.decode()
    opening = text.index('<script type="application/json" id="cart"')
    cart = json.loads(text[text.index(">", opening) + 1 : text.index("</script>")])
    del cart["generated_at"]
    return cart


def test_head_answers_the_headers_of_get(guest):
    response = guest.client.head(CART)

    assert response.status_code == 200
    assert response.content == b""
    assert response["ETag"] == guest.etag()
