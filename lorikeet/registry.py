"""Which serializer belongs to which model, and under which name clients know it. Explicit, and free of collisions."""

from __future__ import annotations

from typing import Any

from django.db import models

from .exceptions import RegistrationError
from .models import Adjustment, DeliveryAddress, LineItem, PaymentMethod

__all__ = ["BASES", "Registry", "registry"]

#: The parents whose subclasses can be registered.
BASES: tuple[type[models.Model], ...] = (LineItem, Adjustment, DeliveryAddress, PaymentMethod)


class Registry:
    """Maps model classes to serializer classes and to type names.

    A subclass that is not registered itself uses the registration of its nearest registered ancestor.
    """

    def __init__(self) -> None:
        self.serializers: dict[type[models.Model], Any] = {}
        self.names: dict[type[models.Model], str] = {}

    def register(self, model: type[models.Model], serializer: Any, name: str | None = None) -> None:
        """Let ``serializer`` (a class) read and write ``model``; clients call it ``name``, or the class's own name.

        Registering the same pair again is harmless.

        :raises RegistrationError: ``model`` is not a subclass of a parent, it is registered with another
            serializer, or another model of the same kind has this name.
        """
        base = base_of(model)
        if base is None or model is base:
            choices = ", ".join(parent.__name__ for parent in BASES)
            raise RegistrationError(
                f"{model.__name__} cannot be registered: it must be a subclass of one of {choices}."
            )
        name = name or model.__name__
        if self.serializers.get(model, serializer) is not serializer or self.names.get(model, name) != name:
            raise RegistrationError(
                f"{model.__name__} is already registered, as {self.names[model]!r} with "
                f"{self.serializers[model].__name__}. Register it once."
            )
        taken = self.types(base).get(name)
        if taken is not None and taken is not model:
            raise RegistrationError(
                f"{model._meta.label} and {taken._meta.label} would both be called {name!r}. "
                f'Give one of them a name of its own: registry.register({model.__name__}, ..., name="...").'
            )
        self.serializers[model] = serializer
        self.names[model] = name

    def types(self, base: type[models.Model]) -> dict[str, type[models.Model]]:
        """Return the registered subclasses of ``base`` by type name, in the order of their registration."""
        return {name: model for model, name in self.names.items() if issubclass(model, base)}

    def registered(self, model: type[models.Model]) -> type[models.Model]:
        """Return ``model``, or its nearest ancestor that is registered.

        :raises RegistrationError: there is none.
        """
        for ancestor in model.__mro__:
            if ancestor in self.serializers:
                return ancestor
        raise RegistrationError(
            f"{model.__name__} is not registered. In your AppConfig.ready(), write "
            f"registry.register({model.__name__}, {model.__name__}Serializer)."
        )

    def serializer(self, model: type[models.Model]) -> Any:
        """Return the serializer class for ``model``; raises as :meth:`registered`."""
        return self.serializers[self.registered(model)]

    def name(self, model: type[models.Model]) -> str:
        """Return the type name of ``model``; raises as :meth:`registered`."""
        return self.names[self.registered(model)]


def base_of(model: type[models.Model]) -> type[models.Model] | None:
    """Return which of ``BASES`` ``model`` descends from, or ``None``."""
    return next((base for base in BASES if issubclass(model, base)), None)


#: The one registry of the process, filled by the hosts' and extensions' ``AppConfig.ready()``.
registry = Registry()
