"""The shape of the package: which module may import which, and what every module has or does without."""

import ast
import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pytest

import lorikeet

PACKAGE = Path(lorikeet.__file__).parent
DOCS = Path(__file__).resolve().parents[2] / "docs"

#: A module imports from its own row and from those above it, nothing else. Those of a room are named with it.
ROWS = [
    "exceptions signals money outcomes clock http.card_numbers http.networks",
    "conf order_access",
    "managers transactions base_models hooks pricing contents cart.completeness",
    "orders models",
    "registry cart_checkers sections throttles admin_bases",
    "cart.abandoned cart.combining cart.fetching cart.locks cart.merging cart.shopper",
    (
        "checkout payments refunds recovery reconciliation payment_reviews reference_payments invariants health "
        "sale.ask sale.leases sale.notifications sale.prepare sale.settle sale.sweeps sale.webhooks"
    ),
    "serializers cart.editing http.authentication http.fast_serializers http.json_parser http.representation",
    "http.errors http.view_base api_views generic_views middleware cart.receivers admin templatetags management",
    "urls class_checks checks apps testing",
    "extensions",
    "api_serializers extras",
]
ROW = {name: row for row, names in enumerate(ROWS) for name in names.split()}
#: What lies in these is internal; what lies beside them is public.
ROOMS = ("cart", "sale", "http")
FOLDERS = {"lorikeet", "lorikeet.extensions", *(f"lorikeet.{room}" for room in ROOMS)}
FORBIDDEN_NAMES = {"utils", "helpers", "services", "mixins"}
MOST_LINES = 450
#: Django finds by their names what these are for; the last two say where something has gone.
WITHOUT_ALL = {"apps", "urls", "templatetags", "management", "extensions", "api_serializers", "extras"}
#: What Django calls, and nothing else imports, has a page without its module's name.
CALLED_BY_DJANGO = {"checks", "class_checks"}


@dataclass(frozen=True)
class Module:
    """A module's source, by its path in the package."""

    path: str
    source: str

    @property
    def parts(self):
        return self.path.removesuffix(".py").removesuffix("/__init__").split("/")

    @property
    def name(self):
        """What its row calls it: a module of a room by both names, an extension as a whole."""
        return within(self.parts)

    @cached_property
    def tree(self):
        return ast.parse(self.source)

    @property
    def folder(self):
        """The dotted name of the package it is in, which relative imports begin from."""
        return ["lorikeet", *self.path.split("/")[:-1]]

    def imports(self):
        """Yield ``(line, module)`` for each import of the package's own modules, except for those of types alone."""
        for node in statements(self.tree):
            for name in self.imported(node):
                if name[0] == "lorikeet":
                    yield node.lineno, within(name[1:])

    def imported(self, node):
        """Return the dotted names that a statement imports, each as a list."""
        if isinstance(node, ast.Import):
            return [alias.name.split(".") for alias in node.names]
        if not isinstance(node, ast.ImportFrom):
            return []
        base = self.folder[: len(self.folder) - node.level + 1] if node.level else []
        base = [*base, *(node.module.split(".") if node.module else [])]
        return [[*base, alias.name] for alias in node.names] if ".".join(base) in FOLDERS else [base]

    def wrong_imports(self):
        """Return a line for each import that goes against the table."""
        return [
            f"lorikeet/{self.path}:{line} imports {name}" for line, name in self.imports() if not self.may_import(name)
        ]

    def may_import(self, name):
        if {first(self.name), first(name)} == {"extensions"}:
            return self.name == name
        own, other = row_of(self.name), row_of(name)
        return name in ("", "__version__") if own is None or other is None else other <= own


def first(name):
    return name.partition(".")[0]


def within(parts):
    """Return a module's name in the table, of the parts of its dotted name below the package."""
    return ".".join(parts[: 2 if parts[:1] and parts[0] in {"extensions", *ROOMS} else 1])


def row_of(name):
    """Return the number of a module's row, or ``None`` if it has none; the package of a room itself imports nothing."""
    return ROW.get("extensions" if first(name) == "extensions" else name)


