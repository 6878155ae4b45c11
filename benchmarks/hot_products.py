"""One product that many shoppers want at the same moment, the ways to sell it, and the table of the results."""

from __future__ import annotations

import csv
import os
import platform
import random
import sys
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median, quantiles
from time import monotonic, sleep
from typing import Any

import django
from django.db import transaction
from django.db.models import F

from benchmarks.databases import database, describe, tidy
from lorikeet import __version__
from lorikeet.extensions.stock.holds import consume, reserve
from lorikeet.extensions.stock.models import Hold, Movement, StockRecord
from tests.faults.crowds import Crowd

__all__ = ["WAYS", "compare"]

#: More than any run sells.
PLENTY = 10**9
WARM_UP_SECONDS = 0.2
#: What a shop does between looking at the stock and the end of its transaction, in seconds.
WORK = 0.005
HEADINGS = ("way", "sales/s", "lower quartile", "upper quartile", "ratio", "target")


def take_one(record: StockRecord) -> None:
    taken = StockRecord.objects.filter(pk=record.pk, held__lte=F("on_hand") - 1).update(held=F("held") + 1)
    assert taken == 1


@transaction.atomic
def update(record: StockRecord) -> None:
    """Take one by the bare conditional update, the fastest way there is."""
    take_one(record)


@transaction.atomic
def update_after_work(record: StockRecord) -> None:
    """Do the other work, and then take one."""
    sleep(WORK)
    take_one(record)


@transaction.atomic
def lock(record: StockRecord) -> None:
    """Lock the row, look at it, and take one."""
    assert StockRecord.objects.select_for_update().get(pk=record.pk).available
    take_one(record)


@transaction.atomic
def lock_across_work(record: StockRecord) -> None:
    """Lock the row, look at it, do the other work, and take one."""
    assert StockRecord.objects.select_for_update().get(pk=record.pk).available
    sleep(WORK)
    take_one(record)


def hold(record: StockRecord) -> None:
    """Take one with a row that says for whom."""
    reserve(record, 1)


@transaction.atomic
def hold_after_work(record: StockRecord) -> None:
    """Do the other work, and then take one with a row that says for whom."""
    sleep(WORK)
    reserve(record, 1)


def sell(record: StockRecord) -> None:
    """Take one, and sell it in another transaction, as an order that is paid does."""
    consume([reserve(record, 1)])


@dataclass(frozen=True)
class Way:
    """A way to sell one.

    :param target: the least that the project allows itself, as a fraction of the bare update.
    """

    title: str
    act: Callable[[StockRecord], None]
    target: float | None = None


BARE = "conditional UPDATE"
WAYS = {
    way.title: way
    for way in (
        Way(BARE, update),
        Way("reserve()", hold, 0.5),
        Way("reserve(), then consume()", sell),
        Way("row lock, then the UPDATE", lock),
        Way("5 ms of work, then the UPDATE", update_after_work),
        Way("5 ms of work, then reserve()", hold_after_work),
        Way("row lock across 5 ms of work", lock_across_work),
    )
}


def compare(rounds: int, clients: int, seconds: float, form: str) -> None:
    """Measure each way ``rounds`` times with as many ``clients`` at once, and print the medians."""
    with database():
        record = StockRecord.objects.create()
        StockRecord.objects.filter(pk=record.pk).update(on_hand=PLENTY)
        server = describe()
        with Crowd(clients, work) as crowd:
            run_round(crowd, record, WARM_UP_SECONDS)
            taken = [run_round(crowd, record, seconds) for _ in range(rounds)]
    print(f"Lorikeet {__version__}: one product and {clients} clients, medians of {rounds} interleaved rounds")
    print(
        f"of {seconds:g} s each; {platform.python_implementation()} {platform.python_version()},"
        f" Django {django.get_version()}, {server}, {os.cpu_count()} processors"
    )
    print()
    PRINTERS[form]([row_of(way, taken) for way in WAYS.values()])


def run_round(crowd: Crowd, record: StockRecord, seconds: float) -> dict[str, float]:
    """Run every way once, in a random order; return the sales per second of each."""
    taken = {}
    for title in random.sample(list(WAYS), len(WAYS)):
        Movement.objects.all()._raw_delete("default")
        Hold.objects.all()._raw_delete("default")
        StockRecord.objects.update(on_hand=PLENTY, held=0)
        tidy()
        results = crowd.do([title, record.pk, seconds])
        taken[title] = sum(count / spent for count, spent in results)
    return taken


def work(argument: Any) -> tuple[int, float]:
    """Sell in one way for ``seconds``; return how many were sold, and after how many seconds the last one was."""
    title, pk, seconds = argument
    act, record = WAYS[title].act, StockRecord.objects.get(pk=pk)
    start, count = monotonic(), 0
    while (spent := monotonic() - start) < seconds:
        act(record)
        count += 1
    return count, max(spent, seconds)


def row_of(way: Way, taken: list[dict[str, float]]) -> tuple[str, ...]:
    """Return the cells of one way; its ratio is the median of the ratios of one round each."""
    rates = [each[way.title] for each in taken]
    ratio = median(each[way.title] / each[BARE] for each in taken)
    lower, _, upper = quantiles(rates, method="inclusive") if len(rates) > 1 else rates * 3
    target = "" if way.target is None else f"{way.target:.2f}"
    return way.title, f"{median(rates):.0f}", f"{lower:.0f}", f"{upper:.0f}", f"{ratio:.2f}", target


def print_text(rows: list[tuple[str, ...]]) -> None:
    for row in (HEADINGS, *rows):
        print("{:<32}{:>9}{:>16}{:>16}{:>8}{:>8}".format(*row))


def print_csv(rows: list[tuple[str, ...]]) -> None:
    csv.writer(sys.stdout, lineterminator="\n").writerows([HEADINGS, *rows])


def print_rst(rows: list[tuple[str, ...]]) -> None:
    print(".. list-table::\n   :header-rows: 1\n")
    for row in (HEADINGS, *rows):
        for index, cell in enumerate(row):
            print(f"   {'* -' if index == 0 else '  -'} {cell}".rstrip())


PRINTERS = {"text": print_text, "csv": print_csv, "rst": print_rst}
