"""Every mistake a host can make at start-up: its whole message, hint and id; and that the correction is enough."""

import sys
from types import ModuleType

import pytest
from django.conf import settings as django_settings
from django.contrib.sessions.middleware import SessionMiddleware
from django.core.checks import Error, Warning
from django.core.checks import registry as check_registry
from django.core.management import call_command
from django.test import modify_settings, override_settings
from rest_framework import serializers

from lorikeet import money
from lorikeet.checks import check_lorikeet
from lorikeet.models import Cart
from lorikeet.pricing import ChargeSource
from lorikeet.registry import registry
from lorikeet.sections import CartSection
from lorikeet.serializers import LineItemSerializer
from tests.testapp import models

HERE = "tests.unit.test_checks"

#: A site without any URL.
urlpatterns = []


class Post(ChargeSource):
    """All that a source needs."""

    code = "post"


class Nameless(ChargeSource):
    """Has no code."""


class Taking(ChargeSource):
    """Takes, and gives nothing back."""

    code = "taking"

    def prepare_for_checkout(self, order, charges):
        pass


class TakingAndGiving(Taking):
    """Gives back."""

    def undo_checkout(self, order):
        pass


class Points(CartSection):
    key = "points"


class MorePoints(CartSection):
    key = "points"


class Keyless(CartSection):
    """Has no key."""


def a_function():
    """No class at all."""


class NaiveWineLineSerializer(serializers.ModelSerializer):
    """Combines nothing."""

    class Meta:
        model = models.WineLine
        fields = ["product", "quantity"]


class GenerousSerializer(LineItemSerializer):
    """Lets clients set what is not theirs, under whatever name."""

    mine = serializers.PrimaryKeyRelatedField(source="cart", queryset=Cart.objects.all())
    parent = serializers.PrimaryKeyRelatedField(source="bookline_ptr", queryset=models.BookLine.objects.all())
    sold = serializers.PrimaryKeyRelatedField(source="order", read_only=True)

    class Meta:
        model = models.GiftBookLine
        fields = ["product", "message", "cart", "order", "total_when_charged", "mine", "parent", "sold"]
        extra_kwargs = {"total_when_charged": {"read_only": False}}


def found():
    return check_lorikeet(None)


def site(**settings):
    return override_settings(**{f"LORIKEET_{name}": value for name, value in settings.items()})


def test_the_test_shop_makes_no_mistake():
    assert found() == []


def test_the_checks_run_with_the_others():
    assert check_lorikeet in check_registry.registry.get_checks()
    call_command("check", tags=["lorikeet"])


# values


@pytest.mark.parametrize(
    ("name", "value", "message", "hint"),
    [
        ("MAX_LINES", 0, "LORIKEET_MAX_LINES must be a whole number above zero.", "The default is 100."),
        ("CURRENCY", "aud", "LORIKEET_CURRENCY must be an ISO 4217 code such as 'AUD'.", "The default is 'AUD'."),
        (
            "CHARGES",
            ["nowhere"],
            "LORIKEET_CHARGES names 'nowhere', which cannot be imported (nowhere doesn't look like a module path).",
            "The default is [].",
        ),
        (
            "ORDER_DETAIL_VIEW",
            5,
            "LORIKEET_ORDER_DETAIL_VIEW must be the name of a URL, or None.",
            "The default is None.",
        ),
    ],
)
def test_e001_a_value_that_its_setting_does_not_take(name, value, message, hint):
    with site(**{name: value}):
        assert found() == [Error(message, hint=hint, id="lorikeet.E001")]


def test_e001_every_such_value_is_named_and_nothing_else_is_looked_at():
    with site(MAX_LINES=0, MAX_BODY_DEPTH=-1, NONSENSE=1):
        assert [mistake.msg for mistake in found()] == [
            "LORIKEET_MAX_LINES must be a whole number above zero.",
            "LORIKEET_MAX_BODY_DEPTH must be a whole number above zero.",
        ]


# the site


def test_e002_amounts_to_show_without_babel(monkeypatch):
    monkeypatch.setattr(money, "babel_numbers", None)

    with site(DISPLAY_AMOUNTS=True):
        assert found() == [
            Error("LORIKEET_DISPLAY_AMOUNTS needs Babel.", hint="pip install lorikeet-cart[babel]", id="lorikeet.E002")
        ]


def test_e002_without_babel_but_without_amounts_to_show_either(monkeypatch):
    monkeypatch.setattr(money, "babel_numbers", None)

    assert found() == []


def test_e002_with_babel():
    pytest.importorskip("babel")

    with site(DISPLAY_AMOUNTS=True):
        assert found() == []


