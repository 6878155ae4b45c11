"""What shoppers do in the example shop, told as requests. The answers are the examples of the documentation.

A tour is a function that takes a :class:`Recorder` and sends; each starts in a shop that has just been opened.
"""

import json
from datetime import timedelta
from unittest import mock

from django.test import override_settings
from django.utils.timezone import now
from recipes import provider
from recipes.models import DebitCard, Voucher
from recorder import Recorder

from lorikeet.models import Order
from lorikeet.testing import FakeBank
from shop.models import Wine

CART = "/_cart/"
NEW = "/_cart/new/"
NEW_ADJUSTMENT = "/_cart/new-adjustment/"
NEW_ADDRESS = "/_cart/new-address/"
NEW_PAYMENT_METHOD = "/_cart/new-payment-method/"
CHECKOUT = "/_cart/checkout/"

JOE = {"addressee": "Joe Bloggs", "address": "123 Fake St", "suburb": "Adelaide", "state": "SA", "postcode": "5000"}


def line(wine=1, quantity=1):
    return {"type": "WineLineItem", "data": {"wine": wine, "quantity": quantity}}


def coupon(code="TENOFF"):
    return {"type": "CouponAdjustment", "data": {"code": code}}


def address(**changes):
    return {"type": "AustralianDeliveryAddress", "data": {**JOE, **changes}}


def card(token="tok_visa"):
    return {"type": "PretendCard", "data": {"card_token": token}}


def debit_card(token="tok_yes"):
    return {"type": "DebitCard", "data": {"token": token}}


def online_card(token="tok_asks"):
    return {"type": "OnlineCard", "data": {"token": token}}


WALLET = {"type": "Wallet", "data": {}}


def get_ready(shopper, token="tok_visa", quantity=1, method=None):
    """Do all that a checkout needs."""
    shopper.send(None, "POST", NEW, line(quantity=quantity))
    shopper.send(None, "POST", NEW_ADDRESS, address())
    shopper.send(None, "PATCH", CART, {"email": "joe@example.com"})
    shopper.send(None, "POST", NEW_PAYMENT_METHOD, method or card(token))


def check_out_with(shopper, method, name=None, **headers):
    """Check out, and return what the answer says of the checkout that waits."""
    get_ready(shopper, method=method)
    return shopper.send(name, "POST", CHECKOUT, **headers).json()["checkout"]


def tour_of_the_cart(shopper):
    shopper.send("cart-empty", "GET", CART)
    shopper.send(None, "POST", NEW, line(quantity=2))
    shopper.send(None, "POST", NEW_ADJUSTMENT, coupon())
    shopper.send(None, "POST", NEW_ADDRESS, address())
    shopper.send(None, "POST", NEW_PAYMENT_METHOD, card())
    etag = shopper.send("cart", "GET", CART)["ETag"]
    shopper.send("cart-not-modified", "GET", CART, If_None_Match=etag)
    shopper.send("cart-email-invalid", "PATCH", CART, {"email": "joe"})
    shopper.send("cart-email-only", "PATCH", CART, {"grand_total": "0.01"})


def tour_of_items(shopper):
    shopper.send("item-add", "POST", NEW, line(quantity=2))
    shopper.send("item-combined", "POST", NEW, line())
    shopper.send("item-type-unknown", "POST", NEW, {"type": "CheeseLineItem", "data": {}})
    shopper.send("item-data-missing", "POST", NEW, {"type": "WineLineItem"})
    shopper.send("item-product-unknown", "POST", NEW, line(wine=999))
    shopper.send("item-patch", "PATCH", "/_cart/1/", {"data": {"quantity": 6}})
    shopper.send("item-patch-bare", "PATCH", "/_cart/1/", {"quantity": 2})
    shopper.send("item-quantity-invalid", "PATCH", "/_cart/1/", {"data": {"quantity": 0}})
    shopper.send("item-key-unknown", "PATCH", "/_cart/1/", {"data": {"qty": 3}})
    shopper.send("item-put", "PUT", "/_cart/1/", {"data": {"wine": 2, "quantity": 3}})
    shopper.send("item-prefer", "PATCH", "/_cart/1/", {"data": {"quantity": 1}}, Prefer="return=cart")
    shopper.send("item-delete", "DELETE", "/_cart/1/")
    shopper.send("item-not-found", "GET", "/_cart/1/")


