"""Saving a card without buying anything."""

from __future__ import annotations

import logging
from typing import Any

from django.utils.translation import gettext as _
from rest_framework.exceptions import PermissionDenied, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from lorikeet import throttles
from lorikeet.api_views import CartAPIView
from lorikeet.exceptions import ProviderUnavailable
from lorikeet.throttles import network_of

from .cards import with_customer
from .conf import settings
from .models import StripeCustomer
from .sdk import AUTOMATIC, api, stripe

__all__ = ["SetupView"]

logger = logging.getLogger(__name__)


class SetupView(CartAPIView):
    """Makes a SetupIntent, with which Stripe.js saves a card of the signed-in user.

    Afterwards the card is added as any other: ``{"payment_method": "pm_...", "reusable": true}``.
    """

    http_method_names = ["post"]

    def post(self, request: Request) -> Response:
        if request.data != {}:
            raise ValidationError({"non_field_errors": [_("Send nothing, or an empty JSON object.")]})
        if self.shopper.user is None:
            raise PermissionDenied(_("Sign in to save a card."))
        who = {"cart": f"user {self.shopper.user.pk}", "ip": network_of(request)}
        throttles.check("guess", **who)  # a client that tests stolen cards needs many of these
        throttles.record("guess", **who)
        try:
            made = with_customer(self.shopper.user, self.make)
        except stripe.StripeError as error:
            logger.exception("Stripe made no SetupIntent.")
            raise ProviderUnavailable("Stripe") from error
        shown = {"id": made.id, "client_secret": made.client_secret, "publishable_key": settings.STRIPE_PUBLISHABLE_KEY}
        return Response(shown, status=201)

    def make(self, customer: StripeCustomer) -> Any:
        parameters = {"usage": "off_session", "automatic_payment_methods": AUTOMATIC}
        return api().setup_intents.create({"customer": customer.reference, **parameters})
