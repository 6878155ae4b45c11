"""The benchmark runs, and both sides of it give the same answers. What it measures is no test."""

import csv
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
SCRIPT = ROOT / "benchmarks" / "run.py"
STOCK_SCRIPT = ROOT / "benchmarks" / "run_stock.py"

pytestmark = pytest.mark.skipif(not SCRIPT.is_file(), reason="the benchmark is not here")


def run(*options):
    """Run the benchmark on SQLite and return the lines it prints."""
    return printed_by(SCRIPT, "--rounds", "1", "--n", "1,3", *options)


def run_stock(*options):
    """Run the benchmark of stock on SQLite, with two processes for a moment, and return the lines it prints."""
    return printed_by(STOCK_SCRIPT, "--rounds", "1", "--clients", "2", "--seconds", "0.05", *options)


def printed_by(script, *options):
    command = [sys.executable, str(script), "--database", "sqlite", *options]
    finished = subprocess.run(command, check=False, capture_output=True, text=True, cwd=ROOT)
    assert finished.returncode == 0, finished.stderr
    return finished.stdout.splitlines()


def test_the_benchmark_prints_a_row_for_every_request_shopper_and_number_of_lines():
    lines = run()

    title, versions, _, _, heading, *rows = lines
    assert title.startswith("Lorikeet ")
    assert title.endswith("medians of 1 interleaved rounds, wall clock")
    assert "Django REST framework" in versions
    assert heading.split() == [
        "request",
        "shopper",
        "lines",
        "ms",
        "ms",
        "ratio",
        "quartiles",
        "target",
        "Lorikeet",
        "floor",
    ]
    assert [row[:37].split() for row in rows] == [
        ["GET", "/_cart/", "signed", "in", "1"],
        ["GET", "/_cart/", "signed", "in", "3"],
        ["GET", "/_cart/", "guest", "1"],
        ["GET", "/_cart/", "guest", "3"],
        ["POST", "/_cart/new/", "signed", "in", "1"],
        ["POST", "/_cart/new/", "signed", "in", "3"],
        ["POST", "/_cart/checkout/", "signed", "in", "1"],
        ["POST", "/_cart/checkout/", "signed", "in", "3"],
    ]


def test_the_ratio_is_that_of_the_times_and_a_target_is_named_where_there_is_one():
    rows = [row[37:].split() for row in run("--only", "checkout", "--clock", "cpu")[5:]]

    assert len(rows) == 2
    for lorikeet, floor, ratio, _, target, *_ in rows:
        assert float(ratio) == pytest.approx(float(lorikeet) / float(floor), rel=0.05)
        assert target == "3.0"


def test_a_profile_names_the_functions_of_the_package():
    lines = run("--profile", "add")

    assert lines[0] == "add (signed in, 3 lines), 1 times"
    assert any("api_views.py" in line for line in lines)


def test_the_benchmark_of_stock_prints_a_row_for_every_way_to_sell():
    title, versions, _, heading, *rows = run_stock()

    assert title.endswith("one product and 2 clients, medians of 1 interleaved rounds")
    assert "SQLite" in versions
    assert heading.split("  ")[0] == "way"
    assert [row[:32].strip() for row in rows] == [
        "conditional UPDATE",
        "reserve()",
        "reserve(), then consume()",
        "row lock, then the UPDATE",
        "5 ms of work, then the UPDATE",
        "5 ms of work, then reserve()",
        "row lock across 5 ms of work",
    ]


def test_the_ratio_is_that_of_the_sales_to_the_bare_updates():
    rows = list(csv.DictReader(run_stock("--format", "csv")[3:]))

    bare = float(rows[0]["sales/s"])
    assert bare > 0
    assert [float(row["ratio"]) for row in rows] == pytest.approx(
        [float(row["sales/s"]) / bare for row in rows], abs=0.1, rel=0.1
    )
    assert {row["way"]: row["target"] for row in rows if row["target"]} == {"reserve()": "0.50"}


def test_the_table_of_stock_is_printed_for_the_docs_too():
    lines = run_stock("--format", "rst")

    assert lines[3:6] == [".. list-table::", "   :header-rows: 1", ""]
    assert [line for line in lines if line.startswith("   * - ")][1] == "   * - conditional UPDATE"
