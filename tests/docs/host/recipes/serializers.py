"""How a voucher and a debit card look in the cart."""

from rest_framework import serializers

from lorikeet.serializers import AdjustmentSerializer, PaymentMethodSerializer

from .models import DebitCard, Voucher, VoucherAdjustment


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
