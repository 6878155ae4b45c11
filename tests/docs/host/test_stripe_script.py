"""The script of the page about Stripe's front end, given a Stripe.js that does as it is told."""

import json
import shutil
import subprocess
from decimal import Decimal
from pathlib import Path

import pytest

from lorikeet.extensions.stripe import amounts
from tests.docs.pages import DOCS, needs_docs

SCRIPTS = Path(__file__).parent / "recipes" / "scripts"
NODE = shutil.which("node")

pytestmark = [needs_docs, pytest.mark.skipif(NODE is None, reason="this needs node")]

DRIVER = """
const { scripts, calls, answers, told, search } = JSON.parse(process.argv[1]);
const log = [];
globalThis.document = { cookie: "csrftoken=token" };
globalThis.sessionStorage = { getItem: () => null, setItem: () => {}, removeItem: () => {} };
globalThis.location = { assign: (url) => log.push(["goTo", url]), search };
globalThis.fetch = async (url, { method, headers, body }) => {
  log.push([method, url, body ? JSON.parse(body) : null, headers.Prefer ?? null]);
  const { status, body: answer } = answers.shift();
  return { status, json: async () => answer };
};
const say = (name) => (...words) => {
  log.push([name, ...words.map((word) => (word?.elements ? { ...word, elements: "elements" } : word))]);
  if (told[name] === "throws") throw new Error("The payment has moved on.");
  return told[name] ?? {};
};
const elements = { update: say("update"), submit: async () => say("submit")() };
elements.create = (kind) => ({ mount: (place) => log.push(["mount", kind, place]) });
const stripe = { elements: (options) => (log.push(["elements", options]), elements) };
for (const name of ["createPaymentMethod", "createConfirmationToken", "confirmCardPayment", "handleNextAction",
  "confirmSetup", "retrieveSetupIntent"]) stripe[name] = async (...words) => say(name)(...words);
const script = await import(`${scripts}/stripe.js`);
const named = { stripe, elements };
const results = [];
for (const [name, ...words] of calls) {
  results.push(await script[name](...words.map((word) => named[word] ?? word)));
}
console.log(JSON.stringify({ log, results: results.map((each) => (each === elements ? "elements" : each)) }));
"""

CART = {
    "grand_total": "38.00",
    "currency": "AUD",
    "new_payment_method_url": "/_cart/new-payment-method/",
    "stripe": {
        "publishable_key": "pk_test_lorikeet",
        "capture_method": "automatic",
        "setup_url": "/_cart/stripe/setup/",
    },
}
CARD = {"payment_method": "pm_1"}


def answer(name):
    return json.loads((DOCS / "examples" / f"{name}.json").read_text(encoding="utf-8"))["response"]


def run_all(calls, *names, told=None, search=""):
    """Call functions of the script; return what they did, and what they returned.

    ``names`` are the recorded answers of the shop, ``told`` is what Stripe.js returns.
    """
    answers = [answer(name) for name in names]
    task = {"scripts": SCRIPTS.as_uri(), "calls": calls, "answers": answers, "told": told or {}, "search": search}
    command = [NODE, "--input-type=module", "--eval", DRIVER, json.dumps(task)]
    done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=60)
    result = json.loads(done.stdout)
    return result["log"], result["results"]


def run(*call, names=(), **options):
    log, [result] = run_all([call], *names, **options)
    return log, result


def added(data):
    return ["POST", "/_cart/new-payment-method/", {"type": "StripeCard", "data": data}, None]


def test_the_form_is_for_the_total_of_the_cart():
    log, result = run("mountForm", "stripe", CART, "#card")

    options = {"mode": "payment", "amount": 3800, "currency": "aud", "captureMethod": "automatic"}
    ways = {"paymentMethodTypes": ["card"], "paymentMethodCreation": "manual"}
    assert log == [["elements", {**options, **ways}], ["mount", "payment", "#card"]]
    assert result == "elements"


@pytest.mark.parametrize(("remember", "usage"), [(False, None), (True, "off_session")])
def test_a_card_is_made_in_the_browser_and_posted(remember, usage):
    told = {"createPaymentMethod": {"paymentMethod": {"id": "pm_1"}}}

    log, result = run("addCard", "stripe", "elements", CART, remember, names=["stripe-card-add"], told=told)

    assert log == [
        ["update", {"setupFutureUsage": usage}],
        ["submit"],
        ["createPaymentMethod", {"elements": "elements"}],
        added({"payment_method": "pm_1", "reusable": remember}),
    ]
    assert result["status"] == 201


def test_a_confirmation_token_is_posted_as_one():
    told = {"createConfirmationToken": {"confirmationToken": {"id": "ctoken_1"}}}
    names = ["stripe-card-confirmation-token"]

    log, _ = run("addConfirmationToken", "stripe", "elements", CART, names=names, told=told)

    assert log == [
        ["update", {"setupFutureUsage": None}],
        ["submit"],
        ["createConfirmationToken", {"elements": "elements"}],
        added({"confirmation_token": "ctoken_1", "reusable": False}),
    ]


