import threading

import pytest
import stripe

from .fake_accounts import intent, open_account, paid, refusal


def test_a_call_may_be_lost_before_it_is_done():
    fake, api = open_account()
    made = intent(api)
    fake.fault("lose", path="/v1/payment_intents/*/confirm")

    with pytest.raises(stripe.APIConnectionError):
        api.payment_intents.confirm(made.id)

    assert fake.totals() == {}
    assert [(call["status"], call["fault"]) for call in fake.calls()[1:]] == [(None, "lose")]


def test_an_answer_may_be_lost_after_it_is_done():
    fake, api = open_account()
    made = intent(api)
    fake.fault("lose", acts=True, path="/v1/payment_intents/*/confirm")

    with pytest.raises(stripe.APIConnectionError):
        api.payment_intents.confirm(made.id)

    assert fake.totals() == {"usd": 1000}
    assert api.payment_intents.retrieve(made.id).status == "succeeded"


@pytest.mark.parametrize("acts", [False, True])
def test_the_sdk_repeats_a_lost_call_with_the_same_key(acts):
    fake, api = open_account()
    made = intent(api)
    fake.fault("lose", acts=acts)

    confirmed = fake.client(max_network_retries=1).v1.payment_intents.confirm(made.id)

    assert confirmed.status == "succeeded"
    first, second = fake.calls()[1:]
    assert first["key"] == second["key"]
    assert second["replayed"] == acts
    assert fake.totals() == {"usd": 1000}


@pytest.mark.parametrize(
    ("status", "kind"), [(500, stripe.APIError), (429, stripe.RateLimitError), (401, stripe.AuthenticationError)]
)
def test_a_call_may_be_answered_with_an_error_and_not_done(status, kind):
    fake, api = open_account()
    made = intent(api)
    fake.fault("error", status=status)

    assert type(refusal(api.payment_intents.confirm, made.id)) is kind
    assert fake.totals() == {}
    assert api.payment_intents.confirm(made.id).status == "succeeded"


def test_an_error_after_it_is_done_is_kept_for_the_key():
    fake, api = open_account()
    made = intent(api)
    fake.fault("error", acts=True)

    for client in (fake.client(max_network_retries=1).v1, api):
        error = refusal(client.payment_intents.confirm, made.id, options={"idempotency_key": "k"})
        assert error.http_status == 500

    assert fake.totals() == {"usd": 1000}
    assert len(fake.calls()) == 3  # the SDK is told not to repeat it


def test_another_amount_may_be_taken():
    fake, api = open_account()
    made = intent(api)
    fake.fault("wrong", amount=1, currency="eur", path="*/confirm")

    confirmed = api.payment_intents.confirm(made.id)

    assert (confirmed.amount_received, confirmed.currency) == (1, "eur")
    assert api.payment_intents.retrieve(made.id).amount_received == 1
    assert fake.totals() == {"eur": 1}


def test_a_wrong_answer_about_nothing_that_is_kept_stays_as_it_is():
    fake, api = open_account()
    paid(api)
    fake.fault("wrong", amount=1, path="/v1/payment_intents")

    assert [found.amount for found in api.payment_intents.list({})] == [1000]


@pytest.mark.parametrize(("acts", "before"), [(False, {}), (True, {"usd": 1000})])
def test_a_call_may_be_late(acts, before):
    fake, api = open_account()
    made = intent(api)
    fake.fault("delay", acts=acts)
    slow = threading.Thread(target=api.payment_intents.confirm, args=(made.id,))
    slow.start()
    slow.join(0.2)

    seen, waits = fake.totals(), slow.is_alive()
    fake.release()
    slow.join()

    assert waits and seen == before
    assert fake.totals() == {"usd": 1000}


def test_a_late_call_goes_on_by_itself():
    fake, api = open_account()
    made = intent(api)
    fake.fault("delay", seconds=0.01)

    assert api.payment_intents.confirm(made.id).status == "succeeded"


def test_faults_are_for_the_calls_that_they_name_and_as_often():
    fake, api = open_account()
    fake.fault("error", method="POST", path="/v1/customers", times=2)

    assert api.customers.list({}).data == []
    assert intent(api).status == "requires_confirmation"
    assert [refusal(api.customers.create, {}).http_status for _ in range(2)] == [500, 500]
    assert api.customers.create({}).id


def test_a_fault_that_is_none_is_not_planned():
    fake, api = open_account()

    with pytest.raises(ValueError, match="lose, delay"):
        fake.fault("loose")

    assert api.customers.create({}).id


def test_faults_without_an_end_are_cleared():
    fake, api = open_account()
    fake.fault("lose", times=None)
    for _ in range(3):
        refusal(api.customers.create, {})

    fake.clear_faults()

    assert api.customers.create({}).id
