"""What the page of the stock extension says is what the extension does."""

import re
from datetime import timedelta
from pathlib import Path
from unittest import mock

import pytest
from bookshop.models import Book
from django.apps import apps
from django.contrib.auth import get_user_model
from django.core import mail
from django.core.management import call_command
from django.utils.timezone import now
from recipes import goods, provider, stock, stock_settings
from recipes.models import Workshop
from recorder import Recorder
from stock_tours import get_ready_for, glasses, make_bin_end, make_tasting, seats, some
from tours import CART, CHECKOUT, NEW, WALLET, online_card

from lorikeet import recovery
from lorikeet.extensions.stock import conf, rules
from lorikeet.extensions.stock.demand import stock_of
from lorikeet.extensions.stock.exceptions import StockError
from lorikeet.extensions.stock.models import Hold, Movement, Policy, StockRecord
from lorikeet.extensions.stock.movements import adjust, restock
from lorikeet.invariants import violations
from lorikeet.models import Order, PaymentAttempt
from lorikeet.refunds import refund
from tests.docs.pages import needs_docs, page

PAGE = "extensions/stock.rst"


@pytest.fixture
def staff():
    return get_user_model().objects.create_superuser("sam", "sam@example.com")


@pytest.fixture
def glass(shopper):
    return stock.add_glass("Tumbler", "8.00", 3)


@pytest.fixture
def book(shopper):
    return Book.objects.create(title="Emma", price="12.50")


def buy(shopper, line, **options):
    """Do all that a checkout needs, check out, and return the answer."""
    get_ready_for(shopper, line, **options)
    return shopper.send(None, "POST", CHECKOUT)


def numbers(record):
    record.refresh_from_db()
    return record.on_hand, record.held


def short(answer, key="info"):
    """Return what is asked for and what is left, of each line that is short."""
    reasons = [reason for reason in answer.json()[key] if reason["code"] == "out_of_stock"]
    return [(reason["data"]["asked"], reason["data"]["available"]) for reason in reasons]


@needs_docs
class TestPage:
    def test_every_check_is_listed(self):
        source = (Path(conf.__file__).parent / "checks.py").read_text(encoding="utf-8")
        raised = set(re.findall(r'id="(lorikeet_stock\.[EW]\d{3})"', source))

        assert re.findall(r"^\.\. check:: (\S+)$", page(PAGE), re.MULTILINE) == sorted(raised)

    def test_its_settings_are_made_of_the_code(self):
        assert ".. lorikeet-settings:: lorikeet.extensions.stock.conf" in page(PAGE)

    @pytest.mark.parametrize("model", [StockRecord, Hold, Movement])
    def test_every_column_is_described(self, model):
        text = page(PAGE)
        start = text.index(f".. autoclass:: {model.__name__}\n")
        end = text.find(".. autoclass::", start + 1)

        described = re.findall(r"^``(\w+)``  ", text[start : end if end > 0 else None], re.MULTILINE)

        assert described == [field.name for field in model._meta.concrete_fields if field.name != "id"]

    def test_every_permission_of_its_own_is_named(self):
        own = [
            f"lorikeet_stock.{codename}"
            for model in apps.get_app_config("lorikeet_stock").get_models()
            for codename, _ in model._meta.permissions
        ]

        assert [name for name in own if f"``{name}``" not in page(PAGE)] == []

    def test_every_sweep_of_its_own_is_described(self):
        described = re.findall(r"^``(holds [a-z]+)``\n   \S", page(PAGE), re.MULTILINE)

        assert described == [name for name in recovery.SWEEPS if name.startswith("holds ")]

    def test_every_rule_is_described(self):
        described = re.findall(r"^([A-Z][a-z ]+\.)\n   \S", page(PAGE), re.MULTILINE)

        assert described == [rule for rule, _ in rules.rules()]

    def test_every_kind_of_movement_is_listed(self):
        listed = re.findall(r"^``(\w+)``  +\w+ zero|^``(\w+)``  +either", page(PAGE), re.MULTILINE)

        assert ["".join(names) for names in listed] == Movement.Kind.values

    def test_every_policy_is_listed(self):
        assert re.findall(r"^   \* - ``([A-Z_]+)``", page(PAGE), re.MULTILINE) == [policy.name for policy in Policy]


