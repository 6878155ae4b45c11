"""What only the staff decide, in the admin: refunds, orders to cancel, and payments whose provider cannot be asked."""

from decimal import Decimal

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission
from django.db import connections
from django.urls import reverse

from lorikeet.exceptions import PaymentError
from lorikeet.models import Order, PaymentAttempt
from lorikeet.outcomes import Pending, Refused, Unknown
from lorikeet.sale.settle import flag, settle
from tests.testapp import models
from tests.testapp.factories import make_user
from tests.unit import DECLINED, begin_sale, make_attempt, make_order, received, reread, sell, states

pytestmark = pytest.mark.django_db(transaction=True)

FORM = {"amount": "", "reason": "It was broken."}


@pytest.fixture
def clerk(db):
    """A member of the staff who may look at everything, and nothing else."""
    user = make_user("clerk", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__startswith="view_"))
    return user


@pytest.fixture
def allow(clerk):
    """Return a function that gives the clerk a permission."""
    return lambda name: clerk.user_permissions.add(Permission.objects.get(codename=name))


@pytest.fixture
def act(client, clerk):
    """Return a function that has the clerk run an action on rows, and returns the messages."""

    def run(action, *rows, **form):
        client.force_login(clerk)
        url = reverse(f"admin:lorikeet_{rows[0]._meta.model_name}_changelist")
        query = "?state=all" if isinstance(rows[0], Order) else ""
        data = {"action": action, "_selected_action": [row.pk for row in rows], **form}
        response = client.post(f"{url}{query}", data, follow=True)
        assert response.status_code == 200
        return [str(message) for message in response.context["messages"]]

    return run


@pytest.fixture
def sold(begun):
    settle(begun, received())
    return begun


@pytest.fixture
def parked(attempt):
    settle(attempt, Unknown(can_be_asked=False))
    return attempt


def log():
    """The entries of the admin's log: the author, the row and the text."""
    return [
        (entry.user.handle, entry.content_type.model, int(entry.object_id), entry.change_message)
        for entry in LogEntry.objects.order_by("pk")
    ]


def choices(client, clerk, name):
    """The actions that a member of the staff is offered."""
    client.force_login(clerk)
    page = client.get(reverse(f"admin:lorikeet_{name}_changelist"))
    form = page.context["action_form"]
    return [] if form is None else [value for value, _ in form.fields["action"].choices if value]


# permissions


@pytest.mark.parametrize(
    ("permission", "name", "actions"),
    [
        (None, "order", []),
        ("refund_order", "order", ["refund"]),
        ("cancel_order", "order", ["cancel"]),
        ("change_order", "order", []),
        (None, "paymentattempt", []),
        ("resolve_paymentattempt", "paymentattempt", ["ask_again", "mark_paid", "mark_not_paid", "mark_seen"]),
        ("refund_order", "paymentattempt", []),
    ],
)
def test_each_action_needs_its_permission(client, clerk, allow, sold, permission, name, actions):
    if permission is not None:
        allow(permission)

    assert choices(client, clerk, name) == actions


@pytest.mark.parametrize("action", ["refund", "cancel"])
def test_nothing_is_done_to_an_order_without_the_permission(act, allow, sold, scripted, action):
    allow("cancel_order" if action == "refund" else "refund_order")
    act(action, sold.order, **FORM)

    assert (scripted.asked, states(sold), PaymentAttempt.objects.count(), log()) == ([], ("paid", "placed"), 1, [])


@pytest.mark.parametrize("action", ["ask_again", "mark_paid", "mark_not_paid", "mark_seen"])
def test_nothing_is_done_to_a_payment_without_the_permission(act, allow, parked, action):
    allow("refund_order")
    act(action, parked)

    assert (states(parked), reread(parked).attention, log()) == (("unknown", "pending"), "outcome unknown", [])


# refunds


def test_the_staff_pay_back_what_is_left(act, allow, clerk, sold, scripted):
    allow("refund_order")
    scripted.script(refund_payment=received("re_1"))

    said = act("refund", sold.order, **FORM)

    attempt = PaymentAttempt.objects.get(kind="refund")
    assert said == [f"Order {sold.order_id}: Refund of 12.00 AUD: paid. It was broken."]
    assert (attempt.state, attempt.amount, attempt.reason, attempt.created_by) == (
        "paid",
        Decimal("12"),
        "It was broken.",
        clerk,
    )
    assert log() == [("clerk", "order", sold.order_id, "Refund of 12.00 AUD: paid. It was broken.")]


