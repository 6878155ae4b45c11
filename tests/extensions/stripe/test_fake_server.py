import http.client
import io
import json
import runpy
import sys
from urllib.parse import parse_qs, urlsplit

import pytest
import stripe

from lorikeet.testing.stripe import FakeStripe, FakeStripeServer, Refused
from lorikeet.testing.stripe.__main__ import main
from lorikeet.testing.stripe.server import Server

from .fake_accounts import AUTOMATIC, intent, paid, refusal, wait_until


@pytest.fixture
def server():
    with FakeStripeServer() as running:
        yield running


def get(url, method="GET", body=None, **headers):
    """Return status, headers and text of a page."""
    connection = http.client.HTTPConnection(urlsplit(url).netloc)
    headers = {"Content-Type": "application/x-www-form-urlencoded", **headers}
    connection.request(method, urlsplit(url).path, body, headers)
    answer = connection.getresponse()
    text = answer.read().decode()
    connection.close()
    return answer.status, answer.headers, text


def test_the_sdk_pays_over_loopback(server):
    api = server.client().v1

    made = paid(api)

    assert made.status == "succeeded"
    assert server.controls.totals() == {"usd": 1000}
    assert refusal(paid, api, "chargeDeclined").code == "card_declined"
    customer = api.customers.create({})
    assert api.customers.delete(customer.id).deleted


@pytest.mark.parametrize("acts", [False, True])
def test_a_lost_call_is_a_lost_connection(server, acts):
    made = intent(server.client().v1)
    server.controls.fault(kind="lose", acts=acts)

    with pytest.raises(stripe.APIConnectionError):
        server.client().v1.payment_intents.confirm(made.id)

    assert server.controls.totals() == ({"usd": 1000} if acts else {})


def test_the_sdk_repeats_what_was_lost(server):
    made = intent(server.client().v1)
    server.controls.fault(kind="lose", acts=True)

    confirmed = server.client(max_network_retries=1).v1.payment_intents.confirm(made.id)

    assert confirmed.status == "succeeded"
    assert server.controls.totals() == {"usd": 1000}


def test_a_call_that_comes_late_acts_though_the_caller_gave_up(server):
    made = intent(server.client().v1)
    server.controls.fault(kind="delay")
    impatient = server.client(http_client=stripe.RequestsClient(timeout=0.1)).v1

    with pytest.raises(stripe.APIConnectionError):
        impatient.payment_intents.confirm(made.id)
    cancelled = server.client().v1.payment_intents.cancel(made.id)
    server.controls.release()
    wait_until(lambda: all(call["status"] for call in server.controls.calls()))

    assert cancelled.status == "canceled"
    assert server.controls.totals() == {}


def test_controls_are_refused_as_calls_are(server):
    for control, arguments, status in [
        ("complete_3ds", {"id": "pi_none"}, 404),
        ("complete_3ds", {"color": "red"}, 400),
        ("client", {}, 404),
    ]:
        with pytest.raises(Refused) as caught:
            getattr(server.controls, control)(**arguments)
        assert caught.value.status == status


@pytest.mark.parametrize(
    ("outcome", "status", "back"),
    [("complete", "succeeded", "succeeded"), ("fail", "requires_payment_method", "failed")],
)
def test_the_page_of_the_bank_sends_the_shopper_back(server, outcome, status, back):
    api = server.client().v1
    made = paid(api, "authenticationRequired", return_url="https://shop.test/done?a=1")
    page = made.next_action.redirect_to_url.url

    shown = get(page)
    code, headers, _ = get(page, "POST", f"outcome={outcome}")

    assert shown[0] == 200 and made.id in shown[2] and "USD 10.00" in shown[2]
    assert code == 303
    assert headers["location"].startswith("https://shop.test/done?a=1&")
    query = parse_qs(urlsplit(headers["location"]).query)
    assert query["payment_intent"] == [made.id]
    assert query["payment_intent_client_secret"] == [made.client_secret]
    assert query["redirect_status"] == [back]
    assert api.payment_intents.retrieve(made.id).status == status


