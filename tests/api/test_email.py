"""``PATCH /_cart/``: the e-mail address and nothing else (L9, L13 to L16)."""

import pytest

from tests.testapp.clients import CART


def test_setting_the_address_answers_200_and_the_cart(shopper):
    response = shopper.patch(CART, {"email": "joe@example.com"})

    assert response.status_code == 200
    assert response.json()["email"] == "joe@example.com"
    assert {**response.json(), "generated_at": None} == {**shopper.cart(), "generated_at": None}


def test_null_unsets_the_address(shopper):
    """L15."""
    shopper.patch(CART, {"email": "joe@example.com"})

    response = shopper.patch(CART, {"email": None})

    assert response.status_code == 200
    assert response.json()["email"] is None


@pytest.mark.parametrize(
    "email",
    ["", "x", "joe@", "joe@example", "joe@example.com\nBcc: x@example.com", 7, True, [], {}, "a" * 300 + "@b.com"],
)
def test_an_invalid_address_is_refused(guest, unchanged, email):
    """L16, and no header injection into what is mailed later."""
    guest.patch(CART, {"email": "joe@example.com"})

    with unchanged():
        response = guest.patch(CART, {"email": email})

    assert response.status_code == 400
    assert list(response.json()) == ["email"]


@pytest.mark.parametrize(
    "key", ["grand_total", "items", "user", "currency", "key", "delivery_address", "is_complete", "id", "pk", "seq"]
)
def test_any_other_key_is_refused_by_its_name(guest, unchanged, key):
    """L14."""
    guest.patch(CART, {"email": "joe@example.com"})

    with unchanged():
        response = guest.patch(CART, {"email": "ann@example.com", key: 1})

    assert response.status_code == 400
    assert list(response.json()) == [key]


@pytest.mark.parametrize("body", [[], None, "x", 1, [{"email": "joe@example.com"}]])
def test_a_body_that_is_no_object_is_refused(guest, unchanged, body):
    with unchanged():
        response = guest.patch(CART, body)

    assert response.status_code == 400


def test_a_guest_with_an_address_is_asked_for_none(guest):
    guest.patch(CART, {"email": "joe@example.com"})

    assert "email" not in [reason["field"] for reason in guest.cart()["incomplete_reasons"]]
