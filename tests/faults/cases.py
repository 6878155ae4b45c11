"""One case: a scenario, a fault at one of its boundaries, what happens afterwards, and whether all is well in the end.

A case has a name, ``scenario/fault/boundary/after``, from which it can be run again; a second fault, in what happens
afterwards, is added as ``+fault/boundary``, and a fault of the provider's goes before all: ``500@confirm:``.
"""

import re
from dataclasses import dataclass, field

from django.db import DatabaseError, connection

from lorikeet import recovery

from .boundaries import Child, applies
from .databases import impatient, pass_time
from .invariants import OPEN, PARKED, Checker, cents
from .scenarios import CREDIT, SCENARIOS

__all__ = ["AFTER", "BESIDE", "MEANWHILE", "Case", "Result", "boundaries_of", "run"]

#: After a process was lost: no client comes back; the client asks again at once; or when its lease has expired.
AFTER = ("leave", "retry", "return")
#: While a process is frozen, and its lease has expired: recovery acts; the client asks again; both, and with a new key.
MEANWHILE = ("recovery", "shopper", "all")
#: While it is frozen and its lease has not expired: the same is asked for again, or a checkout with a new key.
BESIDE = ("beside", "another")
#: Where the name of a case is taken apart.
NAME = re.compile(
    r"(?:(?P<provider>\w+)@(?P<operation>\w+):)?(?P<scenario>[^/]+)"
    r"(?:/(?P<fault>\w+)/(?P<at>\d+)/(?P<after>[\w ]+)(?:\+(?P<fault2>\w+)/(?P<at2>\d+))?)?"
)
#: Provider's faults by which another sum than the agreed one arrives, which is given back.
WRONG = {"wrong_amount", "wrong_currency"}


@dataclass(frozen=True)
class Case:
    """What is to happen; ``again`` is a second ``(fault, boundary)``, ``provider`` a ``(fault, operation)``."""

    scenario: str
    fault: str = ""
    at: int = 0
    after: str = "return"
    again: tuple = ()
    provider: tuple = ()

    def __str__(self):
        text = "{}@{}:".format(*self.provider) if self.provider else ""
        text += f"{self.scenario}/{self.fault}/{self.at}/{self.after}" if self.fault else self.scenario
        return text + ("+{}/{}".format(*self.again) if self.again else "")

    @classmethod
    def parse(cls, name):
        """Return the case that has this name."""
        parts = NAME.fullmatch(name)
        if parts is None or parts["scenario"] not in SCENARIOS:
            raise ValueError(f"{name!r} names no case.")
        return cls(
            parts["scenario"],
            parts["fault"] or "",
            int(parts["at"] or 0),
            parts["after"] or "return",
            (parts["fault2"], int(parts["at2"])) if parts["fault2"] else (),
            (parts["provider"], parts["operation"]) if parts["provider"] else (),
        )

    @property
    def plan(self):
        """What the provider does wrong, or ``None`` for what the scenario says."""
        return {self.provider[1]: [self.provider[0]]} if self.provider else None


@dataclass
class Result:
    """What came of a case: the ``Ended`` of each process, and sentences, one for each violation."""

    case: Case
    ended: list = field(default_factory=list)
    violations: list = field(default_factory=list)

    def __str__(self):
        where = "; ".join(f"{ended.how} at {ended.last}" for ended in self.ended)
        return f"{self.case} ({where}): " + "; ".join(self.violations)


def boundaries_of(world, case):
    """Return the boundaries of a case's scenario without its fault, leaving out those at which the fault is none."""
    scenario = SCENARIOS[case.scenario]
    world.prepare(scenario, case.plan)
    whole = Child(lambda: world.play(scenario.steps)).wait()
    if whole.how != "returned":
        raise RuntimeError(f"Without a fault {case.scenario} {whole.how}: {whole.error}")
    return [boundary for boundary in whole.boundaries if not case.fault or applies(case.fault, boundary)]


def run(world, case):
    """Run a case and return its result."""
    scenario = SCENARIOS[case.scenario]
    result = Result(case)
    world.prepare(scenario, case.plan)
    strike(world, result, scenario.steps, case.fault, case.at, case.after)
    try:
        go_on(world, result)
    except Exception as error:  # noqa: BLE001  (whatever a request or recovery raises then is what is asked here)
        connection.close()
        result.violations.append(f"what happened afterwards raised {type(error).__name__}: {error}")
    if "wrong_account" in case.provider:  # it is never settled: the staff are told, and have to find out
        result.violations = [
            text for text in result.violations if "'unresolved'" not in text and "two passes" not in text
        ]
    return result


