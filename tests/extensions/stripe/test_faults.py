"""A process is killed, cut off or frozen while Stripe is paid, or Stripe does not answer. Afterwards all is well."""

import pytest
from django.db import connection
from django.test import override_settings

from lorikeet.testing.stripe import FakeStripeServer
from tests.faults.boundaries import applies
from tests.faults.cases import AFTER, MEANWHILE, Case, boundaries_of, run
from tests.faults.databases import shared_database
from tests.faults.scenarios import SCENARIOS
from tests.strides import every

from .worlds import STRIPE, StripeWorld

pytestmark = [
    pytest.mark.skipif(connection.vendor == "mysql", reason="boundaries are known of PostgreSQL and SQLite"),
    pytest.mark.timeout(600),
]
#: On SQLite every fourth boundary is struck, of every fourth scenario.
STRIDE = every(4 if connection.vendor == "sqlite" else 1)
OTHERS = [name for name in STRIPE if name != "Stripe exact"][::STRIDE]


@pytest.fixture(scope="module")
def server():
    with FakeStripeServer(process=True) as server:
        yield server


@pytest.fixture
def world(transactional_db, server, monkeypatch):
    for name, scenario in STRIPE.items():
        monkeypatch.setitem(SCENARIOS, name, scenario)
    values = {"LORIKEET_STRIPE_CLIENT": f"{__package__}.worlds.make_client", "LORIKEET_STRIPE_API_BASE": server.url}
    server.controls.reset()
    with shared_database(), override_settings(**values), StripeWorld.open(server) as world:
        yield world


def violations(world, cases):
    results = [run(world, case) for case in cases]
    assert results
    return [str(result) for result in results if result.violations]


@pytest.mark.parametrize("name", STRIPE)
def test_all_is_well_without_a_fault(world, name):
    assert violations(world, [Case(name)]) == []


@pytest.mark.parametrize("fault", ["kill", "drop"])
def test_all_is_well_after_a_fault_at_any_boundary(world, fault):
    boundaries = [b for b in boundaries_of(world, Case("Stripe exact")) if applies(fault, b)]

    cases = [Case("Stripe exact", fault, b.number, AFTER[b.number % len(AFTER)]) for b in boundaries[::STRIDE]]

    assert violations(world, cases) == []


@pytest.mark.parametrize("name", OTHERS)
def test_all_is_well_after_a_death_around_any_call_of_stripe(world, name):
    boundaries = boundaries_of(world, Case(name))
    calls = [b for b in boundaries if b.kind == "provider"][:: every(2)] or boundaries[-1:]

    cases = [Case(name, "kill", b.number, AFTER[b.number % len(AFTER)]) for b in calls]

    assert violations(world, cases) == []


@pytest.mark.parametrize("meanwhile", MEANWHILE)
def test_a_process_may_freeze_around_any_call_of_stripe(world, meanwhile):
    calls = [b for b in boundaries_of(world, Case("Stripe exact")) if b.kind == "provider"][:: every()]

    cases = [Case("Stripe exact", "freeze", b.number, meanwhile) for b in calls]

    assert violations(world, cases) == []


@pytest.mark.parametrize("fault", ["timeout_before", "timeout_after"])
@pytest.mark.parametrize("operation", ["create", "confirm"])
def test_an_answer_may_be_lost_and_the_shop_die_too(world, operation, fault):
    case = Case("Stripe exact", provider=(fault, operation))
    calls = [b for b in boundaries_of(world, case) if b.kind == "provider" and b.moment == "after"][:: every()]

    cases = [case, *(Case("Stripe exact", "kill", b.number, "return", provider=case.provider) for b in calls)]

    assert violations(world, cases) == []
