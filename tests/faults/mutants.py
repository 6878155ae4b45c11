"""The library with one guard taken out, and the cases in which that shows.

A mutant is a change of a few words in the source of a function, whose code is replaced while the mutant lives. Some
guards cover others: where one is covered by the next, the case is the one in which only the first can help, or the
mutant takes out both.
"""

import __future__

import ast
import inspect
import textwrap
from contextlib import contextmanager
from dataclasses import dataclass

from django.db import DatabaseError
from django.utils.module_loading import import_string

from .cases import Case, boundaries_of, run

__all__ = ["MUTANTS", "Killer", "Mutant", "Pair", "alive"]

CONFIRM = ("before", "confirm")
CHARGE = ("before", "charge")
NEW_ORDER = ("before", 'INSERT INTO "lorikeet_order"')
NEW_REFUND = ("before", 'INSERT INTO "lorikeet_paymentattempt"')
KEEP_REFERENCE = ("before", 'UPDATE "lorikeet_paymentattempt" SET "reference"')
TAKE_LEASE = ("before", 'UPDATE "lorikeet_paymentattempt" SET "lease"')
LAST_COMMIT = ("after", "COMMIT")


@dataclass(frozen=True)
class Killer:
    """A case that tells a mutant: its fault strikes at the boundary ``at``, ``(moment, how its text begins)``.

    ``last`` is whether it is the last such boundary rather than the first.
    """

    scenario: str
    fault: str = ""
    at: tuple = ()
    after: str = "return"
    provider: tuple = ()
    last: bool = False

    def run(self, world):
        """Return what went wrong; ``None`` if there is no such boundary."""
        case = Case(self.scenario, self.fault, 0, self.after, provider=self.provider)
        if not self.fault:
            return run(world, case).violations
        moment, text = self.at
        found = [b.number for b in boundaries_of(world, case) if b.moment == moment and b.text.startswith(text)]
        if not found:
            return None
        number = found[-1 if self.last else 0]
        return run(world, Case(self.scenario, self.fault, number, self.after, provider=self.provider)).violations


@dataclass(frozen=True)
class Mutant:
    """A guard taken out: ``changes`` are ``(function, words, other words)``."""

    name: str
    changes: tuple
    killers: tuple


@dataclass(frozen=True)
class Pair:
    """Two guards taken out at once, which must not hide each other."""

    mutants: tuple

    def __str__(self):
        return " & ".join(mutant.name for mutant in self.mutants)

    @property
    def is_possible(self):
        """Whether the two do not change the same words."""
        try:
            with alive(*self.mutants):
                return True
        except LookupError:
            return False

    def run(self, world):
        """Return what is wrong with it: that no case tells it from the library."""
        with alive(*self.mutants):
            for mutant in self.mutants:
                for killer in mutant.killers:
                    try:
                        found = killer.run(world)
                    except (DatabaseError, RuntimeError):  # it does not even work without a fault
                        found = True
                    if found:
                        return []
        return ["no case tells it from the library"]


@contextmanager
def alive(*mutants):
    """Let the library be so: replace words in the source of functions, each of which must be there once."""
    sources = {}
    for mutant in mutants:
        for name, words, others in mutant.changes:
            function = inspect.unwrap(find(name))
            source = sources.get(function) or textwrap.dedent(inspect.getsource(function))
            if source.count(words) != 1:
                raise LookupError(f"{words!r} is in {name} {source.count(words)} times.")
            sources[function] = source.replace(words, others)
    before = {function: function.__code__ for function in sources}
    try:
        for function, source in sources.items():
            function.__code__ = compiled(function, source)
        yield
    finally:
        for function, code in before.items():
            function.__code__ = code


def compiled(function, source):
    """Return the code of a function with another source; its decorators stay as they are."""
    tree = ast.parse(source)
    tree.body[0].decorator_list = []
    code = compile(tree, "<mutant>", "exec", flags=__future__.annotations.compiler_flag)
    namespace = {}
    exec(code, function.__globals__, namespace)  # noqa: S102  (the words are those below)
    return namespace[function.__name__].__code__


