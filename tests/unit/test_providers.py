"""Asking a provider, reading any answer, and stopping a payment where that is possible."""

import logging
from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils.timezone import now

from lorikeet.exceptions import InvalidAnswer, LostLease, PaymentError
from lorikeet.models import Payment, PaymentAttempt, PaymentMethod
from lorikeet.outcomes import NotFound, Paid, Pending, Refused, Unknown
from lorikeet.payments import begin, resolve
from lorikeet.sale.ask import ask_for_refund, check, method_of, read_key, start, stop
from tests.testapp import models
from tests.unit import DECLINED, begin_sale, make_attempt, make_order, received, states

pytestmark = pytest.mark.django_db(transaction=True)

CANCELLED = Refused({"code": "cancelled"}, "cancelled")
ERRORS = [TimeoutError("Read timed out."), ConnectionError(), ValueError("502"), KeyError("id")]


@pytest.fixture
def asked(scripted):
    """An attempt at a card that answers as it is told to."""
    return begin_sale(scripted)


@pytest.fixture
def simple():
    """An attempt at a card of the simple path, as it is read back from its row."""
    return PaymentAttempt.objects.get(pk=begin_sale().pk)


# whom to ask


def test_a_method_is_asked_as_what_it_is(simple):
    assert (type(method_of(simple)), method_of(simple).pk) == (models.PretendCard, simple.method_id)


def test_a_payment_that_names_no_method_is_asked_for_by_its_type():
    attempt = make_attempt(make_order())
    attempt.method = None

    method = method_of(attempt)

    assert (type(method), method.pk) == (models.PretendCard, None)


# the simple path


def test_a_card_is_charged_once_what_the_attempt_says(simple, bank):
    calls = []

    def charge(card, order, amount):
        calls.append((card, order, amount))
        return models.CardPayment.objects.create(method=card)

    bank(charge)

    outcome = start(simple)

    assert outcome == Paid(None, Decimal("12"), "AUD", models.CardPayment.objects.get())
    assert calls == [(models.PretendCard.objects.get(), simple.order, Decimal("12"))]


def test_a_payment_that_is_not_saved_yet_is_saved(simple, bank):
    bank(lambda card, order, amount: models.CardPayment(method=card, reference="ch_1"))

    outcome = start(simple)

    assert outcome.payment == models.CardPayment.objects.get()


def test_a_payment_that_is_saved_is_left_as_it_is(simple, bank, monkeypatch):
    bank(lambda card, order, amount: models.CardPayment.objects.create(method=card))
    saved = []
    save = Payment.save
    monkeypatch.setattr(Payment, "save", lambda row, *args, **more: saved.append(row) or save(row, *args, **more))

    start(simple)

    assert len(saved) == 1


@pytest.mark.parametrize("answer", [None, True, "ch_1", {"paid": True}, models.Promise], ids=repr)
def test_a_return_value_that_is_no_payment_is_unknown_and_cannot_be_asked_about(simple, bank, answer, caplog):
    bank(lambda card, order, amount: answer)

    assert start(simple) == Unknown(can_be_asked=False)
    assert str(caplog.records[0].exc_info[1]) == (
        f"PretendCard.make_payment() returned {answer!r} instead of a Payment."
    )


def test_a_payment_that_cannot_be_saved_is_unknown(simple, bank, caplog):
    """The provider may have the money all the same."""
    bank(lambda card, order, amount: models.CardPayment(reference="ch_1"))

    assert start(simple) == Unknown(can_be_asked=False)
    assert [record.levelno for record in caplog.records] == [logging.ERROR]


def test_a_simple_card_cannot_be_asked(simple, bank):
    bank(None)

    assert check(simple) == Unknown(can_be_asked=False)


# repeating with the same key


@pytest.mark.parametrize(("minutes", "is_repeated"), [(0, True), (47, True), (49, False)])
def test_within_most_of_its_window_a_keyed_payment_is_repeated(monkeypatch, minutes, is_repeated):
    """The provider forgets the key after an hour; a fifth of that is left for clocks that differ."""
    charged = []

    def charge(card, order, amount):
        charged.append((order.payment_key, amount))
        return models.Receipt.objects.create(method=card)

    monkeypatch.setattr(models.KeyedCard, "make_payment", charge)
    attempt = begin_sale(models.KeyedCard)
    attempt.created_at = now() - timedelta(minutes=minutes)

    outcome = check(attempt)

    if is_repeated:
        assert outcome == Paid(None, Decimal("12"), "AUD", models.Receipt.objects.get())
        assert charged == [(attempt.key, Decimal("12"))]
    else:
        assert (outcome, charged) == (Unknown(can_be_asked=False), [])


def test_a_keyed_payment_that_raises_can_still_be_asked_about(monkeypatch):
    def fail(card, order, amount):
        raise TimeoutError

    monkeypatch.setattr(models.KeyedCard, "make_payment", fail)

    assert start(begin_sale(models.KeyedCard)) == Unknown()


