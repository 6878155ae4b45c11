"""Which cart is whose, and changing one under its lock."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from django.core.signing import BadSignature, TimestampSigner
from django.db import transaction
from django.http import HttpRequest
from django.utils.crypto import salted_hmac

from ..conf import settings
from ..contents import CartContents
from ..exceptions import CartGone, InvalidToken
from ..models import Cart, EmptyCart
from .fetching import fetch_contents
from .locks import changed, lock
from .merging import merge

__all__ = ["SESSION_KEY", "TOKEN_HEADER", "Shopper", "cart_token", "for_request", "locked", "read_cart_token"]

SESSION_KEY = "lorikeet_cart"
TOKEN_HEADER = "X-Cart-Token"
NEW_TOKEN = "new"
#: The salt of cart tokens: what is signed for another purpose opens no cart.
CART = "lorikeet.cart"


@dataclass(frozen=True)
class Shopper:
    """Who a cart belongs to: a user, or a guest who holds the cart's ``key``.

    ``next_key`` is the key that a new cart of this guest gets. It is always the same for one session, so that two
    requests that make its first cart at once make one. ``None`` means a random key.
    """

    user: Any = None
    key: UUID | None = None
    next_key: UUID | None = None

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
        key = _uuid(session.get(SESSION_KEY))  # first: reading a session that is gone drops its own key
        return cls(key=key, next_key=_key_for(getattr(session, "session_key", None)))

    def merged(self) -> Shopper:
        """Return who writes. If a user brings a guest's cart token, that cart is merged into theirs first."""
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
        found = None if self.is_anyone else fetch_contents(**self.lookup)
        return found or CartContents(EmptyCart(user=self.user))

    def find(self) -> Cart | None:
        """Return this shopper's cart, or ``None``; reads only."""
        return None if self.is_anyone else Cart.objects.filter(**self.lookup).first()

    def create(self) -> Cart:
        """Return this shopper's cart, made if there is none. A guest without one gets a new key."""
        identity = self.lookup
        if self.user is None:
            if found := self.find():
                return found
            identity = {"user": None, "key": self.next_key or uuid4()}
        cart: Cart
        cart, _ = Cart.objects.get_or_create(**identity, defaults={"currency": settings.CURRENCY})
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


def _key_for(session_key: str | None) -> UUID | None:
    """Return the key of the cart that this session makes. It cannot be guessed without the site's ``SECRET_KEY``."""
    if not session_key:
        return None
    digest = salted_hmac("lorikeet.cart_of_session", session_key, algorithm="sha256").digest()
    return UUID(bytes=digest[:16], version=4)


def _uuid(value: object) -> UUID | None:
    try:
        return UUID(str(value))
    except ValueError:
        return None


def for_request(request: HttpRequest, create: bool = False) -> Cart:
    """Return the cart of the shopper who sent ``request``.

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

    The lock is an ``UPDATE`` of its row, so that it holds on every database. Every write to a cart is in such a block,
    and so is every read that the write depends on.

    :param create: make a cart if there is none; it is removed again if the block raises.
    :raises CartGone: there is no cart.
    """
    with transaction.atomic():
        lookup = shopper.lookup
        is_locked = not shopper.is_anyone and lock(**lookup)
        if create and not is_locked:
            lookup = {"pk": shopper.create().pk}
            is_locked = lock(**lookup)  # another request may have made it
        if not is_locked:
            raise CartGone("This shopper has no cart.")
        cart = Cart.objects.get(**lookup)
        yield cart
        changed(cart)
