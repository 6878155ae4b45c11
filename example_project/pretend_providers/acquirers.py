"""The card provider: a payment is created, which moves nothing, and confirmed, which takes the money.

States: ``created`` → ``paid``, ``declined`` or ``action_required``; ``action_required`` → ``paid`` or ``declined``,
as the card's holder decides on the provider's page; ``created`` and ``action_required`` → ``cancelled``.
"""

import secrets
import time
from urllib.parse import parse_qsl, urlencode, urlsplit

from pretend_providers import pages
from pretend_providers.amounts import to_text
from pretend_providers.cards import CARDS, Outcome
from pretend_providers.fields import get_origin, read_amount, read_currency, read_key, read_return_url
from pretend_providers.providers import Provider
from pretend_providers.refusals import Refusal
from pretend_providers.servers import Answer, Request, json_answer, redirect, route

SECONDS_A_LATE_ANSWER_TAKES = 8

PAID = {"state": "paid"}
ASKED = {"state": "action_required"}
DECLINED = {"state": "declined", "code": "card_declined", "message": "Your card was declined."}
TOO_POOR = {"state": "declined", "code": "insufficient_funds", "message": "Your card has insufficient funds."}
NOT_APPROVED = {
    "state": "declined",
    "code": "authentication_failed",
    "message": "The payment was not approved by the card’s holder.",
}

CANCELLED = {"state": "cancelled", "code": "cancelled", "message": "The payment was cancelled."}

CHANGES = {
    Outcome.ACCEPTED: PAID,
    Outcome.ANSWERED_LATE: PAID,
    Outcome.ASKED: ASKED,
    Outcome.DECLINED: DECLINED,
    Outcome.TOO_POOR: TOO_POOR,
}

QUESTION = """
<form method="post">
  <div class="buttons">
    <button name="decision" value="approve">Approve</button>
    <button class="plain" name="decision" value="decline">Decline</button>
  </div>
</form>
"""


class CardProvider(Provider):
    """Takes payments by card for shops that know a card's token.

    ``POST /payments`` creates a payment, ``POST /payments/<id>/confirm`` takes the money unless the card is refused,
    and ``POST /payments/<id>/cancel`` stops what is not paid. Each answers with the payment as it is then.
    """

    name = "Pretend Card Services"

    def show(self, payment: dict) -> dict:
        path = f"/challenges/{payment['id']}" if payment["state"] == "action_required" else None
        return {**super().show(payment), "card_token": payment["card_token"], "challenge": path}

    @route("POST", "/payments")
    def create(self, request: Request) -> Answer:
        token = request.data.get("card_token")
        if not isinstance(token, str) or token not in CARDS:
            raise Refusal(400, "card_token", "There is no such card.")
        payment = self.books.add(
            f"pay_{secrets.token_urlsafe(18)}",
            read_key(request.data.get("key")),
            amount=read_amount(request.data.get("amount")),
            currency=read_currency(request.data.get("currency")),
            card_token=token,
            state="created",
        )
        return json_answer(200, self.show(payment))

    @route("POST", "/payments/(?P<payment_id>[A-Za-z0-9_-]+)/confirm")
    def confirm(self, request: Request, payment_id: str) -> Answer:
        outcome = CARDS[self.books.get(payment_id)["card_token"]].outcome
        return_url = read_return_url(request.data.get("return_url"))
        payment, moved = self.books.move(payment_id, {"created"}, **CHANGES[outcome], return_url=return_url)
        if moved and outcome is Outcome.ANSWERED_LATE:
            # The money is taken and the shop does not know it yet: the moment to kill the shop.
            time.sleep(SECONDS_A_LATE_ANSWER_TAKES)
        return json_answer(200, self.show(payment))

    @route("POST", "/payments/(?P<payment_id>[A-Za-z0-9_-]+)/cancel")
    def cancel(self, request: Request, payment_id: str) -> Answer:
        payment, _ = self.books.move(payment_id, {"created", "action_required"}, **CANCELLED)
        return json_answer(200, self.show(payment))

    @route("GET", "/challenges/(?P<payment_id>[A-Za-z0-9_-]+)")
    def get_challenge(self, request: Request, payment_id: str) -> Answer:
        payment = self.books.get(payment_id)
        if payment["state"] != "action_required":
            return self._show_end(payment)
        card = CARDS[payment["card_token"]]
        facts = {
            "Amount": to_text(payment["amount"], payment["currency"]),
            "Card": f"{card.brand} ending in {card.last4}",
            "The shop’s key": payment["key"],
        }
        question = pages.facts(facts) + QUESTION
        return pages.page(self.name, "Is this payment yours?", question, form_origin=get_origin(payment["return_url"]))

    @route("POST", "/challenges/(?P<payment_id>[A-Za-z0-9_-]+)", form=True)
    def answer_challenge(self, request: Request, payment_id: str) -> Answer:
        decisions = {"approve": PAID, "decline": NOT_APPROVED}
        if request.data.get("decision") not in decisions:
            raise Refusal(400, "decision", "Approve or decline the payment.")
        payment, moved = self.books.move(payment_id, {"action_required"}, **decisions[request.data["decision"]])
        if moved and payment["return_url"]:
            return redirect(_add_to_query(payment["return_url"], payment=payment_id))
        return redirect(f"/challenges/{payment_id}")

    def _show_end(self, payment: dict) -> Answer:
        state = "not confirmed" if payment["state"] == "created" else payment["state"]
        content = pages.paragraph(f"The payment of {to_text(payment['amount'], payment['currency'])} is {state}.")
        if payment["return_url"]:
            content += pages.link(_add_to_query(payment["return_url"], payment=payment["id"]), "Back to the shop")
        return pages.page(self.name, "Nothing to approve", content)


def _add_to_query(url: str, **values: str) -> str:
    parts = urlsplit(url)
    return parts._replace(query=urlencode([*parse_qsl(parts.query), *values.items()])).geturl()
