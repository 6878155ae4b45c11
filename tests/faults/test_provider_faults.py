"""The provider declines, is silent before or after it acted, fails, is busy, wants a step, or takes a wrong sum."""

import pytest
from django.db import connection

from lorikeet.models import Order, PaymentAttempt
from tests.strides import every

from .cases import AFTER, Case, boundaries_of, run
from .provider_faults import CASES, ENDS

pytestmark = [
    pytest.mark.skipif(connection.vendor == "mysql", reason="boundaries are known of PostgreSQL and SQLite"),
    pytest.mark.timeout(600),
]


#: SQLite has them all, since what the database is matters little to them; the others every fourth at most.
TRIED = CASES[:: max(every(), 1 if connection.vendor == "sqlite" else 4)]


@pytest.mark.parametrize("case", TRIED, ids=str)
def test_whatever_the_provider_does_all_is_well_in_the_end(world, case):
    result = run(world, case)

    assert result.violations == []
    if ENDS[case] is not None:
        assert tuple(Order.objects.values_list("state", flat=True)) == ENDS[case]


@pytest.mark.parametrize(
    "name", ["timeout_after@confirm:exact", "timeout_after@charge:simple", "wrong_amount@confirm:exact"]
)
def test_the_shop_may_die_too(world, name):
    """Around each call of the provider and each COMMIT; ``make soak`` takes every boundary of every such case."""
    case = Case.parse(name)
    deaths = [
        b.number
        for b in boundaries_of(world, case)
        if (b.kind, b.moment) in {("provider", "after"), ("commit", "after")}
    ][:: every()]

    results = [
        run(world, Case(case.scenario, "kill", at, AFTER[at % len(AFTER)], provider=case.provider)) for at in deaths
    ]

    assert [str(result) for result in results if result.violations] == []


@pytest.mark.parametrize(
    "fault, operation, attention",
    [
        ("wrong_amount", "confirm", "wrong amount"),
        ("wrong_currency", "confirm", "wrong amount"),
        ("wrong_account", "confirm", "unresolved"),
    ],
)
def test_the_staff_are_told_of_money_that_is_not_as_agreed(world, fault, operation, attention):
    run(world, Case("exact", provider=(fault, operation)))

    assert PaymentAttempt.objects.get(kind="charge").attention == attention


@pytest.mark.parametrize(
    "name", ["timeout_after@charge:simple", "500_after@charge:simple", "timeout_before@charge:simple"]
)
def test_an_unknowable_outcome_is_left_to_the_staff_and_never_retried(world, name):
    run(world, Case.parse(name))

    attempt = PaymentAttempt.objects.get()
    assert (attempt.state, attempt.attention, attempt.order.state) == ("unknown", "outcome unknown", "pending")
    assert len(world.controls.journal("charge")) == 1
