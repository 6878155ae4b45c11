"""The shop with its catalogue, and a shopper whose every request is written down."""

import pytest
from django.core.management import call_command
from recorder import Recorder


@pytest.fixture
def catalogue(transactional_db, django_db_reset_sequences):
    """The wines, numbered from 1: a checkout needs real transactions, and the examples need the same numbers."""
    call_command("load_catalogue", verbosity=0)


@pytest.fixture
def shopper(catalogue):
    return Recorder()
