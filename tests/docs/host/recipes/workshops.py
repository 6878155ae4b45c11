"""A workshop with limited minutes for engraving, which takes part in every cart and every order."""

from django.db import models
from django.db.models import F

from lorikeet.exceptions import ConflictError
from lorikeet.hooks import Hooks
from lorikeet.models import LineItem, Order


class Workshop(models.Model):
    """How many minutes are left."""

    minutes_left = models.PositiveIntegerField()


class Work(models.Model):
    """The minutes that an order has taken."""

    workshop = models.ForeignKey(Workshop, on_delete=models.PROTECT)
    order = models.OneToOneField(Order, on_delete=models.PROTECT)
    minutes = models.PositiveIntegerField()


class EngravingLineItem(LineItem):
    """A few words, engraved on what is bought."""

    minutes_of_work = 5

    text = models.CharField(max_length=30)

    def get_total(self):
        return 12


class WorkshopHooks(Hooks):
    """Sells no more minutes of work than the workshop has, in any type of line item."""

    def check(self, contents, for_checkout):
        minutes = minutes_of(contents)
        if minutes and not for_checkout and not Workshop.objects.filter(minutes_left__gte=minutes).exists():
            yield no_time(minutes)

    def prepare_for_checkout(self, order, contents):
        minutes = minutes_of(contents)
        if not minutes:
            return
        for workshop in Workshop.objects.filter(minutes_left__gte=minutes).order_by("pk"):
            enough = Workshop.objects.filter(pk=workshop.pk, minutes_left__gte=minutes)
            if enough.update(minutes_left=F("minutes_left") - minutes):
                Work.objects.create(workshop=workshop, order=order, minutes=minutes)
                return
        raise no_time(minutes)

    def undo_checkout(self, order):
        for work in Work.objects.filter(order=order):
            Workshop.objects.filter(pk=work.workshop_id).update(minutes_left=F("minutes_left") + work.minutes)
            work.delete()


def minutes_of(contents):
    """Return how many minutes of work are in a cart."""
    return sum(getattr(line, "minutes_of_work", 0) for line in contents.lines)


def no_time(minutes):
    return ConflictError("no_time", "Our workshop is busy.", "items", {"minutes": minutes})


def rules():
    """Return each rule for work, with the rows that break it."""
    yield "A cancelled order takes no minutes.", Work.objects.filter(order__state="cancelled")
