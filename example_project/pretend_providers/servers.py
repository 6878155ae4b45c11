"""How a provider hears and answers: requests, answers, routes, and the server they arrive at."""

import json
import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit

from pretend_providers.refusals import Refusal

LOOPBACK = {"127.0.0.1", "localhost", "::1"}
MOST_BYTES = 16_384
SECONDS_TO_SEND_A_REQUEST = 20

HEADERS = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


@dataclass(frozen=True)
class Request:
    """What was asked. ``data`` is the JSON of an API request, or the fields of a form."""

    query: dict[str, str]
    data: dict = field(default_factory=dict)


@dataclass(frozen=True)
class Answer:
    """What is sent back."""

    status: int
    body: str = ""
    content_type: str = "application/json"
    headers: dict[str, str] = field(default_factory=dict)


def json_answer(status: int, content: dict) -> Answer:
    """Answer a program."""
    return Answer(status, json.dumps(content))


def redirect(url: str) -> Answer:
    """Send a browser that has posted a form to the page that follows."""
    return Answer(303, content_type="text/plain; charset=utf-8", headers={"Location": url})


def route(method: str, path: str, form: bool = False) -> Callable:
    """Let a provider's method answer requests to ``path``, a regular expression whose groups are its arguments.

    :param form: take the fields of an HTML form, not JSON.
    """

    def mark(function):
        function.route = method, re.compile(path + r"\Z"), form
        return function

    return mark


def serve(provider, port: int) -> ThreadingHTTPServer:
    """Return a server, bound to loopback, whose requests ``provider`` answers. The caller runs it.

    :raises OSError: the port is taken.
    """
    members = (getattr(provider, name) for name in dir(provider))
    routes = [member for member in members if hasattr(member, "route")]

    class Handler(_Handler):
        pass

    Handler.provider, Handler.routes = provider, routes
    return _Server(("127.0.0.1", port), Handler)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    # The usual queue has five places, fewer than a shop has workers: a sixth connection would be refused.
    request_queue_size = 128


class _Handler(BaseHTTPRequestHandler):
    timeout = SECONDS_TO_SEND_A_REQUEST
    server_version = "PretendProvider"
    sys_version = ""

    def do_GET(self):
        self._answer("GET")

    def do_POST(self):
        self._answer("POST")

    def log_message(self, *args):
        """Keep silent: the terminal belongs to the shop."""

    def _answer(self, method: str) -> None:
        try:
            answer = self._dispatch(method)
        except Refusal as refusal:
            answer = self.provider.refuse(refusal, "text/html" in self.headers.get("Accept", ""))
        # A shop that was killed in the meantime does not hear the answer.
        with suppress(ConnectionError):
            self._send(answer)

    def _send(self, answer: Answer) -> None:
        body = answer.body.encode()
        self.send_response(answer.status)
        for name, value in {**HEADERS, **answer.headers}.items():
            self.send_header(name, value)
        self.send_header("Content-Type", answer.content_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _dispatch(self, method: str) -> Answer:
        self._check_host()
        url = urlsplit(self.path)
        for function in self.routes:
            wanted, path, form = function.route
            match = path.match(url.path)
            if match and wanted == method:
                data = self._read(form) if method == "POST" else {}
                return function(Request(dict(parse_qsl(url.query)), data), **match.groupdict())
        raise Refusal(404, "not_found", "There is nothing at this address.")

    def _check_host(self) -> None:
        # A name of another site that resolves to loopback would give its pages the same origin as these.
        try:
            host = urlsplit("//" + self.headers.get("Host", "")).hostname
        except ValueError:
            host = None
        if host not in LOOPBACK:
            raise Refusal(421, "wrong_host", "This server answers on loopback only.")

    def _read(self, form: bool) -> dict:
        # A page of another site can post a form unasked, but not JSON: so the API takes JSON only.
        wanted = "application/x-www-form-urlencoded" if form else "application/json"
        if self.headers.get_content_type() != wanted:
            raise Refusal(415, "wrong_type", f"Send {wanted}.")
        length = self.headers.get("Content-Length", "")
        if not re.fullmatch("[0-9]{1,6}", length) or int(length) > MOST_BYTES:
            raise Refusal(413, "too_long", f"Send at most {MOST_BYTES} bytes, with their Content-Length.")
        try:
            text = self.rfile.read(int(length)).decode()
            data = dict(parse_qsl(text)) if form else json.loads(text)
        except (ValueError, RecursionError) as error:
            raise Refusal(400, "malformed", "The body can't be read.") from error
        if not isinstance(data, dict):
            raise Refusal(400, "malformed", "The body has to be an object.")
        return data
