#!/usr/bin/env python
"""Measure a cart on Lorikeet beside the same cart written by hand: ``python benchmarks/run.py``.

Both sides run in one process, on one database and behind one stack of middleware. Their requests alternate, in an
order that is drawn anew for every round, so that other load on the machine affects both.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

import django
from django.utils.module_loading import import_string

ROOT = Path(__file__).resolve().parents[1]


def number(text: str) -> int:
    """Read a number above zero."""
    value = int(text)
    if value < 1:
        raise ValueError(text)
    return value


def numbers(text: str) -> list[int]:
    """Read numbers with commas between them, such as ``1,10,100``."""
    return [number(part) for part in text.split(",")]


def parse(arguments: list[str]) -> argparse.Namespace:
    operations = ("get", "add", "checkout")
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=number, default=40, help="how often each request is measured (default: 40)")
    parser.add_argument(
        "--n", type=numbers, default=[1, 10, 100, 500], metavar="N,N", help="lines in the carts (default: 1,10,100,500)"
    )
    parser.add_argument("--only", choices=operations, help="measure one operation")
    parser.add_argument("--profile", choices=operations, help="profile Lorikeet's side of one operation instead")
    parser.add_argument(
        "--clock",
        choices=("wall", "cpu"),
        default="wall",
        help="cpu: only this process's work, on a busy machine",
    )
    parser.add_argument("--database", choices=("postgresql", "sqlite"), default="postgresql")
    return parser.parse_args(arguments)


def main() -> None:
    options = parse(sys.argv[1:])
    sys.path[0] = str(ROOT)
    os.environ["DJANGO_SETTINGS_MODULE"] = "benchmarks.settings"
    os.environ["LORIKEET_BENCHMARK_DATABASE"] = options.database
    django.setup()
    if options.profile:
        import_string("benchmarks.profiles.profile")(options.profile, options.n[-1], options.rounds)
    else:
        import_string("benchmarks.comparisons.compare")(options.only, options.n, options.rounds, options.clock)


if __name__ == "__main__":
    main()
