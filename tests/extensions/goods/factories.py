"""Stock and products for tests; what is on hand is delivered, so that the log says where it came from."""

from itertools import count

from lorikeet.extensions.stock.models import StockRecord
from lorikeet.extensions.stock.movements import adjust

from .models import Bottle, Gadget

numbers = count(1)


def make_stock(on_hand=10, **fields):
    """Return a record with so many on hand."""
    record = StockRecord.objects.create(**fields)
    if on_hand:
        adjust(record, on_hand, "Delivered.")
        record.refresh_from_db()
    return record


def make_bottle(on_hand=10, name=None, price="10", **stock):
    name = name or f"Bottle {next(numbers)}"
    return Bottle.objects.create(name=name, price=price, stock=make_stock(on_hand, name=name, **stock))


def make_gadget(**locations):
    """Return a gadget with stock: ``make_gadget(Perth=3, Hobart=2)`` is taken from Perth first."""
    gadget = Gadget.objects.create(name=f"Gadget {next(numbers)}")
    for position, (location, on_hand) in enumerate(locations.items()):
        make_stock(on_hand, product=gadget, location=location, position=position)
    return gadget
