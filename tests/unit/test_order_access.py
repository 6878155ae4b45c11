"""What opens an order: an account, the cookie of a browser, and the token of a link."""

from uuid import UUID, uuid4

import pytest
from django.core.signing import TimestampSigner
from django.http import HttpResponse
from django.test import override_settings

from lorikeet.cart.shopper import CART, cart_token
from lorikeet.models import Order
from lorikeet.order_access import COOKIE, MOST, let_in, order_token, read_order_token, visible_orders
from tests.testapp.factories import make_user
from tests.unit import make_order, request_of, rotated

KEY = UUID("8f14e45f-ceea-467f-a8d0-1b2c3d4e5f60")
EMAIL = "joe@example.com"


class Jar:
    """The cookies of one browser."""

    def __init__(self):
        self.cookie = None

    def request(self, user=None):
        request = request_of(user)
        if self.cookie is not None:
            request.COOKIES[COOKIE] = self.cookie.value
        return request

    def let_in(self, *orders):
        for order in orders:
            response = HttpResponse()
            let_in(self.request(), response, order)
            self.cookie = response.cookies[COOKIE]

    def sees(self, user=None):
        return list(Order.objects.filter(visible_orders(self.request(user))).order_by("pk"))


@pytest.fixture
def jar(db):
    """The cookies of a browser that was let in nowhere yet."""
    return Jar()


# the account


def test_a_user_sees_their_own_orders(jar):
    user = make_user()
    mine = make_order(user=user)
    make_order(user=make_user())
    make_order()

    assert jar.sees(user) == [mine]


def test_a_newcomer_sees_no_order(jar):
    make_order()

    assert jar.sees() == []


# the cookie


def test_a_browser_sees_what_it_was_let_in_to(jar):
    first, second = make_order(), make_order()
    make_order()

    jar.let_in(first, second)

    assert jar.sees() == [first, second]


def test_a_browser_of_a_user_sees_both(jar):
    user = make_user()
    mine, other = make_order(user=user), make_order()

    jar.let_in(other)

    assert jar.sees(user) == [mine, other]


def test_a_cookie_holds_an_order_once_and_the_latest_last(jar):
    first, second = make_order(), make_order()

    jar.let_in(first, second, first)

    entries = jar.cookie.value.partition(":")[0].split(".")
    assert [entry.partition("-")[0] for entry in entries] == [second.uuid.hex, first.uuid.hex]


def test_a_cookie_holds_so_many_orders_and_no_more_and_is_short(jar):
    orders = [make_order() for _ in range(MOST + 1)]

    jar.let_in(*orders)

    assert jar.sees() == orders[1:]
    assert len(jar.cookie.value) < 1000


def test_no_script_and_no_foreign_form_uses_the_cookie(jar):
    jar.let_in(make_order())

    assert (jar.cookie["httponly"], jar.cookie["samesite"], jar.cookie["max-age"]) == (True, "Lax", 30 * 86400)


@override_settings(SESSION_COOKIE_SECURE=True, SESSION_COOKIE_DOMAIN="shop.example", SESSION_COOKIE_PATH="/shop/")
def test_the_cookie_goes_where_the_sites_session_goes(jar):
    jar.let_in(make_order())

    assert (jar.cookie["secure"], jar.cookie["domain"], jar.cookie["path"]) == (True, "shop.example", "/shop/")


@pytest.mark.parametrize("value", ["", "x", ":", "a:b:c", f"{KEY.hex}:1tXyZ:{'A' * 43}", "x" * 5000], ids=range(6))
def test_a_cookie_that_was_not_signed_here_is_ignored(jar, value):
    order = make_order(uuid=KEY)
    request = request_of()
    request.COOKIES[COOKIE] = value

    assert not Order.objects.filter(visible_orders(request)).exists()
    response = HttpResponse()
    let_in(request, response, order)
    assert response.cookies[COOKIE].value.partition("-")[0] == KEY.hex


def test_a_token_of_the_same_order_is_no_cookie(jar):
    order = make_order()
    request = request_of()
    request.COOKIES[COOKIE] = order_token(order.uuid, "")

    assert not Order.objects.filter(visible_orders(request)).exists()


@pytest.mark.parametrize(("days", "is_open"), [(29, True), (31, False)])
def test_a_cookie_opens_for_thirty_days(jar, after, days, is_open):
    jar.let_in(make_order())
    after(days=days)

    assert bool(jar.sees()) is is_open


@pytest.mark.parametrize(("days", "seen"), [(29, [0, 1]), (31, [1]), (60, [])])
def test_a_later_order_opens_an_earlier_one_no_longer(jar, after, days, seen):
    orders = [make_order(), make_order()]
    jar.let_in(orders[0])
    after(days=29)
    jar.let_in(orders[1])
    after(days=days)

    assert jar.sees() == [orders[number] for number in seen]


def test_an_order_that_is_let_in_again_is_open_for_thirty_days_from_then(jar, after):
    order = make_order()
    jar.let_in(order)
    after(days=29)
    jar.let_in(order)
    after(days=58)

    assert jar.sees() == [order]


def test_a_cookie_drops_the_orders_that_it_opens_no_more(jar, after):
    jar.let_in(make_order())
    after(days=29)
    jar.let_in(make_order())
    after(days=31)
    jar.let_in(make_order())

    assert jar.cookie.value.partition(":")[0].count(".") == 1


def test_a_cookie_outlives_a_change_of_the_secret_key_that_keeps_the_old_one(jar):
    order = make_order()
    jar.let_in(order)

    with rotated():
        assert jar.sees() == [order]


def test_a_cookie_of_a_secret_key_that_is_forgotten_opens_nothing(jar):
    jar.let_in(make_order())

    with override_settings(SECRET_KEY="new"):
        assert jar.sees() == []


# the token


def test_an_order_token_opens_its_order():
    assert read_order_token(order_token(KEY, EMAIL), KEY, EMAIL)


def test_an_order_token_opens_no_other_order():
    assert not read_order_token(order_token(KEY, EMAIL), uuid4(), EMAIL)


def test_an_order_token_dies_with_its_email_address():
    assert not read_order_token(order_token(KEY, EMAIL), KEY, "ann@example.com")


def test_an_order_token_shows_no_email_address():
    assert "joe" not in order_token(KEY, EMAIL)


@pytest.mark.parametrize(("days", "is_open"), [(29, True), (31, False)])
def test_an_order_token_opens_for_thirty_days(after, days, is_open):
    token = order_token(KEY, EMAIL)
    after(days=days)

    assert read_order_token(token, KEY, EMAIL) is is_open


@override_settings(LORIKEET_ORDER_TOKEN_DAYS=40)
def test_a_site_may_have_order_tokens_live_longer(after):
    token = order_token(KEY, EMAIL)
    after(days=31)

    assert read_order_token(token, KEY, EMAIL)


def test_a_cart_token_opens_no_order():
    assert not read_order_token(cart_token(KEY), KEY, EMAIL)


def test_a_token_of_another_purpose_opens_nothing():
    value = order_token(KEY, EMAIL).rsplit(":", 2)[0]
    forged = TimestampSigner(salt=CART).sign(value)

    assert not read_order_token(forged, KEY, EMAIL)


def test_an_order_token_outlives_a_change_of_the_secret_key_that_keeps_the_old_one():
    token = order_token(KEY, EMAIL)

    with rotated():
        assert read_order_token(token, KEY, EMAIL)


def test_an_order_token_of_a_secret_key_that_is_forgotten_opens_nothing():
    token = order_token(KEY, EMAIL)

    with override_settings(SECRET_KEY="new"):
        assert not read_order_token(token, KEY, EMAIL)
