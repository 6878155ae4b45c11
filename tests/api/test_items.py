"""Line items: ``POST /_cart/new/`` and ``/_cart/<id>/`` (L17, L25)."""

import uuid
from decimal import Decimal

import pytest

from tests.testapp import models
from tests.testapp.clients import NEW_ITEM, key_of
from tests.testapp.factories import make_book, make_course, make_wine, make_wrapping

LINE_TYPES = ["BookLine", "Enrolment", "GiftBookLine", "HamperLine", "MoodyLine", "WineLine"]


def wine_data(wine, quantity=1):
    return {"type": "WineLine", "data": {"product": wine.pk, "quantity": quantity}}


def test_adding_a_line_answers_201_and_the_line(shopper, wine):
    response = shopper.post(NEW_ITEM, wine_data(wine, 3))

    line = models.WineLine.objects.get()
    assert response.status_code == 201
    assert response.json() == {
        "type": "WineLine",
        "data": {"product": {"id": wine.pk, "name": "Moscato 2016", "unit_price": "12.0000"}, "quantity": 3},
        "total": "36.00",
        "url": f"/_cart/{line.pk}/",
    }


def test_a_field_that_is_left_out_has_its_default(guest, wine):
    response = guest.post(NEW_ITEM, {"type": "WineLine", "data": {"product": wine.pk}})

    assert response.json()["data"]["quantity"] == 1


def test_a_key_may_be_given_as_a_string(guest, wine):
    response = guest.post(NEW_ITEM, {"type": "WineLine", "data": {"product": str(wine.pk)}})

    assert response.status_code == 201


def test_a_product_may_have_a_uuid_as_key(guest):
    book = make_book()

    response = guest.post(NEW_ITEM, {"type": "BookLine", "data": {"product": str(book.code)}})

    assert response.status_code == 201
    assert response.json()["data"] == {
        "product": {"code": str(book.code), "title": "Wine and bread", "price": "30.0000"},
        "wrapping": None,
    }


def test_a_product_may_have_a_slug_as_key(guest):
    make_course()

    response = guest.post(NEW_ITEM, {"type": "Enrolment", "data": {"product": "tasting"}})

    assert response.status_code == 201
    assert response.json()["data"] == {
        "product": {"slug": "tasting", "title": "Tasting", "fee": "80.0000"},
        "tutor": None,
    }


def test_a_type_registered_with_a_name_goes_by_that_name(guest):
    make_course()

    assert guest.add(NEW_ITEM, "Enrolment", product="tasting")["type"] == "Enrolment"


def test_a_subclass_of_a_subclass_is_a_type_of_its_own(guest):
    book, wrapping = make_book(), make_wrapping()

    line = guest.add(NEW_ITEM, "GiftBookLine", product=str(book.code), wrapping=wrapping.pk, message="Enjoy")

    assert line["type"] == "GiftBookLine"
    assert line["data"]["wrapping"] == {"id": wrapping.pk, "name": "Ribbon", "price": "2.5000"}
    assert line["data"]["message"] == "Enjoy"
    assert line["total"] == "32.50"


def test_a_nullable_relation_may_be_given_as_null(guest):
    book = make_book()

    line = guest.add(NEW_ITEM, "BookLine", product=str(book.code), wrapping=None)

    assert line["data"]["wrapping"] is None


def test_a_line_may_have_a_many_to_many_relation(guest):
    wines = [make_wine("10"), make_wine("15")]

    line = guest.add(NEW_ITEM, "HamperLine", wines=[wine.pk for wine in wines])

    assert line["data"] == {"wines": [wine.pk for wine in wines]}
    assert line["total"] == "25.00"


def test_an_equal_line_is_combined_and_answers_200_and_the_existing_line(shopper, wine):
    first = shopper.add_wine(wine, 2)

    response = shopper.post(NEW_ITEM, wine_data(wine, 3))

    assert response.status_code == 200
    assert response.json() == {**first, "data": {**first["data"], "quantity": 5}, "total": "60.00"}
    assert models.WineLine.objects.count() == 1


