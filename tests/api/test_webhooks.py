"""``POST /_cart/webhook/<type>/``: a poke that is verified and never believed."""

import json
from decimal import Decimal

import pytest

from lorikeet.models import Order
from lorikeet.recovery import tick
from tests.faults.clients import sign_event
from tests.testapp.clients import Browser
from tests.testapp.models import ExactCard

from .payers import charge, get_ready, order

URL = "/_cart/webhook/ExactCard/"


def send(event, url=URL, signature=None, **extra):
    """Deliver an event as the provider does: no cookie, no CSRF token."""
    body, signed = sign_event(event)
    headers = {"Provider-Signature": signed if signature is None else signature}
    return Browser().client.generic("POST", url, body, content_type="application/json", headers=headers, **extra)


@pytest.fixture
def waiting(shopper, wine, provider):
    """A checkout whose payment the provider has not decided."""
    provider.plan(confirm=["processing"])
    get_ready(shopper, wine, "ExactCard")
    return shopper.checkout().json()["checkout"]


def settled(provider, state="succeeded"):
    """Let the provider decide, and return the event of it."""
    (payment,) = provider.payments("processing")
    provider.settle(payment["id"], state)
    return provider.events()[-1]


def test_an_event_of_a_payment_that_was_made_places_the_order(waiting, provider):
    response = send(settled(provider))

    assert (response.status_code, response.json()) == (200, {})
    assert order().state == "placed"


def test_an_event_of_a_payment_that_failed_cancels_the_order(shopper, waiting, provider):
    response = send(settled(provider, "failed"))

    assert (response.status_code, response.json()) == (200, {})
    assert order().state == "cancelled"
    assert [item["total"] for item in shopper.cart()["items"]] == ["12.00"]


def test_the_content_of_an_event_is_not_believed(waiting, provider, unchanged):
    """The provider is asked, and has not decided."""
    (payment,) = provider.payments()
    event = {"id": "evt_1", "object": payment["id"], "key": payment["key"], "state": "succeeded", "amount": 1200}
    send(event)

    assert (order().state, charge().state) == ("pending", "pending")


def test_a_key_is_enough(waiting, provider):
    event = settled(provider)

    send({**event, "object": ""})

    assert order().state == "placed"


def test_a_bad_signature_is_answered_400_without_asking_the_provider(waiting, provider, unchanged):
    event, asked = settled(provider), len(provider.journal())
    with unchanged():
        response = send(event, signature="0" * 64)

    assert response.status_code == 400
    assert response.json() == {"detail": "The signature is not the provider's."}
    assert len(provider.journal()) == asked


def test_a_body_that_was_changed_on_the_way_is_answered_400(waiting, provider, unchanged):
    _, signature = sign_event(settled(provider))

    with unchanged():
        response = send({"object": "pay_1", "key": None}, signature=signature)

    assert response.status_code == 400


@pytest.mark.parametrize(
    "event", [{"object": "pay_0", "key": None}, {"object": "", "key": "no key"}, {"object": "", "key": ""}]
)
def test_an_event_of_something_unknown_is_answered_200(waiting, provider, unchanged, event):
    with unchanged():
        response = send(event)

    assert (response.status_code, response.json()) == (200, {})


def test_an_event_for_another_payment_method_finds_nothing(waiting, provider, unchanged):
    event = settled(provider)

    with unchanged():
        response = send(event, "/_cart/webhook/OneCallCard/")

    assert response.status_code == 200


def test_an_event_that_comes_twice_changes_nothing_more(waiting, provider, unchanged):
    event = settled(provider)
    send(event)

    with unchanged():
        response = send(event)

    assert response.status_code == 200


@pytest.mark.parametrize("name", ["Nothing", "PayLater", "SimpleCard", "WineLine", "StreetAddress", "paymentmethod"])
def test_a_type_that_takes_no_webhooks_is_not_found(db, name):
    response = send({"object": "x", "key": ""}, f"/_cart/webhook/{name}/")

    assert response.status_code == 404
    assert response.json() == {"detail": "Not found."}


def test_a_hosts_mistake_is_not_answered_as_a_type_that_is_not_there(waiting, monkeypatch):
    """It has to be logged, and the event to be sent again."""

    def read_webhook(cls, request):
        return [{}["payment"]]

    monkeypatch.setattr(ExactCard, "read_webhook", classmethod(read_webhook))
    browser = Browser()
    browser.client.raise_request_exception = False

    response = browser.client.generic("POST", URL, b"{}", content_type="application/json")

    assert response.status_code == 500


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "PATCH", "DELETE", "TRACE"])
def test_it_is_posted_to(db, method):
    response = Browser().client.generic(method, URL)

    assert response.status_code == 405
    assert response["Allow"] == "POST"


def test_an_event_that_is_too_large_is_answered_413(waiting, provider, unchanged):
    event = {**settled(provider), "padding": "x" * 1_000_000}

    with unchanged():
        response = send(event)

    assert response.status_code == 413


def test_an_event_that_is_larger_than_the_site_takes_is_answered_413(waiting, provider, unchanged, settings):
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1_000
    event = {**settled(provider), "padding": "x" * 1_000}

    with unchanged():
        response = send(event)

    assert response.status_code == 413


def test_an_event_may_be_larger_than_what_a_shopper_may_send(waiting, provider):
    event = {**settled(provider), "padding": "x" * 100_000}

    assert send(event).status_code == 200
    assert order().state == "placed"


def test_an_event_of_any_content_type_is_read(waiting, provider):
    body, signature = sign_event(settled(provider))

    response = Browser().client.generic(
        "POST", URL, body, content_type="text/plain", headers={"Provider-Signature": signature}
    )

    assert (response.status_code, order().state) == (200, "placed")


def test_a_provider_that_is_silent_is_answered_200_and_asked_again_later(waiting, provider):
    event = settled(provider)
    provider.plan(retrieve=["timeout_before"])

    response = send(event)

    assert response.status_code == 200
    assert (order().state, charge().state) == ("pending", "unknown")
    assert send(event).status_code == 200
    assert order().state == "placed"


def test_money_after_the_payment_was_stopped_is_paid_back(shopper, wine, provider):
    provider.plan(confirm=["3ds"])
    get_ready(shopper, wine, "ExactCard")
    checkout = shopper.checkout().json()["checkout"]
    shopper.post(checkout["cancel_url"], {})
    (payment,) = provider.payments("cancelled")
    provider.settle(payment["id"], force=True)

    send(provider.events()[-1])
    tick()

    assert (order().state, charge().attention) == ("cancelled", "late money")
    assert [p["refunded"] for p in provider.payments()] == [1200]
    assert charge().refunds.get().amount == Decimal("12")


def test_no_cookie_is_set_and_no_cart_made(waiting, provider):
    response = send(settled(provider))

    assert not response.cookies
    assert Order.objects.count() == 1


def test_a_shoppers_body_is_no_event(waiting, provider, shopper, unchanged):
    with unchanged():
        response = shopper.post(URL, {"object": "x"})

    assert response.status_code == 400
    assert json.loads(response.content)["detail"] == "The signature is not the provider's."
