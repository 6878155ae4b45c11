"""From the first look at the wines to the page of the order, and all that can be done to the cart on the way."""

import json
import re

import pytest

from tests.browser.shopping import PAY, REFUSED, add, cart, expect, fill_address, give_email, sign_up, use_card

pytestmark = pytest.mark.browser


def missing(page):
    return page.locator("#reasons li").all_inner_texts()


class TestJourney:
    def test_shopper_sees_what_is_missing_until_the_order_is_placed(self, open_shop):
        page = open_shop(expected=[REFUSED])
        assert missing(page) == [
            "A delivery address is required.",
            "A payment method is required.",
            "There are no items in the cart.",
            "An email address is required.",
        ]

        add(page, "Riesling 2023")
        add(page, "Moscato 2024")
        page.get_by_role("group", name="Bottles of Riesling 2023").get_by_role("button", name="One more").click()
        expect(page.get_by_role("button", name="Place the order and pay $82.00")).to_be_visible()
        assert "There are no items in the cart." not in missing(page)

        fill_address(page)
        expect(page.locator("#reasons li")).to_have_text(
            ["A payment method is required.", "An email address is required."]
        )
        give_email(page)
        expect(page.locator("#reasons li")).to_have_text(["A payment method is required."])

        use_card(page, "Visa ending in 0002, is declined")
        expect(page.locator("#reasons")).to_be_hidden()
        page.get_by_role("button", name=PAY).click()
        problem = page.locator("#problem")
        expect(problem).to_contain_text("Your card was declined.")
        expect(problem).to_be_focused()
        expect(page.locator("#items > li")).to_have_count(2)

        page.get_by_role("button", name="Card, by Pretend Card Services").click()
        use_card(page, "Visa ending in 4242, is accepted")
        page.get_by_role("button", name=PAY).click()

        expect(page.get_by_role("heading", name="Thank you for your order")).to_be_visible()
        assert "token" not in page.url
        expect(page.get_by_role("row", name="Total $82.00")).to_be_visible()
        page.get_by_role("link", name="Back to the wines").click()
        expect(page.locator("#items > li")).to_have_count(0)

    def test_wine_has_its_own_page_with_the_same_cart(self, open_shop):
        page = open_shop()

        page.get_by_role("link", name="Botrytis Riesling 2021").click()
        expect(page.get_by_role("heading", name="Botrytis Riesling 2021", level=1)).to_be_visible()
        add(page, "Botrytis Riesling 2021")

        expect(cart(page).get_by_role("link", name="Botrytis Riesling 2021")).to_be_visible()

    def test_cart_is_still_there_after_signing_up(self, open_shop):
        page = open_shop()
        add(page, "Riesling 2023")

        sign_up(page, "joe")

        expect(cart(page).get_by_role("link", name="Riesling 2023")).to_be_visible()
        expect(page.get_by_text("The receipt goes to joe@example.com.")).to_be_visible()

    def test_sold_out_wine_cannot_be_added(self, open_shop):
        page = open_shop()
        button = page.get_by_role("button", name="Sold out Skin Contact Pinot Gris 2023")

        expect(button).to_be_disabled()
        button.press("Enter")

        expect(page.get_by_role("alert")).to_contain_text("Skin Contact Pinot Gris 2023 is sold out.")
        expect(page.locator("#items > li")).to_have_count(0)


