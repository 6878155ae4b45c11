"""The page of the shopper's bank, on which a test or a developer answers for the shopper."""

from __future__ import annotations

from html import escape
from urllib.parse import urlencode

from .amounts import text
from .books import Object

__all__ = ["bank_page", "way_back"]

PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<link rel="icon" href="data:,">
<title>3-D Secure (fake)</title>
<style>body {{ font: 1.1rem/1.5 sans-serif; margin: 4rem auto; max-width: 24rem; padding: 0 1rem }}
button {{ font: inherit; padding: .5rem 1rem }}</style>
<main>
<h1>Your bank asks</h1>
<p>This is the fake Stripe's page for {id}{amount}. Its state is <strong>{status}</strong>.</p>
<form method="post">
<button name="outcome" value="complete">Complete</button>
<button name="outcome" value="fail">Fail</button>
</form>
</main>
"""


def bank_page(intent: Object) -> str:
    """Return the page that asks for an intent."""
    amount = f" ({text(intent['amount'], intent['currency'])})" if "amount" in intent else ""
    return PAGE.format(id=escape(intent["id"]), amount=escape(amount), status=escape(intent["status"]))


def way_back(intent: Object, url: str) -> str:
    """Return ``url`` with what Stripe adds when it sends the shopper back: intent, secret and ``redirect_status``."""
    kind = intent["object"]
    status = {"requires_payment_method": "failed", "processing": "pending"}.get(intent["status"], "succeeded")
    added = {kind: intent["id"], f"{kind}_client_secret": intent["client_secret"], "redirect_status": status}
    return f"{url}{'&' if '?' in url else '?'}{urlencode(added)}"
