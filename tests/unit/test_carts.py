"""Which cart is whose, and that it is changed under its lock."""

from uuid import UUID, uuid4

import pytest
from django.contrib.sessions.backends.db import SessionStore
from django.db import connection
from django.db.models import QuerySet
from django.test.utils import CaptureQueriesContext

from lorikeet.cart import shopper as carts
from lorikeet.cart.shopper import SESSION_KEY, Shopper, cart_token, for_request, locked, read_cart_token
from lorikeet.exceptions import CartGone, InvalidToken
from lorikeet.models import Cart, EmptyCart
from tests.testapp.factories import make_user
from tests.unit import add_wine, make_cart, request_of

pytestmark = pytest.mark.django_db


def remembering(cart):
    """The session of a guest who has this cart."""
    return {SESSION_KEY: cart.key.hex}


# who is shopping


def test_a_signed_in_user_is_the_shopper_whatever_the_session_says():
    user = make_user()

    assert Shopper.of(request_of(user, session=remembering(make_cart()))) == Shopper(user, None)


def test_a_user_may_bring_a_guests_cart_token():
    user, cart = make_user(), make_cart()

    assert Shopper.of(request_of(user, x_cart_token=cart_token(cart.key))) == Shopper(user, cart.key)


def test_a_guest_with_a_token_is_found_by_it_and_not_by_the_session():
    cart = make_cart()
    request = request_of(session=remembering(make_cart()), x_cart_token=cart_token(cart.key))

    assert Shopper.of(request) == Shopper(None, cart.key)


def test_a_guest_who_asks_for_a_token_has_no_cart_yet():
    request = request_of(session=remembering(make_cart()), x_cart_token="new")

    assert Shopper.of(request).is_anyone


def test_a_guest_is_found_by_the_session():
    cart = make_cart()

    assert Shopper.of(request_of(session=remembering(cart))) == Shopper(None, cart.key)


@pytest.mark.parametrize("value", [None, "", "12", 12, ["x"], "x" * 32], ids=repr)
def test_a_session_with_something_else_in_it_has_no_shopper(value):
    assert Shopper.of(request_of(session={SESSION_KEY: value})).is_anyone


def test_a_request_without_sessions_and_users_has_no_shopper(rf):
    assert Shopper.of(rf.get("/")).is_anyone


def test_a_token_that_is_not_valid_is_refused():
    with pytest.raises(InvalidToken):
        Shopper.of(request_of(x_cart_token="nonsense"))


# whose cart is found


def test_a_user_finds_their_own_cart_and_no_other():
    user = make_user()
    make_cart(make_user())
    make_cart()
    cart = make_cart(user)

    assert Shopper(user).find() == cart
    assert Shopper(make_user()).find() is None


def test_a_guest_finds_the_cart_of_their_key():
    make_cart()
    cart = make_cart()

    assert Shopper(key=cart.key).find() == cart
    assert Shopper(key=uuid4()).find() is None


def test_a_key_opens_no_cart_of_a_user():
    """A session that outlived a merge, or was planted."""
    cart = make_cart(make_user())
    guest = Shopper(key=cart.key)

    assert guest.find() is None
    assert guest.contents().cart.pk is None
    with pytest.raises(CartGone), locked(guest):
        pass


def test_no_shopper_has_no_cart_and_costs_no_query():
    make_cart()
    with CaptureQueriesContext(connection) as queries:
        assert Shopper().find() is None
        assert Shopper().contents().cart.pk is None

    assert len(queries) == 0


def test_a_shopper_without_a_cart_has_the_contents_of_an_empty_one():
    user = make_user()
    contents = Shopper(user).contents()

    assert (type(contents.cart), contents.cart.user, contents.lines) == (EmptyCart, user, [])


def test_a_shopper_with_a_cart_has_its_contents():
    cart = make_cart()
    line = add_wine(cart)
    contents = Shopper(key=cart.key).contents()

    assert (contents.cart, contents.lines) == (cart, [line])


# whose cart is made


def test_a_users_cart_is_made_once():
    user = make_user()

    carts = [Shopper(user).create() for _ in range(2)]

    assert carts[0] == carts[1] == Cart.objects.get()
    assert carts[0].user == user


