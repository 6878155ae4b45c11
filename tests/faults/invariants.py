"""What must hold after any fault, read from the provider's own books and by SQL of our own from the shop's tables.

Neither the library's code nor its models are used, nor Django's connection: what is seen is what was committed.
"""

# ruff: noqa: S608  (the names of tables and columns are the tests' own)

import sqlite3
import uuid
from collections import Counter, defaultdict
from contextlib import closing
from datetime import datetime, timedelta, timezone
from decimal import Decimal

__all__ = ["Checker", "OpenShop", "Shop", "check"]

CENT = Decimal("0.01")
OPEN = {"calling", "pending", "unknown"}
PARKED = "outcome unknown"
#: The state of the holds of an order, by its own.
HELD_AS = {"pending": "held", "placed": "consumed", "cancelled": "released"}


class Shop:
    """The shop's tables, by a connection of its own; ``database`` is ``connection.settings_dict``."""

    def __init__(self, database):
        self.database = database
        self.sqlite = database["ENGINE"].endswith("sqlite3")

    def connect(self):
        """Return a new connection of the driver's, outside any transaction."""
        if self.sqlite:
            return sqlite3.connect(self.database["NAME"], timeout=20)
        import psycopg

        names = {"NAME": "dbname", "USER": "user", "PASSWORD": "password", "HOST": "host", "PORT": "port"}
        options = {name: self.database[key] for key, name in names.items() if self.database.get(key)}
        return psycopg.connect(**options, autocommit=True)

    def rows(self, sql):
        """Return the rows of a statement as dicts."""
        with closing(self.connect()) as connection:
            return self.read(connection, sql)

    @staticmethod
    def read(connection, sql):
        with closing(connection.cursor()) as cursor:
            cursor.execute(sql)
            names = [column[0] for column in cursor.description]
            return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

    def frozen_orders(self):
        """Return what must never change again of each placed order, by its id; compare two of these for I4."""
        orders = self.rows(
            "SELECT id, uuid, currency, subtotal, grand_total, user_id, guest_email, delivery_address_id,"
            " payment_method_id, custom_invoice_id, purchased_on FROM lorikeet_order WHERE state = 'placed'"
        )
        parts = defaultdict(list)
        for table, columns in (
            ("lineitem", "id, order_id, total_when_charged"),
            ("adjustment", "id, order_id, total_when_charged"),
            ("ordercharge", "id, order_id, code, label, total"),
        ):
            for row in self.rows(f"SELECT {columns} FROM lorikeet_{table} WHERE order_id IS NOT NULL ORDER BY id"):
                parts[row["order_id"]].append((table, *map(str, row.values())))
        return {row["id"]: (tuple(map(str, row.values())), tuple(parts[row["id"]])) for row in orders}


class OpenShop(Shop):
    """The shop's tables, by a connection that stays open where opening one takes long."""

    def __init__(self, database):
        super().__init__(database)
        self.kept = None

    def rows(self, sql):
        if self.sqlite:
            return super().rows(sql)
        self.kept = self.kept or self.connect()
        return self.read(self.kept, sql)

    def close(self):
        if self.kept is not None:
            self.kept.close()
            self.kept = None


