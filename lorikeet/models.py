"""Carts, what is in them, and the record of what was sold.

``LineItem``, ``Adjustment``, ``DeliveryAddress``, ``PaymentMethod`` and ``Payment`` are parents: a host subclasses
them with its own fields and prices. Amounts are ``Decimal`` in major units of the row's currency.
"""

from __future__ import annotations

import uuid
from decimal import Decimal
from typing import TYPE_CHECKING, Any, ClassVar
from uuid import UUID

from django.conf import settings as django_settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from . import money, tokens
from .bases import (
    Extensible,
    InCartOrOrder,
    Ownable,
    Quantised,
    above,
    amount_field,
    currency_field,
    in_cart_or_order,
    subclass_of,
)
from .conf import settings
from .exceptions import IncompleteCartErrorSet
from .managers import OrderQuerySet

if TYPE_CHECKING:
    from .contents import CartContents
    from .pricing import Totals

__all__ = [
    "Adjustment",
    "Cart",
    "DeliveryAddress",
    "EmptyCart",
    "LineItem",
    "Order",
    "OrderCharge",
    "Payment",
    "PaymentAttempt",
    "PaymentMethod",
    "ThrottleCount",
]


class Cart(models.Model):
    """A shopper's cart, of a user or (``user`` is ``None``) of a guest who holds its ``key``.

    The row is the cart's lock: whoever changes the cart increments ``seq`` first.
    """

    user = models.OneToOneField(
        django_settings.AUTH_USER_MODEL, models.CASCADE, null=True, blank=True, related_name="lorikeet_cart"
    )
    key = models.UUIDField(_("key"), unique=True, default=uuid.uuid4, editable=False)
    email = models.EmailField(_("e-mail"), blank=True, default="")
    currency = currency_field()
    delivery_address = models.ForeignKey(
        "lorikeet.DeliveryAddress", models.SET_NULL, null=True, blank=True, related_name="+"
    )
    payment_method = models.ForeignKey(
        "lorikeet.PaymentMethod", models.SET_NULL, null=True, blank=True, related_name="+"
    )
    seq = models.PositiveBigIntegerField(default=0, editable=False)
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)
    updated_at = models.DateTimeField(_("updated at"), auto_now=True, db_index=True)

    class Meta:
        verbose_name = _("cart")
        verbose_name_plural = _("carts")

    def __str__(self) -> str:
        return f"Cart {self.pk}"

    @property
    def delivery_address_subclass(self) -> Any:
        """The selected address as an instance of the host's own class, or ``None``."""
        return subclass_of(self.delivery_address)

    @property
    def payment_method_subclass(self) -> Any:
        """The selected payment method as an instance of the host's own class, or ``None``."""
        return subclass_of(self.payment_method)

    def load(self) -> CartContents:
        """Load everything in the cart afresh, in a constant number of queries."""
        self.__dict__.pop("totals", None)
        contents: CartContents = above("contents.CartContents").load(self)
        return contents

    @cached_property
    def totals(self) -> Totals:
        """The price of the cart, computed once for this instance and until :meth:`load` is called again."""
        totals: Totals = above("pricing.price")(self.load())
        return totals

    def get_subtotal(self) -> Decimal:
        """Return the sum of the line items, before adjustments and charges."""
        return self.totals.subtotal

    def get_grand_total(self) -> Decimal:
        """Return what the shopper pays."""
        return self.totals.grand_total

    @property
    def errors(self) -> IncompleteCartErrorSet:
        """The reasons why this cart cannot be checked out; falsy when there are none."""
        return self.check_completeness()

    def check_completeness(self, for_checkout: bool = False) -> IncompleteCartErrorSet:
        contents = self.load()
        reasons: IncompleteCartErrorSet = above("completeness.reasons")(
            contents, above("pricing.price")(contents), for_checkout=for_checkout
        )
        return reasons

    def is_complete(self, raise_exc: bool = False, for_checkout: bool = False) -> bool:
        """Tell whether this cart can be checked out.

        :param raise_exc: raise the reasons instead of returning ``False``.
        :param for_checkout: passed on to ``check_complete()`` of everything in the cart.
        :raises IncompleteCartErrorSet: it cannot, and ``raise_exc`` is true.
        """
        reasons = self.check_completeness(for_checkout)
        if reasons and raise_exc:
            raise reasons
        return not reasons


