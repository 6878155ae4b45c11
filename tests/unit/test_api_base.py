"""The one table from error to answer, and the headers that every answer has."""

import logging

import pytest
from django.db import DatabaseError, InterfaceError, OperationalError
from django.http import Http404
from rest_framework.exceptions import ValidationError

from lorikeet.api_base import ANSWERS, first_message, handle_exception
from lorikeet.exceptions import (
    CartChanged,
    CartGone,
    ConflictError,
    ConflictErrorSet,
    IdempotencyKeyReused,
    IncompleteCartError,
    IncompleteCartErrorSet,
    InvalidToken,
    LimitReached,
    LockBroken,
    NoWebhooks,
    PaymentBusy,
    PaymentError,
    ProviderUnavailable,
    TooManyAttempts,
)

GONE = ConflictError("gone", "It is gone.", "items")
EMPTY = IncompleteCartError("empty", "There are no items in the cart.", "items")


@pytest.mark.parametrize(
    ("error", "status", "body"),
    [
        (CartGone("This shopper has no cart."), 404, {"detail": "Not found."}),
        (CartChanged(), 412, {"detail": "The cart has changed since it was shown."}),
        (InvalidToken("This cart token is not valid."), 400, {"X-Cart-Token": ["This cart token is not valid."]}),
        (LimitReached("There is no room.", "items"), 400, {"items": ["There is no room."]}),
        (
            GONE,
            409,
            {"reason": "conflict", "info": [{"code": "gone", "field": "items", "message": "It is gone."}]},
        ),
        (
            ConflictErrorSet([GONE]),
            409,
            {"reason": "conflict", "info": [{"code": "gone", "field": "items", "message": "It is gone."}]},
        ),
        (
            IncompleteCartErrorSet([EMPTY]),
            422,
            {
                "reason": "incomplete",
                "info": [{"code": "empty", "field": "items", "message": "There are no items in the cart."}],
            },
        ),
        (
            IdempotencyKeyReused("k"),
            422,
            {
                "reason": "idempotency_key_reused",
                "info": {"message": "This idempotency key was used with another request."},
            },
        ),
        (NoWebhooks("Card"), 404, {"detail": "Not found."}),
        (PaymentBusy("k"), 503, {"detail": "This payment is being worked on. Please try again."}),
        (ProviderUnavailable("k"), 503, {"detail": "The payment provider does not answer. Please try again."}),
        (InterfaceError("connection already closed"), 503, {"detail": "The shop is busy. Please try again."}),
        (OperationalError("database is locked"), 503, {"detail": "The shop is busy. Please try again."}),
        (Http404(), 404, {"detail": "Not found."}),
        (ValidationError({"quantity": ["No."]}), 400, {"quantity": ["No."]}),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else None,
)
def test_every_error_has_its_answer(error, status, body):
    response = handle_exception(error, {})

    assert (response.status_code, response.data) == (status, body)


def test_every_error_of_the_table_is_tested_above():
    tested = {type(arguments[0]) for arguments in test_every_error_has_its_answer.pytestmark[0].args[1]}

    assert tested >= set(ANSWERS)


def test_too_many_attempts_are_told_when_to_come_again():
    response = handle_exception(TooManyAttempts(59), {})

    assert (response.status_code, response["Retry-After"]) == (429, "59")
    assert response.data == {"detail": "Request was throttled. Expected available in 59 seconds."}


@pytest.mark.parametrize("error", [OperationalError("database is locked"), InterfaceError("locked")], ids=repr)
def test_a_database_that_is_busy_is_logged_and_asked_again_in_a_second(error, caplog):
    response = handle_exception(error, {})

    assert response["Retry-After"] == "1"
    assert "locked" not in str(response.data)
    assert [(record.levelno, record.exc_info[1]) for record in caplog.records] == [(logging.ERROR, error)]


@pytest.mark.parametrize("error", [PaymentBusy("k"), ProviderUnavailable("k")], ids=repr)
def test_a_payment_that_cannot_be_asked_about_is_asked_about_again_in_a_second(error, caplog):
    response = handle_exception(error, {})

    assert (response["Retry-After"], caplog.records) == ("1", [])


@pytest.mark.parametrize("error", [ZeroDivisionError(), DatabaseError(), PaymentError({}), LockBroken("x")])
def test_what_is_a_bug_is_left_to_django(error):
    assert handle_exception(error, {}) is None


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"quantity": ["Too many.", "Really."], "product": ["No."]}, "Too many."),
        ({"detail": "Not found."}, "Not found."),
        ({"reason": "payment", "info": {"code": "x", "message": "Declined."}}, "Declined."),
        ({"reason": "incomplete", "info": [{"code": "empty", "message": "Empty."}]}, "Empty."),
        ({"reason": "incomplete", "info": []}, "incomplete"),
        ({"lines": [{"quantity": ["Too many."]}]}, "Too many."),
        (["One.", "Two."], "One."),
        ("Text.", "Text."),
        ({}, "Error"),
        ([], "Error"),
        (None, "Error"),
        ({"x": []}, "Error"),
        ({"x": ["two\r\nlines\tand  spaces"]}, "two lines and spaces"),
        ({"x": ["Zoë \u202e🍷"]}, "Zo\\xeb \\u202e\\U0001f377"),
        ({"x": ["y" * 1000]}, "y" * 500),
    ],
)
def test_the_first_message_is_one_line_of_ascii(body, message):
    assert first_message(body) == message


@pytest.mark.django_db
def test_a_database_that_is_busy_answers_503_in_the_api(guest, monkeypatch):
    def busy(**lookup):
        raise OperationalError("database is locked")

    monkeypatch.setattr("lorikeet.carts.Cart.objects.get_or_create", busy)

    response = guest.patch("/_cart/", {"email": "joe@example.com"})

    assert (response.status_code, response["Retry-After"]) == (503, "1")
    assert response.json() == {"detail": "The shop is busy. Please try again."}
    assert "X-API-Error" not in response
