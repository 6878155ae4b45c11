"""The books of a provider: its payments and refunds, in an SQLite file that outlives the process.

Every method is one transaction that takes the file's write lock first, so what it reads is what it decides upon:
a payment is confirmed or cancelled, never both, and two refunds at once never give back more than was paid.
"""

import secrets
import sqlite3
from contextlib import closing, contextmanager
from datetime import datetime, timezone
from pathlib import Path

from pretend_providers.refusals import Refusal

SECONDS_TO_WAIT_FOR_THE_FILE = 10

TABLES = """
CREATE TABLE IF NOT EXISTS payments (
    id TEXT PRIMARY KEY,
    provider TEXT NOT NULL,
    key TEXT NOT NULL,
    amount INTEGER NOT NULL CHECK (amount > 0),
    currency TEXT NOT NULL,
    card_token TEXT NOT NULL DEFAULT '',
    state TEXT NOT NULL,
    code TEXT NOT NULL DEFAULT '',
    message TEXT NOT NULL DEFAULT '',
    return_url TEXT NOT NULL DEFAULT '',
    settles_at TEXT NOT NULL DEFAULT '',
    created_at TEXT NOT NULL,
    UNIQUE (provider, key)
);
CREATE TABLE IF NOT EXISTS refunds (
    id TEXT PRIMARY KEY,
    provider TEXT NOT NULL,
    key TEXT NOT NULL,
    payment TEXT NOT NULL REFERENCES payments (id),
    amount INTEGER NOT NULL CHECK (amount > 0),
    created_at TEXT NOT NULL,
    UNIQUE (provider, key)
);
"""

PAYMENT = """
SELECT payments.*, (SELECT coalesce(sum(amount), 0) FROM refunds WHERE payment = payments.id) AS refunded
FROM payments WHERE provider = ?
"""


def to_stamp(moment: datetime) -> str:
    """Return a moment as text whose order is the order of time."""
    return moment.astimezone(timezone.utc).isoformat(timespec="microseconds")


def now() -> str:
    """Return the present as the books write it."""
    return to_stamp(datetime.now(timezone.utc))


class Books:
    """The payments and refunds of one provider. Rows are handed out as dictionaries, amounts in minor units."""

    def __init__(self, path: str | Path, provider: str) -> None:
        self.path = path
        self.provider = provider
        with closing(self._connect()) as connection:
            connection.executescript(TABLES)

    def add(self, payment_id: str, key: str, **columns) -> dict:
        """Write a payment down, or return the one that was written down under the same key with the same content.

        :raises Refusal: the key belongs to a payment with other content.
        """
        content = {name: columns[name] for name in columns if name in {"amount", "currency", "card_token"}}
        row = {"id": payment_id, "provider": self.provider, "key": key, "created_at": now(), **columns}
        with self._writing() as connection:
            known = self._read(connection, "key", key)
            if known is None:
                _insert(connection, "payments", row)
                return self._read(connection, "id", payment_id)
        if any(known[name] != value for name, value in content.items()):
            raise Refusal(409, "key_reused", "This key belongs to a payment with other content.")
        return known

    def get(self, payment_id: str) -> dict:
        """Return a payment.

        :raises Refusal: there is none with this id.
        """
        with closing(self._connect()) as connection:
            return self._get(connection, payment_id)

    def find(self, key: str) -> dict | None:
        """Return the payment that was made under ``key``, if there is one."""
        with closing(self._connect()) as connection:
            return self._read(connection, "key", key)

    def list_since(self, since: str = "") -> list[dict]:
        """Return the payments made at or after a moment, oldest first."""
        with closing(self._connect()) as connection:
            rows = connection.execute(f"{PAYMENT} AND created_at >= ? ORDER BY created_at, id", [self.provider, since])
            return [dict(row) for row in rows]

    def move(self, payment_id: str, come_from: set[str], **columns) -> tuple[dict, bool]:
        """Change a payment if it is in one of the states ``come_from``. Return it, and whether it was changed.

        :raises Refusal: there is none with this id.
        """
        with self._writing() as connection:
            moves = self._get(connection, payment_id)["state"] in come_from
            if moves:
                changes = ", ".join(f"{name} = ?" for name in columns)
                connection.execute(f"UPDATE payments SET {changes} WHERE id = ?", [*columns.values(), payment_id])  # noqa: S608 - our own names
            return self._get(connection, payment_id), moves

    def refund(self, payment_id: str, key: str, amount: int) -> dict:
        """Give ``amount`` back, or return the refund that was made under the same key with the same content.

        :raises Refusal: the payment is not paid, less than that is left of it, or the key belongs to another refund.
        """
        with self._writing() as connection:
            payment = self._get(connection, payment_id)
            query = "SELECT * FROM refunds WHERE provider = ? AND key = ?"
            known = connection.execute(query, [self.provider, key]).fetchone()
            if known:
                if (known["payment"], known["amount"]) != (payment_id, amount):
                    raise Refusal(409, "key_reused", "This key belongs to a refund with other content.")
                return {**known, "currency": payment["currency"]}
            if payment["state"] != "paid" or payment["settles_at"] > now():
                raise Refusal(409, "not_paid", "Only what was paid can be given back.")
            if amount > payment["amount"] - payment["refunded"]:
                raise Refusal(409, "too_much", "More would be given back than was paid.")
            row = {"id": f"re_{secrets.token_hex(12)}", "key": key, "payment": payment_id, "amount": amount}
            _insert(connection, "refunds", row := {**row, "provider": self.provider, "created_at": now()})
            return {**row, "currency": payment["currency"]}

    def _get(self, connection: sqlite3.Connection, payment_id: str) -> dict:
        payment = self._read(connection, "id", payment_id)
        if payment is None:
            raise Refusal(404, "not_found", "There is no such payment.")
        return payment

    def _read(self, connection: sqlite3.Connection, column: str, value: str) -> dict | None:
        row = connection.execute(f"{PAYMENT} AND {column} = ?", [self.provider, value]).fetchone()
        return dict(row) if row else None

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self.path, timeout=SECONDS_TO_WAIT_FOR_THE_FILE, isolation_level=None)
        connection.row_factory = sqlite3.Row
        return connection

    @contextmanager
    def _writing(self):
        with closing(self._connect()) as connection:
            connection.execute("BEGIN IMMEDIATE")
            yield connection
            # Reached without an exception only: closing the connection undoes what was not committed.
            connection.execute("COMMIT")


def _insert(connection: sqlite3.Connection, table: str, row: dict) -> None:
    names, marks = ", ".join(row), ", ".join("?" for _ in row)
    connection.execute(f"INSERT INTO {table} ({names}) VALUES ({marks})", [*row.values()])  # noqa: S608 - our own names
