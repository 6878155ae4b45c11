"""Numbers that are invalid or too large, and sums that would be."""

import pytest

from tests.testapp import models
from tests.testapp.clients import NEW_ADJUSTMENT, NEW_ITEM
from tests.testapp.factories import make_wine

NO_QUANTITY = [
    "0",
    "-1",
    "1.5",
    '"1e3"',
    "true",
    "65536",
    "2147483648",
    "1" + "0" * 30,
    "9" * 5000,
    '"' + "9" * 5000 + '"',
    "NaN",
    "Infinity",
    "-Infinity",
    "1e400",
    "-1e400",
    '"NaN"',
    '"Infinity"',
    "null",
    "[]",
    "{}",
    '""',
    '"one"',
    '"0x10"',
]
NO_AMOUNT = [
    "NaN",
    "Infinity",
    "1e400",
    '"NaN"',
    '"sNaN"',
    '"Infinity"',
    '"1e30"',
    '"1e-30"',
    '"1e999999999"',
    "1" + "0" * 30,
    "9" * 5000,
    "true",
    "null",
    "[]",
    '"ten"',
]


@pytest.mark.parametrize("text", NO_QUANTITY, ids=lambda text: text[:12])
def test_a_quantity_that_is_none_is_refused(guest, wine, unchanged, text):
    guest.add_wine(wine)
    body = f'{{"type": "WineLine", "data": {{"product": {wine.pk}, "quantity": {text}}}}}'

    with unchanged():
        response = guest.send("POST", NEW_ITEM, body)

    assert response.status_code == 400
    assert list(response.json()) == ["quantity"]


@pytest.mark.parametrize("text", NO_QUANTITY, ids=lambda text: text[:12])
def test_a_quantity_cannot_be_changed_to_what_is_none(guest, wine, unchanged, text):
    url = guest.add_wine(wine)["url"]

    with unchanged():
        response = guest.send("PATCH", url, f'{{"data": {{"quantity": {text}}}}}')

    assert response.status_code == 400
    assert list(response.json()) == ["quantity"]


@pytest.mark.parametrize("text", NO_AMOUNT, ids=lambda text: text[:12])
def test_an_amount_that_is_none_is_refused(guest, wine, unchanged, text):
    guest.add_wine(wine)

    with unchanged():
        response = guest.send("POST", NEW_ADJUSTMENT, f'{{"type": "AmountOff", "data": {{"amount": {text}}}}}')

    assert response.status_code == 400
    assert list(response.json()) == ["amount"]


@pytest.mark.parametrize("text", ["NaN", "Infinity", "1e400", "1" + "0" * 30, "9" * 5000, "1.0", "true", "-1", "0"])
def test_a_key_that_is_no_key_is_refused(guest, unchanged, text):
    with unchanged():
        response = guest.send("POST", NEW_ITEM, f'{{"type": "WineLine", "data": {{"product": {text[:6000]}}}}}')

    assert response.status_code == 400
    assert list(response.json()) == ["product"]


def test_the_largest_amount_is_shown_exactly(guest):
    guest.add_wine(make_wine("999999999999999"))

    assert guest.cart()["grand_total"] == "999999999999999.00"


def test_a_line_beyond_the_largest_amount_is_refused(guest, unchanged):
    wine = make_wine("999999999999999")

    with unchanged():
        response = guest.post(NEW_ITEM, {"type": "WineLine", "data": {"product": wine.pk, "quantity": 2}})

    assert response.status_code == 400


def test_a_line_cannot_be_changed_beyond_the_largest_amount(guest, unchanged):
    url = guest.add_wine(make_wine("999999999999999"))["url"]

    with unchanged():
        response = guest.patch(url, {"data": {"quantity": 2}})

    assert response.status_code == 400


def test_a_sum_beyond_the_largest_amount_is_shown_and_makes_the_cart_incomplete(guest):
    """The shopper sees what is too much, and can take it out."""
    guest.add_wine(make_wine("999999999999999"))

    guest.add_wine(make_wine("999999999999999"))

    cart = guest.cart()
    assert cart["grand_total"] == "1999999999999998.00"
    assert "total_too_large" in [reason["code"] for reason in cart["incomplete_reasons"]]


@pytest.mark.parametrize(("price", "parts", "off"), [("10", 3, "-3.33"), ("0.01", 3, "0.00"), ("0.02", 3, "-0.01")])
def test_a_third_is_rounded_once(guest, price, parts, off):
    guest.add_wine(make_wine(price))

    adjustment = guest.add_adjustment("ShareOff", parts=parts)

    assert adjustment["total"] == off


def test_a_line_that_costs_less_than_nothing_is_refused(guest, wine, unchanged):
    """It would pay for the others."""
    guest.add_wine(wine)

    with unchanged():
        response = guest.post(NEW_ITEM, {"type": "MoodyLine", "data": {"mood": "negative"}})

    assert response.status_code == 400
    assert response.json() == {"total": ["The total is below zero."]}


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
def test_a_line_cannot_be_changed_to_cost_less_than_nothing(guest, unchanged, method):
    url = guest.add(NEW_ITEM, "MoodyLine", amount="5")["url"]

    with unchanged():
        response = guest.request(method, url, {"data": {"amount": "-0.01"}})

    assert response.status_code == 400
    assert response.json() == {"total": ["The total is below zero."]}


def test_a_line_that_costs_less_than_nothing_by_now_lowers_nothing_and_keeps_the_cart_from_checkout(ready, unchanged):
    """As when the price in the catalogue was changed by mistake."""
    line = ready.add_wine(make_wine("7"))
    whole = ready.cart()["grand_total"]
    models.Wine.objects.filter(unit_price=7).update(unit_price="-10")

    cart = ready.cart()
    with unchanged():
        response = ready.checkout()

    assert (whole, cart["subtotal"], cart["grand_total"]) == ("17.10", "12.00", "10.80")
    assert (cart["items"][1]["total"], ready.get(line["url"]).json()["total"]) == (None, None)
    reason = {"code": "negative_total", "field": "items", "message": "An item costs less than nothing."}
    assert cart["incomplete_reasons"] == [reason]
    assert (response.status_code, response.json()) == (422, {"reason": "incomplete", "info": [reason]})


def test_a_type_may_allow_lines_that_cost_less_than_nothing(ready, monkeypatch):
    monkeypatch.setattr(models.MoodyLine, "may_be_negative", True)

    line = ready.add(NEW_ITEM, "MoodyLine", mood="negative")

    assert (line["total"], ready.cart()["subtotal"]) == ("-10.00", "2.00")
    assert ready.checkout().status_code == 200


def test_even_those_do_not_make_the_total_negative(guest, monkeypatch):
    monkeypatch.setattr(models.MoodyLine, "may_be_negative", True)
    guest.add_wine(make_wine("3"))

    guest.add(NEW_ITEM, "MoodyLine", mood="negative")

    assert guest.cart()["grand_total"] == "0.00"