def test_two_requests_that_make_a_users_cart_at_once_make_one(monkeypatch):
    user = make_user()
    first = Cart(user=user)
    get = QuerySet.get

    def get_early(carts, *args, **lookup):
        try:
            return get(carts, *args, **lookup)
        finally:
            if first.pk is None:
                first.save()

    monkeypatch.setattr(QuerySet, "get", get_early)

    assert Shopper(user).create() == first
    assert Cart.objects.get() == first


def test_a_guest_who_has_a_cart_gets_no_other():
    cart = make_cart()

    assert Shopper(key=cart.key).create() == cart


def test_a_guest_whose_cart_is_gone_gets_one_with_another_key():
    key = uuid4()

    cart = Shopper(key=key).create()

    assert cart.key != key
    assert Cart.objects.get() == cart


def test_a_session_makes_one_cart_even_if_it_does_not_know_it_yet():
    """Two requests at once read the session before either has written into it."""
    session = SessionStore()
    session.save()

    carts = [Shopper.of(request_of(session=SessionStore(session.session_key))).create() for _ in range(2)]

    assert carts[0] == carts[1] == Cart.objects.get()


def test_a_session_makes_its_cart_again_once_that_was_deleted():
    session = SessionStore()
    session.save()
    Shopper.of(request_of(session=session)).create().delete()

    cart = Shopper.of(request_of(session=session)).create()

    assert Cart.objects.get() == cart


@pytest.mark.parametrize("change", ["cycle_key", "flush"])
def test_a_session_whose_key_has_changed_makes_another_cart(change):
    session = SessionStore()
    session.save()
    first = Shopper.of(request_of(session=session)).create()
    getattr(session, change)()
    session.save()

    second = Shopper.of(request_of(session=session)).create()

    assert first.key != second.key
    assert Cart.objects.count() == 2


def test_the_key_of_a_sessions_cart_cannot_be_told_without_the_sites_secret(settings):
    session = SessionStore()
    session.save()
    keys = set()
    for secret in ("one", "two"):
        settings.SECRET_KEY = secret
        keys.add(Shopper.of_session(session).next_key)

    assert len(keys) == 2
    assert not any(session.session_key in str(key) for key in keys)


@pytest.mark.parametrize("session_key", [None, "0123456789abcdef0123456789abcdef"], ids=["new", "made up"])
def test_a_session_that_is_not_there_has_a_random_cart(session_key):
    carts = [Shopper.of(request_of(session=SessionStore(session_key))).create() for _ in range(2)]

    assert carts[0].key != carts[1].key


@pytest.mark.parametrize("shopper", [Shopper(), "user"])
def test_a_new_cart_is_priced_in_the_shops_currency(settings, shopper):
    settings.LORIKEET_CURRENCY = "KWD"

    cart = (Shopper(make_user()) if shopper == "user" else shopper).create()

    assert cart.currency == "KWD"


# how it is found again


def test_a_guests_cart_is_remembered_in_the_session():
    cart, request = make_cart(), request_of()

    assert Shopper().remember(request, cart) is None
    assert request.session == remembering(cart)
    assert Shopper.of(request).find() == cart


def test_a_guests_cart_is_remembered_by_a_token_where_one_is_asked_for():
    cart, request = make_cart(), request_of(x_cart_token="new")

    token = Shopper().remember(request, cart)

    assert read_cart_token(token) == cart.key
    assert request.session == {}


def test_a_remembered_cart_is_not_remembered_again():
    cart, request = make_cart(), request_of()

    assert Shopper(key=cart.key).remember(request, cart) is None
    assert request.session == {}


def test_a_users_cart_needs_no_remembering():
    user = make_user()
    request = request_of(user)

    assert Shopper(user).remember(request, make_cart(user)) is None
    assert request.session == {}


# for the host's own views


def test_a_request_without_a_cart_is_given_an_empty_one_and_nothing_is_written(unchanged):
    user = make_user()

    with unchanged():
        carts = [for_request(request_of()), for_request(request_of(user))]

    assert [(type(cart), cart.user) for cart in carts] == [(EmptyCart, None), (EmptyCart, user)]


