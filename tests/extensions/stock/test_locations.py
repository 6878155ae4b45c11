"""A product with stock at several locations: the order in which they are taken from, and what is found elsewhere."""

import pytest

from lorikeet.extensions.stock.demand import stock_by_product, stock_of
from lorikeet.extensions.stock.models import Hold, Policy, StockRecord
from lorikeet.extensions.stock.movements import adjust
from tests.extensions.goods.factories import make_bottle, make_gadget, make_stock
from tests.extensions.goods.models import Bottle, FittingSeatLine, GadgetLine
from tests.testapp.clients import NEW_ITEM, Browser

from .shopping import add, counters, get_ready, let_wait, pass_time, reasons

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_order")]


def order_some(browser, gadget, quantity=1):
    return browser.add(NEW_ITEM, "GadgetLine", gadget=gadget.pk, quantity=quantity)


def taken():
    """Return what is held where, but for what was released."""
    held = Hold.objects.exclude(state="released").order_by("stock__location", "pk")
    return list(held.values_list("stock__location", "quantity"))


def left():
    """Return what is on hand and what is held at each location."""
    return {record.location: (record.on_hand, record.held) for record in StockRecord.objects.all()}


@pytest.fixture
def on_add(monkeypatch):
    """Lines of gadgets that are held in the cart."""
    monkeypatch.setattr(GadgetLine, "stock_policy", Policy.ON_ADD, raising=False)


@pytest.fixture
def kept(monkeypatch):
    """Return a function that has each line name these records, as they were read, in this order."""

    def keep(*records):
        monkeypatch.setattr(GadgetLine, "get_stock", lambda line: [(list(records), line.quantity)])

    return keep


def records_at(*locations):
    return [StockRecord.objects.get(location=location) for location in locations]


def claim(browser, location, quantity):
    """Let ``browser`` hold some of one location in its cart."""
    bottle = Bottle.objects.create(name=location, stock=StockRecord.objects.get(location=location))
    add(browser, bottle, quantity, "SeatLine")


def test_the_lowest_position_is_taken_from_first(guest):
    order_some(guest, make_gadget(Perth=3, Hobart=2), 2)

    let_wait(guest)

    assert left() == {"Perth": (3, 2), "Hobart": (2, 0)}


def test_the_records_of_a_product_come_in_their_order():
    gadget = make_gadget(Perth=1, Hobart=1)
    first = make_stock(1, product=gadget, location="Darwin", position=0)
    make_stock(1, product=make_gadget(), location="Sydney")

    assert [record.location for record in stock_of(gadget)] == ["Perth", "Darwin", "Hobart"]
    assert first.product == gadget


def test_the_records_of_many_products_cost_one_query(django_assert_num_queries):
    here, there, nowhere, bottle = make_gadget(Perth=1), make_gadget(Hobart=2), make_gadget(), make_bottle(1)
    make_stock(5, product=bottle, location="Darwin")
    stock_of(here), stock_of(bottle)  # their types are known from now on

    with django_assert_num_queries(1):
        found = stock_by_product([here, there, nowhere, bottle])

    on_hand = {product: [record.on_hand for record in records] for product, records in found.items()}
    assert on_hand == {here: [1], there: [2], nowhere: [], bottle: [5]}


def test_a_product_of_another_type_with_the_same_key_has_its_own(guest):
    gadget = make_gadget(Perth=1)
    bottle = Bottle.objects.create(pk=gadget.pk, name="Moscato", stock=make_stock(1))
    make_stock(5, product=bottle, location="Hobart")

    assert [record.location for record in stock_of(gadget)] == ["Perth"]


def test_a_line_is_taken_from_several_locations_with_a_hold_at_each(guest):
    line = order_some(guest, make_gadget(Perth=3, Hobart=2, Darwin=4), 6)

    let_wait(guest)

    assert taken() == [("Darwin", 1), ("Hobart", 2), ("Perth", 3)]
    assert {f"/_cart/{hold.line_id}/" for hold in Hold.objects.all()} == {line["url"]}


def test_a_sale_takes_from_each(guest):
    order_some(guest, make_gadget(Perth=3, Hobart=2), 4)
    get_ready(guest)

    guest.checkout()

    assert left() == {"Perth": (0, 0), "Hobart": (1, 0)}


def test_a_refusal_gives_back_to_each(guest):
    order_some(guest, make_gadget(Perth=3, Hobart=2), 4)
    get_ready(guest, token="tok_declined")

    guest.checkout()

    assert left() == {"Perth": (3, 0), "Hobart": (2, 0)}


