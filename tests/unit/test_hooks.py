"""Hooks are called at each moment of a cart's life, in the transaction that makes the change."""

from decimal import Decimal

import pytest
from django.test import override_settings

from lorikeet.cart.merging import merge
from lorikeet.cart.shopper import Shopper, locked
from lorikeet.checkout import checkout
from lorikeet.exceptions import ConflictError, ConflictErrorSet, IncompleteCartError, LimitReached
from lorikeet.hooks import HOOKS, Hooks, register_hooks
from lorikeet.models import Cart, LineItem, Order
from lorikeet.outcomes import Pending, Refused
from lorikeet.pricing import Charge, ChargeSource
from lorikeet.sale.settle import settle
from tests.api.writes import WRITES, writes
from tests.testapp import models
from tests.testapp.clients import CART, NEW_ITEM, Browser, key_of
from tests.testapp.factories import make_user, make_wine
from tests.unit import DECLINED, add_wine, begin_sale, make_cart, ready_cart, received

pytestmark = pytest.mark.django_db

HERE = "tests.unit.test_hooks"
NO_PLACE = IncompleteCartError("no_place", "There is no place.", "items", {"left": 0})
GONE = ConflictError("gone", "It has gone.", "items")
NO_MORE = ConflictError("no_more", "There is no more.", None)
TAKEN = ConflictError("taken", "It is taken.", "adjustments", {"by": 7})


class Noting(Hooks):
    """Notes each call, and what the rows were like then; refuses what a test has written down."""

    def __init__(self, refusal=None):
        self.calls = []
        self.reasons = []
        self.refusal = refusal

    def note(self, *call):
        self.calls.append(call)

    def refuse(self):
        if self.refusal is not None:
            raise self.refusal

    def check(self, contents, for_checkout):
        self.note("check", contents.cart.pk, len(contents.lines), for_checkout)
        return self.reasons

    def line_changed(self, cart, line, is_new, before=None):
        stored = type(line).objects.get(pk=line.pk)
        self.note(
            "line_changed",
            cart.pk,
            line.pk,
            getattr(stored, "quantity", None),
            is_new,
            getattr(before, "quantity", None),
        )
        self.refuse()

    def cart_changed(self, cart):
        self.note("cart_changed", cart.pk, list(LineItem.objects.filter(cart=cart).values_list("pk", flat=True)))

    def cart_merged(self, guest, cart):
        self.note("cart_merged", guest.pk, cart.pk, LineItem.objects.filter(cart=guest).count())

    def prepare_for_checkout(self, order, contents):
        lines = [(line.pk, line.cart, line.order) for line in contents.lines]
        self.note("prepare_for_checkout", order.pk, Order.objects.get().state, lines)
        self.refuse()

    def finish_checkout(self, order):
        self.note("finish_checkout", order.pk, Order.objects.get(pk=order.pk).state)

    def undo_checkout(self, order):
        lines = list(LineItem.objects.filter(order=order).values_list("pk", flat=True))
        self.note("undo_checkout", order.pk, Order.objects.get(pk=order.pk).state, lines)

    def called(self, *names):
        """Return the calls of these hooks, in their order."""
        return [call for call in self.calls if call[0] in names]


class OutOfPost(ChargeSource):
    """Cannot be had when the order is made."""

    code = "post"

    def get_charges(self, contents, total):
        yield Charge(code=self.code, label="Post", total=Decimal(5))

    def prepare_for_checkout(self, order, charges):
        raise ConflictError("no_post", "The post is on strike.", None)

    def undo_checkout(self, order):
        """Nothing was taken."""


@pytest.fixture
def take_part():
    """Return a function that has hooks take part in this test, and returns them."""
    registered = []

    def register(hooks):
        register_hooks(hooks)
        registered.append(hooks)
        return hooks

    yield register
    for hooks in registered:
        HOOKS.remove(hooks)


@pytest.fixture
def noted(take_part):
    """Hooks that take part in this test."""
    return take_part(Noting())


def line_of(shown):
    """Return the primary key of a line as it is shown."""
    return int(key_of(shown["url"]))


# registering


def test_hooks_are_called_in_the_order_of_their_registration(take_part):
    told = []
    for name in ("first", "second"):
        take_part(Noting()).cart_changed = lambda cart, name=name: told.append(name)

    with locked(Shopper(key=ready_cart().key)):
        pass

    assert told == ["first", "second"]


