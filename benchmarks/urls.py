from django.http import HttpRequest, HttpResponse
from django.urls import include, path


def order(request: HttpRequest, id: int) -> HttpResponse:
    """The page of an order. No benchmark requests it; both sides answer a checkout with its URL."""
    return HttpResponse(status=204)


urlpatterns = [
    path("_cart/", include("lorikeet.urls")),
    path("floor/", include("benchmarks.floor.urls")),
    path("orders/<int:id>/", order, name="order"),
]
