"""A voucher that can be used once, a balance that can be spent, and a card of a bank that a test can replace."""

from django.conf import settings
from django.db import models

from lorikeet.exceptions import ConflictError, IncompleteCartError
from lorikeet.models import Adjustment, Payment, PaymentMethod

from .goods import (
    BinEnd,
    BinEndLineItem,
    GiftSetLineItem,
    Glass,
    GlassLineItem,
    PrintedBookLineItem,
    SeatLineItem,
    Tasting,
)
from .payment_methods import GiftCard, GiftCardPayment, OnlineCard, Wallet
from .workshops import EngravingLineItem, Work, Workshop

__all__ = [
    "Balance",
    "BinEnd",
    "BinEndLineItem",
    "DebitCard",
    "DebitCardPayment",
    "EngravingLineItem",
    "GiftCard",
    "GiftCardPayment",
    "GiftSetLineItem",
    "Glass",
    "GlassLineItem",
    "OnlineCard",
    "PrintedBookLineItem",
    "SeatLineItem",
    "Tasting",
    "Voucher",
    "VoucherAdjustment",
    "Wallet",
    "Work",
    "Workshop",
]


class Voucher(models.Model):
    """A code that takes an amount off one order."""

    code = models.CharField(max_length=20, unique=True)
    amount = models.DecimalField(max_digits=7, decimal_places=2)
    is_used = models.BooleanField(default=False)


class VoucherAdjustment(Adjustment):
    """A voucher in a cart, and later on an order."""

    cart_prefetch = ("voucher",)
    combine_on = ("voucher",)

    voucher = models.ForeignKey(Voucher, on_delete=models.PROTECT)

    def get_total(self, subtotal):
        return -self.voucher.amount

    def combine_with(self, other):
        return True

    def check_complete(self, for_checkout=False):
        if self.voucher.is_used:
            raise IncompleteCartError("voucher_used", "This voucher has been used.", "adjustments")

    def prepare_for_checkout(self):
        unused = Voucher.objects.filter(pk=self.voucher_id, is_used=False)
        if not unused.update(is_used=True):
            raise ConflictError("voucher_used", "This voucher has just been used.", "adjustments")

    def undo_checkout(self):
        Voucher.objects.filter(pk=self.voucher_id).update(is_used=False)


class Balance(models.Model):
    """A shopper's store credit."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE)
    amount = models.DecimalField(max_digits=9, decimal_places=2, default=0)


class DebitCard(PaymentMethod):
    """A card at ``bank``, which tests replace by one with books in memory."""

    bank = None

    token = models.CharField(max_length=40)

    def make_payment(self, order, amount):
        reference = self.bank.charge(self.token, amount, order.currency)
        return DebitCardPayment.objects.create(method=self, reference=reference)


class DebitCardPayment(Payment):
    """What the bank calls the payment."""

    reference = models.CharField(max_length=40)
