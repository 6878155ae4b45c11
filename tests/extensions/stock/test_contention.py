"""Many processes that want the same stock, on PostgreSQL: all of it is sold, nothing twice, and there is no deadlock.

``held = sum(holds)`` is read all the while by a connection of its own, in one statement, which is one snapshot.
``LORIKEET_SOAK=1`` changes carts for much longer.
"""

import json
import os
import random
import threading
import time
from collections import Counter
from contextlib import closing, contextmanager
from multiprocessing import Value

import pytest
from django.db import connection, connections
from django.db.models import Sum
from django.test import override_settings

from lorikeet.extensions.stock.models import Hold, Movement, Policy, StockRecord
from lorikeet.models import Cart, Order
from tests.faults.crowds import Crowd
from tests.faults.databases import clear
from tests.faults.invariants import Checker, Shop
from tests.testapp import factories
from tests.testapp.clients import NEW_ITEM, STREET, Browser
from tests.testapp.models import PretendCard, Shopper, StreetAddress

from ..goods.factories import make_bottle, make_gadget
from ..goods.models import BottleLine, GadgetLine, SeatLine
from .worlds import HOLDS, RECORDS

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(connection.vendor != "postgresql", reason="races are run on PostgreSQL, which locks rows"),
    pytest.mark.timeout(600),
]

SAMPLE = """
    SELECT record.id, record.on_hand, record.held, coalesce(sum(hold.quantity), 0) AS holds
    FROM lorikeet_stock_stockrecord record
    LEFT JOIN lorikeet_stock_hold hold ON hold.stock_id = record.id AND hold.state = 'held'
    GROUP BY record.id
"""
OTHERS = """
    SELECT count(*) AS count FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'
"""
#: How many changes each cart is given by the test of carts that are changed in all ways.
CHANGES = 400 if os.environ.get("LORIKEET_SOAK") else 15
DEADLOCKS = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"


@pytest.fixture(autouse=True)
def _open(transactional_db):
    """No throttles; and what a first sale loads is loaded before processes are forked."""
    with override_settings(LORIKEET_THROTTLE_RATES={}):
        assert buy(ready([(BottleLine, make_bottle(1))])) == (200, [])
        clear()
        yield


def ready(lines, token="tok_paid"):
    """Create a cart that lacks nothing and has these ``(model, bottle)``; return the primary key of its user."""
    user = factories.make_user()
    cart = Cart.objects.create(user=user, currency="AUD")
    cart.delivery_address = StreetAddress.objects.create(user=user, cart=cart, **STREET)
    cart.payment_method = PretendCard.objects.create(user=user, cart=cart, token=token)
    cart.save()
    for model, bottle in lines:
        model.objects.create(cart=cart, bottle=bottle)
    return user.pk


def check_out(browser):
    """Return the status, and the codes of the reasons if there are any."""
    response = browser.checkout()
    info = response.json().get("info")
    return response.status_code, sorted({reason["code"] for reason in info}) if info else []


def buy(user):
    return check_out(Browser(Shopper.objects.get(pk=user)))


class Queue:
    """Items that processes share: each takes the next that is not taken yet."""

    def __init__(self, do, items):
        self.do = do
        self.items = items
        self.turn = Value("i", 0)

    def __call__(self, _):
        """Do what is left, and return ``[index, result]`` of each that was done here."""
        done = []
        while (index := self.next()) < len(self.items):
            done.append([index, self.do(self.items[index])])
        return done

    def next(self):
        with self.turn:
            self.turn.value += 1
            return self.turn.value - 1


def share_out(do, items, size):
    """Let ``size`` processes do all of ``items``, and return the results in their order, and samples."""
    with Crowd(size, Queue(do, items)) as crowd, sampled() as samples:
        done = dict(pair for results in crowd.do(None) for pair in results)
    return [done[index] for index in range(len(items))], samples


@contextmanager
def sampled():
    """Give the list of the samples that are taken while the body runs."""
    samples, over = [], threading.Event()
    shop = Shop(connection.settings_dict)

    def sample():
        with closing(shop.connect()) as raw:
            while not over.wait(0.002):
                samples.append(shop.read(raw, SAMPLE))

    thread = threading.Thread(target=sample)
    thread.start()
    try:
        yield samples
    finally:
        over.set()
        thread.join()


def deadlocks():
    """Return how many there were in this database; a process counts its own when it leaves."""
    connections.close_all()
    shop = Shop(connection.settings_dict)
    deadline = time.monotonic() + 20
    while shop.rows(OTHERS)[0]["count"]:
        assert time.monotonic() < deadline, "a process is still connected"
        time.sleep(0.02)
    return shop.rows(DEADLOCKS)[0]["deadlocks"]


def violations(samples, initial):
    """Return what was wrong in any sample, and in the end."""
    rows = [row for sample in samples for row in sample]
    wrong = [row for row in rows if row["held"] != row["holds"] or not 0 <= row["held"] <= row["on_hand"]]
    return [*wrong, *Checker(Shop(connection.settings_dict), {}, stock=(RECORDS, HOLDS, initial)).i5()]


