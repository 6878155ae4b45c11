"""The JSON of a cart: whole, of one row, of a checkout that waits, and with amounts to show."""

import json
from datetime import datetime, timezone
from decimal import Decimal

import pytest
from django.db import connection
from django.http import Http404
from django.test import override_settings
from django.test.utils import CaptureQueriesContext
from django.urls import include, path
from django.utils.translation import override as language_of

from lorikeet.cart.fetching import fetch_contents
from lorikeet.contents import CartContents
from lorikeet.http.representation import (
    CORE_KEYS,
    Representation,
    etag,
    render,
    represent_cart,
    represent_checkout,
    sections,
    with_time,
)
from lorikeet.models import DeliveryAddress, EmptyCart, PaymentMethod
from lorikeet.pricing import price
from lorikeet.sections import CartSection
from lorikeet.serializers import CartSerializer
from tests.testapp import models
from tests.testapp.clients import STREET
from tests.testapp.factories import make_user
from tests.testapp.sections import Summary
from tests.unit import (
    add_wine,
    make_attempt,
    make_cart,
    make_order,
    ready_cart,
    request_of,
    select_address,
    select_card,
)

pytestmark = pytest.mark.django_db


class Echo(CartSection):
    """Shows what sections are given."""

    key = "echo"

    def get_data(self, contents, totals):
        return [contents.cart.pk, str(totals.grand_total)]


def representation_of(cart, **options):
    return Representation(CartContents.load(cart), request_of(), **options)


def test_the_keys_are_those_that_no_section_may_take():
    cart = represent_cart(CartContents.load(make_cart()), request_of())

    assert set(cart) == CORE_KEYS


def test_the_whole_cart():
    cart = make_cart()
    line, address, card = add_wine(cart, "10"), select_address(cart), select_card(cart)
    share = models.ShareOff.objects.create(cart=cart, parts=4)

    with override_settings(LORIKEET_CHARGES=["tests.testapp.charges.Shipping"]):
        shown = representation_of(cart).cart()

    assert shown == {
        "items": [
            {
                "type": "WineLine",
                "data": {
                    "product": {"id": line.product_id, "name": "Moscato 2016", "unit_price": "10.0000"},
                    "quantity": 1,
                },
                "total": "10.00",
                "url": f"/_cart/{line.pk}/",
            }
        ],
        "new_item_url": "/_cart/new/",
        "adjustments": [
            {"type": "ShareOff", "data": {"parts": 4}, "total": "-2.50", "url": f"/_cart/adjustment/{share.pk}/"}
        ],
        "new_adjustment_url": "/_cart/new-adjustment/",
        "charges": [
            {"code": "shipping", "label": "Standard post", "total": "5.00", "included": False, "data": {"days": 3}}
        ],
        "delivery_addresses": [
            {"type": "StreetAddress", "data": STREET, "selected": True, "url": f"/_cart/address/{address.pk}/"}
        ],
        "new_address_url": "/_cart/new-address/",
        "payment_methods": [
            {
                "type": "PretendCard",
                "data": {"brand": "visa", "last4": "4242"},
                "selected": True,
                "url": f"/_cart/payment-method/{card.pk}/",
            }
        ],
        "new_payment_method_url": "/_cart/new-payment-method/",
        "subtotal": "10.00",
        "grand_total": "12.50",
        "currency": "AUD",
        "is_complete": True,
        "incomplete_reasons": [],
        "checkout_steps": [
            {"name": "items", "state": "done"},
            {"name": "delivery", "state": "done"},
            {"name": "payment", "state": "done"},
        ],
        "checkout_url": "/_cart/checkout/",
        "pending_checkout": None,
        "is_authenticated": False,
        "email": "joe@example.com",
        "compatible_version": 2,
        "incompatible_version": 1,
    }


def test_the_cart_of_a_shopper_without_one_is_empty():
    shown = Representation(CartContents.load(EmptyCart(user=make_user())), request_of()).cart()

    assert (shown["items"], shown["grand_total"], shown["is_complete"]) == ([], "0.00", False)
    assert (shown["is_authenticated"], shown["email"]) == (True, None)


def test_the_serializer_of_a_cart_shows_the_same():
    cart = ready_cart()

    data = CartSerializer(cart, context={"request": request_of()}).data

    expected = representation_of(cart).cart()
    assert {key: data[key] for key in data if key != "generated_at"} == expected
    assert data["generated_at"] == pytest.approx(datetime.now(timezone.utc).timestamp(), abs=60)


def test_the_serializer_of_a_cart_needs_no_request():
    assert CartSerializer(make_cart()).data["items"] == []


