import base64
import json
import threading
from urllib.parse import urlencode

import pytest
import stripe

from lorikeet.testing.stripe import KEY, FakeStripe
from lorikeet.testing.stripe.errors import Refused
from lorikeet.testing.stripe.parameters import decode

from .fake_accounts import AUTOMATIC, intent, open_account, paid, refusal, wait_until

CREATE = {"amount": 1000, "currency": "usd", "automatic_payment_methods": AUTOMATIC, "payment_method": "pm_card_visa"}


def call(fake, method, path, body="", **headers):
    """Call the API without the SDK; return status, headers and the JSON of the answer."""
    headers = {"authorization": f"Bearer {KEY}", **{name.replace("_", "-"): value for name, value in headers.items()}}
    answer = fake.call(method, f"https://api.stripe.com{path}", headers, body)
    return answer.status, answer.headers, json.loads(answer.body)


def test_an_unknown_key_is_refused():
    fake = FakeStripe()
    client = stripe.StripeClient("sk_test_other", http_client=fake.http_client)

    with pytest.raises(stripe.AuthenticationError):
        client.v1.customers.create({})

    assert fake.books() == {}


def test_objects_are_live_when_the_key_is():
    _, api = open_account(keys=["sk_live_lorikeet"])

    assert api.customers.create({}).livemode


def test_a_key_may_be_a_user_name():
    encoded = base64.b64encode(f"{KEY}:".encode()).decode()

    assert call(FakeStripe(), "GET", "/v1/customers", authorization=f"Basic {encoded}")[0] == 200


@pytest.mark.parametrize("given", ["", "Basic !", "Basic ////", f"Digest {KEY}"])
def test_without_a_key_nothing_is_answered(given):
    status, _, body = call(FakeStripe(), "GET", "/v1/customers", authorization=given)

    assert (status, body["error"]["type"]) == (401, "invalid_request_error")


@pytest.mark.parametrize(("method", "path"), [("GET", "/v1/nothing"), ("POST", "/v1/charges/ch_1")])
def test_an_unknown_path_of_the_api_is_not_found(method, path):
    assert call(FakeStripe(), method, path)[0] == 404


def test_every_answer_has_a_request_id():
    _, headers, _ = call(FakeStripe(), "GET", "/v1/customers")

    assert headers["request-id"].startswith("req_")


def test_nested_parameters_are_decoded():
    text = "card[token]=tok_visa&expand[0]=a&expand[1]=b&x[]=c&x[]=d&created[gte]=1&e="

    assert decode(text) == {
        "card": {"token": "tok_visa"},
        "expand": {"0": "a", "1": "b"},
        "x": {"0": "c", "1": "d"},
        "created": {"gte": "1"},
        "e": "",
    }


def test_a_parameter_is_not_both_text_and_object():
    with pytest.raises(Refused):
        decode("card=x&card[token]=y")


@pytest.mark.parametrize(
    ("given", "code", "param"),
    [
        ({"amount": None}, "parameter_missing", "amount"),
        ({"color": "red"}, "parameter_unknown", "color"),
        ({"automatic_payment_methods[color]": "red"}, "parameter_unknown", "automatic_payment_methods[color]"),
        ({"automatic_payment_methods": "red"}, None, "automatic_payment_methods"),
        (
            {"automatic_payment_methods[allow_redirects]": "never"},
            "parameter_missing",
            "automatic_payment_methods[enabled]",
        ),
        ({"amount": "10.00"}, "parameter_invalid_integer", "amount"),
        ({"amount": None, "amount[x]": "10"}, None, "amount"),
        ({"currency": ""}, "parameter_invalid_empty", "currency"),
        ({"confirm": "yes"}, None, "confirm"),
        ({"capture_method": "later"}, None, "capture_method"),
        ({"off_session": "maybe"}, None, "off_session"),
        ({"expand": "customer"}, None, "expand"),
        ({"metadata[a][b]": "c"}, None, "metadata[a]"),
        ({"idempotency_key": "k"}, "parameter_unknown", "idempotency_key"),
    ],
    ids=str,
)
def test_parameters_that_the_sdk_does_not_declare_are_refused(given, code, param):
    fake = FakeStripe()
    params = {"amount": "1000", "currency": "usd", **given}

    body = urlencode({name: value for name, value in params.items() if value is not None})
    status, _, answer = call(fake, "POST", "/v1/payment_intents", body)

    assert (status, answer["error"].get("code"), answer["error"]["param"]) == (400, code, param)
    assert "payment_intent" not in fake.books()


