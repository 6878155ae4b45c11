"""The HTTP API, thin: each view parses, calls what decides, and answers."""

from __future__ import annotations

import hashlib
import json
import re
from typing import Any, ClassVar

from django.middleware.csrf import get_token
from django.utils.cache import get_conditional_response
from django.utils.translation import gettext as _
from rest_framework import serializers, status
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from . import editing, throttles
from .api_base import CartAPIView
from .authentication import network_of
from .carts import TOKEN_HEADER
from .checkout import Outcome, Terms, checkout
from .contents import CartContents
from .models import Adjustment, Cart, DeliveryAddress, LineItem, PaymentMethod
from .order_access import let_in
from .representation import Representation, represent_checkout

__all__ = [
    "AddToCartView",
    "AddressView",
    "AdjustmentView",
    "CartItemView",
    "CartView",
    "CheckoutView",
    "NewAddressView",
    "NewAdjustmentView",
    "NewPaymentMethodView",
    "PaymentMethodView",
]

#: What the column holds; also the longest path of RFC 5321, section 4.5.3.1.3.
LONGEST_EMAIL = 254
IDEMPOTENCY_KEY = re.compile(r"[\x21-\x7e]{1,255}")


class CartView(CartAPIView):
    """The whole cart. Reading it writes nothing."""

    def get(self, request: Request) -> Any:
        get_token(request._request)
        response = self.whole_cart()
        return get_conditional_response(request._request, etag=response["ETag"], response=response)

    def patch(self, request: Request) -> Any:
        email = parse_email(request.data)
        with self.changing(create=True) as cart:
            cart.email = email
            cart.save(update_fields=["email"])
        return self.whole_cart()


def parse_email(body: Any) -> str:
    """Return the e-mail address in the body of a ``PATCH`` of the cart; empty to unset it."""
    if not isinstance(body, dict) or not body:
        raise ValidationError({"email": [_("This field is required.")]})
    if unknown := [str(key) for key in body if key != "email"]:
        raise ValidationError({key: [_("Only the email can be changed here.")] for key in unknown})
    if body["email"] is None:
        return ""
    try:
        return str(serializers.EmailField(max_length=LONGEST_EMAIL).run_validation(body["email"]))
    except ValidationError as error:
        raise ValidationError({"email": error.detail}) from None


class RowsView(CartAPIView):
    """A view of one kind of the rows in a cart."""

    base: ClassVar[Any]

    def context(self, cart: Cart) -> dict[str, Any]:
        return {"request": self.request, "cart": cart, "view": self}

    def show(self, cart: Cart, row: Any) -> dict[str, Any]:
        """Return the row as it stands in the cart."""
        representation = Representation(CartContents(cart), self.request)
        if self.base is LineItem:
            return representation.line(row)
        if self.base is Adjustment:
            return Representation(CartContents.load(cart), self.request).adjustment(row.pk)
        return representation.choice(self.base, row)


class NewRowView(RowsView):
    """Where rows are made."""

    #: Whether the serializer may have to ask a provider, and must not keep the cart locked meanwhile.
    asks_before_the_lock = False

    def post(self, request: Request) -> Any:
        model, data = editing.parse_new(self.base, request.data)
        serializer = None
        if self.asks_before_the_lock:
            serializer = editing.validate(model, data, self.context(self.current_cart()))
        with self.changing(create=True) as cart:
            serializer = serializer or editing.validate(model, data, self.context(cart))
            row, is_new = editing.create(self.base, cart, serializer)
        return self.answer(lambda: self.show(cart, row), 201 if is_new else 200)


class RowView(RowsView):
    """One row: readable and removable."""

    def get(self, request: Request, id: str) -> Response:
        cart = self.current_cart()
        return Response(self.show(cart, editing.find(self.base, cart, id)))

    def delete(self, request: Request, id: str) -> Any:
        with self.changing() as cart:
            self.remove(cart, editing.find(self.base, cart, id))
        return self.answer(lambda: None, 204)

    def remove(self, cart: Cart, row: Any) -> None:
        editing.delete(row)