def test_the_staff_pay_back_a_part(act, allow, sold, scripted):
    allow("refund_order")
    scripted.script(refund_payment=Pending())

    said = act("refund", sold.order, amount="2.50", reason="Late.")

    assert said == [f"Order {sold.order_id}: Refund of 2.50 AUD: pending. Late."]
    assert PaymentAttempt.objects.get(kind="refund").amount == Decimal("2.5")


def page_key(client, clerk):
    """Return the key that the page carries, by which a second click on it is noticed."""
    client.force_login(clerk)
    form = client.get(reverse("admin:lorikeet_order_changelist"), {"state": "all"}).context["action_form"]
    return str(form["refund_key"].value())


def test_the_second_of_two_clicks_pays_nothing_back(client, act, allow, clerk, sold, scripted):
    allow("refund_order")
    scripted.script(refund_payment=lambda attempt: received(f"re_{attempt.pk}", attempt.amount))
    form = {"amount": "5", "reason": "Late.", "refund_key": page_key(client, clerk)}

    said = [act("refund", sold.order, **form) for _ in range(2)]

    assert said == [
        [f"Order {sold.order_id}: Refund of 5.00 AUD: paid. Late."],
        [f"Order {sold.order_id}: This refund was asked for already."],
    ]
    assert PaymentAttempt.objects.filter(kind="refund").count() == 1


def test_the_page_shown_anew_may_pay_back_the_same_again(client, act, allow, clerk, sold, scripted):
    allow("refund_order")
    scripted.script(refund_payment=lambda attempt: received(f"re_{attempt.pk}", attempt.amount))

    for _ in range(2):
        act("refund", sold.order, amount="5", reason="Late.", refund_key=page_key(client, clerk))

    assert [attempt.amount for attempt in PaymentAttempt.objects.filter(kind="refund")] == [5, 5]


def test_several_orders_are_paid_back_with_one_click(client, act, allow, clerk, scripted):
    allow("refund_order")
    sales = [begin_sale(scripted) for _ in range(2)]
    for number, attempt in enumerate(sales):
        settle(attempt, received(f"ch_{number}"))
    scripted.script(refund_payment=lambda attempt: received(f"re_{attempt.pk}", attempt.amount))

    act("refund", *(sale.order for sale in sales), **FORM, refund_key=page_key(client, clerk))

    assert sorted(attempt.order_id for attempt in PaymentAttempt.objects.filter(kind="refund")) == sorted(
        sale.order_id for sale in sales
    )


@pytest.mark.parametrize(
    "form",
    [
        {"amount": "", "reason": "Late.", "refund_key": "mine"},
        {"amount": "", "reason": ""},
        {"amount": "5", "reason": "  "},
        {"amount": "five", "reason": "Late."},
        {"amount": "1.23456", "reason": "Late."},
        {"amount": "NaN", "reason": "Late."},
        {"amount": "5", "reason": "x" * 256},
        {},
    ],
    ids=str,
)
def test_a_refund_needs_a_reason_and_an_amount_that_is_one(act, allow, sold, scripted, unchanged, form):
    allow("refund_order")
    with unchanged():
        said = act("refund", sold.order, **form)

    assert said == ["Give a reason, and an amount if it is not all."]
    assert (scripted.asked, log()) == ([], [])


def test_an_order_that_cannot_be_refunded_is_reported_and_the_others_are_refunded(act, allow, sold, scripted):
    allow("refund_order")
    unpaid = make_order()
    scripted.script(refund_payment=received("re_1", "5"))
    said = act("refund", unpaid, sold.order, amount="5", reason="Late.")

    assert sorted(said) == sorted(
        [
            f"Order {unpaid.pk}: Nothing was paid for this order.",
            f"Order {sold.order_id}: Refund of 5.00 AUD: paid. Late.",
        ]
    )
    assert [entry[2] for entry in log()] == [sold.order_id]