def test_an_empty_value_unsets_where_that_is_possible():
    fake = FakeStripe()

    status, _, body = call(fake, "POST", "/v1/payment_intents", "amount=1000&currency=usd&metadata[a]=&metadata[b]=c")

    assert (status, body["metadata"]) == (200, {"b": "c"})
    assert call(fake, "POST", "/v1/customers", "metadata=")[2]["metadata"] == {}


def test_the_same_key_and_call_are_answered_once_and_the_same():
    fake, api = open_account()

    first, second = (api.payment_intents.create(CREATE, {"idempotency_key": "k"}) for _ in range(2))

    assert first.id == second.id
    assert second.last_response.headers["idempotent-replayed"] == "true"
    assert second.last_response.headers["original-request"] == first.last_response.request_id
    assert [each["replayed"] for each in fake.calls()] == [False, True]
    assert len(fake.books()["payment_intent"]) == 1


def test_a_decline_is_answered_again_without_asking_the_bank():
    fake, api = open_account()
    made = intent(api, "chargeDeclined")

    for _ in range(2):
        error = refusal(api.payment_intents.confirm, made.id, options={"idempotency_key": "k"})
        assert error.code == "card_declined"

    assert len(fake.books()["charge"]) == 1


@pytest.mark.parametrize("other", [{"amount": 2000}, {"metadata": {"a": "b"}}], ids=str)
def test_the_same_key_with_another_body_is_refused(other):
    fake, api = open_account()
    api.payment_intents.create(CREATE, {"idempotency_key": "k"})

    with pytest.raises(stripe.IdempotencyError):
        api.payment_intents.create({**CREATE, **other}, {"idempotency_key": "k"})

    assert len(fake.books()["payment_intent"]) == 1


def test_the_same_key_at_another_endpoint_is_refused():
    fake, api = open_account()
    api.customers.create({}, {"idempotency_key": "k"})

    with pytest.raises(stripe.IdempotencyError):
        api.payment_intents.create(CREATE, {"idempotency_key": "k"})

    assert "payment_intent" not in fake.books()


def test_parameters_that_are_refused_are_not_kept_for_the_key():
    _, api = open_account()
    refusal(api.payment_intents.create, {**CREATE, "color": "red"}, {"idempotency_key": "k"})

    assert api.payment_intents.create(CREATE, {"idempotency_key": "k"}).status == "requires_confirmation"


def test_keys_are_forgotten_after_a_day():
    fake, api = open_account()
    first = api.payment_intents.create(CREATE, {"idempotency_key": "k"})
    fake.advance(86400)

    second = api.payment_intents.create(CREATE, {"idempotency_key": "k"})

    assert first.id != second.id


def test_a_key_in_use_is_a_conflict_which_the_sdk_repeats():
    fake, api = open_account()
    fake.fault("delay", path="/v1/payment_intents")
    answers = []
    slow = threading.Thread(target=lambda: answers.append(api.payment_intents.create(CREATE, {"idempotency_key": "k"})))
    slow.start()
    wait_until(lambda: "k" in fake._books.keys)

    error = refusal(api.payment_intents.create, CREATE, {"idempotency_key": "k"})
    fake.release()
    slow.join()

    assert (error.http_status, error.error.code) == (409, "idempotency_key_in_use")
    assert len(answers) == 1
    assert len(fake.books()["payment_intent"]) == 1


def test_an_answer_is_a_copy():
    fake, api = open_account()
    made = intent(api, metadata={"a": "b"})
    fake.intent(made.id)["metadata"]["a"] = "c"

    assert api.payment_intents.retrieve(made.id).metadata["a"] == "b"


def test_reset_forgets_everything():
    fake, api = open_account()
    made = paid(api)
    fake.advance(100)
    fake.fault("lose")

    fake.reset()

    assert (fake.books(), fake.calls(), fake.totals(), fake.events()) == ({}, [], {}, [])
    assert refusal(api.payment_intents.retrieve, made.id).http_status == 404
