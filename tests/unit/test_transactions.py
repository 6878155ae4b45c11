"""Durable transactions: never inside another, and tried again when the database had to abort them."""

import pytest
from django.db import OperationalError, connection, transaction

from lorikeet import transactions
from lorikeet.models import Cart
from lorikeet.transactions import durable
from tests.unit import make_cart

pytestmark = pytest.mark.django_db(transaction=True)


class SerializationFailure(Exception):
    """What a driver of PostgreSQL raises."""

    sqlstate = "40001"


class DeadlockDetected(Exception):
    sqlstate = "40P01"


class DiskFull(Exception):
    sqlstate = "53100"


ABORTED = [
    SerializationFailure(),
    DeadlockDetected(),
    Exception(1213, "Deadlock found when trying to get lock"),
    Exception(1020, "Record has changed since last read"),
]
NOT_ABORTED = [DiskFull(), Exception(2006, "Server has gone away"), Exception("database is locked"), Exception(), None]


def database_error(cause):
    """Return the error that Django makes of a driver's."""
    error = OperationalError("It did not work.")
    error.__cause__ = cause
    return error


class Story:
    """Counts its tries: makes a cart each time, and fails as often as it is told to."""

    def __init__(self, *failures):
        self.failures = list(failures)
        self.tries = 0

    @property
    def run(self):
        return durable(self.tell)

    def tell(self, *args, **kwargs):
        self.tries += 1
        make_cart()
        if self.failures:
            raise self.failures.pop(0)
        return args, kwargs


def test_it_passes_on_what_it_is_given_and_returns_what_it_gets():
    assert Story().run(1, two=2) == ((1,), {"two": 2})


def test_it_keeps_the_name_of_what_it_runs():
    @durable
    def settle():
        """Settle."""

    assert (settle.__name__, settle.__doc__) == ("settle", "Settle.")


def test_it_is_committed_when_it_returns():
    Story().run()

    assert not connection.in_atomic_block
    assert Cart.objects.count() == 1


def test_it_runs_in_a_transaction():
    assert durable(lambda: connection.in_atomic_block)() is True


@pytest.mark.parametrize("cause", ABORTED, ids=repr)
def test_an_aborted_transaction_is_run_again_from_the_start(cause):
    story = Story(*[database_error(cause)] * 3)
    story.run()

    assert story.tries == 4
    assert Cart.objects.count() == 1


@pytest.mark.parametrize("cause", ABORTED, ids=repr)
def test_the_fourth_abort_is_the_last(cause):
    story = Story(*[database_error(cause)] * 9)

    with pytest.raises(OperationalError):
        story.run()

    assert story.tries == 4
    assert Cart.objects.count() == 0


def test_transactions_that_met_are_retried_at_different_times(monkeypatch):
    """At once first, then after a random pause."""
    pauses = []
    monkeypatch.setattr(transactions, "sleep", pauses.append)
    monkeypatch.setattr(transactions, "uniform", lambda least, most: (least, most))
    Story(*[database_error(DeadlockDetected())] * 3).run()

    assert pauses == [(0, 0), (0, 0.02), (0, 0.1)]


@pytest.mark.parametrize("cause", NOT_ABORTED, ids=repr)
def test_any_other_failure_of_the_database_is_not_repeated(cause):
    story = Story(database_error(cause))

    with pytest.raises(OperationalError):
        story.run()

    assert (story.tries, Cart.objects.count()) == (1, 0)


def test_any_other_error_is_not_repeated_and_undoes_everything():
    story = Story(ZeroDivisionError())

    with pytest.raises(ZeroDivisionError):
        story.run()

    assert (story.tries, Cart.objects.count()) == (1, 0)


def test_it_is_refused_inside_another_transaction():
    story = Story()

    with pytest.raises(RuntimeError, match="durable"), transaction.atomic():
        story.run()

    assert (story.tries, Cart.objects.count()) == (0, 0)


def test_a_callback_after_the_commit_is_called_once():
    happened = []
    story = Story(database_error(DeadlockDetected()))

    def tell():
        transaction.on_commit(lambda: happened.append("told"))
        story.tell()

    durable(tell)()

    assert (happened, story.tries) == (["told"], 2)


@pytest.mark.skipif(connection.vendor != "postgresql", reason="only PostgreSQL may answer before a commit is on disk")
def test_the_commit_waits_for_the_disk_whatever_the_server_is_set_to():
    with connection.cursor() as cursor:
        cursor.execute("SET synchronous_commit = off")
        try:
            inside = durable(show_synchronous_commit)()
            outside = show_synchronous_commit()
        finally:
            cursor.execute("SET synchronous_commit = on")

    assert (inside, outside) == ("on", "off")


def show_synchronous_commit():
    with connection.cursor() as cursor:
        cursor.execute("SHOW synchronous_commit")
        return cursor.fetchone()[0]
