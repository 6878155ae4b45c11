"""Every way in which a payment can go, at payment providers that are processes of their own."""

import os
import re
import signal

import pytest

from tests.browser.shopping import (
    PAY,
    REFUSED,
    add,
    cart,
    expect,
    get_ready,
    pay_at_wallet,
    use_card,
    use_wallet,
    waiting,
)

pytestmark = pytest.mark.browser

THANKS = "Thank you for your order"
THREE_D_SECURE = "Visa ending in 3220, asks for a 3-D Secure step"
LATE = "Mastercard ending in 8080, is accepted, and the answer takes its time"


def pay(page):
    page.get_by_role("button", name=PAY).click()


class TestCards:
    @pytest.mark.parametrize(
        "card, said",
        [
            ("Visa ending in 0002, is declined", "Your card was declined."),
            ("Mastercard ending in 9995, has too little money", "Your card has insufficient funds."),
        ],
    )
    def test_refused_card_says_why_and_leaves_the_cart(self, open_shop, card, said):
        page = open_shop(expected=[REFUSED])
        get_ready(page, card)

        pay(page)

        expect(page.locator("#problem")).to_contain_text(said)
        expect(page.locator("#problem")).to_be_focused()
        expect(page.locator("#items > li")).to_have_count(1)
        expect(waiting(page)).to_have_count(0)

    def test_card_that_asks_is_approved_at_the_bank(self, open_shop):
        page = open_shop()
        get_ready(page, THREE_D_SECURE)

        pay(page)
        expect(page.get_by_role("heading", name="Is this payment yours?")).to_be_visible()
        expect(page.get_by_text("AUD 38.00")).to_be_visible()
        page.get_by_role("button", name="Approve").click()

        expect(page.get_by_role("heading", name=THANKS)).to_be_visible()

    def test_card_that_asks_is_refused_at_the_bank(self, open_shop):
        page = open_shop(expected=[REFUSED])
        get_ready(page, THREE_D_SECURE)

        pay(page)
        page.get_by_role("button", name="Decline").click()

        expect(page.locator("#problem")).to_contain_text("The payment was not approved by the card’s holder.")
        expect(page.locator("#items > li")).to_have_count(1)
        assert page.url.endswith("/")

    def test_shopper_who_left_the_bank_goes_on(self, open_shop):
        page = open_shop()
        get_ready(page, THREE_D_SECURE)
        pay(page)
        expect(page.get_by_role("heading", name="Is this payment yours?")).to_be_visible()

        page.goto("/")
        expect(waiting(page)).to_contain_text(re.compile("Order [0-9]+ waits for its payment"))
        expect(page.locator("#checkout")).to_be_hidden()
        page.get_by_role("button", name="Go on with the payment").click()
        page.get_by_role("button", name="Approve").click()

        expect(page.get_by_role("heading", name=THANKS)).to_be_visible()

    def test_shopper_who_left_the_bank_cancels(self, open_shop):
        page = open_shop()
        get_ready(page, THREE_D_SECURE)
        pay(page)
        expect(page.get_by_role("heading", name="Is this payment yours?")).to_be_visible()
        challenge = page.url

        page.goto("/")
        page.get_by_role("button", name="Cancel this order").click()

        expect(page.get_by_role("status")).to_contain_text("Its wines are in your cart again.")
        expect(page.locator("#items > li")).to_have_count(1)
        expect(waiting(page)).to_have_count(0)
        page.goto(challenge)
        expect(page.get_by_text("The payment of AUD 38.00 is cancelled.")).to_be_visible()

    def test_second_order_waits_for_the_first_to_be_finished(self, open_shop):
        page = open_shop()
        get_ready(page, THREE_D_SECURE)
        pay(page)
        expect(page.get_by_role("heading", name="Is this payment yours?")).to_be_visible()
        page.goto("/")
        add(page, "Brut NV")

        pay(page)

        expect(page.get_by_role("alert")).to_contain_text("Another order waits for its payment.")
        expect(waiting(page).get_by_role("heading")).to_be_focused()
        expect(page.locator("#items > li")).to_have_count(1)

    def test_answer_that_is_late_is_waited_for(self, open_shop):
        page = open_shop()
        get_ready(page, LATE)

        pay(page)
        expect(waiting(page)).to_contain_text("The payment is not confirmed yet.")
        expect(waiting(page).get_by_role("heading")).to_be_focused()
        page.get_by_role("button", name="Look again now").click()

        expect(page.get_by_role("heading", name=THANKS)).to_be_visible()

    def test_page_that_is_opened_again_shows_what_waits(self, open_shop):
        page = open_shop()
        get_ready(page, LATE)
        pay(page)
        expect(waiting(page)).to_contain_text("The payment is not confirmed yet.")

        page.reload()
        expect(waiting(page)).to_contain_text("You can go on with the payment, or cancel the order")
        page.get_by_role("button", name="Cancel this order").click()

        expect(page.get_by_role("heading", name=THANKS)).to_be_visible()


