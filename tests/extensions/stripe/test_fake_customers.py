import pytest

from lorikeet.testing.stripe import Refused

from .fake_accounts import AUTOMATIC, intent, open_account, paid, refusal


def attached(api, card="visa"):
    customer = api.customers.create({"email": "a@shop.test", "metadata": {"user": "1"}})
    return customer, api.payment_methods.attach(f"pm_card_{card}", {"customer": customer.id})


def test_a_customer_keeps_what_was_given():
    _, api = open_account()

    made = api.customers.create({"email": "a@shop.test", "metadata": {"user": "1"}})

    found = api.customers.retrieve(made.id)
    assert (found.email, found.metadata["user"]) == ("a@shop.test", "1")
    assert [each.id for each in api.customers.list({"email": "a@shop.test"})] == [made.id]


def test_deleting_a_customer_detaches_their_cards():
    _, api = open_account()
    customer, method = attached(api)

    assert api.customers.delete(customer.id).deleted

    assert api.customers.retrieve(customer.id).deleted
    assert refusal(api.customers.delete, customer.id).code == "resource_missing"
    assert refusal(api.setup_intents.create, {"customer": customer.id}).param == "customer"
    assert api.payment_methods.retrieve(method.id).customer is None


def test_a_card_is_attached_and_detached():
    _, api = open_account()
    customer, method = attached(api)

    assert api.payment_methods.attach(method.id, {"customer": customer.id}).customer == customer.id
    assert [each.id for each in api.payment_methods.list({"customer": customer.id})] == [method.id]
    assert api.payment_methods.detach(method.id).customer is None
    assert refusal(api.payment_methods.detach, method.id).http_status == 400


def test_a_card_of_another_customer_cannot_be_attached():
    _, api = open_account()
    customer, method = attached(api)
    other = api.customers.create({})

    error = refusal(api.payment_methods.attach, method.id, {"customer": other.id})

    assert error.code == "payment_method_already_attached"
    assert api.payment_methods.retrieve(method.id).customer == customer.id


def test_a_detached_card_cannot_be_used_any_more():
    fake, api = open_account()
    customer, method = attached(api)
    api.payment_methods.detach(method.id)

    assert refusal(intent, api, payment_method=method.id).http_status == 400
    assert refusal(api.payment_methods.attach, method.id, {"customer": customer.id}).http_status == 400
    assert "payment_intent" not in fake.books()


def test_attaching_needs_a_customer():
    _, api = open_account()

    assert refusal(api.payment_methods.attach, "pm_card_visa", {}).code == "parameter_missing"
    assert refusal(api.payment_methods.attach, "pm_card_visa", {"customer": "cus_none"}).code == "resource_missing"


@pytest.mark.parametrize(("card", "attaches"), [("chargeDeclined", False), ("chargeCustomerFail", True)])
def test_the_bank_is_asked_before_a_card_is_attached(card, attaches):
    _, api = open_account()
    customer = api.customers.create({}).id

    if attaches:
        assert api.payment_methods.attach(f"pm_card_{card}", {"customer": customer}).customer == customer
    else:
        error = refusal(api.payment_methods.attach, f"pm_card_{card}", {"customer": customer})
        assert (error.http_status, error.code) == (402, "card_declined")


def test_a_card_that_was_used_once_cannot_be_used_again():
    fake, api = open_account()
    method = api.payment_methods.retrieve("pm_card_visa").id
    paid(api, payment_method=method)

    error = refusal(paid, api, payment_method=method)

    assert (error.http_status, error.param) == (400, "payment_method")
    assert fake.totals() == {"usd": 1000}


def test_a_card_that_was_declined_can_be_tried_again():
    _, api = open_account()
    method = api.payment_methods.retrieve("pm_card_chargeDeclined").id
    refusal(paid, api, payment_method=method)

    assert refusal(paid, api, payment_method=method).code == "card_declined"


def test_a_customers_card_is_used_with_the_customer_only():
    _, api = open_account()
    customer, method = attached(api)

    assert refusal(paid, api, payment_method=method.id).http_status == 400
    for _ in range(2):
        assert paid(api, payment_method=method.id, customer=customer.id).status == "succeeded"


