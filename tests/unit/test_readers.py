"""Readers give what REST framework gives, faster; and nothing of one response is in another."""

import gc
import weakref
from datetime import date, datetime, time, timedelta, timezone
from decimal import ROUND_DOWN, Decimal
from functools import partial
from types import SimpleNamespace
from uuid import UUID

import pytest
from django.test import RequestFactory
from django.utils.timezone import override as timezone_of
from django.utils.translation import override as language_of
from rest_framework import serializers

from lorikeet.http import fast_serializers as readers
from lorikeet.http.fast_serializers import reader
from tests.testapp import models
from tests.testapp import serializers as testapp
from tests.testapp.factories import make_book, make_wine

WINE = models.Wine(pk=7, name="Moscato 2016", unit_price=Decimal("12.3"), hidden=False)


@pytest.fixture(autouse=True)
def nothing_kept(monkeypatch):
    """Begin with no reader made."""
    monkeypatch.setattr(readers, "_kept", {})


def same(serializer_class, instance, **context):
    """Return what the reader gives, once it is what REST framework gives."""
    expected = serializer_class(instance, context=context).data
    found = reader(serializer_class, context)(instance)
    assert found == expected
    assert list(found) == list(expected)
    assert list(map(type, found.values())) == list(map(type, expected.values()))
    return found


def is_kept(serializer_class):
    return serializer_class in readers._kept


def serializer_of(model=models.Wine, fields=("name",), bases=(serializers.ModelSerializer,), **attributes):
    """Make a serializer class of a model."""
    meta = type("Meta", (), {"model": model, "fields": list(fields)})
    return type("Made", bases, {"Meta": meta, "__module__": __name__, **attributes})


# every type of field


def list_of_numbers(**options):
    return serializers.ListField(child=serializers.IntegerField(), **options)


def name_of(part):
    """Call a parameter by the class of its field, or by its value."""
    return getattr(part, "func", part).__name__ if callable(part) else ascii(part)


FIELDS = [
    (partial(serializers.BooleanField), [True, False, "yes", 0]),
    (partial(serializers.CharField), ["text", "", 5, Decimal("1.50")]),
    (partial(serializers.ChoiceField, choices=[("a", "A"), (1, "One")]), ["a", 1, "1", "gone", ""]),
    (partial(serializers.DateField), [date(2026, 1, 31), "2026-01-31"]),
    (partial(serializers.DateField, format="%d.%m.%Y"), [date(2026, 1, 31)]),
    (partial(serializers.DateTimeField), [datetime(2026, 1, 31, 12, 30, 1, 5, timezone.utc), "2026-01-31"]),
    (
        partial(serializers.DateTimeField, default_timezone=timezone.utc),
        [datetime(2026, 1, 31, 12, tzinfo=timezone.utc)],
    ),
    (
        partial(serializers.DecimalField, 10, 2),
        [Decimal("12.3"), Decimal("-0.001"), Decimal("0.125"), Decimal("1E+2"), 5, "7"],
    ),
    (partial(serializers.DecimalField, 10, 0), [Decimal("12.5"), Decimal("13.5")]),
    (partial(serializers.DecimalField, 19, 4, coerce_to_string=False), [Decimal("12.3")]),
    (partial(serializers.DecimalField, 10, 2, rounding=ROUND_DOWN), [Decimal("0.129")]),
    (partial(serializers.DecimalField, 10, 2, normalize_output=True), [Decimal("12.30"), Decimal("100.00")]),
    (partial(serializers.DecimalField, 10, 2, localize=True), [Decimal("1234.5")]),
    (partial(serializers.DecimalField, None, None), [Decimal("12.345678")]),
    (partial(serializers.EmailField), ["joe@example.com"]),
    (partial(serializers.FloatField), [1.5, "2.5", 3]),
    (partial(serializers.IntegerField), [5, "6", True, 7.0]),
    (partial(serializers.JSONField), [{"a": [1, None]}, "text"]),
    (partial(serializers.RegexField, "x"), ["x"]),
    (partial(serializers.SlugField), ["x-y"]),
    (partial(serializers.TimeField), [time(12, 30), "12:30"]),
    (partial(serializers.URLField), ["https://example.com/"]),
    (partial(serializers.UUIDField), [UUID(int=5)]),
    (partial(serializers.UUIDField, format="hex"), [UUID(int=5)]),
    *([(partial(serializers.BigIntegerField), [5, "6"])] if hasattr(serializers, "BigIntegerField") else []),
    (partial(serializers.DurationField), [timedelta(days=1, seconds=5)]),
    (list_of_numbers, [[1, "2"], []]),
    (partial(serializers.DictField), [{"a": 1}]),
    (partial(serializers.MultipleChoiceField, choices=["a", "b"]), [["a"]]),
    (partial(serializers.IPAddressField), ["192.0.2.1"]),
    (partial(serializers.ReadOnlyField), ["anything", [1]]),
]


