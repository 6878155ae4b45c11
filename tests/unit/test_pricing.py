"""What a cart costs: items, then adjustments, then charges; the sum of what is shown; and never below zero."""

from decimal import Decimal

import pytest
from django.test import override_settings
from hypothesis import given, settings
from hypothesis import strategies as st

from lorikeet.contents import CartContents
from lorikeet.exceptions import IncompleteCartError
from lorikeet.models import Cart
from lorikeet.pricing import Charge, ChargeSource, price
from tests.testapp import models

INVALID = "Something here has no valid price."
any_speed = settings(deadline=None, database=None)


class Parcel(ChargeSource):
    """Five for the parcel, said in fractions of a cent."""

    code = "parcel"

    def get_charges(self, contents, total):
        seen.append(("parcel", len(contents.lines), total))
        yield Charge("parcel", "Parcel", Decimal("5.0049"), data={"days": 3})


class Tax(ChargeSource):
    """A tenth of the running total, shown and not added."""

    code = "tax"

    def get_charges(self, contents, total):
        seen.append(("tax", len(contents.lines), total))
        return [Charge("tax", "Tax", total / 10, included=True)]


class Rebates(ChargeSource):
    """Two at once, the second more than there is left."""

    code = "rebates"

    def get_charges(self, contents, total):
        yield Charge("rebate", "Rebate", Decimal("-4"))
        yield Charge("rebate", "Rebate", Decimal("-1000"))


class Unaddressed(ChargeSource):
    """Says one charge, and cannot say the next."""

    code = "unaddressed"

    def get_charges(self, contents, total):
        yield Charge("wrapping", "Wrapping", Decimal("1"))
        raise IncompleteCartError("no_rate", "We need an address to say what shipping costs.", "delivery_address")


class Nonsense(ChargeSource):
    """A charge that is no money, and one that is."""

    code = "nonsense"

    def get_charges(self, contents, total):
        yield Charge("a", "Float", 1.5)
        yield Charge("b", "Shown", Decimal("NaN"), included=True)
        yield Charge("c", "Good", Decimal("1"))


class Silent(ChargeSource):
    """Writes nothing of its own."""

    code = "silent"


#: What the sources were given, newest last.
seen = []


@pytest.fixture(autouse=True)
def nothing_seen():
    seen.clear()


def charging(*sources):
    return override_settings(LORIKEET_CHARGES=[f"tests.unit.test_pricing.{source.__name__}" for source in sources])


def line(amount, quantity=1):
    return models.WineLine(product=models.Wine(unit_price=Decimal(amount)), quantity=quantity)


def mood(mood):
    return models.MoodyLine(mood=mood)


def owed():
    """A line of minus ten, of a type that may cost less than nothing."""
    line = mood("negative")
    line.may_be_negative = True
    return line


def off(amount):
    return models.AmountOff(amount=Decimal(amount))


def totals_of(*lines, adjustments=(), currency="AUD"):
    return price(CartContents(Cart(currency=currency), list(lines), list(adjustments)))


def problems(totals):
    return [(problem.code, problem.field, problem.message) for problem in totals.problems]


def test_an_empty_cart_costs_nothing():
    totals = totals_of()

    assert (str(totals.subtotal), str(totals.grand_total), totals.currency) == ("0.00", "0.00", "AUD")
    assert (totals.lines, totals.adjustments, totals.charges, totals.problems) == ([], [], [], [])


def test_each_line_is_rounded_before_it_is_added():
    totals = totals_of(line("0.005"), line("0.005"))

    assert totals.lines == [Decimal("0.01"), Decimal("0.01")]
    assert totals.subtotal == totals.grand_total == Decimal("0.02")


@pytest.mark.parametrize(("currency", "shown"), [("JPY", "13"), ("AUD", "12.55"), ("KWD", "12.545")])
def test_amounts_have_the_decimal_places_of_the_currency(currency, shown):
    assert str(totals_of(line("12.5451"), currency=currency).grand_total) == shown


