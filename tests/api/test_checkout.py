"""``POST /_cart/checkout/``: outcomes and what each leaves behind (L19 to L23)."""

from decimal import Decimal

import pytest
from django.test import override_settings

from lorikeet.models import Order
from lorikeet.outcomes import Paid
from lorikeet.signals import order_checked_out
from tests.testapp import models
from tests.testapp.clients import CART, NEW_ITEM, NEW_PAYMENT_METHOD, Browser
from tests.testapp.factories import make_coupon, make_user, make_wine

from .payers import start_waiting


def test_a_user_gets_the_order_and_its_page(alice, wine):
    """L21, T17, T18."""
    alice.get_ready(wine)

    response = alice.checkout()

    order = Order.objects.get()
    assert response.status_code == 200
    assert response.json() == {"id": order.pk, "url": response["Location"]}
    assert response["Location"].partition("?")[0] == f"/orders/{order.pk}/"


def test_a_guest_gets_a_url_with_a_token(guest, wine):
    guest.get_ready(wine)

    response = guest.checkout()

    assert response.status_code == 200
    assert response.json()["url"].startswith(f"/orders/{Order.objects.get().pk}/?token=")


@override_settings(LORIKEET_ORDER_DETAIL_VIEW=None)
def test_without_a_detail_view_there_is_no_url(shopper, wine):
    """L21."""
    shopper.get_ready(wine)

    response = shopper.checkout()

    assert response.status_code == 200
    assert response.json() == {"id": Order.objects.get().pk, "url": None}
    assert "Location" not in response


def test_the_cart_is_empty_afterwards(alice, wine):
    alice.get_ready(wine)
    alice.add_adjustment("ShareOff", parts=10)

    alice.checkout()

    cart = alice.cart()
    assert (cart["items"], cart["adjustments"], cart["grand_total"]) == ([], [], "0.00")
    assert cart["pending_checkout"] is None


def test_the_order_is_placed_with_what_the_cart_showed(alice, wine):
    alice.get_ready(wine, 3)
    alice.add_adjustment("ShareOff", parts=10)
    cart = alice.cart()

    alice.checkout()

    order = Order.objects.get()
    assert (order.state, order.user, order.currency) == ("placed", alice.user, "AUD")
    assert (order.subtotal, order.grand_total) == (Decimal("36"), Decimal("32.4"))
    assert (cart["subtotal"], cart["grand_total"]) == ("36.00", "32.40")
    assert order.purchased_on is not None


def test_lines_and_adjustments_move_to_the_order_with_their_totals(alice, wine):
    alice.get_ready(wine, 3)
    alice.add_adjustment("ShareOff", parts=10)

    alice.checkout()

    order, line, adjustment = Order.objects.get(), models.WineLine.objects.get(), models.ShareOff.objects.get()
    assert (line.order, line.cart, line.total_when_charged) == (order, None, Decimal("36"))
    assert (adjustment.order, adjustment.cart, adjustment.total_when_charged) == (order, None, Decimal("-3.6"))


def test_a_later_price_change_does_not_change_the_order(alice, wine):
    """I4."""
    alice.get_ready(wine)
    alice.checkout()

    models.Wine.objects.update(unit_price=Decimal("99"))

    assert models.WineLine.objects.get().total == Decimal("12")


@override_settings(LORIKEET_CHARGES=["tests.testapp.charges.Shipping", "tests.testapp.charges.IncludedTax"])
def test_charges_are_kept_with_the_order(alice, wine):
    alice.get_ready(wine)

    alice.checkout()

    order = Order.objects.get()
    assert order.grand_total == Decimal("17")
    assert list(order.charges.order_by("pk").values_list("code", "total", "included")) == [
        ("shipping", Decimal("5"), False),
        ("tax", Decimal("1.55"), True),
    ]


def test_the_payment_method_is_asked_once_for_the_grand_total(shopper, wine):
    shopper.get_ready(wine, 2)

    shopper.checkout()

    assert list(models.BankEntry.objects.values_list("order", "amount")) == [(Order.objects.get().pk, Decimal("24"))]


