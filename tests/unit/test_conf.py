"""Every setting: what it is without a word from the host, and which values it refuses."""

import pytest
from django.conf import settings as django_settings
from django.test import override_settings

from lorikeet import conf
from lorikeet.conf import Settings, settings

#: A default that differs from this table breaks the shop of a host: change it on purpose only.
DEFAULTS = {
    "LORIKEET_CURRENCY": "AUD",
    "LORIKEET_CART_COMPLETE_CHECKERS": [
        "lorikeet.cart_checkers.delivery_address_required",
        "lorikeet.cart_checkers.payment_method_required",
        "lorikeet.cart_checkers.cart_not_empty",
        "lorikeet.cart_checkers.email_address_if_anonymous",
    ],
    "LORIKEET_CHARGES": [],
    "LORIKEET_CART_SECTIONS": [],
    "LORIKEET_DISPLAY_AMOUNTS": False,
    "LORIKEET_ORDER_DETAIL_VIEW": None,
    "LORIKEET_INVOICE_ID_GENERATOR": None,
    "LORIKEET_SET_CSRFTOKEN_EVERYWHERE": False,
    "LORIKEET_MAX_LINES": 100,
    "LORIKEET_MAX_ADJUSTMENTS": 20,
    "LORIKEET_MAX_ADDRESSES": 50,
    "LORIKEET_MAX_PAYMENT_METHODS": 50,
    "LORIKEET_MAX_BODY_BYTES": 65536,
    "LORIKEET_MAX_BODY_DEPTH": 20,
    "LORIKEET_MAX_PENDING_ORDERS": 10,
    "LORIKEET_MAX_NETWORK_PENDING_ORDERS": 50,
    "LORIKEET_MAX_BODY_VALUES": 500,
    "LORIKEET_REFUSE_CARD_NUMBERS": True,
    "LORIKEET_THROTTLE_RATES": {
        "checkout_cart": "5/hour",
        "checkout_ip": "60/hour",
        "guess_cart": "20/hour",
        "guess_ip": "200/hour",
        "cart_ip": "200/hour",
        "ask_order": "30/minute",
        "ask_ip": "300/minute",
    },
    "LORIKEET_ABANDONED_CART_DAYS": 30,
    "LORIKEET_CART_TOKEN_DAYS": 30,
    "LORIKEET_ORDER_TOKEN_DAYS": 30,
    "LORIKEET_CHECKOUT_SECONDS": 1800,
    "LORIKEET_LEASE_SECONDS": 60,
}

NO_BOOLEAN = "must be True or False"
NO_NUMBER = "must be a whole number above zero"
NO_CURRENCY = "must be an ISO 4217 code such as 'AUD'"
NO_LIST = "must be a list of dotted paths"
NO_NAME = "must be the name of a URL, or None"
CHECKER = "lorikeet.cart_checkers.cart_not_empty"


def not_importable(value, why):
    return f"names {value!r}, which cannot be imported ({why})"


def setting_called(name):
    return getattr(Settings, name.removeprefix("LORIKEET_"))


def test_the_defaults():
    assert {setting.name: setting.default for setting in settings} == DEFAULTS


@pytest.mark.parametrize("name", DEFAULTS)
def test_every_default_is_valid(name):
    setting = setting_called(name)

    assert setting.check(setting.default) is None


@pytest.mark.parametrize("name", DEFAULTS)
def test_every_setting_says_what_it_is(name):
    assert setting_called(name).__doc__.endswith(".")


def test_a_setting_is_read_when_it_is_used():
    with override_settings(LORIKEET_MAX_LINES=3):
        during = settings.MAX_LINES

    assert (during, settings.MAX_LINES) == (3, 100)


def test_a_setting_that_is_not_set_has_its_default():
    with override_settings():
        del django_settings.LORIKEET_CURRENCY

        assert settings.CURRENCY == "AUD"


def test_a_value_out_of_order_is_reported_by_its_setting():
    with override_settings(LORIKEET_MAX_LINES=0):
        assert Settings.MAX_LINES.problem() == NO_NUMBER


def test_a_value_in_order_is_not_reported():
    with override_settings(LORIKEET_MAX_LINES=1):
        assert Settings.MAX_LINES.problem() is None


def test_the_paths_of_a_setting_are_imported_in_their_order():
    assert settings.load([CHECKER, "decimal.Decimal"]) == [
        conf.import_string(CHECKER),
        conf.import_string("decimal.Decimal"),
    ]


NUMBERS = [name for name, default in DEFAULTS.items() if type(default) is int]
BOOLEANS = [name for name, default in DEFAULTS.items() if type(default) is bool]
LISTS = [name for name, default in DEFAULTS.items() if type(default) is list]


@pytest.mark.parametrize("value", [0, -1, 1.5, "5", None, True], ids=repr)
@pytest.mark.parametrize("name", NUMBERS)
def test_a_number_is_whole_and_above_zero(name, value):
    assert setting_called(name).check(value) == NO_NUMBER


