"""A database that cannot serve: 503, come again, and nothing is half done."""

import pytest
from django.db import InterfaceError, OperationalError, connection

from tests.testapp.clients import NEW_ADJUSTMENT
from tests.testapp.models import ScriptedCard

from .payers import get_ready, start_waiting


def breaking(error, beginning):
    """Return a wrapper that breaks the first statement that begins so, as a connection does that was lost."""

    def execute(execute, sql, params, many, context):
        if sql.startswith(beginning):
            raise error
        return execute(sql, params, many, context)

    return connection.execute_wrapper(execute)


ERRORS = [OperationalError("The connection was lost."), InterfaceError("The connection is closed.")]
LOCK = 'UPDATE "lorikeet_cart"' if connection.vendor != "mysql" else "UPDATE `lorikeet_cart`"
CLAIM = LOCK.replace("cart", "paymentattempt")
COUNT = LOCK.replace("cart", "throttlecount")


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
def test_coming_back_is_answered_503_and_nobody_is_asked(shopper, wine, unchanged, url):
    checkout = start_waiting(shopper, wine)

    with unchanged(), breaking(ERRORS[0], CLAIM):
        response = shopper.post(checkout[url], {})

    assert (response.status_code, response["Retry-After"]) == (503, "1")
    assert ScriptedCard.asked == []
