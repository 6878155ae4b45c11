"""The example shop and its payment providers as processes of their own, with files of their own."""

import os
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = ROOT / "example_project"
MANAGE = [sys.executable, str(EXAMPLE / "manage.py")]
SECONDS_TO_START = 60
SECONDS_TO_END = 20


def environment_of(folder):
    """Return the environment of a shop whose database is in ``folder``, and which has no account at Stripe."""
    return {
        **{name: value for name, value in os.environ.items() if not name.startswith("STRIPE_")},
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "EXAMPLE_DATABASE": str(folder / "db.sqlite3"),
        "PYTHONPATH": os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")])),
    }


def prepare(environment):
    """Make the tables and load the wines."""
    for command in (["migrate", "--verbosity", "0"], ["load_catalogue"]):
        subprocess.run([*MANAGE, *command], env=environment, check=True, stdout=subprocess.DEVNULL)


def tell(environment, code):
    """Run some lines of Python in the shop."""
    subprocess.run([*MANAGE, "shell", "-c", code], env=environment, check=True, stdout=subprocess.DEVNULL)


def leave(environment, sku, count):
    """Have bottles of one wine brought or taken away until ``count`` can be bought."""
    lines = [
        "from lorikeet.extensions.stock.movements import adjust",
        "from shop.models import Wine",
        f"stock = Wine.objects.get(sku={sku!r}).stock",
        f"if stock.available != {count}: adjust(stock, {count} - stock.available, 'A stocktake.')",
    ]
    tell(environment, "\n".join(lines))


def demo_command(ports):
    """Return what ``make demo`` runs, on the ports of the shop, the card provider, the wallet and Stripe's double."""
    options = zip(("--port", "--card-port", "--wallet-port", "--stripe-port"), map(str, ports), strict=True)
    return [sys.executable, str(EXAMPLE / "demo.py"), *(word for option in options for word in option)]


def free_ports(count):
    probes = [socket.socket() for _ in range(count)]
    try:
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [probe.getsockname()[1] for probe in probes]
    finally:
        for probe in probes:
            probe.close()


@contextmanager
def running(commands, environment, log, ports):
    """Run processes that write into the file ``log`` until there is an answer on every port, and then the block."""
    with log.open("ab") as output:
        options = {"cwd": EXAMPLE, "env": environment, "stdout": output, "stderr": subprocess.STDOUT}
        processes = [subprocess.Popen(command, **options) for command in commands]
        try:
            wait_for(ports, log)
            yield processes
        finally:
            for process in processes:
                process.terminate()
            for process in processes:
                process.wait(SECONDS_TO_END)


def wait_for(ports, log):
    end = time.monotonic() + SECONDS_TO_START
    for port in ports:
        while not is_open(port):
            assert time.monotonic() < end, f"Nothing answers on port {port}:\n{log.read_text()}"
            time.sleep(0.1)


def is_open(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