def test_the_payment_of_the_host_is_kept(shopper, wine):
    shopper.get_ready(wine)

    shopper.checkout()

    payment = models.CardPayment.objects.get()
    assert payment.reference == f"ch_{Order.objects.get().pk}"
    assert payment.attempt.order == Order.objects.get()


def test_another_payment_method_is_asked_when_it_is_selected(shopper, wine):
    shopper.get_ready(wine, token="tok_declined")
    shopper.add(NEW_PAYMENT_METHOD, "PayLater", number="PO-1")

    response = shopper.checkout()

    assert response.status_code == 200
    assert models.BankEntry.objects.count() == 0


def test_the_guest_order_keeps_the_address_to_write_to(guest, wine):
    guest.get_ready(wine)

    guest.checkout()

    order = Order.objects.get()
    assert (order.user, order.guest_email, order.email) == (None, "joe@example.com", "joe@example.com")


def test_the_user_order_is_written_to_at_the_account_address(alice, wine):
    alice.get_ready(wine)

    alice.checkout()

    order = Order.objects.get()
    assert (order.guest_email, order.email) == ("", "alice@example.com")


def test_the_user_order_is_written_to_at_the_address_that_was_set_for_the_cart(alice, wine):
    alice.get_ready(wine)
    alice.patch(CART, {"email": "work@example.com"})

    alice.checkout()

    order = Order.objects.get()
    assert (order.user, order.guest_email, order.email) == (alice.user, "work@example.com", "work@example.com")


def test_the_order_of_a_user_without_any_address_is_refused(wine):
    browser = Browser(make_user(contact_email=""))
    browser.get_ready(wine)

    response = browser.checkout()

    assert (response.status_code, [entry["field"] for entry in response.json()["info"]]) == (422, ["email"])
    assert not Order.objects.exists()


@pytest.fixture
def extras():
    """Have a receiver of ``order_checked_out`` return a dict for the client."""

    def tell(order, **sent):
        return {"points": order.grand_total, "id": 0, "duplicate": True, "url": "https://elsewhere.example/"}

    order_checked_out.connect(tell)
    yield
    order_checked_out.disconnect(tell)


@pytest.mark.parametrize("unit_price", ["12", "0"])
def test_dicts_of_receivers_are_in_the_answer_below_lorikeets_own_keys(shopper, extras, unit_price):
    shopper.get_ready(make_wine(unit_price))

    body = shopper.checkout(idempotency_key="k").json()
    again = shopper.checkout(idempotency_key="k").json()

    order = Order.objects.get()
    pages = [answer.pop("url").partition("?")[0] for answer in (body, again)]
    assert body == {"points": str(order.grand_total), "id": order.pk}
    assert again == {"id": order.pk}
    assert pages == [order.get_absolute_url()] * 2


def test_dicts_of_receivers_are_in_the_answer_to_the_placing_confirmation(shopper, wine, extras):
    checkout = start_waiting(shopper, wine, check_payment=Paid("ref", Decimal(12), "AUD"))

    assert shopper.post(checkout["confirm_url"]).json()["points"] == "12.00"


def next_invoice_id():
    """A generator of the host."""
    return "INV-2016-001"


@override_settings(LORIKEET_INVOICE_ID_GENERATOR="tests.api.test_checkout.next_invoice_id")
def test_the_host_may_number_its_invoices(alice, wine):
    """L29."""
    alice.get_ready(wine)

    alice.checkout()

    assert Order.objects.get().invoice_id == "INV-2016-001"


def test_an_invoice_has_the_number_of_its_order_by_default(alice, wine):
    alice.get_ready(wine)

    alice.checkout()

    assert Order.objects.get().invoice_id == Order.objects.get().pk


