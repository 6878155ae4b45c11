"""For the tests of a host or an extension: a bank that keeps its own books, and contract suites.

A contract suite states what Lorikeet relies on in a type that you register. Inherit it together with Django's
``TestCase``, write how an object of the type is made, and its tests run against your type::

    class TestWineLine(LineItemContract, TestCase):
        type_name = "WineLineItem"

        def make_data(self):
            return {"wine": make_wine().pk, "quantity": 2}
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
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

#: The module of each name, imported on first use: a fake provider also runs in a process without Django's settings.
MODULES = {
    "banks": ["FakeBank"],
    "contracts": [
        "AdjustmentContract",
        "ChoiceContract",
        "Contract",
        "DeliveryAddressContract",
        "LineItemContract",
    ],
    "payment_contracts": ["ExactPaymentMethodContract", "PaymentContract", "PaymentMethodContract"],
    "reference_contracts": ["ReferencePaymentMethodContract"],
}


def __getattr__(name: str) -> Any:
    for module, names in MODULES.items():
        if name in names:
            return getattr(import_module(f".{module}", __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
