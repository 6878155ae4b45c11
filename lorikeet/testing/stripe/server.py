"""The fake as an HTTP server on loopback, for tests and demonstrations of more than one process."""

from __future__ import annotations

import argparse
import http.client
import json
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import stripe

from .controls import CONTROLS, KEY, SECRET, FakeStripe
from .errors import Lost, Refused
from .pages import bank_page, way_back

__all__ = ["Controls", "FakeStripeServer", "Server", "serve"]

BANK = "/_fake/3ds/"
LOOPBACK = {"127.0.0.1", "localhost", "::1"}
#: The controls that change nothing.
READING = {"books", "calls", "events", "totals"}


class Server(ThreadingHTTPServer):
    """The listening socket over ``fake``; ``state`` is the file that keeps its books when it ends."""

    daemon_threads = True
    request_queue_size = 256

    def __init__(self, fake: FakeStripe, port: int = 0, state: Path | None = None) -> None:
        super().__init__(("127.0.0.1", port), Handler)
        self.with_parent = False
        self.fake = fake
        self.state = state
        self.url = f"http://127.0.0.1:{self.server_address[1]}"
        fake.public_at(self.url)
        if state is not None:
            fake.load(state)

    def after(self) -> None:
        """Keep what a call changed, and post its events to the webhook without keeping the caller waiting."""
        if self.state is not None:
            self.fake.save(self.state)
        if self.fake.delivers:
            threading.Thread(target=self.fake.deliver, daemon=True).start()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Print what went wrong, unless a caller was killed or gave up: tests of this server do that on purpose."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    server: Server
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, format: str, *args: Any) -> None:
        """``calls()`` has them."""

    def handle_any(self) -> None:
        """Answer one call."""
        path = urlsplit(self.path).path
        body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode(errors="replace")
        try:
            self._check_host()
            if path.startswith(BANK):
                self._ask(path.removeprefix(BANK), body)
            elif path.startswith("/_fake/"):
                self._control(path.removeprefix("/_fake/"), body)
            else:
                lower = {name.lower(): value for name, value in self.headers.items()}
                answer = self.server.fake.call(self.command, self.path, lower, body)
                self._send(answer.status, answer.body, answer.headers)
        except Refused as refusal:
            self._send(refusal.status, json.dumps({"error": refusal.error}))
        except Lost:
            self.server.after()
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)

    do_GET = do_POST = do_DELETE = handle_any  # noqa: N815 - the names that http.server looks for

    def _check_host(self) -> None:
        if urlsplit(f"//{self.headers.get('Host', '')}").hostname not in LOOPBACK:
            raise Refused("This server answers on loopback only.", status=421)

    def _control(self, name: str, body: str) -> None:
        if name not in CONTROLS:
            raise Refused(f"There is no control {name!r}.", status=404)
        # Another site's page can send neither this type nor read what a GET shows.
        if self.headers.get_content_type() != "application/json" and not (name in READING and self.command == "GET"):
            raise Refused("A control is a POST of application/json.", status=415)
        try:
            made = getattr(self.server.fake, name)(**json.loads(body or "{}"))
        except (TypeError, ValueError) as error:
            raise Refused(str(error)) from None
        self._send(200, json.dumps(made))

    def _ask(self, id: str, body: str) -> None:
        fake = self.server.fake
        intent = fake.intent(id)
        back = None
        if self.command == "POST":
            back = (intent["next_action"] or {}).get("redirect_to_url", {}).get("return_url")
            answer = fake.complete_3ds if parse_qs(body).get("outcome") == ["complete"] else fake.fail_3ds
            intent = answer(id)
        if back:
            self._send(303, "", {"location": way_back(intent, back)})
        else:
            self._send(200, bank_page(intent), {"content-type": "text/html; charset=utf-8"})

    def _send(self, status: int, text: str, headers: dict[str, str] | None = None) -> None:
        self.server.after()
        data = text.encode()
        self.send_response(status)
        for name, value in {"content-type": "application/json", **(headers or {})}.items():
            self.send_header(name, value)
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)