def test_the_sum_of_all_locations_is_left(guest, unchanged):
    line = order_some(guest, make_gadget(Perth=3, Hobart=2), 6)
    get_ready(guest)
    before = reasons(guest)
    with unchanged():
        response = guest.checkout()

    assert response.status_code == 409
    assert before == response.json()["info"]
    assert [reason["data"] for reason in before] == [{"item": line["url"], "asked": 6, "available": 5}]


def test_two_lines_share_the_locations(guest):
    gadget = make_gadget(Perth=3, Hobart=2)
    for _ in range(2):
        order_some(guest, gadget, 2)

    let_wait(guest)

    assert taken() == [("Hobart", 1), ("Perth", 2), ("Perth", 1)]


def test_of_two_lines_that_share_the_locations_the_later_one_is_short(guest, unchanged):
    gadget = make_gadget(Perth=3, Hobart=2)
    order_some(guest, gadget, 3)
    line = order_some(guest, gadget, 3)
    get_ready(guest)

    with unchanged():
        response = guest.checkout()

    assert [entry["data"] for entry in response.json()["info"]] == [{"item": line["url"], "asked": 3, "available": 2}]


def test_a_location_that_is_not_tracked_makes_the_line_untracked(guest):
    gadget = make_gadget(Perth=1)
    make_stock(0, product=gadget, location="The maker's", position=1, tracked=False)
    order_some(guest, gadget, 1000)
    get_ready(guest)

    response = guest.checkout()

    assert (response.status_code, taken()) == (200, [])


def test_a_host_may_name_the_records_in_its_own_order(guest, kept):
    gadget = make_gadget(Perth=3, Hobart=2)
    kept(*records_at("Hobart", "Perth"))
    order_some(guest, gadget, 3)

    let_wait(guest)

    assert taken() == [("Hobart", 2), ("Perth", 1)]


def test_a_record_that_is_named_twice_is_counted_once(guest, kept, unchanged):
    gadget = make_gadget(Perth=3)
    kept(*records_at("Perth", "Perth"))
    order_some(guest, gadget, 4)
    get_ready(guest)

    with unchanged():
        response = guest.checkout()

    assert [entry["data"]["available"] for entry in response.json()["info"]] == [3]


def test_no_record_at_all_is_nothing(guest, kept, unchanged):
    gadget = make_gadget(Perth=3)
    kept()
    order_some(guest, gadget)
    get_ready(guest)

    with unchanged():
        response = guest.checkout()

    assert [entry["data"]["available"] for entry in response.json()["info"]] == [0]


# what has changed since it was read


def test_a_location_that_is_taken_meanwhile_is_made_up_for_by_another(guest, kept):
    gadget = make_gadget(Perth=3, Hobart=2)
    kept(*records_at("Perth", "Hobart"))
    claim(Browser(), "Perth", 2)
    order_some(guest, gadget, 3)
    get_ready(guest)

    response = guest.checkout()

    assert (response.status_code, left()) == (200, {"Perth": (2, 2), "Hobart": (0, 0)})


def test_all_locations_that_are_taken_meanwhile_are_answered_409(guest, kept, unchanged):
    gadget = make_gadget(Perth=3, Hobart=2)
    kept(*records_at("Perth", "Hobart"))
    claim(Browser(), "Perth", 2)
    claim(Browser(), "Hobart", 2)
    line = order_some(guest, gadget, 3)
    get_ready(guest)

    with unchanged():
        response = guest.checkout()

    assert [entry["data"] for entry in response.json()["info"]] == [{"item": line["url"], "asked": 3, "available": 1}]


def test_two_lines_that_miss_a_location_share_the_other(guest, kept):
    gadget = make_gadget(Perth=4, Hobart=3)
    kept(*records_at("Perth", "Hobart"))
    claim(Browser(), "Perth", 3)
    for _ in range(2):
        order_some(guest, gadget, 2)
    get_ready(guest)

    response = guest.checkout()

    assert (response.status_code, left()) == (200, {"Perth": (3, 3), "Hobart": (0, 0)})


def test_a_delivery_meanwhile_at_the_first_location_is_taken(guest, kept):
    gadget = make_gadget(Perth=3, Hobart=0)
    records = records_at("Perth", "Hobart")
    records[0].on_hand = 1
    kept(*records)
    order_some(guest, gadget, 3)
    get_ready(guest)
    response = guest.checkout()

    assert (response.status_code, left()) == (200, {"Perth": (0, 0), "Hobart": (0, 0)})


