"""How Django knows the app."""

from __future__ import annotations

from importlib import import_module

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class LorikeetConfig(AppConfig):
    """Connects the receivers and the system checks."""

    name = "lorikeet"
    label = "lorikeet"
    verbose_name = _("Cart and orders")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        import_module("lorikeet.cart.receivers")
        import_module("lorikeet.checks")
