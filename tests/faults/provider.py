"""A payment provider: an HTTP server on loopback in a process of its own.

``python -m tests.faults.provider`` prints its port and serves until its standard input ends. The shop's paths
are under ``/v1/``, the test's under ``/test/``; everything is a POST of JSON.
"""

import json
import socket
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from .books import Books, Refused
from .clients import Client, Controls

__all__ = ["Provider"]

ROOT = Path(__file__).resolve().parents[2]
FAULTY = {"confirm", "charge", "refund"}
OPERATIONS = {"create", "confirm", "charge", "retrieve", "find", "cancel", "refund", "find_refund", "list"}
#: What a test sets, as methods of the books.
CONTROLS = {"settle", "three_d_secure", "pay_elsewhere", "forget_keys"}
#: Longer than any client waits; a held answer whose caller has gone is dropped then.
HOLD_SECONDS = 60


class Provider:
    """The running server as the test sees it; a context manager.

    ``client()`` is for payment methods, ``controls`` for the test. ``stop()`` and ``start()`` again on the same port,
    with empty books, is an outage; ``{"*": [{"fault": "500", "times": None}]}`` is one that keeps the books.
    """

    def __init__(self):
        self.port = 0
        self.process = None

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *exc_info):
        self.stop()

    @property
    def url(self):
        """Where the server is, without a slash at the end."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def controls(self):
        """What the test sets and reads."""
        return Controls(self.url)

    def client(self, **options):
        """Return a client as a payment method uses it."""
        return Client(self.url, **options)

    def start(self):
        """Start the process and wait until it listens."""
        command = [sys.executable, "-m", "tests.faults.provider", str(self.port)]
        self.process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError("The provider did not start; its messages are on standard error.")
        self.port = int(line)

    def stop(self):
        """End the process."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process.stdin.close()
            self.process.stdout.close()
            self.process = None


class Server(ThreadingHTTPServer):
    """The listening socket, the books, and the answers being held."""

    daemon_threads = True
    request_queue_size = 256
    allow_reuse_address = True

    def __init__(self, port):
        super().__init__(("127.0.0.1", port), Handler)
        self.books = Books()
        self.stall = 0.0
        self.held = 0
        self.gate = threading.Event()
        self.counting = threading.Condition()

    def hold(self):
        """Wait until the test releases what is held."""
        gate = self.gate
        with self.counting:
            self.held += 1
            self.counting.notify_all()
        gate.wait(HOLD_SECONDS)
        with self.counting:
            self.held -= 1
            self.counting.notify_all()

    def handle_error(self, request, client_address):
        """A caller that was killed or gave up is what this server is for; anything else is printed."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


class Handler(BaseHTTPRequestHandler):
    """One call."""

    server: Server
    disable_nagle_algorithm = True

    def log_message(self, format, *args):
        """The journal has it."""

    def do_POST(self):
        """Do what is asked, or what is planned instead."""
        body = json.loads(self.rfile.read(int(self.headers.get("Content-Length", 0))) or b"{}")
        _, space, operation = self.path.split("/", 2)
        if space == "v1" and operation in OPERATIONS:
            self._operate(operation, body)
        elif space == "test":
            self._control(operation, body)
        else:
            self._send(404, {"error": {"code": "no_such_operation"}})

    def _operate(self, operation, body):
        books = self.server.books
        entry, planned = books.begin(operation, body)
        fault = planned["fault"]
        status, answered = None, False
        try:
            match fault:
                case "timeout_before":
                    self._cut(entry)
                    return
                case "500" | "429":
                    status = int(fault)
                    books.leave(entry)
                    answered = self._send(status, {"error": {"code": f"planned_{fault}"}})
                    return
                case "hold_before":
                    self.server.hold()
            status, answer = self._act(operation, body, planned)
            match fault:
                case "timeout_after":
                    self._cut(entry)
                    return
                case "500_after":
                    status, answer = 500, {"error": {"code": "planned_500_after"}}
                case "hold":
                    self.server.hold()
            books.leave(entry)
            answered = self._send(status, answer)
        finally:
            books.end(entry, status, answered)

    def _act(self, operation, body, planned):
        books = self.server.books
        extra = {"planned": planned} if operation in FAULTY else {}
        try:
            with books.lock:
                return 200, getattr(books, operation)(**body, **extra)
        except Refused as error:
            return error.status, error.body
        except TypeError:
            return 400, {"error": {"code": "bad_request"}}

    def _control(self, operation, body):
        control = getattr(self, f"_control_{operation}", None)
        try:
            if control is not None:
                answer = control(**body)
            elif operation in CONTROLS:
                answer = getattr(self.server.books, operation)(**body)
            else:
                self._send(404, {"error": {"code": "no_such_operation"}})
                return
        except Refused as error:
            self._send(error.status, error.body)
        else:
            self._send(200, answer or {})

    def _control_reset(self):
        self._release()
        self.server.books.reset()
        self.server.stall = 0.0

    def _control_plan(self, plan, stall=0):
        self.server.books.set_plan(plan)
        self.server.stall = float(stall)

    def _control_release(self):
        self._release()

    def _control_wait_held(self, count, seconds):
        server = self.server
        with server.counting:
            came = server.counting.wait_for(lambda: server.held >= count, seconds)
        return {"held": server.held, "came": came}

    def _control_journal(self):
        with self.server.books.lock:
            return {"journal": [dict(entry) for entry in self.server.books.journal]}

    def _control_books(self):
        return self.server.books.snapshot()

    def _release(self):
        gate, self.server.gate = self.server.gate, threading.Event()
        gate.set()

    def _cut(self, entry):
        """End the connection without an answer, after ``stall`` seconds."""
        if self.server.stall:
            threading.Event().wait(self.server.stall)
        self.server.books.leave(entry)
        self.close_connection = True
        self.connection.shutdown(socket.SHUT_RDWR)

    def _send(self, status, body):
        """Answer, and return whether the caller was still there."""
        data = json.dumps(body).encode()
        try:
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            if status == 429:
                self.send_header("Retry-After", "1")
            self.end_headers()
            self.wfile.write(data)
        except ConnectionError:
            return False
        return True


def main():
    """Serve until standard input ends, which it does when the test's process is gone."""
    server = Server(int(sys.argv[1]))
    sys.stdout.write(f"{server.server_address[1]}\n")
    sys.stdout.flush()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    sys.stdin.read()


if __name__ == "__main__":
    main()
