"""Order pages: for their user and who was let in by a link; others do not learn that they are there."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test import override_settings
from django.test.utils import CaptureQueriesContext
from django.utils.timezone import now

from lorikeet.order_access import COOKIE, order_token
from tests.testapp.factories import make_user
from tests.unit import make_order

pytestmark = pytest.mark.django_db


@pytest.fixture
def link():
    """A guest's order and the path of its link."""
    order = make_order(guest_email="joe@example.com", state="placed", purchased_on=now())
    return order, order.get_absolute_url(token=True)


# the page of one order


def test_the_owner_sees_their_order_in_two_queries_of_lorikeets(client):
    user = make_user()
    order = make_order(user=user)
    client.force_login(user)
    with CaptureQueriesContext(connection) as queries:
        response = client.get(f"/orders/{order.pk}/")

    assert (response.status_code, response.context["order"]) == (200, order)
    assert len([query for query in queries if "lorikeet_order" in query["sql"]]) == 1


def test_a_link_lets_the_browser_in_and_leaves_the_address_bar(client, link):
    order, path = link

    response = client.get(path)

    assert (response.status_code, response["Location"]) == (302, f"/orders/{order.pk}/")
    assert client.cookies.keys() == {COOKIE}
    assert client.get(response["Location"]).status_code == 200


@pytest.mark.parametrize("step", ["link", "page"])
def test_neither_link_nor_page_is_stored_or_told_to_other_sites(client, link, step):
    _, path = link

    response = client.get(path)
    if step == "page":
        response = client.get(response["Location"])

    assert response["Referrer-Policy"] == "no-referrer"
    assert response["Cache-Control"] == "private, no-store"


@pytest.mark.parametrize("token", ["", "x", "a:b:c"])
def test_a_link_with_another_token_is_not_found(client, link, token):
    order, _ = link

    response = client.get(f"/orders/{order.pk}/", {"token": token})

    assert response.status_code == 404
    assert COOKIE not in client.cookies


def test_the_link_of_another_order_is_not_found(client, link):
    _, path = link
    other = make_order(guest_email="joe@example.com")

    response = client.get(f"/orders/{other.pk}/?{path.partition('?')[2]}")

    assert response.status_code == 404


def test_a_link_to_an_order_that_is_not_there_is_not_found(client, link):
    order, _ = link

    response = client.get("/orders/0/", {"token": order_token(order.uuid, order.guest_email)})

    assert response.status_code == 404


def test_a_bad_token_takes_nothing_from_who_may_see_the_order_anyway(client):
    user = make_user()
    order = make_order(user=user)
    client.force_login(user)

    assert client.get(f"/orders/{order.pk}/", {"token": "x"}).status_code == 200


@pytest.mark.parametrize("staff", [False, True])
def test_another_visitor_gets_the_answer_of_an_order_that_is_not_there(client, link, staff):
    order, _ = link
    client.force_login(make_user(is_staff=staff, is_superuser=staff))
    responses = [client.get(f"/orders/{key}/") for key in (order.pk, 10**6)]

    assert [response.status_code for response in responses] == [404, 404]
    assert responses[0].content == responses[1].content


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_a_page_is_read_only(client, link, unchanged, method):
    order, path = link
    client.get(path)

    with unchanged():
        response = getattr(client, method)(f"/orders/{order.pk}/")

    assert response.status_code == 405


# the list


def sale(user, days_ago):
    return make_order(user=user, state="placed", purchased_on=now() - timedelta(days=days_ago))


def test_the_list_shows_the_users_own_sales_the_newest_first(client):
    user = make_user()
    old, new = sale(user, 5), sale(user, 1)
    sale(make_user(), 1)
    make_order(user=user)
    make_order(user=user, state="cancelled")
    client.force_login(user)
    response = client.get("/orders/")

    assert list(response.context["orders"]) == [new, old]


def test_the_list_comes_in_pages_of_twenty(client):
    user = make_user()
    for _ in range(21):
        sale(user, 1)
    client.force_login(user)

    pages = [client.get("/orders/", {"page": page}) for page in (1, 2)]

    assert [len(page.context["orders"]) for page in pages] == [20, 1]


def test_a_visitor_who_is_not_signed_in_is_asked_to(client):
    response = client.get("/orders/")

    assert (response.status_code, response["Location"]) == (302, "/login/?next=/orders/")


@override_settings(LORIKEET_ORDER_TOKEN_DAYS=1)
def test_a_link_that_is_too_old_is_not_found(client, link, monkeypatch):
    _, path = link
    later = (now() + timedelta(days=1, seconds=1)).timestamp()
    monkeypatch.setattr("django.core.signing.time.time", lambda: later)

    assert client.get(path).status_code == 404
