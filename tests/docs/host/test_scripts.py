"""The scripts of the how-to guides, given the answers that the documentation shows."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.docs.pages import DOCS, needs_docs

SCRIPTS = Path(__file__).parent / "recipes" / "scripts"
NODE = shutil.which("node")

pytestmark = [needs_docs, pytest.mark.skipif(NODE is None, reason="this needs node")]

DRIVER = """
const { scripts, answers, call } = JSON.parse(process.argv[1]);
const kept = new Map();
const log = [];
const say = (name) => (...words) => void log.push([name, ...words]);
globalThis.document = { cookie: "a=b; csrftoken=token" };
globalThis.sessionStorage = {
  getItem: (name) => kept.get(name) ?? null,
  setItem: (name, value) => kept.set(name, value),
  removeItem: (name) => kept.delete(name),
};
globalThis.setTimeout = (resolve, milliseconds) => { log.push(["wait", milliseconds]); resolve(); };
globalThis.fetch = async (url, { method, headers, body }) => {
  log.push([method, url, body && JSON.parse(body), headers["X-CSRFToken"], headers["Idempotency-Key"]]);
  const { status, body: answer } = answers.shift();
  return { status, json: async () => answer };
};
const { checkOut, resume, report, giveUp } = await import(`${scripts}/checkout.js`);
const { show } = await import(`${scripts}/page.js`);
const page = Object.fromEntries(["say", "goTo", "ask", "offer", "askForReference"].map((name) => [name, say(name)]));
const [name, ...words] = call;
const answer = await { checkOut, resume, report, giveUp }[name](...words);
if (answer) show(answer, page, name === "resume");
console.log(JSON.stringify({ log, waiting: kept.get("checkout-waiting") ?? null }));
"""

CHECKOUT = {"checkout_url": "/_cart/checkout/"}


def answer(name):
    return json.loads((DOCS / "examples" / f"{name}.json").read_text(encoding="utf-8"))["response"]


def run(call, *names):
    """Run a function of the script against recorded answers; return what it did, and what the browser remembers."""
    task = {"scripts": SCRIPTS.as_uri(), "answers": [answer(name) for name in names], "call": call}
    command = [NODE, "--input-type=module", "--eval", DRIVER, json.dumps(task)]
    done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=60)
    result = json.loads(done.stdout)
    return [[word for word in entry if word is not None] for entry in result["log"]], result["waiting"]


def test_a_checkout_that_is_paid_at_once_leads_to_the_orders_page():
    log, waiting = run(["checkOut", CHECKOUT, "k"], "checkout-placed")

    assert log == [["POST", "/_cart/checkout/", "token", "k"], ["goTo", "/orders/2/?token=<token>"]]
    assert waiting is None


def test_an_action_sends_the_shopper_to_the_provider_and_is_remembered():
    log, waiting = run(["checkOut", CHECKOUT, "k"], "checkout-action")

    assert log[1:] == [["goTo", "https://provider.example/approve/pay_1"]]
    assert waiting == answer("checkout-action")["body"]["checkout"]["confirm_url"]


def test_on_the_way_back_the_server_is_asked():
    pending = answer("cart-pending")["body"]

    log, waiting = run(["resume", pending], "checkout-confirm")

    assert log == [
        ["POST", pending["pending_checkout"]["confirm_url"], "token"],
        ["goTo", "/orders/1/?token=<token>"],
    ]
    assert waiting is None


def test_who_comes_back_too_early_is_not_sent_off_again():
    log, waiting = run(["resume", answer("cart-pending")["body"]], "checkout-confirm-waiting")

    checkout = answer("checkout-confirm-waiting")["body"]["checkout"]
    assert log[1:] == [
        ["offer", "Your payment is not finished.", "https://provider.example/approve/pay_1", checkout],
    ]
    assert waiting == checkout["confirm_url"]


def test_the_same_again_is_asked_about():
    log, _ = run(["checkOut", CHECKOUT, "k"], "checkout-duplicate")

    assert [entry[0] for entry in log] == ["POST", "ask"]


def test_without_a_checkout_in_flight_nobody_is_asked():
    assert run(["resume", {"pending_checkout": None}]) == ([], None)


def test_a_payment_in_flight_is_waited_for():
    confirm_url = answer("checkout-pending")["body"]["checkout"]["confirm_url"]

    log, _ = run(["checkOut", CHECKOUT, "k"], "checkout-pending", "checkout-pending", "checkout-confirm")

    assert log[1:] == [
        ["wait", 1000],
        ["POST", confirm_url, "token"],
        ["wait", 1000],
        ["POST", confirm_url, "token"],
        ["goTo", "/orders/1/?token=<token>"],
    ]


def test_it_is_not_waited_for_for_ever():
    log, waiting = run(["checkOut", CHECKOUT, "k"], *["checkout-pending"] * 8)

    assert sum(entry[1] for entry in log if entry[0] == "wait") == 30_000
    assert log[-1] == ["say", "Your payment is not decided yet. This page may be closed."]
    assert waiting is not None


def test_an_unknown_outcome_is_not_asked_for_again():
    log, _ = run(["checkOut", CHECKOUT, "k"], "checkout-unknown")

    words = "We are finding out what became of your payment. Your order has the number 1."
    assert log[1:] == [["say", words]]


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("checkout-confirm-refused", "The payment was declined."),
        ("checkout-expired", "The time to pay is over."),
        ("checkout-incomplete", "This cannot be ordered yet."),
        ("checkout-conflict", "Please try again."),
    ],
)
def test_a_refusal_is_told(name, words):
    log, waiting = run(["checkOut", CHECKOUT, "k"], name)

    assert log[1:] == [["say", words]]
    assert waiting is None


def test_a_reference_is_reported():
    checkout = answer("checkout-elsewhere")["body"]["checkout"]

    log, _ = run(["report", checkout, {"reference": "pay_1"}], "checkout-reference")

    assert log == [
        ["POST", checkout["confirm_url"], {"data": {"reference": "pay_1"}}, "token"],
        ["goTo", "/orders/1/?token=<token>"],
    ]


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("checkout-cancel", ["say", "Nothing was charged. Your cart is as it was."]),
        ("checkout-cancel-paid", ["goTo", "/orders/1/?token=<token>"]),
        ("checkout-cancel-waiting", ["say", "Your payment is not decided yet. This page may be closed."]),
    ],
)
def test_a_change_of_mind_may_come_too_late(name, said):
    checkout = answer("checkout-action")["body"]["checkout"]

    log, _ = run(["giveUp", checkout], name)

    assert log == [["POST", checkout["cancel_url"], "token"], said]
