"""Tells Django of the pretend bank."""

from django.apps import AppConfig


class PretendBankConfig(AppConfig):
    """The pretend bank's configuration."""

    name = "pretend_bank"
    verbose_name = "pretend bank"
    default_auto_field = "django.db.models.BigAutoField"
