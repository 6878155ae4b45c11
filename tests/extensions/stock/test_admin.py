"""Stock in the admin: what staff see, and what they can write."""

import pytest
from django.contrib.auth.models import Permission
from django.contrib.contenttypes.models import ContentType
from django.db.models.signals import pre_save
from django.urls import reverse

from lorikeet.extensions.stock.holds import consume, reserve
from lorikeet.extensions.stock.models import Hold, Movement, StockRecord
from tests.extensions.goods.factories import make_bottle, make_gadget, make_stock
from tests.extensions.goods.models import BottleLine, Gadget
from tests.testapp.factories import make_user
from tests.unit import make_cart

from .shopping import counters

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_order")]

MODELS = ["stockrecord", "hold", "movement"]
NAMES = pytest.mark.parametrize("name", MODELS)
FORM = {"name": "Moscato", "location": "", "position": "0", "object_id": "", "tracked": "on", "backorder_limit": "0"}


@pytest.fixture
def admin(client):
    """A superuser's browser."""
    client.force_login(make_user("root", is_staff=True, is_superuser=True))
    return client


def url(name, *args):
    return reverse(f"admin:lorikeet_stock_{name}", args=args)


def page(client, address, **query):
    response = client.get(address, query)
    assert response.status_code == 200
    return response.content.decode()


def row_of(name):
    return {"stockrecord": StockRecord, "hold": Hold, "movement": Movement}[name].objects.earliest("pk")


def count(client, name, **query):
    """How many rows a list shows."""
    response = client.get(url(f"{name}_changelist"), query)
    assert response.status_code == 200
    return response.context["cl"].result_count


# looking


@NAMES
def test_a_list_shows_what_is_there(admin, sold_with_order, name):
    assert count(admin, name) == (2 if name == "movement" else 1)


@NAMES
def test_a_row_is_shown(admin, sold_with_order, name):
    assert "Moscato" in page(admin, url(f"{name}_change", row_of(name).pk))


def test_a_list_of_records_shows_what_is_available(admin, stock):
    reserve(stock, 4)

    row = admin.get(url("stockrecord_changelist")).content.decode()

    for column, value in (("on_hand", 10), ("held", 4), ("available", 6)):
        assert f'<td class="field-{column}">{value}</td>' in row


def test_an_untracked_record_shows_nothing_as_available(admin):
    make_stock(0, tracked=False)

    assert '<td class="field-available">-</td>' in page(admin, url("stockrecord_changelist"))


@pytest.mark.parametrize(("term", "found"), [("mosc", 1), ("perth", 1), ("{pk}", 1), ("nothing", 0), ("\u202e", 0)])
def test_a_record_is_found_by_its_name_its_place_and_its_product(admin, term, found):
    gadget = make_gadget()
    make_stock(1, name="Moscato", location="Perth", product=gadget)
    make_stock(1, name="Merlot", location="Hobart")

    assert count(admin, "stockrecord", q=term.format(pk=gadget.pk)) == found


@pytest.mark.parametrize(("term", "found"), [("{pk}", 1), ("Moscato", 1), ("nothing", 0)])
def test_a_hold_is_found_by_its_order_and_its_record(admin, sold_with_order, term, found):
    assert count(admin, "hold", q=term.format(pk=sold_with_order.order_id)) == found


@pytest.mark.parametrize(("term", "found"), [("{pk}", 1), ("Moscato", 2), ("Delivered", 1), ("nothing", 0)])
def test_a_movement_is_found_by_its_order_its_record_and_its_reason(admin, sold_with_order, term, found):
    assert count(admin, "movement", q=term.format(pk=sold_with_order.order_id)) == found


@pytest.mark.parametrize(
    ("name", "query", "found"),
    [
        ("hold", {"state__exact": "consumed"}, 1),
        ("hold", {"state__exact": "held"}, 0),
        ("movement", {"kind__exact": "sale"}, 1),
        ("stockrecord", {"tracked__exact": "0"}, 0),
        ("stockrecord", {"location": "Perth"}, 0),
    ],
)
def test_rows_are_filtered(admin, sold_with_order, name, query, found):
    assert count(admin, name, **query) == found


def test_a_hold_names_its_line_as_the_line_calls_itself(admin, stock):
    line = BottleLine.objects.create(cart=make_cart(), bottle=make_bottle(name="Fiano"), quantity=2)
    hold = reserve(stock, 1, line=line)

    assert f'<div class="readonly">{line}</div>' in page(admin, url("hold_change", hold.pk))


def test_the_actions_ask_for_units_and_a_reason(admin):
    labels = [[str(field.label) for field in form_of(admin, name) if field.label] for name in ("stockrecord", "hold")]

    assert labels == [["Action:", "Units:", "Reason:"]] * 2


def form_of(client, name):
    return client.get(url(f"{name}_changelist")).context["action_form"]


def test_an_order_shows_what_it_holds_or_was_sold(admin, sold_with_order):
    shown = page(admin, reverse("admin:lorikeet_order_change", args=[sold_with_order.order_id]))

    assert "Moscato" in shown
    assert url("hold_change", sold_with_order.pk) in shown
    assert 'name="stock_holds-0-quantity"' not in shown


def test_staff_without_permission_see_no_holds_on_an_order(client, clerk, sold_with_order):
    clerk.user_permissions.set(Permission.objects.filter(codename="view_order"))
    client.force_login(clerk)

    assert "Moscato" not in page(client, reverse("admin:lorikeet_order_change", args=[sold_with_order.order_id]))