def test_an_expired_hold_at_the_second_location_is_found(guest):
    gadget = make_gadget(Perth=0, Hobart=2)
    claim(Browser(), "Hobart", 2)
    pass_time(minutes=16)
    order_some(guest, gadget, 2)
    get_ready(guest)
    before = reasons(guest)
    response = guest.checkout()

    assert (before, response.status_code, left()) == ([], 200, {"Perth": (0, 0), "Hobart": (0, 0)})


# held in the cart


@pytest.mark.usefixtures("on_add")
class TestHeldInTheCart:
    """The same for lines that are held from the moment that they are in the cart."""

    def test_a_line_is_held_at_several_locations(self, guest):
        order_some(guest, make_gadget(Perth=3, Hobart=2), 4)

        assert left() == {"Perth": (3, 3), "Hobart": (2, 1)}

    def test_a_line_that_asks_for_less_gives_back_the_last_ones(self, guest):
        line = order_some(guest, make_gadget(Perth=3, Hobart=2), 5)

        guest.patch(line["url"], {"quantity": 3})

        assert left() == {"Perth": (3, 3), "Hobart": (2, 0)}

    def test_more_than_all_locations_have_is_answered_409(self, guest, unchanged):
        gadget = make_gadget(Perth=3, Hobart=2)

        with unchanged():
            response = guest.post(NEW_ITEM, {"type": "GadgetLine", "data": {"gadget": gadget.pk, "quantity": 6}})

        assert response.status_code == 409
        assert [entry["data"] for entry in response.json()["info"]] == [{"item": None, "asked": 6, "available": 5}]

    def test_an_expired_hold_at_the_second_location_is_found(self, guest):
        gadget = make_gadget(Perth=0, Hobart=2)
        claim(Browser(), "Hobart", 2)
        pass_time(minutes=16)
        order_some(guest, gadget, 2)

        assert left() == {"Perth": (0, 0), "Hobart": (2, 2)}

    def test_a_location_that_is_taken_meanwhile_is_made_up_for_by_another(self, guest, kept):
        gadget = make_gadget(Perth=3, Hobart=2)
        kept(*records_at("Perth", "Hobart"))
        claim(Browser(), "Perth", 2)

        order_some(guest, gadget, 3)

        assert left() == {"Perth": (3, 3), "Hobart": (2, 2)}

    def test_a_line_that_fits_itself_takes_what_all_locations_have(self, guest, kept, monkeypatch):
        """Though the host names the records as they were before."""
        gadget = make_gadget(Perth=3, Hobart=2)
        kept(*records_at("Perth", "Hobart"))
        monkeypatch.setattr(GadgetLine, "fit_stock", FittingSeatLine.fit_stock, raising=False)

        line = order_some(guest, gadget, 10)

        assert (line["data"]["quantity"], left()) == (5, {"Perth": (3, 3), "Hobart": (2, 2)})

    def test_a_hold_stays_at_its_location(self, guest):
        """A delivery to the first location moves nothing."""
        gadget = make_gadget(Perth=0, Hobart=2)
        line = order_some(guest, gadget, 2)
        adjust(StockRecord.objects.get(location="Perth"), 5, "Delivered.")
        guest.patch(line["url"], {"quantity": 2})

        assert left() == {"Perth": (5, 0), "Hobart": (2, 2)}

    def test_an_order_takes_over_each_hold(self, guest):
        order_some(guest, make_gadget(Perth=3, Hobart=2), 5)

        let_wait(guest)

        assert left() == {"Perth": (3, 3), "Hobart": (2, 2)}
        assert taken() == [("Hobart", 2), ("Perth", 3)]

    def test_a_product_without_any_record_is_refused(self, guest, unchanged):
        gadget = make_gadget()

        with unchanged():
            response = guest.post(NEW_ITEM, {"type": "GadgetLine", "data": {"gadget": gadget.pk}})

        assert response.status_code == 409
        assert [entry["data"]["available"] for entry in response.json()["info"]] == [0]

    def test_a_product_whose_record_is_gone_keeps_no_write_from_going_through(self, guest):
        gadget = make_gadget(Perth=0)
        StockRecord.objects.update(tracked=False)
        line = order_some(guest, gadget)
        StockRecord.objects.all().delete()

        response = guest.patch("/_cart/", {"email": "ann@example.com"})

        assert response.status_code == 200
        assert [reason["data"] for reason in reasons(guest)] == [{"item": line["url"], "asked": 1, "available": 0}]


def test_the_counters_of_one_location_are_its_own(guest):
    gadget = make_gadget(Perth=3, Hobart=2)

    assert [counters(record) for record in stock_of(gadget)] == [(3, 0), (2, 0)]
