"""Every mistake with stock that shows at start-up."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.core.checks import CheckMessage, Error, Warning, register

from lorikeet.conf import settings as core_settings
from lorikeet.models import LineItem
from lorikeet.registry import registry

from .conf import settings
from .demand import holds_in_carts, policy_of
from .models import Policy
from .sections import ExpirySection

__all__ = ["check_stock"]


@register("lorikeet")
def check_stock(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Check the settings and the line items."""
    wrong: list[CheckMessage] = [
        Error(f"{setting.name} {problem}.", hint=f"The default is {setting.default!r}.", id="lorikeet_stock.E001")
        for setting in settings
        if (problem := setting.problem())
    ]
    return wrong or [*_check_lines()]


def _check_lines() -> Iterator[CheckMessage]:
    models = list(registry.types(LineItem).values())
    if not any(hasattr(model, "get_stock") for model in models):
        yield Warning(
            "No line item has a get_stock(): nothing is tracked.",
            hint="def get_stock(self): return [(self.product, self.quantity)]",
            id="lorikeet_stock.W001",
        )
    for model in models:
        policy: Any = policy_of(model)
        if not isinstance(policy, Policy) and not hasattr(policy, "__get__"):
            yield Error(
                f"{model.__name__}.stock_policy is {policy!r}, which is no Policy.",
                hint=f"stock_policy = Policy.{Policy.AT_PLACING.name}",
                obj=model,
                id="lorikeet_stock.E002",
            )
    shown = core_settings.load(core_settings.CART_SECTIONS)
    if holds_in_carts() and ExpirySection not in shown:
        yield Warning(
            "Carts hold stock, but do not show when the hold expires.",
            hint='LORIKEET_CART_SECTIONS = ["lorikeet.extensions.stock.sections.ExpirySection"]',
            id="lorikeet_stock.W002",
        )
