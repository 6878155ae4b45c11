"""What an error is answered with, and the headers that every answer has."""

import logging
import sqlite3

import pytest
from django.db import DatabaseError, InterfaceError, OperationalError
from django.http import Http404
from rest_framework.exceptions import ErrorDetail, ValidationError

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
from lorikeet.http.errors import TRANSLATIONS, first_message, handle_exception, refuse_payment

GONE = ConflictError("gone", "It is gone.", "items")
EMPTY = IncompleteCartError("empty", "There are no items in the cart.", "items")


def entry(code, field, message):
    return {"code": code, "field": field, "message": message}


BUSY = "The shop is busy. Please try again."
ANSWERS = [
    (CartGone("This shopper has no cart."), 404, {"detail": "Not found."}, "not_found", None),
    (CartChanged(), 412, {"detail": "The cart has changed since it was shown."}, "cart_changed", None),
    (InvalidToken("It is not valid."), 400, {"X-Cart-Token": ["It is not valid."]}, "invalid_token", "X-Cart-Token"),
    (LimitReached("There is no room.", "items"), 400, {"items": ["There is no room."]}, "limit_reached", "items"),
    (NoWebhooks("Card"), 404, {"detail": "Not found."}, "not_found", None),
    (PaymentBusy("k"), 503, {"detail": "This payment is being worked on. Please try again."}, "busy", None),
    (
        ProviderUnavailable("k"),
        503,
        {"detail": "The payment provider does not answer. Please try again."},
        "provider_unavailable",
        None,
    ),
    (InterfaceError("connection already closed"), 503, {"detail": BUSY}, "busy", None),
    (OperationalError("database is locked"), 503, {"detail": BUSY}, "busy", None),
    (
        TooManyAttempts(59),
        429,
        {"detail": "Request was throttled. Expected available in 59 seconds."},
        "throttled",
        None,
    ),
    (Http404(), 404, {"detail": "Not found."}, "not_found", None),
    (ValidationError({"quantity": ["No."]}), 400, {"quantity": ["No."]}, "invalid", "quantity"),
    (ValidationError(["No."]), 400, {"non_field_errors": ["No."]}, "invalid", None),
]


@pytest.mark.parametrize(
    ("error", "status", "body", "code", "field"),
    ANSWERS,
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else "",
)
def test_an_error_has_its_answer(error, status, body, code, field):
    response = handle_exception(error, {})

    (shown,) = body.values()
    message = shown if isinstance(shown, str) else shown[0]
    assert response.status_code == status
    assert response.data == {**body, "errors": [entry(code, field, message)]}


def test_every_error_of_the_table_is_tested_above():
    assert {type(answer[0]) for answer in ANSWERS} >= set(TRANSLATIONS)


@pytest.mark.parametrize(
    ("error", "status", "reason"),
    [
        (GONE, 409, "conflict"),
        (ConflictErrorSet([GONE]), 409, "conflict"),
        (IncompleteCartErrorSet([EMPTY]), 422, "incomplete"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else None,
)
def test_a_checkout_that_made_no_order_is_answered_with_its_reasons(error, status, reason):
    response = handle_exception(error, {})

    reasons = [(GONE if status == 409 else EMPTY).to_json()]
    assert (response.status_code, response.data) == (status, {"reason": reason, "info": reasons, "errors": reasons})


def test_a_key_used_for_another_request_is_named_by_its_header():
    response = handle_exception(IdempotencyKeyReused("k"), {})

    message = "This idempotency key was used with another request."
    assert response.data == {
        "reason": "idempotency_key_reused",
        "info": {"message": message},
        "errors": [entry("idempotency_key_reused", "Idempotency-Key", message)],
    }


def test_an_error_in_the_data_has_its_whole_path():
    error = ValidationError(
        {"data": {"size": [ErrorDetail("Too large.", "max_value")], "tags": [{}, {"name": ["No."]}]}}
    )
    response = handle_exception(error, {})

    assert response.data == {
        "size": ["Too large."],
        "tags": [{}, {"name": ["No."]}],
        "errors": [entry("max_value", "data.size", "Too large."), entry("invalid", "data.tags.1.name", "No.")],
    }


@pytest.mark.parametrize(
    ("info", "code", "message"),
    [
        ({"code": "card_declined", "message": "Declined.", "more": 1}, "card_declined", "Declined."),
        ({"code": 51}, "payment_refused", "The payment was refused."),
        (["anything"], "payment_refused", "The payment was refused."),
        (None, "payment_refused", "The payment was refused."),
    ],
)
def test_a_refused_payment_has_a_code_and_a_message_whatever_its_method_says(info, code, message):
    response = refuse_payment("Card", info)

    assert (response.status_code, response.data) == (
        422,
        {
            "reason": "payment",
            "payment_method": "Card",
            "info": info,
            "errors": [entry(code, "payment_method", message)],
        },
    )


def test_too_many_attempts_are_told_when_to_come_again():
    assert handle_exception(TooManyAttempts(59), {})["Retry-After"] == "59"


@pytest.mark.parametrize("message", ["no such table: lorikeet_cart", "database or disk is full", "disk I/O error"])
def test_a_database_error_that_no_retry_mends_is_left_to_django(message):
    error = OperationalError(message)
    error.__cause__ = sqlite3.OperationalError(message)

    assert handle_exception(error, {}) is None


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
def test_a_bug_is_left_to_django(error):
    assert handle_exception(error, {}) is None


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"quantity": ["Too many.", "Really."], "product": ["No."]}, "Too many."),
        ({"detail": "Not found."}, "Not found."),
        ({"reason": "payment", "info": {}, "errors": [{"message": "Declined."}, {"message": "Really."}]}, "Declined."),
        ({"reason": "mine"}, "mine"),
        ({"lines": [{"quantity": ["Too many."]}]}, "Too many."),
        (["One.", "Two."], "One."),
        ("Text.", "Text."),
        ({}, "Error"),
        ([], "Error"),
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

    monkeypatch.setattr("lorikeet.cart.shopper.Cart.objects.get_or_create", busy)

    response = guest.patch("/_cart/", {"email": "joe@example.com"})

    assert (response.status_code, response["Retry-After"]) == (503, "1")
    assert response.json() == {"detail": "The shop is busy. Please try again."}
    assert "X-API-Error" not in response
