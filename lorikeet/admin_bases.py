"""The parts of the admin's pages, for extensions too: read-only rows, actions, amounts."""

from __future__ import annotations

import logging
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.utils import flatten
from django.contrib.auth import get_user_model
from django.db import transaction
from django.http import HttpRequest
from django.utils.formats import number_format
from django.utils.translation import gettext_lazy as _

from . import money
from .base_models import subclass_of

__all__ = ["Acting", "FoundByUser", "ReadOnly", "amount_of", "in_currency", "row_behind"]

logger = logging.getLogger(__name__)


def in_currency(amount: Decimal, currency: str) -> str:
    """Return an amount with the decimal places of its currency; Django shows those of the column, which are four."""
    return f"{number_format(amount, money.exponent(currency))}\N{NO-BREAK SPACE}{currency}"


def amount_of(name: str, description: Any) -> Any:
    """Return a column that shows one amount of a row with its currency."""

    @admin.display(description=description, ordering=name)
    def shown(row: Any) -> str:
        return in_currency(getattr(row, name), row.currency)

    return shown


def row_behind(name: str, description: Any) -> Any:
    """Return a column that shows the row behind a foreign key, as the row's own class writes it."""

    @admin.display(description=description)
    def shown(row: Any) -> str:
        return str(subclass_of(getattr(row, name)) or "-")

    return shown


class ReadOnly(admin.options.BaseModelAdmin):  # type: ignore[type-arg]
    """Rows that only Lorikeet writes."""

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return list(flatten(self.fields or ()))

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class Acting(admin.ModelAdmin):  # type: ignore[type-arg]
    """Rows with actions that have short transactions of their own, whatever ``ATOMIC_REQUESTS`` says."""

    @transaction.non_atomic_requests
    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> Any:
        return super().changelist_view(request, extra_context)

    def did(self, request: HttpRequest, row: Any, action: Callable[[Any], Any]) -> bool:
        """Call ``action`` with a row, and tell whether it worked; if not, the staff are told and the others go on."""
        try:
            action(row)
        except Exception:
            logger.exception("An action of the admin failed for %s.", row)
            self.message_user(request, _("This failed for %s; the log says why.") % row, messages.ERROR)
            return False
        return True


class FoundByUser(admin.ModelAdmin):  # type: ignore[type-arg]
    """Rows that staff find by their user's name and address as well, whatever the user model calls them."""

    def get_search_fields(self, request: HttpRequest) -> list[str]:
        user = get_user_model()
        columns = {field.name for field in user._meta.get_fields()}
        names = {user.USERNAME_FIELD, user.get_email_field_name()} & columns
        return [*super().get_search_fields(request), *(f"=user__{name}" for name in sorted(names))]
