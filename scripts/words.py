"""Look for words that make Lorikeet's prose hard to read: ``words.py [FILE ...]``, by default in every text of the project.

The exit status is 1 if there are any, and each is printed with what to write instead. ``CONTRIBUTING.rst`` has the rule.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
TEXTS = {".py", ".rst", ".html", ".js", ".css", ".csv", ".toml", ".ini", ".svg", ""}
#: These hold the words themselves, or prose that is not ours.
LEFT_OUT = {"scripts/words.py", "LICENSE"}

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
PATTERNS = [
    (re.compile(rf"(?<![\w./-])(?:{words})(?![\w/-]|\.\w)", re.IGNORECASE), advice) for words, advice in WORDS.items()
]
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
    return [ROOT / name for name in names.split("\0") if Path(name).suffix in TEXTS and name not in LEFT_OUT]


def problems(path: Path) -> list[str]:
    """Return a line for each word in ``path`` that is on the list."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (UnicodeDecodeError, IsADirectoryError, FileNotFoundError):
        return []
    return [
        f"{path.relative_to(ROOT)}:{number}: {found[0]!r}: {advice}"
        for number, line in enumerate(lines, 1)
        for pattern, advice in PATTERNS
        for found in pattern.finditer(line)
    ]


def missing() -> list[str]:
    """Return a line for each word that people search for and the documentation does not have."""
    text = "\n".join(path.read_text(encoding="utf-8") for path in sorted((ROOT / "docs").rglob("*.rst")))
    return [f"docs: {word!r} is nowhere; people search for it" for word in SEARCHED if word not in text]


if __name__ == "__main__":
    chosen = [Path(name).resolve() for name in sys.argv[1:]]
    found = [problem for path in chosen or tracked() for problem in problems(path)]
    found += [] if chosen else missing()
    print("\n".join(found) if found else "The words are plain.")
    sys.exit(bool(found))
