"""The record of what was sold, for staff to read, and the few things that only they can decide."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import Any, ClassVar
from uuid import uuid4, uuid5

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.helpers import ActionForm
from django.contrib.admin.utils import flatten
from django.contrib.auth import get_user_model
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from .exceptions import RefundError
from .models import Cart, Order, OrderCharge, Payment, PaymentAttempt
from .payments import decide, give_up, resolve
from .refunds import refund

__all__ = ["CartAdmin", "OrderAdmin", "PaymentAttemptAdmin", "add_to_orders"]

logger = logging.getLogger(__name__)


class ReadOnly(admin.options.BaseModelAdmin):  # type: ignore[type-arg]
    """Rows that only Lorikeet writes."""

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return list(flatten(self.fields or ()))

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class Acting(admin.ModelAdmin):  # type: ignore[type-arg]
    """Rows with actions that have short transactions of their own, whatever ``ATOMIC_REQUESTS`` says."""

    @transaction.non_atomic_requests
    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> Any:
        return super().changelist_view(request, extra_context)

    def did(self, request: HttpRequest, row: Any, action: Callable[[Any], Any]) -> bool:
        """Do something with a row, and tell the staff if it cannot be done: the other rows have their turn."""
        try:
            action(row)
        except Exception:
            logger.exception("%s could not be worked on.", row)
            self.message_user(request, _("%s could not be worked on; the log says why.") % row, messages.ERROR)
            return False
        return True


class FoundByUser(admin.ModelAdmin):  # type: ignore[type-arg]
    """Rows that staff find by their user's name and address as well, whatever the user model calls them."""

    def get_search_fields(self, request: HttpRequest) -> list[str]:
        user = get_user_model()
        columns = {field.name for field in user._meta.get_fields()}
        names = {user.USERNAME_FIELD, user.get_email_field_name()} & columns
        return [*super().get_search_fields(request), *(f"=user__{name}" for name in sorted(names))]


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
    """The fields beside the actions. They take anything: Django says nothing of what is wrong with them."""

    amount = forms.CharField(label=_("Refund: amount"), required=False)
    reason = forms.CharField(label=_("Reason"), required=False)
    #: By which the second of two clicks is noticed.
    refund_key = forms.CharField(label="", widget=forms.HiddenInput, required=False, initial=uuid4)


class RefundForm(forms.Form):
    """What the action to pay back needs: how much, and why."""

    amount = forms.DecimalField(label=_("Refund: amount"), required=False, max_digits=19, decimal_places=4)
    reason = forms.CharField(label=_("Reason"), max_length=255)
    refund_key = forms.UUIDField(required=False)


class ChargeInline(ReadOnly, admin.TabularInline):  # type: ignore[type-arg]
    model = OrderCharge
    extra = 0
    fields = ("code", "label", "total", "included")


class AttemptInline(ReadOnly, admin.TabularInline):  # type: ignore[type-arg]
    model = PaymentAttempt
    fk_name = "order"
    extra = 0
    fields = ("kind", "state", "amount", "currency", "provider", "reference", "attention", "created_at")
    show_change_link = True


@admin.register(Order)
class OrderAdmin(ReadOnly, Acting, FoundByUser):
    list_display = ("invoice_id", "state", "email", "grand_total", "currency", "purchased_on")
    list_filter = (StateFilter, "currency", "purchased_on")
    list_select_related = ("user",)
    search_fields = ("=id", "=custom_invoice_id", "=guest_email", "=uuid")
    date_hierarchy = "created_at"
    inlines: ClassVar[tuple[Any, ...]] = (ChargeInline, AttemptInline)
    fields = (
        ("uuid", "custom_invoice_id"),
        ("state", "cancel_reason"),
        ("user", "guest_email"),
        ("sent_to", "paid_with"),
        "items",
        ("subtotal", "grand_total", "currency"),
        ("created_at", "purchased_on", "expires_at", "notified_at"),
    )

    action_form = RefundFields
    actions: Sequence[Any] = ("refund", "cancel")

    def has_refund_permission(self, request: HttpRequest) -> bool:
        """Tell whether this member of the staff may pay back."""
        return request.user.has_perm("lorikeet.refund_order")

    @admin.action(description=_("Refund"), permissions=["refund"])
    def refund(self, request: HttpRequest, queryset: QuerySet[Order]) -> None:
        """Pay back the amount of the form, or all that is left of each order when it is empty."""
        self.pay_back(request, queryset)

    def pay_back(
        self,
        request: HttpRequest,
        queryset: QuerySet[Order],
        then: Callable[[Order, str], object] = lambda order, reason: None,
    ) -> None:
        """Pay back what the form says, and tell the staff: for an action that does more than "Refund".

        :param then: is called with each order of which a refund has not failed, and the reason.
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
        """Tell whether this member of the staff may cancel an order that waits for its money."""
        return request.user.has_perm("lorikeet.cancel_order")

    @admin.action(description=_("Cancel, if it still waits for its money"), permissions=["cancel"])
    def cancel(self, request: HttpRequest, queryset: QuerySet[Order]) -> None:
        """Give up each pending order whose provider can be stopped."""
        for order in queryset:
            if not self.did(request, order, give_up):
                continue
            order.refresh_from_db()
            self.log_change(request, order, f"Asked to cancel it: {order.state}.")
            self.message_user(request, f"{order}: {order.get_state_display()}")

    @admin.display(description=_("delivery address"))
    def sent_to(self, order: Order) -> str:
        """Show the address as its own class writes it."""
        return str(order.delivery_address_subclass or "-")

    @admin.display(description=_("payment method"))
    def paid_with(self, order: Order) -> str:
        """Show the payment method as its own class writes it."""
        return str(order.payment_method_subclass or "-")

    @admin.display(description=_("items"))
    def items(self, order: Order) -> SafeString:
        """Show the lines and adjustments with what was charged for them."""
        rows: list[Any] = [*order.items.select_subclasses(), *order.adjustments.select_subclasses()]
        return format_html_join("", "<div>{} — {}</div>", ((row, row.total) for row in rows))


def add_to_orders(inline: Any, *actions: Any) -> None:
    """Show what an extension keeps of orders: the rows of ``inline`` on the page of each, ``actions`` in their list.

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
    fields = ("user", "email", "currency", "delivery_address", "payment_method", "created_at", "updated_at")


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
    list_display = ("key", "kind", "state", "amount", "currency", "order", "attention", "created_at")
    list_filter = (AttentionFilter, "state", "kind", "attention")
    list_select_related = ("order",)
    search_fields = ("=key", "=reference", "=order__id")
    actions = ("ask_again", "mark_paid", "mark_not_paid", "mark_seen")
    fields = (
        ("key", "kind", "state"),
        ("order", "method", "provider", "reference"),
        ("amount", "currency", "received"),
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
        """Settle what the staff know to be paid, or paid back."""
        self.decide(request, queryset, True)

    @admin.action(description=_("It was not paid: give it up"), permissions=["resolve"])
    def mark_not_paid(self, request: HttpRequest, queryset: QuerySet[PaymentAttempt]) -> None:
        """Give up what the staff know not to be paid, and never will be."""
        self.decide(request, queryset, False)

    def decide(self, request: HttpRequest, queryset: QuerySet[PaymentAttempt], paid: bool) -> None:
        """Record the word of the staff, for payments that nobody can ask for."""
        for attempt in queryset:
            if not attempt.is_parked:
                self.message_user(request, _("%s can be asked for: do that.") % attempt, messages.ERROR)
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
