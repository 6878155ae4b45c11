"""A process is killed, cut off or frozen while it holds, sells or gives back stock. Afterwards nothing is lost."""

from dataclasses import dataclass

import pytest
from django.db import DatabaseError, connection

from lorikeet import recovery
from lorikeet.extensions.stock.holds import release_expired
from lorikeet.extensions.stock.models import Hold
from tests.faults import databases
from tests.faults.boundaries import Child, applies
from tests.faults.cases import AFTER, MEANWHILE, Case, boundaries_of, run
from tests.faults.databases import impatient, shared_database
from tests.faults.mutants import Mutant, alive
from tests.faults.scenarios import SCENARIOS
from tests.strides import every

from ..goods.models import BottleLine, SeatLine
from .worlds import BUSY, STOCK, StockWorld

pytestmark = [
    pytest.mark.skipif(connection.vendor == "mysql", reason="boundaries are known of PostgreSQL and SQLite"),
    pytest.mark.timeout(600),
]
one_lock = pytest.mark.skipif(
    connection.vendor == "sqlite", reason="there is one lock for all: no process comes in between"
)

#: Every other boundary is struck by each fault, on SQLite every sixth, of every third scenario.
STRIDE = every(6 if connection.vendor == "sqlite" else 2)
CORE = ["stock exact", "stock added"]
OTHERS = [name for name in STOCK if name not in CORE][:: max(1, STRIDE // 2)]
#: How many boundaries are struck of what is not in ``CORE``, evenly spread.
SAMPLE = 2
LOCK = 'SELECT "lorikeet_stock_stockrecord"'
TAKE = 'UPDATE "lorikeet_stock_stockrecord"'
END = 'UPDATE "lorikeet_stock_hold" SET "state"'


@pytest.fixture
def world(transactional_db, provider_server, monkeypatch):
    for scenario in (*STOCK.values(), BUSY):
        monkeypatch.setitem(SCENARIOS, scenario.name, scenario)
    monkeypatch.setitem(databases.MOMENTS, Hold, ("expires_at", "created_at"))
    with shared_database(), StockWorld.open(provider_server) as world:
        yield world


def afterwards(name, acts):
    """Return what may happen after a fault: where a seat is added first, the shopper comes back to do that again."""
    return [act for act in acts if act in {"retry", "return", "shopper"}] if "added" in name else acts


def violations(world, cases):
    found = []
    for case in cases:
        result = run(world, case)
        result.violations += world.found()
        found.append(result)
    assert found
    return [str(result) for result in found if result.violations]


def of_stock(boundary):
    """Tell whether a boundary is one of the extension's, or a commit."""
    return "lorikeet_stock" in boundary.text or boundary.kind == "commit"


@pytest.mark.parametrize("name", STOCK)
def test_all_is_well_without_a_fault(world, name):
    assert violations(world, [Case(name)]) == []


@pytest.mark.parametrize("fault", ["kill", "drop"])
@pytest.mark.parametrize("name", CORE)
def test_all_is_well_after_a_fault_at_any_boundary_of_the_stock(world, name, fault):
    boundaries = [b for b in boundaries_of(world, Case(name)) if of_stock(b) and applies(fault, b)]

    acts = afterwards(name, AFTER)
    first = fault == "drop"
    cases = [Case(name, fault, b.number, acts[b.number % len(acts)]) for b in boundaries[first::STRIDE]]

    assert violations(world, cases) == []


@pytest.mark.parametrize("name", OTHERS)
def test_all_is_well_after_a_fault_at_some_boundaries_of_the_stock(world, name):
    boundaries = [b for b in boundaries_of(world, Case(name)) if of_stock(b)]
    sample = boundaries[OTHERS.index(name) % 3 :: max(1, len(boundaries) // SAMPLE)]

    faults = ("kill", "drop")
    cases = [Case(name, faults[i % 2], b.number, AFTER[b.number % len(AFTER)]) for i, b in enumerate(sample)]

    assert violations(world, cases) == []


@pytest.mark.parametrize("name", ["stock exact", "stock added", "stock declined", "stock recovery of unpaid"])
def test_a_process_may_freeze_at_some_boundaries_of_the_stock(world, name):
    boundaries = [b for b in boundaries_of(world, Case(name)) if of_stock(b)]

    acts = afterwards(name, MEANWHILE)
    cases = [Case(name, "freeze", b.number, acts[b.number % len(acts)]) for b in boundaries[:: 2 * STRIDE]]

    assert violations(world, cases) == []


def between(world, name, text, act, skip=0):
    """Let a process stop before its first statement that begins with ``text``, ``act()``, and let it go on.

    Return what ``act()`` returned, and how the process ended.

    :param skip: how many boundaries later it stops.
    """
    steps = SCENARIOS[name].steps
    at = next(b.number for b in boundaries_of(world, Case(name)) if b.moment == "before" and b.text.startswith(text))
    world.prepare(SCENARIOS[name])
    child = Child(lambda: world.play(steps), at + skip, "freeze")
    assert child.wait().how == "frozen"
    result = act()
    return result, child.thaw()


@one_lock
def test_a_shopper_too_late_for_the_last_bottle_is_answered_409(world):
    (status, _), ended = between(world, "stock exact", LOCK, world.rival)

    assert status == 200
    assert ended.how == "returned"
    ((status, body),) = ended.value
    line = BottleLine.objects.get(cart__isnull=False)
    data = {"item": f"/_cart/{line.pk}/", "asked": 1, "available": 0}
    message = f"{line}: none is left."
    assert status == 409
    assert body["info"] == [{"code": "out_of_stock", "field": "items", "message": message, "data": data}]
    assert world.found() == []


@one_lock
def test_a_seat_that_is_lapsed_and_being_checked_out_is_sold_once(world):
    """The cart's time is over, but its checkout has the hold already and keeps it."""
    (status, body), ended = between(world, "stock lapsed", END, lambda: world.rival(SeatLine))

    assert (status, body["reason"]) == (409, "conflict")
    assert [status for status, _ in ended.value] == [200]
    assert world.found() == []


def test_a_cart_whose_seat_has_lapsed_and_is_sold_is_told_so(world):
    world.prepare(SCENARIOS["stock lapsed"])

    status, _ = world.rival(SeatLine)

    assert status == 200
    world.play(["checkout"])
    status, body = world.answer
    assert status == 409
    assert [reason["code"] for reason in body["info"]] == ["out_of_stock"]
    assert world.found() == []


@dataclass(frozen=True)
class Told:
    """A killer of mutants: a case, and the stock after it."""

    scenario: str

    def __call__(self, world):
        return violations(world, [Case(self.scenario)])


def last_bottle(world):
    """Two shoppers want it, and the process of one stops when it has read that it is there."""

    def rival():
        with impatient():
            world.rival()

    _, ended = between(world, "stock exact", TAKE, rival)
    return [ended.error] if ended.how != "returned" else world.found()


def swept_twice(world):
    """A sweep stops right before it ends a hold, and another sweep comes along."""
    _, ended = between(world, "stock lapsed and swept", END, recovery.tick)
    return [ended.error] if ended.how != "returned" else world.found()


def in_a_ring(world):
    """An order gives back its seat while a sweep releases another whose hold has expired."""

    def sweep():
        with impatient():
            try:
                release_expired()
            except DatabaseError as error:
                connection.close()
                return str(error)
        return ""

    waited, ended = between(world, BUSY.name, TAKE, sweep, skip=2)  # both records are locked
    return [waited or ended.error] if waited or ended.how != "returned" else world.found()


def taken_over(world):
    """Another shopper wants a seat whose hold in a cart has expired."""
    world.prepare(SCENARIOS["stock lapsed"])
    status, body = world.rival(SeatLine)
    return [body] if status != 200 else world.found()


EXTENSION = "lorikeet.extensions.stock"
MUTANTS = {
    mutant.name: mutant
    for mutant in (
        Mutant(
            "what is left is read without a lock",
            ((f"{EXTENSION}.holds.lock", ".select_for_update(no_key=features.has_select_for_no_key_update)", ""),),
            (last_bottle,),
        ),
        Mutant(
            "counters are moved whether or not the hold was",
            (
                (f"{EXTENSION}.holds._held", ".select_for_update(skip_locked=skips)", ""),
                (f"{EXTENSION}.holds._end", "if ended != len(rows)", "if not rows and ended"),
            ),
            (swept_twice,),
        ),
        Mutant(
            "a cancelled order keeps its stock",
            ((f"{EXTENSION}.order_holds.undo", "give_up(Hold.objects.filter(order=order))", "pass"),),
            (Told("stock declined"),),
        ),
        Mutant(
            "a placed order sells nothing",
            ((f"{EXTENSION}.order_holds.finish", "sell(", "print and str("),),
            (Told("stock exact"),),
        ),
        Mutant(
            "what the cart holds is locked after the records",
            ((f"{EXTENSION}.order_holds.undo", "held(cart=order.cart)", "pass"),),
            (in_a_ring,),
        ),
        Mutant(
            "an order does not take over what its cart held",
            ((f"{EXTENSION}.order_holds.hold", "held(cart=contents.cart) if holds_in_carts() else []", "[]"),),
            (Told("stock exact"),),
        ),
        Mutant(
            "a guest's holds are not handed over",
            ((f"{EXTENSION}.cart_holds.hand_over", ".update(cart=cart)", ""),),
            (Told("stock login with a seat"),),
        ),
        Mutant(
            "what a cart has held for too long waits for the sweep",
            ((f"{EXTENSION}.claims.claim", "release_expired(", "print and set("),),
            (taken_over,),
        ),
    )
}
RACES = {last_bottle, swept_twice, in_a_ring}
NAMES = [
    pytest.param(name, marks=[one_lock] if RACES & set(mutant.killers) else []) for name, mutant in MUTANTS.items()
]


@pytest.mark.parametrize("name", NAMES)
def test_the_extension_without_a_guard_is_found_out(world, name):
    mutant = MUTANTS[name]

    with alive(mutant):
        found = [wrong for killer in mutant.killers if (wrong := killer(world))]

    assert found


@pytest.mark.parametrize("name", NAMES)
def test_the_extension_with_the_guard_is_well_in_the_same_cases(world, name):
    assert not any(killer(world) for killer in MUTANTS[name].killers)
