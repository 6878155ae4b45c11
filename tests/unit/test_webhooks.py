"""Webhooks: verified, never believed, and good for one look at the provider at most."""

from uuid import UUID

import pytest
from django.test import RequestFactory

from lorikeet.exceptions import NoWebhooks, PaymentError, WebhookError
from lorikeet.models import PaymentAttempt, PaymentMethod
from lorikeet.outcomes import NotFound, Pending
from lorikeet.sale import webhooks
from lorikeet.sale.settle import settle
from lorikeet.sale.webhooks import receive
from tests.faults.clients import sign_event
from tests.testapp import models
from tests.unit import DECLINED, begin_sale, make_attempt, make_order, received, reread, sell, states

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def poke(scripted, monkeypatch):
    """Return a function that delivers a webhook of the scripted card which names these references and keys."""
    named = []

    def read_webhook(cls, request):
        yield from named

    monkeypatch.setattr(scripted, "read_webhook", classmethod(read_webhook))

    def deliver(*names):
        named[:] = [str(name) if isinstance(name, UUID) else name for name in names]
        receive("ScriptedCard", request())

    return deliver


def request(body=b"", **headers):
    return RequestFactory().post("/", body, content_type="application/json", headers=headers)


@pytest.mark.parametrize("by", ["key", "reference"])
def test_a_webhook_has_the_provider_asked_about_what_it_names(waiting, scripted, poke, by):
    settle(begin_sale(scripted), Pending("pi_2"))
    PaymentAttempt.objects.filter(pk=waiting.pk).update(reference="pi_1")
    scripted.script(check_payment=received("pi_1"))

    poke(waiting.key if by == "key" else "pi_1")

    assert states(waiting) == ("paid", "placed")
    assert scripted.asked == [("check_payment", waiting.pk)]


def test_the_content_of_a_webhook_is_not_believed(waiting, scripted, poke):
    scripted.script(check_payment=Pending())
    poke(waiting.key, "succeeded", "refunded")

    assert states(waiting) == ("pending", "pending")


@pytest.mark.parametrize("names", [[], ["pi_9"], [""], ["00000000-0000-4000-8000-000000000000"]], ids=str)
def test_a_webhook_about_something_else_changes_nothing(waiting, scripted, poke, unchanged, names):
    with unchanged():
        poke(*names)

    assert scripted.asked == []


def test_a_webhook_of_one_method_is_not_about_another_ones_payments(scripted, poke, unchanged):
    attempt = make_attempt(make_order(), state="pending", reference="pi_1")

    with unchanged():
        poke(attempt.key, "pi_1")

    assert scripted.asked == []


def test_a_webhook_that_comes_twice_has_a_settled_payment_asked_about_no_more(waiting, scripted, poke):
    scripted.script(check_payment=received())

    for _ in range(2):
        poke(waiting.key)

    assert scripted.asked == [("check_payment", waiting.pk)]
    assert states(waiting) == ("paid", "placed")


def test_a_webhook_during_another_look_is_left_out(begun, scripted, poke, unchanged):
    with unchanged():
        poke(begun.key)

    assert scripted.asked == []


def test_a_webhook_has_late_money_found(waiting, scripted, poke):
    scripted.script(check_payment=[PaymentError(DECLINED), received()], cancel_payment=True)

    for _ in range(2):
        poke(waiting.key)

    assert (reread(waiting).state, reread(waiting).attention) == ("paid", "late money")


def test_a_webhook_gives_up_what_was_never_made(waiting, scripted, poke):
    """The sender of a webhook is not the shopper: nothing is charged for it."""
    scripted.script(check_payment=NotFound(), cancel_payment=True)

    poke(waiting.key)

    assert [name for name, _ in scripted.asked] == ["check_payment", "cancel_payment"]
    assert states(waiting) == ("failed", "cancelled")


def test_a_webhook_names_so_many_and_no_more(scripted, poke, monkeypatch):
    monkeypatch.setattr(webhooks, "MOST_NAMED", 2)
    attempts = [begin_sale(scripted) for _ in range(3)]
    for attempt in attempts:
        settle(attempt, Pending())
    scripted.script(check_payment=Pending())

    poke(*(attempt.key for attempt in attempts))

    assert [pk for _, pk in scripted.asked] == [attempt.pk for attempt in attempts[:2]]


def test_a_mistake_in_one_payment_keeps_none_of_the_others_from_being_looked_at(scripted, poke, monkeypatch, caplog):
    def fail(line):
        raise ZeroDivisionError

    broken, whole = begin_sale(scripted), begin_sale(scripted)
    for attempt in (broken, whole):
        settle(attempt, Pending())
    sell(models.MoodyLine.objects.create(cart=broken.order.cart), broken.order)
    monkeypatch.setattr(models.MoodyLine, "undo_checkout", fail)
    scripted.script(check_payment=PaymentError(DECLINED), cancel_payment=True)

    with pytest.raises(ZeroDivisionError):
        poke(broken.key, whole.key)

    assert [states(broken), states(whole)] == [("pending", "pending"), ("failed", "cancelled")]
    assert caplog.records[0].getMessage() == f"Payment attempt {broken.key} could not be looked at for a webhook."


@pytest.mark.parametrize("name", ["Nothing", "PretendCard", "WineLine", ""])
def test_a_method_without_webhooks_is_not_found(name):
    with pytest.raises(NoWebhooks):
        receive(name, request())


@pytest.mark.parametrize(
    "odd", [None, 17, b"pi_1", {"id": "pi_1"}, "pi\0", "\ud800", "x" * 100_000], ids=lambda odd: ascii(odd)[:20]
)
def test_a_value_that_is_no_name_is_dropped_and_the_others_are_looked_at(waiting, scripted, poke, odd):
    """A provider sends events without our key, and repeats for days what was not answered."""
    scripted.script(check_payment=received())
    poke(odd, waiting.key)

    assert states(waiting) == ("paid", "placed")


def test_a_hosts_mistake_is_none_of_the_providers(scripted, monkeypatch):
    def read_webhook(cls, request):
        return [{}["payment"]]

    monkeypatch.setattr(scripted, "read_webhook", classmethod(read_webhook))

    with pytest.raises(KeyError):
        receive("ScriptedCard", request())


def test_by_itself_a_method_refuses_every_webhook():
    with pytest.raises(WebhookError, match=r"^PaymentMethod takes no webhooks\.$"):
        PaymentMethod.read_webhook(request())


@pytest.mark.parametrize("signature", ["", "0" * 64])
def test_a_webhook_with_a_wrong_signature_is_refused_before_any_question(unchanged, signature):
    attempt = begin_sale(models.ExactCard)
    settle(attempt, Pending("pi_1"))
    body, _ = sign_event({"object": "pi_1", "key": None})

    with unchanged(), pytest.raises(WebhookError):
        receive("ExactCard", request(body, Provider_Signature=signature))


def test_a_webhook_of_a_real_provider_has_the_sale_made(provider):
    attempt = begin_sale(models.ExactCard)
    settle(attempt, Pending())
    provider.pay_elsewhere(1200, "AUD", key=attempt.key)
    body, signature = sign_event(provider.events()[-1])

    receive("ExactCard", request(body, Provider_Signature=signature))

    assert states(attempt) == ("paid", "placed")
