"""Cards by Stripe: its double's test cards without a key, and the fields of Stripe.js with one."""

import json
import os
import re
import signal

import pytest

from tests.browser.shopping import (
    PAY,
    REFUSED,
    add,
    expect,
    fill_address,
    get_ready,
    give_email,
    sign_up,
    use_stripe,
    waiting,
)

pytestmark = pytest.mark.browser

THANKS = "Thank you for your order"
VISA = "Visa ending in 4242, pays"
THREE_D_SECURE = "Visa ending in 3220, asks for 3-D Secure"
BANK = "Your bank asks"

# What the page needs of Stripe.js; it notes what it was asked for, and the test answers for Stripe and for the bank.
STRIPE_JS = """
globalThis.asked = { updates: [] };
globalThis.Stripe = (key) => ({
  elements(options) {
    Object.assign(asked, { key, options });
    const fields = { on: (name, listener) => listener(), focus() {}, destroy: () => asked.container.replaceChildren() };
    fields.mount = (container) => {
      asked.container = container;
      container.append("Card number");
    };
    return {
      create: (name) => Object.assign(fields, { name }),
      getElement: () => fields,
      submit: async () => (SUBMITTED),
      update: (changes) => asked.updates.push(changes),
    };
  },
  createPaymentMethod: async () => ({ paymentMethod: { id: CARD } }),
  handleNextAction: async ({ clientSecret }) => answerForTheBank(clientSecret),
});
"""


def pay(page):
    page.get_by_role("button", name=PAY).click()


class TestDouble:
    def test_guest_pays(self, open_shop):
        page = open_shop()
        get_ready(page, use_stripe(VISA))
        expect(page.get_by_label("Keep this card")).to_have_count(0)

        pay(page)

        expect(page.get_by_role("heading", name=THANKS)).to_be_visible()
        page.get_by_role("link", name="Back to the wines").click()
        expect(page.get_by_role("radio", name="Visa ending in 4242")).to_have_count(0)

    @pytest.mark.parametrize(
        "card, said",
        [
            ("Visa ending in 0002, is declined", "Your card was declined."),
            ("Visa ending in 9995, has insufficient funds", "Your card has insufficient funds."),
            ("Visa ending in 0069, has expired", "Your card has expired."),
        ],
    )
    def test_refused_card_says_why_and_leaves_the_cart(self, open_shop, card, said):
        page = open_shop(expected=[REFUSED])
        get_ready(page, use_stripe(card))

        pay(page)

        expect(page.locator("#problem")).to_contain_text(said)
        expect(page.locator("#problem")).to_be_focused()
        expect(page.locator("#items > li")).to_have_count(1)
        expect(waiting(page)).to_have_count(0)

    def test_form_without_a_choice_says_so(self, open_shop):
        page = open_shop()
        page.get_by_role("button", name="Card, by Stripe").click()
        expect(page.get_by_label("Test case")).to_be_focused()

        page.get_by_role("button", name="Use this card").click()

        expect(page.get_by_text("Choose a test case.")).to_be_visible()
        expect(page.get_by_label("Test case")).to_be_focused()

    def test_one_form_for_cards_is_open_at_a_time(self, open_shop):
        page = open_shop()
        expect(page.get_by_label("Test card")).to_be_visible()

        page.get_by_role("button", name="Card, by Stripe").click()
        expect(page.get_by_label("Test card")).to_be_hidden()
        page.get_by_role("button", name="Card, by Pretend Card Services").click()

        expect(page.get_by_label("Test case")).to_be_hidden()
        expect(page.get_by_label("Test card")).to_be_focused()

    def test_card_that_asks_is_approved_at_the_bank(self, open_shop):
        page = open_shop()
        get_ready(page, use_stripe(THREE_D_SECURE))

        pay(page)
        expect(page.get_by_role("heading", name=BANK)).to_be_visible()
        page.get_by_role("button", name="Complete").click()

        expect(page.get_by_role("heading", name=THANKS)).to_be_visible()

    def test_card_that_asks_is_refused_at_the_bank(self, open_shop):
        page = open_shop(expected=[REFUSED])
        get_ready(page, use_stripe(THREE_D_SECURE))

        pay(page)
        page.get_by_role("button", name="Fail").click()

        expect(page.locator("#problem")).to_contain_text("Nothing was charged")
        expect(page.locator("#items > li")).to_have_count(1)
        assert page.url.endswith("/")

    def test_shopper_who_left_the_bank_goes_on(self, open_shop):
        page = open_shop()
        get_ready(page, use_stripe(THREE_D_SECURE))
        pay(page)
        expect(page.get_by_role("heading", name=BANK)).to_be_visible()

        page.goto("/")
        expect(waiting(page)).to_contain_text(re.compile("Order [0-9]+ waits for its payment"))
        page.get_by_role("button", name="Go on with the payment").click()
        page.get_by_role("button", name="Complete").click()

        expect(page.get_by_role("heading", name=THANKS)).to_be_visible()


