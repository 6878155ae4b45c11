"""The benchmark runs, and both sides of it give the same answers. What it measures is no test."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
SCRIPT = ROOT / "benchmarks" / "run.py"

pytestmark = pytest.mark.skipif(not SCRIPT.is_file(), reason="the benchmark is not here")


def run(*options):
    """Run the benchmark on SQLite and return the lines it prints."""
    command = [sys.executable, str(SCRIPT), "--rounds", "1", "--n", "1,3", "--database", "sqlite", *options]
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
