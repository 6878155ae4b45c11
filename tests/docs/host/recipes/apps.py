from django.apps import AppConfig


class RecipesConfig(AppConfig):
    """What the how-to guides add to the example shop."""

    name = "recipes"

    def ready(self):
        from lorikeet.hooks import register_hooks
        from lorikeet.invariants import register_rules
        from lorikeet.serializers import registry

        # Receivers are connected by being imported.
        from . import (  # noqa: F401
            goods,
            goods_serializers,
            models,
            operations,
            payment_methods,
            serializers,
            stock,
            workshops,
        )

        registry.register(models.VoucherAdjustment, serializers.VoucherAdjustmentSerializer)
        registry.register(models.DebitCard, serializers.DebitCardSerializer)
        registry.register(payment_methods.GiftCard, serializers.GiftCardSerializer)
        registry.register(payment_methods.OnlineCard, serializers.OnlineCardSerializer)
        registry.register(payment_methods.Wallet, serializers.WalletSerializer)
        registry.register(goods.GlassLineItem, goods_serializers.GlassLineItemSerializer)
        registry.register(goods.PrintedBookLineItem, goods_serializers.PrintedBookLineItemSerializer)
        registry.register(goods.BinEndLineItem, goods_serializers.BinEndLineItemSerializer)
        registry.register(goods.SeatLineItem, goods_serializers.SeatLineItemSerializer)
        registry.register(goods.GiftSetLineItem, goods_serializers.GiftSetLineItemSerializer)
        registry.register(workshops.EngravingLineItem, goods_serializers.EngravingLineItemSerializer)
        register_hooks(workshops.WorkshopHooks())
        register_rules(workshops.rules)
