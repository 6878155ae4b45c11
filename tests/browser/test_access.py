"""The shop on a phone, by the keyboard alone, and by a screen reader."""

import re

import pytest

from tests.browser.shopping import PAY, REFUSED, add, cart, expect, fill_address, get_ready, give_email, use_card

pytestmark = pytest.mark.browser


def overflow(page):
    return page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")


class TestPhone:
    @pytest.mark.parametrize("width", [320, 390, 768, 1024])
    def test_nothing_has_to_be_scrolled_sideways(self, open_shop, width):
        page = open_shop(width=width, height=800)
        get_ready(page)
        page.get_by_role("button", name="Add another address").click()

        assert overflow(page) == 0
        page.goto("/wines/OS-PGRI-23/")
        assert overflow(page) == 0

    @pytest.mark.parametrize("width", [320, 390])
    def test_wine_is_bought_by_touch(self, open_shop, width):
        page = open_shop(width=width, height=740, has_touch=True, is_mobile=True)

        page.get_by_role("button", name="Add to cart Riesling 2023").tap()
        link = page.get_by_role("link", name=re.compile("View cart"))
        expect(link).to_contain_text("1 bottle, $38.00")
        link.tap()
        expect(link).to_be_hidden()
        fill_address(page)
        give_email(page)
        use_card(page, "Visa ending in 4242, is accepted")
        page.get_by_role("button", name=PAY).tap()

        expect(page.get_by_role("heading", name="Thank you for your order")).to_be_visible()
        assert overflow(page) == 0

    def test_controls_are_large_enough_for_a_finger(self, open_shop):
        page = open_shop(width=390)
        get_ready(page)

        heights = page.evaluate(
            "[...document.querySelectorAll('button, input:not([type=radio]), select')]"
            ".filter((each) => each.checkVisibility()).map((each) => each.getBoundingClientRect().height)"
        )

        assert min(heights) >= 24


class TestKeyboard:
    def test_wine_is_bought_without_a_mouse(self, open_shop):
        page = open_shop()

        press_until(page, "Tab", "Add to cart Brut NV")
        page.keyboard.press("Enter")
        expect(page.get_by_role("status")).to_contain_text("Brut NV is in your cart")
        press_until(page, "Tab", "One more")
        page.keyboard.press("Space")
        expect(page.get_by_role("button", name="Place the order and pay $104.00")).to_be_visible()
        press_until(page, "Tab", "Full name")
        for text in ("Joe Bloggs", "123 Fake St", "Adelaide", "South", "5000"):
            page.keyboard.type(text)
            page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        expect(page.get_by_role("radio", name="Joe Bloggs")).to_be_focused()
        press_until(page, "Tab", "Where the receipt goes")
        page.keyboard.type("joe@example.com")
        page.keyboard.press("Enter")
        expect(page.get_by_role("status")).to_contain_text("The e-mail address is saved")
        press_until(page, "Tab", "Test card")
        page.keyboard.type("Visa")
        press_until(page, "Tab", "Use this card")
        page.keyboard.press("Enter")
        expect(page.get_by_role("radio", name="Visa ending in 4242")).to_be_focused()
        press_until(page, "Tab", "Place the order and pay $104.00")
        page.keyboard.press("Enter")

        expect(page.get_by_role("heading", name="Thank you for your order")).to_be_visible()

    def test_focus_can_always_be_seen(self, open_shop):
        page = open_shop()
        add(page, "Riesling 2023")
        unseen = []

        page.evaluate("document.activeElement.blur()")
        for _ in range(45):
            page.keyboard.press("Tab")
            name, width = page.evaluate(
                "[document.activeElement.outerHTML.slice(0, 80),"
                " parseFloat(getComputedStyle(document.activeElement).outlineWidth)]"
            )
            if width < 2:
                unseen.append(name)

        assert unseen == []

    def test_content_and_cart_can_be_skipped_to(self, open_shop):
        page = open_shop()

        page.keyboard.press("Tab")
        expect(page.get_by_role("link", name="Skip to the wines")).to_be_focused()
        expect(page.get_by_role("link", name="Skip to the wines")).to_be_in_viewport()
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        page.keyboard.press("Tab")

        assert page.evaluate("document.activeElement.closest('#cart') !== null")


NAME_OF_FOCUSED = """() => {
    const focused = document.activeElement;
    return focused.getAttribute("aria-label") ?? (focused.labels?.[0] ?? focused).textContent.trim();
}"""


def press_until(page, key, name):
    """Press ``key`` until what has the focus is called ``name``."""
    names = []
    for _ in range(60):
        page.keyboard.press(key)
        names.append(page.evaluate(NAME_OF_FOCUSED))
        if names[-1] == name:
            return
    pytest.fail(f"{name!r} was not reached by {key}: {names}")


class TestScreenReader:
    def test_page_has_its_landmarks_and_headings(self, open_shop):
        page = open_shop()

        for role in ("banner", "main", "navigation", "contentinfo"):
            expect(page.get_by_role(role)).to_have_count(1)
        expect(cart(page)).to_have_count(1)
        expect(page.get_by_role("heading", level=1)).to_have_count(1)
        expect(cart(page).get_by_role("heading", level=3)).to_have_text(
            ["Wines in the cart", "Delivery", "E-mail", "Payment", "Before you can order"]
        )

    def test_each_control_has_a_name_of_its_own(self, open_shop):
        page = open_shop()
        get_ready(page)
        add(page, "Moscato 2024")

        snapshot = page.locator("body").aria_snapshot()

        assert re.findall(r"- (?:button|combobox|link|radio|spinbutton|textbox)$", snapshot, re.MULTILINE) == []
        removals = re.findall(r'button "(Remove[^"]*)"', snapshot)
        assert len(removals) == len(set(removals)) == 2

    @pytest.mark.parametrize("scheme", ["light", "dark"])
    @pytest.mark.parametrize("width", [390, 1280])
    def test_axe_finds_nothing(self, open_shop, scheme, width):
        axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="there is no axe-playwright-python")
        page = open_shop(width=width, color_scheme=scheme, reduced_motion="reduce", expected=[REFUSED])
        found = {}

        def look(where):
            for violation in axe.Axe().run(page).response["violations"]:
                targets = [node["target"] for node in violation["nodes"]]
                found.setdefault(where, []).append((violation["id"], targets))

        look("empty cart")
        page.get_by_role("button", name="Save this address").click()
        look("form with errors")
        get_ready(page, "Visa ending in 0002, is declined")
        look("full cart")
        page.get_by_role("button", name=PAY).click()
        expect(page.locator("#problem")).to_be_visible()
        look("declined card")
        page.get_by_role("button", name="Card, by Pretend Card Services").click()
        use_card(page, "Visa ending in 4242, is accepted")
        page.get_by_role("button", name=PAY).click()
        expect(page.get_by_role("heading", name="Thank you for your order")).to_be_visible()
        look("order")
        for path in ("/wines/LP-BRUT-NV/", "/accounts/login/", "/accounts/signup/"):
            page.goto(path)
            look(path)

        assert found == {}

    def test_nothing_moves_for_those_who_asked_for_that(self, open_shop):
        page = open_shop(reduced_motion="reduce")

        moving = page.evaluate(
            "[...document.querySelectorAll('*')].filter((each) => {"
            " const style = getComputedStyle(each);"
            " return style.animationName !== 'none' || style.transitionDuration !== '0s'"
            " || style.scrollBehavior === 'smooth'; }).length"
        )

        assert moving == 0
