"""The admin: staff with the permission read everything, and write nothing."""

import re
from decimal import Decimal
from html import unescape

import pytest
from django.contrib import admin as django_admin
from django.contrib.auth.models import Permission
from django.test import override_settings
from django.urls import reverse
from django.utils.timezone import now

from lorikeet.admin import OrderAdmin, add_to_orders
from lorikeet.admin_bases import ReadOnly
from lorikeet.models import Cart, LineItem, Order, OrderCharge, PaymentAttempt
from tests.testapp import models
from tests.testapp.factories import make_user
from tests.unit import make_attempt, make_order, ready_cart, sell

pytestmark = pytest.mark.django_db

MODELS = ["cart", "order", "paymentattempt"]
NAMES = pytest.mark.parametrize("name", MODELS)


@pytest.fixture
def admin(client):
    """A superuser's browser."""
    client.force_login(make_user("root", is_staff=True, is_superuser=True))
    return client


@pytest.fixture
def sale():
    """A placed order of a user with a line, an adjustment, a charge and a payment; a cart with something in it."""
    cart = ready_cart(make_user("alice"))
    order = make_order(
        state="placed",
        purchased_on=now(),
        user=cart.user,
        custom_invoice_id="INV-1",
        delivery_address=cart.delivery_address,
        payment_method=cart.payment_method,
    )
    sell(models.WineLine.objects.get(), order, "14")
    sell(models.ShareOff.objects.create(cart=cart), order, "-2")
    OrderCharge.objects.create(order=order, code="post", label="Standard post", total=Decimal(5))
    make_attempt(order, state="paid", reference="ch_1", method=models.PretendCard.objects.get())
    return order


def url(name, *args):
    return reverse(f"admin:lorikeet_{name}", args=args)


def page(client, name, *args, **query):
    response = client.get(url(name, *args), query)
    assert response.status_code == 200
    return response.content.decode()


def row_of(name):
    return {"cart": Cart, "order": Order, "paymentattempt": PaymentAttempt}[name].objects.get()


def count(client, name, **query):
    """How many rows a list shows."""
    response = client.get(url(f"{name}_changelist"), query)
    assert response.status_code == 200
    return response.context["cl"].result_count


@NAMES
def test_a_list_shows_what_is_there(admin, sale, name):
    assert count(admin, name) == 1


@NAMES
def test_a_row_is_shown_in_full_and_cannot_be_saved(admin, sale, name):
    shown = page(admin, f"{name}_change", row_of(name).pk)

    assert 'name="_save"' not in shown
    assert '<input type="text"' not in shown


def test_an_order_shows_its_lines_charges_and_payments(admin, sale):
    shown = page(admin, "order_change", sale.pk)

    for text in ("INV-1", "Joe Bloggs", "14.00", "-2.00", "Standard post", "ch_1", "alice"):
        assert text in shown


class LineInline(ReadOnly, django_admin.TabularInline):
    """What an extension shows of an order."""

    model = LineItem
    fields = ("total_when_charged",)
    verbose_name_plural = "What was sold"


def test_an_extension_shows_rows_of_its_own_on_an_order(admin, sale, monkeypatch):
    monkeypatch.setattr(OrderAdmin, "inlines", OrderAdmin.inlines)
    before = page(admin, "order_change", sale.pk)

    add_to_orders(LineInline)

    assert OrderAdmin.inlines[-1] is LineInline
    assert "What was sold" not in before
    assert "What was sold" in page(admin, "order_change", sale.pk)


def test_an_extension_does_things_of_its_own_with_orders(admin, sale, monkeypatch):
    monkeypatch.setattr(OrderAdmin, "inlines", OrderAdmin.inlines)
    monkeypatch.setattr(OrderAdmin, "actions", OrderAdmin.actions)

    def pick(orders, request, queryset):
        orders.message_user(request, f"Pick {', '.join(str(order) for order in queryset)}.")

    add_to_orders(LineInline, pick)
    data = {"action": "pick", "_selected_action": [sale.pk]}
    response = admin.post(reverse("admin:lorikeet_order_changelist"), data, follow=True)

    assert [str(message) for message in response.context["messages"]] == [f"Pick {sale}."]


def test_the_actions_ask_for_an_amount_and_a_reason_and_nothing_else(admin, sale):
    form = admin.get(reverse("admin:lorikeet_order_changelist")).context["action_form"]

    assert [str(field.label) for field in form if field.label] == ["Action:", "Amount to refund:", "Reason:"]


