"""``manage.py load_catalogue``: fills the shop with wine."""

from django.core.management.base import BaseCommand
from django.db import transaction

from lorikeet.extensions.stock.models import StockRecord
from lorikeet.extensions.stock.movements import adjust
from shop.catalogue import MERCHANTS, WINES
from shop.models import Merchant, Wine


class Command(BaseCommand):
    help = "Loads the example catalogue. Running it again restores its texts, prices and stock, and adds nothing twice."

    @transaction.atomic
    def handle(self, verbosity, **options):
        merchants = {}
        for merchant in MERCHANTS:
            merchants[merchant["slug"]], _ = Merchant.objects.update_or_create(slug=merchant["slug"], defaults=merchant)
        for wine in WINES:
            load_wine({**wine, "merchant": merchants[wine["merchant"]]})
        if verbosity:
            self.stdout.write(f"The catalogue holds {len(WINES)} wines of {len(MERCHANTS)} merchants.")


def load_wine(values):
    """Load one wine, and add or take away bottles until its stock is ``stock_count``."""
    count = values.pop("stock_count")
    record = StockRecord.objects.filter(wine__sku=values["sku"]).first() or StockRecord.objects.create()
    wine, _ = Wine.objects.update_or_create(sku=values["sku"], defaults={**values, "stock": record})
    StockRecord.objects.filter(pk=record.pk).update(name=f"{wine.merchant} {wine}")
    # Bottles that an order or a cart holds stay.
    if change := max(count, record.held) - record.on_hand:
        adjust(record, change, "The catalogue was loaded.")
