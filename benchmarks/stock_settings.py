"""Settings of the shop with stock: as in production, and a database that processes share."""

import os
import tempfile

from benchmarks.settings import *  # noqa: F403
from benchmarks.settings import DATABASES, INSTALLED_APPS

INSTALLED_APPS = [*INSTALLED_APPS, "lorikeet.extensions.stock"]
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    DATABASES["default"]["TEST"]["NAME"] = f"{tempfile.gettempdir()}/lorikeet-benchmark-{os.getpid()}.sqlite3"
