"""The settings, what is checked of them at start-up, and the client that is made of them."""

import importlib.util
import os
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import pytest
from django.test import override_settings

from lorikeet.extensions.stripe import checks, sdk
from lorikeet.extensions.stripe.checks import check_stripe
from lorikeet.extensions.stripe.conf import settings

ROOT = Path(__file__).resolve().parents[3]
LIVE = {
    "LORIKEET_STRIPE_API_KEY": "sk_live_1",
    "LORIKEET_STRIPE_WEBHOOK_SECRETS": ["whsec_1"],
    "LORIKEET_LEASE_SECONDS": 60,
}
SUFFIX = "must be at most 22 ASCII characters with a letter, without < > \\ ' \" *"
SECRETS = "must be a list of texts, none of them empty"
DESCRIPTION = "must be text of at most 1000 characters, with no braces but {order}"


def found(**values):
    """Return the ids of what is wrong with a shop that is in good order but for these settings."""
    with override_settings(**{**LIVE, **values}):
        return [message.id for message in check_stripe(None)]


def messages(**values):
    with override_settings(**{**LIVE, **values}):
        return [(message.msg, message.hint) for message in check_stripe(None)]


# checks


def test_a_shop_in_good_order_passes():
    assert found() == []


@pytest.mark.parametrize(
    ("name", "value", "problem"),
    [
        ("API_KEY", None, "must be text"),
        ("PUBLISHABLE_KEY", 7, "must be text"),
        *(("WEBHOOK_SECRETS", value, SECRETS) for value in ("whsec_1", [7], [""], ["whsec_1", ""])),
        ("ACCOUNT", None, "must be text"),
        ("SHOP", 7, "must be text"),
        ("CAPTURE_METHOD", "later", "must be 'automatic' or 'manual'"),
        *(("STATEMENT_DESCRIPTOR_SUFFIX", value, SUFFIX) for value in (None, "x" * 23, "a<b", 'a"b', "Ä b", "*-", "7")),
        *(("DESCRIPTION", value, DESCRIPTION) for value in (None, "{name}", "{}", "{0}", "{", "{order.x}", "x" * 1001)),
        ("RETURN_URL", None, "must be text"),
        ("API_BASE", None, "must be text"),
        ("MINIMUM_AMOUNTS", [], "must be a dict of currency to Decimal"),
        ("MINIMUM_AMOUNTS", {"AUD": 1}, "must be a dict of currency to Decimal"),
    ],
)
def test_a_setting_of_the_wrong_kind_is_an_error(name, value, problem):
    setting = getattr(type(settings), f"STRIPE_{name}")

    assert messages(**{f"LORIKEET_STRIPE_{name}": value}) == [
        (f"LORIKEET_STRIPE_{name} {problem}.", f"The default is {setting.default!r}.")
    ]
    assert found(**{f"LORIKEET_STRIPE_{name}": value}) == ["lorikeet_stripe.E001"]


@pytest.mark.parametrize("name", ["WEBHOOK_TOLERANCE", "TIMEOUT_SECONDS", "SENDS_RECEIPTS", "CLIENT"])
def test_a_value_that_the_core_refuses_is_an_error(name):
    assert found(**{f"LORIKEET_STRIPE_{name}": -1}) == ["lorikeet_stripe.E001"]


@pytest.mark.parametrize("setting", list(settings), ids=lambda setting: setting.name)
def test_every_default_is_valid_and_explained(setting):
    with override_settings(**LIVE):
        assert setting.problem() is None
    assert setting.name.startswith("LORIKEET_STRIPE_")


def test_a_missing_sdk_is_an_error_that_names_the_extra(monkeypatch):
    monkeypatch.setattr(checks, "stripe", None)

    assert messages() == [("Stripe's SDK is missing.", "pip install lorikeet-cart[stripe]")]
    assert found() == ["lorikeet_stripe.E002"]


def test_a_missing_key_is_an_error():
    assert found(LORIKEET_STRIPE_API_KEY="") == ["lorikeet_stripe.E003"]


def test_a_test_key_on_a_site_that_is_not_debugged_is_a_warning():
    assert found(LORIKEET_STRIPE_API_KEY="sk_test_1") == ["lorikeet_stripe.W001"]


@pytest.mark.parametrize(
    "values", [{"DEBUG": True}, {"LORIKEET_STRIPE_API_BASE": "http://127.0.0.1:1"}], ids=["debugged", "a fake"]
)
def test_a_test_key_where_one_tests_is_none(values):
    assert found(LORIKEET_STRIPE_API_KEY="sk_test_1", **values) == []


def test_a_missing_webhook_secret_is_a_warning():
    assert found(LORIKEET_STRIPE_WEBHOOK_SECRETS=[]) == ["lorikeet_stripe.W002"]


