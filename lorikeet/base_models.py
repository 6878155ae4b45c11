"""The abstract models that ``models.py`` is made of: what hosts may subclass, and rows with amounts."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, ClassVar

from django.conf import settings as django_settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from . import money
from .conf import settings
from .managers import SubclassManager

__all__ = [
    "Extensible",
    "InCartOrOrder",
    "Ownable",
    "Quantised",
    "account_email",
    "amount_field",
    "currency_field",
    "in_cart_or_order",
    "parent_links",
    "subclass_of",
]


def account_email(user: Any) -> str:
    """Return the e-mail address of an account; empty without one, and for a guest (``None``)."""
    return "" if user is None else str(getattr(user, user.get_email_field_name(), None) or "")


def default_currency() -> str:
    return settings.CURRENCY


def amount_field(**options: Any) -> models.DecimalField[Any, Any]:
    """Return a column for an amount of money in major units."""
    return models.DecimalField(max_digits=19, decimal_places=4, **options)


def currency_field() -> models.CharField[Any, Any]:
    """Return a column for an ISO 4217 code."""
    return models.CharField(_("currency"), max_length=3, default=default_currency)


class Extensible(models.Model):
    """A multi-table parent, which is never saved itself: hosts save its subclasses."""

    #: Lookups that are loaded together with these rows, such as ``("product", "product__merchant")``.
    cart_prefetch: ClassVar[Sequence[str]] = ()

    created_at = models.DateTimeField(_("created at"), auto_now_add=True)

    objects: ClassVar[SubclassManager[Any]] = SubclassManager()

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} {self.pk}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._meta.parents:
            name = type(self).__name__
            raise TypeError(f"Lorikeet's {name} is to be subclassed: write class My{name}({name}) and save that.")
        super().save(*args, **kwargs)


class Ownable(Extensible):
    """What belongs to a user, or to the guest's cart it was made in."""

    user = models.ForeignKey(
        django_settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="%(class)s_set"
    )
    cart = models.ForeignKey("lorikeet.Cart", models.SET_NULL, null=True, blank=True, related_name="%(class)s_set")
    active = models.BooleanField(_("active"), default=True)

    class Meta:
        abstract = True

    def assign_to_user(self, user: Any) -> None:
        """Give what a guest made to the user who signs in; the caller saves it."""
        self.user = user

    def retire(self) -> None:
        """Deactivate this, so that the shopper no longer sees it; its row is kept for the orders that name it.

        It is called in a transaction. Override it to do more after the commit (``transaction.on_commit``), such as
        deleting a card at its provider.
        """
        self.active = False
        self.save(update_fields=["active"])


class InCartOrOrder(Extensible):
    """What is in a cart until it is checked out, and on an order from then on."""

    #: Fields in which two of these must be equal to be combined, such as ``("product",)``.
    combine_on: ClassVar[Sequence[str]] = ()

    total_when_charged = amount_field(null=True, blank=True, editable=False)

    _is_unfrozen = False

    class Meta:
        abstract = True
        ordering = ("id",)

    def combine_with(self, other: Any) -> bool:
        """Combine ``other`` with this row, for example by adding up the quantities.

        It is called only for rows of the same class that are equal in all fields of ``combine_on``. Return ``True`` if
        they were combined: this row is then validated and saved, and ``other`` is dropped. By default no rows are
        combined.
        """
        return False

    def check_complete(self, for_checkout: bool = False) -> None:
        """Raise ``IncompleteCartError`` if this cannot be sold as it is.

        :param for_checkout: an order is about to be made from it, inside the transaction that holds the cart's lock.
        """

    def prepare_for_checkout(self) -> None:
        """Take what this needs, such as a limited coupon, in the transaction that makes the order.

        That transaction is committed *before* the payment is made, so override :meth:`undo_checkout` as well.
        ``self.order`` is set.

        :raises ConflictError: it is no longer available. Nothing is sold, the client is answered 409.
        """

    def finish_checkout(self) -> None:
        """Turn what :meth:`prepare_for_checkout` took into a sale, in the transaction that places the order.

        The shopper has paid by then: it must not fail.
        """

    def undo_checkout(self) -> None:
        """Give back what :meth:`prepare_for_checkout` took, in the transaction that cancels the order.

        ``self.order`` is still set; this row goes back to its cart afterwards.
        """

    def save(self, *args: Any, **kwargs: Any) -> None:
        self._refuse_if_on_order()
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        self._refuse_if_on_order()
        return super().delete(*args, **kwargs)

    @contextmanager
    def unfrozen(self) -> Iterator[None]:
        """Let a hook of the checkout save this row although it is on an order."""
        self._is_unfrozen = True
        try:
            yield
        finally:
            self._is_unfrozen = False

    def _refuse_if_on_order(self) -> None:
        if self._is_unfrozen:
            return
        sold = self.order_id is not None  # type: ignore[attr-defined]
        if not sold and not self._state.adding:  # it may have been sold since it was read
            sold = type(self)._base_manager.filter(pk=self.pk, order__isnull=False).exists()
        if sold:
            raise ValueError("This is on an order, which never changes; refund or cancel the order instead.")


def in_cart_or_order(model: str) -> models.CheckConstraint:
    """Return the constraint that a row of ``model`` is in a cart or on an order, and never in both."""
    return models.CheckConstraint(
        condition=Q(cart__isnull=False, order__isnull=True) | Q(cart__isnull=True, order__isnull=False),
        name=f"lorikeet_{model}_in_cart_or_order",
    )


class Quantised(models.Model):
    """A row with amounts in its own currency, which are read with that currency's decimal places."""

    amounts: ClassVar[tuple[str, ...]] = ()
    currency: models.CharField[Any, Any]

    class Meta:
        abstract = True

    @classmethod
    def from_db(cls, db: str | None, field_names: Collection[str], values: Collection[Any], **options: Any) -> Any:
        """Return a row with its amounts rounded to the exponent of its currency."""
        row = super().from_db(db, field_names, values, **options)
        if "currency" in row.__dict__:
            for name in cls.amounts:
                if row.__dict__.get(name) is not None:
                    setattr(row, name, money.quantise(row.__dict__[name], row.currency))
        return row


def parent_links(model: Any) -> set[str]:
    """Return the names of the columns that join a model, or a row of it, to its multi-table parents."""
    columns = model._meta.concrete_fields
    return {field.name for field in columns if field.remote_field is not None and field.remote_field.parent_link}


def subclass_of(row: Any) -> Any:
    """Return a row of a multi-table parent as an instance of its own class; it may be that already, or ``None``."""
    if row is None or row._meta.parents:
        return row
    return type(row).objects.get_subclass(pk=row.pk)
