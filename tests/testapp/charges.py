"""Charge sources of the test shop, none of them on by default."""

from decimal import Decimal

from lorikeet.pricing import Charge, ChargeSource


class Shipping(ChargeSource):
    """Five for the parcel, free from a hundred on, nothing for an empty cart."""

    code = "shipping"

    def get_charges(self, contents, total):
        if contents.lines and total < 100:
            yield Charge(code=self.code, label="Standard post", total=Decimal("5"), data={"days": 3})


class IncludedTax(ChargeSource):
    """The eleventh part of the running total, shown and not added."""

    code = "tax"

    def get_charges(self, contents, total):
        yield Charge(code=self.code, label="GST", total=total / 11, included=True)


class Rebate(ChargeSource):
    """Takes off more than there is."""

    code = "rebate"

    def get_charges(self, contents, total):
        yield Charge(code=self.code, label="Rebate", total=Decimal("-1000"))
