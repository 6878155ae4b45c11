"""Text that breaks databases, headers, pages or the card industry's rules."""

import json
import logging

import pytest
from django.test import override_settings

from lorikeet.models import Cart
from tests.testapp import models
from tests.testapp.clients import CART, CHECKOUT, NEW_ADDRESS, NEW_ITEM, NEW_PAYMENT_METHOD, STREET
from tests.testapp.factories import make_book, make_wine
from tests.testapp.serializers import StreetAddressSerializer

PAN = "4242424242424242"


def address(**fields):
    return {"type": "StreetAddress", "data": {**STREET, **fields}}


@pytest.mark.parametrize("text", ["\x00", "a\x00b", chr(0xD800), chr(0xDFFF), "a\ud83d"], ids=ascii)
def test_text_that_no_database_holds_is_refused_by_its_field(guest, unchanged, text):
    with unchanged():
        response = guest.post(NEW_ADDRESS, address(addressee=text))

    assert response.status_code == 400
    assert list(response.json()) == ["addressee"]


@pytest.mark.parametrize("text", ["\x00", "\ud800"], ids=ascii)
@pytest.mark.parametrize(
    ("path", "body"),
    [
        (NEW_ITEM, {"type": "?", "data": {}}),
        (NEW_ITEM, {"type": "WineLine", "data": {"product": "?"}}),
        (NEW_ITEM, {"type": "Enrolment", "data": {"product": "?"}}),
        (NEW_ITEM, {"type": "WineLine", "data": {"?": 1}}),
        (NEW_ITEM, {"?": 1}),
        (NEW_PAYMENT_METHOD, {"type": "PayLater", "data": {"number": "?"}}),
        (CHECKOUT, {"?": 1}),
        (CHECKOUT, {"confirm_duplicate": "?"}),
    ],
)
def test_it_is_refused_in_every_place(guest, unchanged, path, body, text):
    with unchanged():
        response = guest.post(path, json.loads(json.dumps(body).replace("?", json.dumps(text)[1:-1])))

    assert response.status_code == 400


@pytest.mark.parametrize(
    "text",
    ["Zoë", "🍷🥂", "日本語", "عربى", "a\u202eb", "e" + "\u0301" * 50, "<script>alert(1)</script>", "'; DROP TABLE x"],
    ids=ascii,
)
def test_any_other_text_comes_back_as_it_was_sent(guest, text):
    response = guest.post(NEW_ADDRESS, address(addressee=text))

    assert response.status_code == 201
    assert response.json()["data"]["addressee"] == text


def test_markup_in_an_address_cannot_leave_the_script_element(guest):
    guest.post(NEW_ADDRESS, address(addressee="</script><img src=x onerror=alert(1)>&lt;"))

    page = guest.get("/page/").content.decode()

    assert page.count("</script>") == 1
    assert "<img" not in page


def test_text_that_is_too_long_is_refused_by_its_field(guest, unchanged):
    with unchanged():
        response = guest.post(NEW_ADDRESS, address(addressee="x" * 60_000))

    assert response.status_code == 400
    assert list(response.json()) == ["addressee"]


def test_two_megabytes_of_text_are_answered_413(guest, unchanged):
    with unchanged():
        response = guest.post(NEW_ADDRESS, address(addressee="x" * 2_000_000))

    assert response.status_code == 413


@pytest.mark.parametrize(
    "email", ["a@b.com\r\nBcc: x@y.com", "a@b.com\nb", "a\r@b.com", "a@b.com\x00", "a\ud800@b.com"]
)
def test_an_email_address_cannot_carry_a_header(guest, unchanged, email):
    guest.patch(CART, {"email": "joe@example.com"})

    with unchanged():
        response = guest.patch(CART, {"email": email})

    assert response.status_code == 400
    assert list(response.json()) == ["email"]


def test_white_space_around_an_email_address_is_taken_off(guest):
    response = guest.patch(CART, {"email": "\r\na@b.com\n "})

    assert response.json()["email"] == "a@b.com"