@pytest.mark.parametrize("source", ["name", "note"], ids=["column", "attribute"])
@pytest.mark.parametrize(
    ("field", "value"),
    [(field, value) for field, values in FIELDS for value in values],
    ids=name_of,
)
def test_a_field_is_read_as_rest_framework_reads_it(field, value, source):
    """``name`` is a column of the model, which takes the short way; ``note`` is something else of the object's."""
    made = serializer_of(fields=["x"], x=field(source=source))
    wine = models.Wine(name="")
    setattr(wine, source, value)

    same(made, wine)


@pytest.mark.parametrize("source", ["name", "note"])
@pytest.mark.parametrize("field", [field for field, _ in FIELDS], ids=name_of)
def test_nothing_is_read_as_nothing(field, source):
    made = serializer_of(fields=["x"], x=field(source=source))
    wine = models.Wine(name=None)
    wine.note = None

    assert same(made, wine) == {"x": None}


def test_a_decimal_that_is_no_number_is_left_to_rest_framework():
    made = serializer_of(fields=["unit_price"])

    with pytest.raises(ArithmeticError):
        reader(made, {})(models.Wine(unit_price=Decimal("sNaN")))


def test_a_number_too_long_for_its_field_is_shown_all_the_same():
    """Validation is for what comes in."""
    made = serializer_of(fields=["unit_price"])

    assert reader(made, {})(models.Wine(unit_price=Decimal(10) ** 20)) == {"unit_price": "100000000000000000000.0000"}


def test_times_are_read_in_the_time_zone_of_the_response():
    made = serializer_of(fields=["at"], at=serializers.DateTimeField(source="name"))
    wine = models.Wine(name=datetime(2026, 1, 31, 12, tzinfo=timezone.utc))

    with timezone_of("Asia/Tokyo"):
        tokyo = same(made, wine)
    with timezone_of("UTC"):
        utc = same(made, wine)

    assert (tokyo["at"], utc["at"]) == ("2026-01-31T21:00:00+09:00", "2026-01-31T12:00:00Z")


def test_numbers_are_read_in_the_language_of_the_response():
    made = serializer_of(fields=["price"], price=serializers.DecimalField(10, 2, source="unit_price", localize=True))

    with language_of("de"):
        german = same(made, WINE)
    with language_of("en"):
        english = same(made, WINE)

    assert (german["price"], english["price"]) == ("12,30", "12.30")


# how a value is found


def test_a_field_may_read_through_a_relation():
    made = serializer_of(models.WineLine, ["wine"], wine=serializers.CharField(source="product.name"))

    assert same(made, models.WineLine(product=WINE)) == {"wine": "Moscato 2016"}


def test_a_field_may_read_a_property_or_call_a_method(monkeypatch):
    monkeypatch.setattr(models.Wine, "shout", property(lambda wine: wine.name.upper()), raising=False)
    monkeypatch.setattr(models.Wine, "whisper", lambda wine: wine.name.lower(), raising=False)
    made = serializer_of(fields=["shout", "whisper"], shout=serializers.CharField(), whisper=serializers.CharField())

    assert same(made, WINE) == {"shout": "MOSCATO 2016", "whisper": "moscato 2016"}


def test_a_field_may_read_the_key_of_a_relation():
    made = serializer_of(models.WineLine, ["key"], key=serializers.IntegerField(source="product_id"))

    assert same(made, models.WineLine(product=WINE)) == {"key": 7}


def test_a_missing_value_is_left_out_where_the_field_says_so():
    made = serializer_of(fields=["name", "note"], note=serializers.CharField(required=False))

    assert same(made, WINE) == {"name": "Moscato 2016"}


def test_a_missing_value_is_the_default_where_there_is_one():
    made = serializer_of(fields=["note"], note=serializers.CharField(default="none"))

    assert same(made, WINE) == {"note": "none"}


def test_a_missing_value_that_is_required_is_an_error_as_in_rest_framework():
    made = serializer_of(fields=["note"], note=serializers.CharField())

    with pytest.raises(AttributeError):
        reader(made, {})(WINE)


