"""What a client may do to the rows of a cart, and what is refused before anything is written."""

import logging

import pytest
from django.core.exceptions import ValidationError as ModelValidationError
from django.db import DataError, IntegrityError, transaction
from django.db.models import ProtectedError, RestrictedError
from django.http import Http404
from django.test import override_settings
from rest_framework import serializers
from rest_framework.exceptions import ValidationError

from lorikeet.cart import editing
from lorikeet.exceptions import LimitReached
from lorikeet.models import Adjustment, Cart, DeliveryAddress, EmptyCart, LineItem, PaymentMethod
from lorikeet.registry import registry
from tests.testapp import models
from tests.testapp.clients import STREET
from tests.testapp.factories import make_coupon, make_user, make_wine
from tests.unit import add_wine, make_cart, make_order, select_address, select_card, sell

pytestmark = pytest.mark.django_db


def refusal(action, *arguments):
    with pytest.raises(ValidationError) as error, transaction.atomic():
        action(*arguments)
    detail = error.value.detail
    return detail["data"] if isinstance(detail.get("data"), dict) else detail


def make_address(cart, **fields):
    return models.StreetAddress.objects.create(cart=cart, user=cart.user, **{**STREET, **fields})


def create(base, cart, model, data):
    return editing.create(base, cart, editing.validate(model, data, {}))


# finding


@pytest.mark.parametrize("pk", ["", "x", "-1", "1.0", "1e3", "\uff11", "9" * 19, "9" * 5000, " 1", "1\x00"])
def test_text_that_is_no_key_is_not_found(pk, django_assert_num_queries):
    cart = make_cart()

    with django_assert_num_queries(0), pytest.raises(Http404):
        editing.find(LineItem, cart, pk)


@pytest.mark.parametrize("pk", ["0", "999999999999999999"])
def test_a_key_of_nothing_is_not_found(pk):
    with pytest.raises(Http404):
        editing.find(LineItem, make_cart(), pk)


def test_the_shoppers_own_row_is_found_as_an_instance_of_its_class():
    cart = make_cart()
    line = add_wine(cart)
    found = editing.find(LineItem, cart, f"00{line.pk}")

    assert (found, type(found)) == (line, models.WineLine)


def test_the_row_of_another_cart_is_not_found():
    line = add_wine(make_cart())

    with pytest.raises(Http404):
        editing.find(LineItem, make_cart(), str(line.pk))


def test_a_row_on_an_order_is_not_found():
    cart = make_cart()
    line = sell(add_wine(cart), make_order(cart=cart))

    with pytest.raises(Http404):
        editing.find(LineItem, cart, str(line.pk))


def test_a_row_of_another_kind_is_not_found():
    cart = make_cart()
    address = make_address(cart)

    with pytest.raises(Http404):
        editing.find(LineItem, cart, str(address.pk))


def test_a_guest_without_a_cart_finds_nothing_not_even_rows_without_an_owner():
    address = models.StreetAddress.objects.create(**STREET)

    with pytest.raises(Http404):
        editing.find(DeliveryAddress, EmptyCart(), str(address.pk))


def test_a_user_without_a_cart_finds_their_own_addresses():
    user = make_user()
    address = models.StreetAddress.objects.create(user=user, **STREET)

    assert editing.find(DeliveryAddress, EmptyCart(user=user), str(address.pk)) == address


# parsing


CHOICES = "Choose from: PretendCard, PayLater, ExactCard, KeyedCard, OneCallCard, ScriptedCard, SimpleCard, Transfer."


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        ([], {"non_field_errors": ["Expected an object, not list."]}),
        (None, {"non_field_errors": ["Expected an object, not NoneType."]}),
        ({}, {"type": [f"This field is required. {CHOICES}"], "data": ["This field is required."]}),
        ({"type": "Nothing", "data": {}}, {"type": [f"This is not a valid type. {CHOICES}"]}),
        ({"type": "WineLine", "data": {}}, {"type": [f"This is not a valid type. {CHOICES}"]}),
        ({"type": ["PayLater"], "data": {}}, {"type": [f"This is not a valid type. {CHOICES}"]}),
        ({"type": None, "data": {}}, {"type": [f"This is not a valid type. {CHOICES}"]}),
        ({"type": "PayLater"}, {"data": ["This field is required."]}),
        ({"type": "PayLater", "data": None}, {"data": ["Expected an object, not NoneType."]}),
        ({"type": "PayLater", "data": [1]}, {"data": ["Expected an object, not list."]}),
    ],
)
def test_a_new_row_is_a_type_and_an_object(body, detail):
    assert refusal(editing.parse_new, PaymentMethod, body) == detail


