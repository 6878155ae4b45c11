"""What the test shop sells: one product with an integer key, one with a UUID, one with a slug."""

import uuid

from django.db import models


class Wine(models.Model):
    """The ordinary product. ``hidden`` ones exist for the shop but not for its customers."""

    name = models.CharField(max_length=80)
    unit_price = models.DecimalField(max_digits=19, decimal_places=4)
    hidden = models.BooleanField(default=False)

    def __str__(self):
        return self.name


class Book(models.Model):
    """Keyed by a UUID, like most products made by another system."""

    code = models.UUIDField(primary_key=True, default=uuid.uuid4)
    title = models.CharField(max_length=80)
    price = models.DecimalField(max_digits=12, decimal_places=4)

    def __str__(self):
        return self.title


class Wrapping(models.Model):
    """An extra that a line may have or not."""

    name = models.CharField(max_length=40)
    price = models.DecimalField(max_digits=12, decimal_places=4)

    def __str__(self):
        return self.name


class Course(models.Model):
    """Keyed by a slug, with a fee and no quantity."""

    slug = models.SlugField(primary_key=True)
    title = models.CharField(max_length=80)
    fee = models.DecimalField(max_digits=12, decimal_places=4)

    def __str__(self):
        return self.title


class Tutor(models.Model):
    """A teacher of a course."""

    name = models.CharField(max_length=40)

    def __str__(self):
        return self.name


class Coupon(models.Model):
    """A code that takes ``amount`` off."""

    code = models.CharField(max_length=20, unique=True)
    amount = models.DecimalField(max_digits=12, decimal_places=4)

    def __str__(self):
        return self.code


class Locker(models.Model):
    """A parcel locker, named by the carrier."""

    name = models.SlugField(primary_key=True)

    def __str__(self):
        return self.name


class BankEntry(models.Model):
    """The pretend bank's own book. It shares no key with Lorikeet's tables, as a real bank does not."""

    order = models.BigIntegerField()
    amount = models.DecimalField(max_digits=19, decimal_places=4)


class HookCall(models.Model):
    """One call of a hook of ``MoodyLine``, in the order made."""

    name = models.CharField(max_length=40)
    line = models.BigIntegerField()


class Balance(models.Model):
    """Store credit, in dollars, which several carts may try to spend at once."""

    left = models.DecimalField(max_digits=12, decimal_places=4)
