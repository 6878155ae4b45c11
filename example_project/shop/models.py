"""What the shop sells, where it sends it, and how it is paid."""

from decimal import Decimal

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.urls import reverse

from lorikeet.exceptions import PaymentError
from lorikeet.extensions.stock.models import Policy, StockRecord
from lorikeet.models import Adjustment, DeliveryAddress, LineItem, PaymentMethod
from lorikeet.outcomes import NotFound, Paid, Pending, ProviderPayment
from lorikeet.reference_payments import ReferencePaymentMethod, ReportedPayment
from pretend_providers.clients import CardClient, RequestRefused, WalletClient


class Merchant(models.Model):
    """A grower whose wines the shop sells. ``motif`` is what is drawn on its labels."""

    class Motif(models.TextChoices):
        HILL = "hill", "A hill and a quandong"
        MAGPIES = "magpies", "Two magpies on a wire"
        TRAMWAY = "tramway", "A railway line to the horizon"
        LIGHTHOUSE = "lighthouse", "A lighthouse above the sea"

    name = models.CharField(max_length=100)
    slug = models.SlugField(unique=True)
    region = models.CharField(max_length=100)
    about = models.TextField()
    motif = models.CharField(max_length=20, choices=Motif)

    class Meta:
        ordering = ["name"]

    def __str__(self):
        return self.name

    @property
    def avatar(self):
        return pictures("merchant-picture", slug=self.slug)


class WineQuerySet(models.QuerySet):
    """Wines, and those of them that shoppers may see."""

    def listed(self):
        return self.filter(is_listed=True).select_related("merchant", "stock")


class Wine(models.Model):
    """One wine of one vintage. ``vintage`` is empty where a wine is blended from several years."""

    #: Shoppers are told how many bottles are left when there are no more than this.
    FEW = 6

    class Style(models.TextChoices):
        SPARKLING = "sparkling", "Sparkling"
        WHITE = "white", "White"
        ORANGE = "orange", "Skin contact"
        ROSE = "rose", "Rosé"
        RED = "red", "Red"
        SWEET = "sweet", "Sweet"

    class Bottle(models.TextChoices):
        BORDEAUX = "bordeaux", "A bottle with high shoulders"
        BURGUNDY = "burgundy", "A bottle with sloping shoulders"
        HOCK = "hock", "A tall and slim bottle"
        SPARKLING = "sparkling", "A heavy bottle with foil around its neck"
        HALF = "half", "A half bottle"

    merchant = models.ForeignKey(Merchant, on_delete=models.PROTECT, related_name="wines")
    sku = models.SlugField(unique=True)
    name = models.CharField(max_length=100)
    vintage = models.PositiveSmallIntegerField(null=True, blank=True)
    style = models.CharField(max_length=20, choices=Style)
    bottle = models.CharField(max_length=20, choices=Bottle)
    summary = models.CharField(max_length=140)
    description = models.TextField()
    options = models.JSONField(default=dict, blank=True)
    unit_price = models.DecimalField(max_digits=7, decimal_places=2, validators=[MinValueValidator(0)])
    stock = models.OneToOneField(StockRecord, on_delete=models.PROTECT)
    is_kept_in_cart = models.BooleanField(
        default=False, help_text="A cart keeps its bottles for the shopper for a while. For wines that are rare."
    )
    is_listed = models.BooleanField(default=True)

    objects = WineQuerySet.as_manager()

    class Meta:
        ordering = ["merchant__name", "name"]

    def __str__(self):
        return f"{self.name} {self.vintage or 'NV'}"

    def get_absolute_url(self):
        return reverse("wine", kwargs={"sku": self.sku})

    @property
    def images(self):
        return pictures("wine-picture", sku=self.sku)

    @property
    def options_text(self):
        return ", ".join(f"{name}: {value}" for name, value in self.options.items())

    @property
    def in_stock(self):
        return self.stock.in_stock

    @property
    def stock_count(self):
        """How many bottles can be bought, or ``None`` if they are not counted."""
        return self.stock.available if self.stock.tracked else None

    @property
    def scarcity(self):
        """What shoppers are told when few bottles are left, otherwise empty."""
        count = self.stock_count
        return f"Only {count} left" if count is not None and 0 < count <= self.FEW else ""


def pictures(view, **kwargs):
    """Return the URLs of one drawing in its three sizes."""
    sizes = {"url": "large", "medium_url": "medium", "thumb_url": "thumb"}
    return {key: reverse(view, kwargs={**kwargs, "size": size}) for key, size in sizes.items()}


class WineLineItem(LineItem):
    """Some bottles of one wine."""

    MOST_BOTTLES = 60

    cart_prefetch = ("wine__merchant", "wine__stock")
    combine_on = ("wine",)

    wine = models.ForeignKey(Wine, on_delete=models.PROTECT)
    quantity = models.PositiveSmallIntegerField(
        default=1, validators=[MinValueValidator(1), MaxValueValidator(MOST_BOTTLES)]
    )

    def __str__(self):
        return f"{self.quantity} × {self.wine}"

    def get_total(self):
        return self.wine.unit_price * self.quantity

    def combine_with(self, other):
        self.quantity += other.quantity
        return True

    def get_stock(self):
        return [(self.wine.stock, self.quantity)]

    @property
    def stock_policy(self):
        return Policy.ON_ADD if self.wine.is_kept_in_cart else Policy.AT_PLACING


