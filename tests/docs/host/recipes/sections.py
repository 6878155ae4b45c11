"""A section of the how-to guides."""

from decimal import Decimal

from lorikeet.sections import CartSection


class FreeDelivery(CartSection):
    """How much more the shopper has to buy for free postage."""

    key = "free_delivery"
    threshold = Decimal("200.00")

    def get_data(self, contents, totals):
        missing = max(self.threshold - totals.subtotal, Decimal("0.00"))
        return {"threshold": str(self.threshold), "missing": str(missing)}
