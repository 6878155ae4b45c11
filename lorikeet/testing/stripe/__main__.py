"""``python -m lorikeet.testing.stripe``: the fake as a server on loopback."""

from __future__ import annotations

import contextlib
import sys
import threading
from collections.abc import Sequence

from .server import serve

__all__ = ["main"]


def main(arguments: Sequence[str]) -> int:
    """Say where the server is and serve until interrupted or, with ``--with-parent``, until standard input ends.

    Return the exit status: 1 if the port is taken or the state cannot be read.
    """
    try:
        server = serve(arguments)
    except OSError as error:
        sys.stderr.write(f"The fake Stripe cannot start: {error}\n")
        return 1
    with server, contextlib.suppress(KeyboardInterrupt):
        sys.stdout.write(f"Fake Stripe at {server.url}\n")
        sys.stdout.flush()
        if server.with_parent:
            threading.Thread(target=server.serve_forever, daemon=True).start()
            sys.stdin.read()
        else:
            server.serve_forever()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