def test_a_line_that_refuses_to_combine_is_a_second_line(guest, wine):
    guest.add_wine(wine, models.MAX_QUANTITY)

    response = guest.post(NEW_ITEM, wine_data(wine, 1))

    assert response.status_code == 201
    assert [item["data"]["quantity"] for item in guest.cart()["items"]] == [models.MAX_QUANTITY, 1]


def test_lines_of_another_type_are_not_combined(guest):
    book = make_book()
    guest.add(NEW_ITEM, "BookLine", product=str(book.code))

    response = guest.post(NEW_ITEM, {"type": "GiftBookLine", "data": {"product": str(book.code)}})

    assert response.status_code == 201


def test_a_line_is_not_combined_with_one_in_another_cart(guest, alice, wine):
    alice.add_wine(wine)

    response = guest.post(NEW_ITEM, wine_data(wine))

    assert response.status_code == 201


@pytest.mark.parametrize("wrapped", [True, False], ids=["wrapped", "bare"])
@pytest.mark.parametrize("method", ["PATCH", "PUT"])
def test_changing_a_line_answers_200_and_the_line(shopper, wine, method, wrapped):
    """The data may come bare, as the original client sends it."""
    line = shopper.add_wine(wine)
    data = {"quantity": 5} if method == "PATCH" else {"product": wine.pk, "quantity": 5}

    response = shopper.request(method, line["url"], {"data": data} if wrapped else data)

    assert response.status_code == 200
    assert response.json() == {**line, "data": {**line["data"], "quantity": 5}, "total": "60.00"}
    assert models.WineLine.objects.get().quantity == 5


def test_patch_changes_only_what_was_sent(guest, wine):
    """T24: partial representation."""
    line = guest.add_wine(wine, 4)
    other = make_wine("15", "Shiraz")

    response = guest.patch(line["url"], {"data": {"product": other.pk}})

    assert response.json()["data"] == {
        "product": {"id": other.pk, "name": "Shiraz", "unit_price": "15.0000"},
        "quantity": 4,
    }


def test_an_empty_patch_changes_nothing(guest, wine):
    line = guest.add_wine(wine, 4)

    response = guest.patch(line["url"], {})

    assert response.status_code == 200
    assert response.json() == line


def test_put_without_a_required_field_is_refused(guest, wine, unchanged):
    line = guest.add_wine(wine)

    with unchanged():
        response = guest.put(line["url"], {"data": {"quantity": 5}})

    assert response.status_code == 400
    assert response.json() == {"product": ["This field is required."]}


def test_a_many_to_many_relation_can_be_changed(guest):
    wines = [make_wine("10"), make_wine("15")]
    line = guest.add(NEW_ITEM, "HamperLine", wines=[wines[0].pk])

    response = guest.patch(line["url"], {"data": {"wines": [wines[1].pk]}})

    assert response.json() == {**line, "data": {"wines": [wines[1].pk]}, "total": "15.00"}


def test_deleting_a_line_answers_204_without_a_body(shopper, wine):
    line = shopper.add_wine(wine)

    response = shopper.delete(line["url"])

    assert response.status_code == 204
    assert response.content == b""
    assert shopper.cart()["items"] == []
    assert models.WineLine.objects.count() == 0


def test_a_deleted_line_does_not_exist(guest, wine):
    line = guest.add_wine(wine)
    guest.delete(line["url"])

    responses = [guest.get(line["url"]), guest.patch(line["url"], {"quantity": 2}), guest.delete(line["url"])]

    assert [response.status_code for response in responses] == [404, 404, 404]


