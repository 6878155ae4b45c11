"""What the products of the guide to stock look like in the cart."""

from rest_framework import serializers

from lorikeet.serializers import LineItemSerializer, PrimaryKeyModelSerializer

from . import goods
from .workshops import EngravingLineItem


class GlassSerializer(PrimaryKeyModelSerializer):
    available = serializers.IntegerField(source="stock.available", read_only=True)

    class Meta:
        model = goods.Glass
        fields = ["id", "name", "price", "available"]


class GlassLineItemSerializer(LineItemSerializer):
    product = GlassSerializer()

    class Meta:
        model = goods.GlassLineItem
        fields = ["product", "quantity"]


class PrintedBookLineItemSerializer(LineItemSerializer):
    class Meta:
        model = goods.PrintedBookLineItem
        fields = ["product", "quantity"]


class BinEndLineItemSerializer(LineItemSerializer):
    class Meta:
        model = goods.BinEndLineItem
        fields = ["product", "quantity"]


class SeatLineItemSerializer(LineItemSerializer):
    class Meta:
        model = goods.SeatLineItem
        fields = ["product", "quantity"]


class GiftSetLineItemSerializer(LineItemSerializer):
    class Meta:
        model = goods.GiftSetLineItem
        fields = ["product", "book", "quantity"]


class EngravingLineItemSerializer(LineItemSerializer):
    class Meta:
        model = EngravingLineItem
        fields = ["text"]
