"""What both providers have in common: their books are read, listed and refunded in the same way."""

from pretend_providers import pages
from pretend_providers.books import Books
from pretend_providers.fields import read_amount, read_key, read_since
from pretend_providers.refusals import Refusal
from pretend_providers.servers import Answer, Request, json_answer, route


class Provider:
    """A payment provider.

    ``GET /payments/<id>`` answers with a payment, ``GET /payments?key=`` and ``?since=`` with a list of them,
    ``POST /payments/<id>/refunds`` gives money back, and ``GET /`` shows people the books.
    """

    name: str

    def __init__(self, books: Books) -> None:
        self.books = books

    def show(self, payment: dict) -> dict:
        """Return what the shop is told of a payment."""
        names = ["id", "key", "amount", "currency", "state", "code", "message", "refunded", "created_at"]
        return {name: payment[name] for name in names}

    def refuse(self, refusal: Refusal, is_browser: bool) -> Answer:
        """Answer a request that is refused."""
        if is_browser:
            return pages.page(self.name, "That did not work", pages.paragraph(refusal.message), refusal.status)
        return json_answer(refusal.status, {"code": refusal.code, "message": refusal.message})

    @route("GET", "/")
    def get_books(self, request: Request) -> Answer:
        payments = [self.show(payment) for payment in self.books.list_since()]
        return pages.page(self.name, "The books", pages.ledger(payments))

    @route("GET", "/style.css")
    def get_style(self, request: Request) -> Answer:
        return Answer(200, pages.STYLE, "text/css; charset=utf-8")

    @route("GET", "/payments")
    def list_payments(self, request: Request) -> Answer:
        if "key" in request.query:
            found = [self.books.find(read_key(request.query["key"]))]
        else:
            found = self.books.list_since(read_since(request.query.get("since", "")))
        return json_answer(200, {"payments": [self.show(payment) for payment in found if payment]})

    @route("GET", "/payments/(?P<payment_id>[A-Za-z0-9_-]+)")
    def get_payment(self, request: Request, payment_id: str) -> Answer:
        return json_answer(200, self.show(self.books.get(payment_id)))

    @route("POST", "/payments/(?P<payment_id>[A-Za-z0-9_-]+)/refunds")
    def refund(self, request: Request, payment_id: str) -> Answer:
        key, amount = read_key(request.data.get("key")), read_amount(request.data.get("amount"))
        refund = self.books.refund(payment_id, key, amount)
        return json_answer(200, {name: refund[name] for name in ["id", "key", "payment", "amount", "currency"]})
