"""The test shop's wire formats: bases of Lorikeet where they exist, plain DRF where that must work as well."""

from functools import cache

from rest_framework import serializers

from lorikeet.serializers import (
    AdjustmentSerializer,
    LineItemSerializer,
    PaymentMethodSerializer,
    PrimaryKeyModelSerializer,
)

from . import models


class WineSerializer(PrimaryKeyModelSerializer):
    """Read nested, written by key; hidden wines cannot be named."""

    class Meta:
        model = models.Wine
        fields = ["id", "name", "unit_price"]

    def get_queryset(self):
        return models.Wine.objects.filter(hidden=False)


class BookSerializer(PrimaryKeyModelSerializer):
    class Meta:
        model = models.Book
        fields = ["code", "title", "price"]


class WrappingSerializer(PrimaryKeyModelSerializer):
    class Meta:
        model = models.Wrapping
        fields = ["id", "name", "price"]


class CourseSerializer(PrimaryKeyModelSerializer):
    class Meta:
        model = models.Course
        fields = ["slug", "title", "fee"]


class WineLineSerializer(LineItemSerializer):
    product = WineSerializer()

    class Meta:
        model = models.WineLine
        fields = ["product", "quantity"]


class BookLineSerializer(LineItemSerializer):
    product = BookSerializer()
    wrapping = WrappingSerializer(required=False, allow_null=True)

    class Meta:
        model = models.BookLine
        fields = ["product", "wrapping"]


class GiftBookLineSerializer(BookLineSerializer):
    class Meta:
        model = models.GiftBookLine
        fields = ["product", "wrapping", "message"]


class HamperLineSerializer(LineItemSerializer):
    wines = serializers.PrimaryKeyRelatedField(many=True, queryset=models.Wine.objects.filter(hidden=False))

    class Meta:
        model = models.HamperLine
        fields = ["wines"]


class CourseLineSerializer(LineItemSerializer):
    product = CourseSerializer()

    class Meta:
        model = models.CourseLine
        fields = ["product", "tutor"]


class MoodyLineSerializer(LineItemSerializer):
    class Meta:
        model = models.MoodyLine
        fields = ["mood", "amount"]


class ShareOffSerializer(AdjustmentSerializer):
    class Meta:
        model = models.ShareOff
        fields = ["parts"]


class AmountOffSerializer(AdjustmentSerializer):
    class Meta:
        model = models.AmountOff
        fields = ["amount"]


class CouponAdjustmentSerializer(AdjustmentSerializer):
    """Written by code; one answer for every code that is no good."""

    code = serializers.SlugRelatedField(
        source="coupon",
        slug_field="code",
        queryset=models.Coupon.objects.all(),
        error_messages={"does_not_exist": "This code is not valid."},
    )

    class Meta:
        model = models.CouponAdjustment
        fields = ["code"]


class CreditSerializer(AdjustmentSerializer):
    class Meta:
        model = models.Credit
        fields = ["balance", "amount"]


class StreetAddressSerializer(serializers.ModelSerializer):
    class Meta:
        model = models.StreetAddress
        fields = ["addressee", "street", "suburb", "state", "postcode"]


class LockerAddressSerializer(serializers.ModelSerializer):
    class Meta:
        model = models.LockerAddress
        fields = ["locker", "note"]


class TokenField(serializers.RegexField):
    """The token that represents a card at its provider."""

    def __init__(self, **options):
        super().__init__(r"\Atok_[a-z]+\Z", max_length=40, **options)


class PretendCardSerializer(PaymentMethodSerializer):
    """The token goes in and never comes out."""

    token = TokenField(write_only=True)

    class Meta:
        model = models.PretendCard
        fields = ["token", "brand", "last4"]
        read_only_fields = ["brand", "last4"]


class PayLaterSerializer(serializers.ModelSerializer):
    class Meta:
        model = models.PayLater
        fields = ["number"]


@cache
def serializer_of(card):
    """Return the serializer of a payment method at the provider; the token goes in and never comes out."""
    takes_token = any(field.name == "token" for field in card._meta.fields)
    fields = {"token": TokenField(write_only=True)} if takes_token else {}
    meta = type("Meta", (), {"model": card, "fields": list(fields)})
    return type(f"{card.__name__}Serializer", (serializers.ModelSerializer,), {"Meta": meta, **fields})