# cancelling


def test_the_staff_cancel_what_can_be_stopped(act, allow, waiting, scripted):
    allow("cancel_order")
    scripted.script(check_payment=Pending(), cancel_payment=True)

    said = act("cancel", waiting.order)

    assert said == [f"Order {waiting.order_id}: cancelled"]
    assert states(waiting) == ("failed", "cancelled")
    assert log() == [("clerk", "order", waiting.order_id, "Asked to cancel it: cancelled.")]


@pytest.mark.parametrize(("answer", "state"), [(received(), "placed"), (Pending(), "pending")], ids=repr)
def test_a_payment_that_cannot_be_stopped_says_so(act, allow, waiting, scripted, answer, state):
    allow("cancel_order")
    scripted.script(check_payment=answer, cancel_payment=False)

    assert act("cancel", waiting.order) == [f"Order {waiting.order_id}: {state}"]


def test_a_sale_is_not_cancelled(act, allow, sold, scripted):
    allow("cancel_order")
    assert act("cancel", sold.order) == [f"Order {sold.order_id}: placed"]
    assert (states(sold), scripted.asked) == (("paid", "placed"), [])


@pytest.fixture
def two(scripted, monkeypatch):
    """Two payments that wait: for the first in either list, the newer, the host's code fails when it is given up."""

    def fail(line):
        raise ZeroDivisionError

    whole, broken = attempts = [begin_sale(scripted) for _ in range(2)]
    for attempt in attempts:
        settle(attempt, Pending())
    sell(models.MoodyLine.objects.create(cart=broken.order.cart), broken.order)
    monkeypatch.setattr(models.MoodyLine, "undo_checkout", fail)
    return broken, whole


def test_an_order_that_cannot_be_worked_on_does_not_stop_the_others(act, allow, two, scripted, caplog):
    allow("cancel_order")
    scripted.script(check_payment=Pending(), cancel_payment=True)
    broken, whole = two

    said = act("cancel", broken.order, whole.order)

    assert sorted(said) == sorted(
        [
            f"This failed for Order {broken.order_id}; the log says why.",
            f"Order {whole.order_id}: cancelled",
        ]
    )
    assert [states(attempt)[1] for attempt in two] == ["pending", "cancelled"]
    assert [entry[2] for entry in log()] == [whole.order_id]
    assert [record.getMessage() for record in caplog.records if record.name == "lorikeet.admin_bases"] == [
        f"An action of the admin failed for Order {broken.order_id}."
    ]


# payments that wait for the staff


def test_the_staff_may_have_the_provider_asked_again(act, allow, waiting, scripted):
    allow("resolve_paymentattempt")
    scripted.script(check_payment=received())

    said = act("ask_again", waiting)

    assert said == [f"charge {waiting.key}: paid"]
    assert states(waiting) == ("paid", "placed")
    assert log() == [("clerk", "paymentattempt", waiting.pk, "Asked the provider again: paid.")]


def test_a_payment_that_cannot_be_worked_on_does_not_stop_the_others(act, allow, two, scripted):
    allow("resolve_paymentattempt")
    scripted.script(check_payment=PaymentError(DECLINED), cancel_payment=True)
    broken, whole = two

    said = act("ask_again", broken, whole)

    assert sorted(said) == sorted(
        [f"This failed for charge {broken.key}; the log says why.", f"charge {whole.key}: failed"]
    )
    assert [entry[2] for entry in log()] == [whole.pk]


@pytest.mark.parametrize(
    ("action", "ended", "note"),
    [
        ("mark_paid", ("paid", "placed"), "Marked as paid."),
        ("mark_not_paid", ("failed", "cancelled"), "Marked as not paid."),
    ],
)
def test_the_staff_decide_payments_whose_provider_cannot_be_asked(act, allow, parked, action, ended, note):
    allow("resolve_paymentattempt")
    said = act(action, parked)

    assert said == [f"charge {parked.key} was settled."]
    assert states(parked) == ended
    assert log() == [("clerk", "paymentattempt", parked.pk, note)]


