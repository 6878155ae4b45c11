"""What the documentation says is what the code has."""

import csv
import json
import re
from pathlib import Path

import pytest
from django.urls import reverse

import lorikeet
from lorikeet import exceptions, hooks, models, recovery, signals, urls
from lorikeet.conf import settings
from lorikeet.extensions.stock.conf import settings as stock_settings
from lorikeet.extensions.stripe.conf import settings as stripe_settings
from lorikeet.sale import settle as settling
from tests.security.matrix import ROWS

from .pages import DOCS, ROOT, all_pages, blocks, needs_docs, page

pytestmark = needs_docs

PACKAGE = Path(lorikeet.__file__).parent
#: Where the Python that is shown comes from: all of it is run by tests.
TESTED = ("example_project/", "tests/docs/host/")


class TestCode:
    def test_python_is_included_and_never_typed(self):
        typed = {name for name, text in all_pages().items() if blocks(text, "code-block:: python")}

        assert typed == set()

    def test_typed_blocks_are_in_no_language_that_could_be_run(self):
        languages = {
            language for text in all_pages().values() for language in re.findall(r"\.\. code-block:: *(\S*)", text)
        }

        assert languages == {"console", "text", "diff"}

    def test_included_files_come_from_tested_folders(self):
        sources = {
            ((ROOT / name).parent / path).resolve().relative_to(ROOT).as_posix()
            for name, text in all_pages().items()
            for path in re.findall(r"\.\. literalinclude:: (\S+)", text)
        }

        assert sources
        assert [source for source in sources if not source.startswith(TESTED)] == []

    def test_where_a_file_is_shown_first_its_imports_of_lorikeet_are_too(self):
        """The tutorial is read as a whole, a guide by itself."""
        parts = {}
        for name, text in all_pages().items():
            if name.startswith(("docs/tutorial/", "docs/howto/", "docs/extensions/")):
                parts.setdefault("docs/tutorial/" if "tutorial" in name else name, []).extend(inclusions(name, text))
        without = {
            (part, source.relative_to(ROOT).as_posix())
            for part, included in parts.items()
            for source in {source for source, _ in included}
            if "lorikeet" in imports_of(source.read_text(encoding="utf-8"))
            and not any(
                option.startswith((":start-at: from ", ":start-at: import "))
                for each, options in included
                if each == source
                for option in options
            )
        }

        assert without == set()

    def test_nothing_is_a_literal_block_without_a_language(self):
        """Two colons at the end of a paragraph would make one, whose content no test checks."""
        makers = [
            (name, line)
            for name, text in all_pages().items()
            for line in text.splitlines()
            if line.rstrip().endswith("::") and not line.lstrip().startswith("..")
        ]

        assert makers == []


def inclusions(name, text):
    """Yield the path and the options of each Python file that a page includes."""
    for match in re.finditer(r"^ *\.\. literalinclude:: (\S+\.py)\n((?: +:.*\n)+)", text, re.MULTILINE):
        yield ((ROOT / name).parent / match[1]).resolve(), [line.strip() for line in match[2].splitlines()]


def imports_of(source):
    """Return the names of the packages that a module imports at its top."""
    return set(re.findall(r"^(?:from|import) (\w+)", source, re.MULTILINE))


class TestExamples:
    def test_every_example_is_shown_and_every_shown_one_is_there(self):
        shown = {name for text in all_pages().values() for name in re.findall(r"\.\. http-example:: (\S+)", text)}

        assert shown == {path.stem for path in (DOCS / "examples").glob("*.json")}


class TestSettings:
    def test_every_setting_that_is_named_exists(self):
        named = {name for text in all_pages().values() for name in re.findall(r"LORIKEET_[A-Z_]*[A-Z]", text)}

        assert named - {setting.name for setting in (*settings, *stripe_settings, *stock_settings)} == set()

    def test_the_page_of_settings_is_made_of_the_code(self):
        assert ".. lorikeet-settings::" in page("reference/settings.rst")


