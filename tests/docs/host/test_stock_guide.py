"""What the guide to stock shows."""

from recipes import stock
from recorder import Recorder
from stock_tours import get_ready_for, glasses
from tours import CHECKOUT

from lorikeet.models import Order


def test_the_last_one_is_sold_once(shopper):
    glass = stock.add_glass("Tumbler", "8.00", 1)
    other = Recorder()
    for one in (shopper, other):
        get_ready_for(one, glasses(glass, 1))

    answers = [one.send(None, "POST", CHECKOUT) for one in (shopper, other)]

    assert [answer.status_code for answer in answers] == [200, 409]
    [reason] = answers[1].json()["info"]
    assert (reason["code"], reason["data"]["available"]) == ("out_of_stock", 0)
    glass.stock.refresh_from_db()
    assert (glass.stock.on_hand, glass.stock.held, Order.objects.count()) == (0, 0, 1)
