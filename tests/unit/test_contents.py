"""The contents of a cart, loaded once: their classes, their owners, and no more queries than needed."""

from contextlib import contextmanager

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from lorikeet.cart.fetching import fetch_contents
from lorikeet.contents import CartContents, owned_by
from lorikeet.models import Cart, DeliveryAddress, EmptyCart
from tests.testapp import models
from tests.testapp.clients import STREET
from tests.testapp.factories import make_book, make_user
from tests.unit import add_wine, make_cart, ready_cart, select_address, select_card

pytestmark = pytest.mark.django_db


@contextmanager
def queries(count):
    with CaptureQueriesContext(connection) as captured:
        yield
    assert len(captured) == count, captured.captured_queries


def make_address(cart, **fields):
    return models.StreetAddress.objects.create(cart=cart, user=cart.user, **{**STREET, **fields})


def by_fetch(cart):
    return fetch_contents(pk=cart.pk)


def by_load(cart):
    return CartContents.load(Cart.objects.get(pk=cart.pk))


ways = pytest.mark.parametrize("read", [by_fetch, by_load])


@ways
def test_rows_come_as_what_they_are(read):
    cart = ready_cart()
    gift = models.GiftBookLine.objects.create(cart=cart, product=make_book())
    share = models.ShareOff.objects.create(cart=cart)

    contents = read(cart)

    assert contents.cart == cart
    assert [type(line) for line in contents.lines] == [models.WineLine, models.GiftBookLine]
    assert contents.lines[1] == gift
    assert contents.adjustments == [share]
    assert isinstance(contents.adjustments[0], models.ShareOff)
    assert isinstance(contents.delivery_address, models.StreetAddress)
    assert isinstance(contents.payment_method, models.PretendCard)


@ways
def test_the_rows_are_left_on_the_cart(read):
    contents = read(ready_cart())

    with queries(0):
        cart = contents.cart

        assert list(cart.items.all()) == contents.lines
        assert list(cart.adjustments.all()) == contents.adjustments
        assert cart.delivery_address is contents.delivery_address
        assert cart.payment_method is contents.payment_method


@ways
def test_a_selected_row_that_was_retired_is_not_selected(read):
    cart = ready_cart()
    models.StreetAddress.objects.update(active=False)
    models.PretendCard.objects.update(active=False)
    contents = read(cart)

    assert (contents.delivery_address, contents.payment_method) == (None, None)
    assert (contents.cart.delivery_address, contents.cart.payment_method) == (None, None)
    assert (contents.addresses(), contents.payment_methods()) == ([], [])


@ways
def test_an_empty_cart_has_nothing(read):
    contents = read(make_cart())

    assert (contents.lines, contents.adjustments) == ([], [])
    assert (contents.delivery_address, contents.payment_method) == (None, None)


def test_a_cart_that_is_not_there_is_none():
    assert fetch_contents(pk=1) is None


def test_a_cart_never_saved_is_loaded_without_a_query():
    with queries(0):
        contents = CartContents.load(EmptyCart())

    assert (contents.lines, contents.adjustments, contents.addresses(), contents.payment_methods()) == ([], [], [], [])


def test_a_user_without_a_cart_has_addresses_and_methods():
    user = make_user()
    address = models.StreetAddress.objects.create(user=user, **STREET)
    card = models.PretendCard.objects.create(user=user, token="tok_paid")

    contents = CartContents.load(EmptyCart(user=user))

    assert (contents.addresses(), contents.payment_methods()) == ([address], [card])


def test_loading_again_sees_what_was_added_since():
    cart = make_cart()
    CartContents.load(cart)
    line = add_wine(cart)

    assert CartContents.load(cart).lines == [line]


def test_rows_are_read_in_two_queries():
    cart = ready_cart()

    with queries(2):
        by_fetch(cart)


def test_adjustments_are_asked_for_if_there_are_any():
    cart = ready_cart()
    models.ShareOff.objects.create(cart=cart)

    with queries(3):
        by_fetch(cart)


def test_the_choices_cost_nothing_when_there_is_only_the_selected_one():
    contents = by_fetch(ready_cart())

    with queries(0):
        assert contents.addresses() == [contents.delivery_address]
        assert contents.payment_methods() == [contents.payment_method]


def test_the_choices_cost_one_query_when_there_are_more():
    cart = ready_cart()
    other = make_address(cart)
    contents = by_fetch(cart)

    with queries(1):
        addresses = contents.addresses()

    assert addresses == [contents.delivery_address, other]
    assert [type(address) for address in addresses] == [models.StreetAddress] * 2


def test_the_choices_are_in_the_order_they_were_made():
    cart = make_cart()
    first = make_address(cart)
    selected = select_address(cart)
    last = make_address(cart)

    assert by_fetch(cart).addresses() == [first, selected, last]


@ways
def test_a_retired_one_is_no_choice(read):
    cart = make_cart()
    make_address(cart, active=False)

    assert read(cart).addresses() == []


@ways
def test_a_guest_chooses_from_what_was_made_in_their_cart(read):
    cart, other = make_cart(), make_cart()
    mine = make_address(cart)
    make_address(other)
    models.StreetAddress.objects.create(user=make_user(), cart=cart, **STREET)
    models.StreetAddress.objects.create(**STREET)

    assert read(cart).addresses() == [mine]


@ways
def test_a_user_chooses_from_all_that_is_theirs(read):
    user = make_user()
    cart = make_cart(user)
    mine = make_address(cart)
    elsewhere = models.StreetAddress.objects.create(user=user, cart=make_cart(), **STREET)
    models.StreetAddress.objects.create(user=make_user(), **STREET)
    models.StreetAddress.objects.create(cart=cart, **STREET)

    assert set(read(cart).addresses()) == {mine, elsewhere}


def test_a_row_without_a_cart_and_a_user_has_no_owner():
    models.StreetAddress.objects.create(**STREET)

    assert not DeliveryAddress.objects.filter(owned_by(EmptyCart())).exists()


def test_the_selected_card_is_found_among_several_kinds():
    cart = make_cart()
    later = models.PayLater.objects.create(cart=cart, number="1")
    card = select_card(cart)

    assert by_fetch(cart).payment_methods() == [later, card]
