"""The world of ``tests.faults`` with stock: the last bottle and the last seat, and who has them."""

from collections import Counter
from dataclasses import replace
from os import getpid

from django.db import connection

from lorikeet.extensions.stock.movements import adjust
from lorikeet.models import Cart
from tests.faults.databases import pass_time
from tests.faults.invariants import Checker, OpenShop
from tests.faults.scenarios import SCENARIOS, Scenario, World
from tests.testapp import factories
from tests.testapp.clients import STREET, Browser
from tests.testapp.models import StreetAddress, WineLine

from ..goods.factories import make_bottle
from ..goods.models import BottleLine, SeatLine
from .shopping import broken, try_to_add

__all__ = ["BUSY", "HOLDS", "RECORDS", "STOCK", "StockWorld"]

#: The tables of the counters and of the holds.
RECORDS, HOLDS = "lorikeet_stock_stockrecord", "lorikeet_stock_hold"
#: The lines of this shop, with the columns of a line of wine.
LINES = (
    "(SELECT lineitem_ptr_id, bottle_id, quantity, 0 AS seat FROM goods_bottleline UNION ALL"
    " SELECT lineitem_ptr_id, bottle_id, quantity, 1 AS seat FROM goods_seatline)"
)
#: What each line needs, for which cart or order.
NEEDED = (
    "SELECT line.cart_id, line.order_id, buyer.state, bottle.stock_id, own.quantity, own.seat"
    " FROM testapp_wineline own JOIN goods_bottle bottle ON bottle.id = own.bottle_id"
    " JOIN lorikeet_lineitem line ON line.id = own.lineitem_ptr_id"
    " LEFT JOIN lorikeet_order buyer ON buyer.id = line.order_id"
)

#: The scenarios of the core that there are with stock too, and those that there are only with stock.
STOCK = {
    f"stock {scenario.name}": replace(scenario, name=f"stock {scenario.name}")
    for scenario in (
        *(
            SCENARIOS[name]
            for name in (
                "exact",
                "exact guest",
                "declined",
                "3-D Secure",
                "3-D Secure left",
                "cancel",
                "cancel and paid",
                "expiry",
                "expiry and paid",
                "nothing to pay",
                "transfer",
                "transfer cancelled",
                "transfer expired",
                "login",
                "recovery of paid",
                "recovery of unpaid",
                "late money",
                "refund",
            )
        ),
        Scenario("added", steps=("add_seat", "checkout")),
        Scenario("lapsed", already=("expire",)),
        Scenario("lapsed and swept", already=("expire",), steps=("tick", "checkout")),
        Scenario("login with a seat", user=False, steps=("log_in", "checkout")),
    )
}
#: What cannot be judged like the others, since there is a third line.
BUSY = Scenario(
    "stock cancel beside a lapsed seat",
    already=("checkout", "add_another_seat", "dawdle"),
    steps=("cancel",),
    plan={"confirm": ["3ds"]},
)


class StockShop(OpenShop):
    """The shop's tables; a caller that asks for lines of wine gets the lines that have stock."""

    def rows(self, sql):
        return super().rows(sql.replace("testapp_wineline", LINES))


class StockWorld(World):
    """A shop with one bottle and one seat, both in the cart of the shopper; the seat is held for it from then on."""

    def __init__(self, controls, recorder):
        super().__init__(controls, recorder)
        self.shop = StockShop(connection.settings_dict)
        self.pid = getpid()
        self.noticed = []

    def prepare(self, scenario, plan=None):
        self.noticed = []
        super().prepare(scenario, plan)

    def _adjust(self, cart):
        WineLine.objects.all().delete()
        self.bottle, self.seat = make_bottle(1, price="20"), make_bottle(1, price="15")
        self.initial = {self.bottle.stock_id: 1, self.seat.stock_id: 1}
        BottleLine.objects.create(cart=cart, bottle=self.bottle)
        if "add_seat" not in self.scenario.steps:
            self.add_seat()
        super()._adjust(cart)

    def play(self, steps):
        """Do the steps, and look at the stock before them: in the test's own process, so after a fault in another."""
        if getpid() == self.pid:
            self.noticed += self.wrong()
        return super().play(steps)

    def found(self):
        """Return what was wrong with the stock at any moment at which it was looked at, and is now."""
        return list(dict.fromkeys([*self.noticed, *self.wrong(), *map(str, broken())]))

    def wrong(self):
        """Yield what is wrong with the stock, by SQL of our own."""
        yield from Checker(self.shop, {}, stock=(RECORDS, HOLDS, self.initial)).i5()
        needed, in_carts = Counter(), Counter()
        for row in self.shop.rows(NEEDED):
            if row["order_id"] and row["state"] != "cancelled":
                needed[row["order_id"], row["stock_id"]] += row["quantity"]
            elif row["seat"]:
                in_carts[row["cart_id"], row["stock_id"]] += row["quantity"]
        kept, held = Counter(), Counter()
        for hold in self.shop.rows(f"SELECT * FROM {HOLDS} WHERE state <> 'released'"):  # noqa: S608
            if hold["order_id"]:
                kept[hold["order_id"], hold["stock_id"]] += hold["quantity"]
            else:
                held[hold["cart_id"], hold["stock_id"]] += hold["quantity"]
        if kept != needed:
            yield f"orders need {dict(needed)}, and have {dict(kept)}"
        if held - in_carts:
            yield f"carts need {dict(in_carts)}, and hold {dict(held)}"

    # The shopper

    def add_seat(self):
        for _ in range(2):  # a client that is told to retry does
            connection.close_if_unusable_or_obsolete()
            if not SeatLine.objects.exists():
                self._note(try_to_add(self.browser, self.seat, line="SeatLine"))

    def add_another_seat(self):
        adjust(self.seat.stock, 1, "Delivered.")
        self.initial[self.seat.stock_id] += 1
        self._note(try_to_add(self.browser, self.seat, line="SeatLine"))

    def dawdle(self):
        """Let what carts hold lapse, and no order."""
        pass_time(minutes=20)

    # Another shopper

    def rival(self, line=BottleLine):
        """Let another shopper check out the last bottle, or the last seat, and return the status and the body."""
        user = factories.make_user()
        cart = Cart.objects.create(user=user, currency="AUD")
        cart.delivery_address = StreetAddress.objects.create(user=user, cart=cart, **STREET)
        cart.payment_method = self.make_method(user=user, cart=cart)
        cart.save()
        line.objects.create(cart=cart, bottle=self.bottle if line is BottleLine else self.seat)
        response = Browser(user).checkout()
        return response.status_code, response.json()
