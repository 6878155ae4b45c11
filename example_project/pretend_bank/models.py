"""The pretend bank's books."""

import uuid

from django.db import models


class Charge(models.Model):
    """Money taken from a card, in the bank's own words; it is written when the card is charged and never changed."""

    reference = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    card_token = models.CharField(max_length=40)
    amount = models.DecimalField(max_digits=19, decimal_places=4)
    currency = models.CharField(max_length=3)
    statement = models.CharField(max_length=100)
    charged_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-charged_at"]

    def __str__(self):
        return f"{self.statement}: {self.amount} {self.currency}"