# reading what comes back


@pytest.mark.parametrize("ask", [start, check, ask_for_refund])
@pytest.mark.parametrize(
    "answer", [received(), Pending("pi_1", {"url": "x"}), NotFound(), Unknown(), CANCELLED], ids=repr
)
def test_an_outcome_is_passed_on(asked, scripted, ask, answer):
    name = {start: "start_payment", check: "check_payment", ask_for_refund: "refund_payment"}[ask]
    scripted.script(**{name: answer})

    assert ask(asked) is answer
    assert scripted.asked == [(name, asked.pk)]


def test_a_payment_error_is_a_refusal(asked, scripted):
    scripted.script(start_payment=PaymentError(DECLINED))

    assert start(asked) == Refused(DECLINED)


@pytest.mark.parametrize("error", ERRORS, ids=repr)
def test_any_other_error_is_unknown(asked, scripted, error, caplog):
    scripted.script(start_payment=error)

    assert start(asked) == Unknown()
    (record,) = caplog.records
    assert (record.levelno, record.exc_info[1]) == (logging.ERROR, error)
    assert record.getMessage() == f"Payment attempt {asked.key} raised an exception: its outcome is unknown."


@pytest.mark.parametrize("answer", [None, True, "ch_1", Paid, NotFound], ids=repr)
def test_a_return_value_that_is_no_outcome_is_unknown(asked, scripted, answer, caplog):
    scripted.script(check_payment=lambda attempt: answer)

    assert check(asked) == Unknown()
    said, flagged = caplog.records
    assert said.getMessage() == f"Payment attempt {asked.key} got an invalid answer: its outcome is unknown."
    assert str(said.exc_info[1]) == (
        f"ScriptedCard.check_payment() returned {answer!r} instead of Paid(...) or Pending(...)."
    )
    assert flagged.getMessage().endswith("needs attention: unresolved.")


@pytest.mark.parametrize(
    "answer",
    [
        lambda attempt: Paid("ch_1", Decimal("12.005"), "AUD"),
        lambda attempt: Paid("ch_1", Decimal("12"), "A$"),
        lambda attempt: Paid("ch\ud800", Decimal("12"), "AUD"),
        lambda attempt: Paid("ch_1", Decimal("12"), "AUD", "ch_1"),
        lambda attempt: Paid("ch_1", Decimal("12"), "AUD", attempt.method),
        lambda attempt: Pending(action={"sum": float("nan")}),
        lambda attempt: Pending(action="\ud800"),
        lambda attempt: Pending(expires_at="tomorrow"),
        lambda attempt: Pending("ch\0"),
        lambda attempt: attempt.save_reference("ch\0"),
    ],
    ids=["amount", "currency", "reference", "text", "method", "nan", "surrogate", "moment", "NUL", "saved"],
)
def test_an_answer_that_cannot_be_leaves_the_outcome_unknown_and_calls_the_staff(asked, scripted, answer, caplog):
    scripted.script(start_payment=answer)

    assert begin(asked) == Unknown()

    attempt = PaymentAttempt.objects.get()
    assert (attempt.state, attempt.reference, attempt.attention) == ("unknown", None, "unresolved")
    assert attempt.order.is_pending
    assert isinstance(caplog.records[0].exc_info[1], InvalidAnswer)


def test_a_valid_answer_takes_it_off_the_list_again(asked, scripted):
    scripted.script(start_payment=True, check_payment=Pending())

    begin(asked)
    resolve(asked)

    attempt = PaymentAttempt.objects.get()
    assert (attempt.state, attempt.attention) == ("pending", "")


@pytest.mark.parametrize("error", [PaymentError, PaymentError()], ids=["class", "instance"])
def test_a_decline_without_details_is_a_decline(asked, scripted, error):
    def decline(attempt):
        raise error

    scripted.script(start_payment=decline, cancel_payment=True)

    assert begin(asked) == Refused(None)
    assert states(asked) == ("failed", "cancelled")


def test_a_process_that_lost_the_lease_is_told(asked, scripted):
    scripted.script(start_payment=LostLease())

    with pytest.raises(LostLease):
        start(asked)


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit])
def test_a_process_that_is_told_to_stop_stops(asked, scripted, error):
    def interrupt(attempt):
        raise error

    scripted.script(start_payment=interrupt)

    with pytest.raises(error):
        start(asked)

    assert states(asked) == ("calling", "pending")


# stopping


@pytest.mark.parametrize("outcome", [NotFound(), Pending(), Refused(DECLINED)], ids=repr)
def test_a_stopped_payment_is_refused(asked, scripted, outcome):
    scripted.script(cancel_payment=True)

    assert stop(asked, outcome, CANCELLED) is CANCELLED
    assert scripted.asked == [("cancel_payment", asked.pk)]


