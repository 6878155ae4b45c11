#!/usr/bin/env python
"""Measure how many units of one product in demand can be sold a second: ``python benchmarks/run_stock.py``.

Every way of selling it is tried by the same processes, each with a connection of its own. The ways alternate, in an
order that is drawn anew for every round, so that other load on the machine affects all of them.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

import django
from django.utils.module_loading import import_string

ROOT = Path(__file__).resolve().parents[1]


def parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=20, help="how often each way is measured (default: 20)")
    parser.add_argument("--clients", type=int, default=32, help="processes that sell at once (default: 32)")
    parser.add_argument("--seconds", type=float, default=1.0, help="seconds of each measurement (default: 1)")
    parser.add_argument("--format", choices=("text", "csv", "rst"), default="text", help="of the table")
    parser.add_argument("--database", choices=("postgresql", "sqlite"), default="postgresql")
    return parser.parse_args(arguments)


def main() -> None:
    options = parse(sys.argv[1:])
    sys.path[0] = str(ROOT)
    os.environ["DJANGO_SETTINGS_MODULE"] = "benchmarks.stock_settings"
    os.environ["LORIKEET_BENCHMARK_DATABASE"] = options.database
    django.setup()
    compare = import_string("benchmarks.hot_products.compare")
    compare(options.rounds, options.clients, options.seconds, options.format)


if __name__ == "__main__":
    main()
