"""Starting a server, and making sure that it goes.

The server is not a child of the tests but of a small process, its keeper, which waits for the end
of its standard input. That input is a pipe held by the tests: when they end, by themselves, by a
signal or by a crash, the system closes the pipe, and the keeper stops the server and removes its folder.
"""

from __future__ import annotations

import atexit
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from types import FrameType
from typing import NoReturn, TextIO

from tests.servers.accounts import Account
from tests.servers.engines import Engine, Programs, ServerUnavailable

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 60
SOCKET_PATH_BYTES = 103
"""The longest socket path every system takes: Linux has room for 107 bytes, macOS for 103."""


def lend(engine: Engine) -> str:
    """Give the folder of the engine's socket, starting the server if this run has none yet.

    :raises ServerUnavailable: it could not be started.
    """
    variable = f"LORIKEET_TEST_{engine.name.upper()}_HOST"
    if variable not in os.environ:
        os.environ[variable] = _start_keeper(engine)
    return os.environ[variable]


def _start_keeper(engine: Engine) -> str:
    keeper = subprocess.Popen(
        [sys.executable, "-m", "tests.servers", engine.name],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,  # Ctrl-C ends the tests first, then the server
    )
    atexit.register(_dismiss, keeper, os.getpid())
    assert keeper.stdout is not None
    answer = json.loads(keeper.stdout.readline() or '{"error": "The keeper of the database server ended early."}')
    if "error" in answer:
        raise ServerUnavailable(answer["error"])
    home: str = answer["home"]
    return home


def _dismiss(keeper: subprocess.Popen[str], owner: int) -> None:
    if os.getpid() == owner:  # a forked copy of the tests must not end the server under them
        keeper.communicate()


def keep(engine: Engine, requests: TextIO, answers: TextIO) -> None:
    """Run a server until ``requests`` ends.

    One line of JSON goes to ``answers``: ``{"home": FOLDER}`` once the server takes connections,
    or ``{"error": SENTENCE}``.
    """
    signal.signal(signal.SIGTERM, _leave)
    try:
        programs = engine.find_programs()
        account = Account.for_server(engine.accounts)
    except ServerUnavailable as unavailable:
        _answer(answers, error=str(unavailable))
        return
    home = _make_home(engine, account)
    try:
        _run(engine, account, account.bring_within_reach(programs, home), home, requests, answers)
    except ServerUnavailable as unavailable:
        _answer(answers, error=str(unavailable))
    finally:
        shutil.rmtree(home, ignore_errors=True)


def _run(engine: Engine, account: Account, programs: Programs, home: Path, requests: TextIO, answers: TextIO) -> None:
    log = home / "log"
    with log.open("wb") as output:
        _create(engine.creation(programs, home), account, home, log)
        server: subprocess.Popen[bytes] = subprocess.Popen(
            engine.service(programs, home),
            cwd=home,
            env=account.environment(home),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            **account.credentials,
        )
    try:
        _wait_until_ready(server, engine.probe(programs, home), log)
        engine.furnish(programs, home)
        _answer(answers, home=str(home))
        requests.read()
    finally:
        server.send_signal(engine.stop_signal)
        server.wait()


def _create(command: Sequence[str], account: Account, home: Path, log: Path) -> None:
    created = subprocess.run(
        command,
        check=False,
        cwd=home,
        env=account.environment(home),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        **account.credentials,
    )
    if created.returncode:
        raise ServerUnavailable(f"{command[0]} failed: {_last_lines(created.stdout)}")


def _wait_until_ready(server: subprocess.Popen[bytes], probe: Sequence[str], log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if server.poll() is not None:
            raise ServerUnavailable(f"The database server stopped at once: {_last_lines(log.read_bytes())}")
        if subprocess.run(probe, check=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode == 0:
            return
        time.sleep(0.05)
    raise ServerUnavailable(f"The database server took no connection within {START_SECONDS} seconds.")


def _make_home(engine: Engine, account: Account) -> Path:
    """Make the server's folder where the account can reach it and the socket's path is short enough."""
    parent = Path(tempfile.gettempdir())
    longest = parent / ("lk" + "x" * 8) / engine.socket
    if len(os.fsencode(longest)) > SOCKET_PATH_BYTES or not account.reaches(parent):
        parent = Path("/tmp")  # noqa: S108 - a folder with a random name is made in it
    home = Path(tempfile.mkdtemp(prefix="lk", dir=parent))
    account.take(home)
    return home


def _answer(answers: TextIO, **values: str) -> None:
    answers.write(json.dumps(values) + "\n")
    answers.flush()


def _last_lines(output: bytes) -> str:
    return " / ".join(output.decode(errors="replace").strip().splitlines()[-3:])


def _leave(number: int, frame: FrameType | None) -> NoReturn:
    """Turn a signal into an exit, so that the server is stopped on the way out."""
    raise SystemExit(128 + number)
