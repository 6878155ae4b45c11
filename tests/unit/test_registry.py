"""The registry: one serializer and one name for each model, no collisions, and the nearest ancestor's else."""

import pytest

from lorikeet.exceptions import RegistrationError
from lorikeet.models import Adjustment, Cart, DeliveryAddress, LineItem, PaymentMethod
from lorikeet.registry import BASES, Registry, base_of
from tests.testapp import models, serializers


@pytest.fixture
def registry():
    """A registry with books in it and nothing else."""
    registry = Registry()
    registry.register(models.BookLine, serializers.BookLineSerializer)
    return registry


def contents(registry):
    return dict(registry.serializers), dict(registry.names)


def test_a_model_is_known_by_its_class_name(registry):
    assert registry.name(models.BookLine) == "BookLine"
    assert registry.serializer(models.BookLine) is serializers.BookLineSerializer


def test_a_model_may_have_another_name(registry):
    registry.register(models.CourseLine, serializers.CourseLineSerializer, name="Enrolment")

    assert registry.name(models.CourseLine) == "Enrolment"
    assert registry.types(LineItem) == {"BookLine": models.BookLine, "Enrolment": models.CourseLine}


def test_a_subclass_goes_by_its_nearest_registered_ancestor(registry):
    assert registry.registered(models.GiftBookLine) is models.BookLine
    assert registry.serializer(models.GiftBookLine) is serializers.BookLineSerializer
    assert registry.name(models.GiftBookLine) == "BookLine"


def test_a_subclass_that_is_registered_goes_by_its_own(registry):
    registry.register(models.GiftBookLine, serializers.GiftBookLineSerializer)

    assert registry.registered(models.GiftBookLine) is models.GiftBookLine
    assert registry.serializer(models.GiftBookLine) is serializers.GiftBookLineSerializer
    assert registry.name(models.GiftBookLine) == "GiftBookLine"


def test_a_model_that_is_not_registered_is_told_how_to_be(registry):
    with pytest.raises(RegistrationError) as refusal:
        registry.serializer(models.WineLine)

    assert str(refusal.value) == (
        "WineLine is not registered. In your AppConfig.ready(), write registry.register(WineLine, WineLineSerializer)."
    )


def test_a_name_is_not_to_be_had_either_without_registration(registry):
    with pytest.raises(RegistrationError):
        registry.name(models.WineLine)


def test_registering_the_same_twice_is_harmless(registry):
    before = contents(registry)

    registry.register(models.BookLine, serializers.BookLineSerializer)

    assert contents(registry) == before


@pytest.mark.parametrize(
    ("serializer", "name"),
    [(serializers.GiftBookLineSerializer, None), (serializers.BookLineSerializer, "Book")],
)
def test_registering_something_else_for_a_model_is_refused(registry, serializer, name):
    before = contents(registry)

    with pytest.raises(RegistrationError) as refusal:
        registry.register(models.BookLine, serializer, name=name)

    assert str(refusal.value) == (
        "BookLine is already registered, as 'BookLine' with BookLineSerializer. Register it once."
    )
    assert contents(registry) == before


def test_two_models_of_one_kind_cannot_share_a_name(registry):
    before = contents(registry)

    with pytest.raises(RegistrationError) as refusal:
        registry.register(models.WineLine, serializers.WineLineSerializer, name="BookLine")

    assert str(refusal.value) == (
        "testapp.WineLine and testapp.BookLine would both be called 'BookLine'. "
        'Give one of them a name of its own: registry.register(WineLine, ..., name="...").'
    )
    assert contents(registry) == before


def test_models_of_two_kinds_may_share_a_name(registry):
    registry.register(models.ShareOff, serializers.ShareOffSerializer, name="BookLine")

    assert registry.types(LineItem) == {"BookLine": models.BookLine}
    assert registry.types(Adjustment) == {"BookLine": models.ShareOff}


@pytest.mark.parametrize("model", [*BASES, Cart, models.Wine])
def test_only_subclasses_of_the_four_parents_can_be_registered(registry, model):
    before = contents(registry)

    with pytest.raises(RegistrationError) as refusal:
        registry.register(model, serializers.WineSerializer)

    assert str(refusal.value) == (
        f"{model.__name__} cannot be registered: it must be a subclass of one of "
        "LineItem, Adjustment, DeliveryAddress, PaymentMethod."
    )
    assert contents(registry) == before


def test_types_are_listed_in_the_order_of_their_registration(registry):
    registry.register(models.WineLine, serializers.WineLineSerializer)
    registry.register(models.CourseLine, serializers.CourseLineSerializer, name="ACourse")

    assert list(registry.types(LineItem)) == ["BookLine", "WineLine", "ACourse"]


def test_registries_share_nothing(registry):
    assert Registry().types(LineItem) == {}


@pytest.mark.parametrize(
    ("model", "base"),
    [
        (models.GiftBookLine, LineItem),
        (models.ShareOff, Adjustment),
        (models.LockerAddress, DeliveryAddress),
        (models.PayLater, PaymentMethod),
        (LineItem, LineItem),
        (models.CardPayment, None),
        (Cart, None),
    ],
)
def test_the_kind_of_a_model_is_the_parent_it_descends_from(model, base):
    assert base_of(model) is base