class LineItem(InCartOrOrder):
    """Something in a cart or on an order. Subclass it with what you sell, and give it a :meth:`get_total`."""

    cart = models.ForeignKey(Cart, models.CASCADE, null=True, blank=True, related_name="items")
    order = models.ForeignKey("lorikeet.Order", models.PROTECT, null=True, blank=True, related_name="items")

    class Meta(InCartOrOrder.Meta):
        verbose_name = _("line item")
        verbose_name_plural = _("line items")
        constraints = (in_cart_or_order("lineitem"),)

    @property
    def total(self) -> Decimal:
        """The price of this line: what was charged if it is on an order, else what :meth:`get_total` says."""
        if self.order is not None:
            return money.quantise(self.total_when_charged, self.order.currency)
        return self.get_total()

    def get_total(self) -> Decimal:
        """Return the price of this line, in major units of the cart's currency. Every subclass has its own."""
        raise TypeError(f"Write {type(self).__name__}.get_total(self), which returns the line's price as a Decimal.")


class Adjustment(InCartOrOrder):
    """Something the shopper adds that changes the price, such as a coupon."""

    cart = models.ForeignKey(Cart, models.CASCADE, null=True, blank=True, related_name="adjustments")
    order = models.ForeignKey("lorikeet.Order", models.PROTECT, null=True, blank=True, related_name="adjustments")

    class Meta(InCartOrOrder.Meta):
        verbose_name = _("adjustment")
        verbose_name_plural = _("adjustments")
        constraints = (in_cart_or_order("adjustment"),)

    @property
    def total(self) -> Decimal:
        """What this adds to the price (usually below zero), as it was charged if it is on an order."""
        if self.order is not None:
            return money.quantise(self.total_when_charged, self.order.currency)
        if self.cart is None:
            raise TypeError("This adjustment is in no cart: it has no total.")
        return self.cart.totals.of(self)

    def get_total(self, subtotal: Decimal) -> Decimal:
        """Return what this adds to a cart whose items cost ``subtotal``: below zero for a discount."""
        raise TypeError(f"Write {type(self).__name__}.get_total(self, subtotal), which returns a Decimal.")


class EmptyCart(Cart):
    """What a shopper without a cart has. It answers as a cart without anything in it, and is never saved."""

    class Meta:
        proxy = True
        default_permissions = ()

    @property
    def items(self) -> Any:  # type: ignore[override]
        """No line items."""
        return LineItem.objects.none()

    @property
    def adjustments(self) -> Any:  # type: ignore[override]
        """No adjustments."""
        return Adjustment.objects.none()

    def save(self, *args: Any, **kwargs: Any) -> None:
        raise TypeError("This shopper has no cart yet; ask for request.get_cart(create=True).")


class DeliveryAddress(Ownable):
    """Somewhere an order can be sent. Subclass it with the fields of the addresses you deliver to."""

    class Meta:
        verbose_name = _("delivery address")
        verbose_name_plural = _("delivery addresses")


class PaymentMethod(Ownable):
    """A way to pay, such as a stored card.

    Subclass it, and write ``make_payment(order, amount)``: it charges ``amount``, in major units of ``order.currency``,
    and returns an instance of your own subclass of :class:`Payment`. It raises ``PaymentError(info)`` when the
    shopper was certainly not charged, and is called outside any transaction, once for an attempt.
    ``order.payment_key`` is the key to send to a provider that honours idempotency keys.
    """

    class Meta:
        verbose_name = _("payment method")
        verbose_name_plural = _("payment methods")

    def check_complete(self, for_checkout: bool = False) -> None:
        """Raise ``IncompleteCartError`` if this cannot be used to pay, for example because the card has expired."""