def test_hooks_that_are_registered_twice_are_called_once(take_part):
    hooks = Hooks()

    take_part(hooks), register_hooks(hooks)

    assert HOOKS.count(hooks) == 1


def test_hooks_that_do_nothing_change_nothing(ready, take_part):
    """Each hook has a default, so that a subclass writes only those that it needs."""
    expected = ready.cart()
    take_part(Hooks())

    shown = ready.cart()
    removed = ready.delete(ready.add_wine(make_wine())["url"])
    ready.log_in(make_user())
    response = ready.checkout()

    assert (shown, removed.status_code, response.status_code) == (expected, 204, 200)


def test_hooks_that_do_nothing_let_an_order_be_cancelled(begun, take_part):
    take_part(Hooks())

    settle(begun, Refused(DECLINED))

    assert Order.objects.get().state == "cancelled"


# check


def test_a_cart_that_is_shown_is_checked(ready, noted):
    ready.get()

    assert noted.calls == [("check", Cart.objects.get().pk, 1, False)]


def test_an_empty_cart_is_checked_too(guest, noted):
    guest.get()

    assert noted.calls == [("check", None, 0, False)]


def test_its_reasons_are_shown_with_their_data(ready, noted):
    noted.reasons = [NO_PLACE]

    cart = ready.cart()

    assert cart["is_complete"] is False
    assert cart["incomplete_reasons"] == [
        {"code": "no_place", "field": "items", "message": "There is no place.", "data": {"left": 0}}
    ]


def test_its_reasons_come_after_checkers_and_rows_and_before_the_price(guest, noted):
    noted.reasons = [NO_PLACE, GONE]
    for mood in ("unready", "float"):
        guest.add(NEW_ITEM, "MoodyLine", mood=mood)
    codes = [reason["code"] for reason in guest.cart()["incomplete_reasons"]]

    assert codes[:3] == ["not_set", "not_set", "not_set"]
    assert codes[3:6] == ["moody", "no_place", "gone"]
    assert len(codes) == 7


def test_at_the_checkout_it_is_told_so(noted):
    cart = ready_cart()

    checkout(cart)

    assert noted.called("check") == [("check", cart.pk, 1, True)]


def test_its_reason_stops_a_checkout(ready, noted, unchanged):
    noted.reasons = [NO_PLACE]

    with unchanged():
        response = ready.checkout()

    assert (response.status_code, response.json()["reason"]) == (422, "incomplete")
    assert response.json()["info"] == [NO_PLACE.to_json()]
    assert noted.called("prepare_for_checkout") == []


# line_changed


@pytest.fixture
def noting_lines(noted):
    """Return what was noted of lines and carts, for tests that read the cart in between."""
    return lambda: noted.called("line_changed", "cart_changed")


def test_a_line_that_is_added_is_told_when_it_is_saved(shopper, wine, noting_lines):
    line = line_of(shopper.add_wine(wine, 3))

    cart = Cart.objects.get().pk
    assert noting_lines() == [("line_changed", cart, line, 3, True, None), ("cart_changed", cart, [line])]


def test_a_line_that_is_combined_is_told_as_the_one_that_stays(shopper, wine, noted):
    line = line_of(shopper.add_wine(wine, 3))
    noted.calls.clear()

    shopper.add_wine(wine, 2)

    assert noted.called("line_changed") == [("line_changed", Cart.objects.get().pk, line, 5, False, None)]


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
def test_a_line_that_is_changed_is_told(shopper, wine, noted, method):
    line = shopper.add_wine(wine, 3)
    noted.calls.clear()

    shopper.request(method, line["url"], {"data": {"product": wine.pk, "quantity": 7}})

    cart = Cart.objects.get().pk
    assert noted.calls[:2] == [
        ("line_changed", cart, line_of(line), 7, False, 3),
        ("cart_changed", cart, [line_of(line)]),
    ]


def test_nothing_but_line_items_is_told_so(ready, noted):
    ready.add_address()
    ready.add_card()
    ready.add_adjustment("AmountOff", amount="1")
    ready.delete(ready.cart()["items"][0]["url"])

    assert noted.called("line_changed") == []


