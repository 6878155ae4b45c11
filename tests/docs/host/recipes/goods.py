"""What the guide to stock sells: products that name their stock in every way there is."""

from bookshop.models import Book
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models

from lorikeet.extensions.stock.models import Policy, StockRecord
from lorikeet.models import LineItem


class Glass(models.Model):
    """A product with a key to its stock."""

    name = models.CharField(max_length=100)
    price = models.DecimalField(max_digits=7, decimal_places=2)
    stock = models.OneToOneField(StockRecord, on_delete=models.PROTECT)

    def __str__(self):
        return self.name


class CountedLineItem(LineItem):
    """Some of one product, which each subclass names."""

    combine_on = ("product",)

    quantity = models.PositiveSmallIntegerField(default=1, validators=[MinValueValidator(1), MaxValueValidator(999)])

    class Meta:
        abstract = True

    def __str__(self):
        return f"{self.quantity} × {self.product}"

    def get_total(self):
        return self.product.price * self.quantity

    def combine_with(self, other):
        self.quantity += other.quantity
        return True


class GlassLineItem(CountedLineItem):
    """Glasses, which are held when the order is made."""

    cart_prefetch = ("product__stock",)

    product = models.ForeignKey(Glass, on_delete=models.PROTECT)

    def get_stock(self):
        return [(self.product.stock, self.quantity)]


class PrintedBookLineItem(CountedLineItem):
    """Books, whose model knows nothing of stock: the stock names them."""

    cart_prefetch = ("product",)

    product = models.ForeignKey(Book, on_delete=models.PROTECT)

    def __str__(self):
        return f"{self.quantity} × {self.product.title}"

    def get_stock(self):
        return [(self.product, self.quantity)]


class BinEnd(models.Model):
    """The last bottles of a wine, on the shelf and in the cellar."""

    name = models.CharField(max_length=100)
    price = models.DecimalField(max_digits=7, decimal_places=2)
    shelf = models.OneToOneField(StockRecord, on_delete=models.PROTECT, related_name="+")
    cellar = models.OneToOneField(StockRecord, on_delete=models.PROTECT, related_name="+")

    def __str__(self):
        return self.name


class BinEndLineItem(CountedLineItem):
    """Bottles from the shelf or, when it is empty, from the cellar: no more than are left."""

    stock_policy = Policy.ON_ADD
    cart_prefetch = ("product__shelf", "product__cellar")

    product = models.ForeignKey(BinEnd, on_delete=models.PROTECT)

    def get_stock(self):
        return [([self.product.shelf, self.product.cellar], self.quantity)]

    def fit_stock(self, available, asked):
        self.quantity = available
        return True


class Tasting(models.Model):
    """An evening with a limited number of seats."""

    name = models.CharField(max_length=100)
    price = models.DecimalField(max_digits=7, decimal_places=2)
    seats = models.OneToOneField(StockRecord, on_delete=models.PROTECT)

    def __str__(self):
        return self.name


class SeatLineItem(CountedLineItem):
    """Seats, which are held while they are in the cart."""

    stock_policy = Policy.ON_ADD
    cart_prefetch = ("product__seats",)

    product = models.ForeignKey(Tasting, on_delete=models.PROTECT)

    def get_stock(self):
        return [(self.product.seats, self.quantity)]


class GiftSetLineItem(CountedLineItem):
    """A book with two glasses in a box: both are needed."""

    cart_prefetch = ("product__stock", "book")
    combine_on = ("product", "book")

    product = models.ForeignKey(Glass, on_delete=models.PROTECT)
    book = models.ForeignKey(Book, on_delete=models.PROTECT)

    def get_total(self):
        return (2 * self.product.price + self.book.price) * self.quantity

    def get_stock(self):
        return [(self.product.stock, 2 * self.quantity), (self.book, self.quantity)]
