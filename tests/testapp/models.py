"""Line items, adjustments, addresses and payment methods, each awkward in its own way."""

from decimal import Decimal

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models

from lorikeet.exceptions import ConflictError, IncompleteCartError, PaymentError
from lorikeet.models import Adjustment, DeliveryAddress, LineItem, Payment, PaymentMethod

from . import bank
from .payments import ExactCard, KeyedCard, OneCallCard, Receipt, ScriptedCard, SimpleCard, Transfer
from .products import Balance, BankEntry, Book, Coupon, Course, HookCall, Locker, Tutor, Wine, Wrapping
from .users import Shopper

__all__ = [
    "AmountOff",
    "Balance",
    "BankEntry",
    "Book",
    "BookLine",
    "CardPayment",
    "Coupon",
    "CouponAdjustment",
    "Course",
    "CourseLine",
    "Credit",
    "ExactCard",
    "GiftBookLine",
    "HamperLine",
    "HookCall",
    "KeyedCard",
    "Locker",
    "LockerAddress",
    "MoodyLine",
    "OneCallCard",
    "PayLater",
    "PretendCard",
    "Promise",
    "Receipt",
    "ScriptedCard",
    "ShareOff",
    "Shopper",
    "SimpleCard",
    "StreetAddress",
    "Transfer",
    "Tutor",
    "Wine",
    "WineLine",
    "Wrapping",
]

MAX_QUANTITY = 1000


class WineLine(LineItem):
    """Some bottles of one wine; equal lines are combined."""

    cart_prefetch = ("product",)

    product = models.ForeignKey(Wine, on_delete=models.PROTECT)
    quantity = models.PositiveSmallIntegerField(
        default=1, validators=[MinValueValidator(1), MaxValueValidator(MAX_QUANTITY)]
    )

    def get_total(self):
        return self.product.unit_price * self.quantity

    def combine_with(self, other):
        if other.product_id != self.product_id or self.quantity + other.quantity > MAX_QUANTITY:
            return False
        self.quantity += other.quantity
        return True


class BookLine(LineItem):
    """One book, wrapped or not. It declares no ``cart_prefetch``, as a forgetful host does."""

    product = models.ForeignKey(Book, on_delete=models.PROTECT)
    wrapping = models.ForeignKey(Wrapping, on_delete=models.PROTECT, null=True, blank=True)

    def get_total(self):
        extra = self.wrapping.price if self.wrapping else Decimal(0)
        return self.product.price + extra


class GiftBookLine(BookLine):
    """A subclass of a subclass."""

    cart_prefetch = ("product", "wrapping")

    message = models.CharField(max_length=200, blank=True)


class HamperLine(LineItem):
    """Several wines at once: a many-to-many relation in a line."""

    cart_prefetch = ("wines",)

    wines = models.ManyToManyField(Wine)

    def get_total(self):
        return sum((wine.unit_price for wine in self.wines.all()), Decimal(0))


class CourseLine(LineItem):
    """A place in a course, registered under the name ``Enrolment``."""

    cart_prefetch = ("product", "tutor")

    product = models.ForeignKey(Course, on_delete=models.PROTECT)
    tutor = models.ForeignKey(Tutor, on_delete=models.PROTECT, null=True, blank=True)

    def get_total(self):
        return self.product.fee


class MoodyLine(LineItem):
    """Misbehaves as ``mood`` says: in its total, when asked if it is complete, or when checked out."""

    class Mood(models.TextChoices):
        CALM = "calm"
        FLOAT = "float"
        TEXT = "text"
        NONE = "none"
        NAN = "nan"
        INFINITE = "infinite"
        NEGATIVE = "negative"
        HUGE = "huge"
        RAISING = "raising"
        UNREADY = "unready"
        UNREADY_AT_CHECKOUT = "unready_at_checkout"
        GONE = "gone"

    mood = models.CharField(max_length=20, choices=Mood.choices, default=Mood.CALM)
    amount = models.DecimalField(max_digits=19, decimal_places=4, default=Decimal("10"))

    def get_total(self):
        match self.mood:
            case "float":
                return 0.1 + 0.2
            case "text":
                return "ten"
            case "none":
                return None
            case "nan":
                return Decimal("NaN")
            case "infinite":
                return Decimal("Infinity")
            case "negative":
                return Decimal("-10")
            case "huge":
                return Decimal("1e30")
            case "raising":
                raise ZeroDivisionError("A host's mistake.")
            case _:
                return self.amount

    def check_complete(self, for_checkout=False):
        if self.mood == "unready" or (self.mood == "unready_at_checkout" and for_checkout):
            raise IncompleteCartError(code="moody", message="Not in the mood.", field="items")

    def prepare_for_checkout(self):
        HookCall.objects.create(name="prepare_for_checkout", line=self.pk)
        if self.mood == "gone":
            raise ConflictError(code="gone", message="It is gone.", field="items")

    def undo_checkout(self):
        HookCall.objects.create(name="undo_checkout", line=self.pk)


