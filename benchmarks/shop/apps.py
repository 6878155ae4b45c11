from django.apps import AppConfig


class ShopConfig(AppConfig):
    name = "benchmarks.shop"

    def ready(self) -> None:
        from lorikeet.serializers import registry

        from . import models, serializers

        registry.register(models.WineLine, serializers.WineLineSerializer)
        registry.register(models.StreetAddress, serializers.StreetAddressSerializer)
        registry.register(models.Account, serializers.AccountSerializer)
