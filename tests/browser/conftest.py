"""The example shop, served by its own ``manage.py runserver``, and a Chromium to look at it."""

import os
import shutil
import sys
from contextlib import contextmanager
from functools import partial

import pytest

from lorikeet.testing.stripe import KEY
from lorikeet.testing.stripe.server import Controls
from tests.example.processes import (
    MANAGE,
    demo_command,
    environment_of,
    free_ports,
    leave,
    prepare,
    running,
    tell,
)

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
#: Milliseconds in which a page has to show what is expected of it, also while another browser is at work.
PATIENCE = 10_000


@contextmanager
def serving(folder, **more):
    """Serve the shop and its payment providers on free ports from files in ``folder``.

    Neither recovery nor a webhook runs beside them: the outcome of a payment is found out when a shopper asks, and
    not before. There is Riesling for all tests. Yields the shop's address, and what Stripe's double can be told;
    ``more`` is added to the environment.
    """
    ports = free_ports(4)
    shop, card, wallet, stripe = ports
    environment = {
        **environment_of(folder),
        "EXAMPLE_SHOP_URL": f"http://127.0.0.1:{shop}/",
        "EXAMPLE_CARD_PROVIDER_URL": f"http://127.0.0.1:{card}",
        "EXAMPLE_WALLET_PROVIDER_URL": f"http://127.0.0.1:{wallet}",
        "EXAMPLE_STRIPE_URL": f"http://127.0.0.1:{stripe}",
        **more,
    }
    options = ["--books", str(folder / "providers.sqlite3"), "--card-port", str(card), "--wallet-port", str(wallet)]
    commands = [
        [sys.executable, "-m", "pretend_providers", *options],
        [sys.executable, "-m", "lorikeet.testing.stripe", "--port", str(stripe)],
        [*MANAGE, "runserver", "--noreload", f"127.0.0.1:{shop}"],
    ]
    log = folder / "server.log"
    prepare(environment)
    leave(environment, "QH-RIES-23", 1000)
    with running(commands, environment, log, ports):
        yield f"http://127.0.0.1:{shop}", Controls(f"http://127.0.0.1:{stripe}")
    assert "Internal Server Error" not in log.read_text(), log.read_text()


@pytest.fixture(scope="session")
def server(tmp_path_factory):
    """Serve a shop that has no account at Stripe, and return its address."""
    with serving(tmp_path_factory.mktemp("shop")) as (address, _):
        yield address


@pytest.fixture(scope="session")
def keyed_shop(tmp_path_factory):
    """Serve a shop that has keys of Stripe, whose API is the double's, and return its address and the double."""
    keys = {"STRIPE_API_KEY": KEY, "STRIPE_PUBLISHABLE_KEY": "pk_test_lorikeet"}
    with serving(tmp_path_factory.mktemp("keyed"), **keys) as found:
        yield found


@pytest.fixture(scope="session")
def rare_shop(tmp_path_factory):
    """Serve a shop whose stock the tests set.

    Return its address, a function that leaves so many bottles of a wine, by its number, and one that runs Python there.
    """
    folder = tmp_path_factory.mktemp("rare")
    environment = environment_of(folder)
    with serving(folder) as (address, _):
        yield address, partial(leave, environment), partial(tell, environment)


@pytest.fixture
def demo(tmp_path):
    """Run all that ``make demo`` runs, on free ports.

    Return its address, a function that reads what it says, and what Stripe's double can be told.
    """
    ports = free_ports(4)
    environment = environment_of(tmp_path)
    log = tmp_path / "demo.log"
    prepare(environment)
    with running([demo_command(ports)], environment, log, ports):
        yield f"http://127.0.0.1:{ports[0]}", log.read_text, Controls(f"http://127.0.0.1:{ports[3]}")


@pytest.fixture(scope="session")
def chromium():
    """A Chromium: the one that LORIKEET_CHROMIUM names, or the first on the PATH."""
    api = pytest.importorskip("playwright.sync_api", reason="there is no playwright: pip install -e .[browser]")
    path = os.environ.get("LORIKEET_CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    if path is None:
        pytest.skip("there is no Chromium: install it (Debian: chromium), or name it with LORIKEET_CHROMIUM=")
    api.expect.set_options(timeout=PATIENCE)
    with api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def open_shop(chromium, server):
    """Return a function that opens the shop in a new window: ``open_shop(width=390, **options of the context)``.

    A message on the console and a script that fails both fail the test.
    """
    contexts, complaints = [], []

    def open_shop(path="/", width=1280, height=900, expected=(), at=None, **options):
        context = chromium.new_context(
            base_url=at or server, viewport={"width": width, "height": height}, locale="en-AU", **options
        )
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(PATIENCE)

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
