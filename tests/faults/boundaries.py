"""Faults at every boundary of a piece of work, which runs in a forked process of its own.

A boundary is a moment at which a process can be lost: before each SQL statement, after one that committed by itself,
before and after COMMIT, before and after each call of the provider, and when the work is done. They are numbered from
1. Each is also written to a file before anything goes wrong, so the parent knows them of a child that was killed.

SQLite must be a file: a database in memory dies with, or is copied into, the child.
"""

import json
import os
import signal
import socket
import tempfile
import time
import traceback
from dataclasses import dataclass, field
from pathlib import Path

from django.db import DatabaseError, OperationalError, connection, connections

from . import clients

__all__ = ["FAULTS", "Child", "Ended", "applies", "run", "sweep"]

#: ``kill`` SIGKILL; ``drop`` the connection to the database, before or after what the boundary names; ``freeze``
#: SIGSTOP.
FAULTS = ("kill", "drop", "freeze")
SECONDS = 60


@dataclass(frozen=True)
class Boundary:
    """One moment: ``kind`` is sql, committed, commit, provider or end."""

    number: int
    kind: str
    moment: str
    text: str
    in_transaction: bool
    backend: int | None = None

    def __str__(self):
        return f"{self.number} {self.moment} {self.kind} {self.text}"


@dataclass
class Ended:
    """How a child ended.

    ``how``: returned, raised (any exception), lost (a ``DatabaseError``), killed, frozen (stopped) or hung.
    ``value`` is what the work returned (JSON); ``error`` the traceback.
    """

    how: str
    boundaries: list[Boundary] = field(default_factory=list)
    value: object = None
    error: str = ""

    @property
    def last(self):
        """The latest boundary, at which the fault was if there was one."""
        return self.boundaries[-1] if self.boundaries else None


class Child:
    """A forked process doing ``work()`` with a fault at the boundary ``at``, or none.

    It never uses the parent's connections. A frozen child is to be thawed or killed.
    """

    def __init__(self, work, at=None, fault="kill", seconds=SECONDS):
        if fault not in FAULTS:
            raise ValueError(f"{fault!r} is none of {FAULTS}.")
        if connection.vendor == "sqlite" and connection.is_in_memory_db():
            raise RuntimeError("Boundaries need a SQLite database in a file: set its NAME, and TEST NAME, to a path.")
        self.seconds = seconds
        self.record = Path(tempfile.mkstemp(prefix="boundaries-")[1])
        if connection.vendor == "sqlite":
            connections.close_all()  # https://www.sqlite.org/howtocorrupt.html#_carrying_an_open_database_connection_across_a_fork_
        self.pid = os.fork()
        if self.pid == 0:
            leave_to_parent()
            _do(work, at, fault, self.record)

    def wait(self):
        """Return how the process ended, or that it is frozen."""
        deadline = time.monotonic() + self.seconds
        while True:
            pid, status = os.waitpid(self.pid, os.WNOHANG | os.WUNTRACED)
            if pid:
                break
            if time.monotonic() > deadline:
                self.kill()
                return self._ended("hung")
            time.sleep(0.001)
        if os.WIFSTOPPED(status):
            return self._ended("frozen")
        ended = self._ended("killed" if os.WIFSIGNALED(status) else None)
        self.record.unlink()
        return ended

    def thaw(self):
        """Let a frozen process go on, and return how it ended."""
        os.kill(self.pid, signal.SIGCONT)
        return self.wait()

    def kill(self):
        """End the process whatever it does."""
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)

    def cut(self):
        """End the database's side of a frozen process, as a server does that waits no longer for it.

        PostgreSQL only: SQLite's locks belong to the process, and stay until it goes on or dies.
        """
        backend = self._ended("frozen").last.backend
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(%s)", [backend])

    def _ended(self, how):
        ended = Ended(how or "raised")
        for line in self.record.read_text().splitlines():
            entry = json.loads(line)
            if "how" in entry:
                ended.value, ended.error = entry["value"], entry["error"]
                ended.how = how or entry["how"]
            else:
                ended.boundaries.append(Boundary(**entry))
        return ended


def run(work, at=None, fault="kill", seconds=SECONDS):
    """Do ``work()`` in a process of its own and return how it ended. To freeze and thaw it, use ``Child``."""
    return Child(work, at, fault, seconds).wait()


def applies(fault, boundary):
    """Tell whether a fault matters at a boundary: around a provider's call no connection is in use."""
    return fault != "drop" or boundary.kind not in {"provider", "end"} or boundary.in_transaction


