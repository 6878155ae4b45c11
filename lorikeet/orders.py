"""The record of what was sold, and of every attempt to charge for it or to refund it."""

from __future__ import annotations

import uuid
from decimal import Decimal
from typing import Any, ClassVar
from uuid import UUID

from django.conf import settings as django_settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import IntegrityError, models
from django.db.models import F, Q, QuerySet, Sum
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from . import money
from .base_models import Extensible, Quantised, account_email, amount_field, currency_field, subclass_of
from .clock import now
from .conf import settings
from .exceptions import LostLease, ReferenceTaken
from .managers import OrderQuerySet
from .order_access import order_token
from .outcomes import check_reference
from .transactions import durable

__all__ = ["Order", "OrderCharge", "Payment", "PaymentAttempt"]


class Order(Quantised):
    """A sale: pending while it is being paid for, then placed or cancelled for good."""

    class State(models.TextChoices):
        PENDING = "pending", _("pending")
        PLACED = "placed", _("placed")
        CANCELLED = "cancelled", _("cancelled")

    amounts = ("subtotal", "grand_total")

    uuid = models.UUIDField(_("public id"), unique=True, default=uuid.uuid4, editable=False)
    state = models.CharField(_("state"), max_length=9, choices=State.choices, default=State.PENDING)
    cart = models.ForeignKey("lorikeet.Cart", models.SET_NULL, null=True, blank=True, related_name="orders")
    #: The cart of which this is the one checkout in flight.
    slot = models.OneToOneField("lorikeet.Cart", models.SET_NULL, null=True, blank=True, related_name="pending_order")
    client_key = models.CharField(_("idempotency key"), max_length=255, null=True, blank=True, editable=False)
    fingerprint = models.CharField(max_length=64, blank=True, default="", editable=False)
    custom_invoice_id = models.CharField(_("invoice id"), max_length=255, null=True, blank=True, unique=True)
    user = models.ForeignKey(
        django_settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="lorikeet_orders"
    )
    #: What the shopper gave for this order; a user need not give any.
    guest_email = models.EmailField(_("e-mail for this order"), blank=True, default="")
    delivery_address = models.ForeignKey(
        "lorikeet.DeliveryAddress", models.PROTECT, null=True, blank=True, related_name="orders"
    )
    payment_method = models.ForeignKey(
        "lorikeet.PaymentMethod", models.PROTECT, null=True, blank=True, related_name="orders"
    )
    currency = currency_field()
    subtotal = amount_field()
    grand_total = amount_field()
    cancel_reason = models.CharField(_("cancelled because"), max_length=40, blank=True, default="")
    created_at = models.DateTimeField(_("created at"), default=now, editable=False)
    updated_at = models.DateTimeField(_("updated at"), auto_now=True)
    #: Until when it waits for its payment. Then it is cancelled, once the payment is stopped at the provider.
    expires_at = models.DateTimeField(_("expires at"), null=True, blank=True)
    #: A digest of what is on it, which shows an accidental second order of the same.
    digest = models.CharField(max_length=64, blank=True, default="", editable=False)
    purchased_on = models.DateTimeField(_("purchased on"), null=True, blank=True)
    #: When ``order_checked_out`` was delivered.
    notified_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = models.Manager.from_queryset(OrderQuerySet)()

    class Meta:
        verbose_name = _("order")
        verbose_name_plural = _("orders")
        ordering = ("-id",)
        permissions = (
            ("refund_order", _("Can refund an order")),
            ("cancel_order", _("Can cancel a pending order")),
        )
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
        """Whether the order still waits for its payment."""
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
        """Where the shopper is written to: the address that was given for this order, else the account's."""
        return self.guest_email or account_email(self.user)

    @property
    def latest_charge(self) -> PaymentAttempt | None:
        """The latest attempt to charge for it, or ``None`` when there was nothing to pay."""
        latest: PaymentAttempt | None = self.attempts.filter(kind="charge").order_by("-id").first()
        return latest

    @property
    def payment_key(self) -> UUID | None:
        """The random key of the latest charge: send it to the provider as its idempotency key."""
        attempt = self.latest_charge
        return None if attempt is None else attempt.key

    @property
    def amount_paid(self) -> Decimal:
        """What was received for this order, in major units of its currency; refunds are not subtracted.

        A payment of another amount or currency does not count: it is refunded, or the staff decide about it.
        """
        return self._sum(self.attempts.filter(kind="charge", received=""))

    @property
    def amount_refunded(self) -> Decimal:
        """What was refunded of it, in major units of its currency."""
        return self._sum(self.attempts.filter(kind="refund", parent__received=""))

    @property
    def amount_due(self) -> Decimal:
        """What is still to be paid; nothing on a cancelled order."""
        if self.state == "cancelled":
            return money.quantise(0, self.currency)
        due: Decimal = self.grand_total - self.amount_paid
        return max(due, money.quantise(0, self.currency))

    @property
    def all_paid(self) -> bool:
        """Whether this is a sale with nothing left to pay."""
        return self.is_placed and not self.amount_due

    def _sum(self, attempts: QuerySet[PaymentAttempt]) -> Decimal:
        total = attempts.filter(state="paid").aggregate(total=Sum("amount"))["total"]
        return money.quantise(total or 0, self.currency)

    @property
    def payment_subclass(self) -> Any:
        """The payment that placed this order as an instance of the host's own class, or ``None``."""
        payments = Payment.objects.select_subclasses().filter(attempt__order=self)
        return payments.filter(attempt__kind="charge", attempt__state="paid", attempt__received="").first()

    @property
    def delivery_address_subclass(self) -> Any:
        """The address as an instance of the host's own class, or ``None``."""
        return subclass_of(self.delivery_address)

    @property
    def payment_method_subclass(self) -> Any:
        """The payment method as an instance of the host's own class, or ``None`` when there was nothing to pay."""
        return subclass_of(self.payment_method)

    def get_absolute_url(self, token: bool = False) -> str | None:
        """Return the URL of this order's page, or ``None`` without ``LORIKEET_ORDER_DETAIL_VIEW``.

        :param token: add a token, so that the link alone opens the page for ``LORIKEET_ORDER_TOKEN_DAYS``.
        """
        if settings.ORDER_DETAIL_VIEW is None:
            return None
        url = reverse(settings.ORDER_DETAIL_VIEW, kwargs={"id": self.pk})
        return f"{url}?token={order_token(self.uuid, self.guest_email)}" if token else url


