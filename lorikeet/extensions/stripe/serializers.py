"""A card, as the cart shows it and as a browser sends it."""

from __future__ import annotations

import logging
import re
from typing import Any

from django.db.models import Q
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from lorikeet.contents import owned_by
from lorikeet.exceptions import ProviderUnavailable
from lorikeet.serializers import PaymentMethodSerializer

from . import cards
from .errors import message_of
from .models import StripeCard, StripeCustomer
from .sdk import stripe

__all__ = ["StripeCardSerializer"]

logger = logging.getLogger(__name__)

#: How a browser can name a card, and what such names look like.
NAMES = {"payment_method": "pm_", "confirmation_token": "ctoken_", "token": "tok_"}
#: The answer for every card that is not this shopper's, whether it exists or not.
UNKNOWN = _("There is no such card.")


def name_field(prefix: str) -> serializers.RegexField:
    """Return the field for one way to name a card."""
    message = format_lazy(_("This must be an id of Stripe's that begins with {prefix}."), prefix=prefix)
    # thirteen digits and more could be a card's number, which is neither looked up nor logged
    pattern = re.compile(rf"\A{prefix}(?!\w{{0,240}}[0-9]{{13}})[A-Za-z0-9_]{{1,240}}\Z", re.ASCII)
    return serializers.RegexField(pattern, required=False, write_only=True, error_messages={"invalid": message})


class StripeCardSerializer(PaymentMethodSerializer[StripeCard]):
    """Takes the id of a PaymentMethod (``payment_method``), a ``confirmation_token`` or a ``token`` of Stripe.js.

    What the cart shows of it is asked for once, here, before the cart is locked.
    """

    #: The card, if this shopper has it already.
    known: StripeCard | None = None

    payment_method = name_field("pm_")
    confirmation_token = name_field("ctoken_")
    token = name_field("tok_")

    class Meta:
        model = StripeCard
        fields = [*NAMES, "reusable", "brand", "last4", "exp_month", "exp_year"]
        read_only_fields = ["brand", "last4", "exp_month", "exp_year"]

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        given = [name for name in NAMES if name in attrs]
        if len(given) != 1:
            names = ", ".join(NAMES)
            raise serializers.ValidationError({(given or ["payment_method"])[-1]: _("Send one of %s.") % names})
        name = given[0]
        try:
            return self.take(name, attrs.pop(name), attrs)
        except stripe.CardError as error:
            raise serializers.ValidationError({name: message_of(error)}) from error
        except stripe.InvalidRequestError as error:
            raise serializers.ValidationError({name: UNKNOWN}) from error
        except stripe.StripeError as error:
            logger.exception("Stripe could not be asked for a card.")
            raise ProviderUnavailable("Stripe") from error

    def take(self, name: str, value: str, attrs: dict[str, Any]) -> dict[str, Any]:
        """Return the columns of the card that Stripe knows by this name, which is this shopper's from now on."""
        found = cards.look_up(name, value)
        if found.type != "card":
            raise serializers.ValidationError({name: _("This is not a card.")})
        reference = {name: value} if name == "confirmation_token" else {"payment_method": found.id}
        self.known = self.find(name, reference)
        if self.known is not None:
            return attrs
        attrs.update(**cards.describe(found), **reference)
        owner = getattr(found, "customer", None)
        if owner:
            attrs.update(customer=self.customer_for(name, owner), reusable=True)
        elif attrs.get("reusable"):
            is_token = name == "confirmation_token"  # it is attached by its first payment
            attrs["customer"] = cards.with_customer(
                self.context["cart"].user, lambda customer: customer if is_token else cards.attach(found.id, customer)
            )
        return attrs

    def find(self, name: str, reference: dict[str, str]) -> StripeCard | None:
        """Return the card if this shopper has it already.

        :raises ValidationError: another shopper has it, or this one removed it.
        """
        card: StripeCard | None = StripeCard.objects.filter(**reference).first()
        if card is not None and not StripeCard.objects.filter(owned_by(self.context["cart"]), pk=card.pk).exists():
            raise serializers.ValidationError({name: UNKNOWN})
        return card

    def customer_for(self, name: str, owner: str) -> StripeCustomer:
        """Return the customer that a card belongs to: the user's, or one made for a card that was never saved.

        :raises ValidationError: it is another shopper's.
        """
        user = self.context["cart"].user
        mine = Q(user=None, cards=None) if user is None else Q(user=user)
        customer: StripeCustomer | None = StripeCustomer.objects.filter(mine, reference=owner).first()
        if customer is None:
            raise serializers.ValidationError({name: UNKNOWN})
        return customer

    def create(self, validated_data: dict[str, Any]) -> StripeCard:
        """Save the card; one that this shopper has already is the same card."""
        if self.known is not None:
            return self.known
        made: StripeCard = super().create(validated_data)
        return made
