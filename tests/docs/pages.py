"""The sources of the documentation, where they are."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"

#: The suite also runs against the built wheel, in a folder that has no documentation.
needs_docs = pytest.mark.skipif(not DOCS.is_dir(), reason="the documentation is not here")


def page(name):
    return (DOCS / name).read_text(encoding="utf-8")


def all_pages():
    return {path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8") for path in DOCS.rglob("*.rst")}


def blocks(text, directive):
    """Return the indented text below each ``.. directive``, without its indentation."""
    found = []
    lines = text.splitlines()
    for number, line in enumerate(lines):
        match = re.match(rf"( *)\.\. {directive}$", line)
        if match is None:
            continue
        body = []
        for following in lines[number + 1 :]:
            if following.strip() and len(following) - len(following.lstrip()) <= len(match[1]):
                break
            body.append(following)
        margin = min(len(each) - len(each.lstrip()) for each in body if each.strip())
        found.append("\n".join(each[margin:] for each in body).strip("\n") + "\n")
    return found
