"""The databases the suite runs on: SQLite in memory, or a PostgreSQL or MariaDB made for one run.

A server is started the first time its settings are asked for. It listens on a Unix socket in a
temporary folder, is found again by every process of the run through an environment variable,
and is gone, folder and all, when the process that asked for it ends, however that ends.
"""

from tests.servers.engines import ServerUnavailable
from tests.servers.settings import database_settings

__all__ = ["ServerUnavailable", "database_settings"]
