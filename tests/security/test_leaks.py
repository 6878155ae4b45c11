"""What answers must not tell."""

import pytest
from django.test import override_settings

from tests.testapp import models
from tests.testapp.clients import CART, NEW_ADJUSTMENT, NEW_ITEM, NEW_PAYMENT_METHOD
from tests.testapp.factories import make_coupon


def test_a_card_token_never_comes_out(shopper, wine):
    shopper.get_ready(wine)

    texts = [shopper.get().content, shopper.get(shopper.cart()["payment_methods"][0]["url"]).content]

    assert b"tok_paid" not in b"".join(texts)


def test_the_key_of_the_cart_never_comes_out(guest, wine):
    guest.add_wine(wine)
    key = models.WineLine.objects.get().cart.key

    text = guest.get().content.decode() + str(dict(guest.get().headers))

    assert str(key) not in text and key.hex not in text


def test_an_error_of_the_bank_is_not_shown(shopper, wine):
    shopper.get_ready(wine, token="tok_raising")
    response = shopper.checkout()

    assert b"The bank's answer was lost" not in response.content
    assert b"ConnectionError" not in response.content


@pytest.mark.parametrize("debug", [False, True])
def test_a_refusal_shows_no_code_and_no_sql(guest, debug):
    with override_settings(DEBUG=debug):
        responses = [
            guest.post(NEW_ITEM, {"type": "WineLine", "data": {"product": "x' OR 1=1"}}),
            guest.get("/_cart/999/"),
            guest.get("/_cart/no-such-thing/"),
            guest.send("POST", NEW_ITEM, b"{"),
        ]

    for response in responses:
        assert "application/json" in response["Content-Type"]
        assert not [word for word in (b"Traceback", b"SELECT", b"lorikeet/", b"settings") if word in response.content]


def test_every_code_that_is_no_good_is_answered_alike(guest):
    make_coupon("TENOFF")

    answers = {
        guest.post(NEW_ADJUSTMENT, {"type": "CouponAdjustment", "data": {"code": code}}).content
        for code in ("NONE", "tenoff ", "TENOFF2", "%")
    }

    assert len(answers) == 1


def test_whether_an_email_address_has_an_account_is_not_told(guest, alice):
    answers = [guest.patch(CART, {"email": email}) for email in ("alice@example.com", "bob@example.com")]

    assert [answer.status_code for answer in answers] == [200, 200]
    assert answers[0].json()["incomplete_reasons"] == answers[1].json()["incomplete_reasons"]


def test_an_inactive_type_of_another_registry_is_not_listed(guest):
    [message] = guest.post(NEW_PAYMENT_METHOD, {"type": "x", "data": {}}).json()["type"]

    assert "PretendCard" in message and "PayLater" in message
    assert "WineLine" not in message


def test_no_answer_may_be_kept_by_a_shared_cache(shopper, wine):
    line = shopper.get_ready(wine)

    responses = [
        shopper.get(),
        shopper.get(line["url"]),
        shopper.patch(line["url"], {"quantity": 2}),
        shopper.checkout(),
    ]

    assert all("private" in response["Cache-Control"] for response in responses)