class TestWhoseStock:
    def test_of_a_product_that_is_named_the_lowest_position_is_taken_from_first(self, shopper, book):
        stock.start_counting(book, shelf=1, cellar=5)

        buy(shopper, some("PrintedBookLineItem", book, 2))

        assert [(each.location, each.on_hand) for each in stock_of(book)] == [("shelf", 0), ("cellar", 4)]

    def test_a_product_without_a_record_is_sold_out(self, shopper, book):
        assert short(buy(shopper, some("PrintedBookLineItem", book, 1))) == [(1, 0)]

    def test_a_line_is_served_from_two_locations(self, shopper):
        bottles = make_bin_end(1, 2)

        buy(shopper, some("BinEndLineItem", bottles, 2))

        assert (numbers(bottles.shelf), numbers(bottles.cellar)) == ((0, 0), (1, 0))

    @pytest.mark.parametrize(("books", "status", "left"), [(1, 200, (1, 0)), (0, 409, (3, 0))])
    def test_a_set_is_sold_if_all_that_is_in_it_is_there(self, shopper, glass, book, books, status, left):
        stock.start_counting(book, shelf=books)
        line = some("GiftSetLineItem", glass, 1)
        line["data"]["book"] = book.pk

        answer = buy(shopper, line)

        assert (answer.status_code, numbers(glass.stock)) == (status, left)

    def test_lines_that_need_the_same_share_it_in_their_order(self, shopper, glass, book):
        stock.start_counting(book, shelf=5)
        gift = some("GiftSetLineItem", glass, 1)
        gift["data"]["book"] = book.pk
        shopper.send(None, "POST", NEW, glasses(glass, 2))
        shopper.send(None, "POST", NEW, gift)

        assert short(shopper.send(None, "GET", CART), "incomplete_reasons") == [(2, 1)]


class TestOrders:
    def test_what_is_short_makes_no_order_and_holds_nothing(self, shopper, glass):
        answer = buy(shopper, glasses(glass, 5))

        assert (answer.status_code, short(answer)) == (409, [(5, 3)])
        assert (Order.objects.count(), Hold.objects.count(), numbers(glass.stock)) == (0, 0, (3, 0))
        assert len(shopper.send(None, "GET", CART).json()["items"]) == 1

    def test_a_refused_payment_lets_it_go(self, shopper, glass):
        answer = buy(shopper, glasses(glass, 2), token="tok_declined")

        assert (answer.status_code, numbers(glass.stock)) == (422, (3, 0))

    def test_a_refused_payment_gives_it_back_to_the_cart_that_held_it(self, shopper):
        tasting = make_tasting(4)

        buy(shopper, seats(tasting, 2), token="tok_declined")

        assert numbers(tasting.seats) == (4, 2)
        assert Hold.objects.get(state="held").cart is not None

    def test_what_waits_is_held(self, shopper, glass):
        buy(shopper, glasses(glass, 2), method=online_card())

        assert numbers(glass.stock) == (3, 2)

    def test_an_order_that_is_paid_elsewhere_holds_it_for_five_hours(self, shopper, glass):
        buy(shopper, glasses(glass, 2), method=WALLET)

        order = Order.objects.get()
        assert order.expires_at - order.created_at == pytest.approx(timedelta(hours=5), abs=timedelta(seconds=2))
        assert numbers(glass.stock) == (3, 2)

    def test_an_order_whose_time_is_over_is_cancelled_by_recovery_and_its_stock_is_back(self, shopper, glass):
        buy(shopper, glasses(glass, 2), method=online_card())
        self.let_time_pass()

        call_command("lorikeet_tick", verbosity=0)

        assert (Order.objects.get().state, numbers(glass.stock)) == ("cancelled", (3, 0))

    def test_and_not_before_the_provider_is_stopped(self, shopper, glass):
        buy(shopper, glasses(glass, 2), method=online_card())
        self.let_time_pass()

        with mock.patch.object(provider.books, "find", side_effect=TimeoutError):
            call_command("lorikeet_tick", verbosity=0)

        assert (Order.objects.get().state, numbers(glass.stock)) == ("pending", (3, 2))

    def test_what_has_waited_for_too_long_is_found(self, shopper, glass):
        buy(shopper, glasses(glass, 2), method=WALLET)
        assert list(stock.waiting()) == []
        Hold.objects.update(created_at=now() - timedelta(hours=7))

        [hold] = stock.waiting()

        assert (hold.order, hold.quantity) == (Order.objects.get(), 2)

    def let_time_pass(self):
        Order.objects.update(expires_at=now() - timedelta(seconds=1))
        PaymentAttempt.objects.update(check_at=now() - timedelta(seconds=1))


