import pytest

from lorikeet.testing.stripe import Refused

from .fake_accounts import AUTOMATIC, intent, open_account, paid, refusal


@pytest.mark.parametrize(
    ("card", "code", "reason"),
    [
        ("visa_chargeDeclined", "card_declined", "generic_decline"),
        ("chargeDeclined", "card_declined", "generic_decline"),
        ("visa_chargeDeclinedInsufficientFunds", "card_declined", "insufficient_funds"),
        ("visa_chargeDeclinedLostCard", "card_declined", "lost_card"),
        ("visa_chargeDeclinedFraudulent", "card_declined", "fraudulent"),
        ("chargeDeclinedExpiredCard", "expired_card", "expired_card"),
        ("chargeDeclinedIncorrectCvc", "incorrect_cvc", "incorrect_cvc"),
        ("chargeDeclinedProcessingError", "processing_error", "processing_error"),
    ],
)
def test_a_card_that_is_declined_charges_nothing_and_says_why(card, code, reason):
    fake, api = open_account()
    made = intent(api, card)

    error = refusal(api.payment_intents.confirm, made.id)

    assert (error.http_status, error.code, error.error.decline_code) == (402, code, reason)
    assert error.error.payment_intent.id == made.id
    assert fake.totals() == {}
    found = api.payment_intents.retrieve(made.id, {"expand": ["latest_charge"]})
    assert (found.status, found.payment_method) == ("requires_payment_method", None)
    assert (found.last_payment_error.code, found.last_payment_error.type) == (code, "card_error")
    assert (found.latest_charge.status, found.latest_charge.outcome.reason) == ("failed", reason)


def test_another_card_may_be_tried_after_one_was_declined():
    fake, api = open_account()
    made = intent(api, "chargeDeclined")
    refusal(api.payment_intents.confirm, made.id)

    confirmed = api.payment_intents.confirm(made.id, {"payment_method": "pm_card_visa"})

    assert (confirmed.status, confirmed.last_payment_error) == ("succeeded", None)
    assert fake.totals() == {"usd": 1000}


def test_each_use_of_a_test_card_is_a_new_payment_method():
    _, api = open_account()

    first, second = (api.payment_methods.retrieve("pm_card_visa") for _ in range(2))

    assert first.id != second.id
    assert first.card.fingerprint == second.card.fingerprint


def test_a_card_may_ask_for_the_shopper_who_passes():
    fake, api = open_account()
    made = intent(api, "authenticationRequired")

    waiting = api.payment_intents.confirm(made.id, {"return_url": "https://shop.test/"})

    assert (waiting.status, waiting.next_action.type) == ("requires_action", "redirect_to_url")
    assert waiting.next_action.redirect_to_url.return_url == "https://shop.test/"
    assert fake.totals() == {}
    passed = fake.complete_3ds(made.id)
    assert (passed["status"], passed["next_action"]) == ("succeeded", None)
    assert fake.totals() == {"usd": 1000}


def test_a_shopper_who_does_not_pass_is_not_charged():
    fake, api = open_account()
    made = paid(api, "threeDSecureRequired")

    failed = fake.fail_3ds(made.id)

    assert made.next_action.type == "use_stripe_sdk"
    assert failed["status"] == "requires_payment_method"
    error = failed["last_payment_error"]
    assert (error["code"], error["type"]) == ("payment_intent_authentication_failure", "invalid_request_error")
    assert fake.totals() == {}


def test_a_card_may_be_declined_after_the_shopper_passed():
    fake, api = open_account()
    made = paid(api, "threeDSecureRequiredChargeDeclined")

    passed = fake.complete_3ds(made.id)

    assert passed["status"] == "requires_payment_method"
    assert passed["last_payment_error"]["decline_code"] == "generic_decline"
    assert fake.totals() == {}


def test_only_who_is_asked_can_answer():
    fake, api = open_account()
    made = paid(api)

    with pytest.raises(Refused):
        fake.complete_3ds(made.id)

    assert fake.totals() == {"usd": 1000}


@pytest.mark.parametrize("options", [{"off_session": True}, {"error_on_requires_action": True}], ids=str)
def test_a_shopper_who_is_absent_or_may_not_be_asked_is_declined(options):
    fake, api = open_account()
    made = intent(api, "authenticationRequired")

    error = refusal(api.payment_intents.confirm, made.id, options)

    assert (error.http_status, error.code) == (402, "authentication_required")
    assert error.error.payment_intent.status == "requires_payment_method"
    assert error.error.payment_method.id == made.payment_method
    assert fake.totals() == {}


