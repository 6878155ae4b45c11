"""The example shop, served by its own ``manage.py runserver``, and a Chromium to look at it."""

import os
import shutil
import sys

import pytest

from tests.example.processes import MANAGE, demo_command, environment_of, free_ports, prepare, running

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
    """Serve the shop and its payment providers on free ports from files of their own, and return its address.

    There is no recovery beside them: what becomes of a payment is found out when a shopper asks, and not before.
    """
    folder = tmp_path_factory.mktemp("shop")
    ports = free_ports(3)
    shop, card, wallet = ports
    environment = {
        **environment_of(folder),
        "EXAMPLE_SHOP_URL": f"http://127.0.0.1:{shop}/",
        "EXAMPLE_CARD_PROVIDER_URL": f"http://127.0.0.1:{card}",
        "EXAMPLE_WALLET_PROVIDER_URL": f"http://127.0.0.1:{wallet}",
    }
    options = ["--books", str(folder / "providers.sqlite3"), "--card-port", str(card), "--wallet-port", str(wallet)]
    commands = [
        [sys.executable, "-m", "pretend_providers", *options],
        [*MANAGE, "runserver", "--noreload", f"127.0.0.1:{shop}"],
    ]
    log = folder / "server.log"
    prepare(environment)
    with running(commands, environment, log, ports):
        yield f"http://127.0.0.1:{shop}"
    assert "Internal Server Error" not in log.read_text(), log.read_text()


@pytest.fixture
def demo(tmp_path):
    """Run all that ``make demo`` runs, on free ports. Return its address, and a function that reads what it says."""
    ports = free_ports(3)
    environment = environment_of(tmp_path)
    log = tmp_path / "demo.log"
    prepare(environment)
    with running([demo_command(ports)], environment, log, ports):
        yield f"http://127.0.0.1:{ports[0]}", log.read_text


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

    def open_shop(path="/", width=1280, height=900, expected=(), at=None, **options):
        context = chromium.new_context(
            base_url=at or server, viewport={"width": width, "height": height}, locale="en-AU", **options
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
