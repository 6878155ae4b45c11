"""Pages about orders. Subclass them with a ``template_name``; the templates are the host's."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.mixins import LoginRequiredMixin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import resolve_url
from django.views.generic import DetailView, ListView

from .models import Order
from .order_access import let_in, read_order_token, visible_orders

__all__ = ["OrderDetailView", "OrderListView"]


class OrderDetailView(DetailView):  # type: ignore[type-arg]
    """One order, for its user, for the browser that a guest ordered with, and for one that opened a valid link.

    A link's token is taken out of the address bar at once: the browser gets a cookie that opens this one order, and is
    sent on to the page without the token. Every other order, and one that does not exist, is 404.
    """

    model = Order
    context_object_name = "order"
    pk_url_kwarg = "id"

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        response = super().dispatch(request, *args, **kwargs)
        response["Referrer-Policy"] = "no-referrer"
        response["Cache-Control"] = "private, no-store"
        return response

    def get_queryset(self) -> QuerySet[Order]:
        orders: QuerySet[Order] = Order.objects.select_related("user").filter(visible_orders(self.request))
        return orders

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if token := request.GET.get("token"):
            order = Order.objects.filter(pk=self.kwargs[self.pk_url_kwarg]).first()
            if order is not None and read_order_token(token, order.uuid, order.guest_email):
                match = request.resolver_match
                assert match is not None  # a view was found, this one
                response = HttpResponseRedirect(resolve_url(match.view_name, *args, **kwargs))
                let_in(request, response, order)
                return response
        return super().get(request, *args, **kwargs)


class OrderListView(LoginRequiredMixin, ListView):  # type: ignore[type-arg]
    """The placed orders of the signed-in user, newest first."""

    model = Order
    context_object_name = "orders"
    paginate_by = 20

    def get_queryset(self) -> QuerySet[Order]:
        assert self.request.user.is_authenticated
        orders: QuerySet[Order] = Order.objects.placed().filter(user=self.request.user).order_by("-purchased_on", "-id")
        return orders
