"""The catalogue in the admin; carts and orders are there already, by Lorikeet."""

from django.contrib import admin

from shop import models


@admin.register(models.Merchant)
class MerchantAdmin(admin.ModelAdmin):
    list_display = ["name", "region"]
    prepopulated_fields = {"slug": ["name"]}


@admin.register(models.Wine)
class WineAdmin(admin.ModelAdmin):
    list_display = ["__str__", "sku", "merchant", "style", "unit_price", "stock_count", "is_listed"]
    list_editable = ["unit_price", "stock_count", "is_listed"]
    list_filter = ["merchant", "style"]
    list_select_related = ["merchant"]
    search_fields = ["name", "sku", "merchant__name"]
