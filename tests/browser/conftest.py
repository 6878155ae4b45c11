"""The example shop, served by its own ``manage.py runserver``, and a Chromium to look at it."""

import os
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="session")
def server(tmp_path_factory):
    """Serve the shop on a free port from a database of its own, and return its address."""
    folder = tmp_path_factory.mktemp("shop")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "EXAMPLE_DATABASE": str(folder / "db.sqlite3"),
        "PYTHONPATH": os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")])),
    }
    manage = [sys.executable, str(ROOT / "example_project" / "manage.py")]
    for command in (["migrate", "--verbosity", "0"], ["load_catalogue"]):
        subprocess.run([*manage, *command], env=environment, check=True, stdout=subprocess.DEVNULL)
    log = folder / "server.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [*manage, "runserver", "--noreload", f"127.0.0.1:{port}"],
            env=environment,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        wait_for(port, process, log)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(10)
    assert "Traceback" not in log.read_text(), log.read_text()


def wait_for(port, process, log):
    for _ in range(300):
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=5):
                return
        except OSError:
            if process.poll() is not None:
                break
            time.sleep(0.1)
    pytest.fail(f"The shop does not answer:\n{log.read_text()}")


@pytest.fixture(scope="session")
def chromium():
    """A Chromium: the one that LORIKEET_CHROMIUM names, or the first on the PATH."""
    api = pytest.importorskip("playwright.sync_api", reason="there is no playwright: pip install -e .[browser]")
    path = os.environ.get("LORIKEET_CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    if path is None:
        pytest.skip("there is no Chromium: install it (Debian: chromium), or name it with LORIKEET_CHROMIUM=")
    with api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def open_shop(chromium, server):
    """Return a function that opens the shop in a new window: ``open_shop(width=390, **options of the context)``.

    Whatever the page writes to the console, and each script that fails, fails the test.
    """
    contexts, complaints = [], []

    def open_shop(path="/", width=1280, height=900, expected=(), **options):
        context = chromium.new_context(
            base_url=server, viewport={"width": width, "height": height}, locale="en-AU", **options
        )
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(10_000)

        def note(text):
            if not any(part in text for part in expected):
                complaints.append(text)

        page.on("console", lambda message: note(message.text) if message.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: note(str(error)))
        page.goto(path)
        page.locator("#cart[aria-busy=false]").wait_for()
        return page

    yield open_shop
    for context in contexts:
        context.close()
    assert complaints == []
