"""Copy what the suite reads, and not the package, to a folder of its own: ``copy_suite.py CHECKOUT FOLDER``.

In that folder ``import lorikeet`` finds what is installed and nothing else.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

FOLDERS = ("tests", "example_project", "benchmarks", "docs")
FILES = ("pyproject.toml",)


def copy_suite(checkout: Path, target: Path) -> None:
    if (target / "lorikeet").exists():
        sys.exit(f"{target.resolve()} is not a folder to empty: there is a package in it.")
    for left_over in target.iterdir():
        if left_over.is_dir():
            shutil.rmtree(left_over)
        else:
            left_over.unlink()
    for name in FOLDERS:
        shutil.copytree(
            checkout / name,
            target / name,
            ignore=shutil.ignore_patterns("__pycache__", ".pytest_cache", "_build", "*.sqlite3*"),
        )
    for name in FILES:
        shutil.copy(checkout / name, target)


if __name__ == "__main__":
    copy_suite(Path(sys.argv[1]), Path(sys.argv[2]))
