"""Payment methods: ``POST /_cart/new-payment-method/`` and ``/_cart/payment-method/<id>/`` (L12)."""

import pytest

from tests.testapp import models
from tests.testapp.clients import NEW_PAYMENT_METHOD, Browser


def selections(browser):
    return [(entry["type"], entry["selected"]) for entry in browser.cart()["payment_methods"]]


def test_a_new_payment_method_answers_201_and_is_selected(shopper):
    response = shopper.post(NEW_PAYMENT_METHOD, {"type": "PretendCard", "data": {"token": "tok_paid"}})

    card = models.PretendCard.objects.get()
    assert response.status_code == 201
    assert response.json() == {
        "type": "PretendCard",
        "data": {"brand": "visa", "last4": "4242"},
        "selected": True,
        "url": f"/_cart/payment-method/{card.pk}/",
    }


def test_a_second_payment_method_is_selected_instead_of_the_first(shopper):
    shopper.add_card()

    shopper.add(NEW_PAYMENT_METHOD, "PayLater", number="PO-1")

    assert selections(shopper) == [("PretendCard", False), ("PayLater", True)]


def test_selecting_a_payment_method_answers_200_and_deselects_the_others(shopper):
    first = shopper.add_card()
    shopper.add(NEW_PAYMENT_METHOD, "PayLater", number="PO-1")

    response = shopper.patch(first["url"], {"selected": True})

    assert response.status_code == 200
    assert response.json() == {**first, "selected": True}
    assert selections(shopper) == [("PretendCard", True), ("PayLater", False)]


def test_deselecting_the_selected_payment_method_leaves_none_selected(shopper):
    card = shopper.add_card()

    response = shopper.patch(card["url"], {"selected": False})

    assert response.status_code == 200
    assert selections(shopper) == [("PretendCard", False)]


def test_a_payment_method_cannot_be_edited(shopper, unchanged):
    card = shopper.add_card()

    with unchanged():
        response = shopper.patch(card["url"], {"data": {"token": "tok_declined"}})

    assert response.status_code == 400
    assert list(response.json()) == ["data"]


def test_deleting_a_payment_method_answers_204_and_deselects_it(shopper):
    card = shopper.add_card()

    response = shopper.delete(card["url"])

    assert response.status_code == 204
    assert shopper.cart()["payment_methods"] == []
    assert models.PretendCard.objects.get().active is False


def test_a_deleted_payment_method_does_not_exist_for_its_owner(shopper, unchanged):
    url = shopper.add_card()["url"]
    shopper.delete(url)

    with unchanged():
        responses = [shopper.get(url), shopper.patch(url, {"selected": True}), shopper.delete(url)]

    assert [response.status_code for response in responses] == [404, 404, 404]


def test_a_user_finds_their_payment_methods_in_another_browser(alice):
    """L12, S33: stored cards are listed and can be selected."""
    alice.add_card()
    alice.add(NEW_PAYMENT_METHOD, "PayLater", number="PO-1")

    assert selections(Browser(alice.user)) == [("PretendCard", False), ("PayLater", True)]


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ({"type": "PretendCard", "data": {}}, {"token": ["This field is required."]}),
        (
            {"type": "PretendCard", "data": {"token": "4242"}},
            {"token": ["This value does not match the required pattern."]},
        ),
        ({"type": "PayLater", "data": {"number": None}}, {"number": ["This field may not be null."]}),
    ],
)
def test_an_invalid_payment_method_is_refused_and_makes_no_cart(guest, unchanged, body, error):
    with unchanged():
        response = guest.post(NEW_PAYMENT_METHOD, body)

    assert response.status_code == 400
    assert response.json() == error


@pytest.mark.parametrize("body", [{"selected": None}, {"selected": 7}, {"selected": []}, {"selected": "perhaps"}])
def test_an_invalid_selection_is_refused_by_the_name_of_its_field(shopper, unchanged, body):
    card = shopper.add_card()

    with unchanged():
        response = shopper.patch(card["url"], body)

    assert response.status_code == 400
    assert list(response.json()) == ["selected"]
