"""The wire formats of the shop with stock: products by their primary key."""

from lorikeet.serializers import LineItemSerializer

from . import models


class BottleLineSerializer(LineItemSerializer):
    class Meta:
        model = models.BottleLine
        fields = ["bottle", "quantity"]


class SeatLineSerializer(LineItemSerializer):
    class Meta:
        model = models.SeatLine
        fields = ["bottle", "quantity"]


class FittingSeatLineSerializer(LineItemSerializer):
    class Meta:
        model = models.FittingSeatLine
        fields = ["bottle", "quantity"]


class GadgetLineSerializer(LineItemSerializer):
    class Meta:
        model = models.GadgetLine
        fields = ["gadget", "quantity"]


class HamperOfBottlesSerializer(LineItemSerializer):
    class Meta:
        model = models.HamperOfBottles
        fields = ["first", "second", "quantity"]


class DownloadLineSerializer(LineItemSerializer):
    class Meta:
        model = models.DownloadLine
        fields = ["gadget"]
