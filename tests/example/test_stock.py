"""Stock in the shop: who gets the last bottle, what is kept in a cart, and what staff and shoppers see of it."""

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import call_command
from django.utils.timezone import now

from lorikeet.extensions.stock.models import Hold, Movement, StockRecord
from lorikeet.extensions.stock.movements import adjust
from lorikeet.models import Order
from shop.models import Wine

from .conftest import Shopper, recover

pytestmark = pytest.mark.django_db(transaction=True)

RARE = "QH-SHIR-06"


def wine(sku="QH-RIES-23"):
    return Wine.objects.listed().get(sku=sku)


def leave(count, sku="QH-RIES-23"):
    """Take bottles away until ``count`` are left, and return the wine."""
    record = wine(sku).stock
    adjust(record, count - record.available, "A stocktake.")
    return wine(sku)


def counts(sku="QH-RIES-23"):
    record = wine(sku).stock
    return record.on_hand, record.held


def lines(cart):
    return [(item["url"], item["data"]["quantity"], item["total"]) for item in cart["items"]]


def shortages(cart):
    return [reason for reason in cart["incomplete_reasons"] if reason["code"] == "out_of_stock"]


def let_time_pass():
    """Let the holds of all carts expire."""
    Hold.objects.filter(state="held", order=None).update(expires_at=now() - timedelta(seconds=1))


@pytest.fixture
def other(shopper):
    """Another shopper, in another browser."""
    return Shopper()


@pytest.mark.usefixtures("books_agree")
class TestLastBottle:
    def test_one_gets_it_and_the_other_is_told_what_is_left(self, shopper, other, providers):
        leave(1)
        shopper.get_ready(wine())
        other.get_ready(wine())
        before = other.cart()

        assert shopper.check_out().status_code == 200
        answer = other.check_out()

        (line,) = before["items"]
        assert answer.status_code == 409
        assert answer.json() == {
            "reason": "conflict",
            "info": [
                {
                    "code": "out_of_stock",
                    "field": "items",
                    "message": "1 × Riesling 2023: none is left.",
                    "data": {"item": line["url"], "asked": 1, "available": 0},
                }
            ],
        }
        assert lines(other.cart()) == lines(before)
        assert [payment["state"] for payment in providers.cards.list_since()] == ["paid"]
        assert counts() == (0, 0)

    def test_order_that_waits_for_the_bank_has_it(self, shopper, other):
        leave(1)
        shopper.get_ready(wine(), "tok_three_d_secure")
        other.get_ready(wine())

        assert shopper.check_out().status_code == 202

        assert counts() == (1, 1)
        assert other.check_out().status_code == 409
        assert shortages(other.cart())[0]["data"]["available"] == 0

    def test_declined_payment_gives_it_to_the_other(self, shopper, other, providers):
        leave(1)
        shopper.get_ready(wine(), "tok_three_d_secure")
        other.get_ready(wine())
        answer = shopper.check_out()
        assert other.check_out().status_code == 409

        providers.decide(answer.json()["info"]["url"], "decline")
        assert shopper.confirm(answer).status_code == 422

        assert other.check_out().status_code == 200
        assert shortages(shopper.cart())[0]["message"] == "1 × Riesling 2023: none is left."
        assert [order.state for order in Order.objects.order_by("id")] == ["cancelled", "placed"]
        assert counts() == (0, 0)

    def test_unpaid_order_gives_it_back_in_the_end(self, shopper, other):
        leave(1)
        shopper.get_ready(wine(), None)
        other.get_ready(wine())
        assert shopper.check_out().status_code == 202
        Order.objects.update(expires_at=now() - timedelta(seconds=1))

        recover()

        assert counts() == (1, 0)
        assert other.check_out().status_code == 200

    def test_cart_says_that_there_are_fewer_than_it_asks_for(self, shopper):
        shopper.add(wine("TM-ROSE-24"), 4)

        cart = shopper.cart()

        assert shortages(cart) == [
            {
                "code": "out_of_stock",
                "field": "items",
                "message": "4 × Rosé of Grenache 2024: only 3 are left.",
                "data": {"item": cart["items"][0]["url"], "asked": 4, "available": 3},
            }
        ]