def sweep(work, prepare, faults=("kill", "drop")):
    """Yield ``(fault, boundary, child)`` for every boundary of ``work`` and every fault that applies to it.

    ``prepare()`` makes the state anew before each case. The boundaries are those of a first run without a fault; a case
    that does not come to its boundary, because the work took another way, is yielded too: wait for the child and look.
    """
    prepare()
    whole = run(work)
    if whole.how not in {"returned", "raised"}:
        raise RuntimeError(f"Without a fault the work {whole.how}: {whole.error}")
    for boundary in whole.boundaries:
        for fault in faults:
            if applies(fault, boundary):
                prepare()
                yield fault, boundary, Child(work, boundary.number, fault)


class Instruments:
    """What counts in the child, and strikes."""

    def __init__(self, at, fault, record):
        self.at = at
        self.fault = fault
        self.file = os.open(record, os.O_WRONLY | os.O_APPEND)
        self.count = 0
        self.commit = connection._commit

    def install(self):
        """Hook into the connection and the provider's client of this process."""
        connection.ensure_connection()
        connection.execute_wrappers.append(self.execute)
        connection._commit = self.committing
        clients.watchers.append(self.calling)

    def write(self, entry):
        os.write(self.file, json.dumps(entry, default=str).encode() + b"\n")

    def reach(self, kind, moment, text):
        """Count a boundary, write it down, and strike if it is the one. Return whether to lose the connection."""
        self.count += 1
        raw = connection.connection
        sqlite = connection.vendor == "sqlite"
        self.write(
            {
                "number": self.count,
                "kind": kind,
                "moment": moment,
                "text": text,
                # Django has left the atomic block by the time it commits; its locks are still there.
                "in_transaction": connection.in_atomic_block or (kind, moment) == ("commit", "before"),
                "backend": None if sqlite or raw is None or raw.closed else raw.info.backend_pid,
            }
        )
        if self.count != self.at:
            return False
        match self.fault:
            case "kill":
                os.kill(os.getpid(), signal.SIGKILL)
            case "freeze":
                os.kill(os.getpid(), signal.SIGSTOP)
            case "drop":
                lose_connection()
                return True
        return False

    def execute(self, execute, sql, params, many, context):
        """One SQL statement."""
        if self.reach("sql", "before", " ".join(str(sql).split())[:80]):
            raise_lost()
        result = execute(sql, params, many, context)
        # SQLite commits INSERT ... RETURNING only when its row is fetched: "sql", "commit" or "end" follows.
        unfinished = connection.vendor == "sqlite" and (sql.startswith("BEGIN") or "RETURNING" in sql)
        by_itself = not connection.in_atomic_block and connection.get_autocommit() and not unfinished
        if by_itself and self.reach("committed", "after", " ".join(str(sql).split())[:80]):
            raise_lost()
        return result

    def committing(self):
        """One COMMIT."""
        if self.reach("commit", "before", "COMMIT"):
            raise_lost()
        result = self.commit()
        if self.reach("commit", "after", "COMMIT"):
            raise_lost()
        return result

    def calling(self, moment, operation):
        """One call of the provider."""
        self.reach("provider", moment, operation)


#: The parent's connections: to forget the last reference would end them.
LEFT = []


def leave_to_parent():
    """Open the child's own connections from now on, and leave the parent's open."""
    for each in connections.all(initialized_only=True):
        LEFT.append(each.connection)
        each.connection = None


def lose_connection():
    """Break the connection underneath Django, which finds out when it uses it next."""
    raw = connection.connection
    if raw is None:
        return
    if connection.vendor == "postgresql":
        with socket.socket(fileno=os.dup(raw.fileno())) as copy:
            copy.shutdown(socket.SHUT_RDWR)
    else:
        raw.rollback()  # as when its disk fails: what was not committed is gone


def raise_lost():
    """Say what the driver says."""
    raise OperationalError("The connection to the database was lost.")


def _do(work, at, fault, record):
    """Be the child: do the work, write down how it ended, and leave without the parent's exit handlers."""
    ended = {"how": "returned", "value": None, "error": ""}
    instruments = Instruments(at, fault, record)
    try:
        instruments.install()
        ended["value"] = work()
        instruments.reach("end", "after", "")
    except DatabaseError:
        ended.update(how="lost", error=traceback.format_exc())
    except BaseException:  # noqa: BLE001  (whatever the work raises is what the parent asked for)
        ended.update(how="raised", error=traceback.format_exc())
    finally:
        instruments.write(ended)
        os._exit(0)