def test_an_order_that_costs_nothing_needs_no_payment(guest, wine):
    """T19."""
    guest.add_wine(wine)
    guest.add_address()
    guest.patch(CART, {"email": "joe@example.com"})
    guest.add_adjustment("AmountOff", amount="12")

    response = guest.checkout()

    assert response.status_code == 200
    assert Order.objects.get().state == "placed"
    assert models.BankEntry.objects.count() == 0


def test_nothing_is_charged_when_a_card_is_selected_but_nothing_is_to_pay(alice, wine):
    alice.get_ready(wine)
    alice.add_adjustment("AmountOff", amount="12")

    response = alice.checkout()

    assert response.status_code == 200
    assert models.BankEntry.objects.count() == 0


def test_a_cart_that_is_not_ready_answers_422_with_its_reasons(shopper, wine, unchanged):
    """L22."""
    shopper.add_wine(wine)
    reasons = shopper.cart()["incomplete_reasons"]

    with unchanged():
        response = shopper.checkout()

    assert response.status_code == 422
    assert response.json() == {"reason": "incomplete", "info": reasons}
    assert response["X-API-Error"] == "A delivery address is required."


def test_a_newcomer_is_answered_422_and_gets_no_cart(guest, unchanged):
    reasons = guest.cart()["incomplete_reasons"]

    with unchanged():
        response = guest.checkout()

    assert response.status_code == 422
    assert response.json() == {"reason": "incomplete", "info": reasons}


def test_a_line_that_objects_at_checkout_only_is_asked_then(shopper, wine, unchanged):
    shopper.get_ready(wine)
    shopper.add(NEW_ITEM, "MoodyLine", mood="unready_at_checkout")

    with unchanged():
        response = shopper.checkout()

    assert response.status_code == 422
    assert response.json() == {
        "reason": "incomplete",
        "info": [{"code": "moody", "field": "items", "message": "Not in the mood."}],
    }


def test_a_second_checkout_finds_an_empty_cart(alice, wine):
    alice.get_ready(wine)
    alice.checkout()

    response = alice.checkout()

    assert response.status_code == 422
    assert "empty" in [reason["code"] for reason in response.json()["info"]]
    assert models.BankEntry.objects.count() == 1


def test_a_refused_payment_answers_422_with_what_the_method_says(shopper, wine):
    """L23."""
    shopper.get_ready(wine, token="tok_declined")

    response = shopper.checkout()

    assert response.status_code == 422
    assert response.json() == {
        "reason": "payment",
        "payment_method": "PretendCard",
        "info": {"message": "Your card was declined.", "decline_code": "insufficient_funds"},
    }
    assert response["X-API-Error"] == "Your card was declined."


def test_a_refused_payment_leaves_the_cart_as_it_was(shopper, wine):
    shopper.get_ready(wine, 2, token="tok_declined")
    shopper.add_adjustment("ShareOff", parts=10)
    cart = shopper.cart()

    shopper.checkout()

    assert shopper.cart() == cart
    assert models.BankEntry.objects.count() == 0


def test_a_refused_payment_leaves_no_sale(shopper, wine):
    shopper.get_ready(wine, token="tok_declined")

    shopper.checkout()

    assert list(Order.objects.values_list("state", flat=True)) == ["cancelled"]
    assert Order.objects.placed().count() == 0


def test_after_a_refused_payment_another_card_pays(shopper, wine):
    shopper.get_ready(wine, token="tok_declined")
    shopper.checkout()
    shopper.add_card("tok_paid")

    response = shopper.checkout()

    assert response.status_code == 200
    assert models.BankEntry.objects.count() == 1


def test_a_refused_payment_undoes_what_the_lines_prepared(shopper, wine):
    shopper.get_ready(wine, token="tok_declined")
    shopper.add(NEW_ITEM, "MoodyLine")

    shopper.checkout()

    assert list(models.HookCall.objects.order_by("pk").values_list("name", flat=True)) == [
        "prepare_for_checkout",
        "undo_checkout",
    ]