def test_a_payment_saves_a_card_when_it_is_told_to():
    _, api = open_account()
    customer = api.customers.create({}).id

    made = paid(api, customer=customer, setup_future_usage="off_session")

    assert api.payment_methods.retrieve(made.payment_method).customer == customer


def test_a_token_of_a_test_card_becomes_a_payment_method():
    _, api = open_account()
    billing = {"email": "a@shop.test", "address": {"city": "Perth"}}

    given = {"type": "card", "card": {"token": "tok_mastercard"}, "billing_details": billing}
    made = api.payment_methods.create({**given, "allow_redisplay": "always", "metadata": {"a": "b"}})

    assert (made.card.brand, made.billing_details.address.city) == ("mastercard", "Perth")
    assert (made.allow_redisplay, made.metadata["a"]) == ("always", "b")


def test_a_form_makes_a_payment_method_of_a_test_card():
    fake, api = open_account()

    made = fake.payment_method("chargeDeclined")

    assert api.payment_methods.retrieve(made["id"]).card.last4 == "0002"
    assert refusal(paid, api, payment_method=made["id"]).code == "card_declined"


def test_a_browsers_token_can_be_used_once():
    fake, api = open_account()
    token = fake.token("visa_chargeDeclined")["id"]

    made = api.payment_methods.create({"type": "card", "card": {"token": token}})

    assert refusal(paid, api, payment_method=made.id).code == "card_declined"
    error = refusal(api.payment_methods.create, {"type": "card", "card": {"token": token}})
    assert error.code == "token_already_used"


def test_there_is_no_token_but_those_that_were_made():
    fake, api = open_account()

    error = refusal(api.payment_methods.create, {"type": "card", "card": {"token": "tok_none"}})

    assert (error.code, error.param) == ("resource_missing", "card[token]")
    with pytest.raises(Refused, match="no test card"):
        fake.token("none")


def test_card_numbers_are_not_taken():
    _, api = open_account()

    card = {"number": "4242424242424242", "exp_month": 1, "exp_year": 2030}
    error = refusal(api.payment_methods.create, {"type": "card", "card": card})

    assert (error.code, error.param) == ("parameter_missing", "card[token]")


def test_a_confirmation_token_shows_the_card_and_pays_once():
    fake, api = open_account()
    token = fake.confirmation_token("amex", return_url="https://shop.test/", setup_future_usage="off_session")["id"]
    made, other = (api.payment_intents.create({"amount": 1000, "currency": "usd"}) for _ in range(2))

    confirmed = api.payment_intents.confirm(made.id, {"confirmation_token": token})

    assert (confirmed.status, confirmed.setup_future_usage) == ("succeeded", "off_session")
    found = api.confirmation_tokens.retrieve(token)
    assert (found.payment_method_preview.card.brand, found.payment_intent) == ("amex", made.id)
    error = refusal(api.payment_intents.confirm, other.id, {"confirmation_token": token})
    assert error.param == "confirmation_token"


def test_a_confirmation_token_is_not_used_by_what_is_refused():
    fake, api = open_account()
    token = fake.confirmation_token()["id"]
    made = api.payment_intents.create({"amount": 1000, "currency": "usd"})

    error = refusal(api.payment_intents.confirm, made.id, {"confirmation_token": token})

    assert error.param == "return_url"
    assert api.confirmation_tokens.retrieve(token).payment_intent is None


def test_a_confirmation_token_sets_up_a_card():
    fake, api = open_account()
    token = fake.confirmation_token()["id"]

    given = {"confirm": True, "confirmation_token": token, "automatic_payment_methods": AUTOMATIC}
    made = api.setup_intents.create(given)

    assert made.status == "succeeded"
    assert api.confirmation_tokens.retrieve(token).setup_intent == made.id


def test_a_confirmation_token_is_forgotten_after_twelve_hours():
    fake, api = open_account()
    token = fake.confirmation_token()["id"]
    made = intent(api)

    fake.advance(12 * 3600)

    assert refusal(api.confirmation_tokens.retrieve, token).code == "resource_missing"
    assert refusal(api.payment_intents.confirm, made.id, {"confirmation_token": token}).code == "resource_missing"


def test_the_sdks_own_helper_makes_confirmation_tokens():
    _, api = open_account()

    made = api.test_helpers.confirmation_tokens.create({"payment_method": "pm_card_visa"})

    assert made.payment_method_preview.card.last4 == "4242"
