"""Calls at the same moment."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection, connections


@pytest.fixture
def at_once():
    """Return a function that runs calls at the same moment, each with its own connection, and gives their results."""

    def run(calls):
        barrier = threading.Barrier(len(calls), timeout=30)

        def start(call):
            try:
                connection.ensure_connection()
                barrier.wait()
                return call()
            finally:
                connections.close_all()

        with ThreadPoolExecutor(len(calls)) as pool:
            return [future.result() for future in [pool.submit(start, call) for call in calls]]

    return run
