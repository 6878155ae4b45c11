"""The URLs: ``path("_cart/stripe/", include("lorikeet.extensions.stripe.urls"))``, before the cart's own."""

from __future__ import annotations

from django.urls import path

from .api_views import SetupView

app_name = "lorikeet_stripe"

urlpatterns = [path("setup/", SetupView.as_view(), name="setup")]