@pytest.mark.parametrize("name", NUMBERS)
def test_any_whole_number_above_zero_will_do(name):
    assert setting_called(name).check(10**9) is None


@pytest.mark.parametrize("value", [0, 1, "yes", None], ids=repr)
@pytest.mark.parametrize("name", BOOLEANS)
def test_a_switch_is_true_or_false(name, value):
    assert setting_called(name).check(value) == NO_BOOLEAN


@pytest.mark.parametrize("name", BOOLEANS)
def test_a_switch_may_be_on(name):
    assert setting_called(name).check(True) is None


@pytest.mark.parametrize("value", [CHECKER, None, {CHECKER}, 5], ids=repr)
@pytest.mark.parametrize("name", LISTS)
def test_paths_come_in_a_list(name, value):
    assert setting_called(name).check(value) == NO_LIST


@pytest.mark.parametrize("value", [[CHECKER], (CHECKER, CHECKER)], ids=repr)
@pytest.mark.parametrize("name", LISTS)
def test_a_list_or_a_tuple_of_paths_will_do(name, value):
    assert setting_called(name).check(value) is None


@pytest.mark.parametrize("name", LISTS)
def test_the_first_path_that_leads_nowhere_is_named(name):
    problem = setting_called(name).check([CHECKER, "lorikeet.nowhere.f", "also.nowhere"])

    assert problem == not_importable("lorikeet.nowhere.f", "No module named 'lorikeet.nowhere'")


@pytest.mark.parametrize("name", LISTS)
def test_none_is_no_path_in_a_list(name):
    assert setting_called(name).check([None]) is not None


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        ("lorikeet.conf.NOTHING", 'Module "lorikeet.conf" does not define a "NOTHING" attribute/class'),
        ("nowhere", "nowhere doesn't look like a module path"),
        (5, "'int' object has no attribute 'rsplit'"),
    ],
)
def test_a_path_must_be_importable(value, problem):
    assert Settings.INVOICE_ID_GENERATOR.check(value) == not_importable(value, problem)


def test_the_object_of_a_path_must_be_callable():
    assert Settings.INVOICE_ID_GENERATOR.check("lorikeet.conf.PREFIX") == (
        "names 'lorikeet.conf.PREFIX', which cannot be called"
    )


def test_a_path_to_a_function_will_do():
    assert Settings.INVOICE_ID_GENERATOR.check("uuid.uuid4") is None


@pytest.mark.parametrize("value", ["aud", "AU", "AUDX", "A1D", "AUD\n", "", None, 36], ids=repr)
def test_a_currency_is_three_capital_letters(value):
    assert Settings.CURRENCY.check(value) == NO_CURRENCY


def test_any_currency_will_do():
    assert Settings.CURRENCY.check("KWD") is None


@pytest.mark.parametrize("value", [5, ["order-detail"], test_the_defaults], ids=["number", "list", "function"])
def test_a_url_name_is_text(value):
    assert Settings.ORDER_DETAIL_VIEW.check(value) == NO_NAME


def test_any_text_may_be_a_url_name():
    assert Settings.ORDER_DETAIL_VIEW.check("order-detail") is None


@pytest.mark.parametrize("value", [None, "5/hour", ["5/hour"]], ids=repr)
def test_rates_come_by_scope(value):
    assert Settings.THROTTLE_RATES.check(value) == "must be a dict of scope to rate"


def test_a_scope_that_is_not_known_is_named_with_those_that_are():
    assert Settings.THROTTLE_RATES.check({"checkout": "5/hour"}) == (
        "names the scope 'checkout'; choose from "
        "checkout_cart, checkout_ip, guess_cart, guess_ip, cart_ip, ask_order, ask_ip"
    )


@pytest.mark.parametrize(
    "rate", ["5", "5/year", "0/hour", "-1/hour", "5/hours", "5 / hour", "\uff15/hour", None, 5], ids=repr
)
def test_a_rate_that_is_none_is_named_with_its_scope(rate):
    assert Settings.THROTTLE_RATES.check({"guess_ip": rate}) == (
        f"has {rate!r} for 'guess_ip', which is not a rate such as '5/hour'"
    )


@pytest.mark.parametrize("rates", [{}, {"guess_ip": "1/second"}, {"checkout_ip": "10/minute", "guess_cart": "9/day"}])
def test_any_scope_may_have_a_rate_or_none(rates):
    assert Settings.THROTTLE_RATES.check(rates) is None


@pytest.mark.parametrize(
    ("rate", "parsed"),
    [("1/second", (1, 1)), ("20/minute", (20, 60)), ("5/hour", (5, 3600)), ("999999999/day", (999999999, 86400))],
)
def test_a_rate_is_a_count_and_a_number_of_seconds(rate, parsed):
    assert conf.parse_rate(rate) == parsed
