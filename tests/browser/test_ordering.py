"""Placing the order: refusals, bad connections, and what changed in the meantime."""

import json

import pytest

from tests.browser.shopping import PAY, REFUSED, add, expect, get_ready

pytestmark = pytest.mark.browser


class TestOrdering:
    def test_button_leads_to_what_is_missing(self, open_shop):
        page = open_shop()
        add(page, "Riesling 2023")

        page.get_by_role("button", name=PAY).click()

        expect(page.get_by_role("alert")).to_contain_text("A delivery address is required.")
        expect(page.get_by_label("Full name")).to_be_focused()

    def test_answer_that_is_lost_is_asked_for_again_and_charged_once(self, open_shop):
        page = open_shop(expected=["net::ERR_FAILED"])
        get_ready(page)
        keys = []

        def lose(route):
            keys.append(route.request.headers["idempotency-key"])
            route.fetch()
            route.abort()

        page.route("**/_cart/checkout/", lose)
        page.get_by_role("button", name=PAY).click()
        expect(page.locator("#problem")).to_contain_text("you will not be charged twice")
        page.unroute("**/_cart/checkout/", lose)
        with page.expect_request("**/_cart/checkout/") as again:
            page.locator("#checkout").click()

        assert again.value.headers["idempotency-key"] == keys[0]
        expect(page.get_by_role("heading", name="Thank you for your order")).to_be_visible()

    def test_lost_answer_is_found_out_when_the_page_is_opened_again(self, open_shop):
        page = open_shop(expected=["net::ERR_FAILED"])
        get_ready(page)
        page.route("**/_cart/checkout/", lambda route: (route.fetch(), route.abort()))
        page.get_by_role("button", name=PAY).click()
        expect(page.locator("#problem")).to_contain_text("you will not be charged twice")
        page.unroute_all()

        page.reload()

        expect(page.get_by_role("heading", name="Thank you for your order")).to_be_visible()

    def test_page_that_was_opened_again_and_again_still_orders(self, open_shop):
        page = open_shop()
        get_ready(page)
        for _ in range(2):
            page.reload()
            page.locator("#cart[aria-busy=false]").wait_for()

        page.get_by_role("button", name=PAY).click()

        expect(page.get_by_role("heading", name="Thank you for your order")).to_be_visible()

    def test_total_that_has_changed_elsewhere_is_not_charged(self, open_shop):
        page = open_shop(expected=[REFUSED])
        get_ready(page)
        other = page.context.new_page()
        other.goto("/")
        add(other, "Brut NV")
        other.close()

        page.get_by_role("button", name="Place the order and pay $38.00").click()

        expect(page.locator("#problem")).to_contain_text("has changed")
        expect(page.get_by_role("button", name="Place the order and pay $84.00")).to_be_visible()
        page.get_by_role("button", name=PAY).click()
        expect(page.get_by_role("heading", name="Thank you for your order")).to_be_visible()

    def test_quantity_typed_just_before_ordering_is_shown_before_it_is_charged(self, open_shop):
        page = open_shop()
        get_ready(page)

        page.get_by_label("Number of bottles of Riesling 2023").fill("3")
        page.get_by_role("button", name="Place the order and pay $38.00").click()

        expect(page.locator("#problem")).to_contain_text("It is now $90.00.")
        expect(page.get_by_role("button", name="Place the order and pay $90.00")).to_be_visible()

    @pytest.mark.parametrize(
        "status, body, headers, said",
        [
            (409, {"reason": "conflict", "info": [{"message": "Sold."}]}, {}, "no longer available. Sold."),
            (429, {"detail": "Throttled."}, {"Retry-After": "1800"}, "wait 30 minutes"),
            (503, {"detail": "Busy."}, {"Retry-After": "1"}, "very busy"),
            (500, {}, {}, "Something went wrong in the shop."),
            (403, {"detail": "CSRF"}, {}, "This page is out of date"),
        ],
    )
    def test_each_refusal_has_its_sentence(self, open_shop, status, body, headers, said):
        page = open_shop(expected=["Failed to load resource"])
        get_ready(page)
        answer = {"status": status, "headers": headers, "body": json.dumps(body), "content_type": "application/json"}
        page.route("**/_cart/checkout/", lambda route: route.fulfill(**answer))

        page.get_by_role("button", name=PAY).click()

        expect(page.locator("#problem")).to_contain_text(said)
        expect(page.locator("#items > li")).to_have_count(1)

    def test_connection_that_fails_is_explained_and_nothing_is_lost(self, open_shop):
        page = open_shop(expected=["net::ERR_INTERNET_DISCONNECTED"])
        add(page, "Riesling 2023")

        page.context.set_offline(True)
        page.get_by_role("button", name="Add to cart Moscato 2024").click()
        expect(page.get_by_role("alert")).to_contain_text("The shop cannot be reached.")
        page.context.set_offline(False)

        add(page, "Moscato 2024")
        expect(page.get_by_role("alert")).to_be_empty()
