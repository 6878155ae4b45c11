"""The example shop's URLs, and the pages of the how-to guides."""

from django.urls import include, path
from recipes import operations, views

from config.urls import urlpatterns

urlpatterns = [
    path("_cart/stripe/", include("lorikeet.extensions.stripe.urls")),
    *urlpatterns,
    path("badge/", views.cart_badge),
    path("health/", operations.payments_health),
]