class TestCarts:
    @pytest.fixture(autouse=True)
    def section(self, settings):
        settings.LORIKEET_CART_SECTIONS = stock_settings.LORIKEET_CART_SECTIONS

    @pytest.fixture
    def tasting(self, shopper):
        return make_tasting(2)

    def test_a_cart_at_placing_holds_nothing(self, shopper, glass):
        shopper.send(None, "POST", NEW, glasses(glass, 2))

        assert numbers(glass.stock) == (3, 0)
        assert shopper.send(None, "GET", CART).json()["expires_at"] is None

    def test_any_change_moves_its_end_on_and_reading_does_not(self, shopper, tasting):
        shopper.send(None, "POST", NEW, seats(tasting, 1))
        ends = now() + timedelta(minutes=5)
        Hold.objects.update(expires_at=ends)

        assert shopper.send(None, "GET", CART).json()["expires_at"] == ends.timestamp()
        changed = shopper.send(None, "PATCH", CART, {"email": "joe@example.com"}).json()

        assert changed["expires_at"] > (now() + timedelta(minutes=14)).timestamp()

    def test_but_not_beyond_the_longest(self, shopper, tasting):
        shopper.send(None, "POST", NEW, seats(tasting, 1))
        since = now() - timedelta(minutes=55)
        Hold.objects.update(created_at=since)

        changed = shopper.send(None, "PATCH", CART, {"email": "joe@example.com"}).json()

        assert changed["expires_at"] == pytest.approx((since + timedelta(hours=1)).timestamp(), abs=1)

    def test_when_it_is_over_the_cart_can_be_checked_out_as_long_as_nobody_has_it(self, shopper, tasting):
        get_ready_for(shopper, seats(tasting, 2))
        self.let_time_pass()

        assert shopper.send(None, "GET", CART).json()["is_complete"]
        assert shopper.send(None, "POST", CHECKOUT).status_code == 200

    def test_others_may_have_it_without_a_sweep_and_then_it_is_a_reason_and_a_conflict(self, shopper, tasting):
        get_ready_for(shopper, seats(tasting, 2))
        self.let_time_pass()

        assert Recorder().send(None, "POST", NEW, seats(tasting, 1)).status_code == 201

        assert short(shopper.send(None, "GET", CART), "incomplete_reasons") == [(2, 1)]
        assert short(shopper.send(None, "POST", CHECKOUT)) == [(2, 1)]

    def test_what_is_held_in_the_cart_comes_before_what_is_not(self, shopper, glass):
        tasting = goods.Tasting.objects.create(name="Tasting with a glass", price=10, seats=glass.stock)
        shopper.send(None, "POST", NEW, glasses(glass, 3))

        shopper.send(None, "POST", NEW, seats(tasting, 2))

        assert short(shopper.send(None, "GET", CART), "incomplete_reasons") == [(3, 1)]

    def test_a_cart_that_holds_too_much_after_a_login_may_ask_for_less_and_not_for_more(self, shopper, settings):
        settings.LORIKEET_STOCK_CART_UNITS = 6
        tasting, other = make_tasting(9), make_tasting(9)
        user = get_user_model().objects.create_user("joe")
        elsewhere = Recorder()
        elsewhere.client.force_login(user)
        elsewhere.send(None, "POST", NEW, seats(other, 5))
        line = shopper.send(None, "POST", NEW, seats(tasting, 5)).json()
        shopper.client.force_login(user)

        statuses = [
            shopper.send(None, "PATCH", line["url"], {"data": {"quantity": quantity}}).status_code
            for quantity in (4, 6)
        ]

        assert statuses == [200, 400]

    def test_at_login_the_users_cart_holds_what_the_guests_held(self, shopper, tasting):
        shopper.send(None, "POST", NEW, seats(tasting, 2))

        shopper.client.force_login(get_user_model().objects.create_user("joe"))
        shopper.send(None, "PATCH", CART, {"email": "joe@example.com"})

        assert Hold.objects.get(state="held").cart.user.username == "joe"
        assert numbers(tasting.seats) == (2, 2)

    def test_where_fewer_will_do_a_line_that_lost_some_asks_for_what_is_left(self, shopper):
        bottles = make_bin_end(2, 1)
        shopper.send(None, "POST", NEW, some("BinEndLineItem", bottles, 3))
        self.let_time_pass()
        Recorder().send(None, "POST", NEW, some("BinEndLineItem", bottles, 2))

        shopper.send(None, "PATCH", CART, {"email": "joe@example.com"})

        assert [line["data"]["quantity"] for line in shopper.send(None, "GET", CART).json()["items"]] == [1]

    def test_and_if_nothing_is_left_none_can_be_added(self, shopper):
        answer = shopper.send(None, "POST", NEW, some("BinEndLineItem", make_bin_end(0, 0), 3))

        assert (answer.status_code, short(answer)) == (409, [(3, 0)])

    def let_time_pass(self):
        Hold.objects.update(expires_at=now() - timedelta(seconds=1))


