"""``manage.py load_catalogue``: fills the shop with wine."""

from django.core.management.base import BaseCommand
from django.db import transaction

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
            values = {**wine, "merchant": merchants[wine["merchant"]]}
            Wine.objects.update_or_create(sku=wine["sku"], defaults=values)
        if verbosity:
            self.stdout.write(f"The catalogue holds {len(WINES)} wines of {len(MERCHANTS)} merchants.")
