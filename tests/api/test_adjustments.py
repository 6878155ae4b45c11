"""Adjustments: ``POST /_cart/new-adjustment/`` and ``/_cart/adjustment/<id>/`` (L28)."""

import pytest

from tests.testapp import models
from tests.testapp.clients import NEW_ADJUSTMENT
from tests.testapp.factories import make_coupon


def test_a_new_adjustment_answers_201_and_the_adjustment(shopper, wine):
    shopper.add_wine(wine)

    response = shopper.post(NEW_ADJUSTMENT, {"type": "ShareOff", "data": {"parts": 10}})

    adjustment = models.ShareOff.objects.get()
    assert response.status_code == 201
    assert response.json() == {
        "type": "ShareOff",
        "data": {"parts": 10},
        "total": "-1.20",
        "url": f"/_cart/adjustment/{adjustment.pk}/",
    }


def test_an_adjustment_may_come_before_the_first_item(guest):
    adjustment = guest.add_adjustment("ShareOff", parts=10)

    assert adjustment["total"] == "0.00"


def test_a_valid_coupon_shows_its_code(guest, wine):
    """T11."""
    make_coupon("TENOFF", "10")
    guest.add_wine(wine)

    adjustment = guest.add_adjustment("CouponAdjustment", code="TENOFF")

    assert adjustment["data"] == {"code": "TENOFF"}
    assert adjustment["total"] == "-10.00"


def test_an_unknown_coupon_is_refused_and_makes_no_cart(guest, unchanged):
    """An invalid coupon is bad input while it is added; T12's 409 belongs to the checkout."""
    with unchanged():
        response = guest.post(NEW_ADJUSTMENT, {"type": "CouponAdjustment", "data": {"code": "NONE"}})

    assert response.status_code == 400
    assert response.json() == {"code": ["This code is not valid."]}
    assert response["X-API-Error"] == "This code is not valid."


def test_an_equal_adjustment_is_combined_and_answers_200_and_the_existing_one(guest):
    make_coupon()
    first = guest.add_adjustment("CouponAdjustment", code="TENOFF")

    response = guest.post(NEW_ADJUSTMENT, {"type": "CouponAdjustment", "data": {"code": "TENOFF"}})

    assert response.status_code == 200
    assert response.json() == first
    assert models.CouponAdjustment.objects.count() == 1


@pytest.mark.parametrize("body", [{"data": {"parts": 4}}, {"parts": 4}], ids=["wrapped", "bare"])
@pytest.mark.parametrize("method", ["PATCH", "PUT"])
def test_changing_an_adjustment_answers_200_and_the_adjustment(shopper, wine, method, body):
    shopper.add_wine(wine)
    adjustment = shopper.add_adjustment("ShareOff", parts=10)

    response = shopper.request(method, adjustment["url"], body)

    assert response.status_code == 200
    assert response.json() == {**adjustment, "data": {"parts": 4}, "total": "-3.00"}


def test_deleting_an_adjustment_answers_204(shopper):
    adjustment = shopper.add_adjustment("ShareOff", parts=10)

    response = shopper.delete(adjustment["url"])

    assert response.status_code == 204
    assert response.content == b""
    assert shopper.cart()["adjustments"] == []


def test_a_deleted_adjustment_does_not_exist(guest, unchanged):
    url = guest.add_adjustment("ShareOff", parts=10)["url"]
    guest.delete(url)

    with unchanged():
        responses = [guest.get(url), guest.patch(url, {"parts": 2}), guest.delete(url)]

    assert [response.status_code for response in responses] == [404, 404, 404]


def test_an_invalid_change_is_refused(guest, unchanged):
    adjustment = guest.add_adjustment("ShareOff", parts=10)

    with unchanged():
        response = guest.patch(adjustment["url"], {"data": {"parts": 0}})

    assert response.status_code == 400
    assert response.json() == {"parts": ["Ensure this value is greater than or equal to 1."]}


def test_a_line_type_is_no_adjustment_type(guest, wine, unchanged):
    with unchanged():
        response = guest.post(NEW_ADJUSTMENT, {"type": "WineLine", "data": {"product": wine.pk}})

    assert response.status_code == 400
    [message] = response.json()["type"]
    assert all(name in message for name in ("AmountOff", "CouponAdjustment", "ShareOff"))
