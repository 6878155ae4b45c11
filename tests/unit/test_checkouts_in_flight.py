"""Checkouts that are asked for again while one waits: the same, something new, or the same once more."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.test import override_settings
from django.utils.timezone import now

from lorikeet.cart.fetching import fetch_contents
from lorikeet.checkout import Terms, checkout, read
from lorikeet.exceptions import IdempotencyKeyReused, IncompleteCartErrorSet, PaymentError
from lorikeet.models import Cart, Order, PaymentAttempt, ThrottleCount
from lorikeet.outcomes import NotFound, Pending, Unknown
from lorikeet.pricing import price
from lorikeet.sale.prepare import digest_of
from lorikeet.signals import order_checked_out
from tests.testapp import models
from tests.testapp.factories import make_user, make_wine
from tests.unit import (
    DECLINED,
    add_wine,
    asked,
    listening,
    make_cart,
    ready_cart,
    received,
    request_of,
    select_address,
)

pytestmark = pytest.mark.django_db(transaction=True)

NO_TERMS = Terms()
ACTION = {"url": "https://bank.example/"}


def use(cart, card):
    """Give the cart a payment method of this class, selected."""
    cart.payment_method = card.objects.create(cart=cart, user=cart.user)
    cart.save()
    return cart


@pytest.fixture
def cart(scripted):
    """A guest's cart that lacks nothing, whose card answers as it is told to."""
    return use(ready_cart(), scripted)


@pytest.fixture
def elsewhere(scripted, monkeypatch):
    """Let the shopper pay elsewhere, in their own time."""
    monkeypatch.setattr(scripted, "paid_elsewhere", True)
    scripted.script(start_payment=Pending(), check_payment=Pending())


# what waits


def test_a_payment_with_a_step_to_take_waits_and_says_which(cart, scripted):
    scripted.script(start_payment=Pending("pi_1", ACTION))

    done = checkout(cart)

    assert (done.order.state, done.order.slot, done.action) == ("pending", cart, ACTION)
    assert (done.replayed, done.is_duplicate) == (False, False)


def test_a_step_that_led_to_a_sale_is_not_to_be_taken(cart, scripted):
    """The order was paid by the time it is read."""
    order = checkout_waiting(cart, scripted)
    Order.objects.update(state="placed", purchased_on=now(), slot=None)

    assert read(order.pk, Pending("pi_1", ACTION)).action is None


def checkout_waiting(cart, scripted, terms=NO_TERMS):
    scripted.script(start_payment=Pending(), check_payment=Pending())
    return checkout(cart, terms).order


@pytest.mark.parametrize(
    ("window", "seconds"), [(None, 900), (timedelta(hours=3), 10800)], ids=["of the shop", "of the method"]
)
@override_settings(LORIKEET_CHECKOUT_SECONDS=900)
def test_an_order_waits_for_so_long(cart, scripted, monkeypatch, window, seconds):
    monkeypatch.setattr(scripted, "payment_window", window)
    before = now()

    order = checkout_waiting(cart, scripted)

    assert timedelta(seconds=seconds) <= order.expires_at - before < timedelta(seconds=seconds + 60)


# the same again


def test_a_checkout_that_comes_again_is_asked_after_and_not_made_anew(cart, scripted):
    order = checkout_waiting(cart, scripted)
    scripted.script(check_payment=Pending("pi_1", ACTION))

    again = checkout(cart)

    assert (again.order, again.action, again.replayed) == (order, ACTION, False)
    assert asked(scripted) == ["check_payment"]
    assert Order.objects.count() == 1


def test_a_shopper_who_comes_back_after_the_step_has_the_sale(cart, scripted):
    order = checkout_waiting(cart, scripted)
    scripted.script(check_payment=received())
    request = request_of()
    with listening(order_checked_out) as told:
        done = checkout(cart, request=request)

    assert (done.order, done.order.state) == (order, "placed")
    assert told == [{"sender": Order, "order": order, "request": request}]


def test_a_payment_that_was_never_made_is_made_for_a_shopper_who_comes_back(cart, scripted):
    checkout_waiting(cart, scripted)
    scripted.script(check_payment=NotFound(), start_payment=received())

    assert checkout(cart).order.state == "placed"


@override_settings(LORIKEET_THROTTLE_RATES={"checkout_cart": "5/hour", "checkout_ip": "60/hour"})
def test_a_refusal_that_is_found_by_a_retry_is_counted(cart, scripted):
    checkout_waiting(cart, scripted)
    scripted.script(check_payment=PaymentError(DECLINED), cancel_payment=True)

    done = checkout(cart, Terms(network="192.0.2.0"))

    assert done.order.state == "cancelled"
    assert sorted(ThrottleCount.objects.values_list("count", flat=True)) == [1, 1]