def test_without_a_return_url_the_page_of_the_bank_says_how_it_ended(server):
    given = {
        "automatic_payment_methods": AUTOMATIC,
        "confirm": True,
        "payment_method": "pm_card_authenticationRequired",
    }
    made = server.client().v1.setup_intents.create(given)

    code, _, text = get(made.next_action.use_stripe_sdk.stripe_js, "POST", "outcome=complete")

    assert (code, "succeeded" in text) == (200, True)
    assert get(f"{server.url}/_fake/3ds/pi_none")[0] == 404


def test_a_server_in_a_process_of_its_own_keeps_its_books_in_a_file(tmp_path):
    state = tmp_path / "books.json"
    with FakeStripeServer(process=True, state=state) as first:
        made = paid(first.client().v1)

    with FakeStripeServer(process=True, state=state, port=urlsplit(first.url).port) as second:
        assert second.url == first.url
        assert second.client().v1.payment_intents.retrieve(made.id).status == "succeeded"


def test_a_process_that_does_not_start_is_told_of(tmp_path):
    with pytest.raises(RuntimeError), FakeStripeServer(process=True, state=tmp_path):
        pass


def test_books_are_kept_after_each_call(tmp_path):
    state = tmp_path / "books.json"
    with FakeStripeServer(state=state) as server:
        made = paid(server.client().v1)

    fake = FakeStripe()
    fake.load(state)

    assert fake.intent(made.id)["status"] == "succeeded"


def test_books_are_kept_when_the_answer_is_lost(tmp_path):
    state, fake = tmp_path / "books.json", FakeStripe()
    with FakeStripeServer(state=state) as server:
        made = intent(server.client().v1)
        server.controls.fault(kind="lose", acts=True)
        refusal(server.client().v1.payment_intents.confirm, made.id)

        fake.load(state)

    assert fake.intent(made.id)["status"] == "succeeded"


def test_events_are_posted_by_themselves():
    with FakeStripeServer() as shop, FakeStripeServer(webhook=f"{shop.url}/hook") as server:
        intent(server.client().v1)

        wait_until(lambda: [call["path"] for call in shop.controls.calls()] == ["/hook"])


def test_a_caller_that_is_gone_is_nothing_to_tell(capsys):
    with Server(FakeStripe()) as server:
        for error in (ConnectionResetError(), ValueError("bad")):
            try:
                raise error
            except (ConnectionError, ValueError):
                server.handle_error(None, ("127.0.0.1", 1))

    told = capsys.readouterr().err
    assert "bad" in told and "ConnectionResetError" not in told


def test_the_command_serves_until_standard_input_ends(monkeypatch, capsys):
    monkeypatch.setattr(sys, "stdin", io.StringIO(""))

    assert main(["--with-parent"]) == 0

    assert capsys.readouterr().out.startswith("Fake Stripe at http://127.0.0.1:")


def test_the_command_serves_until_interrupted(monkeypatch, capsys):
    def interrupt(self):
        raise KeyboardInterrupt

    monkeypatch.setattr(Server, "serve_forever", interrupt)
    monkeypatch.setattr(sys, "argv", ["stripe"])
    monkeypatch.delitem(sys.modules, "lorikeet.testing.stripe.__main__")

    with pytest.raises(SystemExit) as left:
        runpy.run_module("lorikeet.testing.stripe", run_name="__main__")

    assert left.value.code == 0
    assert capsys.readouterr().out.startswith("Fake Stripe at http://127.0.0.1:")


def test_a_port_that_is_taken_is_one_sentence(server, capsys):
    assert main([f"--port={urlsplit(server.url).port}"]) == 1

    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.startswith("The fake Stripe cannot start: ") and told.err.count("\n") == 1


def test_another_sites_page_can_neither_read_nor_control(server):
    paid(server.client().v1)

    assert get(f"{server.url}/_fake/reset", "POST", "{}")[0] == 415
    assert get(f"{server.url}/_fake/reset")[0] == 415
    assert get(f"{server.url}/_fake/books", Host="shop.test")[0] == 421
    assert server.controls.totals() == {"usd": 1000}


def test_another_site_may_read_pages_that_change_nothing(server):
    paid(server.client().v1)
    status, _, text = get(f"{server.url}/_fake/totals")

    assert (status, json.loads(text)) == (200, {"usd": 1000})