def words(html):
    """What is read on a page: its text, with one space between the parts."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", html)).split())


def test_amounts_have_the_decimal_places_of_their_currency(admin, sale):
    yen = make_order(state="placed", purchased_on=now(), currency="JPY", grand_total=1200, subtotal=1100)
    OrderCharge.objects.create(order=yen, code="post", label="Post", total=100, currency="JPY")
    attempt = make_attempt(yen, state="paid")

    orders, attempts = words(page(admin, "order_changelist")), words(page(admin, "paymentattempt_changelist"))
    order, detail = words(page(admin, "order_change", yen.pk)), words(page(admin, "paymentattempt_change", attempt.pk))

    assert "12.00 AUD" in orders
    assert "12.00 AUD" in attempts
    assert "Subtotal: 1100 JPY Grand total: 1200 JPY" in order
    assert "100 JPY" in order
    assert "Amount: 1200 JPY" in detail
    assert ".00 JPY" not in orders + attempts + order + detail
    assert ".0000" not in orders + attempts + order + detail


def test_a_sold_line_is_shown_with_its_amounts_and_currency(admin, sale):
    shown = words(page(admin, "order_change", sale.pk))

    assert f"wine line {models.WineLine.objects.get().pk} — 14.00 AUD" in shown
    assert f"share off {models.ShareOff.objects.get().pk} — -2.00 AUD" in shown


def test_an_order_is_shown_under_the_number_that_the_shopper_knows(admin, sale):
    Order.objects.update(custom_invoice_id=None)

    assert f"Invoice id: {sale.pk} " in words(page(admin, "order_change", sale.pk))


def test_a_row_without_a_name_of_its_own_is_called_by_its_type(admin, sale):
    card = models.PretendCard.objects.get()
    cart = Cart.objects.get()
    attempt = PaymentAttempt.objects.get()

    shown = [
        words(page(admin, "order_change", sale.pk)),
        words(page(admin, "cart_change", cart.pk)),
        words(page(admin, "paymentattempt_change", attempt.pk)),
    ]

    assert all(f"ayment method: pretend card {card.pk} " in text for text in shown)
    assert "Delivery address: Joe Bloggs" in shown[1]
    assert all(" object (" not in text for text in shown)


def test_a_cart_shows_what_is_in_it(admin):
    cart = ready_cart()
    coupon = models.ShareOff.objects.create(cart=cart)

    shown = words(page(admin, "cart_change", cart.pk))

    assert f"Items: wine line {models.WineLine.objects.get().pk} share off {coupon.pk} " in shown


# the shopper's page of an order


def link_to_page(client, order):
    """Return the address behind "View on site", or ``None`` without one."""
    found = re.search(r'href="([^"]+)" class="viewsitelink"', page(client, "order_change", order.pk))
    return found and unescape(found[1])


def test_staff_open_the_page_that_the_shopper_sees(admin, sale):
    response = admin.get(link_to_page(admin, sale), follow=True)

    assert response.status_code == 200
    assert response.context["order"] == sale


@override_settings(LORIKEET_ORDER_DETAIL_VIEW=None)
def test_without_such_a_page_there_is_no_link(admin, sale):
    assert link_to_page(admin, sale) is None


def test_text_typed_by_a_shopper_is_escaped(admin, sale):
    models.StreetAddress.objects.update(addressee="<script>alert(1)</script>")
    Order.objects.update(guest_email='"<script>"@example.com')
    shown = page(admin, "order_change", sale.pk) + page(admin, "order_changelist")

    assert "<script>alert(1)" not in shown
    assert '"<script>"@' not in shown


def test_an_attempt_shows_what_became_of_it(admin, sale):
    shown = page(admin, "paymentattempt_change", PaymentAttempt.objects.get().pk)

    assert "ch_1" in shown


@pytest.mark.parametrize(
    ("query", "states"),
    [
        ({}, ["placed"]),
        ({"state": "placed"}, ["placed"]),
        ({"state": "pending"}, ["pending"]),
        ({"state": "cancelled"}, ["cancelled"]),
        ({"state": "all"}, ["cancelled", "pending", "placed"]),
    ],
)
def test_sales_are_listed_unless_another_state_is_asked_for(admin, sale, query, states):
    make_order()
    make_order(state="cancelled")

    response = admin.get(url("order_changelist"), query)

    assert sorted(order.state for order in response.context["cl"].result_list) == states


def test_the_filter_says_which_state_is_shown(admin, sale):
    response = admin.get(url("order_changelist"))

    (state, *_) = response.context["cl"].filter_specs
    choices = {choice["display"]: choice["selected"] for choice in state.choices(response.context["cl"])}
    assert choices == {"pending": False, "placed": True, "cancelled": False, "All": False}


@pytest.mark.parametrize("term", ["INV-1", "inv-1", "{pk}", "{uuid}", "alice@example.com"])
def test_an_order_is_found_by_what_staff_are_told(admin, sale, term):
    make_order(state="placed", purchased_on=now(), guest_email="joe@example.com")

    assert count(admin, "order", q=term.format(pk=sale.pk, uuid=sale.uuid)) == 1


def test_a_guests_order_is_found_by_the_guests_address(admin, sale):
    make_order(state="placed", purchased_on=now(), guest_email="joe@example.com")

    assert count(admin, "order", q="joe@example.com") == 1


def test_a_cart_is_found_by_its_owner(admin, sale):
    ready_cart()

    assert count(admin, "cart", q="alice@example.com") == 1
    assert count(admin, "cart", q="joe@example.com") == 1
    assert count(admin, "cart", q=str(Cart.objects.first().pk)) == 1


def test_an_attempt_is_found_by_the_providers_reference(admin, sale):
    make_attempt(make_order())

    assert count(admin, "paymentattempt", q="ch_1") == 1
    assert count(admin, "paymentattempt", q=str(PaymentAttempt.objects.first().key)) == 1
    assert count(admin, "paymentattempt", q=str(sale.pk)) == 1


@NAMES
@pytest.mark.parametrize("term", ["nothing", "99999999999999999999999999", "\u202e", "%"])
def test_a_missing_row_is_not_found(admin, sale, name, term):
    assert count(admin, name, q=term) == 0


@pytest.mark.parametrize(
    "query",
    [
        {"currency": "AUD"},
        {"purchased_on__gte": "2020-01-01 00:00:00+00:00"},
        {"created_at__year": str(now().year)},
        {"currency": "EUR"},
    ],
)
def test_orders_are_filtered(admin, sale, query):
    assert count(admin, "order", **query) == (0 if query == {"currency": "EUR"} else 1)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"state__exact": "paid"}, 1),
        ({"state__exact": "failed"}, 0),
        ({"kind__exact": "charge"}, 1),
        ({"attention": ""}, 1),
    ],
)
def test_attempts_are_filtered(admin, sale, query, found):
    assert count(admin, "paymentattempt", **query) == found


@NAMES
def test_nothing_is_added(admin, sale, name, unchanged):
    with unchanged():
        responses = [admin.get(url(f"{name}_add")), admin.post(url(f"{name}_add"), {})]

    assert [response.status_code for response in responses] == [403, 403]


@NAMES
def test_nothing_is_changed_or_deleted(admin, sale, name, unchanged):
    pk = row_of(name).pk

    with unchanged():
        responses = [
            admin.post(url(f"{name}_change", pk), {"state": "cancelled", "email": "x@example.com"}),
            admin.get(url(f"{name}_delete", pk)),
            admin.post(url(f"{name}_delete", pk), {"post": "yes"}),
        ]

    assert [response.status_code for response in responses] == [403, 403, 403]


@NAMES
def test_nothing_is_deleted_in_bulk(admin, sale, name, unchanged):
    with unchanged():
        admin.post(
            url(f"{name}_changelist"),
            {"action": "delete_selected", "_selected_action": [row_of(name).pk], "post": "yes"},
        )


@NAMES
def test_staff_read_what_they_have_the_permission_to_view(client, sale, name):
    clerk = make_user("clerk", is_staff=True)
    client.force_login(clerk)
    before = client.get(url(f"{name}_changelist")).status_code
    clerk.user_permissions.add(Permission.objects.get(codename=f"view_{name}"))

    after = [
        client.get(address).status_code
        for address in (url(f"{name}_changelist"), url(f"{name}_change", row_of(name).pk))
    ]

    assert (before, after) == (403, [200, 200])


@NAMES
def test_every_other_visitor_is_asked_to_log_in(client, sale, name):
    client.force_login(make_user("bob"))

    assert client.get(url(f"{name}_changelist")).status_code == 302


def test_a_list_of_orders_costs_the_same_for_many_as_for_one(admin, sale, django_assert_max_num_queries):
    for _ in range(10):
        make_order(state="placed", purchased_on=now(), user=make_user())

    with django_assert_max_num_queries(12):
        page(admin, "order_changelist")