class TestWallet:
    def test_reference_pays_the_order(self, open_shop):
        page = open_shop()
        get_ready(page, use_wallet)
        pay(page)
        expect(waiting(page)).to_contain_text("$38.00")

        reference = pay_at_wallet(page)
        page.get_by_label("Reference of your payment").fill(f" {reference.lower()} ")
        page.get_by_role("button", name="I have paid").click()

        expect(page.get_by_role("heading", name=THANKS)).to_be_visible()

    def test_reference_that_is_wrong_is_refused_beside_its_field(self, open_shop):
        page = open_shop(expected=[REFUSED])
        get_ready(page, use_wallet)
        pay(page)

        for reference, said in [
            ("", "Enter the reference that the wallet shows you."),
            ("PW-AAAA-BBBB-CCCC", "There is no payment for this order with this reference."),
        ]:
            page.get_by_label("Reference of your payment").fill(reference)
            page.get_by_role("button", name="I have paid").click()

            expect(page.locator("#waiting .error")).to_have_text(said)
            expect(page.get_by_label("Reference of your payment")).to_be_focused()
        expect(waiting(page)).to_have_count(1)

    def test_another_order_is_bought_while_one_waits_and_its_reference_counts_once(self, open_shop):
        page = open_shop(expected=[REFUSED])
        get_ready(page, use_wallet)
        pay(page)
        reference = pay_at_wallet(page)
        add(page, "Brut NV")
        page.get_by_role("button", name="Place the order and pay $58.00").click()
        expect(waiting(page)).to_have_count(2)

        second = waiting(page).filter(has_text="$58.00")
        second.get_by_label("Reference of your payment").fill(reference)
        second.get_by_role("button", name="I have paid").click()
        expect(second.locator(".error")).to_have_text("There is no payment for this order with this reference.")
        page.reload()
        expect(waiting(page)).to_have_count(2)
        waiting(page).first.get_by_role("button", name="Go on with the payment").click()

        expect(page.get_by_role("row", name="Total $38.00")).to_be_visible()
        page.goto("/")
        expect(waiting(page)).to_have_count(1)

    def test_same_order_again_is_asked_about(self, open_shop):
        page = open_shop()
        get_ready(page, use_wallet)
        pay(page)
        expect(waiting(page)).to_have_count(1)
        add(page, "Riesling 2023")

        pay(page)
        expect(waiting(page)).to_contain_text("Nothing new was ordered.")
        expect(page.locator("#items > li")).to_have_count(1)
        page.get_by_role("button", name="Order the same again").click()

        expect(waiting(page)).to_have_count(2)
        expect(page.locator("#items > li")).to_have_count(0)

    def test_too_little_is_paid_back_and_the_cart_is_as_it_was(self, open_shop):
        page = open_shop(expected=[REFUSED])
        get_ready(page, use_wallet)
        pay(page)

        reference = pay_at_wallet(page, "Too little")
        page.get_by_label("Reference of your payment").fill(reference)
        page.get_by_role("button", name="I have paid").click()

        expect(page.locator("#problem")).to_contain_text("It is paid back to you, and your cart is as it was.")
        expect(page.locator("#items > li")).to_have_count(1)

    def test_money_that_is_on_its_way_cannot_be_called_back(self, open_shop):
        page = open_shop()
        get_ready(page, use_wallet)
        pay(page)

        pay_at_wallet(page, "arriving in")
        page.get_by_role("button", name="Cancel this order").click()

        expect(waiting(page)).to_contain_text("The payment is not confirmed yet.")
        expect(page.locator("#items > li")).to_have_count(0)

    def test_order_that_waits_is_cancelled(self, open_shop):
        page = open_shop()
        get_ready(page, use_wallet)
        pay(page)

        page.get_by_role("button", name="Cancel this order").click()

        expect(waiting(page)).to_have_count(0)
        expect(page.locator("#items > li")).to_have_count(1)
        expect(cart(page).get_by_role("heading", name="Your cart")).to_be_focused()