def test_a_write_only_field_is_not_read():
    made = serializer_of(
        fields=["name", "secret", "hidden"],
        secret=serializers.CharField(write_only=True),
        hidden=serializers.HiddenField(default=True),
    )

    assert same(made, WINE) == {"name": "Moscato 2016"}


def test_a_method_field_calls_its_method():
    made = serializer_of(
        fields=["name", "loud"],
        loud=serializers.SerializerMethodField(),
        get_loud=lambda serializer, wine: wine.name.upper(),
    )

    assert same(made, WINE)["loud"] == "MOSCATO 2016"


# relations


@pytest.mark.django_db
def test_a_related_object_is_read_as_its_key():
    made = serializer_of(models.BookLine, ["product", "wrapping"])

    found = same(made, models.BookLine(product=make_book(code=UUID(int=5))))

    assert found == {"product": UUID(int=5), "wrapping": None}


@pytest.mark.django_db
def test_many_related_objects_are_read_as_their_keys():
    line = models.HamperLine.objects.create(cart=models.LineItem.cart.field.related_model.objects.create())
    wines = [make_wine("1"), make_wine("2")]
    line.wines.set(wines)

    assert same(testapp.HamperLineSerializer, line) == {"wines": [wine.pk for wine in wines]}


def test_a_related_object_may_be_nested_through_several_levels():
    inner = serializer_of(models.WineLine, ["product", "quantity"], product=testapp.WineSerializer())
    line = models.WineLine(product=WINE, quantity=3)

    assert same(inner, line) == {
        "product": {"id": 7, "name": "Moscato 2016", "unit_price": "12.3000"},
        "quantity": 3,
    }


def test_a_nested_object_that_is_not_there_is_nothing():
    assert same(testapp.BookLineSerializer, models.BookLine(product=models.Book()))["wrapping"] is None


def test_several_nested_objects_are_left_to_rest_framework():
    made = serializer_of(fields=["others"], others=testapp.WineSerializer(many=True))
    wine = models.Wine()
    wine.others = [WINE, WINE]

    assert len(same(made, wine)["others"]) == 2


def test_a_serializer_may_be_spread_over_its_parent():
    made = serializer_of(fields=["wine"], wine=testapp.WineSerializer(source="*"))

    assert same(made, WINE)["wine"]["name"] == "Moscato 2016"


def test_a_serializer_needs_no_model():
    class Plain(serializers.Serializer):
        name = serializers.CharField()
        price = serializers.DecimalField(10, 2, source="unit_price")

    assert same(Plain, WINE) == {"name": "Moscato 2016", "price": "12.30"}
    assert same(Plain, {"name": "x", "unit_price": Decimal(1)}) == {"name": "x", "price": "1.00"}


@pytest.mark.parametrize("kind", [models.WineLine, models.BookLine, models.GiftBookLine, models.CourseLine])
def test_the_types_of_a_shop_are_read_as_by_rest_framework(kind):
    products = {models.WineLine: WINE, models.CourseLine: models.Course(slug="x", title="X", fee=Decimal(80))}
    product = products.get(kind, models.Book(title="x", price=Decimal(30)))
    serializer_class = {
        models.WineLine: testapp.WineLineSerializer,
        models.BookLine: testapp.BookLineSerializer,
        models.GiftBookLine: testapp.GiftBookLineSerializer,
        models.CourseLine: testapp.CourseLineSerializer,
    }[kind]

    same(serializer_class, kind(product=product))


# what depends on the response


def test_a_file_is_read_with_the_host_of_its_request(settings):
    settings.ALLOWED_HOSTS = ["one.example", "two.example"]

    class Shot(serializers.Serializer):
        photo = serializers.FileField()

    shot = SimpleNamespace(photo=SimpleNamespace(url="/media/moscato.png", name="moscato.png"))
    requests = [RequestFactory(SERVER_NAME=name).get("/") for name in ("one.example", "two.example")]

    urls = [same(Shot, shot, request=request)["photo"] for request in requests]

    assert urls == ["http://one.example/media/moscato.png", "http://two.example/media/moscato.png"]


class ForStaff(serializers.ModelSerializer):
    """Shows a price to the staff only, as its subclasses arrange for."""

    class Meta:
        model = models.Wine
        fields = ["name", "unit_price"]

    @property
    def is_staff(self):
        return self.context.get("staff", False)


class ByRepresentation(ForStaff):
    def to_representation(self, instance):
        shown = super().to_representation(instance)
        return shown if self.is_staff else {"name": shown["name"]}


class ByInit(ForStaff):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        if not self.is_staff:
            self.fields.pop("unit_price")


