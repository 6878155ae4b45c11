"""The shop as ``make demo`` runs it, killed in the middle of a payment, and started again."""

import json
import sqlite3
import subprocess
import time
from contextlib import closing
from http.cookiejar import CookieJar
from threading import Thread
from urllib.request import HTTPCookieProcessor, Request, build_opener

from lorikeet.testing.stripe.server import Controls

from .processes import MANAGE, demo_command, environment_of, free_ports, is_open, prepare, running

ADDRESS = {"addressee": "Joe Bloggs", "address": "123 Fake St", "suburb": "Adelaide", "state": "SA", "postcode": "5000"}
SECONDS_TO_SETTLE = 90
#: What is on hand and what is held of the wine that is ordered.
STOCK = "SELECT on_hand, held FROM lorikeet_stock_stockrecord WHERE id = (SELECT stock_id FROM shop_wine WHERE id = 1)"


class Shopper:
    """A browser that keeps its cookies, at a shop that may die."""

    def __init__(self, url):
        self.url = url
        self.cookies = CookieJar()
        self.opener = build_opener(HTTPCookieProcessor(self.cookies))

    def send(self, method, path, data=None):
        tokens = [cookie.value for cookie in self.cookies if cookie.name == "csrftoken"]
        headers = {"Content-Type": "application/json", "X-CSRFToken": "".join(tokens)}
        body = None if data is None else json.dumps(data).encode()
        request = Request(self.url + path, body, headers, method=method)  # noqa: S310 - the shop that the test started
        with self.opener.open(request, timeout=30) as answer:
            return json.load(answer)

    def get_ready(self, type_name, **data):
        cart = self.send("GET", "/_cart/")
        for url, body in [
            (cart["new_item_url"], {"type": "WineLineItem", "data": {"wine": 1}}),
            (cart["new_address_url"], {"type": "AustralianDeliveryAddress", "data": ADDRESS}),
            (cart["new_payment_method_url"], {"type": type_name, "data": data}),
        ]:
            self.send("POST", url, body)
        return self.send("PATCH", "/_cart/?return=cart", {"email": "joe@example.com"})

    def check_out_in_vain(self):
        try:
            self.send("POST", "/_cart/checkout/", {})
        except OSError:
            return
        raise AssertionError("The shop was to die before it answered.")


def read(path, query):
    with closing(sqlite3.connect(path, timeout=10)) as connection:
        return connection.execute(query).fetchall()


def test_order_settles_by_itself_although_everything_was_killed(tmp_path):
    environment, log, ports = environment_of(tmp_path), tmp_path / "demo.log", free_ports(4)
    orders = "SELECT state FROM lorikeet_order"
    prepare(environment)
    shopper = Shopper(f"http://127.0.0.1:{ports[0]}")

    with running([demo_command(ports)], environment, log, ports) as processes:
        shopper.get_ready("PretendCard", card_token="tok_late")
        asking = Thread(target=shopper.check_out_in_vain)
        asking.start()
        wait_until(lambda: read(tmp_path / "providers.sqlite3", "SELECT state FROM payments") == [("paid",)])
        processes[0].kill()
        asking.join()
        wait_until(lambda: not any(map(is_open, ports)))
        assert read(tmp_path / "db.sqlite3", orders) == [("pending",)]
        assert read(tmp_path / "db.sqlite3", STOCK) == [(48, 1)]
    with running([demo_command(ports)], environment, log, ports):
        wait_until(lambda: read(tmp_path / "db.sqlite3", orders) == [("placed",)])

        assert shopper.send("GET", "/_cart/")["pending_checkout"] is None
        assert read(tmp_path / "providers.sqlite3", "SELECT state FROM payments") == [("paid",)]
        assert read(tmp_path / "db.sqlite3", STOCK) == [(47, 0)]
        wait_until(lambda: "To: joe@example.com" in log.read_text())  # the receipt
        check = subprocess.run([*MANAGE, "lorikeet_check"], env=environment, check=True, capture_output=True, text=True)
        assert check.stdout == "Every rule holds.\n"


def test_order_at_stripe_settles_by_itself_although_everything_was_killed(tmp_path):
    environment, log, ports = environment_of(tmp_path), tmp_path / "demo.log", free_ports(4)
    stripe = Controls(f"http://127.0.0.1:{ports[3]}")
    orders = "SELECT state FROM lorikeet_order"
    prepare(environment)
    shopper = Shopper(f"http://127.0.0.1:{ports[0]}")

    with running([demo_command(ports)], environment, log, ports) as processes:
        shopper.get_ready("StripeCard", payment_method="pm_card_visa")
        stripe.fault(kind="delay", acts=True, path="/v1/payment_intents/*/confirm")
        asking = Thread(target=shopper.check_out_in_vain)
        asking.start()
        wait_until(lambda: stripe.totals() == {"aud": 3800})
        processes[0].kill()
        asking.join()
        wait_until(lambda: not any(map(is_open, ports)))
        assert read(tmp_path / "db.sqlite3", orders) == [("pending",)]
    with running([demo_command(ports)], environment, log, ports):
        wait_until(lambda: read(tmp_path / "db.sqlite3", orders) == [("placed",)])

        assert shopper.send("GET", "/_cart/")["pending_checkout"] is None
        assert stripe.totals() == {"aud": 3800}


def test_stripe_pokes_the_shop(tmp_path):
    environment, log, ports = environment_of(tmp_path), tmp_path / "demo.log", free_ports(4)
    stripe = Controls(f"http://127.0.0.1:{ports[3]}")
    prepare(environment)
    shopper = Shopper(f"http://127.0.0.1:{ports[0]}")

    with running([demo_command(ports)], environment, log, ports):
        shopper.get_ready("StripeCard", payment_method="pm_card_threeDSecureRequired")
        checkout = shopper.send("POST", "/_cart/checkout/", {})["checkout"]
        (intent,) = stripe.books()["payment_intent"]
        stripe.complete_3ds(id=intent["id"])

        wait_until(lambda: shopper.send("GET", checkout["url"])["state"] == "placed")
        assert {event["pending_webhooks"] for event in stripe.events()} == {0}


def test_process_that_gives_up_ends_the_others(tmp_path):
    environment, log, ports = environment_of(tmp_path), tmp_path / "demo.log", free_ports(4)
    prepare(environment)

    with running([demo_command(ports)], environment, log, ports):
        others = [ports[0], *free_ports(3)]
        with running([demo_command(others)], environment, tmp_path / "second.log", []) as processes:
            assert processes[0].wait(SECONDS_TO_SETTLE) == 1

        assert not any(map(is_open, others[1:]))
        assert all(map(is_open, ports))


def wait_until(condition):
    end = time.monotonic() + SECONDS_TO_SETTLE
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.2)
