"""What Lorikeet adds to the host's own requests: the middleware, the template tag, and the merge at login."""

import json
from html.parser import HTMLParser

import pytest
from django.contrib.auth.signals import user_logged_in
from django.db import connection
from django.http import HttpResponse
from django.middleware.csrf import CsrfViewMiddleware
from django.template import Context, Template
from django.test import override_settings
from django.test.utils import CaptureQueriesContext

from lorikeet.cart.receivers import merge_at_login
from lorikeet.cart.shopper import SESSION_KEY, cart_token
from lorikeet.exceptions import InvalidToken
from lorikeet.middleware import CartMiddleware
from lorikeet.models import Cart, EmptyCart
from tests.testapp import models
from tests.testapp.clients import NEW_ITEM
from tests.testapp.factories import make_user
from tests.unit import add_wine, make_cart, ready_cart, request_of, select_address

pytestmark = pytest.mark.django_db


# the middleware


def through_the_middleware(request, view=lambda request: HttpResponse("Hello.")):
    return CsrfViewMiddleware(CartMiddleware(view))(request)


def test_every_request_can_get_its_cart():
    carts = []

    def view(request):
        carts.extend([request.get_cart(), request.get_cart(create=True), request.get_cart()])
        return HttpResponse("Hello.")

    through_the_middleware(request_of(), view)

    assert type(carts[0]) is EmptyCart
    assert carts[1] == carts[2] == Cart.objects.get()


def test_a_request_that_asks_for_no_cart_costs_no_query():
    with CaptureQueriesContext(connection) as queries:
        through_the_middleware(request_of())

    assert len(queries) == 0


def test_pages_of_the_host_set_no_cookie():
    assert "csrftoken" not in through_the_middleware(request_of()).cookies


@override_settings(LORIKEET_SET_CSRFTOKEN_EVERYWHERE=True)
def test_pages_of_the_host_may_all_set_the_csrf_cookie():
    assert "csrftoken" in through_the_middleware(request_of()).cookies


def test_a_bad_cart_token_in_a_view_of_the_hosts_is_the_clients_mistake():
    response = CartMiddleware(None).process_exception(request_of(), InvalidToken("This cart token is not valid."))

    assert (response.status_code, response.content) == (400, b"This cart token is not valid.")


def test_any_other_error_in_a_view_of_the_host_is_raised():
    assert CartMiddleware(None).process_exception(request_of(), ZeroDivisionError()) is None


# the template tag


class Elements(HTMLParser):
    """What a browser makes of a page: each element with its attributes, and the text in it."""

    def __init__(self, page):
        super().__init__()
        self.found = []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.found.append([tag, dict(attrs), ""])

    def handle_data(self, data):
        self.found[-1][2] += data


def elements(request, template="{% lorikeet_cart %}", **context):
    page = Template("{% load lorikeet %}" + template).render(Context({"request": request, **context}))
    return Elements(page).found


def cart_in_page(request):
    [(_, _, text)] = elements(request)
    return json.loads(text)


def test_a_template_has_the_cart_as_the_api_shows_it(guest, wine):
    guest.get_ready(wine)
    session = {SESSION_KEY: Cart.objects.get().key.hex}

    cart = cart_in_page(request_of(session=session))

    assert {key: cart[key] for key in cart if key != "generated_at"} == guest.cart()
    assert isinstance(cart["generated_at"], float)


def test_the_element_is_found_by_its_id_and_tells_the_version(guest, wine):
    guest.add_wine(wine)
    session = {SESSION_KEY: Cart.objects.get().key.hex}

    [(tag, attributes, _)] = elements(request_of(session=session))

    assert (tag, attributes) == (
        "script",
        {"type": "application/json", "id": "lorikeet-cart", "data-etag": guest.etag()},
    )


def test_the_id_is_the_templates():
    [(_, attributes, _)] = elements(request_of(), "{% lorikeet_cart place %}", place='cart" onclick="x')

    assert attributes["id"] == 'cart" onclick="x'