@NAMES
def test_staff_look_at_what_they_have_the_permission_to_view(client, sold_with_order, name):
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
def test_a_list_costs_the_same_for_many_as_for_one(admin, sold_with_order, name, django_assert_max_num_queries):
    for number in range(10):
        hold = reserve(make_stock(10, name=f"Wine {number}"), 1)
        consume([hold])

    with django_assert_max_num_queries(12):
        page(admin, url(f"{name}_changelist"))


@NAMES
def test_a_list_of_records_named_by_products_costs_the_same_for_many_as_for_one(
    admin, name, django_assert_max_num_queries
):
    for _ in range(10):
        make_gadget(Perth=10)
    consume([reserve(stock, 1) for stock in StockRecord.objects.all()])

    with django_assert_max_num_queries(12):
        page(admin, url(f"{name}_changelist"))


# records


def test_a_record_is_made_with_nothing_on_hand(admin):
    gadget = make_gadget()
    key = ContentType.objects.get_for_model(Gadget).pk

    response = admin.post(
        url("stockrecord_add"),
        {**FORM, "location": "Perth", "content_type": key, "object_id": gadget.pk, "on_hand": "7", "held": "3"},
    )

    record = StockRecord.objects.get()
    assert response.status_code == 302
    assert (record.product, record.location, record.on_hand, record.held) == (gadget, "Perth", 0, 0)


def test_the_page_of_a_new_record_is_shown(admin):
    page(admin, url("stockrecord_add"))


def test_a_product_has_one_record_for_each_place(admin, unchanged):
    gadget = make_gadget(Perth=1)
    key = ContentType.objects.get_for_model(Gadget).pk

    with unchanged():
        response = admin.post(
            url("stockrecord_add"), {**FORM, "location": "Perth", "content_type": key, "object_id": gadget.pk}
        )

    assert response.status_code == 200
    assert response.context["adminform"].form.errors


def test_the_description_of_a_record_is_changed_and_its_counters_are_not(admin, stock):
    reserve(stock, 4)

    response = admin.post(
        url("stockrecord_change", stock.pk), {**FORM, "name": "Merlot", "low_level": "3", "on_hand": "99", "held": "0"}
    )

    stock.refresh_from_db()
    assert response.status_code == 302
    assert (stock.name, stock.low_level, counters(stock)) == ("Merlot", 3, (10, 4))


def test_a_sale_while_the_page_is_saved_is_not_undone(admin, stock):
    def sell(sender, instance, **sent):
        pre_save.disconnect(sell, sender=StockRecord)
        consume([reserve(stock, 3)])
        reserve(stock, 2)

    pre_save.connect(sell, sender=StockRecord)

    response = admin.post(url("stockrecord_change", stock.pk), {**FORM, "name": "Merlot"})

    assert (response.status_code, StockRecord.objects.get().name, counters(stock)) == (302, "Merlot", (7, 2))


@pytest.mark.parametrize("limit", ["4", "0"])
def test_the_backorder_limit_is_not_lowered_below_what_is_owed(admin, unchanged, limit):
    stock = make_stock(0, backorder_limit=5)
    consume([reserve(stock, 5)])

    with unchanged():
        response = admin.post(url("stockrecord_change", stock.pk), {**FORM, "backorder_limit": limit})

    assert response.context["adminform"].form.errors == {"backorder_limit": ["More are held or owed than that."]}


def test_the_backorder_limit_is_lowered_to_what_is_owed(admin):
    stock = make_stock(2, backorder_limit=5)
    consume([reserve(stock, 3)])
    reserve(stock, 1)

    response = admin.post(url("stockrecord_change", stock.pk), {**FORM, "backorder_limit": "2"})

    assert (response.status_code, StockRecord.objects.get().backorder_limit) == (302, 2)


@pytest.mark.parametrize("limit", ["-1", "", "many", str(10**12 + 1), str(10**30)])
def test_a_backorder_limit_that_is_none_is_refused(admin, stock, unchanged, limit):
    with unchanged():
        response = admin.post(url("stockrecord_change", stock.pk), {**FORM, "backorder_limit": limit})

    assert list(response.context["adminform"].form.errors) == ["backorder_limit"]


def test_a_record_with_movements_is_not_deleted(admin, stock, unchanged):
    with unchanged():
        admin.post(url("stockrecord_delete", stock.pk), {"post": "yes"})
        admin.post(
            url("stockrecord_changelist"),
            {"action": "delete_selected", "_selected_action": [stock.pk], "post": "yes"},
        )


def test_a_record_that_was_never_used_is_deleted(admin):
    stock = make_stock(0)

    admin.post(url("stockrecord_delete", stock.pk), {"post": "yes"})

    assert not StockRecord.objects.exists()


# what only the library writes


@pytest.mark.parametrize("name", ["hold", "movement"])
def test_holds_and_movements_are_not_added_changed_or_deleted(admin, sold_with_order, name, unchanged):
    pk = row_of(name).pk

    with unchanged():
        responses = [
            admin.post(url(f"{name}_add"), {}),
            admin.post(url(f"{name}_change", pk), {"quantity": "1", "state": "held"}),
            admin.post(url(f"{name}_delete", pk), {"post": "yes"}),
        ]
        admin.post(url(f"{name}_changelist"), {"action": "delete_selected", "_selected_action": [pk], "post": "yes"})

    assert [response.status_code for response in responses] == [403, 403, 403]