class OrderCharge(Quantised):
    """One charge of the shop (shipping, tax, store credit) as it was when the order was made."""

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
    """One attempt to charge or refund one amount, recorded before the provider is called."""

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
    #: Whether the shopper is away, as for the renewal of a subscription. Not a column.
    off_session = False
    amounts = ("amount",)

    order = models.ForeignKey(Order, models.PROTECT, related_name="attempts")
    #: The order while this is its one open charge.
    open_for = models.OneToOneField(Order, models.PROTECT, null=True, blank=True, related_name="open_attempt")
    parent = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="refunds")
    #: Empty on a payment that the provider knows and the database had lost.
    method = models.ForeignKey("lorikeet.PaymentMethod", models.PROTECT, null=True, blank=True, related_name="attempts")
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
    attention = models.CharField(_("reason for attention"), max_length=40, blank=True, default="")
    #: What the client may know of a refusal.
    info = models.JSONField(null=True, blank=True)
    #: What the provider says that it received, if that differs from ``amount``.
    received = models.CharField(_("received instead"), max_length=40, blank=True, default="", editable=False)
    reason = models.CharField(_("reason"), max_length=255, blank=True, default="")
    created_by = models.ForeignKey(
        django_settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    created_at = models.DateTimeField(_("created at"), default=now, editable=False)
    #: When its state changed. ``save()`` does not touch it.
    updated_at = models.DateTimeField(_("updated at"), default=now, editable=False)

    class Meta:
        verbose_name = _("payment attempt")
        verbose_name_plural = _("payment attempts")
        ordering = ("id",)
        permissions = (("resolve_paymentattempt", _("Can decide what became of a payment")),)
        indexes = (
            models.Index(fields=["state", "lease_until"], name="lorikeet_attempt_lapsed"),
            models.Index(fields=["state", "check_at"], name="lorikeet_attempt_due"),
        )
        constraints = (
            models.UniqueConstraint(fields=["provider", "reference", "kind"], name="lorikeet_attempt_reference_once"),
            models.CheckConstraint(condition=Q(amount__gt=0), name="lorikeet_attempt_amount_positive"),
            models.CheckConstraint(
                condition=Q(kind="charge", parent__isnull=True) | Q(kind="refund", parent__isnull=False),
                name="lorikeet_attempt_refund_has_parent",
            ),
            models.CheckConstraint(
                condition=Q(open_for__isnull=False, open_for=F("order"))
                & Q(kind="charge", state__in=["calling", "pending", "unknown"])
                | (Q(open_for__isnull=True) & ~Q(kind="charge", state__in=["calling", "pending", "unknown"])),
                name="lorikeet_attempt_one_open_charge",
            ),
        )

    def __str__(self) -> str:
        return f"{self.kind} {self.key}"

    @property
    def is_open(self) -> bool:
        """Whether the outcome is still open."""
        return self.state in ("calling", "pending", "unknown")

    @property
    def is_refund(self) -> bool:
        """Whether this refunds rather than charges."""
        return bool(self.kind == "refund")

    @property
    def is_parked(self) -> bool:
        """Whether only the staff can find out how this ended."""
        return bool(self.state == "unknown" and self.attention and self.check_at is None)

    def save_reference(self, reference: str) -> None:
        """Keep the provider's id of this payment, at once and for good, before the payment is confirmed.

        :raises LostLease: this process took so long that another has taken over; let it propagate.
        :raises ReferenceTaken: another payment has this reference.
        :raises InvalidAnswer: it is not a text of 1 to 255 characters.
        """
        check_reference(reference)
        try:
            _save_reference(self, reference)
        except IntegrityError as error:
            raise ReferenceTaken(reference) from error
        self.reference = reference


@durable
def _save_reference(attempt: PaymentAttempt, reference: str) -> None:
    mine = PaymentAttempt.objects.filter(pk=attempt.pk, lease=attempt.lease, lease__isnull=False)
    if not mine.update(reference=reference):
        raise LostLease(attempt.key)


class Payment(Extensible):
    """What a payment method keeps of a payment. Subclass it with what you want to remember, such as a receipt id."""

    method = models.ForeignKey("lorikeet.PaymentMethod", models.PROTECT, related_name="payments")
    attempt = models.OneToOneField(PaymentAttempt, models.PROTECT, null=True, blank=True, related_name="payment")

    class Meta:
        verbose_name = _("payment")
        verbose_name_plural = _("payments")
