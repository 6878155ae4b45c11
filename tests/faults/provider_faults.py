"""What a provider can get wrong, in every operation of every kind of payment method, and how the sale is to end."""

from .cases import Case
from .scenarios import SCENARIOS

__all__ = ["CASES", "ENDS"]

#: How an order ends that its shopper comes back to. A provider that is asked again may have changed its mind.
PLACED, CANCELLED, OPEN = ("placed",), ("cancelled",), ("pending",)
#: By fault of the call that takes the money.
TAKING = {
    "ok": PLACED,
    "decline": CANCELLED,
    "timeout_before": PLACED,
    "timeout_after": PLACED,
    "500": PLACED,
    "500_after": PLACED,
    "429": PLACED,
    "3ds": CANCELLED,
    "processing": OPEN,
    "wrong_amount": CANCELLED,
    "wrong_currency": CANCELLED,
    "wrong_account": OPEN,
}
#: By fault of any other call.
SILENCE = ("timeout_before", "timeout_after", "500", "500_after", "429")
#: The simple path says no more than that it raised or did not: it has no further step and reads no facts.
SIMPLE = ("ok", "decline", *SILENCE)
#: The call that takes the money, and the others that the scenario makes.
CALLS = {
    "exact": ("confirm", ("create",)),
    "one call": ("charge", ()),
    "keyed": ("charge", ()),
    "simple": ("charge", ()),
    "recovery of paid": (None, ("retrieve",)),
    "recovery of unpaid": (None, ("retrieve", "cancel")),
    "expiry": (None, ("retrieve", "cancel")),
    "cancel": (None, ("retrieve", "cancel")),
    "webhook": (None, ("retrieve",)),
    "transfer": (None, ("retrieve", "find")),
    "refund": (None, ("find_refund", "refund")),
    "late money": (None, ("retrieve", "refund")),
}


def ends():
    """Yield each case with how it ends; ``None`` is for the scenario to say."""
    for scenario, (taking, others) in CALLS.items():
        for fault, end in TAKING.items() if taking else ():
            parks = SCENARIOS[scenario].parks
            if fault in SIMPLE or scenario in {"exact", "one call"}:
                yield Case(scenario, provider=(fault, taking)), OPEN if parks and fault in SILENCE else end
        for operation in others:
            for fault in SILENCE:
                yield Case(scenario, provider=(fault, operation)), None


ENDS = dict(ends())
CASES = tuple(ENDS)
