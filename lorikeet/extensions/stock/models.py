"""What is on hand and where, what is held for whom, and every movement. Quantities are whole units."""

from __future__ import annotations

from enum import Enum
from typing import Any

from django.conf import settings as django_settings
from django.contrib.contenttypes.fields import GenericForeignKey
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _

from lorikeet.models import Cart, LineItem, Order

__all__ = ["Hold", "Movement", "Policy", "StockRecord"]

#: Small enough that no sum of two overflows a column. All columns are signed: MariaDB cannot subtract unsigned ones.
MOST = 10**12
#: The columns that only the functions of this extension write.
COUNTERS = {"on_hand", "held"}


class Policy(Enum):
    """When the stock of a line item is held: the class attribute ``stock_policy`` of its model."""

    #: From the moment that the order is made, until it is placed or cancelled. The default.
    AT_PLACING = "at placing"
    #: From the moment that it is in the cart, for ``LORIKEET_STOCK_CART_SECONDS`` after each change.
    ON_ADD = "on add"
    #: Never, and nothing is counted.
    NONE = "none"


class StockRecord(models.Model):
    """The units at one location, in a row of their own: every sale changes it, so it is kept small.

    A product has a foreign key to its record. Or its records, one for each location, name it (``product``), and its own
    table stays unchanged. Only the functions of this extension change the counters.
    """

    name = models.CharField(_("name"), max_length=200, blank=True, help_text=_("What staff know it by."))
    location = models.CharField(_("location"), max_length=100, blank=True)
    position = models.PositiveIntegerField(
        _("position"), default=0, help_text=_("Of the locations of a product, the lowest is taken from first.")
    )
    content_type = models.ForeignKey(
        ContentType, models.CASCADE, null=True, blank=True, related_name="+", verbose_name=_("type of the product")
    )
    object_id = models.CharField(_("primary key of the product"), max_length=64, null=True, blank=True)
    product = GenericForeignKey()
    on_hand = models.BigIntegerField(_("on hand"), default=0, editable=False)
    held = models.BigIntegerField(_("held"), default=0, editable=False)
    tracked = models.BooleanField(_("tracked"), default=True, help_text=_("If not, any number can be sold."))
    backorder_limit = models.BigIntegerField(
        _("backorder limit"),
        default=0,
        validators=[MinValueValidator(0), MaxValueValidator(MOST)],
        help_text=_("How many more than there are may be sold."),
    )
    low_level = models.BigIntegerField(
        _("low level"), null=True, blank=True, help_text=_("Staff are told when no more than this is on hand.")
    )

    class Meta:
        verbose_name = _("stock record")
        verbose_name_plural = _("stock records")
        constraints = (
            models.CheckConstraint(condition=Q(held__gte=0), name="lorikeet_stock_held_not_negative"),
            models.CheckConstraint(condition=Q(backorder_limit__gte=0), name="lorikeet_stock_limit_not_negative"),
            models.CheckConstraint(
                condition=Q(held__lte=F("on_hand") + F("backorder_limit")), name="lorikeet_stock_held_is_there"
            ),
            models.UniqueConstraint(
                fields=("content_type", "object_id", "location"), name="lorikeet_stock_product_at_location"
            ),
        )
        permissions = (("adjust_stockrecord", _("Can correct what is on hand")),)

    def __str__(self) -> str:
        name = self.name or (str(self.product) if self.product is not None else f"Stock {self.pk}")
        return f"{name} ({self.location})" if self.location else name

    def clean(self) -> None:
        super().clean()
        if self.held > self.on_hand + (self.backorder_limit or 0):
            raise ValidationError({"backorder_limit": _("More are held or owed than that.")})
        self._clean_product()

    def _clean_product(self) -> None:
        """Refuse an incomplete key of a product, and one that no product can have: neither could be shown."""
        if (self.content_type is None) != (not self.object_id):
            raise ValidationError({"object_id": _("Give the type of the product and its primary key, or neither.")})
        if self.content_type is None:
            self.object_id = None
            return
        model = self.content_type.model_class()
        if model is None:
            raise ValidationError({"content_type": _("There are no products of this type any more.")})
        try:
            model._meta.pk.to_python(self.object_id)
        except ValidationError as error:
            raise ValidationError({"object_id": error.messages}) from None

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Write everything but the counters, which may have changed since they were read."""
        if self._state.adding or kwargs.get("force_insert"):
            refused = bool(self.on_hand or self.held)
        else:
            names = {field.name for field in self._meta.concrete_fields if not field.primary_key}
            refused = not COUNTERS.isdisjoint(kwargs.get("update_fields") or ())
            if kwargs.get("update_fields") is None:
                kwargs["update_fields"] = names - COUNTERS
        if refused:
            raise TypeError("Stock is counted in and corrected with adjust(), which writes down why.")
        super().save(*args, **kwargs)

    @property
    def available(self) -> int:
        """How many units could be sold when this was read; it means nothing if the record is not tracked."""
        return max(self.on_hand + self.backorder_limit - self.held, 0)

    @property
    def in_stock(self) -> bool:
        """Whether at least one can be sold."""
        return not self.tracked or self.available > 0


class Hold(models.Model):
    """Some units that are kept for an order, for a cart, or for the caller that made the hold, and what became of them.

    What is held for an order stays until the order is placed or cancelled; for a cart, until ``expires_at``.
    """

    class State(models.TextChoices):
        HELD = "held", _("held")
        CONSUMED = "consumed", _("sold")
        RELEASED = "released", _("released")

    stock = models.ForeignKey(StockRecord, models.PROTECT, related_name="holds", db_index=False)
    line = models.ForeignKey(LineItem, models.SET_NULL, null=True, blank=True, related_name="stock_holds")
    order = models.ForeignKey(Order, models.PROTECT, null=True, blank=True, related_name="stock_holds")
    cart = models.ForeignKey(Cart, models.SET_NULL, null=True, blank=True, related_name="stock_holds")
    quantity = models.BigIntegerField(_("quantity"))
    #: How many of the sold units are back in stock.
    returned = models.BigIntegerField(_("returned"), default=0)
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.HELD)
    expires_at = models.DateTimeField(_("expires at"), null=True, blank=True)
    created_at = models.DateTimeField(_("held since"), default=now)

    class Meta:
        verbose_name = _("hold")
        verbose_name_plural = _("holds")
        constraints = (
            models.CheckConstraint(condition=Q(quantity__gt=0), name="lorikeet_stock_hold_of_something"),
            models.CheckConstraint(
                condition=Q(returned__gte=0, returned__lte=F("quantity")), name="lorikeet_stock_returned_was_sold"
            ),
            models.CheckConstraint(condition=Q(order=None) | Q(cart=None), name="lorikeet_stock_hold_of_one"),
        )
        indexes = (
            models.Index(fields=("stock", "state", "expires_at"), name="lorikeet_stock_hold_stock"),
            models.Index(fields=("state", "expires_at"), name="lorikeet_stock_hold_expiry"),
        )
        permissions = (
            ("restock_hold", _("Can put back into stock what was sold")),
            ("release_hold", _("Can release what is held for no order")),
        )

    def __str__(self) -> str:
        return f"{self.quantity} of {self.stock}"

    @property
    def returnable(self) -> int:
        """How many of what was sold can still come back."""
        return self.quantity - self.returned if self.state == "consumed" else 0


class Movement(models.Model):
    """One change of what is on hand: what was sold, what came back, what was delivered or corrected. Never changed."""

    class Kind(models.TextChoices):
        SALE = "sale", _("sale")
        RETURN = "return", _("return")
        CORRECTION = "correction", _("correction")

    stock = models.ForeignKey(StockRecord, models.PROTECT, related_name="movements")
    kind = models.CharField(_("kind"), max_length=10, choices=Kind)
    quantity = models.BigIntegerField(_("quantity"), help_text=_("Below zero for what left."))
    hold = models.ForeignKey(Hold, models.PROTECT, null=True, blank=True, related_name="movements")
    #: By this the second of two equal requests is recognised.
    key = models.UUIDField(null=True, blank=True, unique=True, editable=False)
    by = models.ForeignKey(
        django_settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("by")
    )
    reason = models.CharField(_("reason"), max_length=255, blank=True)
    created_at = models.DateTimeField(_("time"), default=now, db_index=True)

    class Meta:
        verbose_name = _("movement")
        verbose_name_plural = _("movements")

    def __str__(self) -> str:
        return f"{self.quantity:+} {self.stock}: {self.get_kind_display()}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            raise TypeError("A movement of stock is never changed: write another with adjust().")
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        raise TypeError("A movement of stock is never deleted: write another with adjust().")
