"""What several of these tests begin with: carts and orders made without the HTTP API, requests without a client."""

from contextlib import contextmanager
from datetime import timedelta
from decimal import Decimal
from uuid import uuid4

from django.conf import settings as django_settings
from django.contrib.auth.models import AnonymousUser
from django.test import RequestFactory, override_settings
from django.utils.timezone import now

from lorikeet.models import Adjustment, Cart, LineItem, Order, PaymentAttempt
from lorikeet.outcomes import Paid
from tests.testapp import models
from tests.testapp.carts import add_wine, make_cart, ready_cart, select_address, select_card  # noqa: F401

DECLINED = {"message": "Your card was declined."}


def make_order(**fields):
    """Create a pending order of 12 dollars with nothing on it."""
    return Order.objects.create(**{"currency": "AUD", "subtotal": Decimal(12), "grand_total": Decimal(12), **fields})


def sell(row, order, total="12"):
    """Put a line or an adjustment on an order, as a checkout does, and return it as it is then."""
    parent = Adjustment if isinstance(row, Adjustment) else LineItem
    parent.objects.filter(pk=row.pk).update(cart=None, order=order, total_when_charged=Decimal(total))
    return type(row).objects.get(pk=row.pk)


def make_attempt(order, **fields):
    """Create an attempt to charge the total of an order; it is open unless ``state`` says otherwise."""
    method = fields.pop("method", None) or models.PretendCard.objects.create(token="tok_paid")
    attempt = PaymentAttempt(
        order=order, method=method, provider="PretendCard", amount=order.grand_total, currency=order.currency
    )
    for name, value in fields.items():
        setattr(attempt, name, value)
    if attempt.kind == "charge" and attempt.state in PaymentAttempt.OPEN:
        attempt.open_for = order
    attempt.save()
    return attempt


def begin_sale(card=None, **fields):
    """Return the attempt, leased, at 12 dollars for the one bottle of an order, which its cart waits for.

    ``card`` is a class of payment methods; ``PretendCard`` by default.
    """
    cart = ready_cart()
    method = cart.payment_method if card is None else card.objects.create(cart=cart)
    order = make_order(
        cart=cart,
        slot=cart,
        payment_method=method,
        guest_email=cart.email,
        expires_at=now() + timedelta(minutes=30),
    )
    sell(models.WineLine.objects.get(cart=cart), order)
    until = now() + timedelta(seconds=60)
    values = {"provider": type(method).__name__, "lease": uuid4(), "lease_until": until}
    return make_attempt(order, method=method, **{**values, **fields})


def abandon(*carts, days=31):
    """Let the latest change of these carts be long ago."""
    Cart.objects.filter(pk__in=[cart.pk for cart in carts]).update(updated_at=now() - timedelta(days=days))


def lapse(attempt):
    """Let the lease of an attempt expire: its process is taken for dead."""
    PaymentAttempt.objects.filter(pk=attempt.pk).update(lease_until=now() - timedelta(seconds=1))


class Killed(BaseException):
    """The process dies here."""


def kill(*args):
    raise Killed


def charged():
    """What the pretend bank has in its books."""
    return list(models.BankEntry.objects.values_list("order", "amount"))


def received(reference="ch_1", amount="12", currency="AUD", payment=None):
    """Return the outcome of a payment of the agreed amount, or of the given one."""
    return Paid(reference, Decimal(amount), currency, payment)


def reread(attempt):
    """Return an attempt as it is stored."""
    return PaymentAttempt.objects.get(pk=attempt.pk)


def asked(scripted):
    """What a scripted provider was asked, in its order."""
    return [name for name, _ in scripted.asked]


def states(attempt):
    """What became of the attempt, and of its order."""
    return PaymentAttempt.objects.get(pk=attempt.pk).state, Order.objects.get(pk=attempt.order_id).state


def request_of(user=None, session=None, path="/", **headers):
    """Return a request of a user or a guest, as it is behind the session and authentication middleware."""
    request = RequestFactory().get(path, headers={name.replace("_", "-"): headers[name] for name in headers})
    request.user = user or AnonymousUser()
    request.session = {} if session is None else session
    return request


def rotated():
    """Return the settings of a site that has a new secret key and still knows the old one."""
    return override_settings(SECRET_KEY="new", SECRET_KEY_FALLBACKS=[django_settings.SECRET_KEY])


@contextmanager
def listening(signal):
    """Collect the keyword arguments, the sender's among them, of each time ``signal`` is sent."""
    received = []

    def receiver(**sent):
        received.append({name: sent[name] for name in sent if name != "signal"})

    signal.connect(receiver)
    try:
        yield received
    finally:
        signal.disconnect(receiver)
