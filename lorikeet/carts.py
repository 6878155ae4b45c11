"""Which cart is whose, changing one under its lock, and merging a guest's into a user's."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from copy import copy
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.core.signing import BadSignature, TimestampSigner
from django.db import transaction
from django.db.models import F
from django.http import HttpRequest
from django.utils.timezone import now

from .bases import account_email
from .conf import settings
from .contents import SELECTED, CartContents
from .exceptions import CartGone, InvalidToken
from .hooks import HOOKS
from .models import Adjustment, Cart, EmptyCart, LineItem, Order
from .signals import cart_merged

__all__ = [
    "SESSION_KEY",
    "TOKEN_HEADER",
    "Shopper",
    "absorb",
    "cart_token",
    "combine",
    "for_request",
    "hand_back",
    "locked",
    "merge",
    "read_cart_token",
]

SESSION_KEY = "lorikeet_cart"
TOKEN_HEADER = "X-Cart-Token"
NEW_TOKEN = "new"
#: The salt of cart tokens: what is signed for another purpose opens no cart.
CART = "lorikeet.cart"


@dataclass(frozen=True)
class Shopper:
    """Who a cart belongs to: a user, or whoever holds the ``key`` of a guest's cart."""

    user: Any = None
    key: UUID | None = None

    @classmethod
    def of(cls, request: HttpRequest) -> Shopper:
        """Return who is shopping: the authenticated user, else the holder of a cart token, else of the session.

        :raises InvalidToken: the request carries a cart token that is not valid.
        """
        user = getattr(request, "user", None)
        if user is not None and user.is_authenticated:
            return cls(user, cls.of_token(request).key)
        if TOKEN_HEADER in request.headers:
            return cls.of_token(request)
        return cls.of_session(getattr(request, "session", {}))

    @classmethod
    def of_token(cls, request: HttpRequest) -> Shopper:
        """Return the guest whose cart token the request carries; ``new`` is the token of a cart not made yet.

        :raises InvalidToken: the token is not valid.
        """
        token = request.headers.get(TOKEN_HEADER, NEW_TOKEN)
        return cls(key=None if token == NEW_TOKEN else read_cart_token(token))

    @classmethod
    def of_session(cls, session: Any) -> Shopper:
        """Return the guest whom ``session`` remembers."""
        return cls(key=_uuid(session.get(SESSION_KEY)))

    def merged(self) -> Shopper:
        """Return who writes: a user who brings a guest's cart token has that cart merged into his first."""
        if self.user is None or self.key is None:
            return self
        merge(self.key, self.user)
        return Shopper(self.user)

    @property
    def lookup(self) -> dict[str, Any]:
        """The lookup that finds this shopper's cart, and no other."""
        return {"user": self.user} if self.user is not None else {"user": None, "key": self.key}

    @property
    def is_anyone(self) -> bool:
        """Whether nothing tells this shopper from any other."""
        return self.user is None and self.key is None

    def contents(self) -> CartContents:
        """Return what is in this shopper's cart; reads only."""
        found = None if self.is_anyone else CartContents.fetch(**self.lookup)
        return found or CartContents(EmptyCart(user=self.user))

    def find(self) -> Cart | None:
        """Return this shopper's cart, or ``None``; reads only."""
        return None if self.is_anyone else Cart.objects.filter(**self.lookup).first()

    def create(self) -> Cart:
        """Return this shopper's cart, made if there is none. A guest without one gets a new key."""
        if self.user is None:
            return self.find() or Cart.objects.create(currency=settings.CURRENCY)
        cart: Cart
        cart, _ = Cart.objects.get_or_create(user=self.user, defaults={"currency": settings.CURRENCY})
        return cart

    def remember(self, request: HttpRequest, cart: Cart) -> str | None:
        """Let a guest find ``cart`` again: through the session, or through the token that is returned."""
        if cart.user_id is not None or cart.key == self.key:
            return None
        if TOKEN_HEADER in request.headers:
            return cart_token(cart.key)
        request.session[SESSION_KEY] = cart.key.hex
        return None


def cart_token(key: UUID) -> str:
    """Return the signed token (``X-Cart-Token``) that opens the guest's cart whose ``key`` this is."""
    return TimestampSigner(salt=CART).sign(key.hex)


def read_cart_token(token: str) -> UUID:
    """Return the key of the cart that ``token`` opens.

    :raises InvalidToken: the signature is wrong, or older than ``LORIKEET_CART_TOKEN_DAYS``.
    """
    try:
        return UUID(TimestampSigner(salt=CART).unsign(token, max_age=timedelta(days=settings.CART_TOKEN_DAYS)))
    except (BadSignature, ValueError):
        raise InvalidToken("This cart token is not valid.") from None


def _uuid(value: object) -> UUID | None:
    try:
        return UUID(str(value))
    except ValueError:
        return None


def for_request(request: HttpRequest, create: bool = False) -> Cart:
    """Return the cart of whoever sent ``request``.

    :param create: make it if there is none, and remember it in the session. Otherwise a shopper without a cart gets
        an unsaved, empty one, and nothing is written.
    :raises InvalidToken: the request carries a cart token that is not valid.
    """
    shopper = Shopper.of(request)
    if not create:
        return shopper.find() or EmptyCart(user=shopper.user)
    shopper = shopper.merged()
    cart = shopper.create()
    shopper.remember(request, cart)
    return cart


