"""Cards at Stripe, the customers that they belong to, and what is kept of a payment."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from contextlib import suppress
from datetime import datetime
from decimal import Decimal
from functools import partial
from typing import Any

from django.conf import settings as django_settings
from django.db import IntegrityError, models, transaction
from django.http import HttpRequest
from django.utils.timezone import localdate
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from lorikeet.exceptions import IncompleteCartError
from lorikeet.models import Payment, PaymentAttempt, PaymentMethod
from lorikeet.outcomes import NotFound, Paid, Pending, ProviderPayment, Review

from . import amounts, intents, refunds, webhooks
from .forgetting import forget

__all__ = ["StripeCard", "StripeCustomer", "StripePayment"]


class StripeCustomer(models.Model):
    """A customer at Stripe, who has saved cards: one for each user, and one for each card that a guest saves."""

    user = models.OneToOneField(
        django_settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="stripe_customer"
    )
    key = models.UUIDField(_("key"), unique=True, default=uuid.uuid4, editable=False)
    reference = models.CharField(_("Stripe's id"), max_length=255, null=True, unique=True)
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)

    class Meta:
        verbose_name = _("Stripe customer")
        verbose_name_plural = _("Stripe customers")

    def __str__(self) -> str:
        return self.reference or f"Stripe customer {self.pk}"


class StripeCard(PaymentMethod):
    """A card that Stripe knows. Its number never comes near the shop."""

    #: Empty until the first payment, if the card came as a confirmation token.
    payment_method = models.CharField(_("Stripe's id"), max_length=255, null=True, unique=True)
    confirmation_token = models.CharField(max_length=255, null=True, unique=True, editable=False)
    customer = models.ForeignKey(
        StripeCustomer, models.PROTECT, null=True, blank=True, related_name="cards", verbose_name=_("Stripe customer")
    )
    reusable = models.BooleanField(_("reusable"), default=False)
    brand = models.CharField(_("brand"), max_length=40)
    last4 = models.CharField(_("last four digits"), max_length=4)
    exp_month = models.PositiveSmallIntegerField(_("month of expiry"))
    exp_year = models.PositiveSmallIntegerField(_("year of expiry"))
    #: When Stripe was told to forget a saved card that its owner had removed.
    forgotten_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        verbose_name = _("Stripe card")
        verbose_name_plural = _("Stripe cards")

    def __str__(self) -> str:
        return f"{self.brand.replace('_', ' ').title()} •••• {self.last4}"

    def check_complete(self, for_checkout: bool = False) -> None:
        """Refuse a card that has expired: it is good until the end of its month. Banks renew those that are saved."""
        today = localdate()
        if not self.reusable and (self.exp_year, self.exp_month) < (today.year, today.month):
            raise IncompleteCartError("card_expired", gettext("This card has expired."), "payment_method")

    def check_amount(self, amount: Decimal, currency: str) -> None:
        amounts.check_amount(amount, currency)

    def start_payment(self, attempt: PaymentAttempt) -> Paid | Pending:
        return intents.start(self, attempt)

    def check_payment(self, attempt: PaymentAttempt) -> Paid | Pending | NotFound:
        return intents.check(self, attempt)

    def cancel_payment(self, attempt: PaymentAttempt) -> bool:
        return intents.cancel(attempt)

    def refund_payment(self, attempt: PaymentAttempt) -> Paid | Pending:
        return refunds.refund(attempt)

    def review_payment(self, attempt: PaymentAttempt) -> Review:
        return refunds.review(attempt)

    @classmethod
    def read_webhook(cls, request: HttpRequest) -> Iterable[str]:
        return webhooks.read(request)

    @classmethod
    def list_payments(cls, since: datetime) -> Iterable[ProviderPayment]:
        return intents.list_paid(since)

    def assign_to_user(self, user: Any) -> None:
        """Give a guest's card to the user that they sign in as, with its customer if the user has none yet."""
        super().assign_to_user(user)
        if self.customer is not None and not StripeCustomer.objects.filter(user=user).exists():
            with suppress(IntegrityError), transaction.atomic():  # another process may have given the user one by now
                StripeCustomer.objects.filter(pk=self.customer.pk, user=None).update(user=user)

    def retire(self) -> None:
        super().retire()
        if self.customer_id is not None:
            transaction.on_commit(partial(forget, self), robust=True)

    def is_to_be_set_up(self) -> bool:
        """Whether the next payment asks the bank to agree to later ones without the shopper."""
        return self.reusable and not PaymentAttempt.objects.filter(method=self.pk, state="paid").exists()

    def keep(self, reference: str | None) -> None:
        """Save which card a confirmation token turned out to be."""
        if reference and self.payment_method is None:
            with suppress(IntegrityError), transaction.atomic():  # the token was of a card that is here already
                StripeCard.objects.filter(pk=self.pk).update(payment_method=reference)
                self.payment_method = reference

    def make_payment_record(self, intent: Any) -> StripePayment:
        """Return what is kept of an intent that was paid or authorised."""
        return StripePayment(method=self, charge=intent.latest_charge, is_captured=intent.status == "succeeded")


class StripePayment(Payment):
    """A payment with a card: Stripe's charge, and whether its money was taken or only authorised."""

    charge = models.CharField(_("Stripe's id of the charge"), max_length=255, null=True)
    is_captured = models.BooleanField(_("captured"), default=True)

    class Meta:
        verbose_name = _("Stripe payment")
        verbose_name_plural = _("Stripe payments")
        permissions = (("capture_stripepayment", _("Can take money that was authorised")),)

    def __str__(self) -> str:
        return self.charge or f"Stripe payment {self.pk}"