class AustralianDeliveryAddress(DeliveryAddress):
    """Somewhere in Australia."""

    class State(models.TextChoices):
        ACT = "ACT", "Australian Capital Territory"
        NSW = "NSW", "New South Wales"
        NT = "NT", "Northern Territory"
        QLD = "QLD", "Queensland"
        SA = "SA", "South Australia"
        TAS = "TAS", "Tasmania"
        VIC = "VIC", "Victoria"
        WA = "WA", "Western Australia"

    addressee = models.CharField(max_length=100)
    address = models.CharField(max_length=200)
    suburb = models.CharField(max_length=100)
    state = models.CharField(max_length=3, choices=State)
    postcode = models.CharField(
        max_length=4, validators=[RegexValidator(r"^[0-9]{4}\Z", "A postcode has four digits.")]
    )

    def __str__(self):
        return f"{self.addressee}, {self.address}, {self.suburb} {self.state} {self.postcode}"


class CouponAdjustment(Adjustment):
    """A percentage off the items. The percentage is kept, so that an order shows what was promised."""

    PERCENTAGES = {"TENOFF": 10, "CELLARDOOR": 15}

    combine_on = ("code",)

    code = models.CharField(max_length=20)
    percentage = models.PositiveSmallIntegerField()

    def __str__(self):
        return f"{self.code} ({self.percentage} % off)"

    def get_total(self, subtotal):
        return -subtotal * self.percentage / Decimal(100)

    def combine_with(self, other):
        return True


class PretendCard(PaymentMethod):
    """A card: the token by which the card provider knows it, and what may be shown of it."""

    card_token = models.CharField(max_length=40)
    brand = models.CharField(max_length=20)
    last4 = models.CharField(max_length=4)
    expiry = models.CharField(max_length=5)

    def __str__(self):
        return f"{self.brand} ending in {self.last4}"

    def start_payment(self, attempt):
        provider = card_provider()
        payment = provider.create(str(attempt.key), attempt.amount, attempt.currency, self.card_token)
        attempt.save_reference(payment.id)
        return read(provider.confirm(payment.id, return_url=settings.SHOP_URL))

    def check_payment(self, attempt):
        payment = card_provider().find(str(attempt.key))
        return NotFound() if payment is None else read(payment)

    def cancel_payment(self, attempt):
        provider = card_provider()
        payment = provider.find(str(attempt.key))
        return payment is None or provider.cancel(payment.id).state != "paid"

    def refund_payment(self, attempt):
        return pay_back(card_provider(), attempt)

    @classmethod
    def list_payments(cls, since):
        return list_paid(card_provider(), since)


class PretendWallet(ReferencePaymentMethod):
    """A payment that the shopper makes on the wallet's own page, which gives them a reference for the shop."""

    def __str__(self):
        return "Pretend Wallet"

    def look_up(self, reference):
        payment = wallet().look_up(reference)
        return payment and ReportedPayment(payment.amount, payment.currency, payment.state, payment.key)

    def find_reference(self, attempt):
        payment = wallet().find(str(attempt.key))
        return payment and payment.id

    def get_action(self, attempt):
        pay_url = wallet().get_pay_url(str(attempt.key), attempt.amount, attempt.currency)
        return {**super().get_action(attempt), "url": pay_url}

    def refund_payment(self, attempt):
        return pay_back(wallet(), attempt)

    @classmethod
    def list_payments(cls, since):
        return list_paid(wallet(), since)


def card_provider():
    return CardClient(settings.CARD_PROVIDER_URL)


def wallet():
    return WalletClient(settings.WALLET_PROVIDER_URL)


def read(payment):
    """Return what the card provider's payment means for the order."""
    match payment.state:
        case "paid":
            return Paid(payment.id, payment.amount, payment.currency)
        case "action_required":
            return Pending(payment.id, action={"url": payment.challenge_url})
        case "declined" | "cancelled":
            raise PaymentError({"code": payment.code, "message": payment.message})
        case _:  # created, and never confirmed: no money moves
            return NotFound()


def pay_back(provider, attempt):
    """Refund through either provider: it knows a refund by its key, so that asking again pays back once."""
    try:
        refund = provider.refund(attempt.parent.reference, str(attempt.key), attempt.amount, attempt.currency)
    except RequestRefused as refusal:
        raise PaymentError({"code": refusal.code, "message": refusal.message}) from refusal
    return Paid(refund.id, refund.amount, refund.currency)


def list_paid(provider, since):
    """Return the payments in a provider's books as Lorikeet compares them."""
    for payment in provider.list_payments(since):
        if payment.state == "paid":
            yield ProviderPayment(payment.id, payment.key, payment.amount, payment.currency, payment.refunded)
