import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
import stripe

from lorikeet.testing.stripe import SECRET

from .fake_accounts import intent, open_account, paid


class Inbox:
    """What was delivered, answered with ``status``."""

    def __init__(self, status=200):
        self.status = status
        self.posts = []

    def __call__(self, body, headers):
        self.posts.append((body, headers))
        return self.status

    @property
    def types(self):
        return [json.loads(body)["type"] for body, _ in self.posts]


def test_a_payment_is_told_of_in_order_and_signed():
    fake, api = open_account()
    made = paid(api)
    inbox = Inbox()

    delivered = fake.deliver(inbox)

    assert inbox.types == ["payment_intent.created", "charge.succeeded", "payment_intent.succeeded"]
    assert [(each["type"], each["status"]) for each in delivered] == [(each, 200) for each in inbox.types]
    body, headers = inbox.posts[-1]
    event = stripe.Webhook.construct_event(body, headers["Stripe-Signature"], SECRET)
    assert (event.data.object.id, event.data.object.status, event.livemode) == (made.id, "succeeded", False)
    assert event["request"]["idempotency_key"] == fake.calls()[0]["key"]


def test_an_event_without_a_call_has_no_request():
    fake, api = open_account()
    made = paid(api)
    fake.dispute(made.id)

    assert fake.events()[-1]["request"] == {"id": None, "idempotency_key": None}


def test_an_event_shows_what_was_then():
    fake, api = open_account()
    made = intent(api)
    api.payment_intents.confirm(made.id)

    created, *_ = fake.events()

    assert created["data"]["object"]["status"] == "requires_confirmation"


def test_a_signature_of_another_secret_or_of_long_ago_is_refused():
    fake, api = open_account()
    paid(api)
    inbox = Inbox()

    fake.deliver(inbox, age=301)

    body, headers = inbox.posts[0]
    for secret in (SECRET, "whsec_other"):
        with pytest.raises(stripe.SignatureVerificationError):
            stripe.Webhook.construct_event(body, headers["Stripe-Signature"], secret)


def test_a_body_of_the_callers_own_is_signed():
    fake, _ = open_account()
    body = b'{"object": "event"}'

    assert stripe.WebhookSignature.verify_header(body.decode(), fake.sign(body), SECRET, 300)


def test_events_are_delivered_doubled_reversed_and_shuffled():
    fake, api = open_account()
    fake.dispute(paid(api).id)
    inbox, again, mixed = Inbox(500), Inbox(500), Inbox()

    fake.deliver(inbox, times=2)
    fake.deliver(again, order="reversed")
    fake.deliver(mixed, order="shuffled", seed=1)

    types = [event["type"] for event in fake.events()]
    assert inbox.types == types * 2
    assert again.types == types[::-1]
    assert mixed.types != types and sorted(mixed.types) == sorted(types)


def test_an_event_that_is_not_taken_is_delivered_again():
    fake, api = open_account()
    intent(api)
    refused, taken, nothing = (fake.deliver(Inbox(status)) for status in (500, 200, 200))

    assert [each["status"] for each in refused] == [500]
    assert refused[0]["id"] == taken[0]["id"]
    assert nothing == []
    assert [event["pending_webhooks"] for event in fake.events()] == [0]


def test_without_a_webhook_events_wait():
    fake, api = open_account()
    intent(api)

    assert fake.deliver() == []
    assert len(fake.deliver(Inbox())) == 1


@pytest.mark.parametrize(
    ("story", "types"),
    [
        (lambda fake, api: paid(api, "authenticationRequired"), ["payment_intent.requires_action"]),
        (lambda fake, api: paid(api, "processing"), ["charge.pending", "payment_intent.processing"]),
        (
            lambda fake, api: paid(api, capture_method="manual"),
            ["charge.succeeded", "payment_intent.amount_capturable_updated"],
        ),
        (lambda fake, api: api.payment_intents.cancel(intent(api).id), ["payment_intent.canceled"]),
        (
            lambda fake, api: fake.fail_3ds(paid(api, "authenticationRequired").id),
            ["payment_intent.requires_action", "payment_intent.payment_failed"],
        ),
        (
            lambda fake, api: api.payment_intents.capture(paid(api, capture_method="manual").id),
            [
                "charge.succeeded",
                "payment_intent.amount_capturable_updated",
                "payment_intent.succeeded",
                "charge.captured",
            ],
        ),
        (
            lambda fake, api: fake.fail_refund(fake.refund(paid(api).id)["id"]),
            [
                "charge.succeeded",
                "payment_intent.succeeded",
                "refund.created",
                "charge.refunded",
                "refund.failed",
                "refund.updated",
            ],
        ),
        (
            lambda fake, api: fake.close_dispute(fake.dispute(paid(api).id)["id"]),
            ["charge.succeeded", "payment_intent.succeeded", "charge.dispute.created", "charge.dispute.closed"],
        ),
    ],
)
def test_everything_that_happens_is_an_event(story, types):
    fake, api = open_account()

    story(fake, api)

    assert [event["type"] for event in fake.events()] == ["payment_intent.created", *types]
    assert [event.type for event in api.events.list({"limit": 100})] == [*types[::-1], "payment_intent.created"]


class Receiver(BaseHTTPRequestHandler):
    def do_POST(self):
        self.server.bodies.append(self.rfile.read(int(self.headers["Content-Length"])))
        self.send_response(200)
        self.end_headers()

    def log_message(self, format, *args):
        pass


@pytest.fixture
def receiver():
    server = HTTPServer(("127.0.0.1", 0), Receiver)
    server.bodies = []
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def test_events_are_posted_to_the_webhook(receiver):
    fake, api = open_account()
    fake.webhook(f"http://127.0.0.1:{receiver.server_port}/hook/")
    intent(api)

    delivered = fake.deliver()

    assert [each["status"] for each in delivered] == [200]
    assert json.loads(receiver.bodies[0])["type"] == "payment_intent.created"


def test_a_webhook_that_is_not_answered_is_tried_again():
    fake, api = open_account()
    fake.webhook("https://127.0.0.1:9/")
    intent(api)

    assert [each["status"] for each in fake.deliver()] == [0]
    assert len(fake.deliver(Inbox())) == 1
