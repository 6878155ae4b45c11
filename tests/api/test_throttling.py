"""Card testing and code guessing: refusals are counted for each cart and each network."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connections
from django.test import override_settings
from django.utils.timezone import now

from lorikeet import throttles, urls
from lorikeet.exceptions import PaymentError
from lorikeet.models import Order, PaymentAttempt
from lorikeet.outcomes import Paid, Pending
from tests.testapp import models
from tests.testapp.clients import NEW_ADJUSTMENT, Browser
from tests.testapp.factories import make_coupon

from .payers import start_waiting

GUESS = {"type": "CouponAdjustment", "data": {"code": "NONE"}}
RIGHT = {"type": "CouponAdjustment", "data": {"code": "TENOFF"}}


def rates(**changes):
    return override_settings(LORIKEET_THROTTLE_RATES=changes)


@pytest.fixture
def refused(shopper, wine):
    """A shopper whose card is always declined."""
    shopper.get_ready(wine, token="tok_declined")
    return shopper


def test_five_refused_payments_of_a_cart_are_enough(refused):
    """The default."""
    for _ in range(5):
        assert refused.checkout().status_code == 422

    response = refused.checkout()

    assert response.status_code == 429
    assert 1 <= int(response["Retry-After"]) <= 3600
    assert response["X-API-Error"]


def test_a_throttled_checkout_changes_nothing(refused, unchanged):
    with rates(checkout_cart="1/hour"):
        refused.checkout()

        with unchanged():
            refused.checkout()


def test_a_throttled_checkout_asks_no_bank(refused, wine):
    with rates(checkout_cart="1/hour"):
        refused.checkout()
        refused.add_card("tok_paid")

        response = refused.checkout()

    assert response.status_code == 429
    assert models.BankEntry.objects.count() == 0


def test_payments_that_succeed_are_not_counted(alice, wine):
    with rates(checkout_cart="1/hour"):
        for _ in range(3):
            alice.get_ready(wine)
            assert alice.checkout().status_code == 200

    assert Order.objects.placed().count() == 3


def test_a_cart_that_is_not_ready_is_not_counted(alice, wine):
    with rates(checkout_cart="1/hour"):
        statuses = [alice.checkout().status_code for _ in range(3)]

    assert statuses == [422, 422, 422]


def test_refused_payments_of_one_network_are_counted_together(wine):
    browsers = [Browser(REMOTE_ADDR=f"192.0.2.{number}") for number in (1, 2, 3)]
    for browser in browsers:
        browser.get_ready(wine, token="tok_declined")

    with rates(checkout_ip="2/hour"):
        statuses = [browser.checkout().status_code for browser in browsers]

    assert statuses == [422, 422, 429]


def test_another_network_is_not_concerned(wine):
    browsers = [Browser(REMOTE_ADDR=address) for address in ("192.0.2.1", "198.51.100.1")]
    for browser in browsers:
        browser.get_ready(wine, token="tok_declined")

    with rates(checkout_ip="1/hour"):
        statuses = [browser.checkout().status_code for browser in browsers]

    assert statuses == [422, 422]


def test_addresses_of_one_ipv6_network_are_one(wine):
    browsers = [Browser(REMOTE_ADDR=address) for address in ("2001:db8:1::1", "2001:db8:1:ffff::2")]
    for browser in browsers:
        browser.get_ready(wine, token="tok_declined")

    with rates(checkout_ip="1/hour"):
        statuses = [browser.checkout().status_code for browser in browsers]

    assert statuses == [422, 429]


def test_a_forwarded_address_does_not_get_around_the_count(wine):
    browser = Browser(REMOTE_ADDR="192.0.2.1")
    browser.get_ready(wine, token="tok_declined")

    with rates(checkout_ip="1/hour"):
        statuses = [browser.checkout(x_forwarded_for=f"10.0.{n}.1").status_code for n in range(2)]

    assert statuses == [422, 429]


@pytest.mark.parametrize("address", ["::ffff:127.0.0.1", ""], ids=["IPv4 as IPv6", "Unix socket"])
@pytest.mark.parametrize("proxies", [None, 1], ids=["undeclared", "declared"])
def test_refused_payments_of_one_shopper_lock_no_other_out_behind_a_proxy(wine, address, proxies):
    browsers = [Browser(REMOTE_ADDR=address, HTTP_X_FORWARDED_FOR=f"{n}.0.2.1:4{n}") for n in (198, 203)]
    for browser in browsers:
        browser.get_ready(wine, token="tok_declined")

    with rates(checkout_ip="1/hour"), override_settings(REST_FRAMEWORK={"NUM_PROXIES": proxies}):
        statuses = [browser.checkout().status_code for browser in browsers]

    assert statuses == [422, 422]


def test_wrong_codes_of_a_cart_are_counted(shopper, wine, unchanged):
    make_coupon()
    shopper.add_wine(wine)

    with rates(guess_cart="2/hour"):
        statuses = [shopper.post(NEW_ADJUSTMENT, GUESS).status_code for _ in range(3)]
        with unchanged():
            right = shopper.post(NEW_ADJUSTMENT, RIGHT)

    assert statuses == [400, 400, 429]
    assert right.status_code == 429
    assert int(right["Retry-After"]) >= 1


def test_right_codes_are_not_counted(shopper):
    make_coupon()

    with rates(guess_cart="1/hour"):
        statuses = [shopper.post(NEW_ADJUSTMENT, RIGHT).status_code for _ in range(3)]

    assert statuses == [201, 200, 200]


def test_a_guesser_without_a_cart_is_counted_by_network(db):
    """A new visitor for every guess does not get around the limit."""
    with rates(guess_cart="1/hour", guess_ip="2/hour"):
        statuses = [Browser(REMOTE_ADDR="192.0.2.9").post(NEW_ADJUSTMENT, GUESS).status_code for _ in range(3)]

    assert statuses == [400, 400, 429]


def test_guessing_by_change_is_counted_too(shopper):
    make_coupon()
    url = shopper.add_adjustment("CouponAdjustment", code="TENOFF")["url"]

    with rates(guess_cart="1/hour"):
        statuses = [shopper.patch(url, {"data": {"code": f"NO{n}"}}).status_code for n in range(2)]

    assert statuses == [400, 429]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("atomic", [True, False])
def test_guesses_are_counted_whatever_the_site_says_of_transactions(shopper, wine, monkeypatch, atomic):
    """With ``ATOMIC_REQUESTS`` a refused request is rolled back; its count is not."""
    monkeypatch.setitem(connections["default"].settings_dict, "ATOMIC_REQUESTS", atomic)
    shopper.add_wine(wine)

    with rates(guess_cart="1/hour"):
        statuses = [shopper.post(NEW_ADJUSTMENT, GUESS).status_code for _ in range(2)]

    assert statuses == [400, 429]


def test_no_view_is_one_transaction():
    """Each decides by itself what is durable, and when."""
    views = [pattern.callback for pattern in urls.urlpatterns]

    assert all("default" in view._non_atomic_requests for view in views)


# what is brought back to a checkout


def test_made_up_references_are_counted(shopper, wine):
    checkout = start_waiting(shopper, wine)

    with rates(guess_cart="2/hour"):
        answers = [shopper.post(checkout["confirm_url"], {"data": {"wrong": n}}) for n in range(3)]

    assert [answer.status_code for answer in answers] == [400, 400, 429]
    assert int(answers[-1]["Retry-After"]) >= 1


def test_a_shopper_who_guessed_too_often_may_confirm_without_data(shopper, wine):
    """Wrong codes of the shopper or of their network must not keep a payment from being settled."""
    checkout = start_waiting(shopper, wine)
    models.ScriptedCard.script(check_payment=Paid("ref", Decimal(12), "AUD"))
    with rates(guess_ip="1/hour"):
        shopper.post(NEW_ADJUSTMENT, GUESS)
        statuses = [shopper.post(checkout["confirm_url"], body).status_code for body in ({"data": {"a": 1}}, {})]

    assert statuses == [429, 200]


def test_a_body_of_another_shape_is_no_guess(shopper, wine):
    checkout = start_waiting(shopper, wine)

    with rates(guess_cart="1/hour"):
        statuses = [shopper.post(checkout["confirm_url"], {"data": 7}).status_code for _ in range(2)]

    assert statuses == [400, 400]


def test_a_refusal_after_the_action_is_counted_as_one_at_once(shopper, wine):
    """A stolen card is tried with 3-D Secure as well."""
    with rates(checkout_cart="1/hour"):
        checkout = start_waiting(shopper, wine)
        models.ScriptedCard.script(check_payment=PaymentError({"message": "No."}), cancel_payment=True)
        refusal = shopper.post(checkout["confirm_url"], {})
        again = shopper.checkout()

    assert (refusal.status_code, again.status_code) == (422, 429)


@pytest.mark.parametrize("way", ["confirm", "checkout"])
def test_an_expired_order_is_no_refusal(shopper, wine, way):
    checkout = start_waiting(shopper, wine)
    Order.objects.update(expires_at=now() - timedelta(seconds=1))
    models.ScriptedCard.script(check_payment=Pending("ref"), cancel_payment=True, start_payment=Pending("ref2"))
    with rates(checkout_cart="1/hour"):
        expired = shopper.post(checkout["confirm_url"], {}) if way == "confirm" else shopper.checkout()
        again = shopper.checkout()

    assert (expired.status_code, expired.json()["info"]["code"]) == (422, "expired")
    assert again.status_code == 202


# the rest


def test_too_many_guesses_do_not_stop_the_rest_of_the_shop(shopper, wine):
    with rates(guess_cart="1/hour"):
        shopper.post(NEW_ADJUSTMENT, GUESS)
        shopper.post(NEW_ADJUSTMENT, GUESS)

        assert shopper.add_wine(wine)["total"] == "12.00"


def test_a_scope_that_is_left_out_is_not_limited(refused):
    with rates():
        statuses = [refused.checkout().status_code for _ in range(8)]

    assert statuses == [422] * 8


# how often a provider is asked


def rows():
    """Return the order and its payments as they are stored."""
    return list(Order.objects.values()), list(PaymentAttempt.objects.values())


@pytest.fixture
def mid_window(monkeypatch):
    """Stop the clock of the throttles, 45 seconds before a minute and an hour begin anew."""
    monkeypatch.setattr(throttles, "time", lambda: 1_800_000_000 - 45)


@pytest.fixture
def waiting(shopper, wine, mid_window):
    """A checkout that waits; its shopper has had the provider asked once since, and may not again."""
    checkout = start_waiting(shopper, wine)
    models.ScriptedCard.script(check_payment=Pending("ref"))
    with rates(ask_order="1/minute"):
        assert shopper.post(checkout["confirm_url"], {}).status_code == 202
        models.ScriptedCard.asked.clear()
        yield checkout


@pytest.mark.parametrize("how", ["checkout", "confirm", "cancel"])
def test_a_provider_that_was_asked_often_enough_is_not_asked_and_what_is_known_is_answered(shopper, waiting, how):
    before = rows()
    url = waiting["url"].removesuffix(f"{waiting['id']}/") if how == "checkout" else waiting[f"{how}_url"]

    response = shopper.post(url, {})

    assert (models.ScriptedCard.asked, rows()) == ([], before)
    assert (response.status_code, response.json()["reason"]) == (202, "pending")
    assert response.json()["checkout"]["id"] == waiting["id"]
    assert response["Retry-After"] == "45"


def test_a_throttled_request_that_changes_nothing_is_answered_429(shopper, waiting, unchanged):
    with unchanged():
        response = shopper.post(waiting["confirm_url"], {"data": {"result": "passed"}})

    assert response.status_code == 429
    assert models.ScriptedCard.asked == []


def test_a_checkout_that_is_decided_is_answered_however_often_it_is_asked_about(shopper, waiting):
    Order.objects.update(state="placed", purchased_on=now(), notified_at=now(), slot=None)

    responses = [shopper.post(waiting[name], {}) for name in ("confirm_url", "cancel_url")]

    assert [response.status_code for response in responses] == [200, 200]


def test_a_browser_may_ask_thirty_times_a_minute(shopper, wine, mid_window):
    """The default."""
    checkout = start_waiting(shopper, wine)
    models.ScriptedCard.script(check_payment=Pending("ref"))

    waits = [shopper.post(checkout["confirm_url"], {})["Retry-After"] for _ in range(30)]
    last = shopper.post(checkout["confirm_url"], {})

    assert set(waits) == {"1"}
    assert last.status_code == 202
    assert len(models.ScriptedCard.asked) == 30


def test_a_network_asks_so_often_and_no_more(wine, mid_window):
    first, second = Browser(), Browser()
    checkouts = start_waiting(first, wine), start_waiting(second, wine, reference="ref 2")
    models.ScriptedCard.script(check_payment=Pending())

    with rates(ask_ip="1/hour"):
        answers = [
            browser.post(checkout["confirm_url"], {})
            for browser, checkout in zip((first, second), checkouts, strict=True)
        ]

    assert [answer.status_code for answer in answers] == [202, 202]
    assert len(models.ScriptedCard.asked) == 1