@pytest.mark.parametrize(
    ("card", "asks"), [("authenticationRequired", True), ("authenticationRequiredOnSetup", False), ("visa", False)]
)
def test_a_card_that_was_set_up_may_be_charged_off_session(card, asks):
    fake, api = open_account()
    customer = api.customers.create({}).id
    first = paid(api, card, customer=customer, setup_future_usage="off_session")
    if first.status == "requires_action":
        fake.complete_3ds(first.id)
    (saved,) = api.payment_methods.list({"customer": customer, "type": "card"}).data

    again = {"customer": customer, "payment_method": saved.id, "off_session": True}

    if asks:
        assert refusal(paid, api, **again).code == "authentication_required"
    else:
        assert paid(api, **again).status == "succeeded"


def test_a_card_that_was_not_set_up_is_declined_off_session():
    _, api = open_account()
    customer = api.customers.create({}).id
    method = api.payment_methods.attach("pm_card_authenticationRequiredOnSetup", {"customer": customer})

    error = refusal(paid, api, customer=customer, payment_method=method.id, off_session=True)

    assert error.code == "authentication_required"


@pytest.mark.parametrize(("wish", "status"), [("any", "requires_action"), ("automatic", "succeeded")])
def test_the_merchant_may_want_the_shopper_to_be_asked(wish, status):
    _, api = open_account()
    options = {"card": {"request_three_d_secure": wish}}

    assert paid(api, "threeDSecureOptional", payment_method_options=options).status == status


def test_a_payment_may_be_disputed_at_once():
    _, api = open_account()

    made = paid(api, "createDispute", expand=["latest_charge"])

    (dispute,) = api.disputes.list({"payment_intent": made.id}).data
    assert (dispute.reason, dispute.status, dispute.amount) == ("fraudulent", "needs_response", 1000)
    assert api.charges.retrieve(made.latest_charge.id).disputed


def test_a_setup_makes_a_card_ready_and_attaches_it():
    _, api = open_account()
    customer = api.customers.create({}).id
    made = api.setup_intents.create({"customer": customer, "automatic_payment_methods": AUTOMATIC})

    done = api.setup_intents.confirm(made.id, {"payment_method": "pm_card_visa"})

    assert (made.status, done.status) == ("requires_payment_method", "succeeded")
    assert api.payment_methods.retrieve(done.payment_method).customer == customer


def test_a_setup_may_ask_for_the_shopper():
    fake, api = open_account()
    customer = api.customers.create({}).id
    given = {"customer": customer, "automatic_payment_methods": AUTOMATIC, "confirm": True}
    made = api.setup_intents.create({**given, "payment_method": "pm_card_authenticationRequiredOnSetup"})

    done = fake.complete_3ds(made.id)

    assert (made.status, done["status"]) == ("requires_action", "succeeded")
    again = paid(api, customer=customer, payment_method=done["payment_method"], off_session=True)
    assert again.status == "succeeded"


def test_a_shopper_who_does_not_pass_has_no_card_set_up():
    fake, api = open_account()
    given = {"automatic_payment_methods": AUTOMATIC, "confirm": True}
    made = api.setup_intents.create({**given, "payment_method": "pm_card_authenticationRequired"})

    failed = fake.fail_3ds(made.id)

    assert failed["status"] == "requires_payment_method"
    assert failed["last_setup_error"]["code"] == "setup_intent_authentication_failure"


def test_a_setup_without_a_customer_attaches_nothing():
    _, api = open_account()

    given = {"automatic_payment_methods": AUTOMATIC, "confirm": True, "payment_method": "pm_card_visa"}
    made = api.setup_intents.create(given)

    assert made.status == "succeeded"
    assert api.payment_methods.retrieve(made.payment_method).customer is None


def test_a_card_that_is_declined_is_not_set_up():
    _, api = open_account()
    made = api.setup_intents.create({"automatic_payment_methods": AUTOMATIC})

    error = refusal(api.setup_intents.confirm, made.id, {"payment_method": "pm_card_chargeDeclined"})

    assert error.code == "card_declined"
    assert error.error.setup_intent.id == made.id


def test_a_setup_can_be_cancelled():
    _, api = open_account()
    made = api.setup_intents.create({"automatic_payment_methods": AUTOMATIC})

    cancelled = api.setup_intents.cancel(made.id)

    assert cancelled.status == "canceled"
    assert refusal(api.setup_intents.cancel, made.id).code == "setup_intent_unexpected_state"