class TestKeptCards:
    def test_card_is_kept_and_pays_the_next_order(self, open_shop):
        page = open_shop()
        sign_up(page, "anna")
        add(page, "Riesling 2023")
        fill_address(page)
        use_stripe(VISA, is_kept=True)(page)
        pay(page)
        expect(page.get_by_role("heading", name=THANKS)).to_be_visible()

        page.get_by_role("link", name="Back to the wines").click()
        kept = page.get_by_role("radio", name="Visa ending in 4242, expires")
        expect(kept).to_be_visible()
        add(page, "Brut NV")
        kept.check()
        page.get_by_role("radio", name="Joe Bloggs").check()
        pay(page)

        expect(page.get_by_role("row", name="Total $58.00")).to_be_visible()

    def test_card_that_asks_is_kept_too(self, open_shop):
        page = open_shop()
        sign_up(page, "bert")
        add(page, "Riesling 2023")
        fill_address(page)
        use_stripe(THREE_D_SECURE, is_kept=True)(page)

        pay(page)
        page.get_by_role("button", name="Complete").click()
        expect(page.get_by_role("heading", name=THANKS)).to_be_visible()
        page.goto("/")

        expect(page.get_by_role("radio", name="kept for later orders")).to_have_count(1)

    def test_card_that_is_removed_is_gone(self, open_shop):
        page = open_shop()
        sign_up(page, "carl")
        use_stripe(VISA, is_kept=True)(page)

        page.get_by_role("button", name="Delete Visa ending in 4242").click()

        expect(page.get_by_role("status")).to_contain_text("Deleted: Visa ending in 4242")
        expect(page.get_by_role("radio")).to_have_count(0)

    def test_card_that_the_bank_does_not_let_be_kept_says_so_beside_its_field(self, open_shop):
        page = open_shop(expected=[REFUSED])
        sign_up(page, "dora")
        page.get_by_role("button", name="Card, by Stripe").click()
        page.get_by_label("Test case").select_option(label="Visa ending in 0002, is declined")
        page.get_by_label("Keep this card").check()

        page.get_by_role("button", name="Use this card").click()

        expect(page.locator("#stripe-card-error")).to_have_text("Your card was declined.")
        expect(page.get_by_label("Test case")).to_be_focused()
        expect(page.get_by_role("radio")).to_have_count(0)


@pytest.fixture
def open_keyed_shop(open_shop, keyed_shop):
    """Return a function that opens the shop that has keys, with a Stripe.js whose answers the test gives."""
    address, stripe = keyed_shop

    def open_keyed_shop(card="visa", submitted=None, **options):
        page = open_shop(at=address, **options)
        made = stripe.payment_method(card=card)["id"]
        script = STRIPE_JS.replace("CARD", json.dumps(made)).replace("SUBMITTED", json.dumps(submitted or {}))
        page.route("https://js.stripe.com/**", lambda route: route.fulfill(body=script, content_type="text/javascript"))
        return page, stripe

    return open_keyed_shop


def use_fields(page):
    page.get_by_role("button", name="Card, by Stripe").click()
    expect(page.get_by_text("Card number", exact=True)).to_be_visible()
    page.get_by_role("button", name="Use this card").click()


