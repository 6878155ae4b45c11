"""What the shop adds to the price of the bottles: postage; and the tax that is already in it."""

from decimal import Decimal

from lorikeet.pricing import Charge, ChargeSource


class FlatRateShipping(ChargeSource):
    """One price for a parcel to anywhere in Australia, and none for a large order."""

    code = "shipping"
    rate = Decimal("12.00")
    free_from = Decimal("200.00")

    def get_charges(self, contents, total):
        if contents.lines and total >= self.free_from:
            yield Charge(self.code, "Delivery, free from $200", Decimal(0))
        elif contents.lines:
            yield Charge(self.code, "Delivery", self.rate)


class GstIncluded(ChargeSource):
    """Goods and services tax: 10 % of the price before tax, so an eleventh of the price that shoppers see."""

    code = "gst"

    def get_charges(self, contents, total):
        if total:
            yield Charge(self.code, "GST", total / 11, included=True)
