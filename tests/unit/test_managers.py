"""Rows of multi-table parents are loaded as their own classes, however deep, in a constant number of queries."""

from contextlib import contextmanager

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils.timezone import now

from lorikeet import managers
from lorikeet.models import Adjustment, LineItem, Order
from tests.testapp import models
from tests.testapp.factories import make_book, make_coupon, make_course, make_wine, make_wrapping
from tests.unit import add_wine, make_cart, ready_cart

pytestmark = pytest.mark.django_db


@pytest.fixture
def prefetch(monkeypatch):
    """Return a function that gives a model another ``cart_prefetch``."""

    def use(model, *lookups):
        monkeypatch.setattr(model, "cart_prefetch", lookups)
        managers.split_prefetch.cache_clear()

    yield use
    managers.split_prefetch.cache_clear()


@contextmanager
def queries(count):
    with CaptureQueriesContext(connection) as captured:
        yield
    assert len(captured) == count, captured.captured_queries


def test_every_descendant_is_found_with_its_path_the_deepest_first():
    paths = managers.subclass_paths(LineItem)

    assert paths == {
        models.WineLine: "wineline",
        models.BookLine: "bookline",
        models.GiftBookLine: "bookline__giftbookline",
        models.HamperLine: "hamperline",
        models.CourseLine: "courseline",
        models.MoodyLine: "moodyline",
    }
    assert list(paths).index(models.GiftBookLine) < list(paths).index(models.BookLine)


def test_a_model_without_subclasses_has_no_paths():
    assert managers.subclass_paths(models.WineLine) == {}


def test_a_one_to_one_relation_that_is_no_parent_is_no_descendant():
    assert managers.subclass_paths(Order) == {}


def test_forward_keys_are_joined_and_everything_else_is_fetched(prefetch):
    prefetch(models.GiftBookLine, "product", "wrapping", "product__bookline_set", "order__user", "nothing")

    assert managers.split_prefetch(models.GiftBookLine) == (
        ("product", "wrapping", "order__user"),
        ("product__bookline_set", "nothing"),
    )


def test_a_many_to_many_relation_is_fetched():
    assert managers.split_prefetch(models.HamperLine) == ((), ("wines",))


def test_a_model_that_names_nothing_has_nothing_loaded():
    assert managers.split_prefetch(models.BookLine) == ((), ())


def test_rows_are_instances_of_their_own_classes_in_the_order_they_were_added():
    cart = make_cart()
    wine_line = add_wine(cart)
    gift = models.GiftBookLine.objects.create(cart=cart, product=make_book(), message="Cheers")
    book = models.BookLine.objects.create(cart=cart, product=make_book())

    rows = list(LineItem.objects.select_subclasses())

    assert rows == [wine_line, gift, book]
    assert [type(row) for row in rows] == [models.WineLine, models.GiftBookLine, models.BookLine]
    assert rows[1].message == "Cheers"


def test_a_row_of_no_subclass_is_an_instance_of_the_parent():
    """A host that was taken out of ``INSTALLED_APPS`` leaves such rows."""
    LineItem.objects.bulk_create([LineItem(cart=make_cart())])

    assert [type(row) for row in LineItem.objects.select_subclasses()] == [LineItem]


def test_one_row_is_found_as_an_instance_of_its_class():
    line = add_wine(make_cart())
    found = LineItem.objects.get_subclass(pk=line.pk)

    assert (type(found), found) == (models.WineLine, line)


def test_a_row_that_is_not_there_is_not_found():
    with pytest.raises(LineItem.DoesNotExist):
        LineItem.objects.get_subclass(pk=1)


def test_joined_relations_cost_no_query():
    cart = make_cart()
    for _ in range(3):
        add_wine(cart)
    models.CourseLine.objects.create(cart=cart, product=make_course())

    with queries(1):
        totals = [line.get_total() for line in LineItem.objects.select_subclasses()]

    assert len(totals) == 4


@pytest.mark.parametrize("count", [1, 5])
def test_fetched_relations_cost_one_query_for_each_class(count):
    cart = make_cart()
    for _ in range(count):
        models.HamperLine.objects.create(cart=cart).wines.set([make_wine("1"), make_wine("2")])

    with queries(2):
        totals = [line.get_total() for line in LineItem.objects.select_subclasses()]

    assert totals == [3] * count


def test_a_relation_that_no_row_needs_is_not_fetched():
    add_wine(make_cart())

    with queries(1):
        list(LineItem.objects.select_subclasses())


def test_rows_that_are_there_already_are_not_fetched_again():
    models.HamperLine.objects.create(cart=make_cart())
    lines = LineItem.objects.select_subclasses()
    list(lines)

    with queries(0):
        list(lines)


def test_lookups_reach_through_a_subclass_of_a_subclass(prefetch):
    prefetch(models.GiftBookLine, "product", "wrapping", "product__bookline_set")
    cart, book = make_cart(), make_book()
    for _ in range(2):
        models.GiftBookLine.objects.create(cart=cart, product=book, wrapping=make_wrapping())

    with queries(2):
        siblings = [len(line.product.bookline_set.all()) for line in LineItem.objects.select_subclasses()]

    assert siblings == [2, 2]


def test_rows_of_one_subclass_bring_what_they_name_as_well():
    cart = make_cart()
    for _ in range(3):
        add_wine(cart)

    with queries(1):
        totals = [line.get_total() for line in models.WineLine.objects.select_subclasses()]

    assert totals == [12, 12, 12]


def test_a_plain_queryset_stays_one_of_parents():
    add_wine(make_cart())

    assert [type(row) for row in LineItem.objects.all()] == [LineItem]


def test_a_selection_can_be_narrowed_counted_and_read_as_values():
    cart = make_cart()
    line = add_wine(cart)
    add_wine(make_cart())
    rows = LineItem.objects.select_subclasses().filter(cart=cart)

    assert (rows.count(), rows.exists(), rows.first()) == (1, True, line)
    assert list(rows.values_list("pk", flat=True)) == [line.pk]


def test_every_multi_table_parent_has_it():
    models.CouponAdjustment.objects.create(cart=make_cart(), coupon=make_coupon())

    with queries(1):
        coupons = [row.coupon.code for row in Adjustment.objects.select_subclasses()]

    assert coupons == ["TENOFF"]


def test_only_placed_orders_are_sales():
    cart = ready_cart()
    amounts = {"currency": "AUD", "subtotal": 1, "grand_total": 1}
    Order.objects.create(cart=cart, **amounts)
    Order.objects.create(cart=cart, state="cancelled", **amounts)
    placed = Order.objects.create(cart=cart, state="placed", purchased_on=now(), **amounts)

    assert list(Order.objects.placed()) == [placed]
    assert list(Order.objects.filter(cart=cart).placed()) == [placed]
