"""The actions of the admin: on hand is corrected, what was sold is put back, with a reason and in the log."""

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission
from django.db import connection

from lorikeet.extensions.stock.holds import release, reserve
from lorikeet.extensions.stock.models import Movement
from lorikeet.extensions.stock.movements import adjust
from tests.extensions.goods.factories import make_stock

from .shopping import counters, holds, moved
from .test_admin import page, url

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_order")]


@pytest.fixture
def allow(clerk):
    """Return a function that gives the clerk a permission."""
    return lambda name: clerk.user_permissions.add(Permission.objects.get(codename=name))


@pytest.fixture
def act(client, clerk):
    """Return a function that has the clerk run an action on rows, and returns the messages."""

    def run(action, *rows, **form):
        client.force_login(clerk)
        data = {"action": action, "_selected_action": [row.pk for row in rows], **form}
        response = client.post(url(f"{rows[0]._meta.model_name}_changelist"), data, follow=True)
        assert response.status_code == 200
        return [str(message) for message in response.context["messages"]]

    return run


def log():
    """The entries of the admin's log: the author, the row and the text."""
    return [
        (entry.user.handle, entry.content_type.model, int(entry.object_id), entry.change_message)
        for entry in LogEntry.objects.order_by("pk")
    ]


# adjusting


@pytest.mark.parametrize(
    ("permission", "name", "actions"),
    [
        (None, "stockrecord", []),
        ("adjust_stockrecord", "stockrecord", ["adjust"]),
        ("change_stockrecord", "stockrecord", []),
        (None, "hold", []),
        ("restock_hold", "hold", ["restock"]),
        ("release_hold", "hold", ["release"]),
        ("adjust_stockrecord", "hold", []),
    ],
)
def test_each_action_needs_its_permission(client, clerk, allow, sold_with_order, permission, name, actions):
    if permission is not None:
        allow(permission)
    client.force_login(clerk)

    form = client.get(url(f"{name}_changelist")).context["action_form"]

    assert ([] if form is None else [value for value, _ in form.fields["action"].choices if value]) == actions


def test_nothing_is_done_without_the_permission(act, allow, sold_with_order, unchanged):
    allow("restock_hold")
    with unchanged():
        act("adjust", sold_with_order.stock, quantity="5", reason="Found.")
    Permission.objects.get(codename="restock_hold").user_set.clear()
    allow("adjust_stockrecord")

    with unchanged():
        act("restock", sold_with_order, quantity="1", reason="Unopened.")

    assert log() == []


@pytest.mark.parametrize(("quantity", "left"), [("5", 15), ("-4", 6), (" 5 ", 15)])
def test_the_staff_correct_what_is_on_hand(act, allow, clerk, stock, quantity, left):
    allow("adjust_stockrecord")

    said = act("adjust", stock, quantity=quantity, reason="Counted.")

    movement = Movement.objects.latest("pk")
    change = f"{left - 10:+}"
    assert (counters(stock), movement.by, movement.reason) == ((left, 0), clerk, "Counted.")
    assert said == [f"{change} Moscato: correction"]
    assert log() == [("clerk", "stockrecord", stock.pk, f"{change}: Counted.")]


@pytest.mark.parametrize(
    "form",
    [
        {},
        {"quantity": "5"},
        {"reason": "Counted."},
        {"quantity": "", "reason": "Counted."},
        {"quantity": "five", "reason": "Counted."},
        {"quantity": "1.5", "reason": "Counted."},
        {"quantity": "5", "reason": "x" * 256},
        {"quantity": "9" * 30, "reason": "Counted."},
        {"quantity": str(-(10**12) - 1), "reason": "Counted."},
    ],
    ids=repr,
)
def test_a_correction_needs_a_number_and_a_reason(act, allow, stock, unchanged, form):
    allow("adjust_stockrecord")

    with unchanged():
        said = act("adjust", stock, **form)

    assert (said, log()) == (["Give a whole number of units and a reason."], [])


@pytest.mark.parametrize(
    ("quantity", "said"),
    [
        ("-7", "Moscato: fewer would be left than are held or owed."),
        ("0", "Give the difference, above or below zero."),
    ],
)
def test_a_record_that_cannot_be_corrected_says_why(act, allow, stock, unchanged, quantity, said):
    allow("adjust_stockrecord")
    reserve(stock, 4)
    with unchanged():
        assert act("adjust", stock, quantity=quantity, reason="Broken.") == [said]

    assert log() == []


def test_of_several_records_the_valid_ones_are_corrected(act, allow, stock):
    allow("adjust_stockrecord")
    other = make_stock(2, name="Merlot")
    said = act("adjust", stock, other, quantity="-5", reason="Broken.")

    assert sorted(said) == ["-5 Moscato: correction", "Merlot: fewer would be left than are held or owed."]
    assert (counters(stock), counters(other)) == ((5, 0), (2, 0))


