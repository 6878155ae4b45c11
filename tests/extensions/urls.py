"""The URLs of the test host with the extensions'."""

from django.urls import include, path

from tests.urls import urlpatterns

urlpatterns = [path("_cart/stripe/", include("lorikeet.extensions.stripe.urls")), *urlpatterns]
