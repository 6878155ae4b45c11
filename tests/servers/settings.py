"""The ``DATABASES`` entry for each database the suite knows."""

from __future__ import annotations

from typing import Any

from tests.servers.engines import ServerUnavailable
from tests.servers.keepers import lend
from tests.servers.mariadb import MariaDB
from tests.servers.postgresql import PostgreSQL


def database_settings(name: str) -> dict[str, Any]:
    """Give Django's settings of one database, its server started where it needs one.

    ``name`` is ``sqlite``, ``postgresql`` or ``mariadb``.

    :raises ServerUnavailable: the server or its driver is not on this machine, or the name is unknown.
    """
    match name:
        case "sqlite":
            return {
                "ENGINE": "django.db.backends.sqlite3",
                "NAME": ":memory:",
                "OPTIONS": {"transaction_mode": "IMMEDIATE", "timeout": 20},
            }
        case "postgresql":
            return {
                "ENGINE": "django.db.backends.postgresql",
                "NAME": "lorikeet",
                "USER": "lorikeet",
                "HOST": lend(PostgreSQL()),
            }
        case "mariadb":
            _install_mysql_driver()
            engine = MariaDB()
            return {
                "ENGINE": "django.db.backends.mysql",
                "NAME": "lorikeet",
                "USER": "root",
                "HOST": f"{lend(engine)}/{engine.socket}",
                "OPTIONS": {"charset": "utf8mb4"},
                "TEST": {"CHARSET": "utf8mb4"},
            }
        case _:
            raise ServerUnavailable(f"There is no test database {name!r}: sqlite, postgresql and mariadb are known.")


def _install_mysql_driver() -> None:
    """Let PyMySQL replace mysqlclient, which would have to be compiled."""
    try:
        import pymysql
    except ImportError:
        raise ServerUnavailable("MariaDB is tested through PyMySQL: pip install 'lorikeet-cart[mariadb]'.") from None
    pymysql.install_as_MySQLdb()
