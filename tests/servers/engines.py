"""What a database server has to offer to be run for one test run."""

from __future__ import annotations

import abc
import signal
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import ClassVar

Programs = Mapping[str, Path]
"""Where each program of an engine is, by its name."""


class ServerUnavailable(SystemExit):
    """The database the suite was asked to use cannot be had; the message says what would help.

    Settings are read before any test runner could report an error in its own way. As an exit, the
    one sentence is what a person sees, under pytest and ``manage.py`` alike.
    """


class Engine(abc.ABC):
    """One kind of server: where its programs are, and the commands that make and run one.

    ``home`` is an empty folder owned by the account the server runs as.
    """

    name: ClassVar[str]
    accounts: ClassVar[tuple[str, ...]]
    """Accounts to run as where the caller is root, the first that exists."""
    socket: ClassVar[str]
    """Name of the socket inside the home, which counts towards the 107 bytes a socket path may have."""
    stop_signal: ClassVar[signal.Signals]
    """What ends the server at once; nothing it holds is worth saving."""

    @abc.abstractmethod
    def find_programs(self) -> Programs:
        """Find every program the commands below call.

        :raises ServerUnavailable: there is none.
        """

    @abc.abstractmethod
    def creation(self, programs: Programs, home: Path) -> Sequence[str]:
        """Give the command that makes an empty data directory in ``home``."""

    @abc.abstractmethod
    def service(self, programs: Programs, home: Path) -> Sequence[str]:
        """Give the command that serves it, in the foreground."""

    @abc.abstractmethod
    def probe(self, programs: Programs, home: Path) -> Sequence[str]:
        """Give the command that exits with 0 once the server answers."""

    def furnish(self, programs: Programs, home: Path) -> None:  # noqa: B027 - not every engine lacks something
        """Put into the server that has just started what a new one lacks: by default nothing.

        :raises ServerUnavailable: that failed.
        """
