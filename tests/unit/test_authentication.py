"""Who sends a request to the API, and which network it comes from."""

import logging

import pytest
from django.contrib.auth.models import AnonymousUser
from django.test import RequestFactory, override_settings
from rest_framework.authentication import TokenAuthentication
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request

from lorikeet.http import networks
from lorikeet.http.authentication import CartSessionAuthentication, authenticators, refuse_foreign_sites
from lorikeet.http.networks import network_of
from tests.testapp.models import Shopper

UNDECLARED = (
    "Requests come from an address inside the site's own network, as from a proxy, and no network is limited by "
    'LORIKEET_THROTTLE_RATES. Say in the settings how many proxies there are: REST_FRAMEWORK = {"NUM_PROXIES": 1}, '
    "or 0 if shoppers connect directly."
)
UNREADABLE = (
    "Requests come without an address that can be read, as through a Unix socket, and no network is limited by "
    "LORIKEET_THROTTLE_RATES. Let the proxy send X-Forwarded-For, and say in the settings how many proxies there "
    'are: REST_FRAMEWORK = {"NUM_PROXIES": 1}.'
)
MISCOUNTED = (
    "X-Forwarded-For names another number of proxies than REST framework's NUM_PROXIES, so that requests seem to "
    "come from a proxy, and no network is limited by LORIKEET_THROTTLE_RATES. Let each proxy add to the header, and "
    "set NUM_PROXIES to how many there are."
)
UNSAID = (
    "Requests carry X-Forwarded-For, which is not believed: if they come through a proxy, all its shoppers share "
    "the limits of LORIKEET_THROTTLE_RATES. Say in the settings how many proxies there are: "
    'REST_FRAMEWORK = {"NUM_PROXIES": 1}, or 0 if shoppers connect directly.'
)


def request_from(address="192.0.2.17", forwarded=None, method="get", user=None, **headers):
    extra = {} if forwarded is None else {"HTTP_X_FORWARDED_FOR": forwarded}
    factory = RequestFactory(REMOTE_ADDR=address, **extra)
    request = getattr(factory, method)("/", headers={name.replace("_", "-"): headers[name] for name in headers})
    if user is not None:
        request.user = user
    return Request(request)


def behind(proxies):
    return override_settings(REST_FRAMEWORK={"NUM_PROXIES": proxies})


@pytest.fixture
def warnings(caplog):
    """What a process that has just begun warns of; its site says nothing of proxies."""
    networks.warn.cache_clear()
    with behind(None), caplog.at_level(logging.WARNING, "lorikeet.http.networks"):
        yield caplog


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.17", "192.0.2.0"),
        ("192.0.2.255", "192.0.2.0"),
        ("192.0.2.17:8080", "192.0.2.0"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1::"),
        ("2001:db8:1:ffff::1", "2001:db8:1::"),
        ("[2001:db8:1::1]", "2001:db8:1::"),
        ("[2001:db8:1::1]:443", "2001:db8:1::"),
        ("2001:db8:1::1%eth0", "2001:db8:1::"),
        ("[2001:db8:1::1%25eth0]:443", "2001:db8:1::"),
        ("::ffff:192.0.2.17", "192.0.2.0"),
        ("[::ffff:192.0.2.17]:8080", "192.0.2.0"),
    ],
)
def test_a_network_is_what_one_subscriber_usually_has(warnings, address, network):
    """However the address is written, as a server may by itself or a proxy in ``X-Forwarded-For``."""
    direct = network_of(request_from(address))
    with behind(1):
        forwarded = network_of(request_from("10.0.0.1", forwarded=address))

    assert (direct, forwarded, warnings.messages) == (network, network, [])


def test_a_forwarded_header_that_is_not_declared_is_warned_of(warnings):
    """It may come from a proxy in a network that is not the site's own, so the shop is warned."""
    assert network_of(request_from("8.8.8.8", forwarded="203.0.113.5")) == "8.8.8.0"
    assert warnings.messages == [UNSAID]


INSIDE = [
    "10.0.0.1",
    "127.0.0.1",
    "192.168.1.1",
    "172.31.0.1",
    "100.64.0.1",
    "169.254.1.1",
    "::1",
    "fd00::1",
    "fe80::1%eth0",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "[::ffff:10.0.0.1]:8000",
]


@pytest.mark.parametrize("forwarded", ["203.0.113.5", None])
@pytest.mark.parametrize("address", INSIDE)
def test_a_proxy_that_the_site_has_not_declared_gives_no_network(warnings, address, forwarded):
    """Else all clients would seem to come from it, and one attacker would lock all shoppers out."""
    assert network_of(request_from(address, forwarded=forwarded)) == ""
    assert warnings.messages == [UNDECLARED]


@pytest.mark.parametrize(("address", "network"), [("10.0.0.1", "10.0.0.0"), ("::ffff:127.0.0.1", "127.0.0.0")])
def test_a_shopper_inside_is_counted_if_the_site_says_that_it_has_no_proxy(warnings, address, network):
    with behind(0):
        assert network_of(request_from(address)) == network
    assert warnings.messages == []


def test_a_warning_is_given_once_by_a_process_for_each_cause(warnings):
    for address in ("10.0.0.1", "127.0.0.1", "", "10.0.0.1"):
        network_of(request_from(address))

    assert [text.partition(",")[0] for text in warnings.messages] == [
        "Requests come from an address inside the site's own network",
        "Requests come without an address that can be read",
    ]