def test_totals_that_are_there_are_not_worked_out_again():
    contents = CartContents.load(make_cart())
    totals = price(contents)

    assert Representation(contents, None, totals).totals is totals


# rows


def test_a_line_is_shown_that_is_not_among_the_contents():
    cart = make_cart()
    line = add_wine(cart, "1.5", 3)

    shown = Representation(CartContents(cart), request_of()).line(line)

    assert (shown["total"], shown["url"]) == ("4.50", f"/_cart/{line.pk}/")


def test_a_line_without_a_valid_price_has_no_total():
    line = models.MoodyLine.objects.create(cart=make_cart(), mood="float")

    shown = representation_of(line.cart).line(line)

    assert shown == {
        "type": "MoodyLine",
        "data": {"mood": "float", "amount": "10.0000"},
        "total": None,
        "url": f"/_cart/{line.pk}/",
    }


def test_a_line_without_a_valid_price_has_none_in_the_cart_either():
    cart = make_cart()
    models.MoodyLine.objects.create(cart=cart, mood="nan")

    assert [item["total"] for item in representation_of(cart).cart()["items"]] == [None]


def test_one_adjustment_is_shown_as_in_the_cart():
    cart = make_cart()
    add_wine(cart, "10")
    for amount in (8, 8):
        share = models.AmountOff.objects.create(cart=cart, amount=amount)
    shown = representation_of(cart).adjustment(share.pk)

    assert (shown["total"], shown["url"]) == ("-2.00", f"/_cart/adjustment/{share.pk}/")


def test_an_adjustment_that_has_left_the_cart_is_gone():
    with pytest.raises(Http404):
        representation_of(make_cart()).adjustment(1)


@pytest.mark.parametrize("base", [DeliveryAddress, PaymentMethod])
def test_one_choice_is_shown_with_whether_it_is_selected(base):
    cart = make_cart()
    selected, other = (
        (select_address(cart), models.StreetAddress.objects.create(cart=cart, **STREET))
        if base is DeliveryAddress
        else (select_card(cart), models.PayLater.objects.create(cart=cart, number="1"))
    )
    representation = Representation(CartContents(cart), request_of())

    assert [representation.choice(base, row)["selected"] for row in (selected, other)] == [True, False]


def test_a_row_is_called_by_the_name_its_model_is_registered_under():
    course = models.CourseLine(pk=3, product=models.Course(slug="tasting", title="Tasting", fee=Decimal(80)))

    assert Representation(CartContents(make_cart()), None).line(course)["type"] == "Enrolment"


# a checkout that waits


def test_a_checkout_in_flight_is_shown_in_the_cart():
    cart = make_cart()
    order = make_order(cart=cart, slot=cart, expires_at=datetime(2026, 1, 1, tzinfo=timezone.utc))
    make_attempt(order, info={"message": "Please wait."})

    shown = Representation(fetch_contents(pk=cart.pk), request_of()).cart()

    assert shown["pending_checkout"] == {
        "id": str(order.uuid),
        "order": order.pk,
        "state": "pending",
        "payment_method": "PretendCard",
        "info": {"message": "Please wait."},
        "expires_at": 1767225600.0,
        "url": f"/_cart/checkout/{order.uuid}/",
        "confirm_url": f"/_cart/checkout/{order.uuid}/confirm/",
        "cancel_url": f"/_cart/checkout/{order.uuid}/cancel/",
    }


class ElsewhereURLs:
    """A site that has put the three URLs of a checkout at places of its own."""

    places = {"status": "sales/<str:id>", "confirm": "paid/<str:id>", "cancel": "stop/<str:id>"}
    checkout = [path(place, lambda request, **ids: None, name=f"checkout-{name}") for name, place in places.items()]
    urlpatterns = [path("", include((checkout, "lorikeet")))]


@override_settings(ROOT_URLCONF=ElsewhereURLs)
def test_a_checkout_names_its_urls_wherever_the_site_has_put_them():
    order = make_order()

    shown = represent_checkout(order, None)

    assert [shown["url"], shown["confirm_url"], shown["cancel_url"]] == [
        f"/sales/{order.uuid}",
        f"/paid/{order.uuid}",
        f"/stop/{order.uuid}",
    ]


def test_a_checkout_whose_outcome_is_unknown_says_so():
    order = make_order()
    attempt = make_attempt(order, state="unknown", attention="outcome unknown")

    assert represent_checkout(order, attempt)["state"] == "unknown"


