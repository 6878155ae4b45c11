"""The distribution: what its metadata says, and what is in the wheel and the sdist.

The tests marked ``dist`` look into ``dist/``, which ``make dist`` has just built.
"""

import configparser
import importlib.metadata
import re
import runpy
import tarfile
import zipfile
from pathlib import Path

import pytest

import lorikeet

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "lorikeet"

in_checkout = pytest.mark.skipif(not PACKAGE.is_dir(), reason="the source of the package is not here")


@pytest.fixture
def metadata(monkeypatch):
    """The arguments setup.py gives to setuptools."""
    setuptools = pytest.importorskip("setuptools")
    given = {}
    monkeypatch.setattr(setuptools, "setup", given.update)
    monkeypatch.chdir(ROOT)
    runpy.run_path(str(ROOT / "setup.py"))
    return given


@pytest.fixture
def wheel():
    return _built("*.whl")


@pytest.fixture
def sdist():
    return _built("*.tar.gz")


def _built(pattern):
    files = list((ROOT / "dist").glob(pattern))
    assert len(files) == 1, "make dist builds one of each"
    return files[0]


def _package_files():
    """The files in the package's folder, leftovers of running it apart."""
    return {
        path.relative_to(ROOT).as_posix()
        for path in PACKAGE.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }


def _environments():
    """The names of tox's environments, ``py{312,313}-django{52,60}`` written out."""
    tox = configparser.ConfigParser(interpolation=None)
    tox.read(ROOT / "tox.ini")
    names = set()
    for line in tox["tox"]["env_list"].split():
        found = re.fullmatch(r"py\{?([\d,]+)\}?-django\{?([\d,]+)\}?", line)
        if found is None:
            names.add(line)
        else:
            names |= {f"py{p}-django{d}" for p in found[1].split(",") for d in found[2].split(",")}
    return names


@in_checkout
def test_the_version_is_that_of_the_package(metadata):
    assert metadata["version"] == lorikeet.__version__


def test_the_installed_version_is_that_of_the_package():
    try:
        installed = importlib.metadata.version("lorikeet-cart")
    except importlib.metadata.PackageNotFoundError:
        pytest.skip("lorikeet-cart is not installed")

    assert installed == lorikeet.__version__


@in_checkout
def test_django_and_rest_framework_are_all_it_needs(metadata):
    assert metadata["install_requires"] == ["Django>=5.2", "djangorestframework>=3.16"]


@in_checkout
def test_the_distribution_holds_one_package_and_its_subpackages(metadata):
    folders = {path.parent.relative_to(ROOT) for path in PACKAGE.rglob("*.py")}

    assert set(metadata["packages"]) == {".".join(folder.parts) for folder in folders}


@in_checkout
def test_every_python_it_names_has_an_environment_of_tox(metadata):
    named = {name for text in metadata["classifiers"] for name in re.findall(r"Python :: (3\.\d+)$", text)}

    tested = {re.sub(r"py3(\d+)-.*", r"3.\1", name) for name in _environments() if name.startswith("py")}

    assert named == tested
    assert metadata["python_requires"] == ">=3.10"


@in_checkout
def test_every_django_it_names_has_an_environment_of_tox(metadata):
    named = {name for text in metadata["classifiers"] for name in re.findall(r"Django :: (\d\.\d)$", text)}

    tested = {re.sub(r".*-django(\d)(\d)", r"\1.\2", name) for name in _environments() if "-django" in name}

    assert named == tested


#: What a shop may install besides.
SHOP = ["babel", "stripe"]


@in_checkout
def test_every_extra_for_work_on_lorikeet_is_in_the_contributors_guide(metadata):
    guide = (ROOT / "CONTRIBUTING.rst").read_text(encoding="utf-8")

    missing = [extra for extra in metadata["extras_require"] if f"``{extra}``" not in guide]

    assert missing == SHOP


@in_checkout
def test_every_extra_for_a_shop_is_in_the_documentation():
    pages = [path.read_text(encoding="utf-8") for path in (ROOT / "docs").rglob("*.rst")]

    assert [extra for extra in SHOP if any(f"lorikeet-cart[{extra}]" in page for page in pages)] == SHOP


@pytest.mark.dist
def test_the_wheel_holds_the_package_and_nothing_else(wheel):
    names = set(zipfile.ZipFile(wheel).namelist())

    assert {name for name in names if ".dist-info/" not in name} == _package_files()


@pytest.mark.dist
def test_the_wheel_holds_what_is_easily_forgotten(wheel):
    names = set(zipfile.ZipFile(wheel).namelist())

    assert names >= {
        "lorikeet/py.typed",
        "lorikeet/migrations/0001_initial.py",
        "lorikeet/management/commands/lorikeet_tick.py",
        "lorikeet/templatetags/lorikeet.py",
        "lorikeet/api_serializers.py",
        "lorikeet/extras/__init__.py",
        f"lorikeet_cart-{lorikeet.__version__}.dist-info/licenses/LICENSE",
    }


@pytest.mark.dist
def test_the_wheel_fits_every_platform(wheel):
    assert wheel.name == f"lorikeet_cart-{lorikeet.__version__}-py3-none-any.whl"


@pytest.mark.dist
def test_the_sdist_holds_the_package_and_what_it_is_built_from(sdist):
    top = f"lorikeet_cart-{lorikeet.__version__}"

    with tarfile.open(sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames() if archive.getmember(name).isfile()}

    assert sdist.name == f"{top}.tar.gz"
    assert {name for name in names if not name.startswith("lorikeet_cart.egg-info/")} == _package_files() | {
        "CHANGELOG.rst",
        "CONTRIBUTING.rst",
        "LICENSE",
        "MANIFEST.in",
        "PKG-INFO",
        "README.rst",
        "SECURITY.rst",
        "pyproject.toml",
        "setup.cfg",
        "setup.py",
    }
