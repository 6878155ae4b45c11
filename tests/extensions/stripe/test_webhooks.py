"""Stripe's webhooks: signed, of our account and mode, and only a poke."""

import json
import time

import pytest
from django.test import override_settings

from lorikeet.models import PaymentAttempt
from lorikeet.testing.stripe.webhooks import sign
from tests.unit import lapse, reread, states

from .shopping import FAKE, attempt, calls, client, get_ready, intents, order, post_events, send

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def waiting(alice, fake, wine):
    """The intent of an order that waits for its money."""
    get_ready(alice, wine, "processing")
    assert alice.checkout().status_code == 202
    post_events()
    return intents()[0]["id"]


def event(intent, **changes):
    """Return an event about an intent, as Stripe sends it."""
    return {
        "id": "evt_1",
        "object": "event",
        "type": "payment_intent.succeeded",
        "livemode": False,
        "data": {"object": {"id": intent, "object": "payment_intent"}},
        **changes,
    }


def poke(body, secret="whsec_lorikeet", at=None):
    """Post an event, or bytes, signed."""
    payload = body if isinstance(body, bytes) else json.dumps(body).encode()
    return send(payload, sign(payload, secret, at))


@pytest.fixture
def ignored(fake, unchanged):
    """Return a function that posts an event which changes nothing and asks Stripe nothing, and gives its status."""

    def post(body, **options):
        asked = len(fake.calls())
        with unchanged():
            response = poke(body, **options)
        assert len(fake.calls()) == asked
        return response.status_code

    return post


# pokes


def test_an_event_has_stripe_asked_and_the_order_placed(waiting):
    FAKE.settle_payment(waiting)
    asked = len(FAKE.calls())

    response = poke(event(waiting))

    assert (response.status_code, response.json()) == (200, {})
    assert calls(asked) == ["GET payment_intents/*"]
    assert states(attempt()) == ("paid", "placed")


def test_the_content_of_an_event_is_not_believed(waiting):
    said = {"id": waiting, "object": "payment_intent", "status": "succeeded", "amount_received": 1200}
    poke(event(waiting, data={"object": said}))

    assert states(attempt()) == ("pending", "pending")


def test_every_event_of_a_sale_is_answered_200_and_changes_nothing(sold, unchanged):
    with unchanged():
        delivered = post_events(times=2)

    assert {status for _, status in delivered} == {200}
    assert ("payment_intent.succeeded", 200) in delivered


@pytest.mark.parametrize("order", ["in order", "reversed", "shuffled"])
@pytest.mark.parametrize("times", [1, 2])
def test_events_may_come_late_doubled_and_in_any_order(alice, fake, wine, order, times):
    get_ready(alice, wine, "processing")
    alice.checkout()
    fake.settle_payment(intents()[0]["id"])
    fake.refund(intents()[0]["id"], 500)

    for _ in range(2):
        post_events(order=order, times=times, seed=7)

    assert states(attempt()) == ("paid", "placed")
    assert attempt("refund").amount == 5


@pytest.mark.parametrize("type_", ["payment_intent.created", "payment_intent.requires_action"])
def test_an_event_of_a_payment_in_the_making_is_not_looked_into(waiting, ignored, type_):
    assert ignored(event(waiting, type=type_)) == 200


@pytest.mark.parametrize("name", ["charge", "refund", "dispute"])
def test_an_event_of_a_charge_is_about_its_intent(sold, name):
    asked = len(FAKE.calls())
    poke(event(None, type=f"{name}.updated", data={"object": {"object": name, "payment_intent": sold.reference}}))

    assert calls(asked) == ["GET payment_intents/*"]


def test_a_refund_in_the_dashboard_is_seen(sold):
    FAKE.refund(sold.reference, 500)

    post_events()

    assert (attempt("refund").amount, attempt("refund").state) == (5, "paid")


def test_a_dispute_is_seen(sold):
    FAKE.dispute(sold.reference)

    post_events()

    assert reread(sold).attention == "disputed"


def test_a_stripe_that_is_silent_by_then_is_answered_503_and_sends_it_again(sold):
    FAKE.refund(sold.reference, 500)
    FAKE.fault("error", path="/v1/refunds", times=2)

    first = dict(post_events())
    again = dict(post_events())

    assert 503 in first.values()
    assert set(again.values()) == {200}
    assert attempt("refund").amount == 5


def test_a_payment_whose_process_died_is_found_by_its_event(buyer, fake):
    fake.fault("lose", acts=True, times=2, path="*/confirm")
    buyer.checkout()
    lapse(attempt())

    post_events()

    assert states(attempt()) == ("paid", "placed")


def test_late_money_is_recorded_and_paid_back(waiting):
    PaymentAttempt.objects.update(state="failed", open_for=None)
    type(order()).objects.update(state="cancelled", slot=None)
    FAKE.settle_payment(waiting)

    poke(event(waiting))

    assert (attempt().state, attempt().attention) == ("paid", "late money")
    assert attempt("refund").amount == 12


# what is not about this shop