def test_a_payment_elsewhere_may_still_be_paid_late(asked, scripted, monkeypatch):
    """The shopper can still pay there after the order was cancelled."""
    monkeypatch.setattr(scripted, "paid_elsewhere", True)
    scripted.script(cancel_payment=True)

    assert stop(asked, Pending(), CANCELLED) == Refused({"code": "cancelled"}, "cancelled", is_final=False)


@pytest.mark.parametrize("answer", [received(), Pending("pi_1"), Refused(DECLINED), Unknown()], ids=repr)
def test_a_payment_that_could_not_be_stopped_is_as_the_provider_says_then(asked, scripted, answer):
    scripted.script(cancel_payment=False, check_payment=answer)

    assert stop(asked, Pending(), CANCELLED) is answer
    assert [name for name, _ in scripted.asked] == ["cancel_payment", "check_payment"]


def test_a_payment_neither_stopped_nor_found_is_given_up_and_watched(asked, scripted):
    scripted.script(cancel_payment=False, check_payment=NotFound())

    assert stop(asked, Pending(), CANCELLED) == Refused({"code": "cancelled"}, "cancelled", is_final=False)


@pytest.mark.parametrize("error", ERRORS, ids=repr)
def test_whether_it_was_stopped_may_be_unknown(asked, scripted, error, caplog):
    scripted.script(cancel_payment=error, check_payment=Pending())

    assert stop(asked, Pending(), CANCELLED) == Unknown()
    assert scripted.asked == [("cancel_payment", asked.pk)]


def test_an_error_while_it_is_stopped_may_say_that_it_failed(asked, scripted):
    scripted.script(cancel_payment=PaymentError(DECLINED))

    assert stop(asked, Pending(), CANCELLED) == Refused(DECLINED)


@pytest.mark.parametrize(
    ("outcome", "end"),
    [
        (Refused(DECLINED), CANCELLED),
        (NotFound(), Refused({"code": "cancelled"}, "cancelled", is_final=False)),
        (Pending("pi_1"), Pending("pi_1")),
        (Unknown(), Unknown()),
        (received(), received()),
    ],
    ids=repr,
)
def test_without_a_way_to_stop_it_only_its_own_word_counts(simple, outcome, end):
    assert stop(simple, outcome, CANCELLED) == end


# refunds


def test_a_method_that_pays_nothing_back_is_not_asked_to(simple):
    assert ask_for_refund(simple) == Unknown(can_be_asked=False)


def test_a_refund_that_raises_can_be_asked_for_again(asked, scripted):
    scripted.script(refund_payment=TimeoutError())

    assert ask_for_refund(asked) == Unknown()


# what a method is without a word from the host


@pytest.mark.parametrize(
    ("method", "can_be_asked", "can_refund"),
    [
        (models.PretendCard, False, False),
        (models.KeyedCard, True, False),
        (models.ExactCard, True, True),
        (models.Transfer, True, True),
    ],
)
def test_the_features_of_a_method_are_read_from_its_methods(method, can_be_asked, can_refund):
    assert (method().can_be_asked, method().can_refund) == (can_be_asked, can_refund)


def test_a_method_without_a_refund_says_so(simple):
    with pytest.raises(TypeError, match=r"^PretendCard cannot refund: write its refund_payment\(self, attempt\)\.$"):
        method_of(simple).refund_payment(simple)


def test_a_method_stops_nothing_and_lists_nothing_by_itself(simple):
    method = method_of(simple)

    assert (method.cancel_payment(simple), list(method.list_payments(now()))) == (False, [])


@pytest.mark.parametrize("name", ["start_payment", "check_payment", "read_webhook", "list_payments"])
def test_a_method_of_the_class_itself_is_known(name):
    assert (models.ExactCard.has_own(name), models.PretendCard.has_own(name), PaymentMethod.has_own(name)) == (
        True,
        False,
        False,
    )


@pytest.mark.parametrize(
    ("method", "expected"),
    [(models.PretendCard, False), (models.KeyedCard, True), (models.ExactCard, False), (models.ScriptedCard, False)],
)
def test_asking_may_mean_to_repeat(method, expected):
    assert method().asks_by_repeating is expected


def test_asking_does_not_mean_to_repeat_where_there_is_a_way_to_ask(monkeypatch):
    monkeypatch.setattr(models.ExactCard, "retry_window", timedelta(hours=1))

    assert models.ExactCard().asks_by_repeating is False


# keys


def test_a_key_is_read_however_a_provider_writes_it():
    attempt = make_attempt(make_order())

    assert read_key(str(attempt.key)) == read_key(attempt.key.hex.upper()) == attempt.key


@pytest.mark.parametrize("text", ["", "pi_1", "7", "\0"])
def test_a_value_that_is_no_key_is_none(text):
    assert read_key(text) is None
