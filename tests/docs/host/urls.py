"""The example shop's URLs, and the page of a how-to guide."""

from django.urls import path
from recipes import views

from config.urls import urlpatterns

urlpatterns = [*urlpatterns, path("badge/", views.cart_badge)]
