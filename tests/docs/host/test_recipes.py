"""What the how-to guides show works as they say."""

import sys
from datetime import timedelta
from decimal import Decimal
from types import ModuleType

import pytest
from django.contrib.auth import get_user_model
from django.test import modify_settings, override_settings
from django.utils.timezone import now
from recipes import configuration, origins
from recipes.models import Balance, DebitCard, Voucher
from recipes.reports import takings
from recorder import Recorder
from tours import (
    CART,
    CHECKOUT,
    NEW,
    NEW_ADDRESS,
    NEW_ADJUSTMENT,
    NEW_PAYMENT_METHOD,
    address,
    debit_card,
    get_ready,
    line,
)

from lorikeet.checks import check_lorikeet
from lorikeet.models import Order
from lorikeet.testing import FakeBank
from shop.models import Wine


def cart_of(shopper):
    return shopper.send(None, "GET", CART).json()


def charges_of(shopper):
    return [(charge["label"], charge["total"]) for charge in cart_of(shopper)["charges"]]


class TestPostageByState:
    @pytest.fixture(autouse=True)
    def charges(self, settings):
        settings.LORIKEET_CHARGES = ["recipes.charges.PostageByState"]

    def test_an_empty_cart_is_charged_nothing(self, shopper):
        assert charges_of(shopper) == []

    def test_without_an_address_the_cart_says_what_lacks(self, shopper):
        shopper.send(None, "POST", NEW, line())

        cart = cart_of(shopper)

        assert cart["charges"] == []
        assert {
            "code": "no_address",
            "field": "delivery_address",
            "message": "Choose an address to see the postage.",
        } in cart["incomplete_reasons"]

    @pytest.mark.parametrize(
        ("state", "charge"),
        [("SA", ("Parcel to South Australia", "8.00")), ("VIC", ("Parcel to Victoria", "12.00"))],
    )
    def test_the_way_decides(self, shopper, state, charge):
        shopper.send(None, "POST", NEW, line())
        shopper.send(None, "POST", NEW_ADDRESS, address(state=state))

        assert charges_of(shopper) == [charge]


class TestStoreCredit:
    @pytest.fixture(autouse=True)
    def charges(self, settings):
        settings.LORIKEET_CHARGES = configuration.LORIKEET_CHARGES

    @pytest.fixture
    def bank(self, monkeypatch):
        fake = FakeBank()
        monkeypatch.setattr(DebitCard, "bank", fake)
        return fake

    @pytest.fixture
    def joe(self, shopper):
        user = get_user_model().objects.create_user("joe", "joe@example.com")
        shopper.client.force_login(user)
        return user

    @pytest.mark.parametrize(("owed", "taken", "to_pay"), [(10, "-10.00", "28.00"), (100, "-38.00", "0.00")])
    def test_no_more_is_taken_than_is_to_pay(self, shopper, joe, owed, taken, to_pay):
        Balance.objects.create(user=joe, amount=owed)
        shopper.send(None, "POST", NEW, line())

        cart = cart_of(shopper)

        assert charges_of(shopper) == [("Delivery", "12.00"), ("Store credit", taken)]
        assert cart["grand_total"] == to_pay

    def test_a_guest_has_none(self, shopper):
        shopper.send(None, "POST", NEW, line())

        assert charges_of(shopper) == [("Delivery", "12.00")]

    def test_a_sale_spends_it(self, shopper, joe, bank):
        Balance.objects.create(user=joe, amount=10)
        self.get_ready(shopper)

        assert shopper.send(None, "POST", CHECKOUT).status_code == 200

        assert Balance.objects.get().amount == 0
        assert bank.total() == Decimal("28.00")

    def test_a_refused_payment_gives_it_back(self, shopper, joe, bank):
        bank.declines.add("tok_no")
        Balance.objects.create(user=joe, amount=10)
        self.get_ready(shopper, "tok_no")

        assert shopper.send(None, "POST", CHECKOUT).status_code == 422

        assert Balance.objects.get().amount == 10

    def test_credit_that_is_spent_meanwhile_is_a_conflict(self, shopper, joe, bank, monkeypatch):
        Balance.objects.create(user=joe, amount=10)
        self.get_ready(shopper)
        make = Order.objects.create

        def spend_elsewhere(*args, **kwargs):
            Balance.objects.update(amount=0)
            return make(*args, **kwargs)

        monkeypatch.setattr(Order.objects, "create", spend_elsewhere)

        response = shopper.send(None, "POST", CHECKOUT)

        assert response.status_code == 409
        assert response.json()["info"][0]["code"] == "credit_spent"
        assert bank.total() == 0

    def get_ready(self, shopper, token="tok_yes"):
        shopper.send(None, "POST", NEW, line())
        shopper.send(None, "POST", NEW_ADDRESS, address())
        shopper.send(None, "POST", NEW_PAYMENT_METHOD, debit_card(token))


