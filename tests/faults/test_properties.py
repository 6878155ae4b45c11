"""Everything that may happen, in any order: the shopper is charged once and exactly, or not at all.

``HYPOTHESIS_PROFILE=soak`` tries longer and more; ``LORIKEET_EXAMPLES`` sets how much more.
"""

import logging
import os
import time

import pytest
from django.db import connection
from django.test import override_settings
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.strides import fewer

from .databases import shared_database
from .trade import Trade

COMMON = settings(deadline=None, suppress_health_check=list(HealthCheck), database=None, print_blob=True)
EXAMPLES = fewer(60 if connection.vendor == "sqlite" else 10, least=4)  # the database is not what this is about
PROFILES = {
    # A failure is not made smaller, which takes minutes: its thirty steps are few enough.
    "default": settings(COMMON, max_examples=EXAMPLES, stateful_step_count=30, phases=[Phase.explicit, Phase.generate]),
    "soak": settings(COMMON, max_examples=int(os.environ.get("LORIKEET_EXAMPLES", "5000")), stateful_step_count=60),
}


@pytest.fixture
def quiet():
    """Log nothing: hundreds of errors are wanted here."""
    logging.disable()
    yield
    logging.disable(logging.NOTSET)


@pytest.mark.timeout(0)
@pytest.mark.django_db(transaction=True)
@override_settings(LORIKEET_THROTTLE_RATES={})
def test_whatever_happens_in_any_order_a_sale_happens_once(provider, quiet):
    began = time.monotonic()
    with shared_database():
        run_state_machine_as_test(
            lambda: Trade(provider), settings=PROFILES[os.environ.get("HYPOTHESIS_PROFILE", "default")]
        )
    print(f"{Trade.figures}, {time.monotonic() - began:.0f} seconds, no violation")  # noqa: T201  (shown with -s)
