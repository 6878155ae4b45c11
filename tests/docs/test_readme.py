"""The README shows code that runs: the app ``bookshop``, and what ``host/test_bookshop.py`` is answered."""

from pathlib import Path

import pytest

from .pages import ROOT, blocks

README = ROOT / "README.rst"
BOOKSHOP = Path(__file__).parent / "host" / "bookshop"

pytestmark = pytest.mark.skipif(not README.is_file(), reason="the README is not here")


@pytest.fixture
def readme():
    return README.read_text(encoding="utf-8")


def test_its_python_is_the_bookshop(readme):
    shown = blocks(readme, "code-block:: python")

    assert shown == [(BOOKSHOP / name).read_text() for name in ("models.py", "serializers.py", "apps.py")]


def test_its_commands_are_in_the_makefile(readme):
    makefile = (ROOT / "Makefile").read_text()

    for command in ("demo", "test", "docs"):
        assert f"make {command}" in readme
        assert f"\n{command}:\n" in makefile