class TestMoreThanThereIs:
    def test_it_is_owed_and_a_delivery_pays_it_off(self, shopper, glass, staff):
        self.change(glass, backorder_limit=5)

        assert buy(shopper, glasses(glass, 8)).status_code == 200
        assert numbers(glass.stock) == (-5, 0)
        adjust(glass.stock, 12, "Delivered.", by=staff)

        assert numbers(glass.stock) == (7, 0)

    def test_no_more_than_the_limit(self, shopper, glass):
        self.change(glass, backorder_limit=5)

        assert short(buy(shopper, glasses(glass, 9))) == [(9, 8)]

    def test_a_line_is_not_counted_if_one_of_its_locations_is_not(self, shopper):
        bottles = make_bin_end(2, 0)
        StockRecord.objects.filter(pk=bottles.cellar_id).update(tracked=False)

        answer = shopper.send(None, "POST", NEW, some("BinEndLineItem", bottles, 9))

        assert (answer.status_code, answer.json()["data"]["quantity"], Hold.objects.count()) == (201, 9, 0)

    def test_what_is_not_tracked_is_not_counted(self, shopper, glass):
        self.change(glass, tracked=False)

        assert buy(shopper, glasses(glass, 9)).status_code == 200

        assert (numbers(glass.stock), Hold.objects.count(), glass.stock.movements.count()) == ((3, 0), 0, 1)

    def change(self, glass, **fields):
        StockRecord.objects.filter(pk=glass.stock_id).update(**fields)


class TestWhatIsShown:
    def test_what_is_left_is_part_of_the_version_that_a_checkout_names(self, shopper, glass):
        get_ready_for(shopper, glasses(glass, 1))
        seen = shopper.send(None, "GET", CART)["ETag"]
        buy(Recorder(), glasses(glass, 1))

        first = shopper.send(None, "POST", CHECKOUT, If_Match=seen)
        now_seen = shopper.send(None, "GET", CART)["ETag"]
        second = shopper.send(None, "POST", CHECKOUT, If_Match=now_seen)

        assert (first.status_code, second.status_code) == (412, 200)


