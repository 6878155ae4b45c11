"""What a cart costs: items, then the shopper's adjustments, then the shop's charges. Pure; saves nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any, ClassVar

from django.utils.translation import gettext as _

from .conf import settings
from .exceptions import IncompleteCartError, NegativeTotal, PriceError
from .money import CONTEXT, quantise, to_amount

if TYPE_CHECKING:
    from .contents import CartContents
    from .models import Adjustment, LineItem, Order

__all__ = ["Charge", "ChargeSource", "Totals", "price", "total_of"]


@dataclass(frozen=True)
class Charge:
    """One amount that the shop adds to the price, such as shipping, or takes off it, such as store credit.

    :param code: a stable word for programs, such as ``"shipping"``.
    :param label: what the shopper reads.
    :param total: the amount, in major units of the cart's currency; it is rounded to that currency's exponent.
    :param included: the amount is part of the prices already (such as a value-added tax): shown, and not added.
    :param data: anything else the client should know, any JSON object.
    """

    code: str
    label: str
    total: Decimal
    included: bool = False
    data: dict[str, Any] = field(default_factory=dict)


class ChargeSource:
    """Where charges come from. Subclass it and list the subclass in ``LORIKEET_CHARGES``. It keeps no state."""

    #: The default for the ``code`` of the charges that it makes.
    code: ClassVar[str]

    def get_charges(self, contents: CartContents, total: Decimal) -> Iterable[Charge]:
        """Return the charges for this cart.

        :param total: the price so far: items, adjustments and the charges of the sources listed before this one.
        :raises IncompleteCartError: the charge is not known yet, for example because there is no address to ship to.
        """
        raise TypeError(f"Write {type(self).__name__}.get_charges(self, contents, total).")

    def prepare_for_checkout(self, order: Order, charges: list[Charge]) -> None:
        """Take what the charges need, such as a balance, in the transaction that makes ``order``.

        :raises ConflictError: it is no longer available.
        """

    def finish_checkout(self, order: Order) -> None:
        """Turn what was taken into a sale, in the transaction that places ``order``. It must not fail."""

    def undo_checkout(self, order: Order) -> None:
        """Give back what :meth:`prepare_for_checkout` took, in the transaction that cancels ``order``."""


@dataclass(frozen=True)
class Totals:
    """The price of a cart. Amounts are rounded to the exponent of ``currency``.

    ``grand_total`` is always ``subtotal`` plus the adjustments plus the charges that are not included, with one
    exception: a cart whose items cost less than nothing shows zero, and cannot be checked out.
    """

    currency: str
    subtotal: Decimal
    #: The total of each line, in their order; ``None`` where the line has no valid price.
    lines: list[Decimal | None]
    #: The total of each adjustment, in their order. Each is cut so that the price never falls below zero.
    adjustments: list[Decimal | None]
    #: Each source of ``LORIKEET_CHARGES`` with its charges.
    sources: list[tuple[ChargeSource, list[Charge]]]
    grand_total: Decimal
    #: Why this price cannot be charged; empty if it can.
    problems: list[IncompleteCartError]
    contents: CartContents

    @property
    def charges(self) -> list[Charge]:
        """All charges, in the order of their sources."""
        return [charge for source, charges in self.sources for charge in charges]

    def of(self, row: LineItem | Adjustment) -> Decimal:
        """Return the total of one line or adjustment of the cart; raises ``LookupError`` if it is not in it."""
        rows: list[Any] = [*self.contents.lines, *self.contents.adjustments]
        for known, total in zip(rows, self.lines + self.adjustments, strict=True):
            if known == row and total is not None:
                return total
        raise LookupError(f"{row!r} has no total in this cart.")


def price(contents: CartContents) -> Totals:
    """Price a cart.

    A line, adjustment or charge whose amount is invalid (a float, NaN, beyond 15 digits) counts as zero and is reported
    in ``problems``, so that the shopper can still see the cart and remove it. So is a line below zero whose type has no
    ``may_be_negative``: it must not pay for the others. Any other exception of a host's ``get_total()`` propagates.
    """
    sum_up = _Sum(contents.cart.currency)
    lines = [sum_up.add_line(line) for line in contents.lines]
    subtotal = sum_up.total
    if subtotal < 0:
        sum_up.report("negative_total", _("The items cost less than nothing."), "items")
    adjustments = [sum_up.adjust(row.get_total(subtotal), "adjustments") for row in contents.adjustments]
    every_source = [source_class() for source_class in settings.load(settings.CHARGES)]
    sources = [(source, list(_charges(source, contents, sum_up))) for source in every_source]
    try:
        to_amount(max(subtotal, sum_up.total, key=Decimal.copy_abs))
    except PriceError:
        sum_up.report("total_too_large", _("The total is too large to be charged."), "items")
    grand_total = max(sum_up.total, sum_up.zero)
    return Totals(sum_up.currency, subtotal, lines, adjustments, sources, grand_total, sum_up.problems, contents)


def total_of(line: LineItem, currency: str) -> Decimal:
    """Return what a line of a cart costs, rounded to the exponent of ``currency``.

    :raises NegativeTotal: it is below zero, and the line's type has no ``may_be_negative``.
    :raises PriceError: it is not a valid amount.
    """
    total = quantise(line.get_total(), currency)
    if total < 0 and not line.may_be_negative:
        raise NegativeTotal(f"{type(line).__name__}.get_total() is below zero; write may_be_negative = True if it may.")
    return total


def _charges(source: ChargeSource, contents: CartContents, sum_up: _Sum) -> Iterator[Charge]:
    try:
        for charge in source.get_charges(contents, sum_up.total):
            total = (sum_up.rounded if charge.included else sum_up.adjust)(charge.total, "charges")
            if total is not None:
                yield replace(charge, total=total)
    except IncompleteCartError as reason:
        sum_up.problems.append(reason)


class _Sum:
    """The price of one cart while it is added up, and what is wrong with it."""

    def __init__(self, currency: str) -> None:
        self.currency = currency
        self.zero = self.total = quantise(0, currency)
        self.problems: list[IncompleteCartError] = []

    def add_line(self, line: LineItem) -> Decimal | None:
        """Add what a line costs, and return it; ``None`` if it cannot be charged, which is reported."""
        try:
            return self.add(total_of(line, self.currency))
        except NegativeTotal:
            self.report("negative_total", _("An item costs less than nothing."), "items")
        except PriceError:
            self.report_invalid("items")
        return None

    def rounded(self, amount: Any, field: str) -> Decimal | None:
        """Return ``amount`` rounded, or ``None`` if it is invalid, which is reported."""
        try:
            return quantise(amount, self.currency)
        except PriceError:
            self.report_invalid(field)
            return None

    def adjust(self, amount: Any, field: str) -> Decimal | None:
        """Add ``amount``, cut so that the price does not fall below zero, and return what was added."""
        rounded = self.rounded(amount, field)
        return None if rounded is None else self.add(max(rounded, min(-self.total, self.zero)))

    def add(self, amount: Decimal) -> Decimal:
        """Add an amount that is rounded already, and return it."""
        self.total = CONTEXT.add(self.total, amount)
        return amount

    def report_invalid(self, field: str) -> None:
        """Report an invalid amount."""
        self.report("invalid_price", _("Something here has no valid price."), field)

    def report(self, code: str, message: str, field: str) -> None:
        """Report what is wrong with the price."""
        self.problems.append(IncompleteCartError(code, message, field))