def test_two_hundred_carts_in_thirty_two_processes_buy_the_hundred_pieces_there_are():
    bottle = make_bottle(100)
    users = [ready([(BottleLine, bottle)]) for _ in range(200)]

    answers, samples = share_out(buy, users, 32)

    assert Counter(json.dumps(answer) for answer in answers) == {"[200, []]": 100, '[409, ["out_of_stock"]]': 100}
    assert violations(samples, {bottle.stock_id: 100}) == []
    assert len({row["on_hand"] for sample in samples for row in sample}) > 10
    assert any(row["held"] for sample in samples for row in sample)
    assert StockRecord.objects.values_list("on_hand", "held").get() == (0, 0)
    assert Order.objects.placed().count() == Movement.objects.filter(kind="sale", quantity=-1).count() == 100
    assert Hold.objects.filter(state="consumed", quantity=1).count() == Hold.objects.count() == 100


def test_carts_of_twenty_products_in_random_order_never_wait_for_each_other_in_a_ring():
    chance = random.Random(20)
    bottles = [make_bottle(20) for _ in range(25)]
    baskets = [chance.sample(bottles, 20) for _ in range(40)]
    users = [ready([(BottleLine, bottle) for bottle in basket]) for basket in baskets]
    before = deadlocks()

    answers, samples = share_out(buy, users, 20)

    assert deadlocks() == before
    assert {json.dumps(answer) for answer in answers} == {"[200, []]", '[409, ["out_of_stock"]]'}
    assert violations(samples, {bottle.stock_id: 20 for bottle in bottles}) == []
    left = Counter(dict(StockRecord.objects.values_list("pk", "on_hand")))
    for basket, (status, _) in zip(baskets, answers, strict=True):
        records = {bottle.stock_id for bottle in basket}
        if status == 200:
            left.update(records)
        else:
            assert StockRecord.objects.filter(pk__in=records, on_hand=0).exists()
    assert set(left.values()) == {20}


def test_carts_that_fill_up_with_seats_in_random_order_never_wait_for_each_other_in_a_ring():
    chance = random.Random(10)
    seats = [make_bottle(6) for _ in range(10)]
    tasks = [[ready([]), chance.sample([seat.pk for seat in seats], 10)] for _ in range(16)]
    before = deadlocks()

    def fill(task):
        user, wanted = task
        browser = Browser(Shopper.objects.get(pk=user))
        statuses = []
        for bottle in wanted:
            body = {"type": "SeatLine", "data": {"bottle": bottle}}
            statuses.append(browser.post(NEW_ITEM, body).status_code)
        return [statuses, check_out(browser) if 201 in statuses else None]

    answers, samples = share_out(fill, tasks, 16)

    assert deadlocks() == before
    added = Counter(status for statuses, _ in answers for status in statuses)
    assert added == {201: 60, 409: 100}
    assert {json.dumps(answer) for _, answer in answers} <= {"[200, []]", "null"}
    assert violations(samples, {seat.stock_id: 6 for seat in seats}) == []
    assert set(StockRecord.objects.values_list("on_hand", "held")) == {(0, 0)}
    assert SeatLine.objects.filter(order__state="placed").count() == SeatLine.objects.count() == 60


def scatter(chance, gadgets):
    """Have half of the products be looked for at their last location first."""
    for gadget in chance.sample(gadgets, len(gadgets) // 2):
        for record in StockRecord.objects.filter(object_id=gadget.pk):
            record.position = 10 - record.position
            record.save()


def test_carts_that_are_changed_in_all_ways_at_several_locations_never_wait_in_a_ring(monkeypatch):
    """Lines are added, changed and deleted, and handed back by orders whose card is declined."""
    monkeypatch.setattr(GadgetLine, "stock_policy", Policy.ON_ADD, raising=False)
    chance = random.Random(13)
    gadgets = [make_gadget(Perth=3, Hobart=4, Darwin=2) for _ in range(5)]
    scatter(chance, gadgets)
    initial = dict(StockRecord.objects.values_list("pk", "on_hand"))
    tasks = [[ready([], "tok_declined"), chance.random()] for _ in range(12)]
    before = deadlocks()

    def change(task):
        user, seed = task
        browser, own = Browser(Shopper.objects.get(pk=user)), random.Random(seed)
        return [change_something(browser, own, gadgets) for _ in range(CHANGES)]

    answers, samples = share_out(change, tasks, 12)

    assert {status for statuses in answers for status in statuses} == {200, 201, 204, 409, 422}
    assert deadlocks() == before
    assert violations(samples, initial) == []
    needed = Counter()
    for line in GadgetLine.objects.all():
        needed[line.cart_id] += line.quantity
    assert needed == Counter(dict(held_by_carts()))


def change_something(browser, chance, gadgets):
    """Change a cart in a way that is up to ``chance``, and return the status."""
    urls = [f"/_cart/{pk}/" for pk in GadgetLine.objects.filter(cart__user=browser.user).values_list("pk", flat=True)]
    match chance.choice(["add", "add", "edit", "delete", "check out"]):
        case "edit" if urls:
            return browser.patch(chance.choice(urls), {"quantity": chance.randint(1, 6)}).status_code
        case "delete" if urls:
            return browser.delete(chance.choice(urls)).status_code
        case "check out" if urls:
            return browser.checkout().status_code
    data = {"gadget": chance.choice(gadgets).pk, "quantity": chance.randint(1, 4)}
    return browser.post(NEW_ITEM, {"type": "GadgetLine", "data": data}).status_code


def held_by_carts():
    """Return how many of everything each cart holds."""
    held = Hold.objects.filter(state="held", order=None).order_by()
    return held.values_list("cart").annotate(Sum("quantity"))
