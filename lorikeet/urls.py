"""The URLs of the API: ``path("_cart/", include("lorikeet.urls"))``."""

from __future__ import annotations

from django.urls import path

from . import api_views

app_name = "lorikeet"

# Any text is taken as a primary key and looked up: a wrong one is answered 404 in JSON, like another shopper's.
urlpatterns = [
    path("", api_views.CartView.as_view(), name="cart"),
    path("new/", api_views.AddToCartView.as_view(), name="add-to-cart"),
    path("new-adjustment/", api_views.NewAdjustmentView.as_view(), name="new-adjustment"),
    path("new-address/", api_views.NewAddressView.as_view(), name="new-address"),
    path("new-payment-method/", api_views.NewPaymentMethodView.as_view(), name="new-payment-method"),
    path("checkout/", api_views.CheckoutView.as_view(), name="checkout"),
    path("checkout/<str:id>/", api_views.CheckoutStatusView.as_view(), name="checkout-status"),
    path("checkout/<str:id>/confirm/", api_views.CheckoutConfirmView.as_view(), name="checkout-confirm"),
    path("checkout/<str:id>/cancel/", api_views.CheckoutCancelView.as_view(), name="checkout-cancel"),
    path("webhook/<str:type>/", api_views.WebhookView.as_view(), name="webhook"),
    path("adjustment/<str:id>/", api_views.AdjustmentView.as_view(), name="adjustment"),
    path("address/<str:id>/", api_views.AddressView.as_view(), name="address"),
    path("payment-method/<str:id>/", api_views.PaymentMethodView.as_view(), name="payment-method"),
    path("<str:id>/", api_views.CartItemView.as_view(), name="cart-item"),
]