@modify_settings(INSTALLED_APPS={"remove": ["django.contrib.sessions"]})
def test_e003_no_sessions():
    assert found() == [
        Error(
            "Guests' carts are remembered in sessions, which are not installed.",
            hint='Add "django.contrib.sessions" to INSTALLED_APPS, and its middleware to MIDDLEWARE.',
            id="lorikeet.E003",
        )
    ]


@override_settings(SESSION_SAVE_EVERY_REQUEST=True)
def test_w008_sessions_that_are_saved_with_every_answer():
    assert found() == [
        Warning(
            "The session is saved with every answer: Django answers 400 to a guest who signs in or out during "
            "the payment, although the guest is charged.",
            hint="SESSION_SAVE_EVERY_REQUEST = False",
            id="lorikeet.W008",
        )
    ]


@pytest.mark.parametrize("view", ["plain", "nowhere", "admin:index"])
def test_e004_a_page_of_orders_that_takes_no_id(view):
    with site(ORDER_DETAIL_VIEW=view):
        assert found() == [
            Error(
                f"LORIKEET_ORDER_DETAIL_VIEW names {view!r}; there is no URL of that name that takes an id.",
                hint='from lorikeet.generic_views import OrderDetailView, and path("orders/<int:id>/", '
                f'OrderDetailView.as_view(template_name="order.html"), name="{view}")',
                id="lorikeet.E004",
            )
        ]


@pytest.mark.parametrize("view", ["order-detail", None])
def test_e004_a_page_that_does_and_none(view):
    with site(ORDER_DETAIL_VIEW=view):
        assert found() == []


def test_w001_no_currency():
    with override_settings():
        del django_settings.LORIKEET_CURRENCY

        assert found() == [
            Warning(
                "LORIKEET_CURRENCY is not set: prices are taken to be in AUD.",
                hint='Say so in the settings: LORIKEET_CURRENCY = "AUD".',
                id="lorikeet.W001",
            )
        ]


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("MAX_LINE", "Did you mean LORIKEET_MAX_LINES?"),
        ("XYZZY_QUUX_12345", "Take it out, or install the extension it belongs to."),
    ],
)
def test_w002_a_setting_that_does_nothing(name, hint):
    with site(**{name: 5}):
        assert found() == [Warning(f"LORIKEET_{name} is not a setting of Lorikeet.", hint=hint, id="lorikeet.W002")]


@pytest.mark.parametrize(
    ("name", "app"), [("STOCK_CART_SECONDS", "lorikeet.extensions.stock"), ("STRIPE_X", "lorikeet.extensions.stripe")]
)
def test_w002_a_setting_of_an_extension_that_is_not_installed(name, app):
    with site(**{name: 5}):
        assert [(mistake.id, mistake.hint) for mistake in found()] == [
            ("lorikeet.W002", f'Add "{app}" to INSTALLED_APPS, or take it out.')
        ]


@pytest.mark.parametrize(
    ("setting", "path", "app"),
    [
        ("CART_SECTIONS", "lorikeet.extensions.stock.sections.ExpirySection", "lorikeet.extensions.stock"),
        ("CART_SECTIONS", "lorikeet.extensions.stripe.sections.StripeSection", "lorikeet.extensions.stripe"),
        ("CHARGES", "lorikeet.extensions.stock.models.Hold", "lorikeet.extensions.stock"),
    ],
)
def test_e032_a_class_of_an_extension_that_is_not_installed(setting, path, app):
    with site(**{setting: [path]}):
        assert found() == [
            Error(
                f"LORIKEET_{setting} names {path}, and {app} is not installed.",
                hint=f'Add "{app}" to INSTALLED_APPS.',
                id="lorikeet.E032",
            )
        ]


def test_e001_a_model_of_an_app_that_is_not_installed():
    with site(CHARGES=["django.contrib.sites.models.Site"]):
        assert [mistake.id for mistake in found()] == ["lorikeet.E001"]
        assert "isn't in an application in INSTALLED_APPS" in found()[0].msg


@pytest.mark.parametrize(
    ("attribute", "path"),
    [
        ("session", "django.contrib.sessions.middleware.SessionMiddleware"),
        ("user", "django.contrib.auth.middleware.AuthenticationMiddleware"),
    ],
)
def test_e033_no_middleware_that_a_cart_is_found_by(attribute, path):
    with modify_settings(MIDDLEWARE={"remove": [path]}):
        assert found() == [
            Error(
                f"No middleware sets request.{attribute}, by which a shopper's cart is found.",
                hint=f'Add "{path}" to MIDDLEWARE, before "lorikeet.middleware.CartMiddleware".',
                id="lorikeet.E033",
            )
        ]


