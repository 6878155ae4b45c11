"""The record of what was sold, for staff to read. Nothing here changes an order."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.admin.utils import flatten
from django.contrib.auth import get_user_model
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from .models import Cart, Order, OrderCharge, PaymentAttempt

__all__ = ["CartAdmin", "OrderAdmin", "PaymentAttemptAdmin"]


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
class OrderAdmin(ReadOnly, FoundByUser):
    list_display = ("invoice_id", "state", "email", "grand_total", "currency", "purchased_on")
    list_filter = (StateFilter, "currency", "purchased_on")
    list_select_related = ("user",)
    search_fields = ("=id", "=custom_invoice_id", "=guest_email", "=uuid")
    date_hierarchy = "created_at"
    inlines = (ChargeInline, AttemptInline)
    fields = (
        ("uuid", "custom_invoice_id"),
        ("state", "cancel_reason"),
        ("user", "guest_email"),
        ("sent_to", "paid_with"),
        "items",
        ("subtotal", "grand_total", "currency"),
        ("created_at", "purchased_on", "expires_at", "notified_at"),
    )

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


@admin.register(Cart)
class CartAdmin(ReadOnly, FoundByUser):
    list_display = ("id", "user", "email", "currency", "updated_at")
    list_select_related = ("user",)
    search_fields = ("=id", "=email")
    fields = ("user", "email", "currency", "delivery_address", "payment_method", "created_at", "updated_at")


@admin.register(PaymentAttempt)
class PaymentAttemptAdmin(ReadOnly, admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ("key", "kind", "state", "amount", "currency", "order", "attention", "created_at")
    list_filter = ("state", "kind", "attention")
    list_select_related = ("order",)
    search_fields = ("=key", "=reference", "=order__id")