def test_a_checkout_may_have_no_attempt_and_no_end():
    order = make_order()

    assert represent_checkout(order, None) == {
        "id": str(order.uuid),
        "order": order.pk,
        "state": "pending",
        "payment_method": None,
        "info": None,
        "expires_at": None,
        "url": f"/_cart/checkout/{order.uuid}/",
        "confirm_url": f"/_cart/checkout/{order.uuid}/confirm/",
        "cancel_url": f"/_cart/checkout/{order.uuid}/cancel/",
    }


# sections


@override_settings(LORIKEET_CART_SECTIONS=["tests.testapp.sections.Summary", "tests.unit.test_representation.Echo"])
def test_sections_are_at_the_end_in_their_order():
    cart = ready_cart()
    shown = representation_of(cart).cart()

    assert list(shown)[-2:] == ["summary", "echo"]
    assert (shown["summary"], shown["echo"]) == ({"lines": 1, "costs": "12.00"}, [cart.pk, "12.00"])


@override_settings(LORIKEET_CART_SECTIONS=["tests.testapp.sections.Summary"])
def test_a_section_is_made_for_each_response():
    first, second = sections(), sections()

    assert [type(section) for section in first] == [Summary]
    assert first[0] is not second[0]


def test_a_section_without_data_is_told_what_to_write():
    with pytest.raises(TypeError) as refusal:
        CartSection().get_data(None, None)

    assert str(refusal.value) == "Write CartSection.get_data(self, contents, totals)."


# amounts to show


@pytest.fixture
def displayed():
    pytest.importorskip("babel")
    with override_settings(LORIKEET_DISPLAY_AMOUNTS=True):
        yield


def amounts(shown):
    return {key: value for key, value in shown.items() if "total" in key}


def test_amounts_may_come_in_three_forms(displayed):
    cart = make_cart()
    add_wine(cart, "12.5")

    with language_of("en-au"):
        shown = representation_of(cart).cart()

    assert amounts(shown) == {
        "subtotal": "12.50",
        "display_subtotal": "$12.50",
        "subtotal_cents": 1250,
        "grand_total": "12.50",
        "display_grand_total": "$12.50",
        "grand_total_cents": 1250,
    }
    assert amounts(shown["items"][0]) == {"total": "12.50", "display_total": "$12.50", "total_cents": 1250}


@override_settings(LORIKEET_CHARGES=["tests.testapp.charges.Shipping"])
def test_charges_and_adjustments_too(displayed):
    cart = make_cart(currency="JPY")
    add_wine(cart, "50")
    models.AmountOff.objects.create(cart=cart, amount=Decimal("20"))

    with language_of("en"):
        shown = representation_of(cart).cart()

    assert amounts(shown["charges"][0]) == {"total": "5", "display_total": "¥5", "total_cents": 5}
    assert amounts(shown["adjustments"][0]) == {"total": "-20", "display_total": "-¥20", "total_cents": -20}


def test_an_amount_that_is_none_is_none_in_every_form(displayed):
    cart = make_cart()
    models.MoodyLine.objects.create(cart=cart, mood="nan")

    shown = representation_of(cart).cart()

    assert amounts(shown["items"][0]) == {"total": None, "display_total": None, "total_cents": None}


def test_without_a_language_amounts_are_shown_in_english(displayed):
    with language_of(None):
        shown = representation_of(make_cart()).cart()

    assert shown["display_subtotal"] == "A$0.00"


# as bytes


def test_a_document_is_rendered_as_utf_8_without_spaces():
    assert render({"a": ["Zoë", None, Decimal("1.50")]}) == '{"a":["Zoë",null,"1.50"]}'.encode()


def test_a_value_that_is_no_json_is_not_rendered():
    with pytest.raises(ValueError, match="Out of range float values are not JSON compliant"):
        render({"a": float("nan")})


def test_a_validator_is_strong_and_of_the_content():
    assert etag(b"a") == '"ca978112ca1bbdcafac231b39a23dc4d"'
    assert etag(b"a") != etag(b"b")


def test_the_time_is_added_at_the_end(monkeypatch):
    monkeypatch.setattr("lorikeet.http.representation.time", lambda: 1488413101.985875)

    assert with_time(b'{"a":1}') == b'{"a":1,"generated_at":1488413101.985875}'
    assert json.loads(with_time(b'{"a":1}'))["generated_at"] == 1488413101.985875


def test_the_whole_cart_is_read_in_three_queries():
    cart = ready_cart()
    models.ShareOff.objects.create(cart=cart)

    with CaptureQueriesContext(connection) as queries:
        Representation(fetch_contents(pk=cart.pk), request_of()).cart()

    assert len(queries) == 3