def statements(node):
    """Yield every statement, those under ``if TYPE_CHECKING`` left out."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.If) and ast.unparse(child.test).endswith("TYPE_CHECKING"):
            yield from (part for orelse in child.orelse for part in [orelse, *statements(orelse)])
        else:
            yield child
            yield from statements(child)


def read_all():
    for path in sorted(PACKAGE.rglob("*.py")):
        place = path.relative_to(PACKAGE).as_posix()
        if not place.startswith("migrations/") and "/migrations/" not in place:
            yield Module(place, path.read_text(encoding="utf-8"))


MODULES = list(read_all())


def test_a_module_has_a_row():
    packages = {"__init__", *ROOMS}  # those of the rooms are empty but for a sentence
    assert [module.path for module in MODULES if module.name not in packages and row_of(module.name) is None] == []


def test_a_module_imports_from_the_rows_above_it():
    assert [line for module in MODULES for line in module.wrong_imports()] == []


def test_imports_are_at_the_top():
    late = [
        f"lorikeet/{module.path}:{node.lineno}"
        for module in MODULES
        for function in ast.walk(module.tree)
        if isinstance(function, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda))
        and getattr(function, "name", "") != "ready"
        for node in ast.walk(function)
        if isinstance(node, (ast.Import, ast.ImportFrom))
    ]

    assert late == []


def test_a_module_fits_in_a_head():
    assert [module.path for module in MODULES if len(module.source.splitlines()) > MOST_LINES] == []


def test_a_module_says_what_it_is_for():
    first = {
        module.path: (ast.get_docstring(module.tree) or "").partition("\n")[0].rstrip()
        for module in MODULES
        if module.source.strip()
    }

    assert [path for path, line in first.items() if not line.endswith((".", ":", "?"))] == []


def test_a_module_is_named_after_its_content():
    assert [module.path for module in MODULES if FORBIDDEN_NAMES & set(module.parts)] == []


def test_a_module_prints_nothing():
    calls = [
        f"lorikeet/{module.path}:{node.lineno}"
        for module in MODULES
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print"
    ]

    assert calls == []


def names_in_all(module):
    """Return what ``__all__`` says, or ``None`` without one."""
    for node in module.tree.body:
        if isinstance(node, ast.Assign) and [ast.unparse(target) for target in node.targets] == ["__all__"]:
            return ast.literal_eval(node.value)
    return None


def test_a_module_says_what_is_public_in_it():
    public = {
        module: names_in_all(module)
        for module in MODULES
        if row_of(module.name) is not None and module.parts[0] not in WITHOUT_ALL
    }

    assert [module.path for module, names in public.items() if not names or len(names) != len(set(names))] == []
    unknown = {
        module.path: set(names) - {name for node in module.tree.body for name in names_defined_by(node)}
        for module, names in public.items()
    }
    assert {path: names for path, names in unknown.items() if names} == {}


def names_defined_by(node):
    if isinstance(node, ast.If):  # what is imported when it is asked for is imported for types at the top
        return [name for child in node.body for name in names_defined_by(child)]
    if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
        return [node.name]
    if isinstance(node, ast.Assign):
        return [ast.unparse(target) for target in node.targets]
    if isinstance(node, ast.AnnAssign):
        return [ast.unparse(node.target)]
    return [alias.asname or alias.name for alias in node.names] if isinstance(node, ast.ImportFrom) else []


def documented():
    """Yield ``(module, name)`` for all that the reference takes from the code."""
    for page in sorted(DOCS.rglob("*.rst")) if DOCS.is_dir() else ():
        module = ""
        for directive, name in re.findall(
            r"^ *\.\. (?:py:)?(\w+):: +([\w.]+)", page.read_text(encoding="utf-8"), re.MULTILINE
        ):
            if directive in ("automodule", "module", "currentmodule"):
                module = name
            elif directive in ("autoclass", "autofunction", "autoexception", "autodata"):
                yield name.rpartition(".")[::2] if name.startswith("lorikeet.") else (module, name)


@pytest.mark.skipif(not DOCS.is_dir(), reason="the documentation is not here")
def test_a_documented_name_is_public():
    public = {
        (".".join(["lorikeet", *module.parts]), name) for module in MODULES for name in names_in_all(module) or ()
    }
    listed = set(documented())

    assert ("lorikeet.models", "LineItem") in listed
    assert {name for name in listed - public if not name[0].startswith("lorikeet.templatetags")} == set()


@pytest.mark.skipif(not DOCS.is_dir(), reason="the documentation is not here")
def test_a_flat_module_has_a_page_in_the_reference():
    flat = {module.parts[0] for module in MODULES if len(module.parts) == 1 and "." not in module.name}
    directive = re.compile(r"^ *\.\. (?:py:)?(?:auto|current)?module:: +lorikeet\.([\w.]+)", re.MULTILINE)
    pages = (DOCS / "reference").rglob("*.rst")
    described = {name for page in pages for name in directive.findall(page.read_text(encoding="utf-8"))}

    assert flat - WITHOUT_ALL - CALLED_BY_DJANGO - {"__init__", *ROOMS} - described == set()


def readers():
    """Yield what is written against the public modules alone: extensions, the example shop, the code of the docs."""
    root = DOCS.parent
    for folder in (PACKAGE / "extensions", root / "example_project", root / "tests" / "docs" / "host" / "recipes"):
        yield from sorted(path for path in folder.rglob("*.py") if "migrations" not in path.parts)


def test_extensions_and_examples_import_public_modules():
    internal = [
        f"{path.name}:{line} imports {name}"
        for path in readers()
        for line, name in Module(place_of(path), path.read_text(encoding="utf-8")).imports()
        if first(name) in ROOMS
    ]

    assert internal == []


def place_of(path):
    """Return a file's path in the package, or one outside it."""
    return path.relative_to(PACKAGE).as_posix() if path.is_relative_to(PACKAGE) else f"/{path.name}"


