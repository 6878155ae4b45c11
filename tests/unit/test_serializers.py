"""The bases for hosts: written by key, read in full; and rows that combine."""

from uuid import UUID, uuid4

import pytest
from django.core.exceptions import ValidationError as ModelValidationError
from rest_framework import serializers
from rest_framework.exceptions import ValidationError

from lorikeet.serializers import (
    AdjustmentSerializer,
    DeliveryAddressSerializer,
    LineItemSerializer,
    PaymentMethodSerializer,
    PrimaryKeyModelSerializer,
)
from tests.testapp import models
from tests.testapp import serializers as testapp
from tests.testapp.factories import make_book, make_coupon, make_course, make_wine
from tests.unit import add_wine, make_cart

pytestmark = pytest.mark.django_db

WRONG_TYPE = "Incorrect type. Expected pk value, received {}."
NOT_THERE = 'Invalid pk "{}" - object does not exist.'


class AnyWine(PrimaryKeyModelSerializer):
    """Lets every wine be named, hidden ones too."""

    class Meta:
        model = models.Wine
        fields = ["id"]


def refusal(serializer, data):
    with pytest.raises(ValidationError) as error:
        serializer.run_validation(data)
    return error.value.detail


# written by key


@pytest.mark.parametrize("write", [int, str])
def test_a_key_is_a_number_or_its_digits(write):
    wine = make_wine()

    assert testapp.WineSerializer().run_validation(write(wine.pk)) == wine


@pytest.mark.parametrize("write", [str, lambda key: key.hex])
def test_a_key_may_be_a_uuid_in_text(write):
    book = make_book()

    assert testapp.BookSerializer().run_validation(write(book.pk)) == book


def test_a_key_may_be_any_text():
    course = make_course("tasting")

    assert testapp.CourseSerializer().run_validation("tasting") == course


@pytest.mark.parametrize(
    ("data", "kind"),
    [(True, "bool"), (False, "bool"), (1.0, "float"), ([1], "list"), ({"id": 1}, "dict"), ("x", "str"), ("", "str")],
)
def test_anything_else_is_of_the_wrong_type(data, kind):
    assert refusal(testapp.WineSerializer(), data) == [WRONG_TYPE.format(kind)]


@pytest.mark.parametrize("written", [" {}", "{} ", "+{}", "0x{}", "{}.0", "{}_0", "{}e0"])
def test_a_number_is_written_in_one_way_only(written):
    wine = make_wine()

    assert refusal(testapp.WineSerializer(), written.format(wine.pk)) == [WRONG_TYPE.format("str")]


def test_digits_of_other_scripts_are_no_number():
    make_wine()

    assert refusal(testapp.WineSerializer(), "\uff11") == [WRONG_TYPE.format("str")]


@pytest.mark.parametrize("data", ["no uuid", "1", 5, 10**40])
def test_a_key_that_cannot_be_one_is_of_the_wrong_type(data):
    make_book(code=UUID(int=1))

    (message,) = refusal(testapp.BookSerializer(), data)

    assert message in (WRONG_TYPE.format(type(data).__name__), NOT_THERE.format(data))


def test_a_key_that_the_model_refuses_is_of_the_wrong_type(monkeypatch):
    def refuse(field, value):
        raise ModelValidationError("No.")

    monkeypatch.setattr(models.Book._meta.pk, "get_prep_value", lambda value: refuse(None, value))

    assert refusal(testapp.BookSerializer(), str(uuid4())) == [WRONG_TYPE.format("str")]


@pytest.mark.parametrize("data", [0, -1, 2**31, 2**63, 10**30, "0", "-1", "9" * 30])
def test_an_object_that_is_not_there_does_not_exist(data):
    make_wine()

    assert refusal(testapp.WineSerializer(), data) == [NOT_THERE.format(data)]


def test_an_object_that_is_hidden_does_not_exist():
    wine = make_wine(hidden=True)

    assert refusal(testapp.WineSerializer(), wine.pk) == [NOT_THERE.format(wine.pk)]
    assert AnyWine().run_validation(wine.pk) == wine


def test_nothing_may_be_named_where_the_field_allows_it():
    assert testapp.WrappingSerializer(allow_null=True).run_validation(None) is None


def test_nothing_may_not_be_named_elsewhere():
    assert refusal(testapp.WineSerializer(), None) == ["This field may not be null."]


def test_the_objects_own_fields_are_never_written(unchanged):
    wine = make_wine()

    with unchanged():
        found = AnyWine().run_validation(wine.pk)

    assert found == wine