class Order(Quantised):
    """A sale: pending while it is being paid for, then placed or cancelled for good."""

    class State(models.TextChoices):
        PENDING = "pending", _("pending")
        PLACED = "placed", _("placed")
        CANCELLED = "cancelled", _("cancelled")

    amounts = ("subtotal", "grand_total")

    uuid = models.UUIDField(_("public id"), unique=True, default=uuid.uuid4, editable=False)
    state = models.CharField(_("state"), max_length=9, choices=State.choices, default=State.PENDING)
    cart = models.ForeignKey(Cart, models.SET_NULL, null=True, blank=True, related_name="orders")
    #: The cart whose one checkout in flight this is.
    slot = models.OneToOneField(Cart, models.SET_NULL, null=True, blank=True, related_name="pending_order")
    client_key = models.CharField(_("idempotency key"), max_length=255, null=True, blank=True, editable=False)
    fingerprint = models.CharField(max_length=64, blank=True, default="", editable=False)
    custom_invoice_id = models.CharField(_("invoice id"), max_length=255, null=True, blank=True, unique=True)
    user = models.ForeignKey(
        django_settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="lorikeet_orders"
    )
    guest_email = models.EmailField(_("guest's e-mail"), blank=True, default="")
    delivery_address = models.ForeignKey(DeliveryAddress, models.PROTECT, null=True, blank=True, related_name="orders")
    payment_method = models.ForeignKey(PaymentMethod, models.PROTECT, null=True, blank=True, related_name="orders")
    currency = currency_field()
    subtotal = amount_field()
    grand_total = amount_field()
    cancel_reason = models.CharField(_("cancelled because"), max_length=40, blank=True, default="")
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)
    updated_at = models.DateTimeField(_("updated at"), auto_now=True)
    expires_at = models.DateTimeField(_("expires at"), null=True, blank=True)
    purchased_on = models.DateTimeField(_("purchased on"), null=True, blank=True)
    #: When ``order_checked_out`` was delivered.
    notified_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = models.Manager.from_queryset(OrderQuerySet)()

    class Meta:
        verbose_name = _("order")
        verbose_name_plural = _("orders")
        ordering = ("-id",)
        indexes = (models.Index(fields=["state", "expires_at"], name="lorikeet_order_expiry"),)
        constraints = (
            models.UniqueConstraint(fields=["cart", "client_key"], name="lorikeet_order_once_per_client_key"),
            models.CheckConstraint(condition=Q(grand_total__gte=0), name="lorikeet_order_total_not_negative"),
            models.CheckConstraint(
                condition=Q(slot__isnull=True) | Q(state="pending"), name="lorikeet_order_slot_only_while_pending"
            ),
            models.CheckConstraint(
                condition=Q(state="placed", purchased_on__isnull=False)
                | (~Q(state="placed") & Q(purchased_on__isnull=True)),
                name="lorikeet_order_purchased_when_placed",
            ),
        )

    def __str__(self) -> str:
        return f"Order {self.invoice_id}"

    @property
    def is_pending(self) -> bool:
        """Whether the order still waits for its money."""
        return bool(self.state == "pending")

    @property
    def is_placed(self) -> bool:
        """Whether this is a sale."""
        return bool(self.state == "placed")

    @property
    def invoice_id(self) -> str | int:
        """``custom_invoice_id`` if the order has one, else its primary key."""
        return self.custom_invoice_id or self.pk

    @property
    def email(self) -> str:
        """Where the shopper is written to: the user's address, or what the guest gave."""
        return self.guest_email if self.user is None else str(getattr(self.user, self.user.get_email_field_name(), ""))

    @property
    def payment_key(self) -> UUID | None:
        """The random key of the latest charge: send it to the provider as its idempotency key."""
        attempt = self.attempts.filter(kind=PaymentAttempt.Kind.CHARGE).order_by("-id").first()
        return None if attempt is None else attempt.key

    @property
    def payment_subclass(self) -> Any:
        """The payment that placed this order as an instance of the host's own class, or ``None``."""
        return Payment.objects.select_subclasses().filter(attempt__order=self, attempt__state="paid").first()

    @property
    def delivery_address_subclass(self) -> Any:
        """The address as an instance of the host's own class, or ``None``."""
        return subclass_of(self.delivery_address)

    @property
    def payment_method_subclass(self) -> Any:
        """The payment method as an instance of the host's own class, or ``None`` when nothing was to pay."""
        return subclass_of(self.payment_method)

    def get_absolute_url(self, token: bool = False) -> str | None:
        """Return the URL of this order's page, or ``None`` without ``LORIKEET_ORDER_DETAIL_VIEW``.

        :param token: add a token that opens the page to whoever has the link, for ``LORIKEET_ORDER_TOKEN_DAYS``.
        """
        if settings.ORDER_DETAIL_VIEW is None:
            return None
        url = reverse(settings.ORDER_DETAIL_VIEW, kwargs={"id": self.pk})
        return f"{url}?token={tokens.order_token(self.uuid, self.guest_email)}" if token else url


