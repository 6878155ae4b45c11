from django.urls import path

from . import views

app_name = "floor"

urlpatterns = [
    path("", views.show_cart, name="cart"),
    path("new/", views.add_line, name="add-to-cart"),
    path("checkout/", views.check_out, name="checkout"),
    # what a cart links to and no benchmark measures
    path("new-adjustment/", views.not_written, name="new-adjustment"),
    path("new-address/", views.not_written, name="new-address"),
    path("new-payment-method/", views.not_written, name="new-payment-method"),
]