def test_a_shopper_without_a_cart_is_shown_an_empty_one_and_nothing_is_written(unchanged):
    request = request_of()

    with unchanged():
        cart = cart_in_page(request)

    assert (cart["items"], request.session) == ([], {})


def test_the_page_gives_the_csrf_token_that_its_first_write_needs(guest, wine):
    guest.client.get("/page/")

    response = guest.client.post(
        NEW_ITEM,
        json.dumps({"type": "WineLine", "data": {"product": wine.pk}}),
        content_type="application/json",
        headers={"X-CSRFToken": guest.client.cookies["csrftoken"].value},
    )

    assert response.status_code == 201


@pytest.mark.parametrize("text", ["</script><script>alert(1)//", "<!--", "]]>", "&lt;", "\u2028", "'\"\\"])
def test_nothing_a_shopper_has_typed_ends_the_script(text):
    cart = make_cart()
    select_address(cart, addressee=text)

    [(_, _, body)] = elements(request_of(session={SESSION_KEY: cart.key.hex}))

    assert not set("<>&'") & set(body)
    assert json.loads(body)["delivery_addresses"][0]["data"]["addressee"] == text


@pytest.mark.parametrize("quote", ["'", '"', ""])
@pytest.mark.parametrize("text", ["' onclick=x y='", '" onclick=x y="', " onclick=x ", "><img src=x onerror=x>"])
def test_nothing_a_shopper_has_typed_becomes_an_attribute_where_the_tag_does_not_belong(quote, text):
    cart = make_cart()
    select_address(cart, addressee=text)

    found = elements(
        request_of(session={SESSION_KEY: cart.key.hex}), f"<p data-cart={quote}{{% lorikeet_cart %}}{quote}></p>"
    )

    assert [tag for tag, _, _ in found] == ["p"]
    assert "onclick" not in found[0][1]


# logging in


def test_a_guest_who_logs_in_brings_their_cart():
    user, cart = make_user(), make_cart()
    line = add_wine(cart)
    session = {SESSION_KEY: cart.key.hex, "other": 1}
    user_logged_in.send(sender=models.Shopper, request=request_of(session=session), user=user)

    assert list(Cart.objects.get(user=user).items.select_subclasses()) == [line]
    assert session == {"other": 1}


def test_a_client_with_a_token_who_logs_in_brings_their_cart():
    user, cart = make_user(), make_cart()
    user_logged_in.send(sender=models.Shopper, request=request_of(x_cart_token=cart_token(cart.key)), user=user)

    assert Cart.objects.get().user == user


def test_a_guests_and_a_tokens_cart_are_both_merged():
    user, of_session, of_token = make_user(), make_cart(), make_cart()
    for cart in (of_session, of_token):
        add_wine(cart)
    request = request_of(session={SESSION_KEY: of_session.key.hex}, x_cart_token=cart_token(of_token.key))
    user_logged_in.send(sender=models.Shopper, request=request, user=user)

    assert Cart.objects.get().items.count() == 2


def test_a_user_with_a_stale_token_is_signed_in_all_the_same():
    user, cart = make_user(), make_cart()
    request = request_of(session={SESSION_KEY: cart.key.hex}, x_cart_token="stale")
    merge_at_login(request, user)

    assert (Cart.objects.get().user, request.session) == (user, {})


def test_a_login_without_a_cart_makes_none(unchanged):
    user = make_user()
    request = request_of()

    with unchanged():
        merge_at_login(request, user)

    assert request.session == {}


def test_a_login_without_a_request_is_possible(unchanged):
    ready_cart()
    user = make_user()

    with unchanged():
        merge_at_login(None, user)


def test_a_login_without_sessions_is_possible(rf):
    user = make_user()

    merge_at_login(rf.get("/"), user)

    assert Cart.objects.count() == 0
