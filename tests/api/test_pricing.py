"""Subtotal, adjustments, charges, sections, display amounts and currencies (L3, S6, X12)."""

import pytest
from django.test import override_settings

from tests.testapp.clients import CART, NEW_ITEM
from tests.testapp.factories import make_wine

SHIPPING = "tests.testapp.charges.Shipping"
TAX = "tests.testapp.charges.IncludedTax"
REBATE = "tests.testapp.charges.Rebate"


def amounts(browser):
    cart = browser.cart()
    return cart["subtotal"], [entry["total"] for entry in cart["adjustments"]], cart["grand_total"]


def test_a_third_of_ten_is_rounded_to_the_cent(guest):
    guest.add_wine(make_wine("10"))

    guest.add_adjustment("ShareOff", parts=3)

    assert amounts(guest) == ("10.00", ["-3.33"], "6.67")


def test_half_a_cent_is_rounded_up(guest):
    guest.add_wine(make_wine("0.125"))

    assert amounts(guest) == ("0.13", [], "0.13")


def test_a_line_is_rounded_and_then_added(guest):
    """Three lines of 0.333: what is shown adds up."""
    for _ in range(3):
        guest.add(NEW_ITEM, "MoodyLine", amount="0.333")

    assert amounts(guest) == ("0.99", [], "0.99")


def test_every_adjustment_is_given_the_subtotal(guest):
    guest.add_wine(make_wine("10"))
    guest.add_adjustment("ShareOff", parts=2)

    guest.add_adjustment("ShareOff", parts=5)

    assert amounts(guest) == ("10.00", ["-5.00", "-2.00"], "3.00")


def test_adjustments_never_take_the_total_below_zero(guest):
    """The one that would is cut to what is left, so that the parts still add up."""
    guest.add_wine(make_wine("10"))
    guest.add_adjustment("AmountOff", amount="7")

    guest.add_adjustment("AmountOff", amount="7")

    assert amounts(guest) == ("10.00", ["-7.00", "-3.00"], "0.00")


def test_a_surcharge_is_added(guest):
    guest.add_wine(make_wine("10"))

    guest.add_adjustment("AmountOff", amount="-2.50")

    assert amounts(guest) == ("10.00", ["2.50"], "12.50")


@override_settings(LORIKEET_CHARGES=[SHIPPING])
def test_a_charge_is_listed_and_added(guest, wine):
    guest.add_wine(wine)

    cart = guest.cart()

    assert cart["charges"] == [
        {"code": "shipping", "label": "Standard post", "total": "5.00", "included": False, "data": {"days": 3}}
    ]
    assert (cart["subtotal"], cart["grand_total"]) == ("12.00", "17.00")


@override_settings(LORIKEET_CHARGES=[SHIPPING])
def test_a_source_may_charge_nothing(guest):
    guest.add_wine(make_wine("100"))

    assert guest.cart()["charges"] == []


@override_settings(LORIKEET_CHARGES=[SHIPPING])
def test_free_shipping_ends_when_an_item_leaves(guest):
    guest.add_wine(make_wine("60"))
    line = guest.add_wine(make_wine("40"))

    guest.delete(line["url"])

    assert guest.cart()["grand_total"] == "65.00"


@override_settings(LORIKEET_CHARGES=[SHIPPING, TAX])
def test_an_included_charge_is_listed_and_not_added(guest):
    """11.36 is the eleventh part of 125, the sum it is in."""
    guest.add_wine(make_wine("125"))

    cart = guest.cart()

    assert cart["charges"] == [{"code": "tax", "label": "GST", "total": "11.36", "included": True, "data": {}}]
    assert cart["grand_total"] == "125.00"


@pytest.mark.parametrize(
    ("sources", "totals"), [([SHIPPING, TAX], ["5.00", "2.00"]), ([TAX, SHIPPING], ["1.55", "5.00"])]
)
def test_sources_are_asked_in_their_order_with_the_running_total(guest, sources, totals):
    guest.add_wine(make_wine("17"))

    with override_settings(LORIKEET_CHARGES=sources):
        charges = guest.cart()["charges"]

    assert [charge["total"] for charge in charges] == totals


@override_settings(LORIKEET_CHARGES=[SHIPPING])
def test_sources_come_after_the_adjustments(guest):
    guest.add_wine(make_wine("104"))

    guest.add_adjustment("AmountOff", amount="10")

    assert guest.cart()["grand_total"] == "99.00"


