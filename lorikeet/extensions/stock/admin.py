"""Stock in the admin: what there is, what is held, every movement, and the few things that staff do to them."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4, uuid5

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.helpers import ActionForm
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from lorikeet.admin import OrderAdmin, add_to_orders
from lorikeet.admin_bases import Acting, ReadOnly, row_behind
from lorikeet.models import Order

from .exceptions import StockError
from .holds import release
from .models import Hold, Movement, StockRecord
from .movements import adjust, restock, restock_order

__all__ = ["HoldAdmin", "MovementAdmin", "StockRecordAdmin"]


class MovementFields(ActionForm):
    """The fields beside the actions. They accept any text, which the actions check: Django shows no errors here."""

    quantity = forms.CharField(label=_("Units:"), required=False)
    reason = forms.CharField(label=_("Reason:"), required=False)
    #: By this the second of two clicks is recognised.
    movement_key = forms.CharField(label="", widget=forms.HiddenInput, required=False, initial=uuid4)


class AdjustForm(forms.Form):
    """What a correction needs: the difference, and why."""

    quantity = forms.IntegerField(min_value=-(10**12), max_value=10**12)
    reason = forms.CharField(max_length=255)
    movement_key = forms.UUIDField(required=False)


class RestockForm(forms.Form):
    """What a return needs: how many units (all of them if empty), and why."""

    quantity = forms.IntegerField(min_value=1, max_value=10**12, required=False)
    reason = forms.CharField(max_length=255)
    movement_key = forms.UUIDField(required=False)


def key_for(row: Any, form: forms.Form) -> UUID:
    """Return the key of what ``form`` asks to be done to ``row``."""
    return uuid5(form.cleaned_data["movement_key"] or uuid4(), f"{row._meta.label} {row.pk}")


class Named(admin.ModelAdmin):  # type: ignore[type-arg]
    """Rows named after the product of their stock record; the products are loaded with the list."""

    product = "stock__product"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows: QuerySet[Any] = super().get_queryset(request).prefetch_related(self.product)
        return rows


@admin.register(StockRecord)
class StockRecordAdmin(Named, Acting):
    """Records are made and described here; what is on hand is changed by an action, which asks why."""

    product = "product"
    list_display = ("__str__", "on_hand", "held", "available", "tracked", "low_level")
    list_filter = ("tracked", "location")
    search_fields = ("name", "location", "=object_id")
    fields = (
        ("name", "location", "position"),
        ("content_type", "object_id"),
        ("on_hand", "held", "available"),
        ("tracked", "backorder_limit", "low_level"),
    )
    readonly_fields = ("on_hand", "held", "available")
    action_form = MovementFields
    actions = ("adjust",)

    @admin.display(description=_("available"))
    def available(self, record: StockRecord) -> int | None:
        """Show how many units can be sold."""
        return record.available if record.tracked else None

    def has_adjust_permission(self, request: HttpRequest) -> bool:
        """Tell whether this member of the staff may correct what is on hand."""
        return request.user.has_perm("lorikeet_stock.adjust_stockrecord")

    @admin.action(description=_("Add units to what is on hand, or take them off"), permissions=["adjust"])
    def adjust(self, request: HttpRequest, queryset: QuerySet[StockRecord]) -> None:
        """Change what is on hand of each record by the same difference."""
        form = AdjustForm(request.POST)
        if not form.is_valid():
            self.message_user(request, _("Give a whole number of units and a reason."), messages.ERROR)
            return
        change, reason = form.cleaned_data["quantity"], form.cleaned_data["reason"]
        for record in queryset:
            try:
                movement = adjust(record, change, reason, request.user, key_for(record, form))
            except StockError as error:
                self.message_user(request, str(error), messages.ERROR)
                continue
            self.log_change(request, record, f"{movement.quantity:+}: {movement.reason}")
            self.message_user(request, str(movement))


@admin.register(Hold)
class HoldAdmin(Named, ReadOnly, Acting):
    """Shows for whom stock is held, and takes back what was sold."""

    list_display = ("id", "stock", "quantity", "returned", "state", "order", "cart", "expires_at")
    list_filter = ("state", "created_at")
    list_select_related = ("stock", "order", "cart")
    search_fields = ("=order__id", "=order__custom_invoice_id", "=stock__id", "stock__name", "=stock__object_id")
    fields = (
        ("stock", "quantity", "returned", "state"),
        ("order", row_behind("line", _("line item")), "cart"),
        ("created_at", "expires_at"),
    )
    action_form = MovementFields
    actions = ("restock", "release")

    def has_restock_permission(self, request: HttpRequest) -> bool:
        """Tell whether this member of the staff may put back into stock what was sold."""
        return request.user.has_perm("lorikeet_stock.restock_hold")

    @admin.action(description=_("Put back into stock"), permissions=["restock"])
    def restock(self, request: HttpRequest, queryset: QuerySet[Hold]) -> None:
        """Put back the number of units in the form, or all that is left of each hold when it is empty."""
        form = RestockForm(request.POST)
        if not form.is_valid():
            self.message_user(request, _("Give a reason, and a number of units if it is not all."), messages.ERROR)
            return
        quantity, reason = form.cleaned_data["quantity"], form.cleaned_data["reason"]
        for hold in queryset.select_related("stock"):
            try:
                movement = restock(hold, quantity, reason, request.user, key_for(hold, form))
            except StockError as error:
                self.message_user(request, str(error), messages.ERROR)
                continue
            self.log_change(request, hold, f"{movement.quantity:+}: {movement.reason}")
            self.message_user(request, str(movement))

    def has_release_permission(self, request: HttpRequest) -> bool:
        """Tell whether this member of the staff may release holds of no order."""
        return request.user.has_perm("lorikeet_stock.release_hold")

    @admin.action(description=_("Release, unless it is for an order"), permissions=["release"])
    def release(self, request: HttpRequest, queryset: QuerySet[Hold]) -> None:
        """Release what a cart holds or staff put aside. A hold of an order is released when the order is cancelled."""
        for hold in queryset.select_related("stock"):
            if hold.order_id is not None or not release([hold]):
                self.message_user(request, _("%s is for an order, or was released before.") % hold, messages.ERROR)
                continue
            self.log_change(request, hold, "Released.")
            self.message_user(request, _("%s was released.") % hold)


@admin.register(Movement)
class MovementAdmin(Named, ReadOnly, admin.ModelAdmin):  # type: ignore[type-arg]
    """The log of what came and went."""

    list_display = ("created_at", "stock", "kind", "quantity", "by", "reason")
    list_filter = ("kind", "created_at")
    list_select_related = ("stock", "by")
    search_fields = ("stock__name", "reason", "=hold__order__id")
    date_hierarchy = "created_at"
    fields = (("created_at", "kind", "quantity"), ("stock", "hold"), ("by", "reason"))


class HoldInline(ReadOnly, admin.TabularInline):  # type: ignore[type-arg]
    """What an order holds, or was sold."""

    model = Hold
    extra = 0
    fields = ("stock", "quantity", "returned", "state")
    show_change_link = True

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows: QuerySet[Any] = super().get_queryset(request).select_related("stock").prefetch_related("stock__product")
        return rows


@admin.action(description=_("Refund, and put all of it back into stock"), permissions=["refund"])
def refund_and_restock(orders: OrderAdmin, request: HttpRequest, queryset: QuerySet[Order]) -> None:
    """Refund what the form says, and put the goods of each order back into stock unless its refund failed."""
    if not request.user.has_perm("lorikeet_stock.restock_hold"):
        orders.message_user(request, _("You may not put back into stock what was sold."), messages.ERROR)
        return

    def put_back(order: Order, reason: str) -> None:
        try:
            movements = restock_order(order, reason, request.user)
        except StockError as error:
            orders.message_user(request, str(error), messages.ERROR)
            return
        for movement in movements:
            orders.log_change(request, movement.hold, f"{movement.quantity:+}: {movement.reason}")
            orders.message_user(request, str(movement))

    orders.pay_back(request, queryset, put_back)


add_to_orders(HoldInline, refund_and_restock)
