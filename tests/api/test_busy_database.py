"""A database that is busy or lost: the answer is 503, the client retries, and nothing is half done."""

import pytest
from django.db import InterfaceError, OperationalError, connection

from tests.testapp import factories
from tests.testapp.clients import CART, NEW_ADJUSTMENT, NEW_ITEM
from tests.testapp.models import ScriptedCard

from .payers import get_ready, start_waiting


def breaking(error, beginning):
    """Return a wrapper that fails the first statement that begins with these words, as a lost connection does."""

    def execute(execute, sql, params, many, context):
        if sql.startswith(beginning):
            raise error
        return execute(sql, params, many, context)

    return connection.execute_wrapper(execute)


ERRORS = [OperationalError("The connection was lost."), InterfaceError("The connection is closed.")]
LOCK = 'UPDATE "lorikeet_cart"' if connection.vendor != "mysql" else "UPDATE `lorikeet_cart`"
CLAIM = LOCK.replace("cart", "paymentattempt")
COUNT = LOCK.replace("cart", "throttlecount")


class DeadlockDetected(Exception):
    """What a driver of PostgreSQL raises."""

    sqlstate = "40P01"


def aborting(times):
    """Return a wrapper that lets the database abort the first ``times`` transactions that lock a cart."""
    left = [True] * times

    def execute(execute, sql, params, many, context):
        if sql.startswith(LOCK) and left and left.pop():
            raise OperationalError("Deadlock detected.") from DeadlockDetected()
        return execute(sql, params, many, context)

    return connection.execute_wrapper(execute)


CHANGES = {
    "adding": lambda browser, line, wine: browser.post(NEW_ITEM, {"type": "WineLine", "data": {"product": wine.pk}}),
    "editing": lambda browser, line, wine: browser.patch(line["url"], {"quantity": 2}),
    "replacing": lambda browser, line, wine: browser.put(line["url"], {"product": wine.pk, "quantity": 2}),
    "removing": lambda browser, line, wine: browser.delete(line["url"]),
    "deselecting": lambda browser, line, wine: browser.patch(
        browser.cart()["delivery_addresses"][0]["url"], {"selected": False}
    ),
    "an e-mail address": lambda browser, line, wine: browser.patch(CART, {"email": "ann@example.com"}),
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_change_that_the_database_aborts_is_made_again(shopper, wine, name):
    line = shopper.add_wine(wine)
    shopper.add_address()

    with aborting(3):
        response = CHANGES[name](shopper, line, wine)

    assert response.status_code in (200, 201, 204)


@pytest.mark.parametrize("name", CHANGES)
def test_a_change_that_the_database_aborts_too_often_is_answered_503_and_changes_nothing(
    shopper, wine, unchanged, name
):
    line = shopper.add_wine(wine)
    shopper.add_address()

    with unchanged(), aborting(4):
        response = CHANGES[name](shopper, line, wine)

    assert (response.status_code, response["Retry-After"]) == (503, "1")


def test_a_login_whose_merge_the_database_aborts_merges_all_the_same(guest, wine):
    guest.add_wine(wine)
    user = factories.make_user("alice")

    with aborting(3):
        guest.log_in(user)

    assert len(guest.cart()["items"]) == 1


@pytest.mark.parametrize("error", ERRORS)
def test_a_checkout_is_answered_503_and_nothing_is_changed(shopper, wine, unchanged, error):
    get_ready(shopper, wine)
    ScriptedCard.script()

    with unchanged(), breaking(error, LOCK):
        response = shopper.checkout()

    assert (response.status_code, response["Retry-After"]) == (503, "1")
    assert response.json() == {"detail": "The shop is busy. Please try again."}
    assert ScriptedCard.asked == []


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("error", ERRORS)
def test_a_guess_that_cannot_be_counted_is_answered_503_and_changes_nothing(shopper, wine, unchanged, error):
    shopper.add_wine(wine)
    guess = {"type": "CouponAdjustment", "data": {"code": "NONE"}}

    with unchanged(), breaking(error, COUNT):
        response = shopper.post(NEW_ADJUSTMENT, guess)

    assert (response.status_code, response["Retry-After"]) == (503, "1")
    assert response.json() == {"detail": "The shop is busy. Please try again."}


@pytest.mark.parametrize("url", ["confirm_url", "cancel_url"])
def test_coming_back_is_answered_503_and_no_provider_is_asked(shopper, wine, unchanged, url):
    checkout = start_waiting(shopper, wine)
    with unchanged(), breaking(ERRORS[0], CLAIM):
        response = shopper.post(checkout[url], {})

    assert (response.status_code, response["Retry-After"]) == (503, "1")
    assert ScriptedCard.asked == []
