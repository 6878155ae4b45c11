"""Tokens: each opens one thing, for a time, and only what it was made for."""

from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from django.conf import settings as django_settings
from django.core.signing import TimestampSigner
from django.test import override_settings
from django.utils.timezone import now

from lorikeet import tokens
from lorikeet.exceptions import InvalidToken

KEY = UUID("8f14e45f-ceea-467f-a8d0-1b2c3d4e5f60")
EMAIL = "joe@example.com"


@pytest.fixture
def after(monkeypatch):
    """Return a function that moves the signers' clock forward."""

    def move(**delta):
        later = (now() + timedelta(**delta)).timestamp()
        monkeypatch.setattr("django.core.signing.time.time", lambda: later)

    return move


def rotated():
    """The settings of a site that has a new secret key and still knows the old one."""
    return override_settings(SECRET_KEY="new", SECRET_KEY_FALLBACKS=[django_settings.SECRET_KEY])


def test_a_cart_token_holds_the_key_of_its_cart():
    assert tokens.read_cart_token(tokens.cart_token(KEY)) == KEY


def test_a_cart_token_is_refused_when_it_is_too_old(after):
    token = tokens.cart_token(KEY)
    after(days=30, seconds=1)

    with pytest.raises(InvalidToken) as refusal:
        tokens.read_cart_token(token)

    assert str(refusal.value) == "This cart token is not valid."


def test_a_cart_token_is_accepted_until_then(after):
    token = tokens.cart_token(KEY)
    after(days=29, hours=23)

    assert tokens.read_cart_token(token) == KEY


@override_settings(LORIKEET_CART_TOKEN_DAYS=1)
def test_a_site_may_have_cart_tokens_live_shorter(after):
    token = tokens.cart_token(KEY)
    after(days=1, seconds=1)

    with pytest.raises(InvalidToken):
        tokens.read_cart_token(token)


@pytest.mark.parametrize(
    "token", ["", "new", "a:b", "a:b:c", f"{KEY.hex}:1tXyZ:{'A' * 43}", "\u202e", "\ud800"], ids=ascii
)
def test_what_nobody_signed_is_no_cart_token(token):
    with pytest.raises(InvalidToken):
        tokens.read_cart_token(token)


def test_what_was_signed_but_is_no_key_is_no_cart_token():
    with pytest.raises(InvalidToken):
        tokens.read_cart_token(TimestampSigner(salt=tokens.CART).sign("no key"))


def test_an_order_token_opens_its_order():
    assert tokens.read_order_token(tokens.order_token(KEY, EMAIL), KEY, EMAIL)


def test_an_order_token_opens_no_other_order():
    assert not tokens.read_order_token(tokens.order_token(KEY, EMAIL), uuid4(), EMAIL)


def test_an_order_token_dies_with_its_email_address():
    assert not tokens.read_order_token(tokens.order_token(KEY, EMAIL), KEY, "ann@example.com")


def test_an_order_token_shows_no_email_address():
    assert "joe" not in tokens.order_token(KEY, EMAIL)


@pytest.mark.parametrize(("days", "is_open"), [(29, True), (31, False)])
def test_an_order_token_opens_for_thirty_days(after, days, is_open):
    token = tokens.order_token(KEY, EMAIL)
    after(days=days)

    assert tokens.read_order_token(token, KEY, EMAIL) is is_open


@override_settings(LORIKEET_ORDER_TOKEN_DAYS=40)
def test_a_site_may_have_order_tokens_live_longer(after):
    token = tokens.order_token(KEY, EMAIL)
    after(days=31)

    assert tokens.read_order_token(token, KEY, EMAIL)


def test_a_cart_token_opens_no_order():
    assert not tokens.read_order_token(tokens.cart_token(KEY), KEY, EMAIL)


def test_an_order_token_opens_no_cart():
    with pytest.raises(InvalidToken):
        tokens.read_cart_token(tokens.order_token(KEY, EMAIL))


def test_what_is_signed_under_another_purpose_opens_nothing():
    value = tokens.order_token(KEY, EMAIL).rsplit(":", 2)[0]
    forged = TimestampSigner(salt=tokens.CART).sign(value)

    assert not tokens.read_order_token(forged, KEY, EMAIL)


def test_tokens_outlive_a_change_of_the_secret_key_that_keeps_the_old_one():
    cart_token = tokens.cart_token(KEY)

    with rotated():
        assert tokens.read_cart_token(cart_token) == KEY


def test_order_tokens_outlive_it_too():
    order_token = tokens.order_token(KEY, EMAIL)

    with rotated():
        assert tokens.read_order_token(order_token, KEY, EMAIL)


def test_tokens_of_a_secret_key_that_is_forgotten_open_nothing():
    cart_token, order_token = tokens.cart_token(KEY), tokens.order_token(KEY, EMAIL)

    with override_settings(SECRET_KEY="new"):
        is_open = tokens.read_order_token(order_token, KEY, EMAIL)
        with pytest.raises(InvalidToken):
            tokens.read_cart_token(cart_token)

    assert not is_open