class OwnSessions(SessionMiddleware):
    """A site's own subclass."""


@modify_settings(
    MIDDLEWARE={
        "remove": ["django.contrib.sessions.middleware.SessionMiddleware"],
        "append": [f"{HERE}.OwnSessions", "no.such.Middleware", f"{HERE}.a_function"],
    }
)
def test_e033_a_subclass_is_enough():
    assert found() == []


@modify_settings(MIDDLEWARE={"remove": ["lorikeet.middleware.CartMiddleware"]})
def test_w003_no_middleware():
    assert found() == [
        Warning(
            "request.get_cart() is not there: Lorikeet's middleware is missing.",
            hint='Add "lorikeet.middleware.CartMiddleware" to MIDDLEWARE, after the authentication middleware.',
            id="lorikeet.W003",
        )
    ]


@override_settings(ROOT_URLCONF=HERE, LORIKEET_ORDER_DETAIL_VIEW=None)
def test_w004_no_urls():
    assert found() == [
        Warning(
            "Lorikeet's URLs are not included.",
            hint='Add path("_cart/", include("lorikeet.urls")) to the urlpatterns.',
            id="lorikeet.W004",
        )
    ]


def test_w020_no_page_of_orders():
    with override_settings():
        del django_settings.LORIKEET_ORDER_DETAIL_VIEW

        assert found() == [
            Warning(
                "LORIKEET_ORDER_DETAIL_VIEW is not set: orders have no page, and the answer to a checkout has no url.",
                hint='LORIKEET_ORDER_DETAIL_VIEW = "order", the name of the URL of an OrderDetailView; '
                "None if orders have no page.",
                id="lorikeet.W020",
            )
        ]


# pages on other origins

COMPLETE = {
    "CORS_ALLOW_HEADERS": [
        *("accept", "content-type", "x-csrftoken"),
        *("if-match", "if-none-match", "idempotency-key", "prefer", "x-cart-token"),
    ],
    "CORS_EXPOSE_HEADERS": [
        *("content-location", "etag", "idempotency-replayed", "location"),
        *("preference-applied", "retry-after", "x-api-error", "x-cart-token"),
    ],
    "CORS_ALLOW_CREDENTIALS": True,
}
#: The same without the CSRF token.
LACKING = [name for name in COMPLETE["CORS_ALLOW_HEADERS"] if name != "x-csrftoken"]


@pytest.fixture
def corsheaders(monkeypatch):
    """The app django-cors-headers, as far as its name goes."""
    module = ModuleType("corsheaders")
    module.__path__ = ["/nowhere"]
    monkeypatch.setitem(sys.modules, "corsheaders", module)
    with modify_settings(INSTALLED_APPS={"append": ["corsheaders"]}):
        yield


def test_w021_to_w023_pages_on_other_origins_that_may_do_nothing(corsheaders):
    assert found() == [
        Warning(
            "Pages on other origins may not send to the cart: Idempotency-Key, If-Match, If-None-Match, Prefer, "
            "X-Cart-Token.",
            hint="from corsheaders.defaults import default_headers; CORS_ALLOW_HEADERS = [*default_headers, "
            "'Idempotency-Key', 'If-Match', 'If-None-Match', 'Prefer', 'X-Cart-Token']",
            id="lorikeet.W021",
        ),
        Warning(
            "Pages on other origins may not read of the cart's answers: Content-Location, ETag, Idempotency-Replayed, "
            "Location, Preference-Applied, Retry-After, X-API-Error, X-Cart-Token.",
            hint="CORS_EXPOSE_HEADERS = ['Content-Location', 'ETag', 'Idempotency-Replayed', 'Location', "
            "'Preference-Applied', 'Retry-After', 'X-API-Error', 'X-Cart-Token']",
            id="lorikeet.W022",
        ),
        Warning(
            "CORS_ALLOW_CREDENTIALS is not set: pages on other origins send no cookies, and each of their requests "
            "comes from a new guest.",
            hint="CORS_ALLOW_CREDENTIALS = True; or False, if they send X-Cart-Token.",
            id="lorikeet.W023",
        ),
    ]


def test_w021_a_list_of_the_sites_own_that_lacks_the_csrf_token(corsheaders):
    with override_settings(**{**COMPLETE, "CORS_ALLOW_HEADERS": LACKING}):
        assert [(mistake.id, mistake.msg) for mistake in found()] == [
            ("lorikeet.W021", "Pages on other origins may not send to the cart: X-CSRFToken.")
        ]