class TestPaymentElement:
    def test_fields_are_given_the_cart_and_their_card_pays(self, open_keyed_shop):
        page, _ = open_keyed_shop()
        add(page, "Riesling 2023")
        fill_address(page)
        give_email(page)

        use_fields(page)
        expect(page.get_by_role("radio", name="Visa ending in 4242")).to_be_checked()
        assert page.evaluate("asked.key") == "pk_test_lorikeet"
        options = page.evaluate("asked.options")
        assert options.pop("appearance")["theme"] == "stripe"
        assert options == {
            "mode": "payment",
            "amount": 3800,
            "currency": "aud",
            "captureMethod": "automatic",
            "paymentMethodTypes": ["card"],
            "paymentMethodCreation": "manual",
        }
        expect(page.get_by_text("Card number", exact=True)).to_have_count(0)
        pay(page)

        expect(page.get_by_role("heading", name=THANKS)).to_be_visible()

    def test_fields_follow_the_cart_and_say_that_the_card_is_kept(self, open_keyed_shop):
        page, _ = open_keyed_shop()
        sign_up(page, "emil")
        page.get_by_role("button", name="Card, by Stripe").click()
        expect(page.get_by_text("Card number", exact=True)).to_be_visible()

        add(page, "Riesling 2023")
        page.get_by_label("Keep this card").check()

        updates = page.evaluate("asked.updates")
        assert updates[-2:] == [
            {"amount": 3800, "setupFutureUsage": None},
            {"amount": 3800, "setupFutureUsage": "off_session"},
        ]

    def test_card_that_asks_is_approved_in_the_page(self, open_keyed_shop):
        page, stripe = open_keyed_shop("threeDSecureRequired")
        page.expose_function("answerForTheBank", lambda secret: approve(stripe, secret))
        get_ready(page, use_fields)

        pay(page)

        expect(page.get_by_role("heading", name=THANKS)).to_be_visible()

    def test_bank_that_cannot_be_asked_leaves_the_order_waiting(self, open_keyed_shop):
        page, _ = open_keyed_shop("threeDSecureRequired")
        page.expose_function("answerForTheBank", lambda secret: {"error": {"message": "The bank is away."}})
        get_ready(page, use_fields)

        pay(page)

        expect(page.get_by_role("alert")).to_contain_text("The bank is away.")
        expect(waiting(page)).to_contain_text("You can go on with the payment, or cancel the order")
        expect(waiting(page).get_by_role("heading")).to_be_focused()

    def test_card_that_is_not_filled_in_is_not_sent(self, open_keyed_shop):
        page, _ = open_keyed_shop(submitted={"error": {"message": "Your card number is incomplete."}})
        add(page, "Riesling 2023")

        use_fields(page)

        expect(page.get_by_role("alert")).to_contain_text("Your card number is incomplete.")
        expect(page.get_by_text("Card number", exact=True)).to_be_visible()
        expect(page.get_by_role("radio")).to_have_count(0)

    def test_shop_works_without_stripe(self, open_keyed_shop):
        page, _ = open_keyed_shop(expected=["net::ERR_FAILED"])
        page.unroute_all()
        page.route("https://js.stripe.com/**", lambda route: route.abort())

        page.get_by_role("button", name="Card, by Stripe").click()
        expect(page.get_by_role("alert")).to_contain_text("Stripe cannot be reached.")
        expect(page.get_by_role("button", name="Card, by Stripe")).to_be_focused()
        get_ready(page)
        pay(page)

        expect(page.get_by_role("heading", name=THANKS)).to_be_visible()


def approve(stripe, secret):
    stripe.complete_3ds(id=secret.partition("_secret_")[0])
    return {}


class TestLooks:
    @pytest.mark.parametrize("scheme", ["light", "dark"])
    @pytest.mark.parametrize("width", [320, 1280])
    def test_axe_finds_nothing(self, open_shop, scheme, width):
        axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="there is no axe-playwright-python")
        page = open_shop(width=width, color_scheme=scheme, reduced_motion="reduce")
        found = {}

        def look(where):
            for violation in axe.Axe().run(page).response["violations"]:
                targets = [node["target"] for node in violation["nodes"]]
                found.setdefault(where, []).append((violation["id"], targets))
            if page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"):
                found.setdefault(where, []).append("has to be scrolled sideways")

        sign_up(page, f"shopper-{scheme}-{width}")
        page.get_by_role("button", name="Card, by Stripe").click()
        page.get_by_role("button", name="Use this card").click()
        expect(page.get_by_text("Choose a test case.")).to_be_visible()
        look("form with an error")
        page.get_by_role("button", name="Cancel").click()
        use_stripe(VISA, is_kept=True)(page)
        look("kept card")

        assert found == {}


class TestShopThatIsKilled:
    def test_order_settles_after_the_server_was_killed(self, open_shop, demo):
        address, read_log, stripe = demo
        page = open_shop(at=address, expected=["Failed to load resource"])
        page.set_default_timeout(20_000)
        get_ready(page, use_stripe(VISA))
        stripe.fault(kind="delay", acts=True, path="/v1/payment_intents/*/confirm")

        with page.expect_request("**/_cart/checkout/"):
            pay(page)
        expect(page.get_by_role("button", name="Placing the order…")).to_be_visible()
        page.wait_for_timeout(1500)
        assert stripe.totals() == {"aud": 3800}
        os.kill(int(re.findall("Process ([0-9]+): shop’s server", read_log())[-1]), signal.SIGKILL)
        expect(page.locator("#problem")).to_contain_text("you will not be charged twice")

        expect(page.get_by_role("heading", name=THANKS)).to_be_visible(timeout=60_000)
        assert read_log().count("Starting development server") == 2
        assert stripe.totals() == {"aud": 3800}
