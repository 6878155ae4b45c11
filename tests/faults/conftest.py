"""A world that faults strike."""

import pytest

from .databases import shared_database
from .scenarios import World


@pytest.fixture
def world(transactional_db, provider_server):
    """A shop in a database that forked processes share, its provider, and a shopper."""
    with shared_database(), World.open(provider_server) as world:
        yield world
