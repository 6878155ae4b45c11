import pytest

from lorikeet.testing.stripe import Refused

from .fake_accounts import intent, open_account, paid, refusal


def test_a_payment_is_refunded_in_parts_and_never_beyond_what_was_paid():
    fake, api = open_account()
    made = paid(api)

    first = api.refunds.create(
        {"payment_intent": made.id, "amount": 300, "reason": "duplicate", "metadata": {"a": "b"}}
    )
    error = refusal(api.refunds.create, {"payment_intent": made.id, "amount": 701})
    rest = api.refunds.create({"charge": made.latest_charge})

    assert (first.status, first.amount, first.reason, first.metadata["a"]) == ("succeeded", 300, "duplicate", "b")
    assert error.param == "amount"
    assert rest.amount == 700
    assert refusal(api.refunds.create, {"payment_intent": made.id}).code == "charge_already_refunded"
    assert [found.id for found in api.refunds.list({"payment_intent": made.id})] == [rest.id, first.id]
    assert api.charges.retrieve(made.latest_charge).refunded
    assert fake.totals() == {"usd": 0}


@pytest.mark.parametrize(
    "params", [{}, {"payment_intent": "pi_none"}, {"charge": "ch_none"}, {"amount": 0}, {"reason": "none"}], ids=str
)
def test_an_invalid_refund_is_refused(params):
    fake, api = open_account()
    made = paid(api)
    named = {} if not params or "_none" in str(params) else {"payment_intent": made.id}

    assert refusal(api.refunds.create, {**named, **params}).http_status == 400
    assert fake.totals() == {"usd": 1000}


@pytest.mark.parametrize("options", [{}, {"capture_method": "manual", "confirm": True}], ids=str)
def test_a_payment_that_was_not_taken_cannot_be_refunded(options):
    fake, api = open_account()
    made = intent(api, **options)

    assert refusal(api.refunds.create, {"payment_intent": made.id}).http_status == 400
    assert "refund" not in fake.books()


def test_a_refund_may_be_pending():
    fake, api = open_account()
    made = api.refunds.create({"payment_intent": paid(api, "pendingRefund").id})

    settled = fake.settle_refund(made.id)

    assert (made.status, settled["status"]) == ("pending", "succeeded")


def test_a_refund_may_fail_by_itself_after_it_succeeded():
    fake, api = open_account()
    made = api.refunds.create({"payment_intent": paid(api, "refundFail").id})

    fake.advance(3600)

    failed = api.refunds.retrieve(made.id)
    assert made.status == "succeeded"
    assert (failed.status, failed.failure_reason) == ("failed", "expired_or_canceled_card")
    assert fake.totals() == {"usd": 1000}


def test_a_refund_fails_once():
    fake, api = open_account()
    made = api.refunds.create({"payment_intent": paid(api).id})
    fake.fail_refund(made.id)

    fake.fail_refund(made.id)

    assert fake.totals() == {"usd": 1000}


@pytest.mark.parametrize("name", ["id", "latest_charge"])
def test_the_dashboard_refunds_without_our_metadata(name):
    fake, api = open_account()
    made = paid(api, metadata={"lorikeet_key": "k"})

    refund = fake.refund(made[name], amount=400)

    assert (refund["amount"], refund["metadata"]) == (400, {})
    assert fake.totals() == {"usd": 600}


def test_a_disputed_payment_cannot_be_refunded_until_the_dispute_is_won():
    fake, api = open_account()
    made = paid(api)
    dispute = fake.dispute(made.id, amount=500)

    error = refusal(api.refunds.create, {"payment_intent": made.id})
    closed = fake.close_dispute(dispute["id"], "won")

    assert error.code == "charge_disputed"
    assert api.disputes.retrieve(dispute["id"]).amount == 500
    assert closed["status"] == "won"
    assert api.refunds.create({"payment_intent": made.id}).status == "succeeded"


def test_an_inquiry_leaves_a_payment_refundable():
    fake, api = open_account()
    made = paid(api)

    dispute = fake.dispute(made.latest_charge, reason="inquiry")

    assert (dispute["status"], dispute["is_charge_refundable"]) == ("warning_needs_response", True)
    assert api.refunds.create({"payment_intent": made.id}).status == "succeeded"


def test_a_dispute_ends_as_disputes_do():
    fake, api = open_account()
    dispute = fake.dispute(paid(api).id)

    with pytest.raises(Refused):
        fake.close_dispute(dispute["id"], "drawn")

    assert api.disputes.retrieve(dispute["id"]).status == "needs_response"
