"""What every refusal has in common: JSON, a field, ``X-API-Error`` (T23)."""

import pytest

from tests.testapp.clients import CART, CHECKOUT, NEW_ADDRESS, NEW_ADJUSTMENT, NEW_ITEM, NEW_PAYMENT_METHOD

COLLECTIONS = [NEW_ITEM, NEW_ADDRESS, NEW_PAYMENT_METHOD, NEW_ADJUSTMENT]


@pytest.mark.parametrize("path", ["/_cart/1/", "/_cart/address/1/", "/_cart/payment-method/1/", "/_cart/adjustment/1/"])
@pytest.mark.parametrize("method", ["GET", "PATCH", "DELETE"])
def test_a_missing_row_is_answered_404_with_one_body(guest, unchanged, method, path):
    with unchanged():
        response = guest.request(method, path, {})

    assert response.status_code == 404
    assert response.json() == {"detail": "Not found."}
    assert response["X-API-Error"] == "Not found."


@pytest.mark.parametrize("path", ["/_cart/no-such-thing/", "/_cart/address/", "/_cart/a/b/c/"])
def test_an_unknown_path_is_answered_404(guest, path):
    assert guest.get(path).status_code == 404


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("POST", CART, {"GET", "HEAD", "PATCH"}),
        ("PUT", CART, {"GET", "HEAD", "PATCH"}),
        ("DELETE", CART, {"GET", "HEAD", "PATCH"}),
        *[(method, path, {"POST"}) for path in COLLECTIONS for method in ("GET", "PUT", "PATCH", "DELETE")],
        ("GET", CHECKOUT, {"POST"}),
        ("PATCH", CHECKOUT, {"POST"}),
    ],
)
def test_a_method_that_is_not_there_is_answered_405_with_those_that_are(guest, method, path, allowed):
    response = guest.request(method, path, {})

    assert response.status_code == 405
    assert {name.strip() for name in response["Allow"].split(",")} == allowed
    assert response.json() == {"detail": f'Method "{method}" not allowed.'}
    assert response["X-API-Error"] == f'Method "{method}" not allowed.'


@pytest.mark.parametrize(
    "content_type",
    ["application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/plain", "application/xml", ""],
)
def test_another_content_type_is_answered_415(guest, unchanged, content_type):
    with unchanged():
        response = guest.send("POST", NEW_ITEM, b'{"type": "WineLine"}', content_type)

    assert response.status_code == 415
    assert response["X-API-Error"]


@pytest.mark.parametrize("body", [b"", b"{", b"nonsense", b"{'type': 1}", b'{"type": }', b"\xff\xfe", b'{"a":1}x'])
def test_bad_json_is_answered_400(guest, unchanged, body):
    with unchanged():
        response = guest.send("POST", NEW_ITEM, body)

    assert response.status_code == 400
    assert response["X-API-Error"]


def test_a_charset_in_the_content_type_is_accepted(guest, wine):
    body = f'{{"type": "WineLine", "data": {{"product": {wine.pk}}}}}'

    response = guest.send("POST", NEW_ITEM, body, "application/json; charset=utf-8")

    assert response.status_code == 201


def test_the_header_holds_the_first_message(guest):
    response = guest.post(NEW_ITEM, {"type": "WineLine", "data": {"quantity": 0}})

    assert response["X-API-Error"] == "This field is required."


def test_the_header_is_one_line_of_ascii(guest):
    response = guest.post(NEW_ADDRESS, {"type": "LockerAddress", "data": {"locker": "dépôt\r\nX-Evil: 1"}})

    assert response.status_code == 400
    assert response["X-API-Error"].isascii()
    assert "\n" not in response["X-API-Error"] and "\r" not in response["X-API-Error"]
    assert "X-Evil" not in response


def test_a_very_long_message_does_not_make_a_very_long_header(guest):
    response = guest.post(NEW_ADDRESS, {"type": "LockerAddress", "data": {"locker": "x" * 20_000}})

    assert response.status_code == 400
    assert len(response["X-API-Error"]) < 1000


def test_success_carries_no_error_header(guest, wine):
    response = guest.post(NEW_ITEM, {"type": "WineLine", "data": {"product": wine.pk}})

    assert "X-API-Error" not in response


def test_messages_come_in_the_language_the_client_accepts(guest):
    response = guest.send("POST", NEW_ITEM, '{"type": "WineLine", "data": {}}', headers={"Accept-Language": "de"})

    assert response.json() == {"product": ["Dieses Feld ist zwingend erforderlich."]}


def test_the_csrf_refusal_is_json_too(guest, unchanged):
    with unchanged():
        response = guest.client.post(NEW_ITEM, "{}", content_type="application/json")

    assert response.status_code == 403
    assert response["Content-Type"] == "application/json"
    assert response["X-API-Error"].startswith("CSRF Failed")