def tour_of_adjustments(shopper):
    shopper.send(None, "POST", NEW, line(quantity=2))
    shopper.send("adjustment-add", "POST", NEW_ADJUSTMENT, coupon("tenoff"))
    shopper.send("adjustment-combined", "POST", NEW_ADJUSTMENT, coupon("TENOFF"))
    shopper.send("adjustment-invalid", "POST", NEW_ADJUSTMENT, coupon("FREEWINE"))
    shopper.send("adjustment-put", "PUT", "/_cart/adjustment/1/", {"data": {"code": "CELLARDOOR"}})
    shopper.send("adjustment-delete", "DELETE", "/_cart/adjustment/1/")


def tour_of_addresses(shopper):
    shopper.send("address-add", "POST", NEW_ADDRESS, address())
    shopper.send("address-invalid", "POST", NEW_ADDRESS, address(postcode="50", state="Tasmania"))
    shopper.send(None, "POST", NEW_ADDRESS, address(address="1 Real Rd"))
    shopper.send("address-select", "PATCH", "/_cart/address/1/", {"selected": True})
    shopper.send("address-edit", "PATCH", "/_cart/address/1/", {"data": {"suburb": "Norwood", "postcode": "5067"}})
    shopper.send("address-wrong-key", "PATCH", "/_cart/address/1/", {"suburb": "Norwood"})
    shopper.send("address-put", "PUT", "/_cart/address/1/", address(address="2 Real Rd")["data"])
    shopper.send("address-delete", "DELETE", "/_cart/address/1/")


def tour_of_payment_methods(shopper):
    shopper.send("payment-method-add", "POST", NEW_PAYMENT_METHOD, card())
    shopper.send("payment-method-number", "POST", NEW_PAYMENT_METHOD, card("4242 4242 4242 4242"))
    shopper.send(None, "PATCH", "/_cart/payment-method/1/", {"selected": False})
    shopper.send("payment-method-select", "PATCH", "/_cart/payment-method/1/", {"selected": True})
    shopper.send("payment-method-data", "PATCH", "/_cart/payment-method/1/", {"data": {"card_token": "tok_visa"}})
    shopper.send("payment-method-delete", "DELETE", "/_cart/payment-method/1/")


def tour_of_the_checkout(shopper):
    shopper.send(None, "POST", NEW, line())
    shopper.send("checkout-incomplete", "POST", CHECKOUT)
    shopper.send("checkout-body", "POST", CHECKOUT, {"grand_total": "0.01"})
    get_ready(shopper, "tok_declined")
    shopper.send("checkout-refused", "POST", CHECKOUT)
    shopper.send(None, "POST", NEW_PAYMENT_METHOD, card())
    etag = shopper.send(None, "GET", CART)["ETag"]
    Wine.objects.filter(pk=1).update(unit_price="27.00")
    shopper.send("checkout-changed", "POST", CHECKOUT, If_Match=etag)
    key = {"Idempotency_Key": "0fa1e9c6-7a56-4ee0-9b7e-2a0b8f0d5c11"}
    shopper.send("checkout-placed", "POST", CHECKOUT, **key)
    shopper.send("checkout-replayed", "POST", CHECKOUT, **key)
    shopper.send("checkout-key-reused", "POST", CHECKOUT, If_Match=etag, **key)


def tour_of_a_conflict(shopper):
    """Two shoppers have one voucher in their carts, and both want to use it."""
    Voucher.objects.create(code="ONLYONCE", amount=5)
    other = Recorder()
    for one in (shopper, other):
        get_ready(one, method=debit_card())
        one.send(None, "POST", NEW_ADJUSTMENT, {"type": "VoucherAdjustment", "data": {"code": "ONLYONCE"}})

    def while_the_other_pays(*args, **kwargs):
        with mock.patch("recipes.models.VoucherAdjustment.check_complete"):
            shopper.send("checkout-conflict", "POST", CHECKOUT)
        return "ch_1"

    with mock.patch.object(DebitCard, "bank", FakeBank()) as bank:
        bank.charge = while_the_other_pays
        other.send(None, "POST", CHECKOUT)


