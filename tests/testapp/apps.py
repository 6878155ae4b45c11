"""The test host's registrations."""

from django.apps import AppConfig


class TestAppConfig(AppConfig):
    """A shop that uses every hook of Lorikeet, and some of them badly on demand."""

    name = "tests.testapp"
    label = "testapp"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self):
        from lorikeet.serializers import registry

        from . import models, serializers

        registry.register(models.WineLine, serializers.WineLineSerializer)
        registry.register(models.BookLine, serializers.BookLineSerializer)
        registry.register(models.GiftBookLine, serializers.GiftBookLineSerializer)
        registry.register(models.HamperLine, serializers.HamperLineSerializer)
        registry.register(models.CourseLine, serializers.CourseLineSerializer, name="Enrolment")
        registry.register(models.MoodyLine, serializers.MoodyLineSerializer)
        registry.register(models.ShareOff, serializers.ShareOffSerializer)
        registry.register(models.AmountOff, serializers.AmountOffSerializer)
        registry.register(models.CouponAdjustment, serializers.CouponAdjustmentSerializer)
        registry.register(models.Credit, serializers.CreditSerializer)
        registry.register(models.StreetAddress, serializers.StreetAddressSerializer)
        registry.register(models.LockerAddress, serializers.LockerAddressSerializer)
        registry.register(models.PretendCard, serializers.PretendCardSerializer)
        registry.register(models.PayLater, serializers.PayLaterSerializer)
        for model in (
            models.ExactCard,
            models.KeyedCard,
            models.OneCallCard,
            models.ScriptedCard,
            models.SimpleCard,
            models.Transfer,
        ):
            registry.register(model, serializers.serializer_of(model))
