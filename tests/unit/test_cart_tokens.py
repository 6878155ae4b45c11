"""Cart tokens: each opens one guest's cart, for a time, and nothing else."""

from uuid import UUID

import pytest
from django.core.signing import TimestampSigner
from django.test import override_settings

from lorikeet.cart.shopper import CART, cart_token, read_cart_token
from lorikeet.exceptions import InvalidToken
from lorikeet.order_access import order_token
from tests.unit import rotated

KEY = UUID("8f14e45f-ceea-467f-a8d0-1b2c3d4e5f60")


def test_a_cart_token_holds_the_key_of_its_cart():
    assert read_cart_token(cart_token(KEY)) == KEY


def test_a_cart_token_is_refused_when_it_is_too_old(after):
    token = cart_token(KEY)
    after(days=30, seconds=1)

    with pytest.raises(InvalidToken) as refusal:
        read_cart_token(token)

    assert str(refusal.value) == "This cart token is not valid."


def test_a_cart_token_is_accepted_until_then(after):
    token = cart_token(KEY)
    after(days=29, hours=23)

    assert read_cart_token(token) == KEY


@override_settings(LORIKEET_CART_TOKEN_DAYS=1)
def test_a_site_may_have_cart_tokens_live_shorter(after):
    token = cart_token(KEY)
    after(days=1, seconds=1)

    with pytest.raises(InvalidToken):
        read_cart_token(token)


@pytest.mark.parametrize(
    "token", ["", "new", "a:b", "a:b:c", f"{KEY.hex}:1tXyZ:{'A' * 43}", "\u202e", "\ud800"], ids=ascii
)
def test_text_that_was_not_signed_here_is_no_cart_token(token):
    with pytest.raises(InvalidToken):
        read_cart_token(token)


def test_signed_text_that_is_no_key_is_no_cart_token():
    with pytest.raises(InvalidToken):
        read_cart_token(TimestampSigner(salt=CART).sign("no key"))


def test_an_order_token_opens_no_cart():
    with pytest.raises(InvalidToken):
        read_cart_token(order_token(KEY, "joe@example.com"))


def test_a_cart_token_outlives_a_change_of_the_secret_key_that_keeps_the_old_one():
    token = cart_token(KEY)

    with rotated():
        assert read_cart_token(token) == KEY


def test_a_cart_token_of_a_secret_key_that_is_forgotten_opens_nothing():
    token = cart_token(KEY)

    with override_settings(SECRET_KEY="new"), pytest.raises(InvalidToken):
        read_cart_token(token)