class Checker:
    """Verify I1 to I10; each method returns sentences, one for each violation.

    :param books: ``Controls.books()``.
    :param deliveries: primary keys of the orders ``order_checked_out`` was delivered for, one for each delivery;
        ``None`` when the test does not record them.
    :param settled: whether recovery has run, so that nothing may be open (I6) or undelivered, and I1 is exact.
    :param parked: whether an unknowable outcome is allowed, as with a method that can neither ask nor repeat.
    :param refunded: amounts in cents given back on purpose, by the order's primary key.
    :param before: ``Shop.frozen_orders()`` of an earlier moment.
    :param answer: status and body of the last answer to a checkout.
    :param faulted: whether a fault was injected that a 503 may answer.
    :param limits: ``(table, column, least, most)`` for I10; ``most`` is a number, a column's name or ``None``.
    :param stock: ``(stock table, hold table, {stock id: initial})`` of the extension; ``None`` without stock.
    """

    def __init__(self, shop, books, *, deliveries=None, settled=True, parked=False, refunded=None, before=None,
                 answer=None, faulted=False, limits=(), stock=None):  # fmt: skip
        self.shop = shop
        self.books = books
        self.deliveries = deliveries
        self.settled = settled
        self.parked = parked
        self.refunded = refunded or {}
        self.before = before or {}
        self.answer = answer
        self.faulted = faulted
        self.limits = limits
        self.stock = stock
        self.orders = {row["id"]: row for row in shop.rows("SELECT * FROM lorikeet_order")}
        self.attempts = {row["id"]: row for row in shop.rows("SELECT * FROM lorikeet_paymentattempt")}
        for row in self.attempts.values():
            row["key"] = str(uuid.UUID(str(row["key"])))
        self.by_key = {row["key"]: row for row in self.attempts.values()}
        self.by_reference = {row["reference"]: row for row in self.attempts.values() if row["kind"] == "charge"}

    def violations(self):
        """Return every violation, each beginning with the invariant's name."""
        checks = (
            self.i1, self.i2, self.i3, self.i4, self.i5, self.i6, self.i7, self.i8, self.i9, self.i10, self.states,
        )  # fmt: skip
        return [f"{method.__name__.upper()}: {text}" for method in checks for text in method()]

    def attempt_of(self, payment):
        """Return the attempt a payment belongs to: by its key, or the reference when it was made elsewhere."""
        return self.by_key.get(str(payment["key"])) or self.by_reference.get(payment["id"])

    def parked_orders(self):
        attempts = self.attempts.values()
        return {row["order_id"] for row in attempts if row["state"] == "unknown" and row["attention"] == PARKED}

    def i1(self):
        """Charges minus refunds equal the total if placed, 0 if cancelled."""
        net = Counter()
        for payment in self.books["payments"]:
            attempt = self.attempt_of(payment)
            if attempt and payment["state"] == "succeeded":
                net[attempt["order_id"]] += payment["paid_amount"] - payment["refunded"]
        for pk, order in self.orders.items():
            charged = any(row["order_id"] == pk and row["kind"] == "charge" for row in self.attempts.values())
            total = cents(order["grand_total"]) if charged else 0
            expected = total - self.refunded.get(pk, 0) if order["state"] == "placed" else 0
            if order["state"] == "pending" or not self.settled:
                if net[pk] > total:
                    yield f"order {pk} is {order['state']} and {net[pk]} was taken, of {total}"
            elif net[pk] != expected:
                yield f"order {pk} is {order['state']}, {net[pk]} was taken and not given back, expected {expected}"

    def i2(self):
        """No charge without an attempt."""
        for payment in self.books["payments"]:
            attempt = self.attempt_of(payment)
            elsewhere = payment["key"] is None or (attempt and attempt["provider"] == "Transfer")  # the shopper's sum
            if payment["state"] == "succeeded" and attempt is None and not elsewhere:
                yield f"payment {payment['id']} under key {payment['key']} has no attempt"
            if attempt and payment["amount"] and not elsewhere and payment["amount"] != cents(attempt["amount"]):
                yield f"payment {payment['id']} asks for {payment['amount']}, its attempt for {attempt['amount']}"
        for refund in self.books["refunds"]:
            attempt = self.by_key.get(str(refund["key"]))
            if attempt is None or attempt["kind"] != "refund":
                yield f"refund {refund['id']} has no attempt"

    def i3(self):
        """One line is sold once, and one client key makes one order."""
        keys = Counter(
            (row["cart_id"], row["client_key"]) for row in self.orders.values() if row["cart_id"] and row["client_key"]
        )
        for (cart, key), count in keys.items():
            if count > 1:
                yield f"cart {cart} has {count} orders under the key {key}"
        slots = Counter(row["slot_id"] for row in self.orders.values() if row["slot_id"])
        for cart, count in slots.items():
            if count > 1:
                yield f"cart {cart} has {count} checkouts in flight"
        for pk, count in Counter(row["order_id"] for row in self.attempts.values() if is_open_charge(row)).items():
            if count > 1:
                yield f"order {pk} has {count} open charges"
        charges = [row for row in self.attempts.values() if row["kind"] == "charge"]
        paid = Counter(row["order_id"] for row in charges if row["state"] == "paid")
        for pk, order in self.orders.items():
            if order["state"] == "placed" and cents(order["grand_total"]) and not paid[pk]:
                yield f"order {pk} is placed and has no paid charge"

    def i4(self):
        """Each line has one owner, a cancelled order none, and a placed order never changes."""
        for table in ("lineitem", "adjustment"):
            for row in self.shop.rows(f"SELECT id, cart_id, order_id FROM lorikeet_{table}"):
                if (row["cart_id"] is None) == (row["order_id"] is None):
                    yield f"{table} {row['id']} is in cart {row['cart_id']} and on order {row['order_id']}"
                order = self.orders.get(row["order_id"])
                if order and order["state"] == "cancelled" and order["cart_id"]:
                    yield f"{table} {row['id']} is still on the cancelled order {order['id']}"
        sold = {row["order_id"] for row in self.shop.rows("SELECT order_id FROM lorikeet_lineitem")}
        for pk, order in self.orders.items():
            if order["state"] != "cancelled" and pk not in sold:
                yield f"order {pk} is {order['state']} and has no lines"
        now = self.shop.frozen_orders()
        for pk, state in self.before.items():
            if now.get(pk) != state:
                yield f"the placed order {pk} changed: {state} is now {now.get(pk)}"

    def i5(self):
        """0 <= held <= on_hand + backorders, held is the sum of the holds, none is lost, a hold ends with its order."""
        if self.stock is None:
            return
        stocks, holds, initial = self.stock
        held, consumed = Counter(), Counter()
        for hold in self.shop.rows(f"SELECT * FROM {holds}"):
            match hold["state"]:
                case "held":
                    held[hold["stock_id"]] += hold["quantity"]
                case "consumed":
                    consumed[hold["stock_id"]] += hold["quantity"] - hold["returned"]
            order = self.orders.get(hold["order_id"])
            if order and hold["state"] != HELD_AS[order["state"]]:
                yield f"hold {hold['id']} is {hold['state']}, its order {order['id']} {order['state']}"
        for row in self.shop.rows(f"SELECT * FROM {stocks}"):
            pk = row["id"]
            if not 0 <= row["held"] <= row["on_hand"] + row["backorder_limit"]:
                yield f"stock {pk} holds {row['held']} of {row['on_hand']} and {row['backorder_limit']}"
            if row["held"] != held[pk]:
                yield f"stock {pk} holds {row['held']}, its holds {held[pk]}"
            if pk in initial and row["on_hand"] + consumed[pk] != initial[pk]:
                yield f"stock {pk} had {initial[pk]}, has {row['on_hand']}, and {consumed[pk]} were sold"

    def i6(self):
        """Nothing open past its deadline; once settled, nothing open but what is parked or its deadline is to come."""
        now = datetime.now(timezone.utc)
        processing = [self.attempt_of(p) for p in self.books["payments"] if p["state"] == "processing"]
        waiting = {attempt["id"] for attempt in processing if attempt}
        parked = self.parked_orders() if self.parked else set()
        for row in self.attempts.values():
            if self.settled and row["state"] in OPEN and row["id"] not in waiting and row["order_id"] not in parked:
                order = self.orders[row["order_id"]]
                if row["kind"] == "refund" or late(order, now):
                    yield f"{row['kind']} {row['id']} of order {order['id']} is {row['state']}: {row['attention']!r}"
        for pk, order in self.orders.items():
            opened = {row["id"] for row in self.attempts.values() if row["order_id"] == pk and is_open_charge(row)}
            if order["state"] == "pending" and not opened:
                yield f"order {pk} is pending and nothing is open for it"
            if order["state"] != "pending" and (opened or order["slot_id"]):
                yield f"order {pk} is {order['state']} with the open charges {opened} and slot {order['slot_id']}"

    def i7(self):
        """``order_checked_out`` at least once for placed orders, never for others."""
        if self.deliveries is None:
            return
        delivered = Counter(self.deliveries)
        for pk in delivered:
            if pk not in self.orders or self.orders[pk]["state"] != "placed":
                yield f"order_checked_out was delivered for order {pk}, which is not placed"
        for pk, order in self.orders.items():
            if order["state"] == "placed" and not delivered[pk] and (self.settled or order["notified_at"]):
                yield f"order_checked_out was not delivered for order {pk}"

    def i8(self):
        """Refunds never exceed what was paid, in the provider's books and in ours."""
        for payment in self.books["payments"]:
            if payment["refunded"] > payment["paid_amount"]:
                yield f"payment {payment['id']}: {payment['refunded']} refunded of {payment['paid_amount']}"
        refunds = Counter()
        for row in self.attempts.values():
            if row["kind"] == "refund" and row["state"] != "failed":
                refunds[row["parent_id"]] += cents(row["amount"])
        for parent, amount in refunds.items():
            row = self.attempts[parent]
            taken = row.get("paid_amount")
            most = cents(row["amount"] if taken is None else taken)
            if amount > most:
                yield f"charge {parent}: refunds of {amount} for {most}"

    def i9(self):
        """The last answer agrees with the row; no 5xx but 503 for an injected fault."""
        if self.answer is None:
            return
        status, body = self.answer
        if status >= 500 and not (self.faulted and status == 503):
            yield f"answered {status}: {body}"
        pk = body.get("id") if isinstance(body, dict) else None
        state = self.orders.get(pk, {}).get("state")
        expected = "cancelled" if isinstance(body, dict) and body.get("reason") == "cancelled" else "placed"
        if status == 200 and state != expected:
            yield f"answered 200 for order {pk}, which is {state}"
        if status == 422 and isinstance(body, dict) and body.get("reason") == "payment":
            newest = self.orders[max(self.orders)] if self.orders else None
            if newest and newest["state"] == "placed" and pk in {None, newest["id"]}:
                yield f"answered 422 and order {newest['id']} is placed"

    def i10(self):
        """Balances and limited coupons stay within their limits."""
        for table, column, least, most in self.limits:
            for row in self.shop.rows(f"SELECT * FROM {table}"):
                top = row[most] if isinstance(most, str) else most
                if row[column] < least or (top is not None and row[column] > top):
                    yield f"{table} {row['id']}: {column} is {row[column]}, not within {least} and {top}"

    def states(self):
        """What the provider and a finished attempt say is the same; an error is a row the shop calls wrong."""
        payments = defaultdict(list)
        for payment in self.books["payments"]:
            if self.attempt_of(payment):
                payments[self.attempt_of(payment)["id"]].append(payment)
        for row in self.attempts.values():
            paid = [p for p in payments[row["id"]] if p["state"] == "succeeded"]
            if row["kind"] == "charge" and row["state"] == "paid" and not paid:
                yield f"charge {row['id']} is paid, and not in the provider's books"
            if row["kind"] == "charge" and len(paid) > 1:
                yield f"charge {row['id']} was taken {len(paid)} times"


def check(database, controls, **facts):
    """Raise ``AssertionError`` naming every violation; parameters of ``Checker``, ``database`` as for ``Shop``."""
    found = list(Checker(Shop(database), controls.books(), **facts).violations())
    assert not found, "\n".join(found)


def cents(amount):
    """Return whole cents of an amount as a driver gives it."""
    return int(Decimal(str(amount)).quantize(CENT) * 100)


def is_open_charge(row):
    return row["kind"] == "charge" and row["state"] in OPEN


def late(order, now):
    """Tell whether an order's time is up; SQLite's driver gives text in UTC."""
    expires = order["expires_at"]
    if expires is None:
        return True
    if isinstance(expires, str):
        expires = datetime.fromisoformat(expires).replace(tzinfo=timezone.utc)
    return expires <= now + timedelta(seconds=1)