def test_a_shop_may_have_no_type_of_a_kind(monkeypatch):
    monkeypatch.setattr(registry, "names", {})

    detail = refusal(editing.parse_new, PaymentMethod, {"type": "PayLater", "data": {}})

    assert detail == {"type": ["This is not a valid type. There is none here to choose from."]}


def test_a_type_is_the_name_a_model_is_registered_under():
    assert editing.parse_new(LineItem, {"type": "Enrolment", "data": {"a": 1}}) == (models.CourseLine, {"a": 1})


# card numbers


PAN = "4242424242424242"
NO_CARDS = ["Card numbers are not accepted here."]


@pytest.mark.parametrize("value", [PAN, f"card {PAN}", [PAN], {"a": ["b", {"c": PAN}]}, int(PAN), float(PAN)], ids=repr)
def test_a_card_number_is_refused_in_every_field_that_would_keep_it(value):
    detail = refusal(editing.validate, models.StreetAddress, {**STREET, "street": value, "suburb": PAN}, {})

    assert detail == {"street": NO_CARDS, "suburb": NO_CARDS}


def test_it_is_refused_in_what_is_no_field_too():
    assert refusal(editing.validate, models.StreetAddress, {**STREET, "note": PAN}, {}) == {"note": NO_CARDS}


def test_a_number_is_none_where_it_stays_one():
    assert refusal(editing.validate, models.AmountOff, {"amount": int(PAN)}, {}) == {
        "amount": ["Ensure that there are no more than 12 digits in total."]
    }


def test_a_serializer_may_except_a_field(monkeypatch):
    meta = registry.serializer(models.StreetAddress).Meta
    monkeypatch.setattr(meta, "card_numbers_allowed", ["street"], raising=False)

    serializer = editing.validate(models.StreetAddress, {**STREET, "street": PAN}, {})

    assert serializer.validated_data["street"] == PAN


@override_settings(LORIKEET_REFUSE_CARD_NUMBERS=False)
def test_a_shop_may_take_card_numbers():
    serializer = editing.validate(models.StreetAddress, {**STREET, "street": PAN}, {})

    assert serializer.validated_data["street"] == PAN


# making


def test_a_new_address_is_the_shoppers_and_selected():
    user = make_user()
    cart = make_cart(user)

    address, is_new = create(DeliveryAddress, cart, models.StreetAddress, STREET)

    cart.refresh_from_db()
    assert (is_new, address.user, address.cart, cart.delivery_address_id) == (True, user, cart, address.pk)


def test_a_row_that_was_combined_is_not_new():
    cart, wine = make_cart(), make_wine()
    line = add_wine(cart, product=wine)

    row, is_new = create(LineItem, cart, models.WineLine, {"product": wine.pk})

    assert (is_new, row, row.quantity) == (False, line, 2)


@override_settings(LORIKEET_MAX_ADJUSTMENTS=1)
def test_a_full_cart_takes_no_more(unchanged):
    cart = make_cart()
    models.ShareOff.objects.create(cart=cart)

    with unchanged(), pytest.raises(LimitReached) as full, transaction.atomic():
        create(Adjustment, cart, models.ShareOff, {"parts": 2})

    assert (str(full.value), full.value.field) == ("There is no room for more than 1 of these.", "adjustments")


@pytest.mark.parametrize("kind", [IntegrityError, DataError])
def test_a_row_that_only_the_table_refuses_is_the_clients_mistake_and_is_logged(monkeypatch, unchanged, caplog, kind):
    def refuse(line, *args, **kwargs):
        raise kind("no_two_alike")

    cart = make_cart()
    monkeypatch.setattr(models.MoodyLine, "save", refuse)

    with unchanged():
        detail = refusal(create, LineItem, cart, models.MoodyLine, {})

    assert detail == {"non_field_errors": ["This cannot be saved as it is."]}
    assert [(record.levelno, record.getMessage()) for record in caplog.records] == [
        (logging.WARNING, "MoodyLineSerializer was given data that its table refuses.")
    ]


