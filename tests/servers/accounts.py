"""The account that a database server runs as: both servers refuse, with reason, to be run by root."""

from __future__ import annotations

import os
import pwd
import shutil
import stat
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.servers.engines import Programs, ServerUnavailable


@dataclass(frozen=True)
class Account:
    """The caller's own account, or for root one without rights of its own (``other``)."""

    other: pwd.struct_passwd | None = None

    @classmethod
    def for_server(cls, preferred: Iterable[str]) -> Account:
        """Choose the account: the caller's, or for root the first preferred one there is, or else one without rights.

        :raises ServerUnavailable: root has no other account to use.
        """
        if os.geteuid() != 0:
            return cls()
        known = {entry.pw_name: entry for entry in pwd.getpwall()}
        for name in (*preferred, "nobody"):
            if name in known:
                return cls(known[name])
        raise ServerUnavailable("A database server cannot be run by root, and there is no account 'nobody' to run it.")

    @property
    def credentials(self) -> dict[str, Any]:
        """The arguments that make ``subprocess`` run a command as this account."""
        if self.other is None:
            return {}
        return {"user": self.other.pw_uid, "group": self.other.pw_gid, "extra_groups": []}

    def environment(self, home: Path) -> dict[str, str]:
        """Give the environment of the server's commands: the caller's, with one locale and a home of its own."""
        return {**os.environ, "LC_ALL": "C", "HOME": str(home)}

    def take(self, folder: Path) -> None:
        """Make a folder of the caller's this account's own."""
        if self.other is not None:
            os.chown(folder, self.other.pw_uid, self.other.pw_gid)

    def reaches(self, folder: Path) -> bool:
        """Tell whether this account may enter a folder, as far as the permissions for others tell."""
        if self.other is None:
            return True
        return all(path.stat().st_mode & stat.S_IXOTH for path in (folder, *folder.parents))

    def bring_within_reach(self, programs: Programs, home: Path) -> Programs:
        """Give the same programs where this account can run them, which may be a copy in ``home``.

        Those of a wheel are in a virtual environment, and one under ``/root`` is closed to all others.
        """
        if all(self.reaches(path.resolve().parent) for path in programs.values()):
            return programs
        installation = next(iter(programs.values())).parents[1]
        package = installation.parent
        copy = home / "programs"
        shutil.copytree(installation, copy / package.name / installation.name, symlinks=True)
        libraries = package.with_name(f"{package.name}.libs")  # the programs of a wheel look for them there
        if libraries.is_dir():
            shutil.copytree(libraries, copy / libraries.name, symlinks=True)
        return {name: copy / path.relative_to(package.parent) for name, path in programs.items()}