class Controls:
    """The controls of a server, under the names of the methods of ``FakeStripe``; arguments are named."""

    def __init__(self, url: str) -> None:
        self._netloc = urlsplit(url).netloc

    def __getattr__(self, name: str) -> Callable[..., Any]:
        def control(**arguments: Any) -> Any:
            connection = http.client.HTTPConnection(self._netloc, timeout=60)
            try:
                connection.request(
                    "POST", f"/_fake/{name}", json.dumps(arguments), {"Content-Type": "application/json"}
                )
                response = connection.getresponse()
                made = json.loads(response.read())
            finally:
                connection.close()
            if response.status != 200:
                error = made["error"]
                raise Refused(error.pop("message"), error.pop("code", None), status=response.status, **error)
            return made

        return control


class FakeStripeServer:
    """A running server; a context manager.

    It runs in a thread or, with ``process=True``, in a process of its own, which ends with the one that started it.
    """

    def __init__(
        self,
        *,
        process: bool = False,
        port: int = 0,
        keys: Sequence[str] = (KEY,),
        state: Path | None = None,
        webhook: str = "",
        secret: str = SECRET,
    ) -> None:
        self._process = process
        self._keys = keys
        self._options = {"port": port, "state": state, "webhook": webhook, "webhook-secret": secret}
        self._stop: Callable[[], None]
        #: Where the server is, without a slash at the end.
        self.url = ""

    def __enter__(self) -> FakeStripeServer:
        options = [f"--{name}={value}" for name, value in self._options.items() if value]
        arguments = [*options, *(f"--key={key}" for key in self._keys)]
        self.url, self._stop = _start_process(arguments) if self._process else _start_thread(arguments)
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._stop()

    @property
    def controls(self) -> Controls:
        """What a test sets and reads: ``server.controls.fault(kind="lose")``."""
        return Controls(self.url)

    def client(self, **options: Any) -> stripe.StripeClient:
        """Return the SDK's client of this account; ``options`` are those of ``StripeClient``."""
        return stripe.StripeClient(self._keys[0], base_addresses={"api": self.url}, **options)


def serve(arguments: Sequence[str]) -> Server:
    """Return a listening server, as the arguments of the command line say."""
    parser = argparse.ArgumentParser("python -m lorikeet.testing.stripe", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="the port, else any that is free")
    parser.add_argument("--key", action="append", help=f"an API key that is known, {KEY} unless any is named")
    parser.add_argument("--state", type=Path, help="a file to keep the books in")
    parser.add_argument("--webhook", default="", metavar="URL", help="where each event is posted to at once")
    parser.add_argument("--webhook-secret", default=SECRET, help=f"what signs them, {SECRET} unless named")
    parser.add_argument("--with-parent", action="store_true", help="end when standard input ends")
    options = parser.parse_args(arguments)
    fake = FakeStripe(keys=options.key or [KEY])
    fake.webhook(options.webhook, options.webhook_secret, automatic=True)
    server = Server(fake, options.port, options.state)
    server.with_parent = options.with_parent
    return server


def _start_thread(arguments: list[str]) -> tuple[str, Callable[[], None]]:
    server = serve(arguments)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def stop() -> None:
        server.shutdown()
        server.server_close()

    return server.url, stop


def _start_process(arguments: list[str]) -> tuple[str, Callable[[], None]]:
    command = [sys.executable, "-m", "lorikeet.testing.stripe", "--with-parent", *arguments]
    pipe = subprocess.PIPE
    process = subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True)  # noqa: S603 - a command of our own
    assert process.stdin is not None and process.stdout is not None
    line = process.stdout.readline()
    if not line:
        raise RuntimeError("The fake Stripe did not start; its messages are on standard error.")

    def stop() -> None:
        process.kill()
        process.communicate()

    return line.split()[-1], stop
