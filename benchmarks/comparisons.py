"""One interleaved run of both sides, and the table that comes of it."""

from __future__ import annotations

import platform
import random
from dataclasses import dataclass
from statistics import median, quantiles

import django
import rest_framework

from benchmarks.cases import Case, make_cases
from benchmarks.databases import database, describe, tidy
from benchmarks.sides import SIDES
from lorikeet import __version__

__all__ = ["compare"]

WARM_UP_ROUNDS = 3
TITLES = {"get": "GET /_cart/", "add": "POST /_cart/new/", "checkout": "POST /_cart/checkout/"}
#: The most that the project allows itself, as a multiple of the floor, by operation and lines (any if not named).
TARGETS = {("get", 100): 1.5, ("get", 500): 2.0, ("add", None): 1.7, ("checkout", None): 3.0}
ROW = "{:<22}{:<10}{:>5}{:>10}{:>9}{:>7}  {:<11}{:>6}{:>10}{:>7}"


@dataclass(frozen=True)
class Result:
    """What one case took on each side: seconds by round, and SQL statements."""

    case: Case
    seconds: list[dict[str, float]]
    statements: dict[str, int]

    def milliseconds(self, side: str) -> float:
        """Return the median of what one side took."""
        return median(taken[side] for taken in self.seconds) * 1000

    @property
    def ratios(self) -> list[float]:
        """The lower quartile, the median and the upper quartile of the ratios of one round each.

        The two requests of a round follow each other, so that other load on the machine hardly changes their ratio.
        """
        ratios = [taken["Lorikeet"] / taken["floor"] for taken in self.seconds]
        return quantiles(ratios, method="inclusive") if len(ratios) > 1 else ratios * 3

    @property
    def target(self) -> float | None:
        operation, lines = self.case.operation, self.case.lines
        return TARGETS.get((operation, lines), TARGETS.get((operation, None)))


def compare(operation: str | None, sizes: list[int], rounds: int, clock: str) -> None:
    """Measure each case ``rounds`` times on each side and print the medians."""
    with database():
        cases = make_cases(operation, sizes, clock)
        for case in cases:
            case.check()
        statements = [{side: case.count(side) for side in SIDES} for case in cases]
        for _ in range(WARM_UP_ROUNDS):
            run_round(cases)
        taken = [run_round(cases) for _ in range(rounds)]
        print_header(rounds, clock)
    for index, case in enumerate(cases):
        print_row(Result(case, [one[index] for one in taken], statements[index]))


def run_round(cases: list[Case]) -> list[dict[str, float]]:
    """Run every case once on each side, in a random order; return the seconds in the order of ``cases``."""
    tidy()
    taken: list[dict[str, float]] = [{} for _ in cases]
    for index in random.sample(range(len(cases)), len(cases)):
        for side in random.sample(list(SIDES), len(SIDES)):
            taken[index][side] = cases[index].ask(side).seconds
    return taken


def print_header(rounds: int, clock: str) -> None:
    parts = [
        f"{platform.python_implementation()} {platform.python_version()}",
        f"Django {django.get_version()}",
        f"Django REST framework {rest_framework.VERSION}",
        describe(),
    ]
    print(f"Lorikeet {__version__} beside a hand-written floor: medians of {rounds} interleaved rounds, {clock} clock")
    print(", ".join(parts))
    print()
    print(ROW.format("", "", "", "Lorikeet", "floor", "", "", "", "statements", "").rstrip())
    print(ROW.format("request", "shopper", "lines", "ms", "ms", "ratio", "quartiles", "target", "Lorikeet", "floor"))


def print_row(result: Result) -> None:
    case = result.case
    lower, ratio, upper = result.ratios
    print(
        ROW.format(
            TITLES[case.operation],
            case.shopper,
            case.lines,
            f"{result.milliseconds('Lorikeet'):.2f}",
            f"{result.milliseconds('floor'):.2f}",
            f"{ratio:.2f}",
            f"{lower:.2f}-{upper:.2f}",
            "" if result.target is None else f"{result.target:.1f}",
            result.statements["Lorikeet"],
            result.statements["floor"],
        )
    )