@pytest.mark.parametrize(
    "settings",
    [
        COMPLETE,
        {**COMPLETE, "CORS_ALLOW_CREDENTIALS": False},
        {"CORS_URLS_REGEX": r"^/api/.*$"},
    ],
    ids=["complete", "without cookies", "not for the cart"],
)
def test_w021_to_w023_pages_that_may_do_all_or_are_not_meant_to(corsheaders, settings):
    with override_settings(**settings):
        assert found() == []


@override_settings(ROOT_URLCONF=HERE, LORIKEET_ORDER_DETAIL_VIEW=None)
def test_w021_to_w023_a_site_without_the_api_is_not_asked(corsheaders):
    assert [mistake.id for mistake in found()] == ["lorikeet.W004"]


# charges and sections


@pytest.mark.parametrize(
    ("setting", "name", "base", "attribute"),
    [
        ("CHARGES", "Nameless", "ChargeSource", "code"),
        ("CHARGES", "Points", "ChargeSource", "code"),
        ("CHARGES", "a_function", "ChargeSource", "code"),
        ("CART_SECTIONS", "Keyless", "CartSection", "key"),
        ("CART_SECTIONS", "Post", "CartSection", "key"),
    ],
)
def test_e005_what_is_no_charge_source_or_section(setting, name, base, attribute):
    with site(**{setting: [f"{HERE}.{name}"]}):
        assert found() == [
            Error(
                f"LORIKEET_{setting} names {HERE}.{name}, which is no {base} with a {attribute}.",
                hint=f'class Mine({base}): {attribute} = "..."',
                id="lorikeet.E005",
            )
        ]


def test_e005_what_is_one():
    with site(CHARGES=[f"{HERE}.Post"], CART_SECTIONS=[f"{HERE}.Points"]):
        assert found() == []


@pytest.mark.parametrize(
    ("paths", "path", "key"),
    [
        (["tests.testapp.sections.Clashing"], "tests.testapp.sections.Clashing", "items"),
        ([f"{HERE}.Points", f"{HERE}.MorePoints"], f"{HERE}.MorePoints", "points"),
        ([f"{HERE}.Points", f"{HERE}.Points"], f"{HERE}.Points", "points"),
    ],
)
def test_e006_a_key_that_is_taken(paths, path, key):
    with site(CART_SECTIONS=paths):
        assert found() == [
            Error(
                f"{path} adds {key!r} to the cart, which is there already.",
                hint="Give the section a key of its own.",
                id="lorikeet.E006",
            )
        ]


def test_e006_keys_that_are_not():
    with site(CART_SECTIONS=[f"{HERE}.Points", "tests.testapp.sections.Summary"]):
        assert found() == []


# models and serializers


def test_e007_a_model_that_is_not_registered(monkeypatch):
    monkeypatch.delitem(registry.serializers, models.WineLine)

    assert found() == [
        Error(
            "testapp.WineLine is not registered, so clients can neither see nor make one.",
            hint="In your AppConfig.ready(): from lorikeet.serializers import registry; "
            "registry.register(WineLine, WineLineSerializer)",
            obj=models.WineLine,
            id="lorikeet.E007",
        )
    ]


def test_e007_a_model_whose_ancestor_is(monkeypatch):
    monkeypatch.delitem(registry.serializers, models.GiftBookLine)

    assert found() == []


@pytest.mark.parametrize(
    ("model", "name", "hint", "heirs"),
    [
        (models.CourseLine, "get_total", "def get_total(self): ...", []),
        (models.BookLine, "get_total", "def get_total(self): ...", [models.GiftBookLine]),
        (models.ShareOff, "get_total", "def get_total(self, subtotal): ...", []),
        (models.PayLater, "make_payment", "def make_payment(self, order, amount): ...", []),
    ],
)
def test_e008_a_model_without_a_method_of_its_own(monkeypatch, model, name, hint, heirs):
    monkeypatch.delattr(model, name)

    lacks = "make_payment() and no start_payment()" if name == "make_payment" else f"{name}()"
    assert found() == [
        Error(f"{lacking._meta.label} has no {lacks} of its own.", hint=hint, obj=lacking, id="lorikeet.E008")
        for lacking in (model, *heirs)
    ]


def taking_but_not_giving(cls):
    return Error(
        f"{cls.__name__} overrides prepare_for_checkout(), which is committed before the payment, and nothing "
        "gives back what it takes if the payment fails.",
        hint="def undo_checkout(self): ...",
        obj=cls,
        id="lorikeet.E009",
    )


def test_e009_a_line_that_gives_nothing_back(monkeypatch):
    monkeypatch.delattr(models.MoodyLine, "undo_checkout")

    assert found() == [taking_but_not_giving(models.MoodyLine)]


