"""The examples and the code of the how-to guides run, in a host with settings of its own."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

HOST = Path(__file__).parent / "host"
SUITES_OWN = ("PYTEST_", "COV_CORE_", "DJANGO_SETTINGS_MODULE")


@pytest.mark.timeout(900)  # a suite is a test here
@pytest.mark.skipif(
    os.environ.get("LORIKEET_TEST_DATABASE", "sqlite") != "sqlite", reason="the documentation's shop runs on SQLite"
)
def test_the_shop_of_the_documentation_passes_its_own_suite():
    environment = {name: value for name, value in os.environ.items() if not name.startswith(SUITES_OWN)}

    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-q", HOST],
        check=False,
        capture_output=True,
        text=True,
        cwd=HOST.parents[2],
        env=environment,
    )

    assert run.returncode == 0, run.stdout + run.stderr
