"""The reasons why a cart is incomplete, and that everything Lorikeet raises has one root."""

import pytest
from django.utils.translation import gettext_lazy, override

from lorikeet import exceptions
from lorikeet.exceptions import (
    ConflictError,
    ConflictErrorSet,
    IncompleteCartError,
    IncompleteCartErrorSet,
    LorikeetError,
)

NO_ADDRESS = IncompleteCartError("not_set", "A delivery address is required.", "delivery_address")
NO_ITEMS = IncompleteCartError("empty", "There are no items in the cart.", "items")
GONE = ConflictError("gone", "It is gone.", "items")


@pytest.mark.parametrize("name", sorted(set(exceptions.__all__) - {"LorikeetError"}))
def test_everything_is_a_lorikeet_error(name):
    assert issubclass(getattr(exceptions, name), LorikeetError)


def test_a_reason_reads_as_its_message():
    assert str(NO_ITEMS) == "There are no items in the cart."


def test_a_reason_is_three_values_in_json():
    assert IncompleteCartError("gone", "It is gone.").to_json() == {
        "code": "gone",
        "field": None,
        "message": "It is gone.",
    }


@pytest.mark.parametrize("data", [{"left": 3}, {}], ids=repr)
def test_a_reason_may_have_data_of_its_own(data):
    assert IncompleteCartError("gone", "It is gone.", "items", data).to_json() == {
        "code": "gone",
        "field": "items",
        "message": "It is gone.",
        "data": data,
    }


def test_a_conflict_may_have_data_too():
    assert ConflictError("gone", "It is gone.", data={"left": 3}).to_json()["data"] == {"left": 3}


def test_reasons_with_the_same_data_are_equal():
    first, second = (IncompleteCartError("gone", "It is gone.", "items", {"left": [3]}) for _ in range(2))

    assert first == second
    assert hash(first) == hash(second)


@pytest.mark.parametrize("data", [None, {}, {"left": 4}], ids=repr)
def test_reasons_with_other_data_are_not(data):
    reason = IncompleteCartError("gone", "It is gone.", "items", {"left": 3})

    assert reason != IncompleteCartError("gone", "It is gone.", "items", data)


def test_a_conflict_is_not_equal_to_a_reason_that_says_the_same():
    reason, conflict = (kind("gone", "It is gone.", "items") for kind in (IncompleteCartError, ConflictError))

    assert reason != conflict
    assert conflict != reason
    assert {reason, conflict} == {conflict, reason}


def test_a_lazy_message_is_translated_when_it_is_shown():
    reason = IncompleteCartError("x", gettext_lazy("Yes"))

    with override("de"):
        message = reason.to_json()["message"]

    assert (message, type(message)) == ("Ja", str)


def test_reasons_that_say_the_same_are_equal():
    twin = IncompleteCartError("empty", "There are no items in the cart.", "items")

    assert twin == NO_ITEMS
    assert hash(twin) == hash(NO_ITEMS)
    assert len({twin, NO_ITEMS, NO_ADDRESS}) == 2


@pytest.mark.parametrize(
    "other",
    [
        NO_ADDRESS,
        IncompleteCartError("empty", "There are no items in the cart.", "cart"),
        IncompleteCartError("empty", "Nothing.", "items"),
        IncompleteCartError("none", "There are no items in the cart.", "items"),
        "There are no items in the cart.",
        None,
    ],
    ids=repr,
)
def test_reasons_that_say_something_else_are_not(other):
    assert other != NO_ITEMS


def test_a_conflict_is_a_reason():
    assert issubclass(ConflictError, IncompleteCartError)


def test_a_set_without_reasons_is_false():
    found = IncompleteCartErrorSet()

    assert not found
    assert (len(found), list(found), found.to_json(), str(found)) == (0, [], [], "")


def test_a_set_keeps_its_reasons_in_order():
    found = IncompleteCartErrorSet([NO_ADDRESS])
    found.add(NO_ITEMS)

    assert found
    assert (len(found), list(found)) == (2, [NO_ADDRESS, NO_ITEMS])
    assert found.to_json() == [
        {"code": "not_set", "field": "delivery_address", "message": "A delivery address is required."},
        {"code": "empty", "field": "items", "message": "There are no items in the cart."},
    ]
    assert str(found) == "A delivery address is required.; There are no items in the cart."


def test_a_set_takes_the_reasons_of_another_in_flat():
    found = IncompleteCartErrorSet([NO_ADDRESS, IncompleteCartErrorSet([NO_ITEMS])])
    found.add(ConflictErrorSet([GONE]))

    assert list(found) == [NO_ADDRESS, NO_ITEMS, GONE]


def test_how_severe_a_reason_is_does_not_show_in_the_cart():
    class Unrecoverable(IncompleteCartError):
        severity = "unrecoverable"

    error = Unrecoverable("gone", "It is gone.")

    assert (NO_ITEMS.severity, error.severity) == ("recoverable", "unrecoverable")
    assert error.to_json() == {"code": "gone", "field": None, "message": "It is gone."}


def test_a_set_does_not_share_the_list_it_was_made_of():
    reasons = [NO_ADDRESS]

    IncompleteCartErrorSet(reasons).add(NO_ITEMS)

    assert reasons == [NO_ADDRESS]
