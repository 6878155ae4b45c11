"""How much is tried of what faults, races and chance can make: each ``LORIKEET_STRIDE``-th case.

``.ci/run`` and a run by hand have a stride of 1. The stride of ``make test`` is a prime number, so that what takes
turns by twos and threes among the cases still does. ``make soak`` leaves out nothing.
"""

import os

__all__ = ["STRIDE", "fewer"]

STRIDE = int(os.environ.get("LORIKEET_STRIDE", "1"))


def fewer(count, least=1):
    """Return how many examples or rounds are tried where there are ``count`` with a stride of 1."""
    return max(least, count // STRIDE)
