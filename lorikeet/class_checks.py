"""Every mistake in a class that a host writes: a model, a serializer, a charge source, a section of the cart."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches
from typing import Any

from django.apps import apps
from django.core.checks import CheckMessage, Error

from .base_models import InCartOrOrder, parent_links
from .conf import settings
from .http.representation import CORE_KEYS
from .models import Adjustment, LineItem, PaymentMethod
from .pricing import ChargeSource
from .reference_payments import ReferencePaymentMethod
from .registry import BASES, registry
from .sections import CartSection
from .serializers import CombiningSerializer

__all__ = ["check_classes"]

#: What Lorikeet sets itself: a client that set it could take another shopper's cart, or change a price.
PROTECTED = {"id", "pk", "cart", "order", "user", "active", "created_at", "total_when_charged"}


def check_classes() -> Iterator[CheckMessage]:
    """Check the classes that settings name, and all models."""
    yield from _check_plugins()
    yield from _check_models()


def _check_plugins() -> Iterator[CheckMessage]:
    for path, source in zip(settings.CHARGES, settings.load(settings.CHARGES), strict=True):
        if not _is_plugin(source, ChargeSource, "code"):
            yield _no_plugin("LORIKEET_CHARGES", path, "ChargeSource", "code")
        else:
            yield from _check_counterpart(source, ChargeSource)
    keys = set(CORE_KEYS)
    for path, section in zip(settings.CART_SECTIONS, settings.load(settings.CART_SECTIONS), strict=True):
        if not _is_plugin(section, CartSection, "key"):
            yield _no_plugin("LORIKEET_CART_SECTIONS", path, "CartSection", "key")
        elif section.key in keys:
            yield Error(
                f"{path} adds {section.key!r} to the cart, which is there already.",
                hint="Give the section a key of its own.",
                id="lorikeet.E006",
            )
        else:
            keys.add(section.key)


def _is_plugin(plugin: Any, base: type, attribute: str) -> bool:
    return isinstance(plugin, type) and issubclass(plugin, base) and hasattr(plugin, attribute)


def _no_plugin(setting: str, path: str, base: str, attribute: str) -> CheckMessage:
    return Error(
        f"{setting} names {path}, which is no {base} with a {attribute}.",
        hint=f'class Mine({base}): {attribute} = "..."',
        id="lorikeet.E005",
    )


def _check_models() -> Iterator[CheckMessage]:
    for model in apps.get_models():
        base = next((base for base in BASES if issubclass(model, base) and model is not base), None)
        if base is None:
            continue
        yield from _check_names(model)
        if not any(ancestor in registry.serializers for ancestor in model.__mro__):
            yield Error(
                f"{model._meta.label} is not registered, so clients can neither see nor make one.",
                hint="In your AppConfig.ready(): from lorikeet.serializers import registry; "
                f"registry.register({model.__name__}, {model.__name__}Serializer)",
                obj=model,
                id="lorikeet.E007",
            )
            continue
        yield from _check_methods(model)
        yield from _check_serializer(model)


def _check_names(model: Any) -> Iterator[CheckMessage]:
    """Check the names in ``cart_prefetch`` and ``combine_on``: a wrong one makes every cart an error 500."""
    for option, kind in (("cart_prefetch", "relation"), ("combine_on", "column")):
        names = getattr(model, option, ())
        if isinstance(names, str):
            yield Error(
                f"{model._meta.label}.{option} is a text, of which each letter would be taken for a name.",
                hint=f'{option} = ("{names}",)',
                obj=model,
                id="lorikeet.E031",
            )
            continue
        for name in map(str, names):
            if found := _find_unknown(model, kind, name):
                unknown, hint = found
                yield Error(
                    f"{model._meta.label}.{option} names {name!r}; there is no {kind} {unknown!r}.",
                    hint=hint,
                    obj=model,
                    id="lorikeet.E030",
                )


def _find_unknown(model: Any, kind: str, name: str) -> tuple[str, str] | None:
    """Return which part of ``name`` leads nowhere, with what to write instead, or ``None``."""
    steps = name.split("__") if kind == "relation" else [name]
    for step in steps:
        choices = _relations(model) if kind == "relation" else _columns(model)
        if step not in choices:
            if close := get_close_matches(step, choices, 1):
                right = "__".join(close[0] if each == step else each for each in steps)
                return step, f"Did you mean {right!r}?"
            return step, f"Choose from {', '.join(sorted(choices))}."
        model = choices[step]
        if model is None:  # a generic key leads to anything
            break
    return None


def _relations(model: Any) -> dict[str, Any]:
    """Return where each relation of a model leads, by the name that a prefetch knows it by."""
    relations = {}
    for field in model._meta.get_fields():
        if field.is_relation and field.name not in parent_links(model):
            is_reverse = field.auto_created and not field.concrete
            relations[field.get_accessor_name() if is_reverse else field.name] = field.related_model
    return relations


def _columns(model: Any) -> dict[str, None]:
    columns = [field for field in model._meta.concrete_fields if field.name not in parent_links(model)]
    return dict.fromkeys(name for field in columns for name in (field.name, field.attname))


def _check_methods(model: Any) -> Iterator[CheckMessage]:
    needed = {LineItem: "get_total", Adjustment: "get_total", PaymentMethod: "make_payment"}
    for base, name in needed.items():
        if issubclass(model, PaymentMethod) and model.has_own("start_payment"):
            continue
        if issubclass(model, base) and getattr(model, name, None) is getattr(base, name, None):
            arguments = {LineItem: "self", Adjustment: "self, subtotal", PaymentMethod: "self, order, amount"}[base]
            other = " and no start_payment()" if base is PaymentMethod else ""
            yield Error(
                f"{model._meta.label} has no {name}(){other} of its own.",
                hint=f"def {name}({arguments}): ...",
                obj=model,
                id="lorikeet.E008",
            )
    for base in (LineItem, Adjustment):
        if issubclass(model, base):
            yield from _check_counterpart(model, base)
    if issubclass(model, ReferencePaymentMethod) and model.look_up is ReferencePaymentMethod.look_up:
        yield Error(
            f"{model._meta.label} has no look_up() of its own: it cannot tell what was paid.",
            hint="def look_up(self, reference): ...",
            obj=model,
            id="lorikeet.E013",
        )
    if issubclass(model, PaymentMethod) and model.has_own("start_payment") and not model.has_own("check_payment"):
        yield Error(
            f"{model._meta.label} has start_payment(), and no way to ask what became of a payment.",
            hint="def check_payment(self, attempt): ...",
            obj=model,
            id="lorikeet.E012",
        )


def _check_counterpart(cls: Any, base: Any) -> Iterator[CheckMessage]:
    prepares = cls.prepare_for_checkout is not base.prepare_for_checkout
    if prepares and cls.undo_checkout is base.undo_checkout:
        yield Error(
            f"{cls.__name__} overrides prepare_for_checkout(), which is committed before the payment, and nothing "
            "gives back what it takes if the payment fails.",
            hint="def undo_checkout(self): ...",
            obj=cls,
            id="lorikeet.E009",
        )


def _check_serializer(model: Any) -> Iterator[CheckMessage]:
    serializer_class = registry.serializer(model)
    made = getattr(getattr(serializer_class, "Meta", None), "model", model)
    if not issubclass(model, made):
        yield Error(
            f"{model.__name__} is registered with {serializer_class.__name__}, which makes rows of {made.__name__}.",
            hint=f"registry.register({model.__name__}, {model.__name__}Serializer), whose class Meta has "
            f"model = {model.__name__}",
            obj=model,
            id="lorikeet.E034",
        )
        return
    kind = "LineItem" if issubclass(model, LineItem) else "Adjustment"
    combines = issubclass(model, InCartOrOrder) and model.combine_with is not InCartOrOrder.combine_with
    if combines and not issubclass(serializer_class, CombiningSerializer):
        yield Error(
            f"{serializer_class.__name__} never asks {model.__name__}.combine_with().",
            hint=f"class {serializer_class.__name__}({kind}Serializer): ...",
            obj=model,
            id="lorikeet.E010",
        )
    fields = serializer_class().fields
    allowed = getattr(getattr(serializer_class, "Meta", None), "card_numbers_allowed", [])
    if not isinstance(allowed, (list, tuple)) or set(allowed) - set(fields):
        yield Error(
            f"{serializer_class.__name__}.Meta.card_numbers_allowed is {allowed!r}, which is no list of its fields.",
            hint=f"card_numbers_allowed = {list(fields)[:1]}",
            obj=model,
            id="lorikeet.E029",
        )
    protected = PROTECTED | parent_links(model)
    for name, field in fields.items():
        if not field.read_only and field.source.removesuffix("_id") in protected:
            yield Error(
                f"{serializer_class.__name__}.{name} lets clients set {field.source!r}, which is Lorikeet's to set.",
                hint=f'Take it out of Meta.fields, or add it to Meta.read_only_fields = ["{name}"].',
                obj=model,
                id="lorikeet.E011",
            )