class TestVoucher:
    BODY = {"type": "VoucherAdjustment", "data": {"code": "ONLYONCE"}}

    @pytest.fixture(autouse=True)
    def voucher(self, catalogue):
        return Voucher.objects.create(code="ONLYONCE", amount=5)

    def test_it_takes_its_amount_off_once(self, shopper):
        shopper.send(None, "POST", NEW, line())

        statuses = [shopper.send(None, "POST", NEW_ADJUSTMENT, self.BODY).status_code for _ in range(2)]

        assert statuses == [201, 200]
        assert [each["total"] for each in cart_of(shopper)["adjustments"]] == ["-5.00"]

    def test_a_sale_uses_it_up(self, shopper):
        get_ready(shopper)
        shopper.send(None, "POST", NEW_ADJUSTMENT, self.BODY)

        shopper.send(None, "POST", CHECKOUT)

        assert Voucher.objects.get().is_used
        answer = shopper.send(None, "POST", NEW_ADJUSTMENT, self.BODY)
        assert (answer.status_code, answer.json()["code"]) == (400, ["This code is not valid."])

    def test_a_refused_payment_gives_it_back(self, shopper):
        get_ready(shopper, "tok_declined")
        shopper.send(None, "POST", NEW_ADJUSTMENT, self.BODY)

        shopper.send(None, "POST", CHECKOUT)

        assert not Voucher.objects.get().is_used

    def test_one_that_was_used_meanwhile_keeps_the_cart_incomplete(self, shopper):
        get_ready(shopper)
        shopper.send(None, "POST", NEW_ADJUSTMENT, self.BODY)
        Voucher.objects.update(is_used=True)

        assert [reason["code"] for reason in cart_of(shopper)["incomplete_reasons"]] == ["voucher_used"]


def test_the_section_says_how_much_is_missing(shopper, settings):
    settings.LORIKEET_CART_SECTIONS = configuration.LORIKEET_CART_SECTIONS
    shopper.send(None, "POST", NEW, line(quantity=2))

    assert cart_of(shopper)["free_delivery"] == {"threshold": "200.00", "missing": "148.00"}


class TestMinimumOrder:
    @pytest.fixture(autouse=True)
    def checkers(self, settings):
        settings.LORIKEET_CART_COMPLETE_CHECKERS = configuration.LORIKEET_CART_COMPLETE_CHECKERS

    @pytest.mark.parametrize(("price", "codes"), [("19.99", ["too_small"]), ("20.00", [])])
    def test_a_small_cart_is_incomplete(self, shopper, price, codes):
        Wine.objects.filter(pk=1).update(unit_price=price)
        get_ready(shopper)

        assert [reason["code"] for reason in cart_of(shopper)["incomplete_reasons"]] == codes

    def test_an_empty_cart_has_one_reason_for_its_items(self, shopper):
        reasons = cart_of(shopper)["incomplete_reasons"]

        assert [reason["code"] for reason in reasons if reason["field"] == "items"] == ["empty"]


class TestTakings:
    def test_a_sale_counts(self, shopper):
        get_ready(shopper)

        shopper.send(None, "POST", CHECKOUT)

        assert takings("AUD", now() - timedelta(days=1)) == Decimal("38.00")
        assert takings("NZD", now() - timedelta(days=1)) == takings("AUD", now()) == 0

    def test_an_order_that_was_not_paid_does_not(self, shopper):
        get_ready(shopper, "tok_declined")

        shopper.send(None, "POST", CHECKOUT)

        assert Order.objects.count() == 1
        assert takings("AUD", now() - timedelta(days=1)) == 0


class TestOrigins:
    def test_the_checks_are_content_with_the_settings_for_pages_on_another_origin(self, monkeypatch):
        module = ModuleType("corsheaders")
        module.__path__ = ["/nowhere"]
        monkeypatch.setitem(sys.modules, "corsheaders", module)
        shown = {name: getattr(origins, name) for name in dir(origins) if name.isupper()}

        with modify_settings(INSTALLED_APPS={"append": ["corsheaders"]}):
            unset = [mistake.id for mistake in check_lorikeet(None)]
            with override_settings(**shown):
                assert check_lorikeet(None) == []

        assert unset == ["lorikeet.W021", "lorikeet.W022", "lorikeet.W023"]


class TestBadge:
    def test_it_counts_the_lines(self, shopper):
        shopper.send(None, "POST", NEW, line())
        shopper.send(None, "POST", NEW, line(wine=2))

        assert shopper.client.get("/badge/").content == b"2 in your cart: 72.00"

    def test_a_newcomer_gets_no_cart_for_looking(self, catalogue):
        newcomer = Recorder()

        assert newcomer.client.get("/badge/").content == b"0 in your cart: 0.00"
        assert list(newcomer.client.cookies) == []
