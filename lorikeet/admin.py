"""The record of what was sold, for staff to read, and the few things that only they can decide."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, ClassVar
from uuid import uuid4, uuid5

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.helpers import ActionForm
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from .admin_bases import Acting, FoundByUser, ReadOnly, amount_of, in_currency, row_behind
from .exceptions import RefundError
from .models import Cart, Order, OrderCharge, Payment, PaymentAttempt
from .payments import decide, give_up, resolve
from .refunds import refund

__all__ = ["CartAdmin", "OrderAdmin", "PaymentAttemptAdmin", "add_to_orders"]

ADDRESS = row_behind("delivery_address", _("delivery address"))
METHOD = row_behind("payment_method", _("payment method"))


class StateFilter(admin.SimpleListFilter):
    """Shows placed orders unless another state is asked for."""

    title = _("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [*Order.State.choices, ("all", _("All"))]

    def choices(self, changelist: Any) -> Any:
        for value, title in self.lookup_choices:
            selected = (self.value() or Order.State.PLACED) == value
            yield {
                "selected": selected,
                "query_string": changelist.get_query_string({self.parameter_name: value}),
                "display": title,
            }

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        state = self.value() or Order.State.PLACED
        return queryset if state == "all" else queryset.filter(state=state)


class RefundFields(ActionForm):
    """The fields beside the actions. They accept anything, since Django does not show what is wrong with them."""

    amount = forms.CharField(label=_("Amount to refund:"), required=False)
    reason = forms.CharField(label=_("Reason:"), required=False)
    #: The same for both of two clicks, so that the second is refused.
    refund_key = forms.CharField(label="", widget=forms.HiddenInput, required=False, initial=uuid4)


class RefundForm(forms.Form):
    """What the refund action needs: how much, and why."""

    amount = forms.DecimalField(required=False, max_digits=19, decimal_places=4)
    reason = forms.CharField(max_length=255)
    refund_key = forms.UUIDField(required=False)


def rows_of(holder: Any) -> list[Any]:
    """Return the lines and the adjustments of an order or a cart."""
    return [*holder.items.select_subclasses(), *holder.adjustments.select_subclasses()]


class ChargeInline(ReadOnly, admin.TabularInline):  # type: ignore[type-arg]
    model = OrderCharge
    extra = 0
    fields = ("code", "label", amount_of("total", _("total")), "included")


class AttemptInline(ReadOnly, admin.TabularInline):  # type: ignore[type-arg]
    model = PaymentAttempt
    fk_name = "order"
    extra = 0
    fields = ("kind", "state", amount_of("amount", _("amount")), "provider", "reference", "attention", "created_at")
    show_change_link = True


@admin.register(Order)
class OrderAdmin(ReadOnly, Acting, FoundByUser):
    list_display = ("invoice_id", "state", "email", amount_of("grand_total", _("grand total")), "purchased_on")
    list_filter = (StateFilter, "currency", "purchased_on")
    list_select_related = ("user",)
    search_fields = ("=id", "=custom_invoice_id", "=guest_email", "=uuid")
    date_hierarchy = "created_at"
    inlines: ClassVar[tuple[Any, ...]] = (ChargeInline, AttemptInline)
    fields = (
        ("uuid", "invoice_id"),
        ("state", "cancel_reason"),
        ("user", "guest_email"),
        (ADDRESS, METHOD),
        "items",
        (amount_of("subtotal", _("subtotal")), amount_of("grand_total", _("grand total"))),
        ("created_at", "purchased_on", "expires_at", "notified_at"),
    )

    action_form = RefundFields
    actions: Sequence[Any] = ("refund", "cancel")

    def has_refund_permission(self, request: HttpRequest) -> bool:
        """Tell whether this member of the staff may refund."""
        return request.user.has_perm("lorikeet.refund_order")

    @admin.action(description=_("Refund"), permissions=["refund"])
    def refund(self, request: HttpRequest, queryset: QuerySet[Order]) -> None:
        """Refund the amount of the form, or all that is left of each order when it is empty."""
        self.pay_back(request, queryset)

    def pay_back(
        self,
        request: HttpRequest,
        queryset: QuerySet[Order],
        then: Callable[[Order, str], object] = lambda order, reason: None,
    ) -> None:
        """Refund what the form says, and tell the staff. Call it from an action that does more than "Refund".

        :param then: called with each order whose refund has not failed, and with the reason.
        """
        form = RefundForm(request.POST)
        if not form.is_valid():
            self.message_user(request, _("Give a reason, and an amount if it is not all."), messages.ERROR)
            return
        amount, reason = form.cleaned_data["amount"], form.cleaned_data["reason"]
        key = form.cleaned_data["refund_key"] or uuid4()
        for order in queryset:
            try:
                attempt = refund(order, amount, reason, request.user, uuid5(key, str(order.pk)))
            except RefundError as error:
                self.message_user(request, f"{order}: {error}", messages.ERROR)
                continue
            words = f"Refund of {attempt.amount} {attempt.currency}: {attempt.state}. {reason}"
            self.log_change(request, order, words)
            self.message_user(request, f"{order}: {words}")
            if attempt.state != "failed":
                then(order, reason)

    def has_cancel_permission(self, request: HttpRequest) -> bool:
        """Tell whether this member of the staff may cancel a pending order."""
        return request.user.has_perm("lorikeet.cancel_order")

    @admin.action(description=_("Cancel, if it is still pending"), permissions=["cancel"])
    def cancel(self, request: HttpRequest, queryset: QuerySet[Order]) -> None:
        """Cancel each pending order whose payment can be stopped at the provider."""
        for order in queryset:
            if not self.did(request, order, give_up):
                continue
            order.refresh_from_db()
            self.log_change(request, order, f"Asked to cancel it: {order.state}.")
            self.message_user(request, f"{order}: {order.get_state_display()}")

    def view_on_site(self, order: Order) -> str | None:
        """Return the URL of the shopper's page, if orders have one, with a token that opens it to the staff."""
        return order.get_absolute_url(token=True)

    @admin.display(description=_("items"))
    def items(self, order: Order) -> SafeString:
        """Show the lines and adjustments with what was charged for them."""
        rows = ((row, in_currency(row.total, order.currency)) for row in rows_of(order))
        return format_html_join("", "<div>{} — {}</div>", rows)


