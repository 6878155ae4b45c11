"""What the shop's models look like in the cart, and what a shopper may write into them."""

from rest_framework import serializers

from lorikeet.serializers import (
    AdjustmentSerializer,
    DeliveryAddressSerializer,
    LineItemSerializer,
    PaymentMethodSerializer,
    PrimaryKeyModelSerializer,
)
from pretend_providers.cards import CARDS
from shop import models


class MerchantSerializer(serializers.ModelSerializer):
    avatar = serializers.ReadOnlyField()

    class Meta:
        model = models.Merchant
        fields = ["name", "region", "avatar"]


class WineSerializer(PrimaryKeyModelSerializer):
    """Read as an object, written as the wine's ``id``."""

    merchant = MerchantSerializer(read_only=True)
    options_text = serializers.ReadOnlyField()
    images = serializers.ReadOnlyField()
    in_stock = serializers.ReadOnlyField()
    stock_count = serializers.ReadOnlyField()
    url = serializers.ReadOnlyField(source="get_absolute_url")

    class Meta:
        model = models.Wine
        fields = [
            "id",
            "sku",
            "name",
            "vintage",
            "unit_price",
            "options",
            "options_text",
            "in_stock",
            "stock_count",
            "is_kept_in_cart",
            "images",
            "merchant",
            "url",
        ]

    def get_queryset(self):
        return models.Wine.objects.listed()


class WineLineItemSerializer(LineItemSerializer):
    wine = WineSerializer()

    class Meta:
        model = models.WineLineItem
        fields = ["wine", "quantity"]


class AustralianDeliveryAddressSerializer(DeliveryAddressSerializer):
    class Meta:
        model = models.AustralianDeliveryAddress
        fields = ["addressee", "address", "suburb", "state", "postcode"]


class CouponAdjustmentSerializer(AdjustmentSerializer):
    class Meta:
        model = models.CouponAdjustment
        fields = ["code", "percentage"]
        read_only_fields = ["percentage"]

    def validate_code(self, code):
        if code.upper() not in models.CouponAdjustment.PERCENTAGES:
            raise serializers.ValidationError("This code is not valid.", code="invalid_coupon")
        return code.upper()

    def validate(self, data):
        if "code" in data:
            data["percentage"] = models.CouponAdjustment.PERCENTAGES[data["code"]]
        return data


class PretendCardSerializer(PaymentMethodSerializer):
    card_token = serializers.ChoiceField(choices=list(CARDS), write_only=True)

    class Meta:
        model = models.PretendCard
        fields = ["card_token", "brand", "last4", "expiry"]
        read_only_fields = ["brand", "last4", "expiry"]

    def validate(self, data):
        card = CARDS[data["card_token"]]
        return {**data, "brand": card.brand, "last4": card.last4, "expiry": card.expiry}


class PretendWalletSerializer(PaymentMethodSerializer):
    class Meta:
        model = models.PretendWallet
        fields = []
