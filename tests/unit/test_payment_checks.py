"""The checks of what payments need: a database that keeps what it was told, recovery, and a way to be asked."""

from datetime import timedelta
from enum import IntEnum
from io import StringIO

import pytest
from django.core.checks import Error, Warning
from django.core.management import call_command
from django.db import ProgrammingError, connections
from django.test import override_settings
from django.utils.timezone import now

from lorikeet.checks import check_lorikeet, check_recovery
from lorikeet.managers import OrderQuerySet
from lorikeet.models import Order, RecoveryRun
from tests.testapp import models
from tests.unit import make_order


def found():
    return check_lorikeet(None)


# SQLite


IMMEDIATE = {"transaction_mode": "IMMEDIATE"}
SLOW_WRITES = Warning(
    "SQLite's transactions begin without a lock, so that two writes at the same moment can fail.",
    hint='DATABASES = {"default": {..., "OPTIONS": {"transaction_mode": "IMMEDIATE"}}}',
    id="lorikeet.W005",
)
LOST_WRITES = Warning(
    "SQLite's synchronous is lowered: a power cut can lose an order that was paid.",
    hint="PRAGMA synchronous=FULL is the default; take yours out of init_command.",
    id="lorikeet.W006",
)


@pytest.fixture
def sqlite(monkeypatch):
    """Return a function that sets the options of the database, which counts as SQLite."""
    monkeypatch.setattr(connections["default"], "vendor", "sqlite")
    return lambda options: monkeypatch.setitem(connections["default"].settings_dict, "OPTIONS", options)


@pytest.fixture
def server(monkeypatch):
    """Return a function that sets the vendor and the options of the database, as far as the checks know."""

    def pose(vendor, options):
        monkeypatch.setattr(connections["default"], "vendor", vendor)
        monkeypatch.setitem(connections["default"].settings_dict, "OPTIONS", options)

    return pose


class Level(IntEnum):
    """As Django's drivers name the levels of PostgreSQL."""

    READ_COMMITTED = 2
    REPEATABLE_READ = 3
    SERIALIZABLE = 4


@pytest.mark.parametrize(
    ("vendor", "options"),
    [
        ("postgresql", {"isolation_level": Level.REPEATABLE_READ}),
        ("postgresql", {"isolation_level": Level.SERIALIZABLE}),
        ("postgresql", {"options": "-c default_transaction_isolation=serializable"}),
        ("postgresql", {"options": r"-c default_transaction_isolation=repeatable\ read"}),
        ("mysql", {"isolation_level": "repeatable read"}),
        ("mysql", {"isolation_level": "SERIALIZABLE"}),
        ("mysql", {"isolation_level": None}),
    ],
    ids=str,
)
def test_e020_a_level_at_which_shoppers_who_meet_are_turned_away(server, vendor, options):
    server(vendor, options)

    assert found() == [
        Error(
            "The database's isolation level is above READ COMMITTED: shoppers who write at the same moment are "
            "answered 503.",
            hint='Take "isolation_level" out of DATABASES["default"]["OPTIONS"]: READ COMMITTED is Django\'s default.',
            id="lorikeet.E020",
        )
    ]


@pytest.mark.parametrize(
    ("vendor", "options"),
    [
        ("postgresql", {}),
        ("postgresql", {"isolation_level": Level.READ_COMMITTED, "options": "-c statement_timeout=9000"}),
        ("mysql", {"charset": "utf8mb4"}),
        ("mysql", {"isolation_level": "read committed"}),
    ],
    ids=str,
)
def test_e020_a_level_at_which_they_are_not(server, vendor, options):
    server(vendor, options)

    assert found() == []


@override_settings(USE_TZ=False, TIME_ZONE="Australia/Adelaide")
def test_w010_times_that_come_twice_a_year():
    assert found() == [
        Warning(
            "Times are kept without their time zone: in the night in which the clocks change, orders expire an hour "
            "too early or too late.",
            hint="USE_TZ = True",
            id="lorikeet.W010",
        )
    ]


@override_settings(USE_TZ=False, TIME_ZONE="UTC")
def test_w010_times_that_do_not():
    assert found() == []


@pytest.mark.parametrize("options", [{}, {"transaction_mode": "DEFERRED"}, {"transaction_mode": None}], ids=str)
def test_w005_writes_that_do_not_wait_for_each_other(sqlite, options):
    sqlite(options)

    assert found() == [SLOW_WRITES]


@pytest.mark.parametrize("mode", ["IMMEDIATE", "immediate", "EXCLUSIVE"])
def test_w005_writes_that_do(sqlite, mode):
    sqlite({"transaction_mode": mode})

    assert found() == []


@pytest.mark.parametrize(
    "command",
    [
        "PRAGMA synchronous=NORMAL",
        "PRAGMA synchronous = off;",
        "PRAGMA journal_mode=WAL; PRAGMA synchronous=1;",
        "PRAGMA synchronous=(0)",
        "PRAGMA synchronous='normal'",
    ],
)
def test_w006_orders_that_a_power_cut_may_lose(sqlite, command):
    sqlite({**IMMEDIATE, "init_command": command})

    assert found() == [LOST_WRITES]


