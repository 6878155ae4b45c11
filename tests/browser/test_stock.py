"""Two shoppers and one bottle: who gets it, what the other is told, and what a cart keeps."""

import re

import pytest

from tests.browser.shopping import PAY, REFUSED, add, cart, expect, get_ready

pytestmark = pytest.mark.browser

RIESLING, RARE, ROSE = "QH-RIES-23", "QH-SHIR-06", "TM-ROSE-24"
MUSEUM = "Museum Release Shiraz 2006"
THANKS = "Thank you for your order"
THREE_D_SECURE = "Visa ending in 3220, asks for a 3-D Secure step"
SECONDS_KEPT = 300

END_OF_TIME = """
from datetime import timedelta
from django.utils.timezone import now
from lorikeet.extensions.stock.models import Hold
Hold.objects.filter(state="held", order=None).update(expires_at=now() - timedelta(seconds=1))
"""
#: What the carts of tests before have kept.
LET_GO = f"{END_OF_TIME}\nfrom lorikeet.extensions.stock.holds import release_expired\nrelease_expired()"
CHECK = "from django.core.management import call_command\ncall_command('lorikeet_check')"


@pytest.fixture
def shop(rare_shop, open_shop):
    """Return a function that opens the shop in a window of another shopper, and check every rule afterwards."""
    address, _, run = rare_shop
    run(LET_GO)
    yield lambda **options: open_shop(at=address, expected=[REFUSED], **options)
    run(CHECK)


@pytest.fixture
def leave(rare_shop):
    """Return a function that leaves so many bottles: ``leave("QH-RIES-23", 1)``."""
    return rare_shop[1]


@pytest.fixture
def let_time_pass(rare_shop):
    """Return a function that lets the holds of all carts expire, as the server sees it."""
    return lambda: rare_shop[2](END_OF_TIME)


def pay(page):
    page.get_by_role("button", name=PAY).click()


def problem(page):
    return page.locator("#problem")


def alert(page):
    return page.get_by_role("alert")


class TestLastBottle:
    def test_one_of_two_who_order_at_once_gets_it_and_the_other_is_told(self, shop, leave):
        leave(RIESLING, 1)
        pages = [shop(), shop()]
        for page in pages:
            get_ready(page)

        for page in pages:
            pay(page)
        for page in pages:
            expect(page.locator("#problem:visible, .thanks")).to_be_visible()

        (winner,) = [page for page in pages if page.locator(".thanks").is_visible()]
        (loser,) = [page for page in pages if page is not winner]
        expect(winner.get_by_role("heading", name=THANKS)).to_be_visible()
        expect(problem(loser)).to_have_text(
            "There is less left than you asked for. 1 × Riesling 2023: none is left. Nothing was charged."
        )
        expect(problem(loser)).to_be_focused()
        expect(cart(loser).get_by_role("link", name="Riesling 2023", exact=True)).to_be_visible()
        expect(loser.get_by_label("Number of bottles of Riesling 2023")).to_have_value("1")
        expect(loser.get_by_label("Number of bottles of Riesling 2023")).to_have_accessible_description("None is left.")
        expect(loser.get_by_role("button", name="Place the order and pay $38.00")).to_be_visible()
        expect(loser.get_by_role("button", name="Sold out Riesling 2023")).to_be_disabled()

    def test_declined_payment_gives_it_to_the_other(self, shop, leave):
        leave(RIESLING, 1)
        first, second = shop(), shop()
        get_ready(first, THREE_D_SECURE)
        get_ready(second)

        pay(first)
        expect(first.get_by_role("heading", name="Is this payment yours?")).to_be_visible()
        pay(second)
        expect(problem(second)).to_contain_text("none is left")
        first.get_by_role("button", name="Decline").click()
        expect(problem(first)).to_contain_text("The payment was not approved by the card’s holder.")
        pay(second)

        expect(second.get_by_role("heading", name=THANKS)).to_be_visible()
        pay(first)
        expect(problem(first)).to_contain_text("1 × Riesling 2023: none is left.")

    def test_button_leads_to_the_line_of_which_none_is_left(self, shop, leave):
        leave(RIESLING, 1)
        page = shop()
        get_ready(page)
        leave(RIESLING, 0)
        page.reload()

        pay(page)

        expect(alert(page)).to_contain_text("1 × Riesling 2023: none is left.")
        expect(page.get_by_role("button", name="Remove Riesling 2023")).to_be_focused()

    def test_what_is_left_is_taken_with_one_click(self, shop, leave):
        leave(ROSE, 5)
        first, second = shop(), shop()
        get_ready(first, wine="Rosé of Grenache 2024")
        first.get_by_label("Number of bottles").fill("5")
        first.get_by_label("Number of bottles").press("Enter")
        expect(first.get_by_role("button", name="Place the order and pay $132.00")).to_be_visible()
        get_ready(second, wine="Rosé of Grenache 2024")
        second.get_by_role("button", name="One more").click()
        expect(second.get_by_role("button", name="Place the order and pay $60.00")).to_be_visible()
        pay(second)
        expect(second.get_by_role("heading", name=THANKS)).to_be_visible()

        pay(first)
        expect(problem(first)).to_contain_text("5 × Rosé of Grenache 2024: only 3 are left. Nothing was charged.")
        first.get_by_role("link", name="only 3 are left").click()
        expect(first.get_by_role("button", name="Take 3 of Rosé of Grenache 2024")).to_be_focused()
        first.keyboard.press("Enter")

        expect(first.get_by_role("button", name="Place the order and pay $84.00")).to_be_visible()
        expect(first.get_by_label("Number of bottles")).to_be_focused()
        expect(first.locator("#items .reason:visible")).to_have_count(0)
        expect(problem(first)).to_be_hidden()
        pay(first)
        expect(first.get_by_role("heading", name=THANKS)).to_be_visible()

    def test_what_others_buy_is_no_reason_to_ask_again(self, shop, leave):
        leave(RIESLING, 9)
        first, second = shop(), shop()
        get_ready(first)
        get_ready(second)
        pay(first)
        expect(first.get_by_role("heading", name=THANKS)).to_be_visible()

        pay(second)

        expect(second.get_by_role("heading", name=THANKS)).to_be_visible()

    def test_page_that_is_looked_at_again_says_what_is_gone(self, shop, leave):
        leave(RIESLING, 1)
        first, second = shop(), shop()
        add(first, "Riesling 2023")
        expect(first.get_by_role("article", name="Riesling 2023", exact=True)).to_contain_text("Only 1 left")
        get_ready(second)
        pay(second)
        expect(second.get_by_role("heading", name=THANKS)).to_be_visible()

        first.evaluate("document.dispatchEvent(new Event('visibilitychange'))")

        expect(alert(first)).to_contain_text("1 × Riesling 2023: none is left.")
        expect(first.locator("#items .reason")).to_have_text("None is left.")
        expect(first.get_by_role("article", name="Riesling 2023", exact=True)).not_to_contain_text("Only 1 left")


