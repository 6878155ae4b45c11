"""A shopper at the keyboard: a real Django client that keeps cookies, obeys CSRF and speaks JSON."""

import json

from django.utils.crypto import get_random_string

from tests.json_client import JSONClient

from . import carts
from .carts import EMAIL, STREET

CART = "/_cart/"
NEW_ITEM = "/_cart/new/"
NEW_ADDRESS = "/_cart/new-address/"
NEW_PAYMENT_METHOD = "/_cart/new-payment-method/"
NEW_ADJUSTMENT = "/_cart/new-adjustment/"
CHECKOUT = "/_cart/checkout/"

NOTHING = object()


class Browser:
    """One browser, signed in when ``user`` is given.

    Every method returns Django's response. Unsafe requests carry the CSRF token of the cookie; a browser that was
    given none yet makes one up, which saves each test a request and is worth as much: what counts is that the two
    agree.
    """

    def __init__(self, user=None, **client):
        self.user = user
        self.client = JSONClient(enforce_csrf_checks=True, **client)
        if user is not None:
            self.client.force_login(user)

    def csrf_token(self):
        if "csrftoken" not in self.client.cookies:
            self.client.cookies["csrftoken"] = get_random_string(32)
        return self.client.cookies["csrftoken"].value

    def send(self, method, path, body=b"", content_type="application/json", headers=None):
        """Send bytes or text as they are."""
        headers = {"X-CSRFToken": self.csrf_token(), **(headers or {})}
        return self.client.generic(method, path, body, content_type=content_type, headers=headers)

    def request(self, method, path, data=NOTHING, **headers):
        """Send ``data`` as JSON; ``if_match="x"`` becomes the header ``If-Match: x``."""
        body = b"" if data is NOTHING else json.dumps(data)
        return self.send(method, path, body, headers={name.replace("_", "-"): headers[name] for name in headers})

    def get(self, path=CART, **headers):
        return self.client.get(path, headers={name.replace("_", "-"): headers[name] for name in headers})

    def post(self, path, data=NOTHING, **headers):
        return self.request("POST", path, data, **headers)

    def put(self, path, data=NOTHING, **headers):
        return self.request("PUT", path, data, **headers)

    def patch(self, path, data=NOTHING, **headers):
        return self.request("PATCH", path, data, **headers)

    def delete(self, path, **headers):
        return self.request("DELETE", path, **headers)

    def cart(self):
        """Return the cart without ``generated_at``, the one key that is never twice the same."""
        return without_time(self.get().json())

    def etag(self):
        return self.get()["ETag"]

    def add(self, path, type_name, **data):
        """Create something and return its representation; anything but success is an error in the test."""
        response = self.post(path, {"type": type_name, "data": data})
        assert response.status_code in (200, 201), response.content
        return response.json()

    def add_wine(self, wine, quantity=1):
        return self.add(NEW_ITEM, "WineLine", product=wine.pk, quantity=quantity)

    def add_address(self, **fields):
        return self.add(NEW_ADDRESS, "StreetAddress", **{**STREET, **fields})

    def add_card(self, token="tok_paid"):
        return self.add(NEW_PAYMENT_METHOD, "PretendCard", token=token)

    def add_adjustment(self, type_name, **data):
        return self.add(NEW_ADJUSTMENT, type_name, **data)

    def fill(self, wine, quantity=1):
        """Put all into the cart that a checkout needs but a payment method, by the ORM; return the cart."""
        cart = carts.cart_of(self)
        if self.user is None:
            cart.email = EMAIL
        carts.add_wine(cart, quantity=quantity, product=wine)
        carts.select_address(cart)
        return cart

    def get_ready(self, wine, quantity=1, token="tok_paid", method="PretendCard"):
        """Do all that a checkout needs, by the ORM: a line, an address, a card and, for a guest, an e-mail address.

        Return the line, of which only the URL is known.
        """
        cart = self.fill(wine, quantity)
        carts.select_card(cart, token, method)
        return {"url": f"{CART}{cart.items.latest('pk').pk}/"}

    def checkout(self, data=NOTHING, **headers):
        return self.post(CHECKOUT, data, **headers)

    def log_in(self, user):
        """Log in through the login page, as a browser does: same session, new key."""
        form = self.client.get("/login/")
        response = self.client.post(
            "/login/",
            {"username": user.get_username(), "password": "secret"},
            headers={"X-CSRFToken": form.cookies["csrftoken"].value},
        )
        assert response.status_code == 302, response.content
        self.user = user


def without_time(cart):
    """Return a cart's representation without ``generated_at``."""
    return {key: cart[key] for key in cart if key != "generated_at"}


def key_of(url):
    """Return the id at the end of a URL of the cart, as a string."""
    return url.rstrip("/").rpartition("/")[2]
