"""What a payment method may decide about itself: amounts it cannot pay, one payment only, a shopper who is away."""

import pytest
from django.db import connection

from lorikeet.cart import editing
from lorikeet.cart.completeness import reasons
from lorikeet.cart.fetching import fetch_contents
from lorikeet.checkout import Terms, checkout
from lorikeet.exceptions import IncompleteCartError, IncompleteCartErrorSet, PaymentError
from lorikeet.models import Order, PaymentMethod
from lorikeet.outcomes import NotFound, Pending
from lorikeet.payments import begin, resolve
from lorikeet.pricing import price
from lorikeet.sale.settle import settle
from tests.testapp import models
from tests.testapp.clients import CHECKOUT, Browser
from tests.testapp.factories import make_user
from tests.unit import DECLINED, begin_sale, kill, lapse, make_cart, ready_cart, received, reread, select_card, states

pytestmark = pytest.mark.django_db(transaction=True)

TOO_SMALL = {"code": "amount_too_small", "field": "payment_method", "message": "At least 20 AUD."}


@pytest.fixture
def cart(scripted):
    """A user's cart that lacks nothing, with a card selected that answers as it is told to."""
    cart = ready_cart(make_user("alice"))
    cart.payment_method = scripted.objects.create(cart=cart, user=cart.user)
    cart.save()
    return cart


@pytest.fixture
def single_use(scripted, monkeypatch):
    """Let the scripted card pay once."""
    monkeypatch.setattr(scripted, "reusable", False)
    return scripted


def is_active(attempt):
    return PaymentMethod.objects.get(pk=attempt.method_id).active


# amounts


@pytest.fixture
def amounts(scripted, monkeypatch):
    """Let the scripted card pay 20 dollars and more, and return what it was asked about."""
    asked = []

    def check_amount(card, amount, currency):
        asked.append((amount, currency))
        if amount < 20:
            raise IncompleteCartError(TOO_SMALL["code"], TOO_SMALL["message"], TOO_SMALL["field"])

    monkeypatch.setattr(scripted, "check_amount", check_amount)
    return asked


def found(cart):
    contents = fetch_contents(pk=cart.pk)
    return reasons(contents, price(contents)).to_json()


def test_an_amount_that_the_method_cannot_pay_is_a_reason(cart, amounts):
    assert found(cart) == [TOO_SMALL]
    assert amounts == [(12, "AUD")]


def test_an_amount_that_it_can_pay_is_none(cart, amounts):
    models.WineLine.objects.update(quantity=2)

    assert found(cart) == []
    assert amounts == [(24, "AUD")]


def test_a_method_is_not_asked_about_a_free_cart(cart, amounts):
    models.AmountOff.objects.create(cart=cart, amount=12)

    assert found(cart) == []
    assert amounts == []


def test_by_itself_a_method_pays_any_amount(cart):
    assert found(cart) == []


def test_no_order_is_made_that_the_method_cannot_pay(cart, amounts, scripted, unchanged):
    with unchanged(), pytest.raises(IncompleteCartErrorSet) as refusal:
        checkout(cart)

    assert refusal.value.to_json() == [TOO_SMALL]
    assert scripted.asked == []


def test_the_cart_says_so(cart, amounts):
    browser = Browser(cart.user)

    assert browser.cart()["incomplete_reasons"] == [TOO_SMALL]


# one payment only


def test_a_method_that_pays_once_is_retired_with_the_order_that_it_pays(single_use):
    attempt = begin_sale(single_use)

    settle(attempt, received())

    assert states(attempt) == ("paid", "placed")
    assert not is_active(attempt)


def test_a_method_that_pays_again_stays(scripted):
    attempt = begin_sale(scripted)
    settle(attempt, received())

    assert is_active(attempt)


@pytest.mark.parametrize("answer", [PaymentError(DECLINED), Pending("pi_1"), TimeoutError()], ids=repr)
def test_a_single_use_method_stays_while_it_has_not_paid(single_use, answer):
    attempt = begin_sale(single_use)
    single_use.script(start_payment=answer, cancel_payment=True)
    begin(attempt)

    assert reread(attempt).state in ("failed", "pending", "unknown")
    assert is_active(attempt)


def test_money_that_is_paid_back_has_not_spent_it(single_use):
    attempt = begin_sale(single_use)

    settle(attempt, received(amount="11"))

    assert states(attempt) == ("paid", "cancelled")
    assert is_active(attempt)


def test_it_is_retired_in_the_transaction_that_places_the_order(single_use, monkeypatch):
    attempt = begin_sale(single_use)
    seen = []
    monkeypatch.setattr(
        single_use, "retire", lambda card: seen.append((connection.in_atomic_block, Order.objects.get().state))
    )

    settle(attempt, received())

    assert seen == [(True, "placed")]