# that the rules are seen to be broken


@pytest.mark.parametrize(
    ("path", "source", "names"),
    [
        ("models.py", "from .registry import registry", ["registry"]),
        ("models.py", "from . import money, registry", ["registry"]),
        ("models.py", "import lorikeet.checkout", ["checkout"]),
        ("models.py", "from lorikeet.checkout import checkout", ["checkout"]),
        ("models.py", "def f():\n    from .checks import x", ["checks"]),
        ("models.py", "try:\n    from .urls import x\nexcept ImportError:\n    pass", ["urls"]),
        ("models.py", "if TYPE_CHECKING:\n    pass\nelse:\n    from .urls import x", ["urls"]),
        ("management/commands/tick.py", "from ...checks import x", ["checks"]),
        ("templatetags/lorikeet.py", "from ..testing import x", ["testing"]),
        ("money.py", "from .conf import settings", ["conf"]),
        ("checkout.py", "from .extensions.stock import x", ["extensions.stock"]),
        ("extensions/stock/models.py", "from ..coupons.models import x", ["extensions.coupons"]),
        ("extensions/stock/models.py", "from lorikeet.extensions import coupons", ["extensions.coupons"]),
        ("models.py", "from .sale import leases", ["sale.leases"]),
        ("orders.py", "from .sale.settle import settle", ["sale.settle"]),
        ("outcomes.py", "from .models import Payment", ["models"]),
        ("models.py", "from .nothing import x", ["nothing"]),
    ],
)
def test_an_import_against_the_table_is_seen(path, source, names):
    module = Module(path, source)

    assert [line.rpartition(" ")[2] for line in module.wrong_imports()] == names
    assert all(line.startswith(f"lorikeet/{path}:") for line in module.wrong_imports())


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("models.py", "if TYPE_CHECKING:\n    from .contents import CartContents"),
        ("models.py", "from .managers import x\nfrom . import money\nimport django.db"),
        ("models.py", "from . import __version__"),
        ("checkout.py", "from .cart.locks import x"),
        ("management/commands/tick.py", "from lorikeet.recovery import tick"),
        ("templatetags/lorikeet.py", "from ..cart.shopper import Shopper"),
        ("extensions/stock/models.py", "from .exceptions import x\nfrom lorikeet.models import Order"),
    ],
)
def test_any_other_import_is_not(path, source):
    assert Module(path, source).wrong_imports() == []