def test_an_object_is_read_in_full():
    wine = make_wine("12")

    assert testapp.WineSerializer(wine).data == {"id": wine.pk, "name": "Moscato 2016", "unit_price": "12.0000"}


# rows that combine


def save(serializer_class, cart, **data):
    serializer = serializer_class(data=data)
    serializer.is_valid(raise_exception=True)
    return serializer.save(cart=cart), serializer.combined


def test_a_row_that_never_combines_is_simply_made():
    cart = make_cart()

    rows = [save(testapp.BookLineSerializer, cart, product=str(make_book().pk)) for _ in range(2)]

    assert [combined for _, combined in rows] == [False, False]
    assert models.BookLine.objects.filter(cart=cart).count() == 2


def test_the_first_row_of_its_kind_is_made():
    cart, wine = make_cart(), make_wine()

    row, combined = save(testapp.WineLineSerializer, cart, product=wine.pk, quantity=2)

    assert (combined, row, row.quantity) == (False, models.WineLine.objects.get(cart=cart), 2)


def test_an_equal_row_takes_the_next_one_in():
    cart, wine = make_cart(), make_wine()
    line = add_wine(cart, quantity=2, product=wine)

    row, combined = save(testapp.WineLineSerializer, cart, product=wine.pk, quantity=3)

    assert (combined, row, models.WineLine.objects.get().quantity) == (True, line, 5)


def test_a_row_of_another_cart_takes_nothing_in():
    wine = make_wine()
    add_wine(make_cart(), product=wine)

    row, combined = save(testapp.WineLineSerializer, make_cart(), product=wine.pk)

    assert (combined, models.WineLine.objects.count(), row.quantity) == (False, 2, 1)


def test_an_adjustment_combines_as_well():
    cart, coupon = make_cart(), make_coupon()
    first, _ = save(testapp.CouponAdjustmentSerializer, cart, code=coupon.code)

    second, combined = save(testapp.CouponAdjustmentSerializer, cart, code=coupon.code)

    assert (combined, second) == (True, first)
    assert models.CouponAdjustment.objects.count() == 1


def test_a_combined_row_that_is_not_valid_is_not_saved(monkeypatch, unchanged):
    def take(line, other):
        line.quantity += other.quantity
        return True

    monkeypatch.setattr(models.WineLine, "combine_with", take)
    cart, wine = make_cart(), make_wine()
    add_wine(cart, quantity=600, product=wine)

    with unchanged(), pytest.raises(ModelValidationError) as error:
        save(testapp.WineLineSerializer, cart, product=wine.pk, quantity=600)

    assert error.value.message_dict == {"quantity": ["Ensure this value is less than or equal to 1000."]}


def test_rows_are_asked_only_about_others_of_their_own_class(monkeypatch):
    """A gift is a book with a message: a book must not disappear in it."""
    monkeypatch.setattr(models.BookLine, "combine_with", lambda line, other: True)
    monkeypatch.setattr(models.BookLine, "combine_on", ("product",))
    cart, book = make_cart(), make_book()
    gift = models.GiftBookLine.objects.create(cart=cart, product=book, message="Cheers")

    row, combined = save(testapp.BookLineSerializer, cart, product=str(book.pk))

    assert (combined, type(row), row.pk == gift.pk) == (False, models.BookLine, False)


def test_a_row_that_combines_may_have_many_to_many_relations(monkeypatch):
    monkeypatch.setattr(models.HamperLine, "combine_with", lambda line, other: False)
    wines = [make_wine(), make_wine()]

    row, _ = save(testapp.HamperLineSerializer, make_cart(), wines=[wine.pk for wine in wines])

    assert list(row.wines.all()) == wines


def test_only_rows_equal_in_the_fields_that_are_named_are_read(monkeypatch, django_assert_num_queries):
    monkeypatch.setattr(models.WineLine, "combine_on", ("product",))
    cart, wine = make_cart(), make_wine()
    for _ in range(5):
        add_wine(cart)
    serializer = testapp.WineLineSerializer(data={"product": wine.pk})
    serializer.is_valid(raise_exception=True)

    with django_assert_num_queries(3):  # the equal rows, of which there are none; the parent's row; the child's
        serializer.save(cart=cart)


@pytest.mark.parametrize(
    "base",
    [LineItemSerializer, AdjustmentSerializer, DeliveryAddressSerializer, PaymentMethodSerializer],
)
def test_the_bases_are_model_serializers(base):
    assert issubclass(base, serializers.ModelSerializer)