@pytest.mark.parametrize(
    "number",
    [
        PAN,
        "4242 4242 4242 4242",
        "4242/4242/4242/4242",
        "4242\u200b4242\u200b4242\u200b4242",
        "٤٢٤٢٤٢٤٢٤٢٤٢٤٢٤٢",
        "378282246310005",
        f"card {PAN} please",
    ],
    ids=ascii,
)
def test_a_card_number_is_refused_by_its_field_and_neither_repeated_nor_logged(guest, unchanged, caplog, number):
    caplog.set_level(logging.DEBUG)

    with unchanged():
        response = guest.post(NEW_ADDRESS, address(addressee=number))

    assert response.status_code == 400
    assert response.json() == {"addressee": ["Card numbers are not accepted here."]}
    assert number not in caplog.text + response["X-API-Error"]


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        (CART, {"email": f"{PAN}@example.com"}, "email"),
        (CHECKOUT, {"confirm_duplicate": PAN}, "confirm_duplicate"),
        (NEW_PAYMENT_METHOD, {"type": "PayLater", "data": {"number": PAN}}, "number"),
        (NEW_PAYMENT_METHOD, {"type": "PayLater", "data": {"number": [{"x": PAN}]}}, "number"),
        (NEW_PAYMENT_METHOD, {"type": "PayLater", "data": {"number": int(PAN)}}, "number"),
        (NEW_PAYMENT_METHOD, {"type": "PretendCard", "data": {"token": PAN}}, "token"),
        (NEW_PAYMENT_METHOD, {"type": "PretendCard", "data": {"token": "tok_paid", "number": PAN}}, "number"),
    ],
)
def test_a_card_number_is_refused_in_every_field(guest, unchanged, path, body, field):
    with unchanged():
        response = guest.request("PATCH" if path == CART else "POST", path, body)

    assert response.status_code == 400
    assert response.json() == {field: ["Card numbers are not accepted here."]}


@pytest.mark.parametrize("is_sold", [False, True])
def test_a_card_number_is_refused_when_something_is_changed(ready, unchanged, is_sold):
    """An address of an order is copied first."""
    url = ready.cart()["delivery_addresses"][0]["url"]
    if is_sold:
        ready.checkout()
        models.StreetAddress.objects.update(user=None)
        Cart.objects.update(delivery_address=models.StreetAddress.objects.get())

    with unchanged():
        response = ready.patch(url, {"data": {"street": PAN}})

    assert response.status_code == 400
    assert response.json() == {"street": ["Card numbers are not accepted here."]}


def test_a_key_is_refused_as_a_card_number_only_if_it_is_text(guest):
    """An id of a product may have as many digits, and as often the right check digit."""
    wine = make_wine(pk=int(PAN))

    response = guest.post(NEW_ITEM, {"type": "WineLine", "data": {"product": wine.pk}})

    assert response.status_code == 201


def test_a_serializer_says_which_of_its_fields_take_what_may_be_a_card_number(guest, monkeypatch):
    monkeypatch.setattr(StreetAddressSerializer.Meta, "card_numbers_allowed", ["street"], raising=False)

    taken = guest.post(NEW_ADDRESS, address(street=PAN))
    refused = guest.post(NEW_ADDRESS, address(street=PAN, addressee=PAN))

    assert (taken.status_code, taken.json()["data"]["street"]) == (201, PAN)
    assert (refused.status_code, list(refused.json())) == (400, ["addressee"])


@override_settings(LORIKEET_REFUSE_CARD_NUMBERS=False)
def test_a_shop_may_take_them_everywhere(guest):
    assert guest.post(NEW_ADDRESS, address(street=PAN)).status_code == 201


@pytest.mark.parametrize("number", ["4242424242424241", "424242424242", "42424242424242424242"])
def test_other_long_numbers_are_no_card_numbers(guest, number):
    """Wrong check digit, 12 digits, 20 digits."""
    assert guest.post(NEW_ADDRESS, address(addressee=number)).status_code == 201


def test_a_uuid_is_no_card_number(guest):
    """Even one that has sixteen digits in a row which would pass."""
    book = make_book(code="42424242-4242-4242-8000-000000000000")

    response = guest.post(NEW_ITEM, {"type": "BookLine", "data": {"product": str(book.code)}})

    assert response.status_code == 201