@pytest.mark.usefixtures("books_agree")
class TestWineThatIsKept:
    def test_cart_keeps_it_and_says_until_when(self, shopper, settings):
        before = now().timestamp()

        assert shopper.add(wine(RARE)).status_code == 201

        cart = shopper.cart()
        assert before <= cart["expires_at"] - settings.LORIKEET_STOCK_CART_SECONDS <= now().timestamp()
        assert cart["items"][0]["data"]["wine"]["is_kept_in_cart"] is True
        assert counts(RARE) == (4, 1)

    def test_other_wine_is_not_kept(self, shopper):
        shopper.add(wine())

        assert shopper.cart()["expires_at"] is None
        assert counts() == (48, 0)

    def test_others_cannot_take_it(self, shopper, other):
        shopper.add(wine(RARE), 3)

        answer = other.add(wine(RARE), 2)

        assert answer.status_code == 409
        (reason,) = answer.json()["info"]
        assert reason["message"] == "2 × Museum Release Shiraz 2006: only 1 is left."
        assert reason["data"] == {"item": None, "asked": 2, "available": 1}
        assert other.cart()["items"] == []
        assert counts(RARE) == (4, 3)

    def test_more_than_there_are_is_refused_and_changes_nothing(self, shopper):
        shopper.add(wine(RARE), 2)
        before = shopper.cart()

        answer = shopper.send("PATCH", before["items"][0]["url"], {"data": {"quantity": 5}})

        assert answer.status_code == 409
        assert lines(shopper.cart()) == lines(before)
        assert counts(RARE) == (4, 2)

    def test_one_that_is_taken_out_of_the_cart_is_there_for_others(self, shopper, other):
        shopper.add(wine(RARE), 4)

        shopper.send("DELETE", shopper.cart()["items"][0]["url"])

        assert counts(RARE) == (4, 0)
        assert other.add(wine(RARE), 4).status_code == 201

    def test_when_the_time_is_over_others_can_take_it(self, shopper, other):
        leave(1, RARE)
        shopper.add(wine(RARE))
        let_time_pass()

        assert other.add(wine(RARE)).status_code == 201

        cart = shopper.cart()
        assert shortages(cart)[0]["data"] == {"item": cart["items"][0]["url"], "asked": 1, "available": 0}
        assert cart["expires_at"] is None
        assert counts(RARE) == (1, 1)

    def test_it_is_kept_again_when_no_other_shopper_took_it(self, shopper):
        shopper.add(wine(RARE))
        let_time_pass()
        recover()
        assert counts(RARE) == (4, 0)

        (line,) = shopper.cart()["items"]
        shopper.send("PATCH", line["url"], {"data": {"quantity": 1}})

        assert shopper.cart()["expires_at"] > now().timestamp()
        assert counts(RARE) == (4, 1)

    def test_it_is_sold(self, shopper):
        shopper.get_ready(wine(RARE))

        assert shopper.check_out().status_code == 200

        assert counts(RARE) == (3, 0)
        assert Movement.objects.filter(kind="sale").get().quantity == -1


class TestCatalogue:
    def test_every_rule_holds_when_it_is_loaded(self, catalogue):
        said = StringIO()

        call_command("lorikeet_check", stdout=said)

        assert said.getvalue() == "Every rule holds.\n"
        assert {each.sku: each.stock_count for each in Wine.objects.listed()}["LP-MOSC-24"] == 72

    @pytest.mark.usefixtures("books_agree")
    def test_loading_it_again_restores_what_was_sold(self, shopper):
        shopper.get_ready(wine())
        shopper.check_out()
        assert counts() == (47, 0)

        call_command("load_catalogue", verbosity=0)

        assert counts() == (48, 0)
        assert StockRecord.objects.count() == Wine.objects.count()

    @pytest.mark.usefixtures("books_agree")
    def test_loading_it_again_leaves_what_is_held(self, shopper):
        adjust(wine(RARE).stock, 3, "A delivery.")
        shopper.add(wine(RARE), 6)

        call_command("load_catalogue", verbosity=0)

        assert counts(RARE) == (6, 6)


