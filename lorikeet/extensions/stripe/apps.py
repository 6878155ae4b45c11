"""How Django knows the app."""

from __future__ import annotations

from importlib import import_module

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class StripeConfig(AppConfig):
    """Registers the card, the sweeps that have Stripe forget cards and customers, and the checks."""

    name = "lorikeet.extensions.stripe"
    label = "lorikeet_stripe"
    verbose_name = _("Stripe")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from lorikeet.recovery import register_sweep
        from lorikeet.serializers import registry

        from .cards import delete_unused_customers, forget_retired
        from .models import StripeCard
        from .serializers import StripeCardSerializer

        registry.register(StripeCard, StripeCardSerializer)
        register_sweep("cards forgotten at Stripe", forget_retired)
        register_sweep("customers deleted at Stripe", delete_unused_customers)
        import_module("lorikeet.extensions.stripe.checks")
