"""Modules of the original Lorikeet: what imports one of them is told what to write instead."""

import re
from importlib import import_module

import pytest
from django.apps import AppConfig


def test_the_former_place_of_the_registry_names_the_present_one():
    message = "lorikeet.api_serializers is now lorikeet.serializers: write from lorikeet.serializers import registry."

    with pytest.raises(ImportError, match=f"^{re.escape(message)}$"):
        import_module("lorikeet.api_serializers")


@pytest.mark.parametrize(
    ("name", "instead"),
    [
        ("lorikeet.extras.stripe.models", "lorikeet.extras.stripe write lorikeet.extensions.stripe"),
        ("lorikeet.extras.stripe.api_serializers", "lorikeet.extras.stripe write lorikeet.extensions.stripe"),
        ("lorikeet.extras.email_invoice", "lorikeet.signals.order_checked_out"),
        ("lorikeet.extras.starshipit.submit", "lorikeet.signals.order_checked_out"),
    ],
)
def test_a_former_extra_names_what_took_its_place(name, instead):
    with pytest.raises(ImportError, match=re.escape(instead)):
        import_module(name)


def test_a_former_extra_in_installed_apps_does_too():
    with pytest.raises(ImportError, match=r"write lorikeet\.extensions\.stripe, in INSTALLED_APPS too"):
        AppConfig.create("lorikeet.extras.stripe")
