"""How the documentation is built: ``sphinx-build -n -W -b html docs OUT``. It needs no network."""

import sys
from pathlib import Path

import django
from django.conf import settings

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE / "_ext"), str(HERE.parent)]

# autodoc imports the models, which Django allows in a configured project only. This is the smallest there is.
settings.configure(
    INSTALLED_APPS=[
        "django.contrib.admin",
        "django.contrib.contenttypes",
        "django.contrib.auth",
        "django.contrib.sessions",
        "django.contrib.messages",
        "rest_framework",
        "lorikeet",
        "lorikeet.extensions.stripe",
        "lorikeet.extensions.stock",
    ],
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    USE_TZ=True,
)
django.setup()

from lorikeet import __version__  # noqa: E402 - after the path is set

project = "Lorikeet"
author = "The Lorikeet contributors"
copyright = author  # noqa: A001 - Sphinx's name
version = release = __version__
language = "en-GB"

extensions = ["sphinx.ext.autodoc", "sphinxcontrib.httpdomain", "lorikeet_docs"]
exclude_patterns = ["_build"]
highlight_language = "none"

html_theme = "furo"
html_title = f"Lorikeet {release}"
html_static_path = ["_static"]
html_css_files = ["lorikeet.css"]
html_copy_source = False
html_show_sphinx = False

autodoc_member_order = "bysource"
# A docstring says what shape a value has; with the annotations as well a signature is too long to be read.
autodoc_typehints = "none"

# Headers such as Idempotency-Key and Prefer are in RFCs that the domain has no list of.
http_strict_mode = False

nitpicky = True
nitpick_ignore_regex = [
    # Other projects' classes. Links to them need their inventories, which the build would have to fetch.
    (r"py:.*", r"(django|rest_framework|stripe|decimal|datetime|uuid)\..*"),
    (r"py:exc", r"(ValidationError|Http404|PermissionDenied|ParseError)"),
    # Exceptions of Python itself, for the same reason.
    (r"py:exc", r"(LookupError|RuntimeError|TypeError|ValueError)"),
    # Parents that exist to share code; what they offer is shown where it is inherited.
    (r"py:class", r"lorikeet\.bases\..*"),
]


def shorten_signature(app, what, name, obj, options, signature, return_annotation):
    """Leave out what a class of Django or REST framework takes: it says nothing about this class."""
    if what == "class" and signature is not None and ("**kwargs" in signature or "hints=" in signature):
        return "", None
    return None


def setup(app):
    app.connect("autodoc-process-signature", shorten_signature)