@pytest.mark.parametrize(
    "command", [None, "PRAGMA journal_mode=WAL", "PRAGMA synchronous=FULL", "PRAGMA synchronous=2"]
)
def test_w006_orders_that_it_may_not(sqlite, command):
    sqlite({**IMMEDIATE, "init_command": command})

    assert found() == []


def test_w005_other_databases_do_not_need_it(monkeypatch):
    monkeypatch.setattr(connections["default"], "vendor", "postgresql")
    monkeypatch.setitem(connections["default"].settings_dict, "OPTIONS", {})

    assert found() == []


# recovery


NOT_RECOVERING = Warning(
    "Recovery did not run in the last ten minutes: payments whose process died are not settled.",
    hint="Run manage.py lorikeet_tick every minute, or manage.py lorikeet_tick --loop 60 as a process of its own.",
    id="lorikeet.W007",
)


@pytest.mark.django_db
@pytest.mark.parametrize("minutes", [None, 11])
def test_w007_orders_without_recovery(minutes):
    make_order()
    if minutes is not None:
        RecoveryRun.objects.create(finished_at=now() - timedelta(minutes=minutes))

    assert check_recovery(None, ["default"]) == [NOT_RECOVERING]


@pytest.mark.django_db
def test_w007_orders_with_recovery():
    make_order()
    RecoveryRun.objects.create(finished_at=now() - timedelta(minutes=9))

    assert check_recovery(None, ["default"]) == []


@pytest.mark.django_db
def test_w007_a_shop_without_orders_has_nothing_to_recover():
    assert check_recovery(None, ["default"]) == []


@pytest.mark.parametrize("databases", [None, [], ["replica"]], ids=str)
def test_w007_a_database_is_not_looked_at_unless_it_is_asked_for(databases):
    assert check_recovery(None, databases) == []


def test_w007_a_database_that_is_not_there_yet(monkeypatch):
    def fail(rows):
        raise ProgrammingError

    monkeypatch.setattr(OrderQuerySet, "exists", fail)

    assert check_recovery(None, ["default"]) == []


@pytest.mark.django_db
def test_w007_it_is_checked_with_the_database():
    make_order()
    output = StringIO()

    call_command("check", databases=["default"], stderr=output)

    assert "lorikeet.W007" in output.getvalue()


# payment methods


def test_e012_a_payment_that_cannot_be_asked_about(monkeypatch):
    monkeypatch.delattr(models.ScriptedCard, "check_payment")

    assert found() == [
        Error(
            "testapp.ScriptedCard has start_payment(), and no way to ask what became of a payment.",
            hint="def check_payment(self, attempt): ...",
            obj=models.ScriptedCard,
            id="lorikeet.E012",
        )
    ]


def test_e012_a_payment_of_the_simple_path_need_not_be_asked_about(monkeypatch):
    monkeypatch.delattr(models.ScriptedCard, "start_payment")
    monkeypatch.delattr(models.ScriptedCard, "check_payment")
    monkeypatch.setattr(models.ScriptedCard, "make_payment", lambda card, order, amount: None, raising=False)

    assert found() == []


def test_e008_a_payment_of_the_exact_path_is_not_made_in_one_call(monkeypatch):
    monkeypatch.delattr(models.ScriptedCard, "start_payment")

    assert found() == [
        Error(
            "testapp.ScriptedCard has no make_payment() and no start_payment() of its own.",
            hint="def make_payment(self, order, amount): ...",
            obj=models.ScriptedCard,
            id="lorikeet.E008",
        )
    ]


def test_e013_a_payment_elsewhere_that_cannot_be_looked_up(monkeypatch):
    monkeypatch.delattr(models.Transfer, "look_up")

    assert found() == [
        Error(
            "testapp.Transfer has no look_up() of its own: it cannot tell what was paid.",
            hint="def look_up(self, reference): ...",
            obj=models.Transfer,
            id="lorikeet.E013",
        )
    ]


# databases


class Elsewhere:
    """Sends what a test says to another database: the reads, the writes, or both."""

    sends: tuple = ()

    def db_for_read(self, model, **hints):
        return "replica" if "reads" in self.sends and model is Order else None

    def db_for_write(self, model, **hints):
        return "replica" if "writes" in self.sends and model is Order else None


@pytest.mark.parametrize("sends", [("reads",), ("writes",), ("reads", "writes")], ids=str)
def test_e014_a_sale_that_is_not_read_where_it_was_written(monkeypatch, sends):
    monkeypatch.setattr(Elsewhere, "sends", sends)

    with override_settings(DATABASE_ROUTERS=[Elsewhere()]):
        mistakes = found()

    assert mistakes == [
        Error(
            "Lorikeet's tables are read or written in other databases than the default one: ['default', 'replica'].",
            hint="Let the database routers answer 'default' for the app, to reads as well.",
            id="lorikeet.E014",
        )
    ]


def test_e014_a_router_that_leaves_the_shop_alone():
    with override_settings(DATABASE_ROUTERS=[Elsewhere()]):
        assert found() == []