def test_a_line_that_is_gone_at_placing_answers_409_and_changes_nothing(shopper, wine, unchanged):
    """T20, T23."""
    shopper.get_ready(wine)
    shopper.add(NEW_ITEM, "MoodyLine", mood="gone")
    with unchanged():
        response = shopper.checkout()

    assert response.status_code == 409
    assert response.json() == {
        "reason": "conflict",
        "info": [{"code": "gone", "field": "items", "message": "It is gone."}],
    }
    assert response["X-API-Error"] == "It is gone."


def test_a_lost_answer_of_the_bank_is_answered_202_and_never_charged_again(shopper, wine):
    """The outcome is unknown, so the order stays pending."""
    shopper.get_ready(wine, token="tok_raising")

    first = shopper.checkout()
    shopper.checkout()

    order = Order.objects.get()
    assert first.status_code == 202
    assert first["Retry-After"] == "1"
    assert (first.json()["reason"], first.json()["id"]) == ("pending", order.pk)
    assert first.json()["checkout"]["state"] == "unknown"
    assert order.state == "pending"
    assert models.BankEntry.objects.count() == 1


def test_a_price_that_changed_since_the_cart_was_seen_answers_412(shopper, wine, unchanged):
    shopper.get_ready(wine)
    etag = shopper.etag()
    models.Wine.objects.update(unit_price=Decimal("13"))

    with unchanged():
        response = shopper.checkout(if_match=etag)

    assert response.status_code == 412


@pytest.mark.parametrize("mood", ["float", "text", "none", "nan", "infinite", "huge"])
def test_a_total_that_is_no_money_is_never_charged(mood, shopper, wine, unchanged):
    """A mistake of the host's: no sale, no broken cart."""
    shopper.client.raise_request_exception = False
    shopper.get_ready(wine)
    models.MoodyLine.objects.create(mood=mood, cart=models.WineLine.objects.get().cart)

    with unchanged():
        response = shopper.checkout()

    assert response.status_code == 422


@pytest.mark.parametrize("path", ["/_cart/new/", "/_cart/checkout/"])
def test_a_total_that_raises_is_a_server_error_and_leaves_everything(path, shopper, wine, unchanged):
    """A mistake of the host's code, which its error reports must show."""
    shopper.client.raise_request_exception = False
    shopper.get_ready(wine)
    if path == "/_cart/checkout/":
        models.MoodyLine.objects.create(mood="raising", cart=models.WineLine.objects.get().cart)

    with unchanged():
        response = shopper.post(path, {"type": "MoodyLine", "data": {"mood": "raising"}} if "new" in path else {})

    assert response.status_code == 500
    assert b"A host's mistake" not in response.content


def test_a_sum_beyond_what_the_database_holds_is_never_charged(shopper, unchanged):
    shopper.get_ready(make_wine("999999999999999"))
    shopper.add_wine(make_wine("999999999999999"))

    with unchanged():
        response = shopper.checkout()

    assert response.status_code == 422
    assert [reason["field"] for reason in response.json()["info"]] == ["items"]


def test_the_coupon_goes_with_the_order(alice, wine):
    make_coupon("TENOFF", "10")
    alice.get_ready(wine)
    alice.add_adjustment("CouponAdjustment", code="TENOFF")

    alice.checkout()

    assert models.CouponAdjustment.objects.get().order == Order.objects.get()
    assert models.BankEntry.objects.get().amount == Decimal("2")


@pytest.mark.parametrize("body", [{}, None, {"total": "0.01"}, {"grand_total": "0.01"}])
def test_the_client_cannot_name_a_price(shopper, wine, body):
    shopper.get_ready(wine)

    response = shopper.checkout(body)

    assert response.status_code in (200, 400)
    assert all(entry.amount == Decimal("12") for entry in models.BankEntry.objects.all())


def test_an_empty_body_needs_no_content_type(shopper, wine):
    """L19: called without parameters."""
    shopper.get_ready(wine)

    response = shopper.send("POST", "/_cart/checkout/", b"", content_type="")

    assert response.status_code == 200
