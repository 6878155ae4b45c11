"""The books of a payment provider: what it was asked, what it did, and what it is told to get wrong.

Nothing here knows of the shop. Amounts are whole minor units (cents); keys and references are text.
"""

import threading
import time
import uuid
from collections import Counter

__all__ = ["FAULTS", "Books", "Refused"]

#: What can be planned for an operation. ``timeout_*`` and ``hold*`` are the server's, which owns the connection.
FAULTS = frozenset(
    {
        "ok",
        "decline",
        "timeout_before",
        "timeout_after",
        "500",
        "500_after",
        "429",
        "3ds",
        "processing",
        "wrong_amount",
        "wrong_currency",
        "wrong_account",
        "hold",
        "hold_before",
    }
)
FINAL = frozenset({"succeeded", "failed", "cancelled"})


class Refused(Exception):
    """The provider says no: an HTTP status and a code."""

    def __init__(self, status, code, **facts):
        super().__init__(code)
        self.status = status
        self.body = {"error": {"code": code, **facts}}


class Books:
    """Payments, refunds, events, the journal and the plan, behind one lock."""

    def __init__(self):
        self.lock = threading.RLock()
        self.reset()

    def reset(self):
        """Forget everything, as before the first call."""
        with self.lock:
            self.payments = {}
            self.refunds = {}
            self.by_key = {}
            self.refund_by_key = {}
            self.events = []
            self.journal = []
            self.plan = {}
            self.in_flight = Counter()
            self.number = 0

    # What the test sets

    def set_plan(self, plan):
        """Take ``{operation: [fault, ...]}``; each call of the operation uses one up.

        A fault is its name, or ``{"fault": name, "times": n, "amount": minor units, "currency": code}``; ``times`` of
        ``None`` lasts until the plan is replaced. The operation ``*`` means those without a plan of their own.
        """
        entries = {
            operation: [{"fault": fault} if isinstance(fault, str) else dict(fault) for fault in faults]
            for operation, faults in plan.items()
        }
        for faults in entries.values():
            for entry in faults:
                if entry["fault"] not in FAULTS:
                    raise Refused(400, "unknown_fault", fault=entry["fault"])
                entry.setdefault("times", 1)
        with self.lock:
            self.plan = entries

    def settle(self, reference, state="succeeded", force=False):
        """Let a waiting payment or refund succeed or fail.

        :param force: even if it was final before: money that moves after the provider said it could not.
        """
        with self.lock:
            entry = self.refunds.get(reference) or self._payment(reference)
            if entry["state"] not in {"processing", "requires_action"} and not force:
                raise Refused(409, "not_waiting", state=entry["state"])
            self._move(entry, state)
            return dict(entry)

    def three_d_secure(self, reference, passed):
        """Let the shopper pass or fail the step that was asked for."""
        with self.lock:
            payment = self._payment(reference)
            if payment["state"] != "requires_action":
                raise Refused(409, "no_action", state=payment["state"])
            self._move(payment, "succeeded" if passed else "failed", "authentication_failed")
            return dict(payment)

    def pay_elsewhere(self, amount, currency, key=None, account="shop", state="succeeded"):
        """Note a payment the shopper made without the shop, to be named by its reference."""
        with self.lock:
            payment = self._new_payment(key, amount, currency)
            payment["account"] = account
            self._move(payment, state)
            return dict(payment)

    def forget_keys(self):
        """End the window in which a repeated key is recognised."""
        with self.lock:
            self.by_key.clear()
            self.refund_by_key.clear()

    # What the shop asks

    def create(self, key, amount, currency):
        """Make a payment that is not confirmed; the same key gives the same payment."""
        return dict(self._keyed_payment(key, amount, currency))

    def confirm(self, reference, planned):
        """Take the money of a payment, once."""
        payment = self._payment(reference)
        if payment["state"] == "cancelled":
            raise Refused(409, "cancelled", payment=dict(payment))
        if payment["state"] == "created":
            self._pay(payment, planned)
        return self._answer(payment)

    def charge(self, key, amount, currency, planned):
        """Make and confirm a payment in one call; the same key never pays twice."""
        payment = self._keyed_payment(key, amount, currency)
        return self.confirm(payment["id"], planned)

    def retrieve(self, reference):
        """Return a payment by its reference."""
        return dict(self._payment(reference))

    def find(self, key):
        """Return the latest payment made under a key."""
        payment = next((p for p in reversed(self.payments.values()) if p["key"] == key), None)
        if payment is None:
            raise Refused(404, "no_such_payment")
        return dict(payment)

    def cancel(self, reference=None, key=None):
        """Make sure that a payment cannot be paid any more: answer 409 when it can, or is.

        A key without a payment is barred, so that a call still under way does not pay after this.
        """
        if not reference and not key:
            raise Refused(400, "bad_request")
        if reference is None and key in self.by_key:
            reference = self.by_key[key]
        payment = self._new_payment(key, 0, "") if reference is None else self._payment(reference)
        if payment["state"] in {"created", "requires_action"}:
            self._move(payment, "cancelled")
        if payment["state"] in {"processing", "succeeded"}:
            raise Refused(409, "not_cancellable", payment=dict(payment))
        return dict(payment)

    def refund(self, reference, key, amount, planned):
        """Give money back, once for each key and never more than was paid."""
        if key in self.refund_by_key:
            refund = self.refunds[self.refund_by_key[key]]
            if (refund["payment"], refund["amount"]) != (reference, amount):
                raise Refused(409, "key_reused", refund=dict(refund))
            return self._answer(refund)
        payment = self._payment(reference)
        given = sum(r["amount"] for r in self.refunds.values() if r["payment"] == reference and r["state"] != "failed")
        if payment["state"] != "succeeded" or not 0 < amount <= payment["paid_amount"] - given:
            raise Refused(422, "over_refund", payment=dict(payment))
        refund = {
            "id": self._next("ref"),
            "key": key,
            "payment": reference,
            "amount": amount,
            "currency": payment["paid_currency"],
            "state": "created",
            "code": None,
        }
        self.refunds[refund["id"]] = refund
        self.refund_by_key[key] = refund["id"]
        match planned["fault"]:
            case "decline":
                self._move(refund, "failed", "refund_declined")
            case "processing":
                self._move(refund, "processing")
            case _:
                self._move(refund, "succeeded")
        return self._answer(refund)

    def find_refund(self, key):
        """Return the latest refund made under a key."""
        refund = next((r for r in reversed(self.refunds.values()) if r["key"] == key), None)
        if refund is None:
            raise Refused(404, "no_such_refund")
        return dict(refund)

    def list(self, since=0):
        """Return every payment made since a time in seconds of the epoch, with what was refunded of it."""
        return {"payments": [p for p in self.snapshot()["payments"] if p["created_at"] >= since]}

    # The journal

    def begin(self, operation, request):
        """Write a call down, use up one planned fault, and return the entry and the fault."""
        with self.lock:
            subject = str(request.get("key") or request.get("reference") or "")
            entry = {
                "number": len(self.journal) + 1,
                "operation": operation,
                "request": request,
                "overlap": self.in_flight[subject],
                "began": time.time(),
                "ended": None,
                "status": None,
                "answered": False,
            }
            planned = self._planned(operation)
            entry["fault"] = planned["fault"]
            self.in_flight[subject] += 1
            self.journal.append(entry)
            return entry, planned

    def leave(self, entry):
        """Note that a call is no longer under way, before its caller can know."""
        with self.lock:
            subject = str(entry["request"].get("key") or entry["request"].get("reference") or "")
            self.in_flight[subject] -= 1

    def end(self, entry, status, answered):
        """Write down how a call ended, and whether its caller was told."""
        with self.lock:
            entry.update(status=status, answered=answered, ended=time.time())

    def snapshot(self):
        """Return copies of the payments, with what was refunded, the refunds and the events."""
        with self.lock:
            payments = []
            for payment in self.payments.values():
                refunds = [r for r in self.refunds.values() if r["payment"] == payment["id"]]
                payments.append({**payment, "refunded": sum(r["amount"] for r in refunds if r["state"] == "succeeded")})
            return {
                "payments": payments,
                "refunds": [dict(r) for r in self.refunds.values()],
                "events": [dict(event) for event in self.events],
            }

    def _planned(self, operation):
        entries = self.plan.get(operation, self.plan.get("*", []))
        if not entries:
            return {"fault": "ok"}
        entry = entries[0]
        if entry["times"] is not None:
            entry["times"] -= 1
            if entry["times"] <= 0:
                entries.pop(0)
        return entry

    def _next(self, prefix):
        self.number += 1
        return f"{prefix}_{self.number}_{uuid.uuid4().hex[:8]}"

    def _payment(self, reference):
        if reference not in self.payments:
            raise Refused(404, "no_such_payment")
        return self.payments[reference]

    def _keyed_payment(self, key, amount, currency):
        if not key or amount <= 0:
            raise Refused(400, "bad_request")
        if key not in self.by_key:
            return self._new_payment(key, amount, currency)
        payment = self.payments[self.by_key[key]]
        if payment["state"] == "cancelled" and payment["amount"] == 0:
            raise Refused(409, "cancelled", payment=dict(payment))
        if (payment["amount"], payment["currency"]) != (amount, currency):
            raise Refused(409, "key_reused", payment=dict(payment))
        return payment

    def _new_payment(self, key, amount, currency):
        payment = {
            "id": self._next("pay"),
            "key": key,
            "amount": amount,
            "currency": currency,
            "account": "shop",
            "state": "created",
            "code": None,
            "paid_amount": 0,
            "paid_currency": None,
            "created_at": time.time(),
        }
        self.payments[payment["id"]] = payment
        if key:
            self.by_key[key] = payment["id"]
        return payment

    def _pay(self, payment, planned):
        match planned["fault"]:
            case "decline":
                self._move(payment, "failed", "card_declined")
            case "3ds":
                self._move(payment, "requires_action")
            case "processing":
                self._move(payment, "processing")
            case "wrong_amount":
                payment["paid_amount"] = planned.get("amount", payment["amount"] - 1)
                self._move(payment, "succeeded")
            case "wrong_currency":
                payment["paid_currency"] = planned.get("currency", "XTS")
                self._move(payment, "succeeded")
            case "wrong_account":
                payment["account"] = "another account"
                self._move(payment, "succeeded")
            case _:
                self._move(payment, "succeeded")

    def _move(self, entry, state, code=None):
        entry["state"] = state
        entry["code"] = code if state == "failed" else None
        if state == "succeeded" and "paid_amount" in entry:
            entry["paid_amount"] = entry["paid_amount"] or entry["amount"]
            entry["paid_currency"] = entry["paid_currency"] or entry["currency"]
        self.events.append(
            {"id": f"evt_{len(self.events) + 1}", "object": entry["id"], "key": entry["key"], "state": state}
        )

    @staticmethod
    def _answer(entry):
        if entry["state"] == "failed":
            raise Refused(402, entry["code"] or "failed", object=dict(entry))
        return dict(entry)
