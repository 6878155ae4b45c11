"""MariaDB, from Debian's packages or wherever the search path finds it."""

from __future__ import annotations

import shutil
import signal
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

from tests.servers.engines import Engine, Programs, ServerUnavailable

PROGRAMS = ("mariadb-install-db", "mariadbd", "mariadb-admin", "mariadb", "mariadb-tzinfo-to-sql")
TIME_ZONES = "/usr/share/zoneinfo"
ADMINISTRATORS_FOLDERS = "/usr/local/sbin:/usr/sbin"
"""Where ``mariadbd`` is, and the search path of an ordinary user does not look."""


class MariaDB(Engine):
    """A server whose ``root`` has no password, reached by its socket alone."""

    name: ClassVar[str] = "mariadb"
    accounts: ClassVar[tuple[str, ...]] = ("mysql",)
    socket: ClassVar[str] = "s"
    stop_signal: ClassVar[signal.Signals] = signal.SIGKILL

    def find_programs(self) -> Programs:
        programs = {}
        for program in PROGRAMS:
            path = shutil.which(program) or shutil.which(program, path=ADMINISTRATORS_FOLDERS)
            if path is None:
                raise ServerUnavailable(
                    f"No MariaDB to test on: {program} was not found; install the server with your package manager."
                )
            programs[program] = Path(path)
        return programs

    def creation(self, programs: Programs, home: Path) -> Sequence[str]:
        return [
            *(str(programs["mariadb-install-db"]), "--no-defaults"),
            *(f"--datadir={home / 'data'}", "--auth-root-authentication-method=normal"),
            *("--skip-test-db", "--skip-name-resolve", "--innodb-log-file-size=32M"),
        ]

    def service(self, programs: Programs, home: Path) -> Sequence[str]:
        return [
            *(str(programs["mariadbd"]), "--no-defaults", f"--datadir={home / 'data'}"),
            *(f"--socket={home / self.socket}", f"--pid-file={home / 'pid'}", "--skip-networking"),
            *("--character-set-server=utf8mb4", "--max-connections=200"),
            *("--innodb-flush-log-at-trx-commit=0", "--innodb-doublewrite=0", "--innodb-log-file-size=32M"),
        ]

    def probe(self, programs: Programs, home: Path) -> Sequence[str]:
        return [
            *(str(programs["mariadb-admin"]), "--no-defaults", "--user=root"),
            *(f"--socket={home / self.socket}", "--silent", "ping"),
        ]

    def furnish(self, programs: Programs, home: Path) -> None:
        """Load the time zones, without which it converts every time to NULL."""
        client = [str(programs["mariadb"]), "--no-defaults", "--user=root", f"--socket={home / self.socket}", "mysql"]
        zones = subprocess.run([programs["mariadb-tzinfo-to-sql"], TIME_ZONES], check=False, capture_output=True)
        loaded = subprocess.run(client, check=False, capture_output=True, input=zones.stdout)
        if zones.returncode or loaded.returncode:
            raise ServerUnavailable(f"MariaDB could not load the time zones in {TIME_ZONES} (Debian: tzdata).")