class TestLooks:
    @pytest.mark.parametrize("scheme", ["light", "dark"])
    @pytest.mark.parametrize("width", [320, 1280])
    def test_axe_finds_nothing_on_the_way(self, open_shop, scheme, width):
        axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="there is no axe-playwright-python")
        page = open_shop(width=width, color_scheme=scheme, reduced_motion="reduce", expected=[REFUSED])
        found = {}

        def look(where, page=page):
            for violation in axe.Axe().run(page).response["violations"]:
                targets = [node["target"] for node in violation["nodes"]]
                found.setdefault(where, []).append((violation["id"], targets))
            if page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"):
                found.setdefault(where, []).append("has to be scrolled sideways")

        get_ready(page, use_wallet)
        pay(page)
        page.get_by_label("Reference of your payment").fill("PW-AAAA-BBBB-CCCC")
        page.get_by_role("button", name="I have paid").click()
        expect(page.locator("#waiting .error")).to_be_visible()
        look("wrong reference")
        pay_at_wallet(page, look=lambda tab: look(tab.url.split("/")[3].partition("?")[0], tab))
        page.reload()
        add(page, "Brut NV")
        look("another order")
        page.get_by_role("button", name="Card, by Pretend Card Services").click()
        use_card(page, THREE_D_SECURE)
        pay(page)
        expect(page.get_by_role("heading", name="Is this payment yours?")).to_be_visible()
        look("bank")
        page.get_by_role("button", name="Decline").click()
        expect(page.locator("#problem")).to_be_visible()
        look("declined")

        assert found == {}

    def test_books_of_the_providers_can_be_read(self, open_shop):
        page = open_shop()
        get_ready(page, use_wallet)
        pay(page)
        reference = pay_at_wallet(page)
        books = page.get_by_role("link", name="Open Pretend Wallet").get_attribute("href").partition("/pay")[0]

        page.goto(books)

        assert reference
        expect(page.get_by_role("row").nth(1)).to_contain_text("AUD 38.00")


class TestShopThatIsKilled:
    def test_order_settles_after_the_server_was_killed(self, open_shop, demo):
        address, read_log, _ = demo
        page = open_shop(at=address, expected=["Failed to load resource"])
        page.set_default_timeout(20_000)
        get_ready(page, LATE)

        with page.expect_request("**/_cart/checkout/"):
            pay(page)
        expect(page.get_by_role("button", name="Placing the order…")).to_be_visible()
        page.wait_for_timeout(1500)
        os.kill(int(re.findall("Process ([0-9]+): shop’s server", read_log())[-1]), signal.SIGKILL)
        expect(page.locator("#problem")).to_contain_text("you will not be charged twice")
        expect(waiting(page)).to_contain_text("waits for its payment", timeout=30_000)

        expect(page.get_by_role("heading", name=THANKS)).to_be_visible(timeout=60_000)
        assert read_log().count("Starting development server") == 2
