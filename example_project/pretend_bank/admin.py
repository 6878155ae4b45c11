"""The pretend bank's books, to be read."""

from django.contrib import admin

from pretend_bank.models import Charge


@admin.register(Charge)
class ChargeAdmin(admin.ModelAdmin):
    """Shows what was charged; the bank's books are not edited by the shop."""

    list_display = ["reference", "statement", "amount", "currency", "card_token", "charged_at"]

    def has_add_permission(self, request):
        return False

    def has_change_permission(self, request, obj=None):
        return False

    def has_delete_permission(self, request, obj=None):
        return False