class TestChecks:
    def test_the_ids_are_those_of_the_code(self):
        code = "".join((PACKAGE / name).read_text(encoding="utf-8") for name in ("checks.py", "class_checks.py"))
        raised = set(re.findall(r'id="(lorikeet\.[EW]\d{3})"', code))
        listed = re.findall(r"^\.\. check:: (\S+)$", page("reference/checks.rst"), re.MULTILINE)

        assert listed == sorted(raised)


class TestModels:
    @pytest.mark.parametrize(
        "model",
        [
            models.LineItem,
            models.DeliveryAddress,
            models.Payment,
            models.Cart,
            models.Order,
            models.OrderCharge,
            models.PaymentAttempt,
        ],
    )
    def test_every_column_is_described(self, model):
        text = page("reference/models.rst")
        start = text.index(f".. autoclass:: {model.__name__}\n")
        end = text.find(".. autoclass::", start + 1)
        described = re.findall(r"^``(\w+)``  ", text[start : end if end > 0 else None], re.MULTILINE)

        assert described == [column for column in columns(model, described) if column != "id"]

    @pytest.mark.parametrize(
        ("model", "like"), [(models.Adjustment, models.LineItem), (models.PaymentMethod, models.DeliveryAddress)]
    )
    def test_models_without_a_table_have_the_columns_they_are_said_to_have(self, model, like):
        assert set(columns(model)) == set(columns(like))


def columns(model, first=()):
    """Return the names of the columns, in the order of ``first`` as far as that names them."""
    names = [field.name for field in model._meta.concrete_fields]
    return [*(name for name in first if name in names), *(name for name in names if name not in first)]


class TestExceptions:
    def test_every_exception_is_described(self):
        described = re.findall(r"^\.\. autoexception:: (\w+)$", page("reference/exceptions.rst"), re.MULTILINE)

        assert sorted(described) == sorted(exceptions.__all__)


class TestHttp:
    def test_every_endpoint_is_listed_with_its_methods(self):
        rows = re.findall(r"^``(\S+)``\s+``(\S+)``\s+([A-Z, ]+)$", page("reference/http/index.rst"), re.MULTILINE)

        listed = {(name, url, tuple(methods.split(", "))) for url, name, methods in rows}

        assert listed == {(pattern.name, url_of(pattern), methods_of(pattern)) for pattern in urls.urlpatterns}

    def test_every_endpoint_and_method_is_described_once(self):
        described = sorted(
            (method.upper(), url)
            for path, text in all_pages().items()
            if "extensions/" not in str(path)  # the suite of the host has them installed
            for method, url in re.findall(r"^\.\. http:(\w+):: (\S+)$", text, re.MULTILINE)
        )

        assert described == sorted(
            (method, url_of(pattern)) for pattern in urls.urlpatterns for method in methods_of(pattern)
        )

    def test_every_status_of_an_example_is_described_with_its_endpoint_or_for_all(self):
        everywhere = set(
            re.findall(r"^   \* - (\d{3})(?:, (\d{3}))?$", page("reference/http/conventions.rst"), re.MULTILINE)
        )
        for_all = {int(code) for codes in everywhere for code in codes if code}
        missing = []
        for path in (DOCS / "examples").glob("*.json"):
            example = json.loads(path.read_text(encoding="utf-8"))
            url = generalise(example["request"]["path"])
            status = example["response"]["status"]
            if status not in for_all | statuses_of(example["request"]["method"].lower(), url):
                missing.append((path.stem, status))

        assert missing == []

    def test_every_key_of_the_cart_is_described(self):
        described = re.findall(r":resjson \w+ (\w+):", page("reference/http/cart.rst"))
        example = json.loads((DOCS / "examples" / "cart.json").read_text(encoding="utf-8"))

        assert sorted(described) == sorted(example["response"]["body"])

    def test_every_reason_of_the_core_is_listed(self):
        raised = set()
        for name in ("cart_checkers", "pricing"):
            source = (PACKAGE / f"{name}.py").read_text(encoding="utf-8")
            raised |= set(re.findall(r'(?:IncompleteCartError|report)\("(\w+)"', source))
        listed = set(re.findall(r"^``(\w+)``\s+``\w+``", page("reference/http/cart.rst"), re.MULTILINE))

        assert listed == raised