@pytest.mark.parametrize("name", ["addCard", "addConfirmationToken"])
@pytest.mark.parametrize("step", ["submit", "createPaymentMethod", "createConfirmationToken"])
def test_what_stripe_js_refuses_is_not_posted(name, step):
    refused = {"error": {"message": "Your card number is incomplete."}}
    told = {"createPaymentMethod": refused, "createConfirmationToken": refused, step: refused}

    log, result = run(name, "stripe", "elements", CART, told=told)

    assert [entry for entry in log if entry[0] == "POST"] == []
    assert result == {"status": 400, "body": {"payment_method": ["Your card number is incomplete."]}}


def test_a_page_of_the_bank_is_gone_to():
    log, result = run("authenticate", "stripe", answer("stripe-redirect")["body"])

    assert log == [["goTo", "https://hooks.stripe.com/redirect/pi_1"]]
    assert result is None


@pytest.mark.parametrize(
    "told", [{}, {"handleNextAction": {"error": {"message": "No."}}}, {"handleNextAction": "throws"}]
)
def test_a_question_of_the_bank_is_asked_in_the_page_and_then_the_server_whatever_came_of_it(told):
    waiting = answer("stripe-authenticate")["body"]

    log, result = run("authenticate", "stripe", waiting, names=["checkout-confirm"], told=told)

    assert log == [
        ["handleNextAction", {"clientSecret": "pi_1_secret"}],
        ["POST", waiting["checkout"]["confirm_url"], None, None],
    ]
    assert result["status"] == 200


def test_who_was_away_confirms_with_the_card_that_was_to_be_charged():
    waiting = answer("stripe-absent")["body"]

    log, _ = run("authenticate", "stripe", waiting, names=["checkout-confirm"])

    assert log == [
        ["confirmCardPayment", "pi_1_secret", CARD],
        ["POST", waiting["checkout"]["confirm_url"], None, None],
    ]


def test_only_saved_cards_of_stripe_are_offered():
    saved = {"type": "StripeCard", "data": {"reusable": True}}
    cart = {
        "payment_methods": [saved, {"type": "StripeCard", "data": {"reusable": False}}, {"type": "Wallet", "data": {}}]
    }

    _, result = run("savedCards", cart)

    assert result == [saved]


@pytest.mark.parametrize(("name", "sent"), [("choose", ["PATCH", {"selected": True}]), ("remove", ["DELETE", None])])
def test_a_saved_card_is_chosen_and_removed_at_its_url(name, sent):
    method, body = sent

    log, _ = run(name, {"url": "/_cart/payment-method/1/"}, names=["item-prefer"])

    assert log == [[method, "/_cart/payment-method/1/", body, "return=cart"]]


def test_a_card_is_saved_with_a_setup_intent():
    told = {"confirmSetup": {"setupIntent": {"payment_method": "pm_1"}}}
    calls = [
        ["mountSetupForm", "stripe", CART, "#card"],
        ["saveCard", "stripe", "elements", CART, "https://shop.example/cards/"],
    ]

    log, [form, saved] = run_all(calls, "stripe-setup", "stripe-card-saved", told=told)

    options = {"elements": "elements", "confirmParams": {"return_url": "https://shop.example/cards/"}}
    assert log == [
        ["POST", "/_cart/stripe/setup/", None, None],
        ["elements", {"clientSecret": "seti_1_secret"}],
        ["mount", "payment", "#card"],
        ["confirmSetup", {**options, "redirect": "if_required"}],
        added({"payment_method": "pm_1", "reusable": True}),
    ]
    assert form == "elements"
    assert saved["status"] == 201


def test_a_guest_gets_no_form_to_save_a_card():
    log, result = run("mountSetupForm", "stripe", CART, "#card", names=["stripe-setup-guest"])

    assert log == [["POST", "/_cart/stripe/setup/", None, None]]
    assert result is None


def test_on_the_way_back_from_the_bank_a_card_is_saved():
    told = {"retrieveSetupIntent": {"setupIntent": {"status": "succeeded", "payment_method": "pm_1"}}}
    search = "?setup_intent=seti_1&setup_intent_client_secret=seti_1_secret"

    log, _ = run("saveReturnedCard", "stripe", CART, names=["stripe-card-saved"], told=told, search=search)

    assert log == [["retrieveSetupIntent", "seti_1_secret"], added({"payment_method": "pm_1", "reusable": True})]


@pytest.mark.parametrize(
    "told",
    [
        {"error": {"message": "No."}},
        {"setupIntent": {"status": "requires_payment_method", "last_setup_error": {"message": "No."}}},
    ],
)
def test_a_card_that_the_bank_did_not_agree_to_is_not_saved(told):
    options = {"told": {"retrieveSetupIntent": told}, "search": "?setup_intent_client_secret=seti_1_secret"}

    log, result = run("saveReturnedCard", "stripe", CART, **options)

    assert [entry[0] for entry in log] == ["retrieveSetupIntent"]
    assert result == {"status": 400, "body": {"payment_method": ["No."]}}


def test_who_comes_from_nowhere_has_no_card_saved():
    assert run("saveReturnedCard", "stripe", CART) == ([], None)


def test_the_form_counts_as_the_server_does():
    currencies = ["AUD", "HUF", "ISK", "UGX", *amounts.PLACES]
    totals = [(f"{300 if currency in amounts.STEPS else 304}", currency) for currency in currencies]

    _, results = run_all([["inMinorUnits", total, currency] for total, currency in totals])

    assert results == [amounts.to_stripe(Decimal(total), currency) for total, currency in totals]
