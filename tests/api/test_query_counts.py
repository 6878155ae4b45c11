"""How many SQL statements a request makes, whatever is in the cart. All middleware included."""

from contextlib import contextmanager
from decimal import Decimal

import pytest
from django.db import connection
from django.test import override_settings
from django.test.utils import CaptureQueriesContext

from lorikeet import clock
from lorikeet.models import Order
from lorikeet.refunds import refund
from tests.testapp import models
from tests.testapp.clients import CART, NEW_ITEM, NEW_PAYMENT_METHOD, Browser
from tests.testapp.factories import make_book, make_course, make_user, make_wine

CONTROL = ("SAVEPOINT", "RELEASE", "BEGIN", "COMMIT", "ROLLBACK", *clock.QUESTIONS.values())


def statements(action):
    """Return the SQL that ``action`` runs, without the control of transactions and the time of day."""
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


class Figures:
    """The statements and the commits of an action, the control of transactions left out of the former."""

    def __init__(self):
        self.statements = []
        self.commits = 0

    def execute(self, execute, sql, params, many, context):
        """Count a statement; one outside a transaction that writes commits by itself."""
        if not sql.startswith(CONTROL):
            self.statements.append(sql)
            writes = sql.startswith(("INSERT", "UPDATE", "DELETE"))
            self.commits += writes and not connection.in_atomic_block
        return execute(sql, params, many, context)

    @contextmanager
    def counting(self):
        commit = connection._commit

        def counted():
            self.commits += 1
            return commit()

        connection._commit = counted
        try:
            with connection.execute_wrapper(self.execute):
                yield
        finally:
            del connection._commit


def figures(action):
    """Return how many statements and commits ``action`` makes."""
    found = Figures()
    with found.counting():
        response = action()
    assert response is None or response.status_code in (200, 202), response.content
    return len(found.statements), found.commits


@pytest.fixture
def buyer(transactional_db, provider):
    """A signed-in user who pays with a card whose payments are made first and confirmed then."""
    browser = Browser(make_user())
    browser.get_ready(make_wine())
    browser.add(NEW_PAYMENT_METHOD, "ExactCard", token="tok_paid")
    return browser


#: PostgreSQL is told in each transaction of a sale to commit durably; SQLite reads its own setting.
DURABLE = 1 if connection.vendor == "postgresql" else 0
#: Statements, without those.
CHECKOUT, LOST, CONFIRM, CANCEL, STATUS, REPLAY, REFUND = 22, 18, 21, 26, 6, 6, 10


def test_a_checkout_in_two_calls(buyer):
    """At most 30 statements and 4 commits: prepare, the reference, settle, and the mark that it was told."""
    assert figures(buyer.checkout) == (CHECKOUT + 3 * DURABLE, 4)


def test_a_checkout_whose_answer_is_lost(buyer, provider):
    provider.plan(confirm=["timeout_after"])

    assert figures(buyer.checkout) == (LOST + 3 * DURABLE, 3)


def test_a_confirmation(buyer, provider):
    """The count of what is asked, the lease, settle, and the mark that it was told."""
    provider.plan(confirm=["3ds"])
    checkout = buyer.checkout().json()["checkout"]
    (payment,) = provider.payments()
    provider.three_d_secure(payment["id"])

    assert figures(lambda: buyer.post(checkout["confirm_url"], {})) == (CONFIRM + 2 * DURABLE, 4)


def test_a_cancellation(buyer, provider):
    """The count of what is asked, the lease, and settle."""
    provider.plan(confirm=["3ds"])
    checkout = buyer.checkout().json()["checkout"]

    assert figures(lambda: buyer.post(checkout["cancel_url"], {})) == (CANCEL + 2 * DURABLE, 3)


def test_a_look_at_the_state(buyer, provider):
    provider.plan(confirm=["3ds"])
    checkout = buyer.checkout().json()["checkout"]

    assert figures(lambda: buyer.get(checkout["url"])) == (STATUS, 0)


def test_a_replay(buyer, provider):
    buyer.checkout(idempotency_key="k")

    assert figures(lambda: buyer.checkout(idempotency_key="k")) == (REPLAY + DURABLE, 1)


def test_a_refund(buyer):
    """The refund that is owed, and what came of it."""
    buyer.checkout()
    order = Order.objects.get()

    assert figures(lambda: refund(order, Decimal(5)) and None) == (REFUND + 2 * DURABLE, 2)
