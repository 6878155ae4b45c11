"""Every guard is needed: without it, a case that is well otherwise goes wrong."""

import pytest
from django.db import connection

from tests.strides import every

from .mutants import MUTANTS, Pair, alive

pytestmark = [
    pytest.mark.skipif(
        connection.vendor != "postgresql", reason="guards replace each other where there is one lock for all"
    ),
    pytest.mark.timeout(600),
]


@pytest.mark.parametrize("name", MUTANTS)
def test_the_library_without_a_guard_is_found_out(world, name):
    mutant = MUTANTS[name]

    with alive(mutant):
        found = [violations for killer in mutant.killers if (violations := killer.run(world))]

    assert found


@pytest.mark.parametrize("name", [*MUTANTS][:: every()])
def test_the_library_with_the_guard_is_well_in_the_same_cases(world, name):
    found = [killer.run(world) for killer in MUTANTS[name].killers]

    assert not any(found)


def test_guards_whose_loss_ends_in_an_error_are_found_out(world):
    """A sale that is given up has its lines back and is asked for again under its key, which the database refuses."""
    pair = Pair((MUTANTS["a timeout is a decline"], MUTANTS["the client's key is not looked up"]))

    assert pair.run(world) == []
