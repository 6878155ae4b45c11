"""Request bodies that are no JSON objects, or say two things at once."""

import json

import pytest

from tests.testapp.clients import CART, CHECKOUT, NEW_ADDRESS, NEW_ADJUSTMENT, NEW_ITEM, NEW_PAYMENT_METHOD

WRITES = [
    ("PATCH", CART),
    ("POST", NEW_ITEM),
    ("POST", NEW_ADDRESS),
    ("POST", NEW_PAYMENT_METHOD),
    ("POST", NEW_ADJUSTMENT),
    ("PATCH", "items"),
    ("PUT", "items"),
    ("PATCH", "adjustments"),
    ("PATCH", "delivery_addresses"),
    ("PATCH", "payment_methods"),
]


@pytest.fixture
def send(ready):
    """Return a function that sends bytes or text to a URL, or to that of the first entry of a list of the cart."""
    cart = ready.cart()

    def send(method, path, body, content_type="application/json"):
        url = path if path.startswith("/") else cart[path][0]["url"]
        return ready.send(method, url, body, content_type)

    return send


@pytest.mark.parametrize("body", ["[]", "null", '"text"', "1", "true", "[{}]", '[{"type": "WineLine"}]', "0.5"])
def test_a_body_that_is_no_object_is_refused_everywhere(send, unchanged, body):
    with unchanged():
        responses = {write: send(*write, body) for write in WRITES}

    assert {write: responses[write].status_code for write in WRITES} == dict.fromkeys(WRITES, 400)
    assert all(response["X-API-Error"] for response in responses.values())


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b'{"a": NaN}',
        b'{"a": -Infinity}',
        b'{"a": 1e400}',
        b'{"a": 1, "a": 2}',
        b'{"a": {"b": 1, "b": 2}}',
        b'{"a": "\xff"}',
        b'{"a": "\xed\xa0\x80"}',
        '{"a": 1}'.encode("utf-16"),
        b'\xef\xbb\xbf{"a": 1}x',
        b'{"a": "\n"}',
        b"\x00",
        b"[" * 30_000 + b"]" * 30_000,
        b'{"a":' * 10_000 + b"1" + b"}" * 10_000,
        b"[" * 60_000,
        b'{"a": ' + b"9" * 5000 + b"}",
    ],
    ids=lambda body: repr(body[:16]),
)
def test_bad_json_is_refused_everywhere(send, unchanged, body):
    with unchanged():
        responses = {write: send(*write, body) for write in WRITES}

    assert {write: responses[write].status_code for write in WRITES} == dict.fromkeys(WRITES, 400)
    assert all(response["X-API-Error"] for response in responses.values())


def test_a_hundred_thousand_nested_lists_are_refused(send, unchanged):
    with unchanged():
        response = send("POST", NEW_ITEM, b"[" * 100_000 + b"]" * 100_000)

    assert response.status_code == 413


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ('{"type": "WineLine", "type": "MoodyLine", "data": {}}', "type"),
        ('{"type": "MoodyLine", "data": {"mood": "calm", "mood": "nan"}}', "mood"),
        ('{"type": "MoodyLine", "data": {"amount": NaN}}', "amount"),
        ('{"type": "MoodyLine", "data": {"amount": 1e400}}', "amount"),
        ('{"type": "MoodyLine", "data": {"mood": "\\u0000"}}', "mood"),
        ('{"type": "MoodyLine", "data": {"mood": "\\ud800"}}', "mood"),
    ],
)
def test_the_field_that_is_wrong_is_named(guest, unchanged, body, field):
    with unchanged():
        response = guest.send("POST", NEW_ITEM, body)

    assert response.status_code == 400
    assert list(response.json()) == [field]


@pytest.mark.parametrize("charset", ["utf-16", "latin-1", "utf-7", "no-such-charset", '"'])
def test_another_charset_is_refused_or_read_as_utf_8(guest, wine, unchanged, charset):
    """JSON between systems is UTF-8 (RFC 8259, 8.1)."""
    body = json.dumps({"type": "WineLine", "data": {"product": wine.pk}}).encode("utf-8")

    response = guest.send("POST", NEW_ITEM, body, f"application/json; charset={charset}")

    assert response.status_code in (201, 400, 415)


@pytest.mark.parametrize(
    "content_type", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/json"]
)
def test_a_body_that_a_form_could_send_is_refused_everywhere(send, unchanged, content_type):
    """ASVS 3.5.2: what needs no preflight is not accepted."""
    writes = [*WRITES, ("POST", CHECKOUT)]

    with unchanged():
        statuses = {write: send(*write, b'{"quantity": 2}', content_type).status_code for write in writes}

    assert statuses == dict.fromkeys(writes, 415)


@pytest.mark.parametrize(("method", "status"), [("POST", 405), ("PUT", 400)])
def test_a_method_cannot_be_overridden(ready, unchanged, method, status):
    path = ready.cart()["delivery_addresses"][0]["url"]

    with unchanged():
        response = ready.request(method, path, {}, x_http_method_override="DELETE")

    assert response.status_code == status