@pytest.mark.parametrize(
    "changes",
    [
        {"data": {"object": {"id": "pi_9", "object": "payment_intent"}}},
        {"data": {"object": {"id": "ch_9", "object": "charge", "payment_intent": None}}},
        {"data": {"object": {"id": "cus_9", "object": "customer"}}},
        {"data": {"object": {"id": 7, "object": "payment_intent"}}},
        {"data": {"object": {"object": "charge", "payment_intent": {"id": "pi_9"}}}},
        {"data": {"object": None}},
        {"data": {}},
        {"data": None},
        {"data": []},
        {"type": None, "data": {"object": {}}},
        {"type": "something.new", "data": {"object": {"object": "something"}}},
    ],
    ids=str,
)
def test_an_event_about_something_else_is_answered_200(waiting, ignored, changes):
    assert ignored(event(waiting, **changes)) == 200


@pytest.mark.parametrize("changes", [{"livemode": True}, {"livemode": None}, {"account": "acct_9"}], ids=str)
def test_an_event_of_another_account_or_mode_is_ignored(waiting, ignored, caplog, changes):
    assert ignored(event(waiting, **changes)) == 200
    assert "An event of Stripe's is ignored: it is for another account or mode." in caplog.messages


@pytest.mark.parametrize(
    ("setting", "changes"),
    [
        ({"LORIKEET_STRIPE_ACCOUNT": "acct_1"}, {}),
        ({"LORIKEET_STRIPE_API_KEY": "sk_live_1"}, {}),
        ({"LORIKEET_STRIPE_API_KEY": "rk_live_1"}, {"livemode": False}),
    ],
    ids=str,
)
def test_a_shop_with_another_account_or_mode_ignores_ours(waiting, ignored, setting, changes):
    with override_settings(**setting):
        assert ignored(event(waiting, **changes)) == 200


@pytest.mark.parametrize("account", ["", None])
def test_our_own_account_has_no_name(waiting, account):
    FAKE.settle_payment(waiting)

    poke(event(waiting, account=account))

    assert states(attempt()) == ("paid", "placed")


@override_settings(LORIKEET_STRIPE_ACCOUNT="acct_1")
def test_an_event_of_the_connected_account_is_ours(waiting):
    FAKE.settle_payment(waiting)

    poke(event(waiting, account="acct_1"))

    assert states(attempt()) == ("paid", "placed")


# signatures


@pytest.mark.parametrize(
    "signature",
    [
        "",
        "nonsense",
        "t=,v1=",
        "t=1,v1=",
        "t=x,v1=00",
        "v1=" + "0" * 64,
        f"t={2**70},v1=" + "0" * 64,
        "t=1,v1=é",
        "t=٣,v1=00",
        "," * 5000,
    ],
    ids=lambda text: text[:20],
)
def test_an_event_without_a_signature_is_refused(waiting, unchanged, signature):
    asked = len(FAKE.calls())

    with unchanged():
        response = send(json.dumps(event(waiting)).encode(), signature)

    assert response.status_code == 400
    assert len(FAKE.calls()) == asked


@pytest.mark.parametrize("seconds", [301, 10**6])
def test_an_event_that_was_signed_too_long_ago_is_refused(waiting, ignored, seconds):
    assert ignored(event(waiting), at=int(time.time()) - seconds) == 400


def test_an_event_that_was_signed_lately_is_not_refused(waiting):
    assert poke(event(waiting), at=int(time.time()) - 290).status_code == 200


@override_settings(LORIKEET_STRIPE_WEBHOOK_TOLERANCE=10)
def test_how_long_a_signature_is_fresh_is_a_setting(waiting, ignored):
    assert ignored(event(waiting), at=int(time.time()) - 11) == 400


def test_a_signature_of_other_bytes_is_refused(waiting, unchanged):
    signature = sign(json.dumps(event("pi_9")).encode(), "whsec_lorikeet")

    with unchanged():
        response = send(json.dumps(event(waiting)).encode(), signature)

    assert response.status_code == 400


def test_a_secret_of_another_endpoint_is_refused(waiting, ignored):
    assert ignored(event(waiting), secret="whsec_other") == 400


@override_settings(LORIKEET_STRIPE_WEBHOOK_SECRETS=["whsec_new", "whsec_old"])
@pytest.mark.parametrize("secret", ["whsec_new", "whsec_old"])
def test_two_secrets_are_good_while_one_replaces_the_other(waiting, secret):
    FAKE.settle_payment(waiting)

    assert poke(event(waiting), secret=secret).status_code == 200
    assert states(attempt()) == ("paid", "placed")


@override_settings(LORIKEET_STRIPE_WEBHOOK_SECRETS=[])
def test_without_a_secret_every_event_is_refused(waiting, ignored):
    assert ignored(event(waiting)) == 400


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b"7", b"null", b'"x"', b"\xff\xfe", b"NaN", b"[" * 100_000],
    ids=lambda body: repr(body[:8]),
)
def test_signed_text_that_is_no_event_is_refused(waiting, ignored, body):
    assert ignored(body) == 400


def test_a_refused_event_is_answered_without_a_reason(waiting):
    response = poke(event(waiting), secret="whsec_other")

    assert "whsec" not in response.content.decode()
    assert "req_" not in response.content.decode()


def test_a_webhook_is_only_posted(fake, guest):
    assert guest.get("/_cart/webhook/StripeCard/").status_code == 405


def test_the_client_signs_as_stripe_does(fake):
    """The fake's signature is what Stripe's own library takes."""
    body = b'{"object": "event"}'

    assert client().construct_event(body, sign(body, "whsec_1"), "whsec_1")["object"] == "event"
