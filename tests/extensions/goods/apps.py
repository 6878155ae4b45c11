"""The registrations of the shop with stock."""

from django.apps import AppConfig


class GoodsConfig(AppConfig):
    """Bottles, seats, hampers and gadgets."""

    name = "tests.extensions.goods"
    label = "goods"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self):
        from lorikeet.serializers import registry

        from . import models, serializers

        registry.register(models.BottleLine, serializers.BottleLineSerializer)
        registry.register(models.SeatLine, serializers.SeatLineSerializer)
        registry.register(models.FittingSeatLine, serializers.FittingSeatLineSerializer)
        registry.register(models.GadgetLine, serializers.GadgetLineSerializer)
        registry.register(models.HamperOfBottles, serializers.HamperOfBottlesSerializer)
        registry.register(models.DownloadLine, serializers.DownloadLineSerializer)
