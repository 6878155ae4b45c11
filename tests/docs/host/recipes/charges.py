"""Charges of the how-to guides."""

from decimal import Decimal

from django.db.models import F

from lorikeet.exceptions import ConflictError, IncompleteCartError
from lorikeet.pricing import Charge, ChargeSource

from .models import Balance


class PostageByState(ChargeSource):
    """Postage, which depends on where the parcel goes."""

    code = "shipping"
    rates = {"SA": Decimal("8.00"), "WA": Decimal("18.00"), "NT": Decimal("18.00")}
    usual_rate = Decimal("12.00")

    def get_charges(self, contents, total):
        if not contents.lines:
            return
        address = contents.delivery_address
        if address is None:
            raise IncompleteCartError("no_address", "Choose an address to see the postage.", "delivery_address")
        rate = self.rates.get(address.state, self.usual_rate)
        yield Charge(self.code, f"Parcel to {address.get_state_display()}", rate, data={"state": address.state})


class StoreCredit(ChargeSource):
    """Spends the shopper's store credit. List it last, so that it pays for the other charges too."""

    code = "store_credit"

    def get_charges(self, contents, total):
        balance = Balance.objects.filter(user=contents.cart.user_id, amount__gt=0).first()
        if balance is not None and total:
            yield Charge(self.code, "Store credit", -min(balance.amount, total))

    def prepare_for_checkout(self, order, charges):
        for charge in charges:
            enough = Balance.objects.filter(user=order.user, amount__gte=-charge.total)
            if not enough.update(amount=F("amount") + charge.total):
                raise ConflictError("credit_spent", "Your store credit has been spent elsewhere.", "charges")

    def undo_checkout(self, order):
        for charge in order.charges.filter(code=self.code):
            Balance.objects.filter(user=order.user).update(amount=F("amount") - charge.total)
