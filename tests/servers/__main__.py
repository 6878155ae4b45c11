"""Run a throw-away server until the end of standard input: ``python -m tests.servers postgresql``."""

from __future__ import annotations

import argparse
import sys

from tests.servers.keepers import keep
from tests.servers.mariadb import MariaDB
from tests.servers.postgresql import PostgreSQL

ENGINES = {engine.name: engine for engine in (PostgreSQL(), MariaDB())}

parser = argparse.ArgumentParser(prog="python -m tests.servers", description=__doc__)
parser.add_argument("engine", choices=sorted(ENGINES))
keep(ENGINES[parser.parse_args().engine], sys.stdin, sys.stdout)
