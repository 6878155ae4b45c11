"""Look for words that make Lorikeet's prose hard to read: ``words.py [FILE ...]``, by default in the whole project.

Each is printed with what to write instead, and the exit status is then 1. ``CONTRIBUTING.rst`` has the rule.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
TEXTS = {".py", ".rst", ".html", ".js", ".css", ".csv", ".toml", ".ini", ".svg", ""}
#: These have the words on purpose, prose that is not ours, or the name of a Unix account.
LEFT_OUT = {"scripts/words.py", "tests/test_words.py", "LICENSE", "tests/servers/accounts.py"}

ROLE = "name the role: shopper, worker, provider, staff, caller, host, client"
#: What not to write, and what to write instead.
WORDS = {
    r"whoever|whosoever|whomever": ROLE,
    r"somebody|someone|anybody|anyone|everybody|everyone|nobody|no one": ROLE,
    r"he|his|him|himself|she|her|hers|herself": "they, their, or the role",
    r"one's": "their, or the role's",
    r"stands? (?:in|on|at|there|behind|beside|above|below|under)|stands": "is, lies, or the verb of the field",
    r"out of sight": "deactivated, hidden or removed",
    r"in peace": "left alone is not a state: say what is not done",
    r"of its own accord|by and by|so to speak|as it were": "leave it out",
    r"simply|obviously|of course|easily": "leave it out",
}
#: A word in an identifier, a path or an address is no prose.
PATTERNS = [
    (re.compile(rf"(?<![\w./-])(?:{words})(?![\w/-]|\.\w)", re.IGNORECASE), advice) for words, advice in WORDS.items()
]
ADDRESS = re.compile(r"\b\w+://\S+")
#: What people search for; the documentation has each of them.
SEARCHED = [
    "variant",
    "VAT",
    "fulfilment",
    "guest checkout",
    "webhook",
    "currency",
    "3-D Secure",
    "idempotency",
    "refund",
]


def tracked() -> list[Path]:
    """Return the project's own texts."""
    names = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True, text=True).stdout
    paths = [ROOT / name for name in names.split("\0") if name not in LEFT_OUT and Path(name).suffix in TEXTS]
    return [path for path in paths if path.is_file()]


def problems(path: Path) -> Iterator[str]:
    """Yield a line for each word in ``path`` that is on the list."""
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        prose = ADDRESS.sub("", line)
        for pattern, advice in PATTERNS:
            for found in pattern.finditer(prose):
                yield f"{os.path.relpath(path)}:{number}: {found[0]!r}: {advice}"


def missing(texts: Iterable[str]) -> list[str]:
    """Return a line for each word that people search for and no text of the documentation has."""
    documentation = "\n".join(texts)
    return [f"docs: {word!r} is nowhere; people search for it" for word in SEARCHED if word not in documentation]


def main(names: list[str]) -> int:
    """Print what there is to mend, and return the exit status."""
    paths = [Path(name) for name in names] or tracked()
    found = [problem for path in paths for problem in problems(path)]
    if not names:
        found += missing(path.read_text(encoding="utf-8") for path in (ROOT / "docs").rglob("*.rst"))
    print("\n".join(found or ["The words are plain."]))
    return int(bool(found))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