def test_a_key_of_its_own_is_asked_after_and_replayed(cart, scripted):
    order = checkout_waiting(cart, scripted, Terms(key="k"))

    again = checkout(cart, Terms(key="k"))

    assert (again.order, again.replayed) == (order, True)


def test_a_key_that_was_used_before_goes_before_what_is_in_flight(cart, scripted):
    scripted.script(start_payment=received())
    first = checkout(cart, Terms(key="k")).order
    add_wine(cart)
    second = checkout_waiting(cart, scripted, Terms(key="l"))

    assert checkout(cart, Terms(key="k")).order == first
    assert checkout(cart, Terms(key="m")).order == second


def test_a_key_is_not_asked_after_when_it_is_settled(cart, scripted):
    scripted.script(start_payment=received())
    order = checkout(cart, Terms(key="k")).order
    scripted.script()

    assert checkout(cart, Terms(key="k")).order == order
    assert scripted.asked == []


def test_a_key_with_another_request_is_refused_while_it_waits(cart, scripted, unchanged):
    checkout_waiting(cart, scripted, Terms(key="k", fingerprint="f"))

    with unchanged(), pytest.raises(IdempotencyKeyReused):
        checkout(cart, Terms(key="k", fingerprint="g"))


def test_an_order_that_waits_for_the_staff_is_shown_to_its_key(cart, scripted):
    scripted.script(start_payment=Unknown(can_be_asked=False))
    order = checkout(cart, Terms(key="k")).order

    again = checkout(cart, Terms(key="k"))

    assert (again.order, again.replayed, again.order.slot) == (order, True, None)
    assert asked(scripted) == ["start_payment"]


# something new beside what is paid elsewhere


@pytest.mark.usefixtures("elsewhere")
def test_an_order_paid_elsewhere_lets_the_shopper_buy_something_new(cart, scripted):
    first = checkout(cart).order
    add_wine(cart, "7")

    second = checkout(cart).order

    first.refresh_from_db()
    assert (first.state, first.slot) == ("pending", None)
    assert (second.state, second.slot, second.grand_total) == ("pending", cart, Decimal("7"))


@pytest.mark.usefixtures("elsewhere")
def test_a_waiting_order_is_in_flight_until_the_new_one_is_made(cart):
    """A client compares the cart with the one it saw, in which there was a checkout in flight."""
    first = checkout(cart).order
    add_wine(cart, "7")
    seen = []
    checkout(cart, Terms(precondition=lambda contents, totals: seen.append(contents.cart.pending_order)))

    assert seen == [first]


@pytest.mark.usefixtures("elsewhere")
def test_with_nothing_new_it_is_the_same_checkout(cart):
    first = checkout(cart).order

    second = checkout(cart).order

    assert (second, second.slot) == (first, cart)


def test_an_order_paid_here_is_finished_first(cart, scripted):
    first = checkout_waiting(cart, scripted)
    add_wine(cart, "7")

    assert checkout(cart).order == first
    assert models.WineLine.objects.get(cart=cart).product.unit_price == 7


@pytest.mark.usefixtures("elsewhere")
@pytest.mark.parametrize("state", ["unknown", "calling"])
def test_an_order_of_unknown_outcome_is_finished_first(cart, scripted, state):
    first = checkout(cart).order
    add_wine(cart, "7")
    PaymentAttempt.objects.update(state=state)

    assert checkout(cart).order == first


@pytest.mark.usefixtures("elsewhere")
def test_a_key_keeps_its_order_with_new_lines_in_the_cart(cart):
    first = checkout(cart, Terms(key="k")).order
    add_wine(cart, "7")

    assert checkout(cart, Terms(key="k")).order == first


@pytest.mark.usefixtures("elsewhere")
def test_a_new_cart_that_is_not_ready_leaves_the_first_order_in_flight(cart, unchanged):
    checkout(cart)
    add_wine(cart, "7")
    models.StreetAddress.objects.update(active=False)

    with unchanged(), pytest.raises(IncompleteCartErrorSet):
        checkout(cart)


# the same once more


@pytest.fixture
def twins(elsewhere, scripted):
    """Two checkouts of the same by one user, who waits for the first; returns its order, and the second to do."""
    user, product = make_user(), make_wine()

    def fill(cart):
        add_wine(cart, product=product, quantity=2)
        return cart

    cart = use(ready_cart(user), scripted)
    models.WineLine.objects.all().delete()
    return checkout(fill(cart)).order, fill(cart)


def test_the_same_once_more_is_the_order_that_waits(twins):
    first, cart = twins

    done = checkout(cart)

    assert (done.order, done.is_duplicate, done.replayed) == (first, True, False)
    assert (Order.objects.count(), models.WineLine.objects.filter(cart=cart).count()) == (1, 1)


def test_the_order_that_waits_is_asked_after(twins, scripted):
    first, cart = twins
    scripted.script(check_payment=received(amount="24"))

    done = checkout(cart)

    assert (done.order, done.order.state, done.is_duplicate) == (first, "placed", True)


