"""The steps of a shopper; each waits until the page shows that it is done."""

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


def sign_up(page, name):
    """Make an account on its page, which leads back to the wines."""
    page.get_by_role("link", name="Sign up").click()
    page.get_by_label("Username").fill(name)
    page.get_by_label("E-mail address").fill(f"{name}@example.com")
    page.get_by_label("Password:", exact=True).fill("a long pass phrase")
    page.get_by_label("Password confirmation").fill("a long pass phrase")
    page.get_by_role("button", name="Sign up").click()
    expect(page.get_by_role("button", name="Sign out")).to_be_visible()


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


def use_stripe(card, is_kept=False):
    """Return a function that chooses a test card of Stripe's double."""

    def use(page):
        page.get_by_role("button", name="Card, by Stripe").click()
        page.get_by_label("Test case").select_option(label=card)
        if is_kept:
            page.get_by_label("Keep this card").check()
        page.get_by_role("button", name="Use this card").click()
        expect(page.get_by_role("radio", name=card.split(",")[0])).to_be_checked()

    return use


def use_wallet(page):
    page.get_by_role("button", name="Pay elsewhere, with Pretend Wallet").click()
    expect(page.get_by_role("radio", name="Pretend Wallet")).to_be_checked()


def get_ready(page, card="Visa ending in 4242, is accepted", wine="Riesling 2023"):
    """Do all that an order needs; ``card`` is the name of one, or a function that chooses how to pay."""
    add(page, wine)
    fill_address(page)
    give_email(page)
    if callable(card):
        card(page)
    else:
        use_card(page, card)
    expect(page.get_by_role("heading", name="Before you can order")).to_be_hidden()


def waiting(page):
    """Return the orders that wait for their money."""
    return page.locator("#waiting > li")


def pay_at_wallet(page, choice="All of it, AUD", look=lambda tab: None):
    """Pay the order that is shown on the wallet's own page, in a tab of its own, and return the reference.

    ``look`` is called with each page that the wallet shows.
    """
    with page.context.expect_page() as opened:
        page.get_by_role("link", name="Open Pretend Wallet").click()
    tab = opened.value
    tab.get_by_label(choice).check()
    look(tab)
    tab.get_by_role("button", name="Pay").click()
    reference = tab.locator("output").text_content()
    look(tab)
    tab.close()
    return reference
