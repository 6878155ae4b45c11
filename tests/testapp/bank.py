"""A bank that takes its time with a payment, to see what the shop does meanwhile."""

import threading

SECONDS = 20

asked = threading.Event()
released = threading.Event()


def hold():
    """Let slow payments wait for :func:`release` from now on."""
    asked.clear()
    released.clear()


def release():
    """Let slow payments go on."""
    released.set()


def wait_until_asked():
    """Return once a slow payment has begun."""
    assert asked.wait(SECONDS), "the bank was not asked"


def take_time():
    """Begin a slow payment, and return once it may go on."""
    asked.set()
    assert released.wait(SECONDS), "the payment was not released"