@contextmanager
def locked(shopper: Shopper, create: bool = False) -> Iterator[Cart]:
    """Open a transaction, lock the shopper's cart, and yield it as it is then.

    The lock is an ``UPDATE`` of its row, so that it holds on every database. Whoever writes to anything in a cart
    does it in here, and reads what it depends on in here too.

    :param create: make a cart if there is none; it goes again if the block raises.
    :raises CartGone: there is no cart.
    """
    with transaction.atomic():
        if not shopper.is_anyone and lock(**shopper.lookup):
            cart = Cart.objects.get(**shopper.lookup)
        elif create:
            cart = shopper.create()
            if cart.user_id is not None:  # nobody else knows of a guest's new one
                lock(pk=cart.pk)
                cart.refresh_from_db()
        else:
            raise CartGone("This shopper has no cart.")
        yield cart
        changed(cart)


def changed(cart: Cart) -> None:
    """Tell the hooks that something in ``cart``, whose lock is held, has changed."""
    for hooks in HOOKS:
        hooks.cart_changed(cart)


def lock(**lookup: Any) -> bool:
    """Lock the cart that matches ``lookup`` until the transaction ends; tell whether there is one."""
    return bool(Cart.objects.filter(**lookup).update(seq=F("seq") + 1, updated_at=now()))


def combine(row: Any, others: list[Any]) -> Any:
    """Let the first of ``others`` that is equal to ``row`` take it in, and return that one, saved; else ``None``.

    :raises django.core.exceptions.ValidationError: the combined row is not valid, such as a quantity out of range;
        then nothing is changed.
    """
    for index, other in enumerate(others):
        if type(other) is type(row) and all(getattr(other, name) == getattr(row, name) for name in row.combine_on):
            combined = copy(other)
            for name in row.combine_on:  # equal, and what row refers to is loaded
                setattr(combined, name, getattr(row, name))
            if combined.combine_with(row):
                relations = [field.name for field in combined._meta.fields if field.is_relation]
                combined.full_clean(exclude=relations, validate_unique=False, validate_constraints=False)
                combined.save()
                others[index] = combined
                return combined
    return None


@transaction.atomic
def merge(key: UUID, user: Any) -> None:
    """Merge the guest's cart that has this ``key`` into the user's, if there is one.

    Lines and adjustments come along, equal ones are combined; so do addresses and payment methods. What the guest had
    selected, and the e-mail address, count only where the user has nothing of the kind: a planted session must redirect
    neither a parcel nor its receipt. A checkout in flight goes on, and hands its lines to the user's cart if it fails.
    """
    guest = Cart.objects.filter(user=None, key=key).first()
    if guest is None:
        return
    target, _ = Cart.objects.get_or_create(user=user, defaults={"currency": guest.currency})
    first, second = sorted([guest.pk, target.pk])
    if not (lock(pk=first) and lock(pk=second)):
        return  # another request has merged it in the meantime
    _move_orders(guest, target)  # first: it waits for a payment that is being settled, which may hand lines back
    for hooks in HOOKS:
        hooks.cart_merged(guest, target)
    source, into = CartContents.fetch(pk=guest.pk), CartContents.fetch(pk=target.pk)
    assert source is not None and into is not None  # both are locked
    guest, target = source.cart, into.cart

    LineItem.objects.filter(cart=guest).update(cart=target)
    Adjustment.objects.filter(cart=guest).update(cart=target)
    moved: list[Any] = [*source.lines, *source.adjustments]
    for row in moved:
        row.cart = target
    absorb(source.lines, into.lines)
    absorb(source.adjustments, into.adjustments)
    adopted = [] if target.email or account_email(user) else ["email"]
    for name, model in SELECTED.items():
        if not model.objects.filter(user=user, active=True).exists():
            adopted.append(f"{name}_id")
    for row in (*source.addresses(), *source.payment_methods()):
        row.assign_to_user(user)
        row.cart = target
        row.save()
    for name in adopted:
        setattr(target, name, getattr(guest, name))
    target.save(update_fields=["delivery_address", "payment_method", "email"])
    guest.delete()
    changed(target)
    transaction.on_commit(
        lambda: cart_merged.send_robust(sender=Cart, cart=target, merged_lines=len(source.lines)), robust=True
    )


def absorb(rows: list[Any], present: list[Any]) -> list[Any]:
    """Let ``present`` rows take in those of ``rows`` that are equal to one of them, and return what took them in.

    The others stay as they are, and so does what would be too many for one row.
    """
    takers = []
    for row in rows:
        try:
            taker = combine(row, present)
        except ValidationError:
            taker = None
        if taker is not None:
            row.delete()
            takers.append(taker)
    return takers


def hand_back(order: Order, rows: list[Any]) -> None:
    """Return the ``rows`` of a cancelled order to its cart, whose lock is held; equal ones are combined.

    Without a cart, which was deleted, they stay on the order.
    """
    if order.cart is None:
        return
    for model in (LineItem, Adjustment):
        mine = [row for row in rows if isinstance(row, model)]
        present = list(model.objects.select_subclasses().filter(cart=order.cart))
        model.objects.filter(order=order).update(cart=order.cart, order=None, total_when_charged=None)
        for row in mine:
            row.cart, row.order, row.total_when_charged = order.cart, None, None
        absorb(mine, present)
    changed(order.cart)


def _move_orders(guest: Cart, target: Cart) -> None:
    if not Order.objects.filter(slot=target).exists():
        Order.objects.filter(slot=guest).update(slot=target)
    taken = list(target.orders.exclude(client_key=None).values_list("client_key", flat=True))
    guest.orders.filter(client_key__in=taken).update(client_key=None)
    guest.orders.update(cart=target)