def tour_of_a_checkout_in_flight(shopper):
    """The provider is slow: while it is being asked, the shopper asks again and looks at the cart."""
    get_ready(shopper, method=online_card("tok_yes"))

    def while_the_provider_thinks(*args, **kwargs):
        shopper.send("checkout-pending", "POST", CHECKOUT)
        shopper.send("cart-pending", "GET", CART)
        return confirm(*args, **kwargs)

    confirm = provider.books.confirm
    with mock.patch.object(provider.books, "confirm", while_the_provider_thinks):
        shopper.send(None, "POST", CHECKOUT)


def tour_of_an_unknown_outcome(shopper):
    """The connection to the bank breaks, so it is unknown whether the card was charged."""
    get_ready(shopper, method=debit_card())
    with mock.patch.object(DebitCard, "bank", FakeBank()) as bank:
        bank.charge = mock.Mock(side_effect=ConnectionError)
        shopper.send("checkout-unknown", "POST", CHECKOUT)
    assert shopper.send(None, "GET", CART).json()["pending_checkout"] is None


def tour_of_an_action(shopper):
    """The bank wants the shopper to approve the payment on its own page."""
    checkout = check_out_with(shopper, online_card(), "checkout-action")
    shopper.send("checkout-status", "GET", checkout["url"])
    shopper.send("checkout-confirm-waiting", "POST", checkout["confirm_url"])
    shopper.send("checkout-confirm-data", "POST", checkout["confirm_url"], {"data": {"code": "1234"}})
    provider.books.records["pay_1"].state = "paid"
    shopper.send("checkout-confirm", "POST", checkout["confirm_url"])
    shopper.send("checkout-status-placed", "GET", checkout["url"])


def tour_of_a_return_without_approval(shopper):
    checkout = check_out_with(shopper, online_card())
    provider.books.records["pay_1"].state = "declined"
    shopper.send("checkout-confirm-refused", "POST", checkout["confirm_url"])
    shopper.send("checkout-status-cancelled", "GET", checkout["url"])


def tour_of_a_change_of_mind(shopper):
    checkout = check_out_with(shopper, online_card())
    shopper.send("checkout-cancel", "POST", checkout["cancel_url"])


def tour_of_a_change_of_mind_too_late(shopper):
    checkout = check_out_with(shopper, online_card())
    provider.books.records["pay_1"].state = "paid"
    shopper.send("checkout-cancel-paid", "POST", checkout["cancel_url"])


def tour_of_a_bank_that_does_not_answer(shopper):
    checkout = check_out_with(shopper, online_card())
    with mock.patch.object(provider.books, "find", side_effect=TimeoutError):
        shopper.send("checkout-cancel-waiting", "POST", checkout["cancel_url"])


def tour_of_time_running_out(shopper):
    checkout = check_out_with(shopper, online_card())
    Order.objects.update(expires_at=now() - timedelta(seconds=1))
    shopper.send("checkout-expired", "POST", checkout["confirm_url"])


def tour_of_a_payment_made_elsewhere(shopper):
    checkout = check_out_with(shopper, WALLET, "checkout-elsewhere")
    attempt = Order.objects.get().latest_charge
    shopper.send("checkout-reference-unknown", "POST", checkout["confirm_url"], {"data": {"reference": "pay_9"}})
    record = provider.books.create(str(attempt.key), attempt.amount, attempt.currency)
    provider.books.confirm(record.id)
    shopper.send("checkout-reference", "POST", checkout["confirm_url"], {"data": {"reference": record.id}})


def tour_of_the_same_again(shopper):
    """An order waits to be paid elsewhere, and the shopper orders the same things."""
    check_out_with(shopper, WALLET)
    shopper.send(None, "POST", NEW, line())
    shopper.send("checkout-duplicate", "POST", CHECKOUT)
    shopper.send("checkout-confirm-duplicate", "POST", CHECKOUT, {"confirm_duplicate": True})


