"""Runs both providers until it is stopped: ``python -m pretend_providers --books FILE``."""

import argparse
import signal
import sys
import threading
from pathlib import Path

from pretend_providers.acquirers import CardProvider
from pretend_providers.books import Books
from pretend_providers.servers import serve
from pretend_providers.wallets import WalletProvider


def main() -> int:
    """Serve until Ctrl-C or SIGTERM. Return 0, or 1 if a port is taken."""
    parser = argparse.ArgumentParser(prog="pretend_providers", description="Two pretend payment providers on loopback.")
    parser.add_argument("--card-port", type=int, default=18000, help="of the card provider (default: %(default)s)")
    parser.add_argument("--wallet-port", type=int, default=28000, help="of the wallet (default: %(default)s)")
    parser.add_argument("--books", type=Path, required=True, help="the SQLite file the payments are written down in")
    options = parser.parse_args()

    signal.signal(signal.SIGTERM, signal.default_int_handler)
    providers = {
        options.card_port: CardProvider(Books(options.books, "card")),
        options.wallet_port: WalletProvider(Books(options.books, "wallet")),
    }
    try:
        servers = [serve(provider, port) for port, provider in providers.items()]
    except OSError as error:
        sys.stderr.write(f"The pretend providers can't listen: {error}\n")
        return 1
    for server in servers:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        sys.stdout.write(f"{server.RequestHandlerClass.provider.name}: http://127.0.0.1:{server.server_port}/\n")
    sys.stdout.flush()
    try:
        threading.Event().wait()
    except KeyboardInterrupt:
        for server in servers:
            server.shutdown()
            server.server_close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