class TestWineThatIsKept:
    def test_the_shopper_who_has_it_in_the_cart_has_it(self, shop, leave):
        leave(RARE, 1)
        first, second = shop(), shop()
        add(first, MUSEUM)

        expect(cart(first)).to_contain_text(re.compile(r"Kept for you until \d+:\d\d [ap]m\."))
        expect(first.get_by_role("button", name=f"No more left {MUSEUM}")).to_be_disabled()
        second.get_by_role("button", name=f"Add to cart {MUSEUM}").click()

        expect(alert(second)).to_contain_text(f"1 × {MUSEUM}: none is left.")
        expect(second.locator("#items > li")).to_have_count(0)
        expect(second.get_by_role("button", name=f"Sold out {MUSEUM}")).to_be_disabled()

    def test_more_than_there_are_is_refused_and_the_number_put_back(self, shop, leave):
        leave(RARE, 2)
        page = shop()
        add(page, MUSEUM)

        page.get_by_label("Number of bottles").fill("3")
        page.get_by_label("Number of bottles").press("Enter")

        expect(alert(page)).to_contain_text(f"3 × {MUSEUM}: only 2 are left.")
        expect(page.get_by_label("Number of bottles")).to_have_value("1")
        expect(cart(page)).to_contain_text("Kept for you until")

    def test_removed_one_can_be_added_by_others(self, shop, leave):
        leave(RARE, 1)
        first, second = shop(), shop()
        add(first, MUSEUM)

        first.get_by_role("button", name=f"Remove {MUSEUM}").click()

        expect(first.get_by_role("button", name=f"Add to cart {MUSEUM}")).to_be_enabled()
        add(second, MUSEUM)

    def test_when_the_time_is_over_and_another_took_it_the_page_says_so(self, shop, leave, let_time_pass):
        leave(RARE, 1)
        first, second = shop(), shop()
        first.clock.install()
        add(first, MUSEUM)
        let_time_pass()
        add(second, MUSEUM)

        first.clock.fast_forward(1000 * SECONDS_KEPT + 2000)

        expect(alert(first)).to_contain_text(f"1 × {MUSEUM}: none is left.")
        expect(first.locator("#items .reason")).to_have_text("None is left.")
        expect(cart(first)).not_to_contain_text("Kept for you until")
        expect(first.locator("#items > li")).to_have_count(1)

    def test_when_the_time_is_over_it_can_be_kept_for_longer(self, shop, leave, let_time_pass):
        leave(RARE, 1)
        page = shop()
        page.clock.install()
        add(page, MUSEUM)
        let_time_pass()

        page.clock.fast_forward(1000 * SECONDS_KEPT + 2000)
        expect(page.get_by_role("status")).to_contain_text(
            f"Not kept for you any more: {MUSEUM}. Others can buy it too."
        )
        page.get_by_role("button", name=f"Keep it for longer {MUSEUM}").click()

        expect(page.get_by_role("status")).to_contain_text(f"{MUSEUM} is kept for you until")
        expect(page.get_by_label("Number of bottles")).to_be_focused()
        expect(page.get_by_role("button", name="Keep it for longer")).to_be_hidden()

    def test_it_is_bought(self, shop, leave):
        leave(RARE, 1)
        page = shop()
        get_ready(page, wine=MUSEUM)

        pay(page)

        expect(page.get_by_role("heading", name=THANKS)).to_be_visible()
        page.get_by_role("link", name="Back to the wines").click()
        expect(page.get_by_role("button", name=f"Sold out {MUSEUM}")).to_be_disabled()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
def test_axe_finds_nothing(shop, leave, scheme, width):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="there is no axe-playwright-python")
    leave(RARE, 1)
    leave(ROSE, 3)
    page = shop(width=width, color_scheme=scheme, reduced_motion="reduce")
    add(page, MUSEUM)
    add(page, "Rosé of Grenache 2024")
    page.get_by_label("Number of bottles of Rosé").fill("4")
    page.get_by_label("Number of bottles of Rosé").press("Enter")
    expect(page.get_by_role("button", name="Take 3")).to_be_visible()

    violations = axe.Axe().run(page).response["violations"]

    assert [(each["id"], [node["target"] for node in each["nodes"]]) for each in violations] == []
    assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") == 0