def find(name):
    """Return a function by its dotted path, or a method by its class's."""
    try:
        return import_string(name)
    except ImportError:
        owner, _, method = name.rpartition(".")
        return getattr(import_string(owner), method)


MOVE = "rows = PaymentAttempt.objects.filter(pk=attempt.pk, state__in=states)"
CLAIM = "if not PaymentAttempt.objects.filter(CLAIMABLE, free, pk=pk)"
IGNORE_LEASE = ("lorikeet.sale.leases.claim", "filter(CLAIMABLE, free, pk=pk)", "filter(CLAIMABLE, pk=pk)")
LOCK_ORDER = 'Order.objects.filter(pk=pk).update(state=F("state"))\n'

MUTANTS = {
    mutant.name: mutant
    for mutant in (
        Mutant(
            "no cart lock",
            (("lorikeet.cart.locks.lock", '.update(seq=F("seq") + 1, updated_at=now(), **known)', ".exists()"),),
            (Killer("exact", "freeze", NEW_ORDER, "beside"),),
        ),
        Mutant(
            "SETTLE is not conditional",
            (("lorikeet.sale.settle._move_on", ", state__in=states", ""),),
            (Killer("exact", "freeze", ("after", "confirm"), "recovery"),),
        ),
        Mutant(
            "SETTLE reads, then updates, without the lock of the order",
            (
                (
                    "lorikeet.sale.settle._move_on",
                    MOVE,
                    MOVE + "\n    rows = PaymentAttempt.objects.filter(pk=attempt.pk) if rows.exists() else rows",
                ),
                ("lorikeet.sale.settle._lock_order", LOCK_ORDER, "pass\n"),
            ),
            (
                Killer(
                    "late money",
                    "freeze",
                    ("before", 'UPDATE "lorikeet_paymentattempt" SET "open_for_id"'),
                    "shopper uncut",
                ),
            ),
        ),
        Mutant(
            "the lease is read, then taken",
            (
                (
                    "lorikeet.sale.leases.claim",
                    CLAIM,
                    f"{CLAIM}.exists() or not PaymentAttempt.objects.filter(pk=pk)",
                ),
            ),
            (Killer("recovery of keyed", "freeze", TAKE_LEASE, "later forgotten"),),
        ),
        Mutant("leases are ignored", (IGNORE_LEASE,), (Killer("keyed", "freeze", CHARGE, "at once forgotten"),)),
        Mutant(
            "recovery needs no lease",
            (
                IGNORE_LEASE,
                (
                    "lorikeet.sale.leases.due",
                    "CLAIMABLE & (",
                    "CLAIMABLE | (",
                ),
            ),
            (Killer("exact", "freeze", CONFIRM, "idle"),),
        ),
        Mutant(
            "a reference is saved without the lease",
            (("lorikeet.orders._save_reference", ", lease=attempt.lease, lease__isnull=False", ""),),
            (Killer("exact", "freeze", KEEP_REFERENCE, "forgotten"),),
        ),
        Mutant(
            "a timeout is a decline",
            (
                (
                    "lorikeet.sale.ask._read",
                    "attempt.key)\n    return nothing",
                    "attempt.key)\n    return Refused({})",
                ),
            ),
            (Killer("simple", provider=("timeout_after", "charge")),),
        ),
        Mutant(
            "no fence",
            (("lorikeet.sale.ask.stop", "method = method_of(attempt)", "return refusal"),),
            (Killer("exact", "freeze", CONFIRM, "recovery"),),
        ),
        Mutant(
            "an order expires without a fence",
            (
                (
                    "lorikeet.payments._look",
                    'stop(attempt, outcome, Refused(info, "expired"))',
                    'Refused(info, "expired")',
                ),
            ),
            (Killer("expiry, then paid"),),
        ),
        Mutant(
            "a new key for the same payment",
            (
                (
                    "lorikeet.models.PaymentMethod.check_payment",
                    "return self.start_payment(attempt)",
                    "type(attempt).objects.update(key=__import__('uuid').uuid4()); return self.start_payment(attempt)",
                ),
            ),
            (Killer("recovery of keyed"),),
        ),
        Mutant(
            "an unknowable outcome is retried",
            (
                (
                    "lorikeet.models.PaymentMethod.check_payment",
                    "return Unknown(can_be_asked=False)",
                    "return self.start_payment(attempt)",
                ),
            ),
            (Killer("simple", "freeze", ("after", "charge"), "forgotten"),),
        ),
        Mutant(
            "late money is dropped",
            (("lorikeet.sale.settle._receive", "(*PaymentAttempt.OPEN, State.FAILED)", "PaymentAttempt.OPEN"),),
            (Killer("late money"),),
        ),
        Mutant(
            "late money is a sale",
            (
                (
                    "lorikeet.sale.settle._receive",
                    'order.is_pending and _move_on(attempt, moment, attention="", check_at=None, **facts)',
                    "_move_on(attempt, moment, (*PaymentAttempt.OPEN, State.FAILED), check_at=None, **facts)",
                ),
            ),
            (Killer("late money"),),
        ),
        Mutant(
            "amounts are not compared",
            (
                (
                    "lorikeet.sale.settle._receive",
                    "(paid.amount, paid.currency) == (attempt.amount, attempt.currency)",
                    "True",
                ),
            ),
            (Killer("exact", provider=("wrong_amount", "confirm")),),
        ),
        Mutant(
            "the slot is not checked",
            (("lorikeet.sale.prepare._earlier", "Q(slot=cart_id)", "Q(pk=None)"),),
            (Killer("exact", "freeze", CONFIRM, "another"),),
        ),
        Mutant(
            "the client's key is not looked up",
            (("lorikeet.sale.prepare._earlier", "known |= Q(cart=cart_id, client_key=terms.key)", "pass"),),
            (Killer("exact", "kill", LAST_COMMIT, last=True),),
        ),
        Mutant(
            "lines are not counted",
            (("lorikeet.sale.prepare._move_rows", "!= len(rows)", "< 0"),),
            (Killer("exact", "freeze", NEW_ORDER, "thief"),),
        ),
        Mutant(
            "lines are not handed back",
            (
                (
                    "lorikeet.sale.settle.cancel_order",
                    'hand_back(order, _call(order, "undo_checkout"))',
                    '_call(order, "undo_checkout")',
                ),
            ),
            (Killer("declined"),),
        ),
        Mutant(
            "what was taken is not given back",
            (("lorikeet.sale.settle.cancel_order", '_call(order, "undo_checkout")', '_rows(order, "undo_checkout")'),),
            (Killer("credit declined"),),
        ),
        Mutant(
            "a parked payment keeps the slot",
            (("lorikeet.sale.settle._park", "Order.objects.filter(pk=order.pk).update(slot=None)", "pass"),),
            (Killer("recovery of simple"),),
        ),
        Mutant(
            "a signal that was lost stays lost",
            (
                ("lorikeet.sale.sweeps.notify_missed", "orders = list(", "orders = [] and list("),
                ("lorikeet.sale.notifications.is_overdue", "return order.purchased_on is not None", "return False"),
            ),
            (Killer("exact", "kill", LAST_COMMIT, "leave", last=True),),
        ),
        Mutant(
            "refunds are not added up",
            (("lorikeet.refunds._left", "charge.amount - given", "charge.amount"),),
            (Killer("refund twice"),),
        ),
        Mutant(
            "a refund takes no lock",
            (("lorikeet.refunds._owe", 'Order.objects.filter(pk=order_id).update(state=F("state"))', "pass"),),
            (Killer("refund", "freeze", NEW_REFUND, "beside"),),
        ),
    )
}
