"""URLs of the test host: the cart, order pages, the admin, and an account to log in to."""

from django.contrib import admin
from django.contrib.auth.views import LoginView, LogoutView
from django.http import HttpResponse
from django.urls import include, path
from django.views.generic import TemplateView

from lorikeet.generic_views import OrderDetailView, OrderListView


def plain(request):
    """A page that has nothing to do with the cart."""
    return HttpResponse("Hello.")


urlpatterns = [
    path("_cart/", include("lorikeet.urls")),
    path("orders/", OrderListView.as_view(template_name="testapp/order_list.html"), name="order-list"),
    path("orders/<int:id>/", OrderDetailView.as_view(template_name="testapp/order_detail.html"), name="order-detail"),
    path("login/", LoginView.as_view(template_name="testapp/login.html"), name="login"),
    path("logout/", LogoutView.as_view(next_page="/plain/"), name="logout"),
    path("page/", TemplateView.as_view(template_name="testapp/page.html"), name="page"),
    path("plain/", plain, name="plain"),
    path("admin/", admin.site.urls),
]
