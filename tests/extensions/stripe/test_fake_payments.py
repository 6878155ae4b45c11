import pytest

from lorikeet.testing.stripe import Refused

from .fake_accounts import AUTOMATIC, intent, open_account, paid, refusal


def test_an_intent_without_a_payment_method_requires_one():
    _, api = open_account()

    made = api.payment_intents.create({"amount": 1000, "currency": "USD"})

    assert (made.status, made.amount, made.currency) == ("requires_payment_method", 1000, "usd")


def test_an_intent_with_a_payment_method_requires_confirmation_and_charges_nothing():
    fake, api = open_account()

    made = intent(api)

    assert made.status == "requires_confirmation"
    assert made.payment_method.startswith("pm_")
    assert fake.totals() == {}


def test_a_confirmed_intent_takes_the_money():
    fake, api = open_account()
    made = intent(api)

    confirmed = api.payment_intents.confirm(made.id, {"expand": ["latest_charge"]})

    assert (confirmed.status, confirmed.amount_received) == ("succeeded", 1000)
    assert confirmed.latest_charge.paid and confirmed.latest_charge.captured
    assert confirmed.latest_charge.payment_method_details.card.last4 == "4242"
    assert fake.totals() == {"usd": 1000}


def test_creating_with_confirm_takes_the_money():
    _, api = open_account()

    assert paid(api).status == "succeeded"


def test_a_confirmed_intent_cannot_be_confirmed_again():
    fake, api = open_account()
    made = paid(api)

    error = refusal(api.payment_intents.confirm, made.id)

    assert error.code == "payment_intent_unexpected_state"
    assert error.error.payment_intent.id == made.id
    assert fake.totals() == {"usd": 1000}


def test_confirming_needs_a_payment_method():
    _, api = open_account()
    made = api.payment_intents.create({"amount": 1000, "currency": "usd", "automatic_payment_methods": AUTOMATIC})

    error = refusal(api.payment_intents.confirm, made.id)

    assert error.code == "payment_intent_unexpected_state"
    assert api.payment_intents.retrieve(made.id).status == "requires_payment_method"


def test_confirming_may_name_the_payment_method():
    _, api = open_account()
    made = api.payment_intents.create({"amount": 1000, "currency": "usd", "automatic_payment_methods": AUTOMATIC})

    confirmed = api.payment_intents.confirm(made.id, {"payment_method": "pm_card_mastercard"})

    assert confirmed.status == "succeeded"


def test_payment_methods_that_redirect_need_a_return_url():
    fake, api = open_account()
    made = intent(api, automatic_payment_methods={"enabled": True})

    error = refusal(api.payment_intents.confirm, made.id, {"payment_method": "pm_card_mastercard"})

    assert error.param == "return_url"
    assert fake.totals() == {}
    assert api.payment_intents.retrieve(made.id).payment_method == made.payment_method
    assert api.payment_intents.confirm(made.id, {"return_url": "https://shop.test/"}).status == "succeeded"


def test_an_intent_may_be_for_cards_only():
    _, api = open_account()

    assert paid(api, automatic_payment_methods={"enabled": False}).status == "succeeded"


@pytest.mark.parametrize("name", ["off_session", "return_url", "confirmation_token"])
def test_parameters_of_confirming_are_refused_when_only_creating(name):
    fake, api = open_account()
    error = refusal(intent, api, **{name: "true"})

    assert error.param == name
    assert "payment_intent" not in fake.books()


@pytest.mark.parametrize(
    "params",
    [
        {"statement_descriptor": "SHOP"},
        {"statement_descriptor_suffix": "x" * 23},
        {"statement_descriptor_suffix": "123"},
        {"receipt_email": "none"},
        {"metadata": {"key": "x" * 501}},
        {"customer": "cus_none"},
        {"payment_method": "pm_none"},
    ],
    ids=str,
)
def test_parameters_that_stripe_does_not_take_are_refused_and_make_no_intent(params):
    fake, api = open_account()
    error = refusal(intent, api, **params)

    assert error.http_status == 400
    assert error.param == next(iter(params))
    assert "payment_intent" not in fake.books()


