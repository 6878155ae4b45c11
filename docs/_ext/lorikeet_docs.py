"""What these pages need beyond Sphinx: the list of settings out of the code, and recorded requests with their answers.

``.. lorikeet-settings:: MODULE``
    Describes every setting of ``MODULE.settings``, so that the list on the page is the list in the code. Without a
    module it is ``lorikeet.conf``.
``.. http-example:: NAME``
    Shows ``docs/examples/NAME.json``, a request and the answer to it. The tests send the request to the example
    shop and compare. With ``:as: curl`` the request is shown as a command, with ``:as: response`` not at all.
    ``:only:`` names the keys of the answer that are shown, ``:short:`` shows only the first keys of an object within
    ``data``; what was left out is marked.
``.. figures:: FILE``
    Shows its content and the table in ``FILE``, a CSV file beside the page, once there is a figure in it.
``.. setting::`` and ``.. check::``
    Declare a setting and a system check; ``:setting:`` and ``:check:`` lead there.
"""

import json
from http import HTTPStatus
from importlib import import_module
from pathlib import Path
from pprint import pformat

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.util.docutils import SphinxDirective

EXAMPLES = Path(__file__).resolve().parents[1] / "examples"
SHOP = "http://127.0.0.1:8000"
#: Where a command puts the token of the cart that the example talks about.
TOKEN = "$TOKEN"
#: What an answer shows in place of what was left out, and how many keys of a long object it keeps.
LEFT_OUT = {"...": "..."}
KEPT = 5


class LorikeetSettings(SphinxDirective):
    """Describes the settings of the core or of an extension, each under its name."""

    optional_arguments = 1

    def run(self):
        module = import_module(self.arguments[0] if self.arguments else "lorikeet.conf")
        self.env.note_dependency(module.__file__)
        lines = []
        for setting in module.settings:
            lines += [f".. setting:: {setting.name}", "", f"   {setting.__doc__}", "", *describe(setting.default), ""]
        return self.parse_text_to_nodes("\n".join(lines))


def describe(default):
    """Return the lines that show a default: in the text if it is short, else below it."""
    shown = pformat(default, width=80, sort_dicts=False).splitlines()
    if len(shown) == 1:
        return [f"   Default: ``{shown[0]}``"]
    return ["   Default:", "", "   .. code-block:: python", "", *(f"      {line}" for line in shown)]


class HttpExample(SphinxDirective):
    """Shows a recorded request and its answer."""

    required_arguments = 1
    option_spec = {
        "as": lambda value: directives.choice(value, ("http", "curl", "response")),
        "only": str.split,
        "short": directives.flag,
    }

    def run(self):
        name = self.arguments[0]
        path = EXAMPLES / f"{name}.json"
        self.env.note_dependency(str(path))
        try:
            example = json.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            raise self.error(f"There is no docs/examples/{name}.json.") from None
        style = self.options.get("as", "http")
        blocks = []
        if style == "http":
            blocks.append(block(show_request(example["request"]), "http"))
        elif style == "curl":
            blocks.append(block(show_command(example["request"]), "console"))
        response = example["response"]
        if "only" in self.options:
            response["body"] = cut(response["body"], self.options["only"])
        if "short" in self.options:
            response["body"] = shorten(response["body"])
        blocks.append(block(show_response(response), "http"))
        return [nodes.container("", *blocks, classes=["http-example"])]


class Figures(SphinxDirective):
    """Shows what was measured, and nothing at all before it is."""

    required_arguments = 1
    has_content = True

    def run(self):
        path = Path(self.env.doc2path(self.env.docname)).parent / self.arguments[0]
        self.env.note_dependency(str(path))
        rows = path.read_text(encoding="utf-8").splitlines()
        if len(rows) < 2:
            return []
        table = [".. csv-table::", "   :header-rows: 1", "", *(f"   {row}" for row in rows)]
        return self.parse_text_to_nodes("\n".join([*self.content, "", *table]))


def cut(body, keys):
    """Return an object with some of its keys, and a mark where others are missing."""
    missing = [key for key in keys if key not in body]
    if missing:
        raise ValueError(f"The answer has no {missing[0]}.")
    return {**{key: body[key] for key in keys}, **({} if len(keys) == len(body) else LEFT_OUT)}


def shorten(body, is_data=False):
    """Return a body in which long objects within ``data`` are cut."""
    if isinstance(body, list):
        return [shorten(member) for member in body]
    if not isinstance(body, dict):
        return body
    if is_data:
        return {key: cut(value, list(value)[:KEPT]) if is_long(value) else value for key, value in body.items()}
    return {key: shorten(value, key == "data") for key, value in body.items()}


def is_long(value):
    return isinstance(value, dict) and len(value) > KEPT


def block(text, language):
    node = nodes.literal_block(text, text)
    node["language"] = language
    return node


def show_request(request):
    first = f"{request['method']} {request['path']} HTTP/1.1"
    return "\n".join([first, *show_headers(request), *show_body(request)])


def show_response(response):
    status = response["status"]
    first = f"HTTP/1.1 {status} {HTTPStatus(status).phrase}"
    return "\n".join([first, *show_headers(response), *show_body(response)])


def show_headers(message):
    return [f"{name}: {value}" for name, value in message["headers"].items()]


def show_body(message):
    if "body" not in message:
        return []
    body = message["body"]
    text = body if isinstance(body, str) else json.dumps(body, indent=2, ensure_ascii=False)
    return ["", text]


def show_command(request):
    """Return the request as a curl command for a shell in which ``$TOKEN`` holds the token of the cart."""
    words = ["curl -i"] if request["method"] in ("GET", "POST") else [f"curl -i -X {request['method']}"]
    if request["method"] == "POST" and "body" not in request:
        words[0] += " -X POST"
    for name, value in request["headers"].items():
        shown = f'"{name}: {TOKEN}"' if name == "X-Cart-Token" and value != "new" else f"'{name}: {value}'"
        words.append(f"-H {shown}")
    if "body" in request:
        words.append(f"-d '{json.dumps(request['body'], ensure_ascii=False)}'")
    words.append(f"{SHOP}{request['path']}")
    return "$ " + " \\\n    ".join(words)


def setup(app):
    app.add_object_type("setting", "setting", "single: %s; setting")
    app.add_object_type("check", "check", "single: %s; system check")
    app.add_directive("lorikeet-settings", LorikeetSettings)
    app.add_directive("http-example", HttpExample)
    app.add_directive("figures", Figures)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
