from django.apps import AppConfig


class RecipesConfig(AppConfig):
    """What the how-to guides add to the example shop."""

    name = "recipes"

    def ready(self):
        from lorikeet.serializers import registry

        # Receivers are connected by being imported.
        from . import models, operations, payment_methods, receivers, serializers  # noqa: F401

        registry.register(models.VoucherAdjustment, serializers.VoucherAdjustmentSerializer)
        registry.register(models.DebitCard, serializers.DebitCardSerializer)
        registry.register(payment_methods.GiftCard, serializers.GiftCardSerializer)
        registry.register(payment_methods.OnlineCard, serializers.OnlineCardSerializer)
        registry.register(payment_methods.Wallet, serializers.WalletSerializer)