class OrderCharge(Quantised):
    """One charge of the shop (shipping, tax, store credit) as it stood when the order was made."""

    amounts = ("total",)

    order = models.ForeignKey(Order, models.CASCADE, related_name="charges")
    code = models.CharField(_("code"), max_length=64)
    label = models.CharField(_("label"), max_length=255)
    currency = currency_field()
    total = amount_field()
    included = models.BooleanField(_("included in the prices"), default=False)
    data = models.JSONField(default=dict, blank=True, encoder=DjangoJSONEncoder)

    class Meta:
        verbose_name = _("charge")
        verbose_name_plural = _("charges")
        ordering = ("id",)

    def __str__(self) -> str:
        return self.label


class PaymentAttempt(Quantised):
    """One try to charge or refund one amount, recorded before the provider can hear of it."""

    class Kind(models.TextChoices):
        CHARGE = "charge", _("charge")
        REFUND = "refund", _("refund")

    class State(models.TextChoices):
        CALLING = "calling", _("calling the provider")
        PENDING = "pending", _("waiting for the shopper or the provider")
        UNKNOWN = "unknown", _("outcome not known yet")
        PAID = "paid", _("paid")
        FAILED = "failed", _("failed")

    OPEN: ClassVar = (State.CALLING, State.PENDING, State.UNKNOWN)
    amounts = ("amount",)

    order = models.ForeignKey(Order, models.PROTECT, related_name="attempts")
    #: The order while this is its one open charge.
    open_for = models.OneToOneField(Order, models.PROTECT, null=True, blank=True, related_name="open_attempt")
    parent = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="refunds")
    method = models.ForeignKey(PaymentMethod, models.PROTECT, related_name="attempts")
    kind = models.CharField(_("kind"), max_length=6, choices=Kind.choices, default=Kind.CHARGE)
    state = models.CharField(_("state"), max_length=7, choices=State.choices, default=State.CALLING)
    key = models.UUIDField(_("key at the provider"), unique=True, default=uuid.uuid4, editable=False)
    amount = amount_field()
    currency = currency_field()
    #: The registered type of the method, and the provider's own id of the payment.
    provider = models.CharField(_("provider"), max_length=100)
    reference = models.CharField(_("provider's reference"), max_length=255, null=True, blank=True)
    lease = models.UUIDField(null=True, blank=True, editable=False)
    lease_until = models.DateTimeField(null=True, blank=True, editable=False)
    check_at = models.DateTimeField(_("look again at"), null=True, blank=True)
    attention = models.CharField(_("needs attention because"), max_length=40, blank=True, default="")
    info = models.JSONField(null=True, blank=True)
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)
    updated_at = models.DateTimeField(_("updated at"), auto_now=True)

    class Meta:
        verbose_name = _("payment attempt")
        verbose_name_plural = _("payment attempts")
        ordering = ("id",)
        indexes = (models.Index(fields=["state", "lease_until"], name="lorikeet_attempt_due"),)
        constraints = (
            models.UniqueConstraint(fields=["provider", "reference", "kind"], name="lorikeet_attempt_reference_once"),
            models.CheckConstraint(condition=Q(amount__gt=0), name="lorikeet_attempt_amount_positive"),
            models.CheckConstraint(
                condition=Q(open_for__isnull=False, open_for=F("order"))
                & Q(kind="charge", state__in=["calling", "pending", "unknown"])
                | (Q(open_for__isnull=True) & ~Q(kind="charge", state__in=["calling", "pending", "unknown"])),
                name="lorikeet_attempt_one_open_charge",
            ),
        )

    def __str__(self) -> str:
        return f"{self.kind} {self.key}"


class Payment(Extensible):
    """What a payment method keeps of a payment. Subclass it with what you want to remember, such as a receipt id."""

    method = models.ForeignKey(PaymentMethod, models.PROTECT, related_name="payments")
    attempt = models.OneToOneField(PaymentAttempt, models.PROTECT, null=True, blank=True, related_name="payment")

    class Meta:
        verbose_name = _("payment")
        verbose_name_plural = _("payments")


class ThrottleCount(models.Model):
    """How often something was refused, per scope, identity (hashed) and window of time."""

    key = models.CharField(max_length=64)
    window = models.PositiveBigIntegerField()
    count = models.PositiveIntegerField(default=0)
    expires_at = models.DateTimeField(db_index=True)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["key", "window"], name="lorikeet_throttle_once_per_window"),)