REFUSALS = pytest.mark.parametrize(
    ("refusal", "status", "body"),
    [
        (GONE, 409, {"reason": "conflict", "info": [GONE.to_json()]}),
        (ConflictErrorSet([GONE, TAKEN]), 409, {"reason": "conflict", "info": [GONE.to_json(), TAKEN.to_json()]}),
        (LimitReached("No more than 2.", "items"), 400, {"items": ["No more than 2."]}),
    ],
    ids=["conflict", "conflicts", "limit"],
)


@REFUSALS
def test_a_line_that_is_refused_is_not_added(ready, noted, unchanged, refusal, status, body):
    wine = make_wine()
    noted.refusal = refusal

    with unchanged():
        response = ready.post(NEW_ITEM, {"type": "WineLine", "data": {"product": wine.pk}})

    assert (response.status_code, response.json()) == (status, body)
    assert noted.called("cart_changed") == []


@REFUSALS
def test_a_line_that_is_refused_is_not_combined(ready, wine, noted, unchanged, refusal, status, body):
    noted.refusal = refusal

    with unchanged():
        response = ready.post(NEW_ITEM, {"type": "WineLine", "data": {"product": wine.pk}})

    assert (response.status_code, response.json()) == (status, body)


@REFUSALS
def test_a_line_that_is_refused_is_not_changed(ready, noted, unchanged, refusal, status, body):
    line = ready.cart()["items"][0]
    noted.refusal = refusal

    with unchanged():
        response = ready.patch(line["url"], {"quantity": 2})

    assert (response.status_code, response.json()) == (status, body)


@REFUSALS
def test_a_refusal_says_so_in_the_header(ready, noted, refusal, status, body):
    noted.refusal = refusal

    response = ready.patch(ready.cart()["items"][0]["url"], {"quantity": 2})

    assert response["X-API-Error"] == ("No more than 2." if status == 400 else "It has gone.")


def test_the_first_line_that_is_refused_leaves_no_cart(guest, wine, noted):
    noted.refusal = GONE

    guest.post(NEW_ITEM, {"type": "WineLine", "data": {"product": wine.pk}})

    assert not Cart.objects.exists()


# cart_changed


@pytest.mark.parametrize("name", [name for name in WRITES if name != "checkout"])
def test_every_write_tells_once_of_the_cart_as_it_is_then(ready, wine, noted, name):
    method, path, body = writes(ready, wine)[name]
    noted.calls.clear()

    assert ready.request(method, path, body).status_code < 300

    cart = Cart.objects.get()
    expected = ("cart_changed", cart.pk, list(cart.items.values_list("pk", flat=True)))
    assert noted.called("cart_changed") == [expected]


def test_a_checkout_tells_of_the_order_instead(ready, noted):
    ready.checkout()

    assert [call[0] for call in noted.calls] == ["check", "prepare_for_checkout", "finish_checkout"]


def test_reading_tells_of_no_change(ready, noted):
    line = ready.cart()["items"][0]
    ready.get(line["url"])

    assert noted.called("line_changed", "cart_changed") == []


def test_a_write_that_is_refused_tells_of_no_change(ready, noted):
    line = ready.cart()["items"][0]

    ready.patch(line["url"], {"quantity": 0})
    ready.patch(CART, {"email": "ann@example.com"}, if_match='"another"')

    assert noted.called("cart_changed") == []


def test_the_hosts_own_change_is_told_at_its_end(noted):
    cart = ready_cart()

    with locked(Shopper(key=cart.key)) as found:
        second = add_wine(found)
        before = list(noted.calls)

    assert (before, noted.calls[0][2][-1]) == ([], second.pk)


def test_the_hosts_own_change_that_fails_is_not_told(noted):
    cart = ready_cart()

    def fail():
        with locked(Shopper(key=cart.key)):
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()

    assert noted.calls == []


# merging


def test_of_a_merge_both_carts_are_told_before_and_the_users_afterwards(noted):
    user = make_user()
    guest, cart = make_cart(), make_cart(user)
    line, other = add_wine(guest), add_wine(cart)

    merge(guest.key, user)

    assert noted.calls == [
        ("cart_merged", guest.pk, cart.pk, 1),
        ("cart_changed", cart.pk, sorted([line.pk, other.pk])),
    ]