@pytest.mark.parametrize(("timeout", "lease", "ids"), [(14, 60, []), (15, 60, ["lorikeet_stripe.W003"]), (15, 64, [])])
def test_calls_that_may_take_longer_than_their_lease_are_a_warning(timeout, lease, ids):
    values = {"LORIKEET_STRIPE_TIMEOUT_SECONDS": timeout, "LORIKEET_LEASE_SECONDS": lease}

    assert found(**values) == ids


def test_the_warning_says_what_to_write():
    ((_, hint),) = messages(LORIKEET_STRIPE_TIMEOUT_SECONDS=15)

    assert hint == "Set LORIKEET_LEASE_SECONDS to at least 64."


def test_the_default_timeout_fits_the_lease_of_a_shop_that_sets_neither():
    with override_settings(**LIVE):
        assert LIVE["LORIKEET_LEASE_SECONDS"] >= settings.STRIPE_TIMEOUT_SECONDS * checks.CALLS + checks.PAUSES


# settings


@override_settings(LORIKEET_STRIPE_API_KEY="", STRIPE_API_KEY="sk_test_old")
def test_the_key_of_the_first_lorikeet_is_read():
    assert settings.STRIPE_API_KEY == "sk_test_old"


@override_settings(LORIKEET_STRIPE_API_KEY="sk_test_new", STRIPE_API_KEY="sk_test_old")
def test_ours_goes_before_it():
    assert settings.STRIPE_API_KEY == "sk_test_new"


@override_settings(LORIKEET_STRIPE_API_KEY="")
def test_without_either_there_is_none():
    assert settings.STRIPE_API_KEY == ""


# the client


@pytest.fixture
def clients(monkeypatch):
    """Note what the SDK's clients are made with."""
    made = []

    def make(key, **options):
        made.append({"key": key, **options})
        return made[-1]

    monkeypatch.setattr(sdk.stripe, "StripeClient", make)
    sdk._client.cache_clear()
    yield made
    sdk._client.cache_clear()


def test_the_client_has_a_timeout_and_tries_twice(clients):
    sdk.make_client()

    (made,) = clients
    assert (made["key"], made["stripe_account"], made["base_addresses"]) == ("sk_test_lorikeet", None, {})
    assert made["max_network_retries"] == 1
    assert made["http_client"]._timeout == 12


@override_settings(
    LORIKEET_STRIPE_ACCOUNT="acct_1", LORIKEET_STRIPE_API_BASE="http://127.0.0.1:1", LORIKEET_STRIPE_TIMEOUT_SECONDS=3
)
def test_it_is_made_of_the_settings(clients):
    made = sdk.make_client()

    assert (made["stripe_account"], made["base_addresses"]) == ("acct_1", {"api": "http://127.0.0.1:1"})
    assert made["http_client"]._timeout == 3


def test_there_is_one_for_each_key(clients):
    first, again = sdk.make_client(), sdk.make_client()
    with override_settings(LORIKEET_STRIPE_API_KEY="sk_test_2"):
        other = sdk.make_client()

    assert first is again
    assert (len(clients), other["key"]) == (2, "sk_test_2")


def test_there_is_one_for_each_process(clients, monkeypatch):
    """A forked process must not share its parent's connections."""
    sdk.make_client()
    monkeypatch.setattr(os, "getpid", lambda: -1)

    sdk.make_client()

    assert len(clients) == 2


def test_nothing_is_set_for_the_whole_process(clients):
    sdk.make_client()

    assert sdk.stripe.api_key is None


def test_a_real_client_can_be_made():
    sdk._client.cache_clear()

    assert sdk.api().payment_intents is not None


@pytest.mark.parametrize(("key", "live"), [("sk_live_1", True), ("rk_live_1", True), ("sk_test_1", False), ("", False)])
def test_a_key_says_whether_money_is_real(key, live):
    with override_settings(LORIKEET_STRIPE_API_KEY=key):
        assert sdk.is_live() is live


def test_metadata_is_text():
    with override_settings(LORIKEET_STRIPE_SHOP="cellar"):
        assert sdk.metadata(7, order=Decimal(1)) == {
            "lorikeet_key": "7",
            "lorikeet_shop": "cellar",
            "lorikeet_order": "1",
        }


# without the SDK


def test_without_the_sdk_there_is_none(monkeypatch):
    monkeypatch.setitem(sys.modules, "stripe", None)
    spec = importlib.util.spec_from_file_location("lorikeet.extensions.stripe.without", sdk.__file__)
    module = importlib.util.module_from_spec(spec)

    spec.loader.exec_module(module)

    assert module.stripe is None


def test_a_site_without_the_sdk_starts_and_is_told_what_to_install():
    program = (
        "import sys; sys.modules['stripe'] = None; import django; django.setup();"
        "from django.core.checks import run_checks; print([message.id for message in run_checks(tags=['lorikeet'])])"
    )
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "tests.extensions.settings"}

    ran = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )

    assert "'lorikeet_stripe.E002'" in ran.stdout, ran.stderr