def test_a_row_that_the_hosts_model_refuses_is_refused_by_its_field(monkeypatch, unchanged):
    def validate(line, *args, **kwargs):
        raise ModelValidationError({"mood": ["Not today."]})

    cart = make_cart()
    monkeypatch.setattr(models.MoodyLine, "save", validate)

    with unchanged():
        assert refusal(create, LineItem, cart, models.MoodyLine, {}) == {"mood": ["Not today."]}


def test_a_combined_line_that_is_not_valid_is_refused_by_its_field(monkeypatch, unchanged):
    def take(line, other):
        line.quantity += other.quantity
        return True

    monkeypatch.setattr(models.WineLine, "combine_with", take)
    cart, wine = make_cart(), make_wine()
    add_wine(cart, quantity=600, product=wine)

    with unchanged():
        detail = refusal(create, LineItem, cart, models.WineLine, {"product": wine.pk, "quantity": 600})

    assert detail == {"quantity": ["Ensure this value is less than or equal to 1000."]}


def test_a_line_too_dear_to_be_charged_is_refused():
    cart = make_cart()

    detail = refusal(create, LineItem, cart, models.WineLine, {"product": dear().pk, "quantity": 1000})

    assert detail == {"total": ["The total is too large."]}


def test_a_line_that_costs_less_than_nothing_is_refused_unless_its_type_allows_it(monkeypatch):
    cart = make_cart()

    detail = refusal(create, LineItem, cart, models.MoodyLine, {"mood": "negative"})
    monkeypatch.setattr(models.MoodyLine, "may_be_negative", True)
    row, is_new = create(LineItem, cart, models.MoodyLine, {"mood": "negative"})

    assert detail == {"total": ["The total is below zero."]}
    assert (is_new, list(cart.items.values_list("pk", flat=True))) == (True, [row.pk])


def test_a_line_is_not_made_too_dear_by_combining_either():
    cart, wine = make_cart(), dear()
    add_wine(cart, product=wine, quantity=1)

    detail = refusal(create, LineItem, cart, models.WineLine, {"product": wine.pk, "quantity": 999})

    assert detail == {"total": ["The total is too large."]}


def dear():
    return make_wine("999999999999999")


def test_a_line_without_a_valid_price_is_the_hosts_mistake_and_is_logged(caplog):
    cart = make_cart()

    row, is_new = create(LineItem, cart, models.MoodyLine, {"mood": "float"})

    assert (is_new, row.cart) == (True, cart)
    assert [(record.levelno, record.getMessage()) for record in caplog.records] == [
        (logging.ERROR, "MoodyLine.get_total() returned an invalid amount.")
    ]


# changing lines and adjustments


@pytest.mark.parametrize("body", [{"quantity": 5}, {"data": {"quantity": 5}}])
def test_a_row_is_changed_by_its_data_bare_or_in_an_envelope(body):
    cart = make_cart()
    line = add_wine(cart)

    editing.edit(line, cart, body, True, {})

    assert models.WineLine.objects.get().quantity == 5


def test_a_row_that_is_replaced_needs_all_of_its_fields(unchanged):
    cart = make_cart()
    line = add_wine(cart)

    with unchanged():
        detail = refusal(editing.edit, line, cart, {"quantity": 5}, False, {})

    assert detail == {"product": ["This field is required."]}


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        (None, {"non_field_errors": ["Expected an object, not NoneType."]}),
        ("x", {"non_field_errors": ["Expected an object, not str."]}),
        ({"data": 5}, {"data": ["Expected an object, not int."]}),
        ({"quantity": 0}, {"quantity": ["Ensure this value is greater than or equal to 1."]}),
    ],
)
def test_data_that_is_no_change_is_refused(unchanged, body, detail):
    cart = make_cart()
    line = add_wine(cart)

    with unchanged():
        assert refusal(editing.edit, line, cart, body, True, {}) == detail


