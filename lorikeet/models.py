"""Carts, what is in them, and the record of what was sold.

``LineItem``, ``Adjustment``, ``DeliveryAddress``, ``PaymentMethod`` and ``Payment`` are parents: a host subclasses
them with its own fields and prices. Amounts are ``Decimal`` in major units of the row's currency.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, ClassVar, cast

from django.conf import settings as django_settings
from django.core.exceptions import ValidationError
from django.db import models
from django.http import HttpRequest
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from . import money
from .base_models import InCartOrOrder, Ownable, currency_field, in_cart_or_order, subclass_of
from .cart.completeness import reasons
from .clock import now
from .contents import CartContents
from .exceptions import IncompleteCartErrorSet, InvalidAnswer, WebhookError
from .orders import Order, OrderCharge, Payment, PaymentAttempt
from .outcomes import NotFound, Paid, Pending, ProviderPayment, Review, Unknown
from .pricing import Totals, price

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
    "RecoveryRun",
    "ThrottleCount",
]

#: The part of a retry window that is used: clocks differ, and the call itself takes time.
RETRIED_PART = 0.8


class Cart(models.Model):
    """The cart of a user or, if ``user`` is ``None``, of a guest who holds its ``key``.

    The row is the cart's lock: every change of the cart increments ``seq`` first.
    """

    #: Not ``CASCADE``, which deletes lines by their ids and without the lock: an order may have taken them meanwhile.
    user = models.OneToOneField(
        django_settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="lorikeet_cart"
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
    #: A keyed digest of the network of the last change, for limits; empty if the network is unknown.
    network = models.CharField(max_length=64, blank=True, default="", editable=False, db_index=True)
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
        return CartContents.load(self)

    @cached_property
    def totals(self) -> Totals:
        """The price of the cart, computed once for this instance and until :meth:`load` is called again."""
        return price(self.load())

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
        """Return the reasons why this cart cannot be checked out; falsy when there are none.

        :param for_checkout: passed on to ``check_complete()`` of everything in the cart.
        """
        contents = self.load()
        return reasons(contents, price(contents), for_checkout)

    def is_complete(self, raise_exc: bool = False, for_checkout: bool = False) -> bool:
        """Tell whether this cart can be checked out.

        :param raise_exc: raise the reasons instead of returning ``False``.
        :param for_checkout: passed on to ``check_complete()`` of everything in the cart.
        :raises IncompleteCartErrorSet: the cart cannot be checked out, and ``raise_exc`` is true.
        """
        reasons = self.check_completeness(for_checkout)
        if reasons and raise_exc:
            raise reasons
        return not reasons


class LineItem(InCartOrOrder):
    """Something in a cart or on an order. Subclass it with what you sell, and give it a :meth:`get_total`."""

    #: Whether the total may be below zero, as for empty bottles that a shopper returns. By default a line below zero
    #: is refused, since it would pay for the others.
    may_be_negative: ClassVar[bool] = False

    cart = models.ForeignKey(Cart, models.CASCADE, null=True, blank=True, related_name="items")
    order = models.ForeignKey("lorikeet.Order", models.PROTECT, null=True, blank=True, related_name="items")

    class Meta(InCartOrOrder.Meta):
        verbose_name = _("line item")
        verbose_name_plural = _("line items")
        constraints = (in_cart_or_order("lineitem"),)

    @property
    def total(self) -> Decimal:
        """The price of this line: on an order what was charged, in a cart what :meth:`get_total` returns."""
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
        """What this adds to the price (usually below zero); on an order, what was charged."""
        if self.order is not None:
            return money.quantise(self.total_when_charged, self.order.currency)
        if self.cart is None:
            raise TypeError("Put this adjustment into a cart first: elsewhere it has no total.")
        return self.cart.totals.of(self)

    def get_total(self, subtotal: Decimal) -> Decimal:
        """Return what this adds to a cart whose items cost ``subtotal``: below zero for a discount."""
        raise TypeError(f"Write {type(self).__name__}.get_total(self, subtotal), which returns a Decimal.")


class EmptyCart(Cart):
    """The cart of a shopper who has none yet. It reads as an empty cart, and is never saved."""

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
    """A place that orders are delivered to. Subclass it with the fields of the addresses you deliver to."""

    class Meta:
        verbose_name = _("delivery address")
        verbose_name_plural = _("delivery addresses")


class PaymentMethod(Ownable):
    """A way to pay, such as a stored card. Subclass it, and write one of these two.

    The simple path is one method, ``make_payment(order, amount)``. It charges ``amount``, in major units of
    ``order.currency``, and returns an instance of your own subclass of :class:`Payment`. It raises
    ``PaymentError(info)`` when the shopper was certainly not charged. It is called once for each attempt: if the
    process dies during the call, the staff find out what became of the payment. Set ``retry_window`` if the provider
    lets the call be repeated.

    The exact path is two methods, :meth:`start_payment` and :meth:`check_payment`. The provider can be asked what
    happened, so every crash resolves by itself.

    All of these are called outside any transaction, by one process at a time.
    """

    #: How long repeating ``make_payment()`` with the same ``order.payment_key`` is harmless; ``None``: never.
    retry_window: ClassVar[timedelta | None] = None
    #: How long an order waits for its payment; ``None``: ``LORIKEET_CHECKOUT_SECONDS``.
    payment_window: ClassVar[timedelta | None] = None
    #: Whether shoppers pay somewhere else in their own time, and may use their cart for something new meanwhile.
    paid_elsewhere: ClassVar[bool] = False
    #: Whether it may pay for more than one order. If not, it is retired once it has paid. May be a column.
    reusable: Any = True

    class Meta:
        verbose_name = _("payment method")
        verbose_name_plural = _("payment methods")

    @classmethod
    def has_own(cls, name: str) -> bool:
        """Tell whether this class overrides the method of that name."""
        own: Any = getattr(cls, name, None)
        base: Any = getattr(PaymentMethod, name, None)
        return getattr(own, "__func__", own) is not getattr(base, "__func__", base)

    @property
    def can_be_asked(self) -> bool:
        """Whether the provider can be asked what became of a payment, at least for a while."""
        return self.has_own("check_payment") or self.retry_window is not None

    @property
    def asks_by_repeating(self) -> bool:
        """Whether asking repeats ``make_payment()``, and so charges a shopper who was not charged yet."""
        return self.retry_window is not None and not self.has_own("check_payment")

    @property
    def can_refund(self) -> bool:
        """Whether Lorikeet can refund a payment by itself, without the staff."""
        return self.has_own("refund_payment")

    def check_complete(self, for_checkout: bool = False) -> None:
        """Raise ``IncompleteCartError`` if this cannot be used to pay, for example because the card has expired."""

    def check_amount(self, amount: Decimal, currency: str) -> None:
        """Raise ``IncompleteCartError`` if this cannot pay ``amount``, in major units of ``currency``."""

    def start_payment(self, attempt: PaymentAttempt) -> Paid | Pending:
        """Have the provider charge ``attempt.amount``, under ``attempt.key``.

        It may be called again for the same attempt: the provider must then return the same payment, not another.
        Safest is a provider whose payments are created first and confirmed later: call ``attempt.save_reference()``
        in between. The shopper is present unless ``attempt.off_session`` is true.

        :raises PaymentError: the shopper was certainly not charged, and never will be.
        """
        payment = cast(Any, self).make_payment(attempt.order, attempt.amount)
        if not isinstance(payment, Payment):
            raise InvalidAnswer(f"{type(self).__name__}.make_payment() returned {payment!r} instead of a Payment.")
        if payment._state.adding:
            payment.save()
        return Paid(None, attempt.amount, attempt.currency, payment)

    def check_payment(self, attempt: PaymentAttempt) -> Paid | Pending | NotFound | Unknown:
        """Ask the provider what became of a payment. It is called any number of times, and changes nothing there.

        :raises PaymentError: the shopper was certainly not charged, and never will be.
        """
        if self.retry_window is None or now() - attempt.created_at > self.retry_window * RETRIED_PART:
            return Unknown(can_be_asked=False)
        return self.start_payment(attempt)

    def cancel_payment(self, attempt: PaymentAttempt) -> bool:
        """Stop a payment at the provider. ``True`` promises that it can never be paid from now on."""
        return False

    def refund_payment(self, attempt: PaymentAttempt) -> Paid | Pending:
        """Refund ``attempt.amount`` of the payment ``attempt.parent``.

        It may be called again for the same attempt, even days later, and must not refund twice: send
        ``attempt.key``, and look it up first if the provider forgets keys. An attempt that has a ``reference`` is
        known to the provider: ask what became of it.

        :raises PaymentError: it was certainly not refunded, and never will be.
        """
        raise TypeError(f"{type(self).__name__} cannot refund: write its refund_payment(self, attempt).")

    def confirm_payment(self, attempt: PaymentAttempt, data: dict[str, Any]) -> None:
        """Take what the browser brings back from the action, such as a reference; :meth:`check_payment` follows.

        :raises django.core.exceptions.ValidationError: ``data`` is wrong; the client is answered 400.
        """
        if data:
            raise ValidationError({name: _("This payment method takes no data.") for name in data})

    @classmethod
    def read_webhook(cls, request: HttpRequest) -> Iterable[str]:  # noqa: ARG003
        """Verify a webhook's signature and return the references or keys of the payments that it is about.

        Nothing else in the webhook is used: Lorikeet asks the provider.

        :raises WebhookError: the signature is wrong; the provider is answered 400.
        """
        raise WebhookError(f"{cls.__name__} takes no webhooks.")

    def review_payment(self, attempt: PaymentAttempt) -> Review:
        """Ask the provider what became of a paid ``attempt`` since: what was refunded or disputed there.

        It is called when a webhook names a settled payment, and by reconciliation.
        """
        raise TypeError(f"{type(self).__name__} cannot review a payment: write its review_payment(self, attempt).")

    @classmethod
    def list_payments(cls, since: datetime) -> Iterable[ProviderPayment]:  # noqa: ARG003
        """Return every payment that was *paid* at the provider since a moment and carries the key of an attempt.

        Payments that were declined or cancelled, or are pending, are left out.
        """
        return ()


class ThrottleCount(models.Model):
    """How often something was refused, per scope, identity (hashed) and window of time."""

    key = models.CharField(max_length=64)
    window = models.PositiveBigIntegerField()
    count = models.PositiveIntegerField(default=0)
    expires_at = models.DateTimeField(db_index=True)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["key", "window"], name="lorikeet_throttle_once_per_window"),)


class RecoveryRun(models.Model):
    """When recovery last finished: one row."""

    finished_at = models.DateTimeField(_("finished at"))
