"""The example shop's URLs, and the pages of the how-to guides."""

from django.urls import path
from recipes import operations, views

from config.urls import urlpatterns

urlpatterns = [
    *urlpatterns,
    path("badge/", views.cart_badge),
    path("health/", operations.payments_health),
]
