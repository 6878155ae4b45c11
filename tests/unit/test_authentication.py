"""Who sends a request to the API, and which network it comes from."""

import pytest
from django.contrib.auth.models import AnonymousUser
from django.test import RequestFactory, override_settings
from rest_framework.authentication import TokenAuthentication
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request

from lorikeet.authentication import CartSessionAuthentication, authenticators, network_of, refuse_foreign_sites
from tests.testapp.models import Shopper


def request_from(address="192.0.2.17", forwarded=None, method="get", user=None, **headers):
    extra = {} if forwarded is None else {"HTTP_X_FORWARDED_FOR": forwarded}
    factory = RequestFactory(REMOTE_ADDR=address, **extra)
    request = getattr(factory, method)("/", headers={name.replace("_", "-"): headers[name] for name in headers})
    if user is not None:
        request.user = user
    return Request(request)


def behind(proxies):
    return override_settings(REST_FRAMEWORK={"NUM_PROXIES": proxies})


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.17", "192.0.2.0"),
        ("192.0.2.255", "192.0.2.0"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1::"),
        ("2001:db8:1:ffff::1", "2001:db8:1::"),
        ("::1", "::"),
        ("", ""),
        ("unix:", ""),
        ("192.0.2.17:8080", ""),
        ("300.0.0.1", ""),
    ],
)
def test_a_network_is_what_one_subscriber_usually_has(address, network):
    assert network_of(request_from(address)) == network


def test_an_ipv4_address_is_the_same_written_as_ipv6():
    """As servers that listen on both report it; else all of IPv4 would be one network."""
    assert network_of(request_from("::ffff:192.0.2.17")) == "192.0.2.0"


def test_an_address_may_name_its_link():
    assert network_of(request_from("fe80::1%eth0")) == "fe80::"


def test_nobody_is_believed_who_says_where_he_comes_from():
    assert network_of(request_from("8.8.8.8", forwarded="203.0.113.5")) == "8.8.8.0"


@pytest.mark.parametrize("address", ["10.0.0.1", "127.0.0.1", "192.168.1.1", "::1", "fd00::1"])
def test_a_proxy_that_the_site_has_not_declared_is_nobodys_network(address):
    """Else everybody would seem to come from it, and share its limits."""
    assert network_of(request_from(address, forwarded="203.0.113.5")) == ""


def test_a_request_from_inside_that_names_no_proxy_comes_from_there():
    assert network_of(request_from("10.0.0.1")) == "10.0.0.0"


@pytest.mark.parametrize(
    ("proxies", "forwarded", "network"),
    [
        (1, "203.0.113.5", "203.0.113.0"),
        (1, "10.0.0.1, 203.0.113.5", "203.0.113.0"),
        (2, "10.0.0.1, 203.0.113.5, 198.51.100.9", "203.0.113.0"),
        (3, "203.0.113.5, 198.51.100.9", "203.0.113.0"),
        (1, " , 203.0.113.5 ,", "203.0.113.0"),
        (1, None, "8.8.8.0"),
        (1, ", ,", "8.8.8.0"),
        (1, "garbage", ""),
        (0, "203.0.113.5", "8.8.8.0"),
        (None, "203.0.113.5", "8.8.8.0"),
    ],
)
def test_as_many_proxies_are_believed_as_the_site_has(proxies, forwarded, network):
    with behind(proxies):
        assert network_of(request_from("8.8.8.8", forwarded=forwarded)) == network


def test_a_request_from_nowhere_has_no_network():
    request = request_from()
    del request.META["REMOTE_ADDR"]

    assert network_of(request) == ""


def authenticate(request):
    return CartSessionAuthentication().authenticate(request)


def test_somebody_signed_in_is_who_he_is():
    user = Shopper(handle="alice")

    assert authenticate(request_from(user=user)) == (user, None)


@pytest.mark.parametrize("user", [None, AnonymousUser(), Shopper(handle="alice", is_active=False)], ids=str)
def test_everybody_else_is_a_guest(user):
    assert authenticate(request_from(user=user)) is None


@pytest.mark.parametrize("user", [None, AnonymousUser(), Shopper(handle="alice")], ids=str)
@pytest.mark.parametrize(
    "headers", [{}, {"authorization": "Basic am9lOng="}, {"authorization": "negotiate x"}], ids=str
)
def test_what_a_browser_sends_by_itself_needs_a_csrf_token(user, headers):
    """A guest's cart rides on a cookie as much as a user's."""
    with pytest.raises(PermissionDenied, match="CSRF Failed: CSRF cookie not set"):
        refuse_foreign_sites(request_from(method="post", user=user, **headers))


@pytest.mark.parametrize("headers", [{"authorization": "Token x"}, {"x_cart_token": "new"}], ids=str)
def test_what_only_a_page_of_the_site_can_send_needs_none(headers):
    refuse_foreign_sites(request_from(method="post", user=Shopper(handle="alice"), **headers))


@pytest.mark.parametrize("method", ["get", "head", "options", "trace"])
def test_what_changes_nothing_needs_none(method):
    refuse_foreign_sites(request_from(method=method, user=Shopper(handle="alice")))


def test_the_cookies_of_whoever_sends_a_cart_token_count_for_nothing():
    assert authenticate(request_from(user=Shopper(handle="alice"), x_cart_token="new")) is None


def test_the_sites_own_ways_to_sign_in_come_first():
    assert [type(way) for way in authenticators()] == [TokenAuthentication, CartSessionAuthentication]


@override_settings(
    REST_FRAMEWORK={
        "DEFAULT_AUTHENTICATION_CLASSES": [
            "rest_framework.authentication.SessionAuthentication",
            "lorikeet.authentication.CartSessionAuthentication",
        ]
    }
)
def test_sessions_are_accepted_in_one_way_only():
    assert [type(way) for way in authenticators()] == [CartSessionAuthentication]
