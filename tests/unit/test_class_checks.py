"""Mistakes in the classes that a host writes: names that lead nowhere, and a serializer of another model."""

import pytest
from django.core.checks import Error

from lorikeet.checks import check_lorikeet
from lorikeet.registry import registry
from tests.testapp import models, serializers


def found():
    return check_lorikeet(None)


# cart_prefetch and combine_on

COLUMNS = "cart cart_id created_at id order order_id product product_id quantity total_when_charged".split()


@pytest.mark.parametrize(
    ("option", "name", "lacks", "hint"),
    [
        ("cart_prefetch", "prodct", "relation 'prodct'", "Did you mean 'product'?"),
        ("cart_prefetch", "quantity", "relation 'quantity'", "Choose from cart, order, product."),
        ("cart_prefetch", "product__name", "relation 'name'", "Choose from hamperline_set, wineline_set."),
        ("combine_on", "prodct", "column 'prodct'", "Did you mean 'product'?"),
        ("combine_on", "product__name", "column 'product__name'", "Did you mean 'product'?"),
        (
            "combine_on",
            "xyzzy",
            "column 'xyzzy'",
            f"Choose from {', '.join(COLUMNS)}.",
        ),
    ],
)
def test_e030_a_name_that_leads_nowhere(monkeypatch, option, name, lacks, hint):
    monkeypatch.setattr(models.WineLine, option, ("product", name))

    assert found() == [
        Error(
            f"testapp.WineLine.{option} names {name!r}; there is no {lacks}.",
            hint=hint,
            obj=models.WineLine,
            id="lorikeet.E030",
        )
    ]


def test_e030_the_hint_mends_the_step_that_is_wrong(monkeypatch):
    monkeypatch.setattr(models.WineLine, "cart_prefetch", ("cart__usr",))

    assert [mistake.hint for mistake in found()] == ["Did you mean 'cart__user'?"]


@pytest.mark.parametrize("name", ["wines", "cart__user", "order__charges", "cart__items__order", "cart__pending_order"])
def test_e030_relations_of_every_kind_may_be_prefetched(monkeypatch, name):
    monkeypatch.setattr(models.HamperLine, "cart_prefetch", (name,))

    assert found() == []


@pytest.mark.parametrize("name", COLUMNS)
def test_e030_columns_may_be_equal(monkeypatch, name):
    monkeypatch.setattr(models.WineLine, "combine_on", (name,))

    assert found() == []


def test_e030_of_a_model_that_is_not_registered_too(monkeypatch):
    monkeypatch.setattr(models.WineLine, "combine_on", ("prodct",))
    monkeypatch.delitem(registry.serializers, models.WineLine)

    assert [mistake.id for mistake in found()] == ["lorikeet.E030", "lorikeet.E007"]


@pytest.mark.parametrize("option", ["cart_prefetch", "combine_on"])
def test_e031_a_text_where_a_tuple_belongs(monkeypatch, option):
    monkeypatch.setattr(models.WineLine, option, "product")

    assert found() == [
        Error(
            f"testapp.WineLine.{option} is a text, of which each letter would be taken for a name.",
            hint=f'{option} = ("product",)',
            obj=models.WineLine,
            id="lorikeet.E031",
        )
    ]


# serializers


def test_e034_a_serializer_of_another_model(monkeypatch):
    monkeypatch.setitem(registry.serializers, models.WineLine, serializers.CourseLineSerializer)

    assert found() == [
        Error(
            "WineLine is registered with CourseLineSerializer, which makes rows of CourseLine.",
            hint="registry.register(WineLine, WineLineSerializer), whose class Meta has model = WineLine",
            obj=models.WineLine,
            id="lorikeet.E034",
        )
    ]
