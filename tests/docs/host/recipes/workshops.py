"""A workshop that engraves, and has so many minutes for it: what takes part in every cart and every order."""

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
    """A few words on what is bought."""

    minutes_of_work = 5

    text = models.CharField(max_length=30)

    def get_total(self):
        return 12


class WorkshopHooks(Hooks):
    """Sees to it that no more is sold than the workshop can do, whichever line items have work in them."""

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
    """Return how many minutes what is in a cart takes."""
    return sum(getattr(line, "minutes_of_work", 0) for line in contents.lines)


def no_time(minutes):
    return ConflictError("no_time", "Our workshop is busy.", "items", {"minutes": minutes})


def rules():
    """Return what must be true of work, with the rows for which it is not."""
    yield "Nobody works for an order that is cancelled.", Work.objects.filter(order__state="cancelled")