@pytest.mark.parametrize(
    ("proxies", "forwarded", "network"),
    [
        (1, "203.0.113.5", "203.0.113.0"),
        (1, "203.0.113.5:49152", "203.0.113.0"),
        (1, "10.0.0.1, 203.0.113.5", "203.0.113.0"),
        (2, "10.0.0.1, 203.0.113.5, 198.51.100.9", "203.0.113.0"),
        (3, "203.0.113.5, 198.51.100.9", "203.0.113.0"),
        (1, " , 203.0.113.5 ,", "203.0.113.0"),
        (1, "10.1.2.3", "10.1.2.0"),
        (1, None, "8.8.8.0"),
        (1, ", ,", "8.8.8.0"),
        (0, "203.0.113.5", "8.8.8.0"),
    ],
)
def test_as_many_proxies_are_believed_as_the_site_has(warnings, proxies, forwarded, network):
    with behind(proxies):
        assert network_of(request_from("8.8.8.8", forwarded=forwarded)) == network
    assert warnings.messages == []


@pytest.mark.parametrize("socket", ["", "unix:", None])
def test_a_proxy_on_a_unix_socket_is_one_as_any_other(warnings, socket):
    request = request_from(socket or "", forwarded="203.0.113.5")
    if socket is None:
        del request.META["REMOTE_ADDR"]

    with behind(1):
        assert network_of(request) == "203.0.113.0"
    assert warnings.messages == []


@pytest.mark.parametrize(
    ("proxies", "address", "forwarded"),
    [
        (None, "", None),
        (None, "", "203.0.113.5"),
        (None, "unix:", None),
        (None, "300.0.0.1", None),
        (0, "", None),
        (1, "", None),
        (1, "10.0.0.1", "unknown"),
        (1, "10.0.0.1", "_hidden"),
        (1, "10.0.0.1", "1.2.3.4:x:y"),
        (1, "10.0.0.1", "[" * 60_000),
    ],
    ids=lambda value: str(value)[:20],
)
def test_an_address_that_cannot_be_read_gives_no_network(warnings, proxies, address, forwarded):
    with behind(proxies):
        assert network_of(request_from(address, forwarded=forwarded)) == ""
    assert warnings.messages == [UNREADABLE]


@pytest.mark.parametrize(("proxies", "forwarded"), [(1, None), (2, "10.0.0.2"), (1, "203.0.113.5, 10.0.0.2")])
def test_a_number_of_proxies_that_is_wrong_is_seen_where_it_leads_to_one_of_them(warnings, proxies, forwarded):
    """No header where one was declared, fewer in it than there should be, and more."""
    with behind(proxies):
        assert network_of(request_from("10.0.0.1", forwarded=forwarded)) == ""
    assert warnings.messages == [MISCOUNTED]


def authenticate(request):
    return CartSessionAuthentication().authenticate(request)


def test_a_signed_in_user_is_authenticated():
    user = Shopper(handle="alice")

    assert authenticate(request_from(user=user)) == (user, None)


@pytest.mark.parametrize("user", [None, AnonymousUser(), Shopper(handle="alice", is_active=False)], ids=str)
def test_every_other_client_is_a_guest(user):
    assert authenticate(request_from(user=user)) is None


@pytest.mark.parametrize("user", [None, AnonymousUser(), Shopper(handle="alice")], ids=str)
@pytest.mark.parametrize(
    "headers", [{}, {"authorization": "Basic am9lOng="}, {"authorization": "negotiate x"}], ids=str
)
def test_a_request_that_a_browser_can_send_by_itself_needs_a_csrf_token(user, headers):
    """A guest's cart rides on a cookie as much as a user's."""
    with pytest.raises(PermissionDenied, match="CSRF Failed: CSRF cookie not set"):
        refuse_foreign_sites(request_from(method="post", user=user, **headers))


@pytest.mark.parametrize("headers", [{"authorization": "Token x"}, {"x_cart_token": "new"}], ids=str)
def test_a_header_that_only_the_sites_pages_can_send_needs_no_csrf_token(headers):
    refuse_foreign_sites(request_from(method="post", user=Shopper(handle="alice"), **headers))


@pytest.mark.parametrize("method", ["get", "head", "options", "trace"])
def test_a_safe_method_needs_no_csrf_token(method):
    refuse_foreign_sites(request_from(method=method, user=Shopper(handle="alice")))


def test_the_cookies_of_a_client_that_sends_a_cart_token_count_for_nothing():
    assert authenticate(request_from(user=Shopper(handle="alice"), x_cart_token="new")) is None


def test_the_sites_own_ways_to_sign_in_come_first():
    assert [type(way) for way in authenticators()] == [TokenAuthentication, CartSessionAuthentication]


@override_settings(
    REST_FRAMEWORK={
        "DEFAULT_AUTHENTICATION_CLASSES": [
            "rest_framework.authentication.SessionAuthentication",
            "lorikeet.http.authentication.CartSessionAuthentication",
        ]
    }
)
def test_sessions_are_accepted_in_one_way_only():
    assert [type(way) for way in authenticators()] == [CartSessionAuthentication]
