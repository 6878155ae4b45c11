"""Where Lorikeet's side of a request spends its time."""

from __future__ import annotations

import cProfile
import pstats

from benchmarks.browsers import Answer
from benchmarks.cases import make_cases
from benchmarks.databases import database, tidy

__all__ = ["profile"]

FUNCTIONS = 40


def profile(operation: str, size: int, rounds: int) -> None:
    """Profile a signed-in shopper's request with ``size`` lines, ``rounds`` times, and print its dearest functions."""
    profiler = cProfile.Profile()
    with database():
        case = make_cases(operation, [size])[0]
        case.ask("Lorikeet")
        tidy()

        def send(*request: object) -> Answer:
            return case.browser.send(*request, watch=profiler)  # type: ignore[arg-type]

        for _ in range(rounds):
            case.ask("Lorikeet", send)
    print(f"{case}, {rounds} times")
    stats = pstats.Stats(profiler).strip_dirs()
    stats.sort_stats("tottime").print_stats(FUNCTIONS)
    stats.sort_stats("cumulative").print_stats(FUNCTIONS)
