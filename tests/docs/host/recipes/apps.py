from django.apps import AppConfig


class RecipesConfig(AppConfig):
    """What the how-to guides add to the example shop."""

    name = "recipes"

    def ready(self):
        from lorikeet.serializers import registry

        from . import models, receivers, serializers  # noqa: F401 - receivers are connected by being imported

        registry.register(models.VoucherAdjustment, serializers.VoucherAdjustmentSerializer)
        registry.register(models.DebitCard, serializers.DebitCardSerializer)
