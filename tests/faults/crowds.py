"""Many processes that begin at the same moment, each with a connection of its own."""

import json
import os
import signal
import traceback

from django.db import connections

__all__ = ["Crowd", "at_once"]


class Crowd:
    """Processes that do ``call(argument)`` at the same moment, as often as they are told to; a context manager.

    Each keeps its connection, so that a round costs what its calls cost. The parent's connections are closed first.
    """

    def __init__(self, size, call):
        connections.close_all()
        self.members = [self._fork(call) for _ in range(size)]

    def __enter__(self):
        return self

    def __exit__(self, *exc_info):
        for pid, orders, answers in self.members:
            orders.close()
            answers.close()
            os.kill(pid, signal.SIGKILL)  # its brothers hold its orders open
            os.waitpid(pid, 0)

    def do(self, argument):
        """Let all processes do it, and return their results (JSON).

        :raises AssertionError: one of them raised, with its traceback.
        """
        line = json.dumps(argument).encode() + b"\n"
        for _, orders, _ in self.members:
            os.write(orders.fileno(), line)
        results = [json.loads(answers.readline()) for _, _, answers in self.members]
        for result in results:
            assert "error" not in result, result["error"]
        return [result["value"] for result in results]

    @staticmethod
    def _fork(call):
        given, orders = os.pipe()
        heard, answers = os.pipe()
        pid = os.fork()
        if pid:
            os.close(given)
            os.close(answers)
            return pid, os.fdopen(orders, "wb"), os.fdopen(heard)
        os.close(orders)
        try:
            with os.fdopen(given) as lines:
                for line in lines:
                    try:
                        result = {"value": call(json.loads(line))}
                    except BaseException:  # noqa: BLE001  (the parent raises it)
                        result = {"error": traceback.format_exc()}
                    os.write(answers, json.dumps(result).encode() + b"\n")
        finally:
            os._exit(0)


def at_once(calls):
    """Do each of ``calls`` in a process of its own, all at the same moment, and return their results (JSON).

    The parent's connections are closed before it forks, so that no socket is shared.

    :raises AssertionError: one of them raised, with its traceback.
    """
    connections.close_all()
    gate, opened = os.pipe()
    children = [start(call, gate, opened) for call in calls]
    for _, ready, _ in children:
        os.read(ready, 1)
    os.close(gate)
    os.close(opened)  # the end of the pipe is what all of them wait for
    results = []
    for pid, ready, answer in children:
        with os.fdopen(answer) as file:
            results.append(json.loads(file.read()))
        os.close(ready)
        os.waitpid(pid, 0)
    for result in results:
        assert "error" not in result, result["error"]
    return [result["value"] for result in results]


def start(call, gate, opened):
    """Fork a process that makes its connection and waits for the gate; return its id and the pipes from it."""
    ready, is_ready = os.pipe()
    answer, answers = os.pipe()
    pid = os.fork()
    if pid:
        os.close(is_ready)
        os.close(answers)
        return pid, ready, answer
    try:
        os.close(opened)
        connections["default"].ensure_connection()
        os.write(is_ready, b"x")
        os.read(gate, 1)
        result = {"value": call()}
    except BaseException:  # noqa: BLE001  (the parent raises it)
        result = {"error": traceback.format_exc()}
    finally:
        os.write(answers, json.dumps(result).encode())
        os._exit(0)
