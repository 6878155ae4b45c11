"""How many SQL statements stock costs a request, whatever is in the cart."""

import pytest
from django.contrib.contenttypes.models import ContentType
from django.db import connection

from lorikeet.extensions.stock.holds import release_expired
from lorikeet.extensions.stock.models import Policy, StockRecord
from tests.api.test_query_counts import statements
from tests.extensions.goods.factories import make_bottle, make_gadget
from tests.extensions.goods.models import BottleLine, FittingSeatLine, Gadget, GadgetLine, SeatLine
from tests.testapp.clients import CART, NEW_ITEM, Browser
from tests.testapp.factories import make_user

from .shopping import add, get_ready, pass_time

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_order")]

MANY = pytest.mark.parametrize("lines", [1, 20])
#: A sale adds up what orders near by hold, locks the records, inserts the holds and the movements,
#: ends the holds, and looks for what has run low; it takes and sells each record. That an order holds nothing is found
#: out without stock too.
SALE, EACH = 6, 2
#: What adding a line costs that is held at once: what is in the cart, what it holds, its turn and what is held near by,
#: until when it holds now, the lock, the hold and the counter. And what any other write costs a cart that holds
#: something.
ADD, RENEW = 8, 4
#: Each of two rounds reads what is late, within a savepoint; the first one ends it. A server is asked for the time.
SWEEP = 7 if connection.vendor == "sqlite" else 8


@pytest.fixture
def buyer(db):
    """A signed-in shopper whose cart lacks nothing but lines."""
    browser = Browser(make_user())
    get_ready(browser)
    ContentType.objects.get_for_model(Gadget)
    return browser


@pytest.fixture
def uncounted(monkeypatch):
    """Return a function after which no line of bottles or gadgets needs stock."""

    def forget():
        for model in (BottleLine, SeatLine, FittingSeatLine, GadgetLine):
            monkeypatch.setattr(model, "stock_policy", Policy.NONE, raising=False)

    return forget


@pytest.fixture
def none_on_add(monkeypatch):
    """A shop whose carts hold nothing."""
    for model in (SeatLine, FittingSeatLine):
        monkeypatch.setattr(model, "stock_policy", Policy.AT_PLACING)


def fill(browser, lines, on_hand=10, line="BottleLine"):
    for _ in range(lines):
        add(browser, make_bottle(on_hand), 1, line)


def fill_with_gadgets(browser, lines):
    for _ in range(lines):
        browser.add(NEW_ITEM, "GadgetLine", gadget=make_gadget(Perth=0, Hobart=5).pk)


def cost(action, without):
    """Return how many statements more ``action`` takes with stock than after ``without()``."""
    with_stock = statements(action)
    without()
    return len(with_stock) - len(statements(action))


# reading


@MANY
def test_a_product_that_is_loaded_with_its_record_costs_nothing(buyer, uncounted, lines):
    fill(buyer, lines)

    assert cost(lambda: buyer.get(CART), uncounted) == 0


@MANY
def test_products_that_records_name_cost_one_statement(buyer, uncounted, lines):
    fill_with_gadgets(buyer, lines)

    assert cost(lambda: buyer.get(CART), uncounted) == 1


@MANY
def test_lines_out_of_stock_cost_one_statement(buyer, uncounted, lines):
    """It reads the holds of this cart, and those that have expired."""
    fill(buyer, lines, on_hand=0)

    assert cost(lambda: buyer.get(CART), uncounted) == 1


@MANY
def test_the_end_of_the_holds_costs_one_statement(buyer, uncounted, lines):
    fill(buyer, lines, line="SeatLine")

    assert cost(lambda: buyer.get(CART), uncounted) == 1


@MANY
def test_holds_of_the_last_units_cost_two_statements(buyer, uncounted, lines):
    fill(buyer, lines, on_hand=1, line="SeatLine")

    assert cost(lambda: buyer.get(CART), uncounted) == 2


# adding


def add_to(browser, line, quantity=1):
    """Return what adds another product to the cart, each time it is called."""
    bottles = iter([make_bottle(10).pk for _ in range(3)])
    return lambda: browser.post(NEW_ITEM, {"type": line, "data": {"bottle": next(bottles), "quantity": quantity}})


@MANY
def test_where_carts_hold_nothing_adding_costs_nothing(buyer, none_on_add, uncounted, lines):
    fill(buyer, lines)

    assert cost(add_to(buyer, "BottleLine"), uncounted) == 0


@MANY
def test_where_carts_hold_something_a_line_that_is_not_held_costs_two_statements(buyer, uncounted, lines):
    """What is in the cart now, and what it holds."""
    fill(buyer, lines)

    assert cost(add_to(buyer, "BottleLine"), uncounted) == 2


@MANY
def test_adding_what_is_held_costs_as_much_beside_one_line_as_beside_twenty(buyer, uncounted, lines):
    fill(buyer, lines, line="SeatLine")

    assert cost(add_to(buyer, "SeatLine"), uncounted) == ADD


@MANY
def test_renewing_costs_as_much_for_twenty_as_for_one(buyer, uncounted, lines):
    fill(buyer, lines, line="SeatLine")

    assert cost(lambda: buyer.patch(CART, {"email": "ann@example.com"}), uncounted) == RENEW


# checking out


def checkout_of(lines, line="BottleLine", fill_it=fill):
    browser = Browser(make_user())
    get_ready(browser)
    fill_it(browser, lines, **({"line": line} if fill_it is fill else {}))
    return len(statements(browser.checkout))


@pytest.mark.usefixtures("none_on_add")
@MANY
def test_a_sale_costs_two_statements_for_each_record_and_a_few_for_all(uncounted, lines):
    with_stock = checkout_of(lines)
    uncounted()

    assert with_stock - checkout_of(lines) == SALE + EACH * lines


@pytest.mark.usefixtures("none_on_add")
@MANY
def test_a_sale_of_what_records_name_costs_one_more(uncounted, lines):
    with_stock = checkout_of(lines, fill_it=fill_with_gadgets)
    uncounted()

    assert with_stock - checkout_of(lines, fill_it=fill_with_gadgets) == SALE + 1 + EACH * lines


@MANY
def test_a_sale_of_what_the_cart_holds_does_not_take_it_again(uncounted, lines):
    """What the cart holds is read and ended, and no record locked; of each, the counters change once."""
    with_stock = checkout_of(lines, "SeatLine")
    uncounted()

    assert with_stock - checkout_of(lines, "SeatLine") == SALE + 1 + lines


# recovery


def test_the_sweep_of_what_is_held_too_long_costs_a_few_statements_and_one_for_each_record(
    django_assert_num_queries,
):
    bottles = [make_bottle(10) for _ in range(3)]
    for _ in range(4):
        browser = Browser()
        for bottle in bottles:
            add(browser, bottle, 1, "SeatLine")
    pass_time(minutes=16)

    with django_assert_num_queries(SWEEP + len(bottles)):
        released = release_expired()

    assert (released, StockRecord.objects.filter(held=0).count()) == (12, 3)
