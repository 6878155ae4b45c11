"""A soak says what it did not try."""

import subprocess
import sys
from argparse import Namespace

import pytest

from . import soak

DONE = '{"technique": "single", "cases": 3, "bad": 0, "seconds": 1}'


@pytest.fixture
def workers(monkeypatch):
    """Return a function that soaks with two workers, of which the second runs the given Python besides."""

    def run(code):
        def start(options, database, number):
            text = f"print('{DONE}'); {code if number else ''}"
            return subprocess.Popen([sys.executable, "-c", text], stdout=subprocess.PIPE, text=True)

        monkeypatch.setattr(soak, "start", start)
        return soak.soak(Namespace(databases=["sqlite"], techniques=["single"], workers=2, seed=1))

    return run


def test_workers_that_come_to_their_end_are_added_up(workers, capsys):
    failed = workers("pass")

    assert not failed
    assert capsys.readouterr().out == "sqlite     single   seed 1: 6 cases, 0 violations, 1 seconds\n"


def test_a_worker_that_dies_is_a_failure_that_is_told(workers, capsys):
    failed = workers("raise SystemExit(1)")

    assert failed
    assert capsys.readouterr().out.splitlines() == [
        "sqlite     single   seed 1: 3 cases, 0 violations, 1 seconds",
        "sqlite     1 of 2 workers died: what they left out was not tried",
    ]
