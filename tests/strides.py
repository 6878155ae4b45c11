"""How much is tried of what faults, races and chance can make: ``LORIKEET_STRIDE`` says how many cases a step is.

``.ci/run`` and a run by hand have steps of 1. Those of ``make test`` are a prime number, so that what takes turns by
twos and threes among the cases still does. ``make soak`` has 0, which leaves out nothing.
"""

import os

__all__ = ["STRIDE", "every", "fewer"]

STRIDE = int(os.environ.get("LORIKEET_STRIDE", "1"))


def every(count=1):
    """Return the step through cases of which each ``count``-th is tried with a stride of 1."""
    return max(1, count * STRIDE)


def fewer(count, least=1):
    """Return how many examples or rounds are tried where there are ``count`` with a stride of 1."""
    return max(least, count // max(1, STRIDE))
