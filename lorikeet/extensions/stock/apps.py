"""How Django knows the app."""

from __future__ import annotations

from importlib import import_module

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class StockConfig(AppConfig):
    """Takes part in every change of a cart and in every order, and registers the sweep, the rules and the checks."""

    name = "lorikeet.extensions.stock"
    label = "lorikeet_stock"
    verbose_name = _("Stock")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from lorikeet.hooks import register_hooks
        from lorikeet.invariants import register_rules
        from lorikeet.recovery import register_sweep

        from .holds import delete_old, release_expired
        from .hooks import stock_hooks
        from .rules import rules

        register_hooks(stock_hooks)
        register_sweep("holds released", release_expired)
        register_sweep("holds deleted", delete_old)
        register_rules(rules)
        import_module("lorikeet.extensions.stock.checks")
