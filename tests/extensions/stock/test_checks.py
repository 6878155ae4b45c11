"""Every mistake with stock that shows at start-up: its whole message, hint and id, and what is none."""

from functools import cached_property

import pytest
from django.core.checks import Error, Warning
from django.core.checks import registry as check_registry
from django.core.management import call_command
from django.test import override_settings

from lorikeet.checks import check_lorikeet
from lorikeet.extensions.stock.checks import check_stock
from lorikeet.extensions.stock.models import Policy
from lorikeet.registry import registry
from tests.extensions.goods import models


def found():
    return check_stock(None)


def test_the_test_shop_makes_no_mistake():
    assert found() == []


def test_the_checks_run_with_the_others():
    assert check_stock in check_registry.registry.get_checks()
    call_command("check", tags=["lorikeet"])


@pytest.mark.parametrize(
    ("name", "default"),
    [("STOCK_CART_SECONDS", 900), ("STOCK_CART_LONGEST_SECONDS", 3600), ("STOCK_CART_UNITS", 50)],
)
@pytest.mark.parametrize("value", [0, -1, "900", 1.5, True, None], ids=repr)
def test_a_setting_is_a_whole_number_above_zero(name, default, value):
    with override_settings(**{f"LORIKEET_{name}": value}):
        errors = found()

    assert errors == [
        Error(
            f"LORIKEET_{name} must be a whole number above zero.",
            hint=f"The default is {default}.",
            id="lorikeet_stock.E001",
        )
    ]


def test_cart_prefetch_may_lead_through_the_key_of_a_record_to_any_product(monkeypatch):
    monkeypatch.setattr(models.BottleLine, "cart_prefetch", ("bottle__stock__product__anything",))

    assert [mistake for mistake in check_lorikeet(None) if mistake.obj] == []


@override_settings(LORIKEET_STOCK_CART_SECONDS=60, LORIKEET_STOCK_CART_LONGEST_SECONDS=60, LORIKEET_STOCK_CART_UNITS=1)
def test_other_numbers_will_do():
    assert found() == []


@pytest.mark.parametrize("policy", ["on add", None, 1, Policy], ids=repr)
def test_a_policy_is_one_of_three(monkeypatch, policy):
    monkeypatch.setattr(models.BottleLine, "stock_policy", policy, raising=False)

    assert found() == [
        Error(
            f"BottleLine.stock_policy is {policy!r}, which is no Policy.",
            hint="stock_policy = Policy.AT_PLACING",
            obj=models.BottleLine,
            id="lorikeet_stock.E002",
        )
    ]


@pytest.mark.parametrize("kind", [property, cached_property])
def test_a_policy_may_be_a_property(monkeypatch, kind):
    monkeypatch.setattr(models.BottleLine, "stock_policy", kind(lambda line: Policy.NONE), raising=False)

    assert found() == []


def test_a_shop_without_any_stock_is_told_so(monkeypatch):
    names = {model: name for model, name in registry.names.items() if name == "WineLine"}
    monkeypatch.setattr(registry, "names", names)

    assert found() == [
        Warning(
            "No line item has a get_stock(): nothing is tracked.",
            hint="def get_stock(self): return [(self.product, self.quantity)]",
            id="lorikeet_stock.W001",
        )
    ]


UNSEEN = Warning(
    "Carts hold stock, but do not show when the hold expires.",
    hint='LORIKEET_CART_SECTIONS = ["lorikeet.extensions.stock.sections.ExpirySection"]',
    id="lorikeet_stock.W002",
)


@override_settings(LORIKEET_CART_SECTIONS=[])
def test_a_shop_whose_carts_hold_stock_shows_until_when():
    assert found() == [UNSEEN]


@pytest.mark.parametrize(
    ("policy", "warnings"), [(Policy.AT_PLACING, []), (property(lambda line: Policy.NONE), [UNSEEN])]
)
@override_settings(LORIKEET_CART_SECTIONS=[])
def test_a_shop_whose_carts_hold_nothing_need_not(monkeypatch, policy, warnings):
    """A property may say anything of a line, which the check cannot know."""
    for model in (models.SeatLine, models.FittingSeatLine):
        monkeypatch.setattr(model, "stock_policy", policy)

    assert found() == warnings
