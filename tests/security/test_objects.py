"""Ids: other people's, other kinds', no ids at all."""

from urllib.parse import quote

import pytest

from tests.testapp.clients import NEW_ITEM, Browser, key_of

PREFIXES = ["/_cart/", "/_cart/adjustment/", "/_cart/address/", "/_cart/payment-method/"]
NO_IDS = [
    "0",
    "-1",
    str(2**31),
    str(2**63),
    str(2**64),
    "1" + "0" * 30,
    "9" * 5000,
    "1.0",
    "1e3",
    "+1",
    "0x1",
    "null",
    "%00",
    "1%00",
    "%0A1",
    "1%20",
    "..",
    "%2e%2e%2f",
    "%ff",
    "%F0%9F%8D%B7",
    "1'%20OR%20'1'='1",
    "__class__",
]


@pytest.mark.parametrize("text", NO_IDS, ids=lambda text: text[:12])
def test_text_that_is_no_id_names_nothing(guest, wine, unchanged, text):
    guest.add_wine(wine)
    calls = [(method, prefix) for prefix in PREFIXES for method in ("GET", "PATCH", "DELETE")]
    with unchanged():
        statuses = [guest.request(method, f"{prefix}{text}/", {}).status_code for method, prefix in calls]

    assert statuses == [404] * len(calls)


@pytest.mark.parametrize("digits", [range(0x660, 0x66A), range(0xFF10, 0xFF1A)], ids=["arabic", "fullwidth"])
def test_digits_of_other_scripts_name_nothing(guest, wine, unchanged, digits):
    key = key_of(guest.add_wine(wine)["url"])
    foreign = quote(key.translate(dict(zip(b"0123456789", digits, strict=True))))

    with unchanged():
        response = guest.patch(f"/_cart/{foreign}/", {"quantity": 2})

    assert response.status_code == 404


@pytest.fixture
def own(alice, wine):
    """Alice with one thing of each kind, and their ids by kind."""
    alice.add(NEW_ITEM, "MoodyLine")  # so that the ids of the kinds differ
    alice.add(NEW_ITEM, "MoodyLine")
    alice.add_adjustment("AmountOff", amount="1")
    urls = {
        PREFIXES[0]: alice.add_wine(wine)["url"],
        PREFIXES[1]: alice.add_adjustment("ShareOff", parts=3)["url"],
        PREFIXES[2]: alice.add_address()["url"],
    }
    alice.keys = {prefix: key_of(url) for prefix, url in urls.items()}
    return alice


@pytest.mark.parametrize("kind", PREFIXES[:3])
@pytest.mark.parametrize("method", ["GET", "PATCH", "DELETE"])
def test_an_id_of_one_kind_names_nothing_of_another(own, unchanged, method, kind):
    """A payment method has none of these ids."""
    with unchanged():
        response = own.request(method, f"/_cart/payment-method/{own.keys[kind]}/", {"selected": True})

    assert response.status_code == 404


@pytest.mark.parametrize("method", ["GET", "PATCH", "PUT", "DELETE"])
def test_a_line_on_an_order_is_out_of_reach(alice, wine, unchanged, method):
    url = alice.get_ready(wine)["url"]
    alice.checkout()

    with unchanged():
        response = alice.request(method, url, {"product": wine.pk, "quantity": 7})

    assert response.status_code == 404


@pytest.mark.parametrize("method", ["GET", "PATCH", "PUT", "DELETE"])
def test_an_adjustment_on_an_order_is_out_of_reach(alice, wine, unchanged, method):
    alice.get_ready(wine)
    url = alice.add_adjustment("ShareOff", parts=3)["url"]
    alice.checkout()

    with unchanged():
        response = alice.request(method, url, {"parts": 1})

    assert response.status_code == 404


def test_a_stranger_cannot_select_my_address_through_any_field(alice, mallory):
    """Only the shopper's own row can be selected, and it is named by its URL alone."""
    address = key_of(alice.add_address()["url"])
    own = mallory.add_address(addressee="Mallory")

    for field in ("id", "pk", "delivery_address", "delivery_address_id", "address", "url"):
        mallory.patch(own["url"], {"selected": True, field: address})

    assert [entry["data"]["addressee"] for entry in mallory.cart()["delivery_addresses"]] == ["Mallory"]


def test_a_guests_address_is_out_of_reach_of_the_next_guest_in_the_same_browser(guest, alice):
    url = guest.add_address()["url"]
    guest.log_in(alice.user)
    guest.client.post("/logout/", headers={"X-CSRFToken": guest.csrf_token()})

    assert guest.get(url).status_code == 404


def test_a_guest_reaches_their_unselected_addresses_too(guest):
    """They are the guest's own: made in this cart."""
    first = guest.add_address(addressee="Joe")
    guest.add_address(addressee="Ann")

    assert guest.get(first["url"]).status_code == 200
    assert Browser().get(first["url"]).status_code == 404
