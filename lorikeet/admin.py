"""The record of what was sold, for staff to read. Nothing here changes an order."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from .models import Cart, Order, OrderCharge, PaymentAttempt

__all__ = ["CartAdmin", "OrderAdmin", "PaymentAttemptAdmin"]


class ReadOnly(admin.options.BaseModelAdmin):  # type: ignore[type-arg]
    """Rows that only Lorikeet writes."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


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
class OrderAdmin(ReadOnly, admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ("invoice_id", "state", "email", "grand_total", "currency", "purchased_on")
    list_filter = (StateFilter, "currency", "purchased_on")
    list_select_related = ("user",)
    search_fields = ("=id", "=custom_invoice_id", "=guest_email", "=user__email", "=uuid")
    date_hierarchy = "created_at"
    inlines = (ChargeInline, AttemptInline)
    fields = (
        ("uuid", "custom_invoice_id"),
        ("state", "cancel_reason"),
        ("user", "guest_email"),
        ("delivery_address", "payment_method"),
        "items",
        ("subtotal", "grand_total", "currency"),
        ("created_at", "purchased_on", "expires_at", "notified_at"),
    )

    @admin.display(description=_("items"))
    def items(self, order: Order) -> SafeString:
        """Show the lines and adjustments with what was charged for them."""
        rows: list[Any] = [*order.items.select_subclasses(), *order.adjustments.select_subclasses()]
        return format_html_join("", "<div>{} — {}</div>", ((row, row.total) for row in rows))


@admin.register(Cart)
class CartAdmin(ReadOnly, admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ("id", "user", "email", "currency", "updated_at")
    list_select_related = ("user",)
    search_fields = ("=id", "=email", "=user__email")
    fields = ("user", "email", "currency", "delivery_address", "payment_method", "created_at", "updated_at")


@admin.register(PaymentAttempt)
class PaymentAttemptAdmin(ReadOnly, admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ("key", "kind", "state", "amount", "currency", "order", "attention", "created_at")
    list_filter = ("state", "kind", "attention")
    list_select_related = ("order",)
    search_fields = ("=key", "=reference", "=order__id")
