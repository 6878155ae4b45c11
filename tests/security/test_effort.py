"""The work for a request grows in proportion to its size, and no faster."""

import json
from time import process_time

import pytest
from django.db import connection
from django.test import override_settings
from django.test.utils import CaptureQueriesContext

from tests.testapp.clients import CART, NEW_ADDRESS, NEW_ITEM, STREET
from tests.testapp.factories import make_wine

#: A little less than the largest body.
SIZE = 63_000
#: How many times the effort of a harmless request of the same size is still proportionate. What grows with the square
#: of the size takes some hundred times as long.
MOST = 40


def effort(act):
    """Return the processor time that ``act`` takes, undisturbed, and what it returns."""
    times = []
    for _ in range(2):
        began = process_time()
        result = act()
        times.append(process_time() - began)
    return min(times), result


def full_of(text):
    return text * (SIZE // len(text.encode()))


@pytest.fixture
def harmless(guest):
    """How long an address of this size takes that is refused for its length alone."""
    spent, response = effort(lambda: guest.post(NEW_ADDRESS, address("x" * SIZE)))
    assert list(response.json()) == ["street"]
    return spent


def address(street):
    return {"type": "StreetAddress", "data": {**STREET, "street": street}}


@pytest.mark.parametrize(
    "text",
    ["\u0315\u0300", "\ufdfa", "4", "4 ", "4/", "4\u200b", "4242424242424241 ", "AB12 ", "42424242-", "a@", "b."],
    ids=ascii,
)
def test_text_of_every_kind_is_read_in_proportion_to_its_length(guest, harmless, unchanged, text):
    """Marks that combine in another order than they come took a second to normalise."""
    body = json.dumps(address(full_of(text)), ensure_ascii=False).encode()

    with unchanged():
        spent, response = effort(lambda: guest.send("POST", NEW_ADDRESS, body))

    assert response.status_code == 400
    assert spent < MOST * harmless


@pytest.mark.parametrize("text", ["\u0315\u0300", "4 "], ids=ascii)
def test_keys_and_email_addresses_are_read_in_proportion_to_their_length(guest, harmless, unchanged, text):
    bodies = [json.dumps(body, ensure_ascii=False).encode() for body in ({"email": full_of(text)}, {full_of(text): 1})]

    for body in bodies:
        with unchanged():
            spent, response = effort(lambda body=body: guest.send("PATCH", CART, body))

        assert response.status_code == 400
        assert spent < MOST * harmless


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("If-Match", '"a",'),
        ("Prefer", ", return"),
        ("Prefer", ", return=cart"),
        ("X-Cart-Token", "a:"),
        ("X-Forwarded-For", "1,"),
        ("X-Forwarded-For", ":"),
    ],
)
def test_a_header_is_read_in_proportion_to_its_length(guest, harmless, name, value):
    spent, _ = effort(lambda: guest.request("POST", "/_cart/checkout/", {}, **{name.replace("-", "_"): full_of(value)}))

    assert spent < MOST * harmless


def test_a_body_holds_so_many_values_that_none_can_ask_the_database_for_long(guest, unchanged):
    """A field that takes many keys asks for each of them."""
    wine = make_wine()
    body = {"type": "HamperLine", "data": {"wines": [wine.pk] * 2_000}}

    with unchanged(), CaptureQueriesContext(connection) as queries:
        response = guest.post(NEW_ITEM, body)

    assert response.status_code == 400
    assert response.json() == {"wines": ["A request holds at most 500 values."]}
    assert len(queries) == 0


def test_the_number_of_values_is_a_setting(guest, unchanged):
    """The body, its type and its data, the list, and each key."""
    wine = make_wine()
    body = {"type": "HamperLine", "data": {"wines": [wine.pk] * 2}}

    with override_settings(LORIKEET_MAX_BODY_VALUES=6):
        taken = guest.post(NEW_ITEM, body)
    with override_settings(LORIKEET_MAX_BODY_VALUES=5), unchanged():
        refused = guest.post(NEW_ITEM, body)

    assert (taken.status_code, refused.status_code) == (201, 400)
    assert list(refused.json()) == ["wines"]
