"""Every address of the example shop."""

from django.contrib import admin
from django.contrib.auth import views as auth_views
from django.urls import include, path, re_path

from lorikeet.generic_views import OrderDetailView, OrderListView
from shop import views

SIZE = "(?P<size>thumb|medium|large)"

urlpatterns = [
    path("", views.WineListView.as_view(), name="wine-list"),
    path("wines/<slug:sku>/", views.WineDetailView.as_view(), name="wine"),
    path("stock/", views.stock, name="stock"),
    re_path(rf"^pictures/wines/(?P<sku>[-\w]+)/{SIZE}\.svg$", views.wine_picture, name="wine-picture"),
    re_path(rf"^pictures/merchants/(?P<slug>[-\w]+)/{SIZE}\.svg$", views.merchant_picture, name="merchant-picture"),
    path("orders/", OrderListView.as_view(template_name="shop/order_list.html"), name="order-list"),
    path("orders/<int:id>/", OrderDetailView.as_view(template_name="shop/order.html"), name="order"),
    path("accounts/login/", auth_views.LoginView.as_view(), name="login"),
    path("accounts/logout/", auth_views.LogoutView.as_view(), name="logout"),
    path("accounts/signup/", views.SignUpView.as_view(), name="signup"),
    path("_cart/stripe/", include("lorikeet.extensions.stripe.urls")),
    path("_cart/", include("lorikeet.urls")),
    path("admin/", admin.site.urls),
]