class TestMovements:
    def test_a_refund_moves_no_stock(self, shopper, glass):
        buy(shopper, glasses(glass, 2))

        refund(Order.objects.get(), reason="Lost by the carrier.")

        assert numbers(glass.stock) == (1, 0)

    def test_what_comes_back_is_paid_back_where_the_shop_says_so(self, shopper, glass, staff):
        buy(shopper, glasses(glass, 2))
        order = Order.objects.get()

        stock.take_back(order, staff)

        order.refresh_from_db()
        assert (numbers(glass.stock), order.amount_refunded) == ((3, 0), order.grand_total)

    def test_no_more_comes_back_than_was_sold(self, shopper, glass, staff):
        buy(shopper, glasses(glass, 2))
        [hold] = Order.objects.get().stock_holds.all()
        restock(hold, 2)

        with pytest.raises(StockError):
            restock(hold, 1)

        assert numbers(glass.stock) == (3, 0)

    @pytest.mark.parametrize("found", [2, 7])
    def test_a_stocktake_is_a_correction(self, glass, staff, found):
        stock.count_again(glass.stock, found, staff)

        assert numbers(glass.stock) == (found, 0)
        last = glass.stock.movements.latest("pk")
        assert (last.kind, last.quantity, last.by) == ("correction", found - 3, staff)

    def test_no_correction_goes_below_what_is_held(self, shopper, glass, staff):
        buy(shopper, glasses(glass, 2), method=WALLET)

        with pytest.raises(StockError):
            adjust(glass.stock, -2, "Broken.", by=staff)

        assert (numbers(glass.stock), glass.stock.movements.count()) == ((3, 2), 1)

    @pytest.mark.parametrize(("buys", "left", "movements"), [(True, (1, 0), 2), (False, (3, 0), 1)])
    def test_what_is_put_aside_is_sold_or_let_go(self, glass, staff, buys, left, movements):
        hold = stock.put_aside(glass.stock, 2)

        assert stock.come_to_the_counter(hold, buys, staff)

        assert (numbers(glass.stock), glass.stock.movements.count()) == (left, movements)

    def test_what_is_put_aside_for_too_long_is_let_go_by_recovery(self, glass, staff):
        hold = stock.put_aside(glass.stock, 2)
        Hold.objects.update(expires_at=now() - timedelta(seconds=1))

        call_command("lorikeet_tick", verbosity=0)

        assert not stock.come_to_the_counter(hold, True, staff)
        assert numbers(glass.stock) == (3, 0)

    def test_whoever_buys_for_the_shop_is_told_once_when_little_is_left(self, shopper, glass):
        StockRecord.objects.filter(pk=glass.stock_id).update(low_level=2)

        buy(shopper, glasses(glass, 1))
        buy(shopper, glasses(glass, 1))

        assert [message.subject for message in mail.outbox if "left" in message.subject] == ["Tumbler: 2 left"]

    def test_nothing_of_this_breaks_a_rule(self, shopper, glass, staff):
        buy(shopper, glasses(glass, 2))
        stock.take_back(Order.objects.get(), staff)
        stock.put_aside(glass.stock, 1)

        assert list(violations()) == []

    def test_what_is_written_past_the_functions_is_found(self, glass):
        StockRecord.objects.filter(pk=glass.stock_id).update(on_hand=9)

        assert [violation.rule for violation in violations()] == ["What is on hand is the sum of its movements."]


class TestRemoval:
    def test_what_orders_hold_is_let_go_after_the_line_items_ask_for_nothing(self, shopper, glass, monkeypatch):
        buy(shopper, glasses(glass, 2), method=online_card())
        monkeypatch.setattr(goods.GlassLineItem, "stock_policy", Policy.NONE, raising=False)
        assert stock.still_held().count() == 1
        TestOrders().let_time_pass()

        call_command("lorikeet_tick", verbosity=0)

        assert (stock.still_held().count(), numbers(glass.stock)) == (0, (3, 0))


class TestWorkshop:
    """The example of the page about hooks."""

    LINE = {"type": "EngravingLineItem", "data": {"text": "For Joe"}}

    def test_an_order_takes_its_minutes(self, shopper):
        workshop = Workshop.objects.create(minutes_left=8)

        assert buy(shopper, self.LINE).status_code == 200

        workshop.refresh_from_db()
        assert (workshop.minutes_left, Order.objects.get().work.minutes) == (3, 5)

    def test_a_refused_payment_gives_them_back(self, shopper):
        workshop = Workshop.objects.create(minutes_left=8)

        assert buy(shopper, self.LINE, token="tok_declined").status_code == 422

        workshop.refresh_from_db()
        assert workshop.minutes_left == 8

    def test_what_the_workshop_cannot_do_is_a_reason_and_a_conflict(self, shopper):
        Workshop.objects.create(minutes_left=4)

        answer = buy(shopper, self.LINE)

        [reason] = shopper.send(None, "GET", CART).json()["incomplete_reasons"]
        assert (answer.status_code, answer.json()["info"]) == (409, [reason])
        assert (reason["code"], reason["data"]) == ("no_time", {"minutes": 5})
        assert Workshop.objects.get().minutes_left == 4

    def test_its_rule_is_looked_at(self, shopper):
        Workshop.objects.create(minutes_left=8)
        buy(shopper, self.LINE)
        Order.objects.update(state="cancelled", purchased_on=None)

        assert "A cancelled order takes no minutes." in {violation.rule for violation in violations()}