def generalise(path):
    """Return the URL of an example as the pages write it."""
    path = re.sub(r"(?<=checkout/)[0-9a-f-]{36}(?=/)", "(id)", path)
    path = re.sub(r"(?<=webhook/)\w+(?=/)", "(type)", path)
    return re.sub(r"\d+/$", "(id)/", path)


def url_of(pattern):
    prefix = reverse("lorikeet:cart")
    return prefix + re.sub(r"<\w+:(\w+)>", r"(\1)", str(pattern.pattern))


def methods_of(pattern):
    view = pattern.callback.cls
    return tuple(method for method in ("GET", "POST", "PUT", "PATCH", "DELETE") if hasattr(view, method.lower()))


def statuses_of(method, url):
    """Return the statuses that are described with one method of an endpoint."""
    for text in all_pages().values():
        parts = re.split(r"^\.\. http:(\w+):: (\S+)$", text, flags=re.MULTILINE)
        for found, where, body in zip(parts[1::3], parts[2::3], parts[3::3], strict=True):
            if (found, where) == (method, url):
                return {int(code) for code in re.findall(r":statuscode (\d{3}):", body)}
    return set()


class TestSecurity:
    def test_the_table_of_access_is_the_matrix_that_is_tested(self):
        with (DOCS / "explanation" / "access.csv").open(encoding="utf-8", newline="") as table:
            listed = {
                row["Request"]: (row["Whose it is"][:3], row["Another caller"][:3])
                for row in csv.DictReader(table)
                if "/stripe/" not in row["Request"]  # the suite of the host asks for that
            }

        assert listed == {
            f"{method} {generalise(row.path.replace('{id}', '(id)'))}": (str(status), str(row.for_others(method)))
            for row in ROWS.values()
            for method, status in row.own.items()
            if method != "HEAD"
        }


class TestHooks:
    def test_every_moment_is_listed_in_the_order_in_which_they_are_declared(self):
        listed = re.findall(r"^``(\w+)``  ", page("reference/hooks.rst"), re.MULTILINE)

        assert listed == [name for name in vars(hooks.Hooks) if not name.startswith("_")]


class TestCommands:
    def test_every_command_is_described(self):
        folder = PACKAGE / "management" / "commands"
        commands = {path.stem for path in folder.glob("[!_]*.py")}

        assert set(re.findall(r"^``(\w+)``\n---", page("reference/commands.rst"), re.MULTILINE)) == commands

    @pytest.mark.django_db
    def test_every_sweep_is_described_and_shown(self):
        sweeps = list(recovery.tick())

        described, _, _ = page("reference/commands.rst").partition("``lorikeet_check``")
        assert re.findall(r"^``([a-z ]+)``$", described, re.MULTILINE) == sweeps
        assert re.findall(r"^   ([a-z ]+): \d+$", page("howto/operating.rst"), re.MULTILINE) == sweeps

    def test_every_rule_is_described(self):
        source = (PACKAGE / "invariants.py").read_text(encoding="utf-8")
        rules = re.findall(r'(?:yield |yield \(\n +)"([A-Z][^"]+\.)"', source)

        described = re.findall(r"^([A-Z][a-z ]+\.)\n   ", page("reference/commands.rst"), re.MULTILINE)

        assert rules
        assert described == rules

    def test_every_difference_between_the_books_is_described(self):
        source = (PACKAGE / "reconciliation.py").read_text(encoding="utf-8")
        kinds = set(re.findall(r'return "(\w+)"| else "(\w+)"|if [^\n]*"(unknown)"', source))
        described = set(re.findall(r"^``(\w+)``\n   ", page("reference/commands.rst"), re.MULTILINE))

        assert {kind for found in kinds for kind in found if kind} <= described


