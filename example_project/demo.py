"""Runs the example shop and all that belongs to it, until Ctrl-C: ``python demo.py --port 8000``.

These are four processes: the pretend payment providers, Stripe's double, recovery (``lorikeet_tick``) and the shop's
server. One that is killed is started again, as the service manager of a real shop does, so that its orders can be seen
to survive. With the keys of a Stripe account in the environment there is no double.
"""

import argparse
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
SECONDS_BETWEEN_LOOKS = 0.5
SECONDS_BEFORE_A_RESTART = 3
SECONDS_TO_END = 10
SECONDS_BETWEEN_RECOVERIES = 5

# A pipe leads from this process to the others. Nothing is ever written into it: it breaks when this process dies, and
# then the others end too.
CHILD = """
import os, runpy, sys, threading
threading.Thread(target=lambda: (os.read(0, 1), os._exit(0)), daemon=True).start()
sys.argv[:] = sys.argv[1:]
runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
"""


def main() -> int:
    """Run until Ctrl-C or SIGTERM. Return 0, or 1 if a process gives up, for instance because its port is taken."""
    options = read_options()
    database = Path(os.environ.get("EXAMPLE_DATABASE", HERE / "db.sqlite3")).resolve()
    address = f"127.0.0.1:{options.port}"
    os.environ.update(
        EXAMPLE_SHOP_URL=f"http://{address}/",
        EXAMPLE_CARD_PROVIDER_URL=f"http://127.0.0.1:{options.card_port}",
        EXAMPLE_WALLET_PROVIDER_URL=f"http://127.0.0.1:{options.wallet_port}",
        DJANGO_RUNSERVER_HIDE_WARNING="true",
    )
    ports = ["--card-port", str(options.card_port), "--wallet-port", str(options.wallet_port)]
    commands = {
        "payment providers": ["pretend_providers", "--books", str(database.with_name("providers.sqlite3")), *ports],
        "recovery": ["manage", "lorikeet_tick", "--loop", str(SECONDS_BETWEEN_RECOVERIES), "--verbosity", "0"],
        "shop’s server": ["manage", "runserver", "--noreload", address],
    }
    if not os.environ.get("STRIPE_API_KEY"):
        os.environ["EXAMPLE_STRIPE_URL"] = f"http://127.0.0.1:{options.stripe_port}"
        webhook = f"http://{address}/_cart/webhook/StripeCard/"
        double = ["--port", str(options.stripe_port), "--state", str(database.with_name("stripe.json"))]
        commands["Stripe’s double"] = ["lorikeet.testing.stripe", *double, "--webhook", webhook]
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    processes = {}
    say(f"The example shop: http://{address}/ (Ctrl-C ends it)")
    try:
        for name, command in commands.items():
            processes[name] = start(name, command)
        return watch(processes, commands)
    except KeyboardInterrupt:
        return 0
    finally:
        for process in processes.values():
            process.terminate()
        for process in processes.values():
            process.wait(SECONDS_TO_END)


def read_options() -> argparse.Namespace:
    """Read the command line; a provider's port follows from the shop's unless it is given."""
    parser = argparse.ArgumentParser(prog="demo.py", description="The example shop and its payment providers.")
    parser.add_argument("--port", type=int, default=8000, help="of the shop (default: %(default)s)")
    parser.add_argument("--card-port", type=int, help="of the card provider (default: the shop's + 10000)")
    parser.add_argument("--wallet-port", type=int, help="of the wallet (default: the shop's + 20000)")
    parser.add_argument("--stripe-port", type=int, help="of Stripe's double (default: the shop's + 15000)")
    options = parser.parse_args()
    options.card_port = options.card_port or options.port + 10_000
    options.wallet_port = options.wallet_port or options.port + 20_000
    options.stripe_port = options.stripe_port or options.port + 15_000
    return options


def watch(processes: dict[str, subprocess.Popen], commands: dict[str, list[str]]) -> int:
    """Start each process again that is killed. Return 1 as soon as one ends by itself."""
    while True:
        time.sleep(SECONDS_BETWEEN_LOOKS)
        for name, process in processes.items():
            if process.poll() is None:
                continue
            if process.returncode >= 0:
                say(f"Gave up: {name}.")
                return 1
            say(f"Killed: {name}. Starting again in {SECONDS_BEFORE_A_RESTART} seconds.")
            time.sleep(SECONDS_BEFORE_A_RESTART)
            processes[name] = start(name, commands[name])


def start(name: str, command: list[str]) -> subprocess.Popen:
    """Start one process in a session of its own, so that Ctrl-C reaches this one alone, and it ends the others."""
    process = subprocess.Popen(
        [sys.executable, "-c", CHILD, *command], cwd=HERE, stdin=subprocess.PIPE, start_new_session=True
    )
    say(f"Process {process.pid}: {name}")
    return process


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