class TestCart:
    def test_quantity_can_be_typed(self, open_shop):
        page = open_shop()
        add(page, "Riesling 2023")

        page.get_by_label("Number of bottles of Riesling 2023").fill("6")
        page.get_by_label("Number of bottles of Riesling 2023").press("Enter")

        expect(page.get_by_role("status")).to_contain_text("6 bottles, $168.00")

    def test_clicks_faster_than_the_server_are_all_counted(self, open_shop):
        page = open_shop()
        add(page, "Riesling 2023")

        page.evaluate("for (let i = 0; i < 9; i++) document.querySelector('[data-action=more]').click()")

        expect(page.get_by_role("button", name="Place the order and pay $260.00")).to_be_visible()
        expect(page.get_by_label("Number of bottles of Riesling 2023")).to_have_value("10")

    def test_quantity_out_of_range_is_explained_and_put_back(self, open_shop):
        page = open_shop()
        add(page, "Riesling 2023")

        page.get_by_label("Number of bottles of Riesling 2023").fill("61")
        page.get_by_label("Number of bottles of Riesling 2023").press("Tab")

        expect(page.get_by_role("alert")).to_contain_text("Choose between 1 and 60 bottles.")
        expect(page.get_by_label("Number of bottles of Riesling 2023")).to_have_value("1")

    def test_too_many_of_a_wine_is_said_beside_its_line(self, open_shop):
        page = open_shop()
        add(page, "Rosé of Grenache 2024")

        page.get_by_label("Number of bottles of Rosé of Grenache 2024").fill("4")
        page.get_by_label("Number of bottles of Rosé of Grenache 2024").press("Tab")

        expect(page.locator("#items .reason")).to_have_text("Only 3 are left.")
        expect(page.get_by_role("alert")).to_contain_text("4 × Rosé of Grenache 2024: only 3 are left.")

    def test_focus_goes_to_the_neighbour_of_a_removed_line(self, open_shop):
        page = open_shop()
        add(page, "Riesling 2023")
        add(page, "Moscato 2024")

        page.get_by_role("button", name="Remove Riesling 2023").click()
        expect(page.get_by_role("button", name="Remove Moscato 2024")).to_be_focused()
        page.get_by_role("button", name="Remove Moscato 2024").click()

        expect(page.get_by_role("heading", name="Your cart")).to_be_focused()

    def test_coupon_is_taken_off_and_removed(self, open_shop):
        page = open_shop(expected=[REFUSED])
        add(page, "Brut NV")

        page.get_by_label("Coupon").fill("freewine")
        page.get_by_role("button", name="Apply coupon").click()
        expect(page.get_by_label("Coupon")).to_have_accessible_description("This code is not valid.")
        expect(page.get_by_label("Coupon")).to_be_focused()
        page.get_by_label("Coupon").fill("tenoff")
        page.get_by_role("button", name="Apply coupon").click()
        expect(page.locator("#totals")).to_contain_text("\N{MINUS SIGN}$4.60")
        page.get_by_role("button", name="Remove coupon TENOFF").click()

        expect(page.get_by_role("button", name="Place the order and pay $58.00")).to_be_visible()

    def test_address_can_be_edited_joined_by_another_and_deleted(self, open_shop):
        page = open_shop()
        fill_address(page)

        page.get_by_role("button", name="Edit Joe Bloggs").click()
        page.get_by_label("Full name").fill("Josephine Bloggs")
        page.get_by_role("button", name="Save this address").click()
        expect(page.get_by_role("radio", name="Josephine Bloggs")).to_be_checked()

        page.get_by_role("button", name="Add another address").click()
        expect(page.get_by_label("Full name")).to_be_focused()
        fill_address(page)
        page.get_by_role("radio", name="Josephine Bloggs").check()
        expect(page.get_by_role("status")).to_contain_text("Chosen: Josephine Bloggs")
        page.get_by_role("button", name=re.compile("Delete Josephine")).click()

        expect(page.get_by_role("radio", name="Josephine")).to_have_count(0)
        expect(page.get_by_role("radio", name="Joe Bloggs")).to_be_focused()

    def test_form_says_what_is_wrong_beside_each_field(self, open_shop):
        page = open_shop()

        page.get_by_label("Postcode").fill("50")
        page.get_by_role("button", name="Save this address").click()

        expect(page.get_by_label("Full name")).to_be_focused()
        expect(page.get_by_label("Full name")).to_have_accessible_description(
            "Enter the name of the person who receives the parcel."
        )
        expect(page.get_by_label("Postcode")).to_have_accessible_description(
            "A postcode has four digits, such as 5000."
        )
        expect(page.get_by_label("Postcode")).to_have_attribute("aria-invalid", "true")

    def test_other_tab_is_brought_up_to_date_when_it_is_looked_at(self, open_shop):
        page = open_shop()
        other = page.context.new_page()
        other.goto("/")
        add(other, "Riesling 2023")

        page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")

        expect(cart(page).get_by_role("link", name="Riesling 2023")).to_be_visible()

    def test_answer_that_is_older_than_what_is_shown_is_dropped(self, open_shop):
        page = open_shop()
        empty = page.evaluate("fetch('/_cart/').then((response) => response.json())")
        add(page, "Riesling 2023")
        page.route("**/_cart/", lambda route: route.fulfill(body=json.dumps(empty), content_type="application/json"))

        with page.expect_response("**/_cart/"):
            page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
        page.locator("#cart[aria-busy=false]").wait_for()

        expect(cart(page).get_by_role("link", name="Riesling 2023")).to_be_visible()
