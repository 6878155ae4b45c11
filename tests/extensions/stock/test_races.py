"""Real processes that want the same piece at the same moment, on PostgreSQL."""

from functools import partial
from multiprocessing import Event
from time import monotonic

import pytest
from django.db import connection, transaction
from django.test import override_settings

from lorikeet import recovery
from lorikeet.checkout import checkout
from lorikeet.exceptions import LorikeetError
from lorikeet.extensions.stock.exceptions import OutOfStock, StockError
from lorikeet.extensions.stock.holds import consume, release, reserve
from lorikeet.extensions.stock.models import Hold, Movement
from lorikeet.extensions.stock.movements import adjust, restock, restock_order
from lorikeet.models import Cart, Order
from tests.faults.crowds import at_once
from tests.faults.databases import clear
from tests.faults.invariants import Checker, Shop
from tests.strides import fewer
from tests.testapp import factories
from tests.testapp.clients import STREET, Browser
from tests.testapp.models import PretendCard, StreetAddress

from ..goods.factories import make_bottle, make_stock
from ..goods.models import BottleLine, FittingSeatLine
from .shopping import broken, counters, pass_time, try_to_add
from .worlds import HOLDS, RECORDS

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(connection.vendor != "postgresql", reason="races are run on PostgreSQL, which locks rows"),
    pytest.mark.timeout(600),
]
ROUNDS = fewer(3)


def wait_for_a_waiter():
    """Return when another process waits for a lock."""
    deadline = monotonic() + 30
    with connection.cursor() as cursor:
        while True:
            cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
            if cursor.fetchone()[0]:
                return
            assert monotonic() < deadline, "no process waits"


@pytest.fixture
def rounds():
    """Give numbers, each with an empty shop; after each round nothing is wrong with the stock."""

    def play():
        first = ready()  # what a first sale loads is loaded before processes are forked
        assert (put(first, make_bottle(1)), check_out(first)) == (201, 200)
        for number in range(ROUNDS):
            clear()
            yield number
            assert list(Checker(Shop(connection.settings_dict), {}, stock=(RECORDS, HOLDS, {})).i5()) == []
            assert broken() == []

    with override_settings(LORIKEET_THROTTLE_RATES={}):
        yield play()


def ready(token="tok_paid"):
    """Return the browser of a shopper whose cart lacks nothing but lines."""
    user = factories.make_user()
    cart = Cart.objects.create(user=user, currency="AUD")
    cart.delivery_address = StreetAddress.objects.create(user=user, cart=cart, **STREET)
    cart.payment_method = PretendCard.objects.create(user=user, cart=cart, token=token)
    cart.save()
    return Browser(user)


def put(browser, bottle, line="SeatLine", quantity=1):
    return try_to_add(browser, bottle, quantity, line).status_code


def check_out(browser):
    return browser.checkout().status_code


def renew(browser, line):
    return browser.patch(line, {"quantity": 1}).status_code


def has(browser):
    """Return how many of everything are in a cart."""
    return [item["data"]["quantity"] for item in browser.cart()["items"]]


def test_the_last_bottle_is_sold_to_one_of_two_and_the_other_is_told(rounds):
    for _ in rounds:
        bottle, browsers = make_bottle(1), [ready(), ready()]
        for browser in browsers:
            put(browser, bottle, "BottleLine")

        answers = at_once([partial(check_out, browser) for browser in browsers])

        assert sorted(answers) == [200, 409]
        loser = browsers[answers.index(409)]
        assert [reason["code"] for reason in loser.cart()["incomplete_reasons"]] == ["out_of_stock"]
        assert counters(bottle) == (0, 0)


def test_the_last_seats_go_into_as_many_carts_and_the_others_stay_empty(rounds):
    for _ in rounds:
        bottle, browsers = make_bottle(5), [ready() for _ in range(16)]

        answers = at_once([partial(put, browser, bottle) for browser in browsers])

        assert sorted(answers) == [201] * 5 + [409] * 11
        assert [has(browser) for browser in browsers] == [[1] if status == 201 else [] for status in answers]
        assert counters(bottle) == (5, 5)


def test_carts_that_take_what_is_left_share_all_of_it(rounds):
    for _ in rounds:
        bottle, browsers = make_bottle(7), [ready() for _ in range(6)]

        answers = at_once([partial(put, browser, bottle, "FittingSeatLine", 2) for browser in browsers])

        assert sorted(answers) == [201] * 4 + [409] * 2
        assert sorted(FittingSeatLine.objects.values_list("quantity", flat=True)) == [1, 2, 2, 2]
        assert counters(bottle) == (7, 7)


def test_two_tabs_of_one_shopper_get_the_last_seat_once(rounds):
    for _ in rounds:
        bottle, first = make_bottle(1), ready()
        second = Browser(first.user)

        answers = at_once([partial(put, browser, bottle) for browser in (first, second)])

        assert sorted(answers) == [201, 409]
        assert has(first) == [1]
        assert counters(bottle) == (1, 1)


