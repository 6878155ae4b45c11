"""What Lorikeet is measured against: the same three requests as plain Django views for one shop.

They answer with the same JSON from the fewest statements that keep the same promises: a write holds the cart's lock,
and a checkout makes one order, charges it once and survives a crash after each of its three commits. They are for one
kind of line, address and payment method, and only the paths that are measured are written: no refusal by the bank, no
recovery, no throttling, no limits, no adjustments or charges, no ETag.
"""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import F
from django.http import Http404, HttpRequest, JsonResponse
from django.middleware.csrf import get_token
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.timezone import now
from django.views.decorators.http import require_GET, require_POST

from benchmarks.shop.models import Wine

from .models import Attempt, Cart, Line, Order, Payment
from .representations import find_reasons, represent_cart, represent_line

SESSION_KEY = "floor_cart"
MOST_BOTTLES = 1000


def owner(request: HttpRequest) -> dict[str, Any]:
    """Return the lookup that finds the shopper's cart."""
    if request.user.is_authenticated:
        return {"user": request.user}
    return {"user": None, "key": request.session.get(SESSION_KEY)}


def lock(request: HttpRequest) -> None:
    """Lock the shopper's cart on any database, and note that it is in use."""
    if not Cart.objects.filter(**owner(request)).update(seq=F("seq") + 1, updated_at=now()):
        raise Http404


@require_GET
def show_cart(request: HttpRequest) -> JsonResponse:
    get_token(request)
    cart = get_object_or_404(Cart.objects.select_related("address", "account", "pending_order"), **owner(request))
    return JsonResponse(represent_cart(cart, list(cart.lines.select_related("product"))))


@require_POST
def add_line(request: HttpRequest) -> JsonResponse:
    try:
        data = json.loads(request.body)["data"]
        product = Wine.objects.get(pk=data["product"])
        quantity = int(data["quantity"])
    except (KeyError, TypeError, ValueError, Wine.DoesNotExist):
        return JsonResponse({"product": ["Say which wine, and how much of it."]}, status=400)
    with transaction.atomic():
        lock(request)
        cart = Cart.objects.get(**owner(request))
        line = Line.objects.filter(cart=cart, product=product).first()
        status = 200 if line else 201
        line = line or Line(cart=cart, product=product, quantity=0)
        line.quantity += quantity
        if not 1 <= line.quantity <= MOST_BOTTLES:
            return JsonResponse({"quantity": [f"Ask for 1 to {MOST_BOTTLES} bottles."]}, status=400)
        line.save()
    line.product = product
    return JsonResponse(represent_line(line, product.unit_price * line.quantity, reverse("floor:cart")), status=status)


@require_POST
@transaction.non_atomic_requests
def check_out(request: HttpRequest) -> JsonResponse:
    with transaction.atomic(durable=True):
        lock(request)
        cart = Cart.objects.select_related("address", "account", "pending_order").get(**owner(request))
        if pending := getattr(cart, "pending_order", None):
            return JsonResponse({"reason": "pending", "id": pending.pk}, status=202)
        lines = list(cart.lines.select_related("product"))
        if reasons := find_reasons(cart, lines):
            return JsonResponse({"reason": "incomplete", "info": reasons}, status=422)
        attempt = make_order(cart, lines)
    Payment.objects.create(attempt=attempt, account=cart.account, amount=attempt.amount)
    with transaction.atomic(durable=True):
        place_order(attempt)
    url = reverse("order", kwargs={"id": attempt.order_id})
    return JsonResponse({"id": attempt.order_id, "url": url}, headers={"Location": url})


def make_order(cart: Cart, lines: list[Line]) -> Attempt:
    """Make the pending order, move the lines onto it with what each costs now, and note that it is to be charged."""
    for line in lines:
        line.total_when_charged = line.product.unit_price * line.quantity
    order = Order.objects.create(
        cart=cart,
        slot=cart,
        user_id=cart.user_id,
        email=cart.email,
        address=cart.address,
        account=cart.account,
        currency=cart.currency,
        total=sum((line.total_when_charged for line in lines), Decimal(0)),
    )
    for line in lines:
        line.cart, line.order = None, order
    # the rows are there: this is the one statement in which the ORM gives each row a value of its own
    Line.objects.bulk_create(
        lines,
        update_conflicts=True,
        unique_fields=["id"],
        update_fields=["cart", "order", "total_when_charged"],
    )
    return Attempt.objects.create(order=order, open_for=order, amount=order.total)


def place_order(attempt: Attempt) -> None:
    """Record that the charge was paid, unless another process was first, and place its order."""
    open_attempt = Attempt.objects.filter(pk=attempt.pk, state=Attempt.State.CALLING)
    if open_attempt.update(state=Attempt.State.PAID, open_for=None):
        pending = Order.objects.filter(pk=attempt.order_id, state=Order.State.PENDING)
        pending.update(state=Order.State.PLACED, slot=None, purchased_on=now())


def not_written(request: HttpRequest) -> JsonResponse:
    raise Http404