def test_every_adjustment_is_given_the_subtotal():
    totals = totals_of(line("100"), adjustments=[off("40"), models.ShareOff(parts=3), models.ShareOff(parts=3)])

    assert totals.adjustments == [Decimal("-40.00"), Decimal("-33.33"), Decimal("-26.67")]
    assert (totals.subtotal, totals.grand_total) == (Decimal("100.00"), Decimal("0.00"))


def test_an_adjustment_may_add_to_the_price():
    assert totals_of(line("10"), adjustments=[off("-2.50")]).grand_total == Decimal("12.50")


def test_an_adjustment_never_takes_more_than_there_is():
    totals = totals_of(line("10"), adjustments=[off("8"), off("8"), off("8"), off("-3")])

    assert totals.adjustments == [Decimal("-8.00"), Decimal("-2.00"), Decimal("0.00"), Decimal("3.00")]
    assert totals.grand_total == Decimal("3.00")


def test_charges_come_after_the_adjustments_and_see_what_is_to_pay_so_far():
    with charging(Tax, Parcel, Tax):
        totals = totals_of(line("100"), adjustments=[off("40")])

    assert seen == [("tax", 1, Decimal("60.00")), ("parcel", 1, Decimal("60.00")), ("tax", 1, Decimal("65.00"))]
    assert totals.charges == [
        Charge("tax", "Tax", Decimal("6.00"), included=True),
        Charge("parcel", "Parcel", Decimal("5.00"), data={"days": 3}),
        Charge("tax", "Tax", Decimal("6.50"), included=True),
    ]


def test_an_included_charge_is_shown_and_not_added():
    with charging(Tax):
        totals = totals_of(line("100"))

    assert (totals.subtotal, totals.grand_total) == (Decimal("100.00"), Decimal("100.00"))


def test_charges_know_their_sources():
    with charging(Tax, Rebates):
        totals = totals_of(line("100"))

    assert [(type(source), len(charges)) for source, charges in totals.sources] == [(Tax, 1), (Rebates, 2)]


def test_a_charge_never_takes_more_than_there_is():
    with charging(Rebates):
        totals = totals_of(line("10"))

    assert [charge.total for charge in totals.charges] == [Decimal("-4.00"), Decimal("-6.00")]
    assert totals.grand_total == Decimal("0.00")


def test_a_source_that_cannot_say_its_charge_gives_the_reason_and_the_rest_counts():
    with charging(Unaddressed, Parcel):
        totals = totals_of(line("10"))

    assert problems(totals) == [("no_rate", "delivery_address", "We need an address to say what shipping costs.")]
    assert [charge.code for charge in totals.charges] == ["wrapping", "parcel"]
    assert totals.grand_total == Decimal("16.00")


def test_a_source_without_charges_of_its_own_is_told_what_to_write():
    with charging(Silent), pytest.raises(TypeError) as refusal:
        totals_of()

    assert str(refusal.value) == "Write Silent.get_charges(self, contents, total)."


def test_a_source_takes_and_gives_back_nothing_by_default():
    assert Silent().prepare_for_checkout(None, []) is None
    assert Silent().undo_checkout(None) is None


@pytest.mark.parametrize("bad", ["float", "text", "none", "nan", "infinite", "huge"])
def test_a_line_that_is_no_money_counts_as_nothing_and_is_reported(bad):
    totals = totals_of(line("10"), mood(bad), line("5"))

    assert totals.lines == [Decimal("10.00"), None, Decimal("5.00")]
    assert totals.grand_total == Decimal("15.00")
    assert problems(totals) == [("invalid_price", "items", INVALID)]


def test_an_adjustment_that_is_no_money_counts_as_nothing_and_is_reported():
    totals = totals_of(line("10"), adjustments=[off("NaN"), off("3")])

    assert totals.adjustments == [None, Decimal("-3.00")]
    assert problems(totals) == [("invalid_price", "adjustments", INVALID)]


def test_a_charge_that_is_no_money_is_left_out_and_reported():
    with charging(Nonsense):
        totals = totals_of(line("10"))

    assert [charge.code for charge in totals.charges] == ["c"]
    assert totals.grand_total == Decimal("11.00")
    assert problems(totals) == [("invalid_price", "charges", INVALID)] * 2


