"""The catalogue in the admin; carts and orders are there already, by Lorikeet."""

from django.contrib import admin
from django.urls import reverse
from django.utils.html import format_html

from lorikeet.extensions.stock.models import StockRecord
from shop import models


@admin.register(models.Merchant)
class MerchantAdmin(admin.ModelAdmin):
    list_display = ["name", "region"]
    prepopulated_fields = {"slug": ["name"]}


@admin.register(models.Wine)
class WineAdmin(admin.ModelAdmin):
    """A wine gets its stock record when it is made; the bottles are counted there."""

    list_display = ["__str__", "sku", "merchant", "style", "unit_price", "available", "is_kept_in_cart", "is_listed"]
    list_editable = ["unit_price", "is_listed"]
    list_filter = ["merchant", "style"]
    list_select_related = ["merchant", "stock"]
    search_fields = ["name", "sku", "merchant__name"]
    exclude = ["stock"]
    readonly_fields = ["available"]

    @admin.display(description="bottles available")
    def available(self, wine):
        """Link what is left to the record, where it is counted, delivered and corrected."""
        if wine.stock_id is None:
            return "None, until some are delivered"
        url = reverse("admin:lorikeet_stock_stockrecord_change", args=[wine.stock_id])
        return format_html('<a href="{}">{}</a>', url, "not counted" if wine.stock_count is None else wine.stock_count)

    def save_model(self, request, wine, form, change):
        if wine.stock_id is None:
            wine.stock = StockRecord.objects.create(name=f"{wine.merchant} {wine}")
        super().save_model(request, wine, form, change)
