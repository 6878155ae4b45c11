"""``Prefer: return=cart``: the whole cart as the answer to a write, so that one round trip is enough (S3)."""

import pytest

from tests.testapp.clients import NEW_ITEM, without_time

from .writes import WRITES, writes

CART_WRITES = [write for write in WRITES if write not in ("checkout", "email")]
CREATED = ("new item", "new address", "new method", "new adjustment")


def expected_status(write):
    return 201 if write in CREATED and write != "new item" else 200


@pytest.mark.parametrize("write", CART_WRITES)
def test_the_preference_is_answered_with_the_cart_and_the_status_of_the_write(ready, wine, write):
    """Where a write alone answers 204, the cart comes with 200."""
    method, path, body = writes(ready, wine)[write]

    response = ready.request(method, path, body, prefer="return=cart")

    assert response.status_code == expected_status(write)
    assert response["Preference-Applied"] == "return=cart"
    assert response["Content-Location"] == "/_cart/"
    assert without_time(response.json()) == ready.cart()


@pytest.mark.parametrize("write", CART_WRITES)
def test_the_query_parameter_does_the_same(ready, wine, write):
    method, path, body = writes(ready, wine)[write]

    response = ready.request(method, path + "?return=cart", body)

    assert response.status_code == expected_status(write)
    assert without_time(response.json()) == ready.cart()


def test_the_answer_has_the_validator_of_the_cart(guest, wine):
    response = guest.post(NEW_ITEM, {"type": "WineLine", "data": {"product": wine.pk}}, prefer="return=cart")

    assert response["ETag"] == guest.etag()


def test_the_first_write_of_a_newcomer_is_answered_with_the_new_cart(guest, wine):
    response = guest.post(NEW_ITEM, {"type": "WineLine", "data": {"product": wine.pk}}, prefer="return=cart")

    assert response.status_code == 201
    assert [item["total"] for item in response.json()["items"]] == ["12.00"]


@pytest.mark.parametrize("header", ["return=cart; foo=1", "respond-async, return=cart", "RETURN=cart", 'return="cart"'])
def test_the_preference_is_read_as_http_writes_it(guest, wine, header):
    """RFC 7240, 2: lists, parameters, quoted values, names in any case."""
    response = guest.post(NEW_ITEM, {"type": "WineLine", "data": {"product": wine.pk}}, prefer=header)

    assert response["Preference-Applied"] == "return=cart"


@pytest.mark.parametrize("header", ["return=minimal", "cart", "return", "", ";;,="])
def test_another_preference_is_ignored(guest, wine, header):
    response = guest.post(NEW_ITEM, {"type": "WineLine", "data": {"product": wine.pk}}, prefer=header)

    assert response.status_code == 201
    assert "Preference-Applied" not in response
    assert response.json()["type"] == "WineLine"


def test_a_refused_write_is_answered_with_its_errors(guest, unchanged):
    with unchanged():
        response = guest.post(NEW_ITEM, {"type": "WineLine", "data": {}}, prefer="return=cart")

    assert response.status_code == 400
    assert response.json() == {"product": ["This field is required."]}
    assert "Preference-Applied" not in response
