"""The pay-elsewhere provider: a shopper pays on its page, and carries a reference back to the shop.

The shop names the amount in the page's URL and nothing holds the shopper to it, so the shop has to compare what a
reference is worth with what it asked for. States: ``pending`` until the money has arrived, then ``paid``.
"""

import secrets
from datetime import datetime, timedelta, timezone
from html import escape

from pretend_providers import pages
from pretend_providers.amounts import to_text
from pretend_providers.books import now, to_stamp
from pretend_providers.fields import read_amount, read_currency, read_key
from pretend_providers.providers import Provider
from pretend_providers.refusals import Refusal
from pretend_providers.servers import Answer, Request, redirect, route

SECONDS_A_SLOW_PAYMENT_TAKES = 20

# Without characters that people mistake for one another when they copy a reference.
ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"

FORM = """
<form method="post" action="/pay">
  <input type="hidden" name="key" value="{key}">
  <input type="hidden" name="amount" value="{amount}">
  <input type="hidden" name="currency" value="{currency}">
  <fieldset>
    <legend>What do you pay?</legend>
    <label><input type="radio" name="choice" value="all" checked> All of it, {all}</label>
    <label><input type="radio" name="choice" value="slow"> All of it, arriving in {seconds} seconds</label>
    <label><input type="radio" name="choice" value="less"> Too little, {less}</label>
  </fieldset>
  <div class="buttons"><button>Pay</button></div>
</form>
"""


class WalletProvider(Provider):
    """Takes payments from shoppers on its own page.

    ``GET /pay?key=&amount=&currency=`` is that page; a payment's id is the reference that the shopper is given.
    """

    name = "Pretend Wallet"

    def show(self, payment: dict) -> dict:
        state = "pending" if payment["settles_at"] > now() else payment["state"]
        return super().show({**payment, "state": state})

    @route("GET", "/pay")
    def get_form(self, request: Request) -> Answer:
        key, amount, currency = _read(request.query)
        paid = self.books.find(key)
        if paid:
            return redirect(f"/receipts/{paid['id']}")
        facts = pages.facts({"Asked for": to_text(amount, currency), "The shop’s key": key})
        form = FORM.format(
            key=escape(key),
            amount=amount,
            currency=escape(currency),
            all=escape(to_text(amount, currency)),
            less=escape(to_text(_too_little(amount), currency)),
            seconds=SECONDS_A_SLOW_PAYMENT_TAKES,
        )
        return pages.page(self.name, "Pay from your wallet", facts + form)

    @route("POST", "/pay", form=True)
    def pay(self, request: Request) -> Answer:
        key, amount, currency = _read(request.data)
        choice = request.data.get("choice")
        if choice not in {"all", "slow", "less"}:
            raise Refusal(400, "choice", "Choose what to pay.")
        seconds = SECONDS_A_SLOW_PAYMENT_TAKES if choice == "slow" else 0
        payment = self.books.find(key) or self.books.add(
            _make_reference(),
            key,
            amount=_too_little(amount) if choice == "less" else amount,
            currency=currency,
            state="paid",
            settles_at=to_stamp(datetime.now(timezone.utc) + timedelta(seconds=seconds)),
        )
        return redirect(f"/receipts/{payment['id']}")

    @route("GET", "/receipts/(?P<reference>[A-Z0-9-]+)")
    def get_receipt(self, request: Request, reference: str) -> Answer:
        payment = self.show(self.books.get(reference))
        arrives = "The money is on its way." if payment["state"] == "pending" else "The money has arrived."
        content = (
            pages.paragraph("Copy this reference into the shop:")
            + f"<output>{escape(payment['id'])}</output>"
            + pages.facts({"Paid": to_text(payment["amount"], payment["currency"]), "The shop’s key": payment["key"]})
            + pages.paragraph(arrives)
        )
        return pages.page(self.name, "Your payment", content)


def _read(data: dict) -> tuple[str, int, str]:
    return read_key(data.get("key")), read_amount(data.get("amount")), read_currency(data.get("currency"))


def _too_little(amount: int) -> int:
    return max(amount // 2, 1)


def _make_reference() -> str:
    letters = "".join(secrets.choice(ALPHABET) for _ in range(12))
    return f"PW-{letters[:4]}-{letters[4:8]}-{letters[8:]}"
