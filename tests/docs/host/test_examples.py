"""The examples in the documentation are what the shop answers.

``LORIKEET_WRITE_EXAMPLES=1 pytest tests/docs/host`` writes them anew.
"""

import json
import os

import pytest
from stock_tours import TOURS as STOCK_TOURS
from stripe_tours import TOURS as STRIPE_TOURS
from tours import TOURS, tour_of_display_amounts

from lorikeet.money import babel_numbers
from tests.docs.pages import DOCS, needs_docs

EXAMPLES = DOCS / "examples"

pytestmark = needs_docs


@pytest.mark.parametrize("tour", [*TOURS, *STRIPE_TOURS, *STOCK_TOURS])
def test_what_is_shown_is_what_is_answered(tour, shopper):
    if tour is tour_of_display_amounts and babel_numbers is None:
        pytest.skip("this needs lorikeet-cart[babel]")

    tour(shopper)

    assert shopper.exchanges
    for name, exchange in shopper.exchanges.items():
        path = EXAMPLES / f"{name}.json"
        if "LORIKEET_WRITE_EXAMPLES" in os.environ:
            path.write_text(json.dumps(exchange, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
        shown = json.loads(path.read_text(encoding="utf-8"))
        assert shown["request"] == exchange["request"], name
        assert shown["response"] == exchange["response"], name
