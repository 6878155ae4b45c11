from django.core.validators import MinValueValidator
from django.db import models

from lorikeet.models import LineItem


class Book(models.Model):
    title = models.CharField(max_length=200)
    price = models.DecimalField(max_digits=7, decimal_places=2)


class BookLineItem(LineItem):
    cart_prefetch = ("book",)  # loaded with the cart, however many lines there are

    book = models.ForeignKey(Book, on_delete=models.PROTECT)
    quantity = models.PositiveSmallIntegerField(default=1, validators=[MinValueValidator(1)])

    def get_total(self):
        return self.book.price * self.quantity
