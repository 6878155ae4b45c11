"""What a run of several stages tells, and when it fails."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).resolve().parents[1] / "scripts" / "stages.py"

pytestmark = pytest.mark.skipif(not SCRIPT.is_file(), reason="the commands of the checkout are not here")

MAKE = """#!/bin/sh
case $2 in
    bad) exit 2 ;;
    busy) exec python3 -c 'import time
while time.process_time() < 0.2: pass' ;;
    *) echo "===== $2: 3 passed in 1.00s =====" ;;
esac
"""


@pytest.fixture
def stages(tmp_path):
    """Return a function that runs stages: "bad" fails, "busy" takes 0.2 seconds of a processor, any other passes."""
    make = tmp_path / "make"
    make.write_text(MAKE)
    make.chmod(0o700)

    def run(*words):
        command = [sys.executable, str(SCRIPT), *words]
        return subprocess.run(
            command, check=False, capture_output=True, text=True, env={**os.environ, "MAKE": str(make)}
        )

    return run


def outcomes(run):
    """Return how each stage of the table went, and what pytest said in all of them."""
    lines = run.stdout.splitlines()
    table = lines[next(number for number, line in enumerate(lines) if line.startswith("=== stages")) :]
    return {line.split()[0]: line.split()[-1] for line in table if line.endswith(("passed", "FAILED"))}, [
        line for line in table if line.startswith("=====")
    ]


def test_each_stage_is_told_and_what_pytest_said_last_of_all(stages):
    run = stages("one", "two")

    assert run.returncode == 0
    said = ["===== two: 3 passed in 1.00s =====", "===== one: 3 passed in 1.00s ====="]
    assert outcomes(run) == ({"one": "passed", "two": "passed"}, said)


def test_a_stage_that_fails_ends_the_run(stages):
    run = stages("bad", "one")

    assert run.returncode == 1
    assert outcomes(run) == ({"bad": "FAILED"}, [])


def test_a_run_that_keeps_going_fails_in_the_end(stages):
    run = stages("--keep-going", "bad", "one")

    assert run.returncode == 1
    assert outcomes(run)[0] == {"bad": "FAILED", "one": "passed"}


@pytest.mark.parametrize(
    ("budget", "status"),
    [(["--cpu", "60"], 0), (["--cpu", "0.01"], 0), (["--cpu", "0.01", "--tolerance", "1.5"], 1), (["--wall", "0"], 0)],
)
def test_a_run_fails_beyond_the_tolerance_of_its_processor_seconds(stages, budget, status):
    run = stages(*budget, "busy")

    assert run.returncode == status
    assert ("which is too much" in run.stdout) == (budget[1] != "60")
