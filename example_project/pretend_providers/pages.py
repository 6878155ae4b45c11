"""The pages of the providers, which people see: plain HTML without scripts, everything in it escaped."""

from html import escape
from pathlib import Path

from pretend_providers.amounts import to_text
from pretend_providers.servers import Answer

STYLE = Path(__file__).with_name("style.css").read_text(encoding="utf-8")

LAYOUT = """<!doctype html>
<html lang="en-AU">
<head>
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <meta name="color-scheme" content="light dark">
  <title>{title} – {name}</title>
  <link rel="icon" href="data:,">
  <link rel="stylesheet" href="/style.css">
</head>
<body>
  <header><p>{name}</p></header>
  <main>
    <h1>{title}</h1>
    {content}
  </main>
  <footer><p>A payment provider to try a shop with. It takes no real money.</p></footer>
</body>
</html>
"""


def page(name: str, title: str, content: str, status: int = 200, form_origin: str | None = None) -> Answer:
    """Answer a browser with a page of the provider called ``name``.

    :param content: HTML, escaped by the caller.
    :param form_origin: where else the page's form may lead. Browsers hold the redirect that follows a form against
        the policy too.
    """
    policy = (
        "default-src 'none'; style-src 'self'; img-src data:; base-uri 'none'; frame-ancestors 'none'; "
        f"form-action 'self' {form_origin or ''}"
    )
    html = LAYOUT.format(name=escape(name), title=escape(title), content=content)
    return Answer(status, html, "text/html; charset=utf-8", {"Content-Security-Policy": policy.strip()})


def facts(rows: dict[str, str]) -> str:
    """Return a list of names and values."""
    items = "".join(f"<div><dt>{escape(name)}</dt><dd>{escape(value)}</dd></div>" for name, value in rows.items())
    return f"<dl>{items}</dl>"


def paragraph(text: str) -> str:
    """Return a paragraph."""
    return f"<p>{escape(text)}</p>"


def link(url: str, text: str) -> str:
    """Return a paragraph that leads somewhere."""
    return f'<p><a href="{escape(url)}">{escape(text)}</a></p>'


def ledger(payments: list[dict]) -> str:
    """Return a table of payments, the newest first."""
    if not payments:
        return paragraph("Nothing has been paid here yet.")
    rows = "".join(
        "<tr>"
        f'<th scope="row">{escape(payment["created_at"][:19].replace("T", " "))}</th>'
        f"<td>{escape(payment['key'])}</td>"
        f"<td>{escape(to_text(payment['amount'], payment['currency']))}</td>"
        f"<td>{escape(payment['state'].replace('_', ' '))}</td>"
        f"<td>{escape(to_text(payment['refunded'], payment['currency']))}</td>"
        "</tr>"
        for payment in reversed(payments)
    )
    names = ["Made (UTC)", "The shop’s key", "Amount", "State", "Given back"]
    heads = "".join(f'<th scope="col">{name}</th>' for name in names)
    return (
        '<div class="wide" tabindex="0" role="region" aria-label="Payments">'
        f"<table><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table></div>"
    )
