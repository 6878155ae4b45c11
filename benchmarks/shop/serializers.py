from lorikeet.serializers import (
    DeliveryAddressSerializer,
    LineItemSerializer,
    PaymentMethodSerializer,
    PrimaryKeyModelSerializer,
)

from . import models


class WineSerializer(PrimaryKeyModelSerializer):
    class Meta:
        model = models.Wine
        fields = ["id", "name", "photo", "vintage", "unit_price"]


class WineLineSerializer(LineItemSerializer):
    product = WineSerializer()

    class Meta:
        model = models.WineLine
        fields = ["product", "quantity"]


class StreetAddressSerializer(DeliveryAddressSerializer):
    class Meta:
        model = models.StreetAddress
        fields = ["addressee", "street", "suburb", "state", "postcode"]


class AccountSerializer(PaymentMethodSerializer):
    class Meta:
        model = models.Account
        fields = ["number"]
