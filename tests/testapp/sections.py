"""Cart sections of the test shop, none of them on by default."""

from lorikeet.sections import CartSection


class Summary(CartSection):
    """How much is in the cart, in words."""

    key = "summary"

    def get_data(self, contents, totals):
        return {"lines": len(contents.lines), "costs": str(totals.grand_total)}


class Clashing(CartSection):
    """Uses a key that is taken."""

    key = "items"

    def get_data(self, contents, totals):
        return []
