"""Answers of Stripe's that are lost: an order is charged exactly once, or not at all."""

import pytest

from lorikeet.models import PaymentAttempt
from lorikeet.payments import resolve
from lorikeet.recovery import tick
from tests.unit import lapse, states

from .shopping import FAKE, attempt, get_ready, intents

pytestmark = pytest.mark.django_db(transaction=True)

CREATE, CONFIRM, CANCEL, RETRIEVE = (
    "/v1/payment_intents",
    "/v1/payment_intents/*/confirm",
    "/v1/payment_intents/*/cancel",
    "/v1/payment_intents/*",
)
#: Both tries of the SDK.
BOTH = 2


def recover():
    """Let the process that worked on the payment be dead, and recovery run until all is settled."""
    for _ in range(3):
        lapse(attempt())
        PaymentAttempt.objects.exclude(check_at=None).update(check_at=attempt().created_at)
        tick()


def charged():
    """Return how often the shopper was charged and what the shop has of it."""
    taken = [intent for intent in intents() if intent["status"] in ("succeeded", "requires_capture")]
    return len(taken), FAKE.totals().get("aud", 0)


# one answer


@pytest.mark.parametrize("acts", [False, True])
@pytest.mark.parametrize("path", [CREATE, CONFIRM])
def test_an_answer_that_is_lost_once_is_asked_for_again_under_the_same_key(buyer, fake, path, acts):
    fake.fault("lose", acts=acts, path=path)

    response = buyer.checkout()

    assert response.status_code == 200
    assert charged() == (1, 1200)
    assert len(intents()) == 1


# both tries


@pytest.mark.parametrize("acts", [False, True])
@pytest.mark.parametrize("path", [CREATE, CONFIRM])
@pytest.mark.parametrize(("kind", "status"), [("lose", 0), ("error", 500), ("error", 429)])
def test_a_shopper_who_asks_again_is_charged_once(buyer, fake, path, acts, kind, status):
    fake.fault(kind, acts=acts, path=path, times=BOTH, status=status)
    first = buyer.checkout()
    lapse(attempt())

    second = buyer.checkout()

    assert first.status_code == 202
    if second.status_code == 200:
        assert states(attempt()) == ("paid", "placed")
        assert charged() == (1, 1200)
    else:
        assert (second.status_code, charged()) == (202, (0, 0))


@pytest.mark.parametrize("acts", [False, True])
@pytest.mark.parametrize("path", [CREATE, CONFIRM])
def test_a_shopper_who_does_not_retry_is_charged_once_or_never(buyer, fake, path, acts):
    fake.fault("lose", acts=acts, path=path, times=BOTH)
    cart = buyer.cart()
    buyer.checkout()

    recover()

    paid = path == CONFIRM and acts
    assert states(attempt()) == (("paid", "placed") if paid else ("failed", "cancelled"))
    assert charged() == ((1, 1200) if paid else (0, 0))
    assert paid or buyer.cart() == cart


@pytest.mark.parametrize("acts", [False, True])
def test_a_long_outage_of_stripe_charges_no_shopper_twice(buyer, fake, acts):
    fake.fault("lose", acts=acts, times=None, method="POST")
    fake.fault("lose", times=None)
    buyer.checkout()
    for _ in range(3):
        lapse(attempt())
        buyer.checkout()
    fake.clear_faults()
    lapse(attempt())
    buyer.checkout()

    assert states(attempt()) == ("paid", "placed")
    assert charged() == (1, 1200)


@pytest.mark.parametrize("acts", [False, True])
def test_the_answer_to_the_fence_may_be_lost(alice, fake, wine, acts):
    get_ready(alice, wine, "chargeDeclined")
    fake.fault("lose", acts=acts, path=CANCEL, times=BOTH)
    alice.checkout()
    before = states(attempt())

    recover()

    assert before == ("unknown", "pending")
    assert states(attempt()) == ("failed", "cancelled")
    assert [intent["status"] for intent in intents()] == ["canceled"]


def test_a_question_that_is_not_answered_changes_nothing(alice, fake, wine):
    get_ready(alice, wine, "processing")
    alice.checkout()
    fake.settle_payment(intents()[0]["id"])
    fake.fault("lose", path=RETRIEVE, times=BOTH)
    resolve(attempt())
    before = states(attempt())

    resolve(attempt())

    assert before == ("unknown", "pending")
    assert states(attempt()) == ("paid", "placed")


def test_a_lost_question_of_the_bank_is_told_when_the_shopper_retries(alice, fake, wine):
    get_ready(alice, wine, "threeDSecureRequired")
    fake.fault("lose", acts=True, path=CONFIRM, times=BOTH)
    alice.checkout()
    lapse(attempt())
    response = alice.checkout()

    assert (response.status_code, response.json()["info"]["type"]) == (202, "authenticate")
    assert len(intents()) == 1


def test_a_decline_whose_answer_was_lost_is_a_decline(alice, fake, wine):
    get_ready(alice, wine, "chargeDeclinedInsufficientFunds")
    fake.fault("lose", acts=True, path=CONFIRM, times=BOTH)
    alice.checkout()
    lapse(attempt())

    response = alice.checkout()

    assert response.status_code == 422
    assert response.json()["info"]["decline_code"] == "insufficient_funds"


def test_a_confirmation_token_whose_answer_was_lost_pays_once(alice, fake, wine):
    get_ready(alice, wine, confirmation_token=fake.confirmation_token()["id"])
    fake.fault("lose", acts=True, path=CONFIRM, times=BOTH)
    alice.checkout()

    recover()

    assert states(attempt()) == ("paid", "placed")
    assert charged() == (1, 1200)


def test_a_saved_card_whose_first_answer_was_lost_pays_again(alice, fake, wine):
    get_ready(alice, wine, confirmation_token=fake.confirmation_token()["id"], reusable=True)
    fake.fault("lose", acts=True, path=CONFIRM, times=BOTH)
    alice.checkout()
    recover()
    alice.add_wine(wine)

    assert alice.checkout().status_code == 200
    assert charged() == (2, 2400)


def test_a_confirmation_token_that_never_arrived_is_sent_again(alice, fake, wine):
    get_ready(alice, wine, confirmation_token=fake.confirmation_token()["id"])
    fake.fault("lose", path=CONFIRM, times=BOTH)
    alice.checkout()
    lapse(attempt())

    assert alice.checkout().status_code == 200
    assert charged() == (1, 1200)


def test_a_charge_under_changed_settings_is_refused_and_not_made(buyer, fake, settings):
    """Stripe refuses a key that comes again with other terms; nothing was confirmed by then."""
    fake.fault("lose", acts=True, path=CREATE, times=BOTH)
    buyer.checkout()
    lapse(attempt())
    settings.LORIKEET_STRIPE_SHOP = "cellar"
    response = buyer.checkout()

    assert response.status_code == 422
    assert charged() == (0, 0)
    assert states(attempt()) == ("failed", "cancelled")
