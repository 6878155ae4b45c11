"""Money that is authorised at checkout and taken when the order is sent."""

from decimal import Decimal

import pytest
from django.contrib.auth.models import Permission
from django.urls import reverse

from lorikeet.exceptions import PaymentError, RefundError
from lorikeet.extensions.stripe.captures import capture
from lorikeet.extensions.stripe.models import StripeCard, StripePayment
from lorikeet.extensions.stripe.sdk import stripe
from lorikeet.models import Order, PaymentAttempt
from lorikeet.payments import resolve
from lorikeet.refunds import refund
from tests.testapp.clients import Browser
from tests.testapp.factories import make_user
from tests.unit import make_order, states

from .shopping import FAKE, attempt, calls, client, intents, order, post_events, refunds

pytestmark = pytest.mark.django_db(transaction=True)

LIST = "/admin/lorikeet_stripe/stripepayment/"


@pytest.fixture(autouse=True)
def _manual(settings):
    settings.LORIKEET_STRIPE_CAPTURE_METHOD = "manual"


@pytest.fixture
def authorised(buyer):
    """A placed order whose money is only authorised."""
    assert buyer.checkout().status_code == 200
    return order()


def payment():
    return StripePayment.objects.get()


# capturing


def test_an_authorised_payment_places_the_order(authorised):
    assert states(attempt()) == ("paid", "placed")
    assert payment().is_captured is False
    assert (intents()[0]["status"], FAKE.totals()) == ("requires_capture", {})


def test_a_capture_takes_the_money(authorised):
    captured = capture(authorised)

    assert captured == payment()
    assert payment().is_captured is True
    assert FAKE.totals() == {"aud": 1200}


def test_a_repeated_capture_makes_no_call(authorised):
    capture(authorised)
    asked = len(FAKE.calls())
    capture(authorised)

    assert calls(asked) == []
    assert FAKE.totals() == {"aud": 1200}


def test_a_payment_captured_in_the_dashboard_is_captured(authorised):
    client().v1.payment_intents.capture(attempt().reference)

    assert capture(authorised).is_captured is True
    assert FAKE.totals() == {"aud": 1200}


def test_an_authorisation_that_has_ended_cannot_be_captured(authorised, unchanged):
    FAKE.expire_authorisation(attempt().reference)

    with unchanged(), pytest.raises(PaymentError) as refusal:
        capture(authorised)

    assert refusal.value.info == {"code": "authorisation_ended", "message": "The bank no longer holds the money."}
    assert FAKE.totals() == {}


@pytest.mark.parametrize("acts", [False, True])
def test_a_capture_whose_answer_was_lost_is_repeated(authorised, unchanged, acts):
    FAKE.fault("lose", acts=acts, times=2, path="*/capture")
    with unchanged(), pytest.raises(stripe.StripeError):
        capture(authorised)

    capture(authorised)

    assert payment().is_captured is True
    assert FAKE.totals() == {"aud": 1200}


def test_a_capture_that_stripe_refuses_is_the_shops_mistake(authorised, unchanged, caplog):
    FAKE.fault("error", path="*/capture", status=400)

    with unchanged(), pytest.raises(PaymentError) as refusal:
        capture(authorised)

    assert refusal.value.info["code"] == "not_available"
    assert "Stripe refused what the shop asked for." in caplog.messages


def test_an_order_that_was_not_paid_with_a_card_has_nothing_to_capture(db):
    with pytest.raises(RefundError, match=r"^Nothing was authorised for this order\.$"):
        capture(make_order())


def test_an_order_that_was_given_up_has_nothing_to_capture(authorised):
    Order.objects.update(state="cancelled", purchased_on=None)

    with pytest.raises(RefundError):
        capture(authorised)

    assert FAKE.totals() == {}


# letting go


def test_a_refund_of_an_authorised_payment_releases_it(authorised):
    attempt = refund(authorised)

    assert (attempt.state, attempt.amount, attempt.reference) == ("paid", 12, intents()[0]["id"])
    assert intents()[0]["status"] == "canceled"
    assert (refunds(), FAKE.totals()) == ([], {})


def test_a_part_of_an_authorisation_is_not_released(authorised):
    attempt = refund(authorised, Decimal(5))

    assert (attempt.state, attempt.info["code"]) == ("failed", "not_captured")
    assert intents()[0]["status"] == "requires_capture"


def test_a_part_can_be_refunded_after_the_capture(authorised):
    capture(authorised)

    assert refund(authorised, Decimal(5)).state == "paid"
    assert (refunds(), FAKE.totals()) == ([(500, "succeeded")], {"aud": 700})


