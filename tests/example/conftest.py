"""The example shop, filled with its catalogue, and a shopper in it."""

import json

import pytest
from django.core.management import call_command
from django.test import Client


class Shopper:
    """A browser without JavaScript: keeps cookies, and sends JSON with the CSRF token that it was given."""

    def __init__(self):
        self.client = Client(enforce_csrf_checks=True)

    def send(self, method, url, data=None, **headers):
        if "csrftoken" not in self.client.cookies:
            self.cart()
        headers["X-CSRFToken"] = self.client.cookies["csrftoken"].value
        body = "" if data is None else json.dumps(data)
        return self.client.generic(method, url, body, content_type="application/json", headers=headers)

    def cart(self):
        return self.client.get("/_cart/").json()

    def add(self, wine, quantity=1):
        body = {"type": "WineLineItem", "data": {"wine": wine.pk, "quantity": quantity}}
        return self.send("POST", self.cart()["new_item_url"], body)

    def give_address(self):
        data = {
            "addressee": "Joe Bloggs",
            "address": "123 Fake St",
            "suburb": "Adelaide",
            "state": "SA",
            "postcode": "5000",
        }
        return self.send("POST", self.cart()["new_address_url"], {"type": "AustralianDeliveryAddress", "data": data})

    def give_card(self, token):
        body = {"type": "PretendCard", "data": {"card_token": token}}
        return self.send("POST", self.cart()["new_payment_method_url"], body)

    def give_email(self, email):
        return self.send("PATCH", "/_cart/", {"email": email})

    def check_out(self, **headers):
        return self.send("POST", self.cart()["checkout_url"], **headers)


@pytest.fixture
def catalogue(transactional_db):
    call_command("load_catalogue", verbosity=0)


@pytest.fixture
def shopper(catalogue):
    return Shopper()