def test_a_shopper_may_want_the_same_once_more(twins):
    first, cart = twins

    done = checkout(cart, Terms(confirm_duplicate=True))

    assert (done.order == first, done.is_duplicate, done.order.state) == (False, False, "pending")


def test_the_latest_of_several_is_the_one_that_waits(twins):
    _, cart = twins
    second = checkout(cart, Terms(confirm_duplicate=True)).order
    add_wine(cart, product=models.Wine.objects.first(), quantity=2)

    assert checkout(cart).order == second


@pytest.mark.parametrize(
    "change",
    [
        {"created_at": now() - timedelta(minutes=31)},
        {"state": "placed", "purchased_on": now()},
        {"state": "cancelled"},
        {"user": None, "cart": None},
    ],
    ids=["long ago", "placed", "cancelled", "of another shopper"],
)
def test_any_other_order_of_the_same_is_no_duplicate(twins, change):
    first, cart = twins
    Order.objects.update(**{"slot": None, **change})

    done = checkout(cart)

    assert (done.order == first, done.is_duplicate) == (False, False)


@pytest.mark.parametrize("selected", ["payment method", "address"])
def test_the_same_once_more_with_something_else_selected_never_charges_the_first(twins, scripted, selected):
    first, cart = twins
    Order.objects.update(slot=None)
    PaymentAttempt.objects.update(state="pending", lease=None, lease_until=None)
    if selected == "address":
        select_address(cart)
    else:
        use(cart, scripted)
    scripted.script(check_payment=NotFound(), start_payment=received("second", "24"))

    done = checkout(cart)

    assert (done.order == first, done.is_duplicate, done.order.state) == (False, False, "placed")
    assert scripted.asked == [("start_payment", done.order.latest_charge.pk)]
    assert done.order.payment_method_id == Cart.objects.get(pk=cart.pk).payment_method_id


def test_an_order_from_another_cart_of_the_same_user_is_one(twins):
    first, cart = twins
    Order.objects.update(slot=None, cart=None)

    assert checkout(cart).order == first


@pytest.mark.parametrize("owner", ["guest", "user"])
def test_a_guest_has_no_duplicates_but_their_own(elsewhere, scripted, owner):
    product = make_wine()
    for user in (make_user() if owner == "user" else None, None):
        cart = use(ready_cart(user), scripted)
        models.WineLine.objects.filter(cart=cart).delete()
        add_wine(cart, product=product)
        done = checkout(cart)

    assert (done.is_duplicate, Order.objects.count()) == (False, 2)


# when two are the same


def digest(*rows):
    cart = make_cart()
    for row in rows:
        row(cart)
    contents = fetch_contents(pk=cart.pk)
    return digest_of(contents, price(contents))


@pytest.fixture
def bottle():
    product = make_wine()
    return lambda quantity=1: lambda cart: add_wine(cart, product=product, quantity=quantity)


def share(parts=3):
    return lambda cart: models.ShareOff.objects.create(cart=cart, parts=parts)


def gift(message):
    book, _ = models.Book.objects.get_or_create(title="x", price=5)
    return lambda cart: models.GiftBookLine.objects.create(cart=cart, product=book, message=message)


def test_carts_with_the_same_in_them_are_the_same(bottle):
    assert digest(bottle(), gift("a"), share()) == digest(gift("a"), share(), bottle())


def test_carts_that_differ_in_anything_are_not(bottle):
    other = make_wine()
    carts = [
        [],
        [bottle()],
        [bottle(2)],
        [bottle(), bottle()],
        [lambda cart: add_wine(cart, product=other)],
        [gift("a")],
        [gift("b")],
        [bottle(), share()],
        [bottle(), share(4)],
    ]

    assert len({digest(*rows) for rows in carts}) == len(carts)


def test_the_currency_and_the_price_count(bottle):
    cart = make_cart()
    bottle()(cart)
    digests = set()
    for change in ({}, {"currency": "NZD"}):
        Cart.objects.update(**change)
        contents = fetch_contents(pk=cart.pk)
        digests.add(digest_of(contents, price(contents)))
    models.Wine.objects.update(unit_price=13)
    contents = fetch_contents(pk=cart.pk)
    digests.add(digest_of(contents, price(contents)))

    assert len(digests) == 3


# reading an order


def test_a_sale_that_was_not_told_is_told_by_the_request_that_reads_it(cart, scripted):
    order = checkout_waiting(cart, scripted)
    Order.objects.update(state="placed", slot=None, purchased_on=now() - timedelta(seconds=61))
    request = request_of()
    with listening(order_checked_out) as told:
        for _ in range(2):
            read(order.pk, request=request)

    assert told == [{"sender": Order, "order": order, "request": request}]