def test_a_line_of_a_placed_order_does_not_exist(alice, wine):
    line = alice.get_ready(wine)
    assert alice.checkout().status_code == 200

    assert alice.get(line["url"]).status_code == 404


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"data": {}}, "type"),
        ({"type": "NoSuchLine", "data": {}}, "type"),
        ({"type": "StreetAddress", "data": {}}, "type"),
        ({"type": "LineItem", "data": {}}, "type"),
        ({"type": "CourseLine", "data": {}}, "type"),
        ({"type": None, "data": {}}, "type"),
        ({"type": ["WineLine"], "data": {}}, "type"),
        ({"type": {"WineLine": 1}, "data": {}}, "type"),
        ({"type": 7, "data": {}}, "type"),
        ({"type": True, "data": {}}, "type"),
        ({"type": "__class__", "data": {}}, "type"),
        ({"type": "W" * 10_000, "data": {}}, "type"),
        ({"type": "WineLine"}, "data"),
        ({"type": "WineLine", "data": None}, "data"),
        ({"type": "WineLine", "data": []}, "data"),
        ({"type": "WineLine", "data": "x"}, "data"),
        ({"type": "WineLine", "data": 1}, "data"),
    ],
)
def test_a_wrong_envelope_is_refused_by_the_name_of_its_field(guest, unchanged, body, field):
    with unchanged():
        response = guest.post(NEW_ITEM, body)

    assert response.status_code == 400
    assert list(response.json()) == [field]


def test_an_unknown_type_is_told_the_valid_ones(guest):
    response = guest.post(NEW_ITEM, {"type": "NoSuchLine", "data": {}})

    [message] = response.json()["type"]
    assert [name for name in LINE_TYPES if name in message] == LINE_TYPES


@pytest.mark.parametrize("product", [0, -1, 999_999, "x", "", None, [], {}, 1.0, True, [1], {"id": 1}])
def test_an_unknown_product_is_refused_by_the_name_of_its_field(guest, wine, unchanged, product):
    with unchanged():
        response = guest.post(NEW_ITEM, {"type": "WineLine", "data": {"product": product}})

    assert response.status_code == 400
    assert list(response.json()) == ["product"]


@pytest.mark.parametrize("product", [str(uuid.UUID(int=0)), "x", 7, 2**200, None, []])
def test_an_unknown_uuid_is_refused_by_the_name_of_its_field(guest, unchanged, product):
    with unchanged():
        response = guest.post(NEW_ITEM, {"type": "BookLine", "data": {"product": product}})

    assert response.status_code == 400
    assert list(response.json()) == ["product"]


def test_a_product_that_the_shop_hides_is_unknown(guest, unchanged):
    hidden = make_wine(hidden=True)
    unknown = guest.post(NEW_ITEM, {"type": "WineLine", "data": {"product": hidden.pk + 1}})

    with unchanged():
        response = guest.post(NEW_ITEM, {"type": "WineLine", "data": {"product": hidden.pk}})

    assert response.status_code == 400
    assert str(response.json()).replace(str(hidden.pk), "N") == str(unknown.json()).replace(str(hidden.pk + 1), "N")


def test_a_line_whose_product_was_hidden_later_can_still_be_changed(guest, wine):
    line = guest.add_wine(wine)
    models.Wine.objects.update(hidden=True)

    response = guest.patch(line["url"], {"data": {"quantity": 2}})

    assert response.status_code == 200


def test_a_line_shows_the_price_the_catalogue_has_now(guest, wine):
    line = guest.add_wine(wine)
    models.Wine.objects.update(unit_price=Decimal("13"))

    assert guest.get(line["url"]).json()["total"] == "13.00"


def test_several_errors_come_back_at_once_and_flat(guest, unchanged):
    with unchanged():
        response = guest.post(NEW_ITEM, {"type": "WineLine", "data": {"quantity": 0}})

    assert response.status_code == 400
    assert response.json() == {
        "product": ["This field is required."],
        "quantity": ["Ensure this value is greater than or equal to 1."],
    }


def test_ids_count_through_all_types(guest, wine):
    """One id space: an id names a line whatever its type."""
    first = guest.add_wine(wine)
    second = guest.add(NEW_ITEM, "MoodyLine", amount="1")

    assert int(key_of(second["url"])) == int(key_of(first["url"])) + 1
