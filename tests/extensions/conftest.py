"""What the tests of every extension share with those of the core."""

from tests.conftest import *  # noqa: F403