class TestStates:
    def test_the_drawing_has_every_state_and_says_in_words_what_it_shows(self):
        drawing = page("explanation/states.svg")
        drawn = set(re.findall(r"<text [^>]*>([^<]*)</text>", drawing))
        words = re.search(r"<desc [^>]*>([^<]*)</desc>", drawing)[1]

        states = {*models.Order.State.values, *models.PaymentAttempt.State.values}
        assert states <= drawn
        assert [state for state in states if state not in words] == []


class TestFigures:
    def test_they_are_whole_numbers_of_cases_and_violations(self):
        with (DOCS / "explanation" / "figures.csv").open(encoding="utf-8", newline="") as table:
            rows = csv.DictReader(table)
            figures = [(row["cases"], row["violations"]) for row in rows]

        assert rows.fieldnames == ["technique", "cases", "violations", "seconds"]
        assert [pair for pair in figures if not all(number.isdecimal() for number in pair)] == []

    def test_the_sales_of_each_technique_have_their_ratio(self):
        with (DOCS / "explanation" / "stock.csv").open(encoding="utf-8", newline="") as table:
            rows = csv.DictReader(table)
            figures = list(rows)

        assert rows.fieldnames == ["technique", "sales per second", "ratio"]
        assert [row for row in figures if float(row["sales per second"]) <= 0 or float(row["ratio"]) <= 0] == []


class TestAttention:
    def test_every_text_that_the_staff_may_read_is_explained(self):
        sources = [
            (PACKAGE / f"{name}.py").read_text(encoding="utf-8")
            for name in ("sale/settle", "sale/sweeps", "payment_reviews")
        ]
        texts = {
            text
            for source in sources
            for line in source.splitlines()
            if "flag(" in line or "_fail(" in line or "attention = attention or" in line
            for text in re.findall(r'"([a-z ]+)"', line)
        }

        explained = set(re.findall(r"^([a-z][a-z ]+)\n   \S", page("howto/operating.rst"), re.MULTILINE))

        assert explained == (texts | {settling.UNRESOLVED})

    def test_every_reason_why_an_order_is_cancelled_is_explained(self):
        words = {"refused"}
        for name in ("payments", "sale/settle", "reconciliation"):
            source = (PACKAGE / f"{name}.py").read_text(encoding="utf-8")
            words |= set(re.findall(r'Refused\(info, "([a-z ]+)"\)', source))
            words |= set(re.findall(r'cancel_order\(order, "([a-z ]+)"\)', source))
            words |= set(re.findall(r'cancel_reason="([a-z ]+)"', source))
        text = page("reference/models.rst")

        assert [word for word in sorted(words) if f"``{word}``" not in text] == []


class TestSignals:
    def test_every_signal_is_described_in_the_docstring_that_is_shown(self):
        assert sorted(re.findall(r"^``(\w+)``$", signals.__doc__, re.MULTILINE)) == sorted(signals.__all__)


class TestCoverage:
    def test_every_requirement_has_one_row(self):
        groups = {"T": 24, "S": 40, "X": 39, "L": 30}

        assert [row["Id"] for row in coverage()] == [
            f"{group}{number}" for group, last in groups.items() for number in range(1, last + 1)
        ]

    def test_every_row_says_where_it_is(self):
        explained = set(re.findall(r"^([A-Z][\w, ]+)\n   \S", page("reference/coverage.rst"), re.MULTILINE))

        assert {row["Where"] for row in coverage()} == explained

    def test_every_requirement_met_otherwise_says_how(self):
        silent = {row["Where"] for row in coverage() if not row["How"]}

        assert silent <= {"Core", "Not in the core"}


def coverage():
    with (DOCS / "reference" / "coverage.csv").open(encoding="utf-8", newline="") as table:
        return list(csv.DictReader(table))