class ByFields(ForStaff):
    def get_fields(self):
        fields = super().get_fields()
        return fields if self.is_staff else {"name": fields["name"]}


class ByNames(ForStaff):
    def get_field_names(self, declared_fields, info):
        return ["name", "unit_price"] if self.is_staff else ["name"]


class ByDefaultNames(ForStaff):
    class Meta(ForStaff.Meta):
        fields = "__all__"

    def get_default_field_names(self, declared_fields, model_info):
        return ["name", "unit_price"] if self.is_staff else ["name"]


class ByExtraArguments(ForStaff):
    def get_extra_kwargs(self):
        return {} if self.is_staff else {"unit_price": {"write_only": True}}


class ByIncludedArguments(ForStaff):
    def include_extra_kwargs(self, kwargs, extra_kwargs):
        is_price = "max_digits" in kwargs
        return super().include_extra_kwargs(kwargs, {} if self.is_staff or not is_price else {"write_only": True})


class ByField(ForStaff):
    def build_field(self, field_name, info, model_class, nested_depth):
        field_class, arguments = super().build_field(field_name, info, model_class, nested_depth)
        return field_class, arguments if self.is_staff or field_name == "name" else {**arguments, "write_only": True}


class ByStandardField(ForStaff):
    def build_standard_field(self, field_name, model_field):
        field_class, arguments = super().build_standard_field(field_name, model_field)
        return field_class, arguments if self.is_staff or field_name == "name" else {**arguments, "write_only": True}


class ByReadableFields(ForStaff):
    @property
    def _readable_fields(self):
        return [field for field in super()._readable_fields if self.is_staff or field.field_name == "name"]


class ByNesting(serializers.ModelSerializer):
    """Nests one that differs."""

    product = ByFields()

    class Meta:
        model = models.WineLine
        fields = ["product"]


STAFF_ONLY = [
    ByRepresentation,
    ByInit,
    ByFields,
    ByNames,
    ByDefaultNames,
    ByExtraArguments,
    ByIncludedArguments,
    ByField,
    ByStandardField,
    ByReadableFields,
]


@pytest.mark.parametrize("serializer_class", STAFF_ONLY)
@pytest.mark.parametrize("first", [True, False], ids=["staff first", "staff last"])
def test_a_field_for_staff_is_not_shown_to_others(serializer_class, first):
    """However the serializer arranges for it, and in either order of the requests."""
    for staff in (first, not first):
        found = same(serializer_class, WINE, staff=staff)

        assert ("unit_price" in found) is staff


@pytest.mark.parametrize("first", [True, False], ids=["staff first", "staff last"])
def test_it_holds_for_a_serializer_that_is_nested(first):
    line = models.WineLine(product=WINE)

    for staff in (first, not first):
        found = same(ByNesting, line, staff=staff)

        assert ("unit_price" in found["product"]) is staff


# what is kept


@pytest.mark.parametrize(
    "serializer_class",
    [
        testapp.WineSerializer,
        testapp.WineLineSerializer,
        testapp.BookLineSerializer,
        testapp.CourseLineSerializer,
        testapp.StreetAddressSerializer,
        testapp.PretendCardSerializer,
        testapp.ShareOffSerializer,
    ],
)
def test_a_reader_that_depends_on_the_class_alone_is_kept(serializer_class):
    first = reader(serializer_class, {"request": 1})

    assert is_kept(serializer_class)
    assert reader(serializer_class, {"request": 2}) is first


@pytest.mark.parametrize(
    "serializer_class",
    [
        *STAFF_ONLY,
        ByNesting,
        testapp.HamperLineSerializer,
        testapp.CouponAdjustmentSerializer,
        serializer_of(fields=["x"], x=serializers.SerializerMethodField(), get_x=lambda serializer, wine: 1),
        serializer_of(fields=["x"], x=serializers.ReadOnlyField(source="name")),
        serializer_of(fields=["x"], x=serializers.FileField(source="name")),
    ],
)
def test_every_other_reader_is_made_for_each_response(serializer_class):
    reader(serializer_class, {})

    assert not is_kept(serializer_class)


def test_a_kept_reader_holds_no_request():
    """Else the first shopper's request, session and all, would stay in memory for the life of the process."""

    class Request:
        pass

    request = Request()
    gone = weakref.ref(request)
    reader(testapp.CourseLineSerializer, {"request": request})

    del request
    gc.collect()

    assert is_kept(testapp.CourseLineSerializer)
    assert gone() is None