class TestPages:
    def test_cart_costs_the_same_queries_however_many_wines_are_in_it(self, shopper, django_assert_num_queries):
        for sku in ("QH-RIES-23", "LP-MOSC-24", "OS-PINO-22"):
            shopper.add(wine(sku))

        with django_assert_num_queries(3):  # the session, the cart, and the lines with their wines, growers and stock
            cart = shopper.cart()

        assert [item["data"]["wine"]["stock_count"] for item in cart["items"]] == [48, 72, 18]

    def test_few_bottles_are_mentioned(self, shopper):
        leave(6)

        page = shopper.client.get("/wines/QH-RIES-23/").content.decode()

        assert "Only 6 left" in page

    def test_many_bottles_are_not_mentioned(self, shopper):
        leave(7)

        page = shopper.client.get("/wines/QH-RIES-23/").content.decode()

        assert "Only" not in page

    def test_wine_without_a_bottle_is_sold_out(self, shopper):
        page = shopper.client.get("/wines/OS-PGRI-23/").content.decode()

        assert 'aria-disabled="true"><span data-label>Sold out</span>' in page

    def test_untracked_wine_is_always_there(self, shopper):
        StockRecord.objects.filter(wine__sku="OS-PGRI-23").update(tracked=False)
        page = shopper.client.get("/wines/OS-PGRI-23/").content.decode()

        assert "Add to cart" in page
        assert "Plenty" in page
        assert wine("OS-PGRI-23").in_stock
        assert wine("OS-PGRI-23").stock_count is None

    def test_open_page_is_told_what_is_left(self, shopper):
        shopper.add(wine(RARE), 2)

        answer = shopper.client.get("/stock/")

        assert "no-store" in answer["Cache-Control"]
        told = answer.json()
        assert len(told) == 13
        assert told[str(wine(RARE).pk)] == {"left": 2, "scarcity": "Only 2 left"}
        assert told[str(wine().pk)] == {"left": 48, "scarcity": ""}
        assert told[str(wine("OS-PGRI-23").pk)] == {"left": 0, "scarcity": ""}


class TestAdmin:
    def test_wine_leads_to_its_stock(self, catalogue, admin_client):
        record = wine().stock

        for page in ("", f"{wine().pk}/change/"):
            content = admin_client.get(f"/admin/shop/wine/{page}").content.decode()
            assert f'<a href="/admin/lorikeet_stock/stockrecord/{record.pk}/change/">48</a>' in content

    def test_new_wine_gets_a_record_without_a_bottle(self, catalogue, admin_client):
        form = {
            "merchant": wine().merchant_id,
            "sku": "QH-GEWU-24",
            "name": "Gewürztraminer",
            "vintage": "2024",
            "style": "white",
            "bottle": "hock",
            "summary": "Lychee.",
            "description": "Lychee and rose petals.",
            "options": '{"Bottle": "750 mL"}',
            "unit_price": "28.00",
            "is_listed": "on",
        }
        assert admin_client.get("/admin/shop/wine/add/").status_code == 200

        assert admin_client.post("/admin/shop/wine/add/", form).status_code == 302

        record = wine("QH-GEWU-24").stock
        assert (str(record), record.available) == ("Quandong Hill Gewürztraminer 2024", 0)

    def test_delivery_is_entered_at_the_record(self, catalogue, admin_client):
        record = wine("OS-PGRI-23").stock
        form = {"action": "adjust", "_selected_action": record.pk, "quantity": "12", "reason": "Spring release"}

        admin_client.post("/admin/lorikeet_stock/stockrecord/", form)

        assert wine("OS-PGRI-23").stock_count == 12
        assert Movement.objects.get(stock=record).reason == "Spring release"