# putting back


def test_the_staff_put_back_what_was_sold(act, allow, clerk, stock, sold_with_order):
    allow("restock_hold")

    said = act("restock", sold_with_order, quantity="", reason="Unopened.")

    movement = Movement.objects.get(kind="return")
    assert (counters(stock), movement.by, movement.reason) == ((10, 0), clerk, "Unopened.")
    assert said == ["+3 Moscato: return"]
    assert log() == [("clerk", "hold", sold_with_order.pk, "+3: Unopened.")]


def test_the_staff_put_back_a_part(act, allow, stock, sold_with_order):
    allow("restock_hold")

    act("restock", sold_with_order, quantity="2", reason="One is broken.")

    assert (counters(stock), moved()) == ((9, 0), [("sale", -3), ("return", 2)])


@pytest.mark.parametrize(
    "form",
    [{"quantity": "1"}, {"quantity": "0", "reason": "x"}, {"quantity": "-1", "reason": "x"}, {"quantity": "x"}],
    ids=repr,
)
def test_putting_back_needs_a_reason_and_a_number_above_zero(act, allow, sold_with_order, unchanged, form):
    allow("restock_hold")

    with unchanged():
        said = act("restock", sold_with_order, **form)

    assert said == ["Give a reason, and a number of units if it is not all."]


def test_the_second_of_two_clicks_puts_nothing_back(act, allow, stock, sold_with_order):
    allow("restock_hold")

    said = [act("restock", sold_with_order, quantity="3", reason="Unopened.") for _ in range(2)]

    assert said == [
        ["+3 Moscato: return"],
        ["3 of Moscato: that many were not sold, or are back already."],
    ]
    assert counters(stock) == (10, 0)


def test_a_hold_that_was_not_sold_says_so_and_the_others_are_put_back(act, allow, stock, sold_with_order):
    allow("restock_hold")
    waiting, given_up = reserve(stock, 2), reserve(stock, 1)
    release([given_up])
    said = act("restock", waiting, given_up, sold_with_order, quantity="", reason="Unopened.")

    assert sorted(said) == [
        "+3 Moscato: return",
        "1 of Moscato: that many were not sold, or are back already.",
        "2 of Moscato: that many were not sold, or are back already.",
    ]
    assert holds() == [("consumed", 3), ("held", 2), ("released", 1)]


def test_actions_work_whatever_the_site_says_of_transactions(act, allow, stock, monkeypatch):
    """With ``ATOMIC_REQUESTS`` each view is one transaction; an action has one for each row all the same."""
    allow("adjust_stockrecord")
    monkeypatch.setitem(connection.settings_dict, "ATOMIC_REQUESTS", True)

    act("adjust", stock, quantity="5", reason="Found.")

    assert counters(stock) == (15, 0)


def test_a_reason_that_was_typed_is_escaped(client, clerk, stock):
    adjust(stock, 1, "<script>alert(1)</script>")
    client.force_login(clerk)

    assert "<script>alert(1)" not in page(client, url("movement_changelist"))


# letting go


def test_the_staff_release_a_hold(act, allow, clerk, stock):
    allow("release_hold")
    hold = reserve(stock, 3)
    said = act("release", hold)

    assert said == [f"3 of {stock} was released."]
    assert (counters(stock), holds()) == ((10, 0), [("released", 3)])
    assert log() == [(clerk.handle, "hold", hold.pk, "Released.")]


def test_a_hold_sold_to_an_order_is_not_released(act, allow, sold_with_order, unchanged):
    allow("release_hold")
    with unchanged():
        said = act("release", sold_with_order)

    assert said == [f"{sold_with_order} is for an order, or was released before."]


# clicking twice


def test_the_second_click_brings_no_second_delivery(act, allow, stock):
    allow("adjust_stockrecord")
    form = {"quantity": "5", "reason": "Delivered again.", "movement_key": "5f0c3a52-8f0e-4f0b-9b51-0d8e3c1f0a11"}
    act("adjust", stock, **form)

    said = act("adjust", stock, **form)

    assert (said, counters(stock)) == (["This was done already."], (15, 0))


def test_the_second_click_puts_no_second_part_back(act, allow, stock, sold_with_order):
    allow("restock_hold")
    form = {"quantity": "1", "reason": "Unopened.", "movement_key": "5f0c3a52-8f0e-4f0b-9b51-0d8e3c1f0a11"}
    act("restock", sold_with_order, **form)

    said = act("restock", sold_with_order, **form)

    assert (said, counters(stock)) == (["This was done already."], (8, 0))


def test_the_form_has_a_key_of_its_own_each_time(client, clerk, allow, stock):
    allow("adjust_stockrecord")
    client.force_login(clerk)

    keys = {client.get(url("stockrecord_changelist")).context["action_form"]["movement_key"].value() for _ in range(2)}

    assert len(keys) == 2
