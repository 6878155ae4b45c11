"""Sending requests as a browser does, and timing what the site takes to answer.

They go straight to Django's WSGI handler: the server before it costs the same for any view. ``django.test.Client``
would add work of its own (cookies, signals, encoding) to both sides, and so bring their times closer together than
they are.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO
from time import perf_counter, process_time
from typing import Any

from django.conf import settings
from django.core.handlers.wsgi import WSGIHandler
from django.db import connection
from django.http import HttpResponse

__all__ = ["CLOCKS", "Answer", "Browser"]

HOST = "shop.example"
CSRF_TOKEN = "benchmark" * 3 + "token"
#: What can be measured: the time on the wall, or the work of this process alone, without the database server.
CLOCKS = {"wall": perf_counter, "cpu": process_time}
#: What begins a statement that only controls a transaction.
CONTROL = ("BEGIN", "SAVEPOINT", "RELEASE", "ROLLBACK")

handler = WSGIHandler()


@dataclass(frozen=True)
class Answer:
    """A response, and after how many seconds it came."""

    status: int
    body: bytes
    seconds: float

    @property
    def document(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True)
class Browser:
    """A shopper's browser, with a session and a CSRF cookie."""

    session_key: str
    clock: Callable[[], float] = perf_counter

    def send(self, method: str, path: str, body: Any = None, watch: Callable[..., Any] | None = None) -> Answer:
        """Send a request.

        :param body: what to send as JSON, if anything.
        :param watch: a context manager to be entered for the handler's work alone.
        """
        environ = self.environ(method, path, b"" if body is None else json.dumps(body).encode())
        if watch is None:
            return respond(environ, self.clock)
        with watch:
            return respond(environ, self.clock)

    def count(self, method: str, path: str, body: Any = None) -> tuple[Answer, int]:
        """Send a request and count its SQL statements, other than those that only control a transaction."""
        statements = []

        def note(execute: Callable[..., Any], sql: str, *rest: Any) -> Any:
            statements.append(sql)
            return execute(sql, *rest)

        with connection.execute_wrapper(note):
            answer = self.send(method, path, body)
        return answer, sum(not sql.startswith(CONTROL) for sql in statements)

    def environ(self, method: str, path: str, body: bytes) -> dict[str, Any]:
        cookies = {settings.SESSION_COOKIE_NAME: self.session_key, settings.CSRF_COOKIE_NAME: CSRF_TOKEN}
        return {
            "REQUEST_METHOD": method,
            "SCRIPT_NAME": "",
            "PATH_INFO": path,
            "QUERY_STRING": "",
            "CONTENT_TYPE": "application/json" if body else "",
            "CONTENT_LENGTH": str(len(body)) if body else "",
            "REMOTE_ADDR": "192.0.2.1",
            "SERVER_NAME": HOST,
            "SERVER_PORT": "80",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "HTTP_HOST": HOST,
            "HTTP_ORIGIN": f"http://{HOST}",
            "HTTP_ACCEPT": "*/*",
            "HTTP_ACCEPT_LANGUAGE": "en-AU,en;q=0.8",
            "HTTP_COOKIE": "; ".join(f"{name}={value}" for name, value in cookies.items()),
            "HTTP_X_CSRFTOKEN": CSRF_TOKEN,
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": "http",
            "wsgi.input": BytesIO(body),
            "wsgi.errors": BytesIO(),
            "wsgi.multithread": False,
            "wsgi.multiprocess": True,
            "wsgi.run_once": False,
        }


def respond(environ: dict[str, Any], clock: Callable[[], float]) -> Answer:
    start = clock()
    response: HttpResponse = handler(environ, lambda status, headers: None)
    body = b"".join(response)
    response.close()
    return Answer(response.status_code, body, clock() - start)
