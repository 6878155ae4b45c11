"""What a voucher and the payment methods look like in the cart."""

from rest_framework import serializers

from lorikeet.serializers import AdjustmentSerializer, PaymentMethodSerializer

from .models import DebitCard, Voucher, VoucherAdjustment
from .payment_methods import GiftCard, OnlineCard, Wallet


class VoucherAdjustmentSerializer(AdjustmentSerializer):
    code = serializers.SlugRelatedField(
        source="voucher",
        slug_field="code",
        queryset=Voucher.objects.filter(is_used=False),
        error_messages={"does_not_exist": "This code is not valid."},
    )

    class Meta:
        model = VoucherAdjustment
        fields = ["code"]


class DebitCardSerializer(PaymentMethodSerializer):
    token = serializers.CharField(write_only=True, max_length=40)

    class Meta:
        model = DebitCard
        fields = ["token"]


class GiftCardSerializer(PaymentMethodSerializer):
    token = serializers.CharField(write_only=True, max_length=40)

    class Meta:
        model = GiftCard
        fields = ["token"]
        card_numbers_allowed = ["token"]  # a gift card's number looks like a payment card's


class OnlineCardSerializer(PaymentMethodSerializer):
    token = serializers.CharField(write_only=True, max_length=40)

    class Meta:
        model = OnlineCard
        fields = ["token"]


class WalletSerializer(PaymentMethodSerializer):
    class Meta:
        model = Wallet
        fields = []
