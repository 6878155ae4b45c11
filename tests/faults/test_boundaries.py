"""A process is killed, or loses its database, at each boundary of a sale. Afterwards all is well."""

import pytest
from django.db import connection

from tests.strides import every

from .boundaries import applies
from .cases import AFTER, Case, boundaries_of, run
from .scenarios import SCENARIOS

pytestmark = [
    pytest.mark.skipif(connection.vendor == "mysql", reason="boundaries are known of PostgreSQL and SQLite"),
    pytest.mark.timeout(600),
]
CORE = [name for name, scenario in SCENARIOS.items() if scenario.core]
OTHERS = [name for name in SCENARIOS if name not in CORE]
#: On SQLite every fifth boundary is struck; ``make soak`` strikes them all.
STRIDE = every(5 if connection.vendor == "sqlite" else 1)
#: How many boundaries are struck of what is not in ``CORE``, evenly spread.
SAMPLE = 2


def sweep(world, name, fault, boundaries):
    """Return the violations; each continuation in ``AFTER`` has its turn."""
    cases = [Case(name, fault, b.number, AFTER[b.number % len(AFTER)]) for b in boundaries if applies(fault, b)]
    results = [run(world, case) for case in cases]
    assert results
    return [str(result) for result in results if result.violations]


@pytest.mark.parametrize("name", [*SCENARIOS][:: every()])
def test_all_is_well_without_a_fault(world, name):
    result = run(world, Case(name))

    assert result.violations == []


@pytest.mark.parametrize("fault", ["kill", "drop"])
@pytest.mark.parametrize("name", CORE)
def test_all_is_well_after_a_fault_at_any_boundary(world, name, fault):
    boundaries = boundaries_of(world, Case(name))

    assert sweep(world, name, fault, boundaries[::STRIDE]) == []


@pytest.mark.parametrize("name", OTHERS[:: every()])
def test_all_is_well_after_a_fault_at_some_boundaries(world, name):
    boundaries = boundaries_of(world, Case(name))
    sample = [b for b in boundaries if applies("drop", b)][OTHERS.index(name) % 7 :: len(boundaries) // SAMPLE]

    bad = sweep(world, name, "kill", sample[::2]) + sweep(world, name, "drop", sample[1::2])

    assert bad == []


def test_a_process_may_die_anywhere_in_the_recovery_from_another_death(world):
    boundaries = boundaries_of(world, Case("exact"))
    deaths = [b.number for b in boundaries if (b.kind, b.moment) == ("provider", "after")]

    results = [
        run(world, Case("exact", "kill", at, "return", again=("kill", second)))
        for at in deaths
        for second in range(3, 60, 6 * STRIDE)
    ]

    assert [str(result) for result in results if result.violations] == []
