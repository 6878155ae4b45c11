"""What a shopper does, step by step, each until the page shows that it is done."""

import re

try:
    from playwright.sync_api import expect
except ImportError:  # the fixture ``chromium`` says so
    expect = None

PAY = re.compile("Place the order and pay")

# What a browser itself writes to the console of each answer above 399.
REFUSED = "Failed to load resource: the server responded with a status of 4"


def add(page, wine):
    page.get_by_role("button", name=f"Add to cart {wine}").click()
    expect(page.get_by_role("status")).to_contain_text(f"{wine} is in your cart")


def cart(page):
    return page.get_by_role("region", name="Your cart")


def fill_address(page):
    form = page.get_by_role("form", name="New address")
    form.get_by_label("Full name").fill("Joe Bloggs")
    form.get_by_label("Street address").fill("123 Fake St")
    form.get_by_label("Suburb or town").fill("Adelaide")
    form.get_by_label("State").select_option("SA")
    form.get_by_label("Postcode").fill("5000")
    form.get_by_role("button", name="Save this address").click()
    expect(page.get_by_role("radio", name="Joe Bloggs")).to_be_checked()


def give_email(page):
    page.get_by_label("Where the receipt goes").fill("joe@example.com")
    page.get_by_role("button", name="Save e-mail address").click()
    expect(page.get_by_role("status")).to_contain_text("The e-mail address is saved")


def use_card(page, card):
    page.get_by_label("Test card").select_option(label=card)
    page.get_by_role("button", name="Use this card").click()
    expect(page.get_by_role("radio", name=card.split(",")[0])).to_be_checked()


def get_ready(page, card="Visa ending in 4242, is accepted"):
    add(page, "Riesling 2023")
    fill_address(page)
    give_email(page)
    use_card(page, card)
    expect(page.get_by_role("heading", name="Before you can order")).to_be_hidden()