def test_e009_an_adjustment_that_gives_nothing_back(monkeypatch):
    monkeypatch.setattr(models.ShareOff, "prepare_for_checkout", lambda row: None)

    assert found() == [taking_but_not_giving(models.ShareOff)]


def test_e009_a_charge_source_that_gives_nothing_back():
    with site(CHARGES=[f"{HERE}.Taking"]):
        assert found() == [taking_but_not_giving(Taking)]


def test_e009_a_charge_source_that_gives_back():
    with site(CHARGES=[f"{HERE}.TakingAndGiving"]):
        assert found() == []


def test_e010_a_serializer_that_combines_nothing(monkeypatch):
    monkeypatch.setitem(registry.serializers, models.WineLine, NaiveWineLineSerializer)

    assert found() == [
        Error(
            "NaiveWineLineSerializer never asks WineLine.combine_with().",
            hint="class NaiveWineLineSerializer(LineItemSerializer): ...",
            obj=models.WineLine,
            id="lorikeet.E010",
        )
    ]


def test_e010_a_serializer_that_has_nothing_to_combine(monkeypatch):
    monkeypatch.delattr(models.WineLine, "combine_with")
    monkeypatch.setitem(registry.serializers, models.WineLine, NaiveWineLineSerializer)

    assert found() == []


def test_e010_an_adjustment_is_told_of_its_own_base(monkeypatch):
    class Naive(serializers.ModelSerializer):
        class Meta:
            model = models.CouponAdjustment
            fields = ["coupon"]

    monkeypatch.setitem(registry.serializers, models.CouponAdjustment, Naive)

    assert [mistake.hint for mistake in found()] == ["class Naive(AdjustmentSerializer): ..."]


def test_e011_a_serializer_that_lets_clients_set_what_is_not_theirs(monkeypatch):
    monkeypatch.setitem(registry.serializers, models.GiftBookLine, GenerousSerializer)

    assert {mistake.id for mistake in found()} == {"lorikeet.E011"}
    assert [(mistake.msg, mistake.hint, mistake.obj) for mistake in found()] == [
        (
            f"GenerousSerializer.{name} lets clients set {source!r}, which is Lorikeet's to set.",
            f'Take it out of Meta.fields, or add it to Meta.read_only_fields = ["{name}"].',
            models.GiftBookLine,
        )
        for name, source in [
            ("cart", "cart"),
            ("order", "order"),
            ("total_when_charged", "total_when_charged"),
            ("mine", "cart"),
            ("parent", "bookline_ptr"),
        ]
    ]


@pytest.mark.parametrize("column", ["cart_id", "order_id", "bookline_ptr_id"])
def test_e011_a_serializer_that_lets_clients_set_it_by_its_column(monkeypatch, column):
    class Sly(LineItemSerializer):
        innocent = serializers.IntegerField(source=column)

        class Meta:
            model = models.GiftBookLine
            fields = ["product", "innocent"]

    monkeypatch.setitem(registry.serializers, models.GiftBookLine, Sly)

    assert [mistake.id for mistake in found()] == ["lorikeet.E011"]


@pytest.mark.parametrize("allowed", [["massage"], "message", ["message", "cart"]], ids=repr)
def test_e029_card_numbers_are_allowed_in_what_is_no_field(monkeypatch, allowed):
    class Lax(LineItemSerializer):
        class Meta:
            model = models.GiftBookLine
            fields = ["product", "message"]
            card_numbers_allowed = allowed

    monkeypatch.setitem(registry.serializers, models.GiftBookLine, Lax)

    assert found() == [
        Error(
            f"Lax.Meta.card_numbers_allowed is {allowed!r}, which is no list of its fields.",
            hint="card_numbers_allowed = ['product']",
            obj=models.GiftBookLine,
            id="lorikeet.E029",
        )
    ]


def test_e029_card_numbers_may_be_allowed_in_a_field(monkeypatch):
    class Lax(LineItemSerializer):
        class Meta:
            model = models.GiftBookLine
            fields = ["product", "message"]
            card_numbers_allowed = ["message"]

    monkeypatch.setitem(registry.serializers, models.GiftBookLine, Lax)

    assert found() == []


def test_e011_a_serializer_that_only_shows_it(monkeypatch):
    class Showing(LineItemSerializer):
        class Meta:
            model = models.GiftBookLine
            fields = ["id", "product", "cart", "order", "total_when_charged", "created_at"]
            read_only_fields = ["cart", "order"]

    monkeypatch.setitem(registry.serializers, models.GiftBookLine, Showing)

    assert found() == []