def test_a_request_is_given_its_own_cart():
    user, theirs = make_user(), make_cart()
    ours = make_cart(user)

    assert for_request(request_of(user)) == ours
    assert for_request(request_of(session=remembering(theirs))) == theirs


def test_a_request_may_ask_for_a_cart_to_be_made():
    request = request_of()

    cart = for_request(request, create=True)

    assert (cart.pk, request.session) == (Cart.objects.get().pk, remembering(cart))


def test_a_user_with_a_token_is_given_the_cart_that_both_are_merged_into():
    user, guest = make_user(), make_cart()
    line = add_wine(guest)

    cart = for_request(request_of(user, x_cart_token=cart_token(guest.key)), create=True)

    assert (cart.user, list(cart.items.select_subclasses())) == (user, [line])
    assert Cart.objects.get() == cart


def test_reading_merges_nothing(unchanged):
    user, guest = make_user(), make_cart()

    with unchanged():
        cart = for_request(request_of(user, x_cart_token=cart_token(guest.key)))

    assert cart.pk is None


# the lock


@pytest.mark.parametrize("who", ["user", "guest"])
def test_a_cart_is_locked_by_a_write_to_its_row_before_it_is_read(who):
    user = make_user() if who == "user" else None
    cart = make_cart(user)
    make_cart(make_user())
    shopper = Shopper(user) if user else Shopper(key=cart.key)

    with CaptureQueriesContext(connection) as queries, locked(shopper) as found:
        assert connection.in_atomic_block

    statements = [query["sql"].split()[0] for query in queries if "SAVEPOINT" not in query["sql"]]
    assert statements == ["UPDATE", "SELECT"]
    assert (found, found.seq) == (cart, 1)
    assert Cart.objects.exclude(pk=cart.pk).get().seq == 0


def test_the_lock_says_when_the_cart_was_last_changed():
    cart = make_cart()

    with locked(Shopper(key=cart.key)) as found:
        pass

    assert found.updated_at > cart.updated_at


def test_a_write_under_the_lock_is_undone_when_the_block_fails(unchanged):
    cart = make_cart()

    with unchanged(), pytest.raises(ZeroDivisionError), locked(Shopper(key=cart.key)):
        add_wine(cart, product=1 / 0)


def test_a_cart_made_for_a_write_is_undone_when_the_block_fails():
    with pytest.raises(ZeroDivisionError), locked(Shopper(), create=True):
        raise ZeroDivisionError

    assert Cart.objects.count() == 0


@pytest.mark.parametrize("shopper", [Shopper(), Shopper(key=UUID(int=1)), "user"])
def test_without_a_cart_there_is_nothing_to_lock(shopper):
    with pytest.raises(CartGone), locked(Shopper(make_user()) if shopper == "user" else shopper):
        pass


def test_a_new_cart_is_yielded_if_it_may_be_made():
    user = make_user()

    with locked(Shopper(user), create=True) as cart:
        pass

    assert (cart.user, Cart.objects.get()) == (user, cart)


def test_a_cart_that_another_request_made_first_is_yielded_as_it_is_under_the_lock(monkeypatch):
    """That request may have changed it between our reading it and our having the lock."""
    user = make_user()
    lock, asked = carts.lock, []

    def lock_late(**lookup):
        asked.append(lookup)
        if len(asked) == 1:
            found = lock(**lookup)
            make_cart(user)
            return found
        Cart.objects.update(email="joe@example.com")
        return lock(**lookup)

    monkeypatch.setattr(carts, "lock", lock_late)

    with locked(Shopper(user), create=True) as cart:
        pass

    assert (len(asked), cart.email) == (2, "joe@example.com")


def test_a_cart_that_another_request_made_and_deleted_before_the_lock_is_gone(monkeypatch):
    session = SessionStore()
    session.save()
    shopper = Shopper.of_session(session)
    make = Shopper.create

    def make_and_delete(shopper):
        cart = make(shopper)
        Cart.objects.filter(pk=cart.pk).delete()
        return cart

    monkeypatch.setattr(Shopper, "create", make_and_delete)

    with pytest.raises(CartGone), locked(shopper, create=True):
        pass


def test_locking_a_cart_that_is_not_there_says_so():
    assert carts.lock(pk=1) is False