def go_on(world, result):
    """Do the steps that follow the fault, and note every violation that is left at the end."""
    before = frozen(world.shop)
    if result.case.fault != "freeze":
        answers = follow(world, result)
    else:
        answers = []
        if "webhook" in world.scenario.steps:
            world.webhook()  # a provider repeats itself until it is answered 200
    result.violations += recover(world)
    result.violations += ask_again(world)
    result.violations += judge(world, result, before, answers)


def strike(world, result, steps, fault, at, meanwhile="recovery"):
    """Do the steps in a process of its own, with its fault, and act beside it while it is frozen."""
    child = Child(lambda: world.play(steps), at if fault else None, fault or "kill")
    ended = child.wait()
    if ended.how == "frozen":
        if ended.last.in_transaction and meanwhile in MEANWHILE and connection.vendor == "postgresql":
            child.cut()
        with impatient():
            result.violations += interfere(world, meanwhile)
        ended = child.thaw()
    result.ended.append(ended)
    last = "".join(ended.error.strip().splitlines()[-1:])
    if ended.how == "raised" and meanwhile == "thief" and "LockBroken" in last:
        return  # the theft was noticed, and nothing was written
    if ended.how in {"raised", "hung"} or (ended.how == "lost" and (not fault or "IntegrityError" in ended.error)):
        result.violations.append(f"the process {ended.how}: {last}")
    for status, body in ended.value or []:
        excused = fault in {"drop", "freeze"} or result.case.provider
        if status >= 500 and not (status == 503 and excused):
            result.violations.append(f"answered {status}: {body}")


def interfere(world, meanwhile):
    """Act for all others while a process is frozen; its locks cannot be had. Yield each violation."""
    scenario = world.scenario
    shopper = [lambda: world.play(again(scenario))]
    acts = {
        "recovery": [wait, recovery.tick, wait, recovery.tick],
        "shopper": [wait, *shopper],
        "all": [wait, recovery.tick, world.checkout_anew, wait, recovery.tick],
        "beside": [lambda: world.play(scenario.steps), recovery.tick],
        "another": [world.checkout_anew],
        "idle": [recovery.tick],
        "shopper uncut": [wait, lambda: world.play(scenario.steps)],
        "forgotten": [wait, world.controls.forget_keys, *shopper],
        "later forgotten": [wait, *shopper, world.controls.forget_keys],
        "at once forgotten": [*shopper, world.controls.forget_keys],
        "thief": [world.steal],
    }
    for act in acts[meanwhile]:
        world.answer = None
        try:
            act()
        except DatabaseError:
            connection.close()
            if connection.vendor == "sqlite":
                return  # its one lock is held: no other process can do anything
        if meanwhile in {"beside", "another"} and world.answer and world.answer[0] not in {200, 202, 503}:
            yield f"a checkout was in flight, and the client is answered {world.answer}"


def follow(world, result):
    """Do the steps that follow the loss of a process, with the second fault if there is one; return the answers."""
    case, scenario = result.case, world.scenario
    if case.after == "return":
        pass_time(minutes=2)
    comes_back = case.after != "leave" or "webhook" in scenario.steps  # a provider repeats itself until it is answered
    steps = again(scenario) if comes_back else ()
    if case.again:
        pass_time(minutes=2)
        strike(world, result, (*steps, "wait", "tick", "wait", "tick"), *case.again)
        return []
    return world.play(steps)


def again(scenario):
    """Return the steps that a client repeats when it does not know their outcome."""
    return scenario.steps if scenario.repeats else ()


def wait():
    pass_time(minutes=2)


def recover(world):
    """Let recovery run, twice and then when every time is up; yield what was not settled within the two passes."""
    for _ in range(2):
        wait()
        recovery.tick()
    found = list(unsettled(world))
    if any(row["state"] in OPEN for row in attempts(world)):
        pass_time(hours=6)
        for _ in range(2):
            recovery.tick()
            wait()
    return found


def attempts(world):
    return world.shop.rows("SELECT * FROM lorikeet_paymentattempt")


def unsettled(world):
    """Yield what is neither settled nor waiting for the shopper or the provider."""
    waiting = {"requires_action", "processing"}
    waits = world.scenario.method == "Transfer" or any(p["state"] in waiting for p in world.controls.payments())
    for row in attempts(world):
        is_parked = row["state"] == "unknown" and row["attention"] == PARKED and world.scenario.parks
        if row["state"] in OPEN and not is_parked and not (row["state"] == "pending" and waits):
            yield f"two passes left {row['kind']} {row['id']} {row['state']} {row['attention']!r}"