@pytest.mark.parametrize(
    ("amount", "currency", "code"),
    [
        (0, "usd", "parameter_invalid_integer"),
        (49, "usd", "amount_too_small"),
        (100_000_000, "usd", "amount_too_large"),
        (1005, "kwd", "parameter_invalid_integer"),
        (1050, "isk", "parameter_invalid_integer"),
        (1000, "xyz", None),
    ],
)
def test_an_amount_that_stripe_does_not_take_is_refused(amount, currency, code):
    _, api = open_account()

    error = refusal(intent, api, amount=amount, currency=currency)

    assert (error.http_status, error.code) == (400, code)


@pytest.mark.parametrize(("amount", "currency"), [(50, "jpy"), (1010, "kwd"), (1100, "isk"), (1, "vnd")])
def test_amounts_are_in_the_smallest_unit(amount, currency):
    _, api = open_account()

    assert intent(api, amount=amount, currency=currency).amount == amount


def test_manual_capture_authorises_and_capture_takes():
    fake, api = open_account()
    made = paid(api, capture_method="manual")

    captured = api.payment_intents.capture(made.id)

    assert (made.status, made.amount_capturable, made.amount_received) == ("requires_capture", 1000, 0)
    assert (captured.status, captured.amount_capturable, captured.amount_received) == ("succeeded", 0, 1000)
    assert fake.totals() == {"usd": 1000}


def test_a_partial_capture_gives_the_rest_back():
    fake, api = open_account()
    made = paid(api, capture_method="manual")

    captured = api.payment_intents.capture(made.id, {"amount_to_capture": 600, "expand": ["latest_charge"]})

    assert captured.amount_received == 600
    assert (captured.latest_charge.amount_captured, captured.latest_charge.amount_refunded) == (600, 400)
    assert fake.totals() == {"usd": 600}


@pytest.mark.parametrize(("amount", "code"), [(1001, "amount_too_large"), (-1, "parameter_invalid_integer")])
def test_no_more_than_was_authorised_is_captured(amount, code):
    fake, api = open_account()
    made = paid(api, capture_method="manual")

    error = refusal(api.payment_intents.capture, made.id, {"amount_to_capture": amount})

    assert error.code == code
    assert fake.totals() == {}


def test_an_intent_that_is_not_paid_can_be_cancelled_once():
    fake, api = open_account()
    made = intent(api)

    cancelled = api.payment_intents.cancel(made.id, {"cancellation_reason": "abandoned"})

    assert (cancelled.status, cancelled.cancellation_reason) == ("canceled", "abandoned")
    assert refusal(api.payment_intents.cancel, made.id).code == "payment_intent_unexpected_state"
    assert refusal(api.payment_intents.confirm, made.id).code == "payment_intent_unexpected_state"
    assert fake.totals() == {}


def test_a_paid_intent_cannot_be_cancelled():
    fake, api = open_account()
    made = paid(api)

    assert refusal(api.payment_intents.cancel, made.id).code == "payment_intent_unexpected_state"
    assert fake.totals() == {"usd": 1000}


def test_cancelling_releases_what_was_authorised():
    _, api = open_account()
    made = paid(api, capture_method="manual")

    cancelled = api.payment_intents.cancel(made.id, {"expand": ["latest_charge"]})

    assert cancelled.amount_capturable == 0
    assert cancelled.latest_charge.refunded and not cancelled.latest_charge.captured


def test_an_authorisation_ends_by_itself_after_a_week():
    fake, api = open_account()
    made = paid(api, capture_method="manual")
    captured = paid(api, capture_method="manual")
    api.payment_intents.capture(captured.id)

    fake.advance(7 * 86400)

    ended = api.payment_intents.retrieve(made.id)
    assert (ended.status, ended.cancellation_reason) == ("canceled", "automatic")
    assert api.payment_intents.retrieve(captured.id).status == "succeeded"