class ShareOff(Adjustment):
    """One part in ``parts`` off; a third of most amounts is no whole number of cents."""

    parts = models.PositiveSmallIntegerField(default=3, validators=[MinValueValidator(1), MaxValueValidator(100)])

    def get_total(self, subtotal):
        return -subtotal / self.parts


class AmountOff(Adjustment):
    """A fixed amount off, which may be more than the cart is worth. A negative one is a surcharge."""

    amount = models.DecimalField(max_digits=12, decimal_places=4)

    def get_total(self, subtotal):
        return -self.amount


class CouponAdjustment(Adjustment):
    """A coupon; giving the same one twice changes nothing."""

    cart_prefetch = ("coupon",)

    coupon = models.ForeignKey(Coupon, on_delete=models.PROTECT)

    def get_total(self, subtotal):
        return -self.coupon.amount

    def combine_with(self, other):
        return other.coupon_id == self.coupon_id


class Credit(Adjustment):
    """Store credit towards the price: taken when the order is made, given back when it is cancelled."""

    cart_prefetch = ("balance",)

    balance = models.ForeignKey(Balance, on_delete=models.PROTECT)
    amount = models.DecimalField(max_digits=12, decimal_places=4)

    def get_total(self, subtotal):
        return -min(self.amount, subtotal)

    def prepare_for_checkout(self):
        enough = Balance.objects.filter(pk=self.balance_id, left__gte=-self.total)
        if not enough.update(left=models.F("left") + self.total):
            raise ConflictError(code="balance", message="There is not enough credit left.", field="adjustments")

    def undo_checkout(self):
        Balance.objects.filter(pk=self.balance_id).update(left=models.F("left") - self.total)


class StreetAddress(DeliveryAddress):
    """The ordinary address."""

    addressee = models.CharField(max_length=80)
    street = models.CharField(max_length=80)
    suburb = models.CharField(max_length=40)
    state = models.CharField(max_length=3)
    postcode = models.CharField(max_length=10)

    def __str__(self):
        return self.addressee


class LockerAddress(DeliveryAddress):
    """A parcel locker, and perhaps a note."""

    cart_prefetch = ("locker",)

    locker = models.ForeignKey(Locker, on_delete=models.PROTECT)
    note = models.CharField(max_length=80, blank=True)

    def __str__(self):
        return self.locker_id


class PretendCard(PaymentMethod):
    """Pays on the simple path; the token decides how that goes. With ``tok_slow`` the bank takes its time."""

    token = models.CharField(max_length=40)
    brand = models.CharField(max_length=20, default="visa")
    last4 = models.CharField(max_length=4, default="4242")

    def make_payment(self, order, amount):
        if self.token == "tok_declined":
            raise PaymentError({"message": "Your card was declined.", "decline_code": "insufficient_funds"})
        BankEntry.objects.create(order=order.pk, amount=amount)
        if self.token == "tok_slow":
            bank.take_time()
        if self.token == "tok_raising":
            raise ConnectionError("The bank's answer was lost.")
        return CardPayment.objects.create(method=self, reference=f"ch_{order.pk}")


class PayLater(PaymentMethod):
    """Always accepted, against a purchase order number."""

    number = models.CharField(max_length=20)

    def make_payment(self, order, amount):
        return Promise.objects.create(method=self)


class CardPayment(Payment):
    """What the bank answered."""

    reference = models.CharField(max_length=40)


class Promise(Payment):
    """A payment that has nothing to remember."""
