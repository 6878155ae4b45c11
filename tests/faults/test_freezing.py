"""A process stops for longer than its lease while others act, and then goes on as if nothing had happened."""

import pytest
from django.db import connection

from tests.strides import every

from .cases import MEANWHILE, Case, boundaries_of, run

pytestmark = [
    pytest.mark.skipif(connection.vendor == "mysql", reason="boundaries are known of PostgreSQL and SQLite"),
    pytest.mark.timeout(600),
]
CORE = ["exact", "recovery of unpaid"]
OTHERS = [
    "keyed",
    "simple",
    "one call",
    "cancel",
    "transfer",
    "expiry and paid",
    "refund",
    "late money",
    "credit declined",
]
#: Every fourth boundary is struck, on SQLite every fifth; ``make soak`` strikes them all, of every scenario.
STRIDE = every(5 if connection.vendor == "sqlite" else 4)


def freeze(world, name, boundaries):
    """Return what went wrong; recovery, the shopper and both act in turn while the process is frozen."""
    cases = [Case(name, "freeze", b.number, MEANWHILE[b.number % len(MEANWHILE)]) for b in boundaries]
    results = [run(world, case) for case in cases]
    assert results
    return [str(result) for result in results if result.violations]


@pytest.mark.parametrize("name", CORE)
def test_a_process_may_freeze_at_many_boundaries(world, name):
    boundaries = boundaries_of(world, Case(name))

    assert freeze(world, name, boundaries[::STRIDE]) == []


@pytest.mark.parametrize("name", OTHERS)
def test_a_process_may_freeze_at_some_boundaries(world, name):
    boundaries = boundaries_of(world, Case(name))
    sample = [b for b in boundaries if b.kind in {"provider", "commit"}][:: every(4)]

    assert freeze(world, name, sample) == []


def test_a_sale_is_given_up_only_once_its_provider_is_stopped(world):
    boundary = next(b for b in boundaries_of(world, Case("exact")) if (b.moment, b.text) == ("before", "confirm"))

    result = run(world, Case("exact", "freeze", boundary.number, "recovery"))

    assert result.violations == []
    assert [payment["state"] for payment in world.controls.payments()] == ["cancelled"]
    assert world.controls.journal("confirm")[-1]["status"] == 409
    assert world.controls.journal("refund") == []