def test_a_line_is_not_made_too_dear_by_a_change(unchanged):
    cart = make_cart()
    line = add_wine(cart, product=dear())

    with unchanged():
        detail = refusal(editing.edit, line, cart, {"quantity": 2}, True, {})

    assert detail == {"total": ["The total is too large."]}


def test_a_changed_row_is_returned():
    cart = make_cart()
    line = add_wine(cart)

    assert editing.edit(line, cart, {"quantity": 5}, True, {}) is line


def test_a_coupon_that_becomes_equal_to_another_is_combined_with_it():
    """Else one coupon would count twice."""
    cart = make_cart()
    first, second = (
        models.CouponAdjustment.objects.create(cart=cart, coupon=make_coupon(code)) for code in ("TEN", "FIVE")
    )

    row = editing.edit(second, cart, {"code": "TEN"}, True, {})

    assert (row, models.CouponAdjustment.objects.get()) == (first, first)


def test_a_coupon_that_is_equal_to_one_in_another_cart_stays_where_it_was():
    cart = make_cart()
    coupon = models.CouponAdjustment.objects.create(cart=cart, coupon=make_coupon("TEN"))
    models.CouponAdjustment.objects.create(cart=make_cart(), coupon=coupon.coupon)

    assert editing.edit(coupon, cart, {"code": "TEN"}, True, {}) is coupon
    assert models.CouponAdjustment.objects.count() == 2


# removing


def test_a_row_is_removed():
    line = add_wine(make_cart())

    editing.delete(line)

    assert LineItem.objects.count() == 0


@pytest.mark.parametrize("error", [ProtectedError, RestrictedError])
def test_a_row_that_something_of_the_hosts_refers_to_is_not_removed(monkeypatch, unchanged, error):
    def refuse(line):
        raise error("A reservation refers to it.", {line})

    line = add_wine(make_cart())
    monkeypatch.setattr(models.WineLine, "delete", refuse)

    with unchanged():
        assert refusal(editing.delete, line) == {"non_field_errors": ["This cannot be removed."]}


# selecting, retiring, and changing addresses


@pytest.mark.parametrize(
    ("base", "body", "detail"),
    [
        (DeliveryAddress, [], {"non_field_errors": ["Expected an object, not list."]}),
        (DeliveryAddress, {}, {"selected": ["Send data or selected."]}),
        (PaymentMethod, {}, {"selected": ["Send selected."]}),
        (PaymentMethod, {"data": {}}, {"data": ["Send selected."]}),
        (DeliveryAddress, {"selected": True, "active": False}, {"active": ["Send data or selected."]}),
        (DeliveryAddress, {"selected": "true"}, {"selected": ["Must be true or false."]}),
        (DeliveryAddress, {"selected": None}, {"selected": ["Must be true or false."]}),
        (DeliveryAddress, {"data": []}, {"data": ["Expected an object, not list."]}),
    ],
)
def test_a_choice_is_selected_or_an_address_changed_and_nothing_else(unchanged, base, body, detail):
    cart = make_cart()
    row = make_address(cart) if base is DeliveryAddress else select_card(cart)

    with unchanged():
        assert refusal(editing.edit_choice, base, row, cart, body, {}) == detail


def selected(cart):
    return Cart.objects.get(pk=cart.pk).delivery_address_id


def test_a_choice_is_selected_and_deselected():
    cart = make_cart()
    address = make_address(cart)
    steps = []

    for is_selected in (True, True, False, False):
        editing.edit_choice(DeliveryAddress, address, cart, {"selected": is_selected}, {})
        steps.append(selected(cart))

    assert steps == [address.pk, address.pk, None, None]


def test_deselecting_what_is_not_selected_leaves_what_is():
    cart = make_cart()
    other, address = make_address(cart), select_address(cart)

    editing.edit_choice(DeliveryAddress, other, cart, {"selected": False}, {})

    assert selected(cart) == address.pk


def test_an_address_is_changed_in_place():
    cart = make_cart()
    address = make_address(cart)

    row = editing.edit_choice(DeliveryAddress, address, cart, {"data": {"suburb": "Glenelg"}}, {})

    assert (row, models.StreetAddress.objects.get().suburb) == (address, "Glenelg")