@pytest.mark.parametrize("acts", [False, True])
def test_releasing_is_repeated_until_stripe_has_answered(authorised, acts):
    FAKE.fault("lose", acts=acts, times=2, path="*/cancel")
    attempt = refund(authorised)
    before = attempt.state
    PaymentAttempt.objects.filter(pk=attempt.pk).update(lease_until=None)

    resolve(attempt)

    attempt.refresh_from_db()
    assert (before, attempt.state) == ("unknown", "paid")
    assert intents()[0]["status"] == "canceled"


def test_an_authorisation_that_has_ended_is_paid_back_in_full(authorised):
    FAKE.expire_authorisation(attempt().reference)

    assert refund(authorised).state == "paid"


def test_a_card_that_was_let_go_has_nothing_to_capture(authorised):
    refund(authorised)

    with pytest.raises(PaymentError, match="no longer holds"):
        capture(authorised)

    assert FAKE.totals() == {}


def test_the_staff_are_told_when_an_authorisation_ends(authorised):
    FAKE.expire_authorisation(attempt().reference)

    post_events()

    assert attempt().attention == "authorisation ended"


def test_the_staff_are_not_told_of_what_they_released(authorised):
    refund(authorised)
    post_events()

    assert attempt().attention == ""
    assert PaymentAttempt.objects.get(kind="refund").state == "paid"


def test_the_staff_are_told_of_a_partial_capture_in_the_dashboard(authorised):
    client().v1.payment_intents.capture(attempt().reference, {"amount_to_capture": 700})
    post_events()

    assert attempt().attention == "captured less"
    assert PaymentAttempt.objects.filter(kind="refund").count() == 0


def test_the_fence_does_not_let_go_of_what_is_authorised(authorised):
    """Another process may have placed an order on it."""
    assert StripeCard.objects.get().cancel_payment(attempt()) is False
    assert intents()[0]["status"] == "requires_capture"


# in the admin


def act(browser, pk):
    data = {"action": "capture", "_selected_action": [pk], "csrfmiddlewaretoken": browser.csrf_token()}
    return browser.client.post(LIST, data, follow=True)


def clerk(*codenames):
    user = make_user("clerk", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=["view_stripepayment", *codenames]))
    return Browser(user)


def test_the_staff_capture_in_the_admin(authorised):
    response = act(clerk("capture_stripepayment"), payment().pk)

    assert "was captured." in response.content.decode()
    assert payment().is_captured is True
    assert FAKE.totals() == {"aud": 1200}


def test_staff_who_may_only_view_cannot_capture(authorised):
    act(clerk(), payment().pk)

    assert payment().is_captured is False
    assert FAKE.totals() == {}


def test_a_shopper_cannot_capture(authorised, buyer):
    act(buyer, payment().pk)

    assert FAKE.totals() == {}


def test_the_list_shows_the_order_and_the_amount(authorised):
    page = clerk().client.get(LIST).content.decode()

    assert payment().charge in page
    assert str(authorised) in page
    assert '<td class="field-amount">12.00\N{NO-BREAK SPACE}AUD</td>' in page


def test_a_payment_that_was_made_for_no_attempt_is_shown_without_order_and_amount(buyer):
    lost = StripePayment.objects.create(method=StripeCard.objects.get(), charge="ch_lost")

    page = clerk().client.get(f"{LIST}{lost.pk}/change/").content.decode()

    assert page.count('<div class="readonly">-</div>') == 2


def test_a_payment_is_only_looked_at(authorised):
    response = clerk("change_stripepayment", "delete_stripepayment").client.get(
        reverse("admin:lorikeet_stripe_stripepayment_delete", args=[payment().pk])
    )

    assert response.status_code == 403


@pytest.mark.parametrize("silent", [False, True], ids=["ended", "silent"])
def test_a_payment_that_cannot_be_captured_is_reported(authorised, silent):
    if silent:
        FAKE.fault("lose", times=None)
    else:
        FAKE.expire_authorisation(attempt().reference)
    response = act(clerk("capture_stripepayment"), payment().pk)

    assert response.status_code == 200
    assert "messagelist" in response.content.decode()
    assert payment().is_captured is False


def test_a_payment_without_an_attempt_has_nothing_to_capture(authorised):
    StripePayment.objects.update(attempt=None)

    response = act(clerk("capture_stripepayment"), payment().pk)

    assert response.status_code == 200
    assert payment().is_captured is False
    assert FAKE.totals() == {}


def test_a_captured_payment_is_not_captured_again(authorised):
    capture(authorised)
    asked = len(FAKE.calls())
    act(clerk("capture_stripepayment"), payment().pk)

    assert calls(asked) == []