def test_seats_whose_hold_expires_are_sold_once(rounds):
    """At the same moment their shoppers check out or come back, a sweep releases them, and others want them."""

    def tick():
        recovery.tick()

    for _ in rounds:
        bottle, others = make_bottle(4), [ready() for _ in range(6)]
        owners = [ready() for _ in range(4)]
        assert [put(browser, bottle) for browser in owners] == [201] * 4
        lines = [browser.cart()["items"][0]["url"] for browser in owners]
        pass_time(minutes=20)

        answers = at_once(
            [
                *[partial(put, browser, bottle) for browser in others],
                *[partial(check_out, browser) for browser in owners[:2]],
                *[partial(renew, browser, line) for browser, line in zip(owners[2:], lines[2:], strict=True)],
                tick,
                tick,
            ]
        )

        added, sold, renewed = answers[:6], answers[6:8], answers[8:10]
        assert set(added) <= {201, 409}
        assert set(sold) <= {200, 409}
        assert set(renewed) <= {200, 409}
        got = added.count(201) + sold.count(200) + renewed.count(200)
        assert got == 4
        assert counters(bottle) == (4 - sold.count(200), 4 - sold.count(200))


def test_logging_in_while_the_cart_is_checked_out_loses_no_seat_and_sells_it_once(rounds):
    for _ in rounds:
        bottle, guest = make_bottle(1), Browser()
        assert put(guest, bottle) == 201
        cart = Cart.objects.get()
        cart.email = "joe@example.com"
        cart.delivery_address = StreetAddress.objects.create(cart=cart, **STREET)
        cart.payment_method = PretendCard.objects.create(cart=cart, token="tok_paid")
        cart.save()
        user, other = factories.make_user(), ready()
        guest.get("/login/")

        def log_in(guest=guest, user=user):
            guest.log_in(user)

        def buy(pk=cart.pk):
            try:
                return checkout(Cart.objects.get(pk=pk)).order.state
            except (LorikeetError, Cart.DoesNotExist):
                return "not placed"

        _, state, refused = at_once([log_in, buy, partial(put, other, bottle)])

        assert refused == 409
        placed = Order.objects.placed().count()
        assert placed == (state == "placed")
        assert has(Browser(user)) == ([] if placed else [1])
        assert counters(bottle) == ((0, 0) if placed else (1, 1))


def test_a_declined_sale_gives_its_bottle_to_another_shopper_or_back(rounds):
    for _ in rounds:
        bottle, declined, others = make_bottle(1), ready("tok_declined"), [ready(), ready()]
        for browser in (declined, *others):
            put(browser, bottle, "BottleLine")

        answers = at_once([partial(check_out, browser) for browser in (declined, *others)])

        assert answers[0] in {409, 422}
        assert set(answers[1:]) <= {200, 409}
        assert answers.count(200) <= 1
        assert counters(bottle) == (1 - answers.count(200), 0)
        assert BottleLine.objects.filter(cart__isnull=False).count() == 3 - answers.count(200)


def test_a_hold_ends_once(rounds):
    for _ in rounds:
        record = make_stock(3)
        hold = reserve(record, 2)

        ended = at_once([partial(end, [hold]) for end in (consume, release) * 4])

        assert sorted(ended) == [0] * 7 + [1]
        hold.refresh_from_db()
        assert counters(record) == {"consumed": (1, 0), "released": (3, 0)}[hold.state]


def test_stock_written_off_at_once_with_reservations_is_not_held(rounds):
    def hold(record):
        try:
            return reserve(record, 1).quantity
        except OutOfStock:
            return 0

    def write_off(record):
        try:
            return -adjust(record, -3, "Broken.").quantity
        except StockError:
            return 0

    for _ in rounds:
        record = make_stock(10)

        gone = at_once([*[partial(hold, record)] * 8, *[partial(write_off, record)] * 4])

        held, broken = sum(gone[:8]), sum(gone[8:])
        assert counters(record) == (10 - broken, held)
        assert held + broken in {8, 9, 10}


def test_a_sale_comes_back_once(rounds):
    def back(hold):
        try:
            return restock(hold, 2, "Returned.").quantity
        except StockError:
            return 0

    for _ in rounds:
        hold = reserve(make_stock(3), 3)
        consume([hold])
        hold.refresh_from_db()

        returned = at_once([partial(back, hold)] * 4)

        assert sorted(returned) == [0, 0, 0, 2]
        assert counters(hold.stock) == (2, 0)
        assert Movement.objects.filter(kind="return").count() == 1


def test_an_order_and_a_part_of_it_come_back_without_waiting_for_each_other_in_a_ring(rounds):
    """Of two lines of one product: the record is locked after what was sold of it."""

    def back(hold):
        with transaction.atomic():
            Hold.objects.select_for_update().get(pk=hold.pk)
            is_locked.set()
            wait_for_a_waiter()
            return restock(hold).quantity

    def all_back(order):
        assert is_locked.wait(30)
        return sum(movement.quantity for movement in restock_order(order))

    for _ in rounds:
        is_locked = Event()
        bottle, browser = make_bottle(9), ready()
        put(browser, bottle, "BottleLine", 4)
        put(browser, bottle, "SeatLine", 2)
        check_out(browser)
        order, hold = Order.objects.get(), Hold.objects.get(quantity=2, state="consumed")

        returned = at_once([partial(back, hold), partial(all_back, order)])

        assert returned == [2, 4]
        assert counters(bottle) == (9, 0)


def test_backorders_stay_within_their_limit(rounds):
    for _ in rounds:
        bottle, browsers = make_bottle(1, backorder_limit=2), [ready() for _ in range(6)]
        for browser in browsers:
            put(browser, bottle, "BottleLine")

        answers = at_once([partial(check_out, browser) for browser in browsers])

        assert sorted(answers) == [200] * 3 + [409] * 3
        assert counters(bottle) == (-2, 0)