@pytest.mark.parametrize(
    "body",
    [
        {**STREET, "suburb": "Glenelg"},
        {"data": {**STREET, "suburb": "Glenelg"}},
        {
            "type": "StreetAddress",
            "data": {**STREET, "suburb": "Glenelg"},
            "selected": False,
            "url": "/_cart/address/1/",
        },
    ],
    ids=["data alone", "data", "as it is shown"],
)
def test_an_address_is_replaced_as_a_whole(body):
    cart = make_cart()
    address = select_address(cart)

    row = editing.edit_choice(DeliveryAddress, address, cart, body, {}, partial=False)

    assert (row, models.StreetAddress.objects.get().suburb) == (address, "Glenelg")
    assert selected(cart) == (None if "selected" in body else address.pk)


def test_an_address_that_is_replaced_has_all_that_one_needs(unchanged):
    cart = make_cart()
    address = make_address(cart)
    required = ["This field is required."]

    with unchanged():
        detail = refusal(editing.edit_choice, DeliveryAddress, address, cart, {"suburb": "Glenelg"}, {}, False)

    assert detail == {key: required for key in STREET if key != "suburb"}


def test_a_choice_is_selected_as_a_whole_too():
    cart = make_cart()
    card = models.PretendCard.objects.create(cart=cart, token="tok_paid")

    editing.edit_choice(PaymentMethod, card, cart, {"selected": True}, {}, partial=False)

    assert Cart.objects.get().payment_method_id == card.pk


# what the site has selected


@pytest.fixture(params=["no user's", "another user's"])
def place(request):
    """An address, selected by the site, that is not the shopper's own."""
    cart = make_cart(make_user())
    owner = make_user() if request.param == "another user's" else None
    cart.delivery_address = models.StreetAddress.objects.create(user=owner, **STREET)
    cart.save()
    return cart.delivery_address


def test_an_address_of_the_site_is_found_until_it_is_deselected(place):
    cart = Cart.objects.get()

    assert editing.find(DeliveryAddress, cart, str(place.pk)) == place
    editing.edit_choice(DeliveryAddress, place, cart, {"selected": False}, {})

    with pytest.raises(Http404):
        editing.find(DeliveryAddress, cart, str(place.pk))


def test_an_address_of_the_site_is_not_changed(place, unchanged):
    with unchanged():
        detail = refusal(editing.edit_choice, DeliveryAddress, place, Cart.objects.get(), {"data": {"suburb": "x"}}, {})

    assert detail == {"data": ["This is the shop's: select or deselect it, or add one of your own."]}


def test_an_address_of_the_site_is_taken_out_of_this_cart_only(place):
    cart = Cart.objects.get()

    editing.retire(DeliveryAddress, cart, place)

    place.refresh_from_db()
    assert (place.active, selected(cart)) == (True, None)


@override_settings(LORIKEET_MAX_ADDRESSES=1)
def test_an_address_of_the_site_does_not_count_towards_the_limit(place):
    cart = Cart.objects.get()
    row, is_new = create(DeliveryAddress, cart, models.StreetAddress, STREET)

    assert (is_new, selected(cart)) == (True, row.pk)


def test_a_retired_address_of_the_site_is_not_found(place):
    models.StreetAddress.objects.update(active=False)

    with pytest.raises(Http404):
        editing.find(DeliveryAddress, Cart.objects.get(), str(place.pk))


# keys that there are not


class PlateSerializer(serializers.Serializer):
    text = serializers.CharField()
    font = serializers.CharField(read_only=True)


class PlatedSerializer(serializers.Serializer):
    plate = PlateSerializer()
    price = serializers.CharField(read_only=True)
    shop = serializers.HiddenField(default="x")


class SelfReadingSerializer(PlatedSerializer):
    def to_internal_value(self, data):
        return data


NO_SUCH = "There is no such field. Choose from: "


