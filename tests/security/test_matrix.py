"""The access matrix: every URL of the cart API x every method x every actor."""

import json
import re

import pytest

from lorikeet.outcomes import Pending
from lorikeet.urls import urlpatterns
from tests.testapp import models
from tests.testapp.carts import add_wine, cart_of
from tests.testapp.clients import NEW_PAYMENT_METHOD, Browser
from tests.testapp.factories import make_user
from tests.testapp.snapshots import snapshot

from .matrix import METHODS, ROWS, UNSAFE

CALLS = [(name, method) for name, row in ROWS.items() for method in row.own]
OBJECT_CALLS = [(name, method) for name, method in CALLS if ROWS[name].is_owned]
WRITES = [(name, method) for name, method in CALLS if method in UNSAFE and name != "webhook"]
WRITES.sort(key=lambda call: bool(ROWS[call[0]].waits))  # a cart that waits for its money shows nothing else


def make_owner(kind, wine):
    """Return a browser with a cart that lacks nothing."""
    browser = Browser(make_user("owner") if kind == "user" else None)
    browser.get_ready(wine)
    models.ShareOff.objects.create(cart=cart_of(browser), parts=10)
    return browser


def wait_for_money(owner):
    """Check the owner's cart out, so that it waits for its money."""
    pending = {"start_payment": Pending(), "check_payment": Pending(), "cancel_payment": True}
    models.ScriptedCard.script(**pending)
    owner.add(NEW_PAYMENT_METHOD, "ScriptedCard", token="tok_waiting")
    assert owner.checkout().status_code == 202


def make_stranger(kind, wine):
    """Return a browser of another actor than the owner, with a cart or without."""
    match kind:
        case "newcomer":
            return Browser()
        case "another guest":
            browser = Browser()
        case "another user":
            browser = Browser(make_user("stranger"))
        case "staff":
            return Browser(make_user("staff", is_staff=True, is_superuser=True))
    add_wine(cart_of(browser), product=wine)
    return browser


def url_of(name, owner):
    row = ROWS[name]
    if row.waits:
        if owner.cart()["pending_checkout"] is None:
            wait_for_money(owner)
        return owner.cart()["pending_checkout"][row.waits]
    return owner.cart()[row.listed][0]["url"] if row.listed else row.path


def body_of(name, method, wine):
    return json.loads(json.dumps(ROWS[name].bodies.get(method, {})).replace('"{wine}"', str(wine.pk)))


def test_every_url_has_a_row_and_every_row_a_url():
    names = [pattern.name for pattern in urlpatterns if pattern.name != "not-found"]

    assert sorted(ROWS) == sorted(names)


def test_every_row_names_the_path_of_its_url(wine):
    owner = make_owner("guest", wine)

    for name in sorted(ROWS, key=lambda name: bool(ROWS[name].waits)):
        assert re.fullmatch(ROWS[name].path.replace("{id}", "[^/]+"), url_of(name, owner))


@pytest.mark.parametrize("name", ROWS)
def test_every_other_method_is_refused_to_every_actor(name, wine, unchanged):
    owner, newcomer = make_owner("user", wine), Browser()
    url = url_of(name, owner)
    others = [method for method in METHODS if method not in ROWS[name].own]
    with unchanged():
        statuses = {method: [who.request(method, url).status_code for who in (owner, newcomer)] for method in others}

    assert statuses == {method: [405, 405] for method in others}


@pytest.mark.parametrize("kind", ["guest", "user"])
@pytest.mark.parametrize(("name", "method"), CALLS)
def test_the_owner(name, method, kind, wine):
    owner = make_owner(kind, wine)

    response = owner.request(method, url_of(name, owner), body_of(name, method, wine))

    assert response.status_code == ROWS[name].own[method]


@pytest.mark.parametrize("kind", ["newcomer", "another guest", "another user", "staff"])
@pytest.mark.parametrize(("name", "method"), CALLS)
def test_a_stranger_to_a_user(name, method, kind, wine):
    owner, stranger = make_owner("user", wine), make_stranger(kind, wine)
    url, cart = url_of(name, owner), owner.cart()

    response = stranger.request(method, url, body_of(name, method, wine))

    assert response.status_code == ROWS[name].for_others(method)
    assert owner.cart() == cart


@pytest.mark.parametrize("kind", ["newcomer", "another guest", "another user", "staff"])
@pytest.mark.parametrize("name", [name for name in ROWS if ROWS[name].is_owned])
def test_a_stranger_to_a_guest(name, kind, wine, unchanged):
    owner, stranger = make_owner("guest", wine), make_stranger(kind, wine)
    url, methods = url_of(name, owner), list(ROWS[name].own)

    with unchanged():
        statuses = [stranger.request(method, url, body_of(name, method, wine)).status_code for method in methods]

    assert statuses == [404] * len(methods)


@pytest.mark.parametrize(("name", "method"), OBJECT_CALLS)
def test_an_object_of_another_actor_looks_like_a_missing_one(name, method, wine):
    stranger = make_stranger("another user", wine)
    foreign = url_of(name, make_owner("user", wine))
    missing = ROWS[name].path.format(id=987654321)
    body = body_of(name, method, wine)
    answers = [stranger.request(method, url, body) for url in (foreign, missing)]

    assert answers[0].content == answers[1].content
    assert dict(answers[0].headers) == dict(answers[1].headers)


@pytest.mark.parametrize("kind", ["guest", "user", "newcomer", "another user", "staff"])
def test_no_write_goes_through_without_a_csrf_token(kind, wine):
    owner = make_owner(kind if kind in ("guest", "user") else "user", wine)
    actor = owner if kind in ("guest", "user") else make_stranger(kind, wine)
    calls = {(name, method): (url_of(name, owner), body_of(name, method, wine)) for name, method in WRITES}
    before = snapshot()

    statuses = {
        (name, method): actor.client.generic(method, url, json.dumps(body), "application/json").status_code
        for (name, method), (url, body) in calls.items()
    }

    assert statuses == dict.fromkeys(WRITES, 403)
    assert snapshot() == before