def add_to_orders(inline: Any, *actions: Any) -> None:
    """Add what an extension keeps of orders: ``inline`` to the page of each order, ``actions`` to their list.

    An action is a function as Django's admin takes it. It is called with the ``OrderAdmin``, whose :meth:`pay_back
    <lorikeet.admin.OrderAdmin.pay_back>` is for those that refund.
    """
    OrderAdmin.inlines = (*OrderAdmin.inlines, inline)
    OrderAdmin.actions = (*OrderAdmin.actions, *actions)


@admin.register(Cart)
class CartAdmin(ReadOnly, FoundByUser):
    list_display = ("id", "user", "email", "currency", "updated_at")
    list_select_related = ("user",)
    search_fields = ("=id", "=email")
    fields = ("user", "email", "currency", "items", ADDRESS, METHOD, "created_at", "updated_at")

    @admin.display(description=_("items"))
    def items(self, cart: Cart) -> SafeString:
        """Show the lines and adjustments, without prices: only a request of the shopper computes these."""
        return format_html_join("", "<div>{}</div>", ((row,) for row in rows_of(cart)))


class AttentionFilter(admin.SimpleListFilter):
    """Shows the payments that wait for the staff, or all."""

    title = _("attention")
    parameter_name = "attention"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("needed", _("Needed"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.exclude(attention="") if self.value() == "needed" else queryset


@admin.register(PaymentAttempt)
class PaymentAttemptAdmin(ReadOnly, Acting):
    list_display = ("key", "kind", "state", amount_of("amount", _("amount")), "order", "attention", "created_at")
    list_filter = (AttentionFilter, "state", "kind", "attention")
    list_select_related = ("order",)
    search_fields = ("=key", "=reference", "=order__id")
    actions = ("ask_again", "mark_paid", "mark_not_paid", "mark_seen")
    fields = (
        ("key", "kind", "state"),
        ("order", row_behind("method", _("payment method")), "provider", "reference"),
        (amount_of("amount", _("amount")), "received"),
        ("attention", "reason", "created_by"),
        ("info", "evidence"),
        ("created_at", "updated_at", "check_at"),
    )

    def has_resolve_permission(self, request: HttpRequest) -> bool:
        """Tell whether this member of the staff may decide what became of a payment."""
        return request.user.has_perm("lorikeet.resolve_paymentattempt")

    @admin.display(description=_("payments without an attempt, made since"))
    def evidence(self, attempt: PaymentAttempt) -> str:
        """Show what the payment method recorded by itself: perhaps this attempt was paid after all."""
        unlinked = Payment.objects.select_subclasses().filter(
            method=attempt.method_id, attempt=None, created_at__gte=attempt.created_at
        )
        return ", ".join(f"{payment._meta.verbose_name} {payment.pk}" for payment in unlinked) or "-"

    @admin.action(description=_("Ask the provider again"), permissions=["resolve"])
    def ask_again(self, request: HttpRequest, queryset: QuerySet[PaymentAttempt]) -> None:
        """Resolve the selected payments now."""
        for attempt in queryset:
            if not self.did(request, attempt, resolve):
                continue
            attempt.refresh_from_db()
            self.log_change(request, attempt, f"Asked the provider again: {attempt.state}.")
            self.message_user(request, f"{attempt}: {attempt.get_state_display()}")

    @admin.action(description=_("It was paid: settle it"), permissions=["resolve"])
    def mark_paid(self, request: HttpRequest, queryset: QuerySet[PaymentAttempt]) -> None:
        """Settle what the staff know was paid, or refunded."""
        self.decide(request, queryset, True)

    @admin.action(description=_("It was not paid: give it up"), permissions=["resolve"])
    def mark_not_paid(self, request: HttpRequest, queryset: QuerySet[PaymentAttempt]) -> None:
        """Give up what the staff know was not paid, and never will be."""
        self.decide(request, queryset, False)

    def decide(self, request: HttpRequest, queryset: QuerySet[PaymentAttempt], paid: bool) -> None:
        """Record the decision of the staff about payments that the provider cannot be asked about."""
        for attempt in queryset:
            if not attempt.is_parked:
                self.message_user(
                    request, _("The provider can be asked about %s: do that instead.") % attempt, messages.ERROR
                )
                continue
            decide(attempt, paid)
            self.log_change(request, attempt, "Marked as paid." if paid else "Marked as not paid.")
            self.message_user(request, _("%s was settled.") % attempt)

    @admin.action(description=_("Take it off the list"), permissions=["resolve"])
    def mark_seen(self, request: HttpRequest, queryset: QuerySet[PaymentAttempt]) -> None:
        """Stop asking for attention. A payment whose outcome is unknown has to be decided instead."""
        for attempt in queryset:
            if attempt.is_open:
                self.message_user(request, _("%s is not settled yet.") % attempt, messages.ERROR)
                continue
            PaymentAttempt.objects.filter(pk=attempt.pk).update(attention="")
            self.log_change(request, attempt, f"Seen: {attempt.attention}.")