def test_a_merge_of_nothing_is_not_told(noted):
    merge(make_cart(make_user()).key, make_user())

    assert noted.calls == []


# prepare_for_checkout


def test_an_order_is_told_when_its_lines_have_moved(noted):
    cart = ready_cart()
    line = cart.items.get()

    checkout(cart)

    order = Order.objects.get()
    assert noted.called("prepare_for_checkout") == [
        ("prepare_for_checkout", order.pk, "pending", [(line.pk, None, order)])
    ]


@pytest.mark.parametrize("refusal", [TAKEN, ConflictErrorSet([TAKEN])], ids=["one", "several"])
def test_an_order_that_is_refused_is_not_made(ready, noted, unchanged, refusal):
    noted.refusal = refusal

    with unchanged():
        response = ready.checkout()

    assert (response.status_code, response.json()) == (409, {"reason": "conflict", "info": [TAKEN.to_json()]})
    assert noted.called("finish_checkout", "undo_checkout", "cart_changed") == []


@override_settings(LORIKEET_CHARGES=[f"{HERE}.OutOfPost"])
def test_the_reasons_of_rows_charges_and_hooks_are_answered_together(ready, take_part, unchanged):
    ready.add(NEW_ITEM, "MoodyLine", mood="gone")
    for refusal in (ConflictErrorSet([GONE, TAKEN]), NO_MORE):
        take_part(Noting(refusal))

    with unchanged():
        response = ready.checkout()

    assert response.status_code == 409
    codes = [reason["code"] for reason in response.json()["info"]]
    assert codes == ["gone", "no_post", "gone", "taken", "no_more"]


# finish_checkout and undo_checkout


def test_a_sale_is_told_once_it_is_placed(begun, noted):
    settle(begun, received())

    assert noted.calls == [("finish_checkout", begun.order_id, "placed")]


def test_a_sale_is_told_once(begun, noted):
    for _ in range(2):
        settle(begun, received())

    assert len(noted.calls) == 1


def test_a_sale_without_anything_to_pay_is_prepared_and_told(noted):
    cart = ready_cart()
    models.AmountOff.objects.create(cart=cart, amount=Decimal(12))

    checkout(cart)

    assert [call[0] for call in noted.calls] == ["check", "prepare_for_checkout", "finish_checkout"]


def test_an_order_that_is_cancelled_is_told_before_its_lines_go_back_and_its_cart_afterwards(begun, noted):
    (line,) = begun.order.items.all()

    settle(begun, Refused(DECLINED))

    assert noted.calls == [
        ("undo_checkout", begun.order_id, "cancelled", [line.pk]),
        ("cart_changed", begun.order.cart_id, [line.pk]),
    ]


def test_an_order_that_is_cancelled_is_told_once(begun, noted):
    for _ in range(2):
        settle(begun, Refused(DECLINED))

    assert len(noted.called("undo_checkout")) == 1


def test_an_order_that_waits_is_told_nothing_of(begun, noted):
    settle(begun, Pending())

    assert noted.calls == []


def test_the_order_of_a_cart_that_is_gone_is_told_alone(noted):
    attempt = begin_sale()
    Order.objects.update(cart=None, slot=None)

    settle(attempt, Refused(DECLINED))

    assert [call[0] for call in noted.calls] == ["undo_checkout"]


def test_if_a_hook_fails_nothing_is_settled(begun, noted, unchanged, monkeypatch):
    def fail(order):
        raise ZeroDivisionError

    monkeypatch.setattr(noted, "undo_checkout", fail)

    with unchanged(), pytest.raises(ZeroDivisionError):
        settle(begun, Refused(DECLINED))


def test_a_refused_payment_tells_the_whole_story(shopper, wine, noted):
    shopper.get_ready(wine, token="tok_declined")
    noted.calls.clear()

    shopper.checkout()

    assert [call[0] for call in noted.calls] == ["check", "prepare_for_checkout", "undo_checkout", "cart_changed"]


def test_two_shoppers_are_told_of_apart(noted, wine):
    first, second = Browser(), Browser()
    first.add_wine(wine)
    noted.calls.clear()

    second.add_wine(wine)

    _mine, theirs = Cart.objects.order_by("pk")
    assert {call[1] for call in noted.called("line_changed", "cart_changed")} == {theirs.pk}
