"""Logging in and out: what a guest's cart brings along, and what it must not."""

import pytest

from lorikeet.hooks import Hooks
from tests.testapp import models
from tests.testapp.clients import CART, NEW_ITEM, Browser
from tests.testapp.factories import make_coupon, make_user, make_wine


def quantities(browser):
    return [item["data"]["quantity"] for item in browser.cart()["items"]]


def test_the_lines_of_a_guest_come_along(guest, alice, wine):
    guest.add_wine(wine, 3)

    guest.log_in(alice.user)

    assert quantities(guest) == [3]


def test_equal_lines_are_combined(guest, alice, wine):
    alice.add_wine(wine, 2)
    guest.add_wine(wine, 3)

    guest.log_in(alice.user)

    assert quantities(guest) == [5]


def test_other_lines_come_after_the_users_own(guest, alice, wine):
    alice.add_wine(wine, 2)
    guest.add_wine(make_wine("15"), 3)
    guest.log_in(alice.user)

    assert quantities(guest) == [2, 3]


def test_adjustments_come_along_once(guest, alice):
    make_coupon()
    alice.add_adjustment("CouponAdjustment", code="TENOFF")
    guest.add_adjustment("CouponAdjustment", code="TENOFF")
    guest.add_adjustment("ShareOff", parts=4)

    guest.log_in(alice.user)

    assert [entry["type"] for entry in guest.cart()["adjustments"]] == ["CouponAdjustment", "ShareOff"]


def test_a_user_without_a_selection_gets_the_guests(guest, alice, wine):
    guest.get_ready(wine)

    guest.log_in(alice.user)

    cart = guest.cart()
    assert [entry["selected"] for entry in cart["delivery_addresses"]] == [True]
    assert [entry["selected"] for entry in cart["payment_methods"]] == [True]


@pytest.mark.parametrize(("of_account", "adopted"), [("", "joe@example.com"), ("alice@example.com", None)])
def test_the_address_a_guest_typed_counts_only_if_the_account_has_none(guest, of_account, adopted):
    guest.patch(CART, {"email": "joe@example.com"})

    guest.log_in(make_user(contact_email=of_account))

    assert guest.cart()["email"] == adopted


def test_a_planted_cart_does_not_redirect_the_parcel(guest, alice, wine):
    """What the account has selected stays selected."""
    alice.add_address(addressee="Alice")
    alice.add(  # a method of Alice's
        "/_cart/new-payment-method/", "PayLater", number="PO-1"
    )
    alice.patch(CART, {"email": "alice@example.com"})
    guest.get_ready(wine)

    guest.log_in(alice.user)

    cart = guest.cart()
    assert [(x["data"]["addressee"], x["selected"]) for x in cart["delivery_addresses"]] == [
        ("Alice", True),
        ("Joe Bloggs", False),
    ]
    assert [(x["type"], x["selected"]) for x in cart["payment_methods"]] == [("PayLater", True), ("PretendCard", False)]
    assert cart["email"] == "alice@example.com"


def test_a_guest_cart_is_gone_after_the_merge(guest, alice, wine):
    alice.add_wine(wine)
    guest.add_wine(wine)

    guest.log_in(alice.user)

    assert models.WineLine.objects.values("cart").distinct().count() == 1


def test_logging_in_without_a_cart_changes_nothing(guest, alice, wine, unchanged):
    alice.add_wine(wine)

    with unchanged():
        guest.log_in(alice.user)

    assert quantities(guest) == [1]


def test_logging_in_twice_doubles_nothing(guest, alice, wine):
    guest.add_wine(wine, 3)
    guest.log_in(alice.user)

    guest.log_in(alice.user)

    assert quantities(guest) == [3]


class Broken(Hooks):
    """An app whose part in a merge fails if the test says so."""

    def __init__(self, method):
        setattr(self, method, self.fail)

    def fail(self, *args):
        raise ZeroDivisionError


@pytest.mark.parametrize("method", ["cart_merged", "cart_changed"])
def test_a_merge_that_fails_lets_the_user_sign_in_and_changes_no_cart(
    guest, alice, wine, monkeypatch, caplog, unchanged, method
):
    guest.get_ready(wine, 3)
    alice.add_wine(wine)
    monkeypatch.setattr("lorikeet.cart.merging.HOOKS", [Broken(method)])
    monkeypatch.setattr("lorikeet.cart.locks.HOOKS", [Broken(method)])
    with unchanged():
        guest.log_in(alice.user)

    assert guest.cart()["is_authenticated"]
    message = f"A guest's cart could not be merged into that of user {alice.user.pk}, and stays as it is."
    assert [record.getMessage() for record in caplog.records if record.name == "lorikeet.cart.receivers"] == [message]


def test_the_login_after_a_merge_that_failed_brings_the_lines(guest, alice, wine, monkeypatch):
    guest.add_wine(wine, 3)
    with monkeypatch.context() as patch:
        patch.setattr("lorikeet.cart.merging.HOOKS", [Broken("cart_merged")])
        guest.log_in(alice.user)
    assert quantities(guest) == []

    guest.log_in(alice.user)

    assert quantities(guest) == [3]


def test_logging_out_keeps_nothing(guest, alice, wine):
    guest.add_wine(wine)
    guest.log_in(alice.user)

    guest.client.post("/logout/", headers={"X-CSRFToken": guest.csrf_token()})

    cart = guest.cart()
    assert (cart["items"], cart["is_authenticated"]) == ([], False)


def test_the_user_keeps_their_cart_after_logging_out(guest, alice, wine):
    guest.add_wine(wine)
    guest.log_in(alice.user)
    guest.client.post("/logout/", headers={"X-CSRFToken": guest.csrf_token()})

    assert quantities(Browser(alice.user)) == [1]


def test_a_line_type_that_cannot_combine_comes_along_beside(guest, alice):
    alice.add(NEW_ITEM, "MoodyLine", amount="1")
    guest.add(NEW_ITEM, "MoodyLine", amount="1")

    guest.log_in(alice.user)

    assert [item["total"] for item in guest.cart()["items"]] == ["1.00", "1.00"]


def test_a_guests_order_page_stays_open_after_logging_in(guest, alice, wine):
    guest.get_ready(wine)
    page = guest.get(guest.checkout().json()["url"])["Location"]

    guest.log_in(alice.user)

    assert guest.get(page).status_code == 200