def tour_of_webhooks(shopper):
    check_out_with(shopper, online_card())
    provider.books.records["pay_1"].state = "paid"
    event = {"payment": "pay_1"}
    signature = provider.sign(json.dumps(event).encode())
    headers = {"X_Signature": signature}
    shopper.stand_ins[signature] = "b1a7...09"
    shopper.send("webhook", "POST", "/_cart/webhook/OnlineCard/", event, csrf=False, **headers)
    shopper.send("webhook-forged", "POST", "/_cart/webhook/OnlineCard/", event, csrf=False, X_Signature="0")
    shopper.send("webhook-unknown", "POST", "/_cart/webhook/PretendCard/", event, csrf=False)
    assert Order.objects.get().is_placed


@override_settings(LORIKEET_THROTTLE_RATES={"checkout_cart": "1/day", "guess_cart": "1/day"})
def tour_of_throttles(shopper):
    get_ready(shopper, "tok_declined")
    shopper.send(None, "POST", CHECKOUT)
    shopper.send("checkout-throttled", "POST", CHECKOUT)


def tour_of_errors(shopper):
    shopper.send("error-json", "POST", NEW, raw='{"type": ')
    shopper.send("error-number", "POST", NEW, raw='{"type": "WineLineItem", "data": {"quantity": 1e400}}')
    shopper.send("error-csrf", "POST", NEW, line(), csrf=False)
    shopper.send("error-method", "DELETE", CHECKOUT)
    shopper.send("error-precondition", "POST", NEW, line(), If_Match='"0"')
    with override_settings(LORIKEET_MAX_LINES=1):
        shopper.send(None, "POST", NEW, line(wine=1))
        shopper.send("error-limit", "POST", NEW, line(wine=2))


def tour_of_an_app(shopper):
    shopper.send("token-wrong", "GET", CART, X_Cart_Token="nonsense")
    shopper.send("token-new", "POST", NEW, line(), X_Cart_Token="new")
    shopper.send("token-email", "PATCH", CART, {"email": "joe@example.com"})


@override_settings(LORIKEET_DISPLAY_AMOUNTS=True)
def tour_of_display_amounts(shopper):
    shopper.send("item-display", "POST", NEW, line(quantity=2))


def tour_of_the_tutorial(shopper):
    shopper.send("tutorial-empty", "GET", CART, X_Cart_Token="new")
    shopper.send("tutorial-add", "POST", NEW, line(quantity=2), X_Cart_Token="new")
    shopper.send("tutorial-too-many", "PATCH", "/_cart/1/", {"data": {"quantity": 60}})
    shopper.send("tutorial-sold-out", "GET", CART)
    shopper.send("tutorial-wrong", "PATCH", "/_cart/1/", {"data": {"quantity": 61}})
    shopper.send("tutorial-two-again", "PATCH", "/_cart/1/", {"data": {"quantity": 2}})
    shopper.send("tutorial-address-invalid", "POST", NEW_ADDRESS, address(postcode="50"))
    shopper.send("tutorial-address", "POST", NEW_ADDRESS, address())
    shopper.send("tutorial-email", "PATCH", CART, {"email": "joe@example.com"})
    shopper.send("tutorial-not-ready", "POST", CHECKOUT)
    shopper.send("tutorial-card-declined", "POST", NEW_PAYMENT_METHOD, card("tok_declined"))
    shopper.send("tutorial-refused", "POST", CHECKOUT)
    shopper.send("tutorial-card", "POST", NEW_PAYMENT_METHOD, card())
    shopper.send("tutorial-ready", "GET", CART)
    shopper.send("tutorial-placed", "POST", CHECKOUT)
    shopper.send("tutorial-afterwards", "GET", CART)


TOURS = [
    tour_of_the_cart,
    tour_of_items,
    tour_of_adjustments,
    tour_of_addresses,
    tour_of_payment_methods,
    tour_of_the_checkout,
    tour_of_a_conflict,
    tour_of_a_checkout_in_flight,
    tour_of_an_unknown_outcome,
    tour_of_an_action,
    tour_of_a_return_without_approval,
    tour_of_a_change_of_mind,
    tour_of_a_change_of_mind_too_late,
    tour_of_a_bank_that_does_not_answer,
    tour_of_time_running_out,
    tour_of_a_payment_made_elsewhere,
    tour_of_the_same_again,
    tour_of_webhooks,
    tour_of_throttles,
    tour_of_errors,
    tour_of_an_app,
    tour_of_display_amounts,
    tour_of_the_tutorial,
]