def test_a_mistake_of_the_hosts_is_the_hosts():
    with pytest.raises(ZeroDivisionError, match=r"A host's mistake\."):
        totals_of(mood("raising"))


def test_a_line_that_costs_less_than_nothing_pays_for_no_other_and_is_reported():
    totals = totals_of(line("30"), mood("negative"))

    assert totals.lines == [Decimal("30.00"), None]
    assert (totals.subtotal, totals.grand_total) == (Decimal("30.00"), Decimal("30.00"))
    assert problems(totals) == [("negative_total", "items", "An item costs less than nothing.")]


def test_a_line_may_cost_less_than_nothing_if_its_type_says_so():
    totals = totals_of(line("30"), owed())

    assert totals.lines == [Decimal("30.00"), Decimal("-10.00")]
    assert (totals.grand_total, totals.problems) == (Decimal("20.00"), [])


def test_items_that_cost_less_than_nothing_are_reported():
    totals = totals_of(line("3"), owed())

    assert totals.lines == [Decimal("3.00"), Decimal("-10.00")]
    assert (totals.subtotal, totals.grand_total) == (Decimal("-7.00"), Decimal("0.00"))
    assert problems(totals) == [("negative_total", "items", "The items cost less than nothing.")]


def test_a_discount_does_not_make_them_cost_even_less():
    totals = totals_of(owed(), adjustments=[off("5")])

    assert totals.adjustments == [Decimal("0.00")]
    assert totals.grand_total == Decimal("0.00")


def test_a_sum_that_no_column_holds_is_reported():
    totals = totals_of(line("600000000000000"), line("600000000000000"))

    assert totals.grand_total == Decimal("1200000000000000.00")
    assert problems(totals) == [("total_too_large", "items", "The total is too large to be charged.")]


def test_no_cent_is_lost_in_a_sum_that_large():
    totals = totals_of(line("999999999999999.99"), *[line("0.01")] * 3)

    assert str(totals.subtotal) == "1000000000000000.02"


def test_a_row_is_asked_for_its_total():
    first, second = (models.MoodyLine(pk=pk, amount=Decimal(pk)) for pk in (1, 2))
    share = models.ShareOff(pk=1, parts=3)
    totals = totals_of(first, second, adjustments=[share])

    assert (totals.of(second), totals.of(share)) == (Decimal("2.00"), Decimal("-1.00"))


@pytest.mark.parametrize("row", [models.MoodyLine(pk=2), models.ShareOff(pk=1)])
def test_a_row_that_is_not_there_or_has_no_price_has_no_total(row):
    totals = totals_of(models.MoodyLine(pk=1), models.MoodyLine(pk=2, mood="nan"))

    with pytest.raises(LookupError) as refusal:
        totals.of(row)

    assert str(refusal.value) == f"{row!r} has no total in this cart."


moods = st.sampled_from(["calm", "float", "nan", "huge", "negative"])
amounts = st.decimals(-200, 500, places=4)


@any_speed
@given(
    st.lists(st.tuples(moods, st.decimals(0, 500, places=4)), max_size=6),
    st.lists(amounts, max_size=4),
    st.lists(st.sampled_from([Parcel, Tax, Rebates, Nonsense, Unaddressed]), max_size=4),
    st.sampled_from(["JPY", "AUD", "KWD", "CLF"]),
)
def test_the_price_is_the_sum_of_what_is_shown_and_never_negative(lines, adjustments, sources, currency):
    rows = [models.MoodyLine(mood=mood, amount=amount) for mood, amount in lines]
    for row in rows[::2]:
        row.may_be_negative = True

    with charging(*sources):
        totals = totals_of(*rows, adjustments=map(off, adjustments), currency=currency)

    shown = [
        *filter(None, totals.lines),
        *filter(None, totals.adjustments),
        *(charge.total for charge in totals.charges if not charge.included),
    ]
    assert totals.subtotal == sum(filter(None, totals.lines))
    assert totals.grand_total >= 0
    assert totals.grand_total == sum(shown) or totals.subtotal < 0
