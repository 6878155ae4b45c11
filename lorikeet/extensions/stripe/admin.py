"""Stripe's payments in the admin, where authorised money is captured."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from lorikeet.admin_bases import Acting, ReadOnly, in_currency

from .captures import capture
from .models import StripePayment

__all__ = ["StripePaymentAdmin"]


@admin.register(StripePayment)
class StripePaymentAdmin(ReadOnly, Acting):
    """Shows what was paid with cards."""

    list_display = ("charge", "amount", "is_captured", "order", "created_at")
    list_filter = ("is_captured",)
    list_select_related = ("attempt__order",)
    search_fields = ("=charge", "=attempt__order__id")
    fields = ("charge", "amount", "is_captured", "order", "created_at")
    actions = ("capture",)

    @admin.display(description=_("amount"))
    def amount(self, payment: StripePayment) -> str:
        """Show what was charged, or is authorised."""
        attempt = payment.attempt
        return "-" if attempt is None else in_currency(attempt.amount, attempt.currency)

    @admin.display(description=_("order"))
    def order(self, payment: StripePayment) -> Any:
        """Show the order that it is for."""
        return "-" if payment.attempt is None else payment.attempt.order

    def has_capture_permission(self, request: HttpRequest) -> bool:
        """Tell whether this member of the staff may capture what is authorised."""
        return request.user.has_perm("lorikeet_stripe.capture_stripepayment")

    @admin.action(description=_("Capture"), permissions=["capture"])
    def capture(self, request: HttpRequest, queryset: QuerySet[StripePayment]) -> None:
        """Capture the money that was authorised for each of them."""
        for payment in queryset.filter(is_captured=False).select_related("attempt__order"):
            if self.did(request, payment, lambda payment: capture(payment.attempt.order)):
                self.log_change(request, payment, "Captured.")
                self.message_user(request, _("%s was captured.") % payment)
