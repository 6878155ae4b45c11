"""What a host's or an extension's own tests are made of: a bank with books of its own, and contract suites.

A contract suite states what Lorikeet relies on in a type that you register. Inherit it together with Django's
``TestCase``, say how one is made, and its tests run against your type::

    class TestWineLine(LineItemContract, TestCase):
        type_name = "WineLineItem"

        def make_data(self):
            return {"wine": make_wine().pk, "quantity": 2}
"""

from .banks import FakeBank
from .contracts import AdjustmentContract, ChoiceContract, Contract, DeliveryAddressContract, LineItemContract
from .payment_contracts import ExactPaymentMethodContract, PaymentContract, PaymentMethodContract
from .reference_contracts import ReferencePaymentMethodContract

__all__ = [
    "AdjustmentContract",
    "ChoiceContract",
    "Contract",
    "DeliveryAddressContract",
    "ExactPaymentMethodContract",
    "FakeBank",
    "LineItemContract",
    "PaymentContract",
    "PaymentMethodContract",
    "ReferencePaymentMethodContract",
]
