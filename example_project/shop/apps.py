"""Registers what the shop sells, where it sends it and how it is paid."""

from django.apps import AppConfig


class ShopConfig(AppConfig):
    """The shop's configuration."""

    name = "shop"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self):
        from lorikeet.serializers import registry
        from shop import models, receipts, serializers  # noqa: F401 - a receiver is connected by being imported

        registry.register(models.WineLineItem, serializers.WineLineItemSerializer)
        registry.register(models.AustralianDeliveryAddress, serializers.AustralianDeliveryAddressSerializer)
        registry.register(models.CouponAdjustment, serializers.CouponAdjustmentSerializer)
        registry.register(models.PretendCard, serializers.PretendCardSerializer)
        registry.register(models.PretendWallet, serializers.PretendWalletSerializer)
