"""A guest's cart is merged into a user's: what comes along, what stays selected, and what a planted cart cannot do."""

from contextlib import contextmanager
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext

from lorikeet.cart import merging
from lorikeet.cart.combining import combine
from lorikeet.cart.merging import merge
from lorikeet.cart.shopper import Shopper
from lorikeet.hooks import Hooks
from lorikeet.models import Cart, Order
from lorikeet.payments import Refused, settle
from lorikeet.signals import cart_merged
from tests.testapp import models
from tests.testapp.clients import STREET
from tests.testapp.factories import make_coupon, make_user, make_wine
from tests.testapp.snapshots import snapshot
from tests.unit import (
    add_wine,
    listening,
    make_attempt,
    make_cart,
    make_order,
    ready_cart,
    select_address,
    select_card,
    sell,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def user():
    return make_user("alice")


@pytest.fixture
def unchanged_but_locks():
    """As ``unchanged``, but for the columns that say how often and when a cart was locked."""

    def rows():
        others = [row for row in snapshot() if row[0] != Cart._meta.db_table]
        return others, list(Cart.objects.order_by("pk").values("pk", "user", "currency", "delivery_address", "email"))

    @contextmanager
    def watch():
        before = rows()
        yield
        assert rows() == before

    return watch


@pytest.fixture
def greedy(monkeypatch):
    """Wine lines that always combine; their validators still say how many there may be."""

    def take(line, other):
        line.quantity += other.quantity
        return True

    monkeypatch.setattr(models.WineLine, "combine_with", take)
    monkeypatch.setattr(models.WineLine, "combine_on", ("product",))


def lines_of(cart):
    return [(line.product.name, line.quantity) for line in cart.items.select_subclasses()]


# what comes along


def test_a_user_without_a_cart_gets_one_in_the_guests_currency(user):
    guest = make_cart(currency="KWD")
    line = add_wine(guest)

    merge(guest.key, user)

    cart = Cart.objects.get()
    assert (cart.user, cart.currency, list(cart.items.select_subclasses())) == (user, "KWD", [line])
    assert cart.key != guest.key


def test_lines_and_adjustments_come_along_behind_the_users_own(user):
    guest, cart = make_cart(), make_cart(user)
    mine = models.MoodyLine.objects.create(cart=cart)
    theirs = models.MoodyLine.objects.create(cart=guest)
    share = models.ShareOff.objects.create(cart=guest)

    merge(guest.key, user)

    assert list(cart.items.select_subclasses()) == [mine, theirs]
    assert list(cart.adjustments.select_subclasses()) == [share]


def test_equal_lines_become_one(user):
    red, white = make_wine(name="Red"), make_wine(name="White")
    guest, cart = make_cart(), make_cart(user)
    add_wine(cart, quantity=2, product=red)
    add_wine(guest, quantity=3, product=red)
    add_wine(guest, quantity=1, product=white)

    merge(guest.key, user)

    assert lines_of(cart) == [("Red", 5), ("White", 1)]
    assert models.WineLine.objects.count() == 2


def test_several_equal_lines_of_the_guests_all_find_the_one_they_go_into(user):
    red = make_wine(name="Red")
    guest, cart = make_cart(), make_cart(user)
    add_wine(cart, quantity=1, product=red)
    for quantity in (2, 3):
        add_wine(guest, quantity=quantity, product=red)

    merge(guest.key, user)

    assert lines_of(cart) == [("Red", 6)]


def test_lines_too_many_for_one_stay_two(greedy, user):
    red = make_wine(name="Red")
    guest, cart = make_cart(), make_cart(user)
    add_wine(cart, quantity=600, product=red)
    add_wine(guest, quantity=600, product=red)

    merge(guest.key, user)

    assert lines_of(cart) == [("Red", 600), ("Red", 600)]


def test_a_coupon_that_both_had_is_there_once(user):
    coupon, guest, cart = make_coupon(), make_cart(), make_cart(user)
    models.CouponAdjustment.objects.create(cart=cart, coupon=coupon)
    models.CouponAdjustment.objects.create(cart=guest, coupon=coupon)

    merge(guest.key, user)

    assert models.CouponAdjustment.objects.get().cart == cart


def test_all_addresses_and_methods_become_the_users(user):
    guest = make_cart()
    other = models.StreetAddress.objects.create(cart=guest, **STREET)
    address, card = select_address(guest), select_card(guest)
    later = models.PayLater.objects.create(cart=guest, number="1")

    merge(guest.key, user)

    cart = Cart.objects.get()
    for row in (other, address, card, later):
        row.refresh_from_db()
        assert (row.user, row.cart_id) == (user, cart.pk)


def test_a_row_that_the_guest_retired_stays_inactive(user):
    guest = make_cart()
    retired = models.StreetAddress.objects.create(cart=guest, active=False, **STREET)

    merge(guest.key, user)

    retired.refresh_from_db()
    assert (retired.user, retired.active) == (None, False)


def test_a_type_may_have_its_own_way_of_changing_hands(monkeypatch, user):
    def assign(card, user):
        card.user, card.brand = user, "known to the bank"

    monkeypatch.setattr(models.PretendCard, "assign_to_user", assign)
    guest = make_cart()
    select_card(guest)

    merge(guest.key, user)

    assert (models.PretendCard.objects.get().user, models.PretendCard.objects.get().brand) == (
        user,
        "known to the bank",
    )


# what does not fit


@pytest.fixture
def amounts(user):
    """Two lines of the user's, of 1 and 2 dollars, and three of a guest's; return what the two carts hold after."""
    guest, cart = make_cart(), make_cart(user)
    for owner, values in ((cart, (1, 2)), (guest, (3, 4, 5))):
        for value in values:
            models.MoodyLine.objects.create(cart=owner, amount=value)

    def of_both():
        return [[int(line.amount) for line in owner.items.select_subclasses()] for owner in (cart, guest)]

    return guest, of_both


@pytest.mark.parametrize("limit", [3, 4])
def test_lines_come_along_while_there_is_room_and_the_others_stay_the_guests(settings, user, amounts, limit):
    settings.LORIKEET_MAX_LINES = limit
    guest, of_both = amounts

    is_gone = merge(guest.key, user)

    assert (is_gone, of_both()) == (False, [[1, 2, 3, 4][:limit], [3, 4, 5][limit - 2 :]])
    assert Shopper(key=guest.key).find() == guest


def test_a_cart_is_gone_once_there_is_room_for_all_of_it(settings, user, amounts):
    settings.LORIKEET_MAX_LINES = 4
    guest, of_both = amounts
    merge(guest.key, user)
    settings.LORIKEET_MAX_LINES = 5

    is_gone = merge(guest.key, user)

    assert (is_gone, of_both()) == (True, [[1, 2, 3, 4, 5], []])
    assert Cart.objects.get().user == user


def test_more_lines_than_the_limit_fit_into_an_empty_cart_all_the_same(settings, user):
    """A site may have filled the guest's from Python; none is left behind for no reason."""
    settings.LORIKEET_MAX_LINES = 1
    guest = make_cart()
    for _ in range(3):
        models.MoodyLine.objects.create(cart=guest)

    assert merge(guest.key, user) is True
    assert Cart.objects.get().items.count() == 3


def test_the_selected_rows_of_the_guest_come_along_first(settings, user):
    settings.LORIKEET_MAX_ADDRESSES = 1
    guest = make_cart()
    other = models.StreetAddress.objects.create(cart=guest, **STREET)
    address, card = select_address(guest), select_card(guest)

    assert merge(guest.key, user) is False

    cart, rest = Cart.objects.get(user=user), Cart.objects.get(user=None)
    assert (cart.delivery_address_id, cart.payment_method_id) == (address.pk, card.pk)
    assert (rest.delivery_address, rest.payment_method) == (None, None)
    other.refresh_from_db()
    assert (other.user, other.cart) == (None, rest)


def test_both_carts_are_told_to_the_hooks_where_both_are_there(settings, user, amounts, monkeypatch):
    told = []

    class Listening(Hooks):
        def cart_changed(self, cart):
            told.append((cart.pk, [int(line.amount) for line in cart.items.select_subclasses()]))

    monkeypatch.setattr("lorikeet.cart.locks.HOOKS", [Listening()])
    settings.LORIKEET_MAX_LINES = 4
    guest, _ = amounts

    merge(guest.key, user)

    assert told == [(Cart.objects.get(user=user).pk, [1, 2, 3, 4]), (guest.pk, [5])]


def test_a_combined_line_does_not_count_towards_the_limit(settings, user):
    settings.LORIKEET_MAX_LINES = 1
    red = make_wine(name="Red")
    guest, cart = make_cart(), make_cart(user)
    add_wine(cart, quantity=2, product=red)
    add_wine(guest, quantity=3, product=red)

    assert merge(guest.key, user) is True

    assert lines_of(cart) == [("Red", 5)]


# two currencies


@pytest.mark.parametrize("kind", ["line", "adjustment", "pending order"])
def test_carts_in_two_currencies_that_both_hold_something_stay_as_they_are(user, kind, caplog, unchanged_but_locks):
    guest, cart = make_cart(currency="AUD"), make_cart(user, currency="JPY")
    models.MoodyLine.objects.create(cart=guest, amount="12.5")
    fill(cart, kind)

    with unchanged_but_locks():
        is_gone = merge(guest.key, user)

    assert is_gone is False
    assert f"Carts {guest.pk} and {cart.pk} are in different currencies, and are not merged." in caplog.text


@pytest.mark.parametrize("kind", ["line", "adjustment", "pending order"])
def test_an_empty_cart_takes_the_currency_of_what_comes_into_it(user, kind):
    guest, cart = make_cart(currency="AUD"), make_cart(user, currency="JPY")
    make_order(cart=cart, state="cancelled", currency="JPY")
    fill(guest, kind)

    assert merge(guest.key, user) is True

    cart = Cart.objects.get()
    assert (cart.user, cart.currency) == (user, "AUD")


def test_a_guest_with_nothing_that_has_a_price_leaves_the_users_currency_as_it_is(user):
    guest, cart = make_cart(currency="AUD"), make_cart(user, currency="JPY")
    address = select_address(guest)
    fill(cart, "line")

    assert merge(guest.key, user) is True

    cart = Cart.objects.get()
    assert (cart.currency, cart.delivery_address_id) == ("JPY", address.pk)


def fill(cart, kind):
    """Put something into a cart that has a price, or may come back to it."""
    match kind:
        case "line":
            models.MoodyLine.objects.create(cart=cart)
        case "adjustment":
            models.AmountOff.objects.create(cart=cart, amount=1)
        case "pending order":
            make_order(cart=cart, currency=cart.currency)


# what is selected


def test_the_guests_selection_counts_if_the_user_had_selected_nothing(user):
    guest, cart = make_cart(), make_cart(user)
    address, card = select_address(guest), select_card(guest)

    merge(guest.key, user)

    cart.refresh_from_db()
    assert (cart.delivery_address_id, cart.payment_method_id, cart.email) == (address.pk, card.pk, "")


def test_the_guests_address_to_write_to_counts_only_if_the_account_has_none(user):
    models.Shopper.objects.update(contact_email="")
    user.refresh_from_db()
    guest = make_cart()

    merge(guest.key, user)

    assert Cart.objects.get().email == "joe@example.com"


def test_a_planted_cart_redirects_neither_parcel_nor_bill_nor_mail(user):
    guest, cart = make_cart(email="mallory@example.com"), make_cart(user, email="alice@example.com")
    select_address(guest, addressee="Mallory")
    select_card(guest, "tok_mallory")
    address, card = select_address(cart, addressee="Alice"), select_card(cart, "tok_alice")

    merge(guest.key, user)

    cart.refresh_from_db()
    assert (cart.delivery_address_id, cart.payment_method_id, cart.email) == (address.pk, card.pk, "alice@example.com")


def test_a_retired_selection_of_the_user_gives_way(user):
    guest, cart = make_cart(), make_cart(user)
    address = select_address(guest)
    select_address(cart)
    models.StreetAddress.objects.filter(user=user).update(active=False)

    merge(guest.key, user)

    cart.refresh_from_db()
    assert cart.delivery_address_id == address.pk


def test_the_guests_selection_does_not_count_if_the_user_has_rows_of_the_kind(user):
    """The user may have deselected their own for the moment; a stranger's must not take its place."""
    guest, cart = make_cart(), make_cart(user)
    select_address(guest)
    card = select_card(guest)
    models.StreetAddress.objects.create(user=user, **STREET)

    merge(guest.key, user)

    cart.refresh_from_db()
    assert (cart.delivery_address_id, cart.payment_method_id) == (None, card.pk)


def test_a_selection_of_the_site_for_the_guest_stays_the_sites(user):
    """A place to pick things up belongs to no shopper."""
    guest = make_cart()
    place = models.StreetAddress.objects.create(**STREET)
    Cart.objects.update(delivery_address=place)

    merge(guest.key, user)

    place.refresh_from_db()
    assert (place.user, place.cart, Cart.objects.get().delivery_address_id) == (None, None, place.pk)


def test_a_selection_of_the_site_for_the_user_stays_selected(user):
    guest, cart = make_cart(), make_cart(user)
    select_address(guest)
    place = models.StreetAddress.objects.create(**STREET)
    Cart.objects.filter(pk=cart.pk).update(delivery_address=place)
    merge(guest.key, user)

    assert Cart.objects.get().delivery_address_id == place.pk


# checkouts in flight


def test_a_checkout_in_flight_becomes_the_users_carts(user):
    guest = ready_cart()
    order = make_order(cart=guest, slot=guest, client_key="k")

    merge(guest.key, user)

    order.refresh_from_db()
    cart = Cart.objects.get()
    assert (order.cart, order.slot, order.client_key, order.state) == (cart, cart, "k", "pending")


def test_a_checkout_in_flight_hands_its_lines_to_the_users_cart_when_it_is_refused(user):
    guest = ready_cart()
    order = make_order(cart=guest, slot=guest)
    line = sell(models.WineLine.objects.get(), order)
    attempt = make_attempt(order)
    merge(guest.key, user)

    settle(attempt, Refused({"message": "No."}))

    assert list(Cart.objects.get().items.select_subclasses()) == [line]


def test_a_user_who_has_a_checkout_in_flight_keeps_it_and_the_guests_goes_on_beside(user):
    guest, cart = ready_cart(), make_cart(user)
    ours = make_order(cart=cart, slot=cart)
    theirs = make_order(cart=guest, slot=guest)

    merge(guest.key, user)

    orders = Order.objects.in_bulk()
    assert (orders[ours.pk].slot, orders[ours.pk].cart) == (cart, cart)
    assert (orders[theirs.pk].slot, orders[theirs.pk].cart, orders[theirs.pk].state) == (None, cart, "pending")


def test_a_guests_cart_that_stays_keeps_no_checkout_in_flight(settings, user):
    settings.LORIKEET_MAX_LINES = 1
    guest, cart = ready_cart(), make_cart(user)
    models.MoodyLine.objects.create(cart=cart)
    make_order(cart=cart, slot=cart)
    theirs = make_order(cart=guest, slot=guest)

    assert merge(guest.key, user) is False

    theirs.refresh_from_db()
    assert (theirs.cart, theirs.slot) == (cart, None)


def test_orders_that_are_done_come_along_with_their_keys(user):
    guest, cart = make_cart(), make_cart(user)
    order = make_order(cart=guest, state="cancelled", client_key="k")

    merge(guest.key, user)

    order.refresh_from_db()
    assert (order.cart, order.client_key) == (cart, "k")


def test_of_two_orders_with_one_key_the_users_keeps_it(user):
    guest, cart = make_cart(), make_cart(user)
    ours = make_order(cart=cart, client_key="k")
    make_order(cart=guest, client_key="k")

    merge(guest.key, user)

    assert Order.objects.get(cart=cart, client_key="k") == ours


def test_the_lines_of_the_other_are_handed_to_the_users_cart_all_the_same(user):
    guest, cart = ready_cart(), make_cart(user)
    make_order(cart=cart, client_key="k", state="cancelled")
    order = make_order(cart=guest, slot=guest, client_key="k")
    line = sell(models.WineLine.objects.get(), order)
    attempt = make_attempt(order)
    merge(guest.key, user)

    settle(attempt, Refused({"message": "No."}))

    assert list(cart.items.select_subclasses()) == [line]


# locks and races


@pytest.mark.parametrize("first", ["guest", "user"])
def test_both_carts_are_locked_in_the_order_of_their_keys(user, first):
    guest, cart = (make_cart(), make_cart(user)) if first == "guest" else reversed((make_cart(user), make_cart()))

    with CaptureQueriesContext(connection) as queries:
        merge(guest.key, user)

    updates = [query["sql"] for query in queries if query["sql"].startswith("UPDATE")]
    locks = [sql for sql in updates if "seq" in sql][:2]
    assert updates[:2] == locks
    assert [int(sql.rpartition("= ")[2].rstrip(") ")) for sql in locks] == sorted([guest.pk, cart.pk])


@pytest.mark.parametrize("first", ["guest", "user"])
def test_it_comes_to_the_same_whichever_cart_is_older(user, first):
    guest, cart = (make_cart(), make_cart(user)) if first == "guest" else reversed((make_cart(user), make_cart()))
    line = add_wine(guest)

    merge(guest.key, user)

    assert Cart.objects.get() == cart
    assert list(cart.items.select_subclasses()) == [line]


def test_a_cart_that_another_request_merged_first_is_left_alone(monkeypatch, user):
    guest, cart = make_cart(), make_cart(user)
    add_wine(guest)
    lock = merging.lock

    def lock_late(**lookup):
        monkeypatch.setattr(merging, "lock", lock)
        merge(guest.key, user)
        return lock(**lookup)

    monkeypatch.setattr(merging, "lock", lock_late)

    merge(guest.key, user)

    assert Cart.objects.get() == cart
    assert cart.items.count() == 1


def test_a_key_of_no_cart_merges_nothing(user, unchanged):
    cart = make_cart(user)

    with unchanged():
        merge(cart.key, user)


def test_the_cart_of_another_user_is_not_merged(user):
    theirs = make_cart(make_user("bob"))
    line = add_wine(theirs)

    merge(theirs.key, user)

    assert list(theirs.items.select_subclasses()) == [line]
    assert not Cart.objects.filter(user=user).exists()


def test_a_user_without_a_token_writes_to_their_own_cart(user):
    assert (Shopper(user).merged(), Shopper().merged()) == (Shopper(user), Shopper())


def test_a_user_with_a_token_writes_to_the_merged_cart(user):
    guest = make_cart()
    line = add_wine(guest)
    shopper = Shopper(user, guest.key).merged()

    assert shopper == Shopper(user)
    assert list(shopper.find().items.select_subclasses()) == [line]


# the signal


def test_the_site_is_told_after_the_commit(user, django_capture_on_commit_callbacks):
    guest, cart = make_cart(), make_cart(user)
    for _ in range(2):
        models.MoodyLine.objects.create(cart=guest)

    with listening(cart_merged) as received, django_capture_on_commit_callbacks(execute=True):
        merge(guest.key, user)
        during = list(received)

    assert during == []
    assert received == [{"sender": Cart, "cart": cart, "merged_lines": 2}]


def test_a_merge_that_moves_nothing_is_not_announced(settings, user, amounts, django_capture_on_commit_callbacks):
    settings.LORIKEET_MAX_LINES = 1
    guest, _ = amounts
    merge(guest.key, user)

    with listening(cart_merged) as received, django_capture_on_commit_callbacks(execute=True):
        merge(guest.key, user)

    assert received == []


def test_a_receiver_that_fails_undoes_nothing(user, django_capture_on_commit_callbacks, caplog):
    def fail(**sent):
        raise ZeroDivisionError

    guest = make_cart()
    cart_merged.connect(fail)
    try:
        with django_capture_on_commit_callbacks(execute=True):
            merge(guest.key, user)
    finally:
        cart_merged.disconnect(fail)

    assert Cart.objects.get().user == user
    assert "ZeroDivisionError" in caplog.text


# combining


def test_a_row_goes_into_the_first_that_takes_it():
    wine = make_wine()
    full, free = models.WineLine(product=wine, quantity=999), models.WineLine(product=wine, quantity=1)
    cart = make_cart()
    for line in (full, free):
        line.cart = cart
        line.save()
    others = [full, free]

    combined = combine(models.WineLine(cart=cart, product=wine, quantity=5), others)

    assert (combined, combined.quantity) == (free, 6)
    assert [line.quantity for line in others] == [999, 6]
    assert [line.quantity for line in models.WineLine.objects.order_by("pk")] == [999, 6]


def test_rows_of_different_classes_are_not_asked(monkeypatch):
    monkeypatch.setattr(models.BookLine, "combine_with", lambda line, other: True)
    cart = make_cart()
    gift = models.GiftBookLine(cart=cart)

    assert combine(models.BookLine(cart=cart), [gift]) is None


def test_rows_that_differ_where_they_must_be_equal_are_not_asked(greedy):
    cart = make_cart()
    line = add_wine(cart, quantity=1)

    assert combine(models.WineLine(cart=cart, product=make_wine(), quantity=1), [line]) is None
    assert models.WineLine.objects.get().quantity == 1


def test_a_row_that_would_not_be_valid_is_not_saved_and_its_original_is_as_it_was(greedy):
    wine, cart = make_wine(), make_cart()
    line = add_wine(cart, quantity=600, product=wine)
    others = [line]

    with pytest.raises(ValidationError):
        combine(models.WineLine(cart=cart, product=wine, quantity=600), others)

    assert (line.quantity, others, models.WineLine.objects.get().quantity) == (600, [line], 600)


def test_amounts_of_what_is_combined_are_of_what_it_became():
    wine, cart = make_wine("10"), make_cart()
    line = add_wine(cart, quantity=1, product=wine)

    combined = combine(models.WineLine(cart=cart, product=wine, quantity=2), [line])

    assert combined.get_total() == Decimal("30")
