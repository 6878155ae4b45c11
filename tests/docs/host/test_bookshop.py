"""The bookshop of the README and of the page about installing answers as they say."""

import json

import pytest
from bookshop.models import Book

from tests.docs.pages import ROOT, blocks

README = ROOT / "README.rst"


@pytest.mark.skipif(not README.is_file(), reason="the README is not here")
def test_a_book_is_put_into_the_cart(shopper):
    Book.objects.create(title="Emma", price="12.50")
    sent, answered = map(json.loads, blocks(README.read_text(encoding="utf-8"), "code-block:: json"))

    response = shopper.send(None, "POST", "/_cart/new/", sent)

    assert (response.status_code, response.json()) == (201, answered)
    assert shopper.send(None, "GET", "/_cart/").json()["items"] == [answered]


def test_the_urls_that_the_page_shows_lead_to_the_cart(shopper, settings):
    settings.ROOT_URLCONF = "bookshop.urls"

    response = shopper.send(None, "GET", "/_cart/")

    assert (response.status_code, response.json()["new_item_url"]) == (200, "/_cart/new/")