def ask_again(world):
    """Yield what is wrong with the answer to the client that asks last of all."""
    if "log_in" in world.scenario.steps:
        return  # whether the guest or the user asks depends on the fault, and a key belongs to one of them
    orders = world.shop.rows("SELECT * FROM lorikeet_order WHERE client_key = 'one'")
    for order in orders:
        world.play(["checkout"])
        status, body = world.answer
        expected = {"placed": 200, "pending": 202, "cancelled": 422}[order["state"]]
        if status != expected or (status == 200 and body["id"] != order["id"]):
            yield f"order {order['id']} is {order['state']}, and the client is answered {status}: {body}"


def judge(world, result, before, answers):
    """Yield every violation that is left when all is over."""
    scenario, case = world.scenario, result.case
    shop, books = world.shop, world.controls.books()
    given = sum(refund["amount"] for refund in books["refunds"] if refund["state"] == "succeeded")
    checker = Checker(
        shop,
        books,
        deliveries=world.deliveries(),
        parked=scenario.parks,
        answer=answers[-1] if answers else None,
        faulted=case.after == "retry",  # the dead process still has its lease
        limits=[("testapp_balance", "left", 0, CREDIT)],
    )
    if scenario.refund is not None:
        checker.refunded = dict.fromkeys(checker.orders, given)
    orders, tries = list(checker.orders.values()), list(checker.attempts.values())
    yield from checker.violations()
    yield from changed(before, frozen(shop))
    yield from lines(shop)
    yield from money(scenario, case, books, tries, world.controls.journal())
    yield from finals(scenario, case, orders, checker.parked_orders())
    if scenario.extra == "credit":
        left = {row["left"] for row in map(numbers, shop.rows("SELECT * FROM testapp_balance"))}
        spent = any(order["state"] != "cancelled" for order in orders)
        if left != {0 if spent else CREDIT}:
            yield f"the credit left is {left}, and the orders are {[order['state'] for order in orders]}"


def numbers(row):
    return {name: type(CREDIT)(str(value)) for name, value in row.items()}


def frozen(shop):
    """Return what must not change of placed orders, but for the day, from which time passes in these tests."""
    return {pk: (order[:10], parts) for pk, (order, parts) in shop.frozen_orders().items()}


def changed(before, after):
    for pk, state in before.items():
        if after.get(pk) != state:
            yield f"the placed order {pk} changed: {state} is now {after.get(pk)}"


def lines(shop):
    """Yield each of the two lines that was lost or doubled."""
    owners = shop.rows(
        "SELECT own.quantity, line.cart_id, line.order_id FROM lorikeet_lineitem line"
        " LEFT JOIN testapp_wineline own ON own.lineitem_ptr_id = line.id"
    )
    if [row["quantity"] for row in owners] != [1, 1] or len({(r["cart_id"], r["order_id"]) for r in owners}) != 1:
        yield f"there were two lines in one place; now there are {owners}"


def money(scenario, case, books, tries, journal):
    """Yield where money moved more often than needed, even if it was given back."""
    paid = [payment for payment in books["payments"] if payment["state"] == "succeeded"]
    given = [refund for refund in books["refunds"] if refund["state"] == "succeeded"]
    if len(paid) > 1 and not scenario.late:
        yield f"the shopper was charged {len(paid)} times"
    ours = sum(cents(row["amount"]) for row in tries if row["kind"] == "refund" and row["state"] == "paid")
    if ours != sum(refund["amount"] for refund in given):
        yield f"refunds of {ours} are recorded, and the provider gave {given}"
    wrong = case.provider and case.provider[0] in WRONG
    owed = scenario.late or scenario.refund is not None or wrong
    if (given or any(row["kind"] == "refund" for row in tries)) and not owed:
        yield f"a refund was needed: {given}"
    if any(call["status"] == 422 for call in journal):
        yield "more was to be refunded than was paid"
    if scenario.refund is not None and [refund["amount"] for refund in given] not in ([], [scenario.refund]):
        yield f"refunded {given} instead of {scenario.refund}"
    yield from (f"{call['operation']} was called twice at once" for call in journal if call["overlap"])


def finals(scenario, case, orders, parked):
    """Yield an order that is in a wrong state at the end, after the shopper came back."""
    live = not case.again and (not case.fault or case.after in {"return", "shopper", "beside", "idle"})
    if scenario.parks and parked:
        if any(order["slot_id"] for order in orders if order["id"] in parked):
            yield "a parked payment keeps the cart busy"
        return
    if live and not case.provider and {order["state"] for order in orders} - set(scenario.final):
        yield f"the orders are {[order['state'] for order in orders]}, expected {scenario.final}"
    if live and not orders:
        yield "there is no order, though the shopper came back"