@override_settings(LORIKEET_CHARGES=[SHIPPING, REBATE])
def test_a_charge_never_takes_the_total_below_zero(guest, wine):
    guest.add_wine(wine)

    cart = guest.cart()

    assert [charge["total"] for charge in cart["charges"]] == ["5.00", "-17.00"]
    assert cart["grand_total"] == "0.00"


@override_settings(LORIKEET_CART_SECTIONS=["tests.testapp.sections.Summary"])
def test_a_section_adds_its_key(guest, wine):
    guest.add_wine(wine)

    assert guest.cart()["summary"] == {"lines": 1, "costs": "12.00"}


@override_settings(LORIKEET_CART_SECTIONS=["tests.testapp.sections.Summary"])
def test_a_section_is_part_of_the_empty_cart(guest):
    assert guest.cart()["summary"] == {"lines": 0, "costs": "0.00"}


@pytest.mark.parametrize(
    ("currency", "expected"),
    [("JPY", ("1235", ["-412"], "823")), ("AUD", ("1234.57", ["-411.52"], "823.05")),
     ("KWD", ("1234.568", ["-411.523"], "823.045"))],
)  # fmt: skip
def test_amounts_have_the_decimal_places_of_the_currency(guest, currency, expected):
    with override_settings(LORIKEET_CURRENCY=currency):
        guest.add_wine(make_wine("1234.5678"))
        guest.add_adjustment("ShareOff", parts=3)

        assert amounts(guest) == expected
        assert guest.cart()["currency"] == currency


def test_a_cart_keeps_the_currency_it_was_started_in(guest, wine):
    guest.add_wine(wine)

    with override_settings(LORIKEET_CURRENCY="EUR"):
        cart = guest.cart()

    assert (cart["currency"], cart["grand_total"]) == ("AUD", "12.00")


@override_settings(LORIKEET_DISPLAY_AMOUNTS=True, LORIKEET_CHARGES=[SHIPPING])
def test_display_amounts_accompany_every_amount(guest, wine):
    """S6, X12: localised, and in minor units."""
    pytest.importorskip("babel")
    guest.add_wine(wine)
    guest.add_adjustment("AmountOff", amount="1.50")

    cart = guest.cart()

    line, adjustment, charge = cart["items"][0], cart["adjustments"][0], cart["charges"][0]
    assert {key: cart[key] for key in cart if "total" in key} == {
        "subtotal": "12.00",
        "display_subtotal": "$12.00",
        "subtotal_cents": 1200,
        "grand_total": "15.50",
        "display_grand_total": "$15.50",
        "grand_total_cents": 1550,
    }
    assert [(x["total"], x["display_total"], x["total_cents"]) for x in (line, adjustment, charge)] == [
        ("12.00", "$12.00", 1200),
        ("-1.50", "-$1.50", -150),
        ("5.00", "$5.00", 500),
    ]


@override_settings(LORIKEET_DISPLAY_AMOUNTS=True)
def test_display_amounts_follow_the_language(guest, wine):
    pytest.importorskip("babel")
    guest.add_wine(wine)

    cart = guest.get(accept_language="de").json()

    assert cart["display_grand_total"] == "12,00\xa0AU$"


@pytest.mark.parametrize(("currency", "cents"), [("JPY", 12), ("AUD", 1200), ("KWD", 12000)])
def test_cents_are_the_minor_units_of_the_currency(guest, wine, currency, cents):
    pytest.importorskip("babel")
    with override_settings(LORIKEET_DISPLAY_AMOUNTS=True, LORIKEET_CURRENCY=currency):
        guest.add_wine(wine)

        assert guest.cart()["grand_total_cents"] == cents


@override_settings(LORIKEET_DISPLAY_AMOUNTS=True)
def test_a_line_of_its_own_has_display_amounts_too(guest, wine):
    pytest.importorskip("babel")

    line = guest.add_wine(wine)

    assert (line["total"], line["display_total"], line["total_cents"]) == ("12.00", "$12.00", 1200)


def test_a_total_sent_by_the_client_is_ignored_or_refused(guest, wine):
    guest.post(NEW_ITEM, {"type": "WineLine", "data": {"product": wine.pk}, "total": "0.01"})
    guest.patch(CART, {"grand_total": "0.01"})

    assert guest.cart()["grand_total"] in ("0.00", "12.00")