class PricedRowView(RowView):
    """A line item or an adjustment: its data can be changed."""

    def put(self, request: Request, id: str) -> Any:
        return self.edit(id, partial=False)

    def patch(self, request: Request, id: str) -> Any:
        return self.edit(id, partial=True)

    def edit(self, id: str, partial: bool) -> Any:
        with self.changing() as cart:
            row = editing.find(self.base, cart, id)
            row = editing.edit(row, cart, self.request.data, partial, self.context(cart))
        return self.answer(lambda: self.show(cart, row), 200)


class ChoiceView(RowView):
    """An address or a payment method: it can be selected, and is retired rather than deleted."""

    def patch(self, request: Request, id: str) -> Any:
        with self.changing() as cart:
            row = editing.find(self.base, cart, id)
            row = editing.edit_choice(self.base, row, cart, request.data, self.context(cart))
        return self.answer(lambda: self.show(cart, row), 200)

    def remove(self, cart: Cart, row: Any) -> None:
        editing.retire(self.base, cart, row)


class AddToCartView(NewRowView):
    base = LineItem


class CartItemView(PricedRowView):
    base = LineItem


class GuessView(RowsView):
    """Where adjustments are written: what is refused, such as a wrong coupon code, is counted."""

    base = Adjustment

    #: Whose guess this request is, once that is known.
    guesser: dict[str, str] | None = None

    def dispatch(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        response = super().dispatch(request, *args, **kwargs)
        if self.guesser is not None and response.status_code == status.HTTP_400_BAD_REQUEST:
            throttles.record("guess", **self.guesser)
        return response

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        if request.method in ("POST", "PUT", "PATCH"):
            cart = self.shopper.find()
            self.guesser = {"cart": str(cart.pk) if cart else "", "ip": network_of(request)}
            throttles.check("guess", **self.guesser)


class NewAdjustmentView(GuessView, NewRowView):
    pass


class AdjustmentView(GuessView, PricedRowView):
    pass


class NewAddressView(NewRowView):
    base = DeliveryAddress
    asks_before_the_lock = True


class AddressView(ChoiceView):
    base = DeliveryAddress


class NewPaymentMethodView(NewRowView):
    base = PaymentMethod
    asks_before_the_lock = True


class PaymentMethodView(ChoiceView):
    base = PaymentMethod


class CheckoutView(CartAPIView):
    """Where a cart becomes an order."""

    def post(self, request: Request) -> Response:
        if not isinstance(request.data, dict) or request.data:
            raise ValidationError({"non_field_errors": [_("Checkout takes no parameters.")]})
        cart = self.current_cart()
        terms = Terms(self.idempotency_key(), self.fingerprint(cart), self.precondition(), network_of(request))
        outcome = checkout(cart, terms, request._request)
        if TOKEN_HEADER not in request.headers and outcome.order.user_id is None:
            let_in(request._request, outcome.order)
        return answer_outcome(outcome)

    def idempotency_key(self) -> str | None:
        key = self.request.headers.get("Idempotency-Key")
        if key is not None and IDEMPOTENCY_KEY.fullmatch(key) is None:
            raise ValidationError({"Idempotency-Key": [_("This must be 1 to 255 visible ASCII characters.")]})
        return key

    def fingerprint(self, cart: Cart) -> str:
        """Return a digest of all that makes this request the same as another with its idempotency key."""
        parts = [cart.pk, str(cart.user_id), self.request.headers.get("If-Match"), self.request.data]
        return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()

    def precondition(self) -> Any:
        return self.check_match if "If-Match" in self.request.headers else None


def answer_outcome(outcome: Outcome) -> Response:
    """Answer with what became of an order."""
    order = outcome.order
    if order.is_placed:
        url = order.get_absolute_url(token=True)
        response = Response({"id": order.pk, "url": url}, headers={"Location": url} if url else None)
    elif not order.is_pending:
        attempt = outcome.attempt
        info = attempt.info if attempt else None
        name = attempt.provider if attempt else None
        response = Response({"reason": "payment", "payment_method": name, "info": info}, status=422)
    else:
        attempt = outcome.attempt
        body = {"reason": "pending", "id": order.pk, "checkout": represent_checkout(order, attempt)}
        response = Response(body, status=202, headers={"Retry-After": "1"})
    if outcome.replayed:
        response["Idempotency-Replayed"] = "true"
    return response