def test_a_retired_method_is_not_retired_again(single_use, monkeypatch):
    attempt = begin_sale(single_use)
    PaymentMethod.objects.filter(pk=attempt.method_id).update(active=False)
    monkeypatch.setattr(single_use, "retire", kill)
    settle(reread(attempt), received())

    assert states(attempt) == ("paid", "placed")


def test_a_payment_whose_method_is_unknown_is_settled_all_the_same(single_use):
    attempt = begin_sale(single_use)
    attempt.method = None
    attempt.save()
    settle(attempt, received())

    assert states(attempt) == ("paid", "placed")


def test_a_spent_card_disappears_from_the_cart(cart, single_use):
    single_use.script(start_payment=received())
    browser = Browser(cart.user)
    before = [method["type"] for method in browser.cart()["payment_methods"]]

    response = browser.post(CHECKOUT)

    after = browser.cart()
    assert response.status_code == 200
    assert (before, [method["type"] for method in after["payment_methods"]]) == (
        ["PretendCard", "ScriptedCard"],
        ["PretendCard"],
    )
    assert {"code": "not_set", "field": "payment_method", "message": "A payment method is required."} in (
        after["incomplete_reasons"]
    )


def test_a_refused_card_stays_in_the_cart(cart, single_use):
    single_use.script(start_payment=PaymentError(DECLINED), cancel_payment=True)
    browser = Browser(cart.user)
    before = browser.cart()

    response = browser.post(CHECKOUT)

    assert response.status_code == 422
    assert browser.cart()["payment_methods"] == before["payment_methods"]


# retiring


@pytest.fixture
def retired(monkeypatch):
    """Note which cards retire, and whether in a transaction."""
    rows, retire = [], models.PretendCard.retire

    def note(card):
        rows.append((card.pk, connection.in_atomic_block))
        retire(card)

    monkeypatch.setattr(models.PretendCard, "retire", note)
    return rows


def test_removing_a_method_calls_its_hook_once(retired):
    browser = Browser(make_user("alice"))
    card = browser.add_card()

    response = browser.delete(card["url"])

    row = models.PretendCard.objects.get()
    assert response.status_code == 204
    assert retired == [(row.pk, True)]
    assert (row.active, browser.cart()["payment_methods"]) == (False, [])


def test_editing_calls_it_too(retired):
    cart = make_cart()
    card = select_card(cart)

    editing.retire(PaymentMethod, cart, card)

    assert [pk for pk, _ in retired] == [card.pk]
    assert cart.payment_method is None


def test_a_hook_that_fails_removes_nothing(monkeypatch, unchanged):
    def fail(card):
        raise ZeroDivisionError

    monkeypatch.setattr(models.PretendCard, "retire", fail)
    browser = Browser(make_user("alice"))
    card = browser.add_card()
    browser.client.raise_request_exception = False

    with unchanged():
        response = browser.delete(card["url"])

    assert response.status_code == 500


# a shopper who is away


def tell(seen):
    """Answer as a provider that does not know the payment, and note whether the shopper is there."""
    return lambda attempt: seen.append(attempt.off_session) or NotFound()


@pytest.mark.parametrize("off_session", [False, True])
def test_a_method_is_told_whether_the_shopper_is_there(cart, scripted, off_session):
    seen = []
    scripted.script(start_payment=tell(seen))

    checkout(cart, Terms(off_session=off_session))

    assert seen == [off_session]


@pytest.mark.parametrize("off_session", [False, True])
def test_it_is_told_so_when_the_same_is_asked_for_again(cart, scripted, off_session):
    """Each call says whether the shopper is there: they may have come back."""
    seen = []
    scripted.script(start_payment=tell(seen))
    checkout(cart, Terms(off_session=not off_session))

    checkout(cart, Terms(off_session=off_session))

    assert seen == [not off_session, off_session]


def test_the_caller_says_on_the_attempt_whether_the_shopper_is_there(scripted):
    seen = []
    attempt = begin_sale(scripted)
    lapse(attempt)
    attempt.off_session = True
    scripted.script(start_payment=tell(seen))
    resolve(attempt, present=True)

    assert seen == [True]


def test_a_shopper_at_the_storefront_is_there(cart, scripted):
    seen = []
    scripted.script(start_payment=tell(seen))

    Browser(cart.user).post(CHECKOUT)

    assert seen == [False]


def test_an_order_that_costs_nothing_asks_no_payment_method(cart, scripted):
    models.AmountOff.objects.create(cart=cart, amount=12)
    result = checkout(cart, Terms(off_session=True))

    assert result.order.state == "placed"
    assert scripted.asked == []