def test_an_authorisation_can_be_ended():
    fake, api = open_account()
    made = paid(api, capture_method="manual")

    assert fake.expire_authorisation(made.id)["status"] == "canceled"


def test_a_payment_that_is_processing_succeeds_when_it_is_settled():
    fake, api = open_account()
    made = paid(api, "processing")

    settled = fake.settle_payment(made.id)

    assert (made.status, made.amount_received) == ("processing", 0)
    assert refusal(api.payment_intents.cancel, made.id).code == "payment_intent_unexpected_state"
    assert (settled["status"], settled["amount_received"]) == ("succeeded", 1000)
    assert fake.totals() == {"usd": 1000}


def test_a_payment_that_is_processing_may_fail():
    fake, api = open_account()
    made = paid(api, "processing")

    failed = fake.fail_payment(made.id)

    assert failed["status"] == "requires_payment_method"
    assert failed["last_payment_error"]["code"] == "payment_intent_payment_attempt_failed"
    assert fake.totals() == {}
    with pytest.raises(Refused):
        fake.settle_payment(made.id)


def test_intents_are_listed_newest_first_in_pages():
    _, api = open_account()
    ids = [intent(api).id for _ in range(5)]

    first = api.payment_intents.list({"limit": 2})
    last = api.payment_intents.list({"limit": 3, "starting_after": first.data[-1].id})
    before = api.payment_intents.list({"limit": 1, "ending_before": ids[2]})

    assert [found.id for found in first.data] == ids[:2:-1] and first.has_more
    assert [found.id for found in last.data] == ids[2::-1] and not last.has_more
    assert [found.id for found in before.data] == [ids[3]] and before.has_more
    assert [found.id for found in api.payment_intents.list({"limit": 2}).auto_paging_iter()] == ids[::-1]


def test_intents_are_listed_by_time_and_customer():
    fake, api = open_account()
    customer = api.customers.create({})
    old = intent(api, customer=customer.id)
    fake.advance(100)
    new = intent(api)

    assert [found.id for found in api.payment_intents.list({"created": {"gte": new.created}})] == [new.id]
    assert [found.id for found in api.payment_intents.list({"created": {"lt": new.created}})] == [old.id]
    assert [found.id for found in api.payment_intents.list({"created": old.created})] == [old.id]
    assert [found.id for found in api.payment_intents.list({"customer": customer.id})] == [old.id]


def test_a_page_has_at_most_a_hundred():
    _, api = open_account()

    assert refusal(api.payment_intents.list, {"limit": 101}).param == "limit"


def test_lists_and_objects_are_expanded():
    _, api = open_account()
    made = paid(api, customer=api.customers.create({"email": "a@shop.test"}).id)
    api.refunds.create({"payment_intent": made.id, "amount": 100})

    expand = ["data.customer", "data.latest_charge.refunds", "data.latest_charge.payment_intent", "data.review"]
    (found,) = api.payment_intents.list({"expand": expand}).data

    assert found.customer.email == "a@shop.test"
    assert found.latest_charge.refunds.data[0].amount == 100
    assert found.latest_charge.payment_intent.id == made.id
    assert found.review is None


@pytest.mark.parametrize("path", ["amount", "id", "nothing", "status"])
def test_a_field_that_is_no_object_cannot_be_expanded(path):
    _, api = open_account()
    made = intent(api)

    assert refusal(api.payment_intents.retrieve, made.id, {"expand": [path]}).param == "expand"


def test_an_unknown_id_is_not_found():
    _, api = open_account()
    customer = api.customers.create({})

    for unknown in ("pi_none", customer.id):
        error = refusal(api.payment_intents.retrieve, unknown)
        assert (error.http_status, error.code) == (404, "resource_missing")