@pytest.mark.parametrize("action", ["mark_paid", "mark_not_paid"])
def test_a_payment_that_can_be_asked_about_is_not_decided_by_hand(act, allow, waiting, unchanged, action):
    allow("resolve_paymentattempt")
    with unchanged():
        said = act(action, waiting)

    assert said == [f"The provider can be asked about charge {waiting.key}: do that instead."]
    assert log() == []


def test_of_several_payments_the_parked_ones_are_decided(act, allow, waiting, parked):
    allow("resolve_paymentattempt")
    said = act("mark_paid", waiting, parked)

    assert sorted(said) == sorted(
        [f"The provider can be asked about charge {waiting.key}: do that instead.", f"charge {parked.key} was settled."]
    )
    assert (states(waiting), states(parked)) == (("pending", "pending"), ("paid", "placed"))


def test_a_settled_payment_is_taken_off_the_list(act, allow, attempt):
    allow("resolve_paymentattempt")
    settle(attempt, Refused(DECLINED))
    settle(attempt, received())
    act("mark_seen", reread(attempt))

    assert (reread(attempt).attention, reread(attempt).state) == ("", "paid")
    assert log() == [("clerk", "paymentattempt", attempt.pk, "Seen: late money.")]


def test_an_unsettled_payment_stays_on_the_list(act, allow, parked):
    allow("resolve_paymentattempt")
    said = act("mark_seen", parked)

    assert said == [f"charge {parked.key} is not settled yet."]
    assert (reread(parked).attention, log()) == ("outcome unknown", [])


def test_the_list_shows_what_waits_for_the_staff_if_that_is_asked_for(admin_client, waiting, parked):
    url = reverse("admin:lorikeet_paymentattempt_changelist")

    shown = {
        value: sorted(row.pk for row in admin_client.get(url, {"attention": value}).context["cl"].result_list)
        for value in ("needed", "")
    }

    assert shown == {"needed": [parked.pk], "": sorted([waiting.pk, parked.pk])}


def test_evidence_is_what_the_method_recorded_by_itself_since_then(admin_client, parked):
    """The process died between the record of the host and ours."""
    evidence = models.CardPayment.objects.create(method=parked.method)
    models.CardPayment.objects.create(method=parked.method, attempt=make_attempt(make_order(), state="paid"))
    models.CardPayment.objects.create(method=models.PretendCard.objects.create(token="tok_paid"))
    before = models.CardPayment.objects.create(method=parked.method)
    models.CardPayment.objects.filter(pk=before.pk).update(created_at=parked.created_at.replace(year=2020))

    assert evidence_of(admin_client, parked) == f"card payment {evidence.pk}"


def test_without_evidence_there_is_none(admin_client, parked):
    assert evidence_of(admin_client, parked) == "-"


@pytest.fixture
def admin_client(client):
    client.force_login(make_user("root", is_staff=True, is_superuser=True))
    return client


def evidence_of(client, attempt):
    page = client.get(reverse("admin:lorikeet_paymentattempt_change", args=[attempt.pk]))
    assert page.status_code == 200
    admin = page.context["adminform"].model_admin
    shown = admin.evidence(attempt)
    assert shown in page.content.decode()
    return shown


def test_an_order_shows_its_payments_and_refunds(admin_client, sold, scripted):
    make_attempt(sold.order, kind="refund", parent=sold, method=sold.method, reference="re_1")

    shown = admin_client.get(reverse("admin:lorikeet_order_change", args=[sold.order_id])).content.decode()

    assert "ch_1" in shown
    assert "re_1" in shown


def test_actions_work_whatever_the_site_says_of_transactions(act, allow, waiting, scripted, monkeypatch):
    """With ``ATOMIC_REQUESTS`` each view is one transaction, in which nothing can be settled for good."""
    allow("resolve_paymentattempt")
    scripted.script(check_payment=PaymentError(DECLINED), cancel_payment=True)
    monkeypatch.setitem(connections["default"].settings_dict, "ATOMIC_REQUESTS", True)

    act("ask_again", waiting)

    assert states(waiting) == ("failed", "cancelled")


def test_a_flag_is_shown_in_the_list(admin_client, attempt):
    flag(attempt, "unresolved")

    page = admin_client.get(reverse("admin:lorikeet_paymentattempt_changelist")).content.decode()

    assert "unresolved" in page
