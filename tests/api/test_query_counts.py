"""How many SQL statements a request makes, whatever is in the cart. All middleware included."""

import pytest
from django.db import connection
from django.test import override_settings
from django.test.utils import CaptureQueriesContext

from tests.testapp import models
from tests.testapp.clients import CART, NEW_ITEM, NEW_PAYMENT_METHOD, Browser
from tests.testapp.factories import make_book, make_course, make_user, make_wine

CONTROL = ("SAVEPOINT", "RELEASE", "BEGIN", "COMMIT", "ROLLBACK")


def statements(action):
    """Return the SQL that ``action`` runs, without the control of transactions."""
    with CaptureQueriesContext(connection) as captured:
        response = action()
    assert response.status_code < 300
    return [query["sql"] for query in captured if not query["sql"].startswith(CONTROL)]


def fill(count, cart=None):
    """Put ``count`` lines of different wines into a cart."""
    cart = cart or models.WineLine.objects.first().cart
    for _ in range(count):
        models.WineLine.objects.create(cart=cart, product=make_wine())
    return cart


@pytest.fixture
def user_with_choices(db, wine):
    """A signed-in user with one line, three addresses and three payment methods."""
    browser = Browser(make_user())
    browser.add_wine(wine)
    for number in range(3):
        browser.add_address(addressee=f"Joe {number}")
        browser.add_card()
    return browser


@pytest.fixture
def guest_with_choices(guest, wine):
    guest.get_ready(wine)
    return guest


@pytest.mark.parametrize(("who", "most"), [("guest_with_choices", 5), ("user_with_choices", 8)])
def test_the_cart_is_read_in_few_statements(request, who, most):
    browser = request.getfixturevalue(who)

    assert len(statements(lambda: browser.get(CART))) <= most


@pytest.mark.parametrize("who", ["guest_with_choices", "user_with_choices"])
def test_five_hundred_lines_are_read_in_as_many_statements_as_one(request, who):
    browser = request.getfixturevalue(who)
    one = len(statements(lambda: browser.get(CART)))
    fill(499)

    many = len(statements(lambda: browser.get(CART)))

    assert many == one
    assert len(browser.cart()["items"]) == 500


def test_a_further_type_of_line_costs_one_statement_at_most(user_with_choices):
    cart = fill(0)
    before = len(statements(lambda: user_with_choices.get(CART)))
    for _ in range(3):
        models.GiftBookLine.objects.create(cart=cart, product=make_book())

    after = len(statements(lambda: user_with_choices.get(CART)))

    assert after <= before + 1


def test_three_further_types_cost_three_statements_at_most(user_with_choices):
    cart = fill(0)
    before = len(statements(lambda: user_with_choices.get(CART)))
    for number in range(3):
        models.GiftBookLine.objects.create(cart=cart, product=make_book())
        models.CourseLine.objects.create(cart=cart, product=make_course(f"course-{number}"))
        models.HamperLine.objects.create(cart=cart).wines.set([make_wine(), make_wine()])

    after = len(statements(lambda: user_with_choices.get(CART)))

    assert after <= before + 3


def test_a_host_that_forgets_cart_prefetch_pays_for_it_alone(guest, wine):
    """One statement for each such line, and the other types are as fast as ever."""
    guest.add_wine(wine)
    cart = fill(0)
    models.BookLine.objects.create(cart=cart, product=make_book())
    one = len(statements(lambda: guest.get(CART)))
    models.BookLine.objects.create(cart=cart, product=make_book())
    fill(20)

    assert len(statements(lambda: guest.get(CART))) == one + 1


def test_further_addresses_and_cards_cost_nothing(user_with_choices):
    before = len(statements(lambda: user_with_choices.get(CART)))
    for number in range(10):
        user_with_choices.add_address(addressee=f"Ann {number}")
        user_with_choices.add_card()

    assert len(statements(lambda: user_with_choices.get(CART))) == before


def test_an_empty_cart_is_read_in_fewer_statements(guest, guest_with_choices):
    newcomer = Browser()

    assert statements(lambda: newcomer.get(CART)) == []


@override_settings(LORIKEET_MAX_LINES=1000)
@pytest.mark.parametrize("lines", [0, 500])
@pytest.mark.parametrize("who", ["guest_with_choices", "user_with_choices"])
def test_a_line_is_added_in_few_statements(request, who, lines):
    browser = request.getfixturevalue(who)
    fill(lines)
    body = {"type": "WineLine", "data": {"product": make_wine().pk}}

    assert len(statements(lambda: browser.post(NEW_ITEM, body))) <= 12


@override_settings(LORIKEET_MAX_LINES=1000)
def test_a_line_is_combined_in_few_statements(user_with_choices, wine):
    fill(100)
    body = {"type": "WineLine", "data": {"product": wine.pk}}

    assert len(statements(lambda: user_with_choices.post(NEW_ITEM, body))) <= 12


def checkout_of(lines, user):
    browser = Browser(user)
    line = browser.get_ready(make_wine())
    fill(lines - 1, models.WineLine.objects.get(pk=line["url"].split("/")[2]).cart)
    return statements(browser.checkout)


def test_a_hundred_lines_are_checked_out_in_as_many_statements_as_one(db):
    one = checkout_of(1, make_user())

    hundred = checkout_of(100, make_user())

    assert len(hundred) == len(one)


def test_the_answer_with_the_whole_cart_costs_no_more_than_write_and_read(user_with_choices, wine):
    body = {"type": "WineLine", "data": {"product": wine.pk}}
    write = len(statements(lambda: user_with_choices.post(NEW_ITEM, body)))
    read = len(statements(lambda: user_with_choices.get(CART)))

    both = len(statements(lambda: user_with_choices.post(NEW_ITEM, body, prefer="return=cart")))

    assert both <= write + read


def test_a_second_kind_of_payment_method_costs_no_statement_each(user_with_choices):
    user_with_choices.add(NEW_PAYMENT_METHOD, "PayLater", number="1")
    before = len(statements(lambda: user_with_choices.get(CART)))
    for number in range(5):
        user_with_choices.add(NEW_PAYMENT_METHOD, "PayLater", number=f"{number}")

    assert len(statements(lambda: user_with_choices.get(CART))) == before
