"""A client sets what the host's serializer declares, and nothing else."""

import pytest

from lorikeet.models import Cart, DeliveryAddress, LineItem, PaymentMethod
from tests.testapp import models
from tests.testapp.clients import CART, NEW_ADDRESS, NEW_ADJUSTMENT, NEW_ITEM, NEW_PAYMENT_METHOD, STREET
from tests.testapp.factories import make_user

KINDS = {
    "line": (NEW_ITEM, "MoodyLine", {"amount": "10.0000"}, models.MoodyLine),
    "adjustment": (NEW_ADJUSTMENT, "ShareOff", {"parts": 3}, models.ShareOff),
    "address": (NEW_ADDRESS, "StreetAddress", STREET, models.StreetAddress),
    "method": (NEW_PAYMENT_METHOD, "PretendCard", {"token": "tok_paid"}, models.PretendCard),
}

FORBIDDEN = {
    "id": 4711,
    "pk": 4711,
    "lineitem_ptr": 4711,
    "lineitem_ptr_id": 4711,
    "adjustment_ptr": 4711,
    "deliveryaddress_ptr_id": 4711,
    "paymentmethod_ptr": 4711,
    "order": 1,
    "order_id": 1,
    "cart": None,
    "cart_id": None,
    "user": "mallory",
    "user_id": None,
    "active": False,
    "created_at": "1970-01-01T00:00:00Z",
    "total_when_charged": "0.01",
    "total": "0.01",
    "grand_total": "0.01",
    "state": "placed",
    "brand": "amex",
    "last4": "0000",
    "url": "/_cart/1/",
    "__class__": "X",
    "_state": {},
}


#: The fields that each kind shows; all others are unknown.
DECLARED = {
    "line": {"mood", "amount"},
    "adjustment": {"parts"},
    "address": set(STREET),
    "method": {"brand", "last4"},
}


def columns(model):
    """Return all columns of all rows of a type but those that differ between any two rows."""
    return [
        {key: row[key] for key in row if key not in ("id", "created_at") and not key.endswith("_ptr_id")}
        for row in model._base_manager.order_by("pk").values()
    ]


@pytest.mark.parametrize("kind", KINDS)
def test_creating_takes_nothing_that_is_not_declared_and_names_it(shopper, unchanged, kind):
    path, name, data, _ = KINDS[kind]
    body = {**FORBIDDEN, "type": "x", "data": {"data": {}}}
    unknown = [key for key in body if key not in DECLARED[kind]]

    with unchanged():
        response = shopper.post(path, {"type": name, "data": {**body, **data}})

    assert response.status_code == 400
    assert list(response.json()) == unknown


def test_creating_sets_nothing_that_is_shown_only(shopper):
    path, name, data, model = KINDS["method"]
    shopper.post(path, {"type": name, "data": data})

    response = shopper.post(path, {"type": name, "data": {**data, "brand": "amex", "last4": "0000"}})

    first, second = columns(model)
    assert response.status_code == 201
    assert second == first


@pytest.mark.parametrize("kind", KINDS)
def test_creating_sets_nothing_from_beside_the_data(shopper, kind):
    path, name, data, model = KINDS[kind]
    shopper.post(path, {"type": name, "data": data})

    response = shopper.post(path, {**FORBIDDEN, "type": name, "data": data})

    first, second = columns(model)
    assert response.status_code == 201
    assert second == first
    assert not model._base_manager.filter(pk=4711).exists()


@pytest.mark.parametrize("key", FORBIDDEN)
@pytest.mark.parametrize("kind", KINDS)
def test_changing_sets_nothing_that_is_not_declared(alice, kind, key):
    path, name, data, model = KINDS[kind]
    url = alice.post(path, {"type": name, "data": data}).json()["url"]
    before = list(model._base_manager.values())

    for body in ({"data": {key: FORBIDDEN[key]}}, {key: FORBIDDEN[key]}):
        for method in (alice.patch, alice.put):
            assert method(url, body).status_code == 400

    assert list(model._base_manager.values()) == before


@pytest.mark.parametrize("kind", KINDS)
def test_an_answer_has_the_declared_fields_only(shopper, kind):
    path, name, data, _ = KINDS[kind]
    answer = shopper.post(path, {"type": name, "data": data}).json()

    third = "total" if kind in ("line", "adjustment") else "selected"
    assert set(answer) == {"type", "data", third, "url"}
    assert set(answer["data"]) == DECLARED[kind]


def test_a_client_cannot_give_anything_to_another_shopper(mallory):
    victim = make_user("victim")
    for path, name, data, _ in KINDS.values():
        for key in ("user", "user_id", "owner"):
            mallory.post(path, {"type": name, "data": {**data, key: str(victim.pk)}, key: str(victim.pk)})

    assert not DeliveryAddress.objects.filter(user=victim).exists()
    assert not PaymentMethod.objects.filter(user=victim).exists()


def test_a_client_cannot_put_anything_into_another_shoppers_cart(alice, mallory, wine):
    alice.add_wine(wine)
    cart = Cart.objects.get(user=alice.user)
    for key in ("cart", "cart_id"):
        mallory.post(NEW_ITEM, {"type": "MoodyLine", "data": {key: cart.pk}, key: cart.pk})

    assert LineItem.objects.filter(cart=cart).count() == 1


@pytest.mark.parametrize("key", ["user", "key", "currency", "seq", "delivery_address", "payment_method", "id", "items"])
def test_the_cart_itself_takes_an_email_only(alice, wine, unchanged, key):
    alice.add_wine(wine)

    with unchanged():
        response = alice.patch(CART, {key: 1})

    assert response.status_code == 400
    assert list(response.json()) == [key]