@pytest.mark.parametrize(
    ("data", "detail"),
    [
        ({"qty": 3}, {"qty": [f"{NO_SUCH}plate."]}),
        ({"plate": {"text": "Joe"}, "shop": "y"}, {"shop": [f"{NO_SUCH}plate."]}),
        ({"plate": {"text": "Joe", "colour": 1}}, {"plate": {"colour": [f"{NO_SUCH}text."]}}),
        ({"plate": "Joe"}, {"plate": {"non_field_errors": ["Invalid data. Expected a dictionary, but got str."]}}),
    ],
    ids=["unknown", "hidden", "nested", "no object"],
)
def test_a_key_that_is_not_declared_is_named_with_those_that_are(monkeypatch, data, detail):
    monkeypatch.setitem(registry.serializers, models.WineLine, PlatedSerializer)

    assert refusal(editing.validate, models.WineLine, data, {}) == detail


def test_keys_that_are_shown_only_may_be_sent_back(monkeypatch):
    monkeypatch.setitem(registry.serializers, models.WineLine, PlatedSerializer)
    shown = {
        "plate": {"text": "Joe", "font": "Arial"},
        "price": "1",
    }

    serializer = editing.validate(models.WineLine, shown, {})

    assert serializer.validated_data == {"plate": {"text": "Joe"}, "shop": "x"}


def test_a_serializer_that_takes_nothing_says_so(monkeypatch):
    monkeypatch.setitem(registry.serializers, models.WineLine, serializers.Serializer)

    detail = refusal(editing.validate, models.WineLine, {"a": 1}, {})

    assert detail == {"a": ["There is no such field. There is none here to choose from."]}


def test_a_serializer_that_reads_by_itself_knows_its_keys(monkeypatch):
    monkeypatch.setitem(registry.serializers, models.WineLine, SelfReadingSerializer)

    assert editing.validate(models.WineLine, {"qty": 3}, {}).validated_data == {"qty": 3}


@pytest.mark.parametrize("partial", [True, False])
def test_a_line_is_not_changed_by_a_key_that_is_not_there(unchanged, partial):
    line = add_wine(make_cart())
    data = {"product": line.product_id, "qty": 3}

    with unchanged():
        detail = refusal(editing.edit, line, line.cart, data, partial, {})

    assert detail == {"qty": [f"{NO_SUCH}product, quantity."]}


def test_an_address_is_not_changed_by_a_key_that_is_not_there(unchanged):
    cart = make_cart()
    address = make_address(cart)

    with unchanged():
        detail = refusal(editing.edit_choice, DeliveryAddress, address, cart, {"data": {"city": "x"}}, {})

    assert detail == {"city": [f"{NO_SUCH}{', '.join(STREET)}."]}


@pytest.mark.parametrize("was_selected", [True, False])
def test_an_address_that_an_order_names_is_replaced_by_a_new_one(was_selected):
    cart = make_cart()
    address = select_address(cart) if was_selected else make_address(cart)
    order = make_order(delivery_address=address)

    row = editing.edit_choice(DeliveryAddress, address, cart, {"data": {"suburb": "Glenelg"}}, {})

    assert row.pk != address.pk
    assert list(models.StreetAddress.objects.order_by("pk").values_list("suburb", "active")) == [
        ("Adelaide", False),
        ("Glenelg", True),
    ]
    assert (row.cart, row.user, selected(cart)) == (cart, cart.user, row.pk if was_selected else None)
    assert order.delivery_address_subclass.suburb == "Adelaide"


def test_an_address_that_an_order_names_is_not_replaced_by_what_is_not_valid(unchanged):
    cart = make_cart()
    address = select_address(cart)
    make_order(delivery_address=address)

    with unchanged():
        detail = refusal(editing.edit_choice, DeliveryAddress, address, cart, {"data": {"suburb": ""}}, {})

    assert detail == {"suburb": ["This field may not be blank."]}


def test_a_retired_row_is_deselected_and_stays():
    cart = make_cart()
    address = select_address(cart)
    editing.retire(DeliveryAddress, cart, address)

    assert (selected(cart), models.StreetAddress.objects.get().active) == (None, False)


def test_retiring_what_is_not_selected_leaves_what_is():
    cart = make_cart()
    other, address = make_address(cart), select_address(cart)

    editing.retire(DeliveryAddress, cart, other)

    assert selected(cart) == address.pk
