"""The HTTP API, thin: each view parses, calls what decides, and answers."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import replace
from typing import Any, ClassVar
from uuid import UUID

from django.core.exceptions import RequestDataTooBig
from django.core.exceptions import ValidationError as DjangoValidationError
from django.db import DatabaseError, InterfaceError
from django.db.models import Q
from django.http import Http404
from django.middleware.csrf import get_token
from django.utils.cache import get_conditional_response
from django.utils.translation import gettext as _
from rest_framework import serializers, status
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from . import throttles
from .cart import editing
from .cart.shopper import TOKEN_HEADER
from .checkout import Checkout, Terms, checkout, may_ask_in, read
from .contents import NO_CART, CartContents
from .exceptions import TooManyAttempts, WebhookError
from .http.errors import refuse_payment
from .http.json_parser import BodyTooLarge, RowParser
from .http.representation import Representation, represent_checkout
from .http.view_base import CartAPIView, JSONView
from .models import Adjustment, Cart, DeliveryAddress, LineItem, Order, PaymentAttempt, PaymentMethod
from .order_access import let_in
from .outcomes import is_refusal
from .payments import confirm, give_up, resolve
from .sale.webhooks import receive
from .transactions import retried

__all__ = [
    "AddToCartView",
    "AddressView",
    "AdjustmentView",
    "CartAPIView",
    "CartItemView",
    "CartView",
    "CheckoutCancelView",
    "CheckoutConfirmView",
    "CheckoutStatusView",
    "CheckoutView",
    "NewAddressView",
    "NewAdjustmentView",
    "NewPaymentMethodView",
    "PaymentMethodView",
    "WebhookView",
]

#: What the column holds; also the longest path of RFC 5321, section 4.5.3.1.3.
LONGEST_EMAIL = 254
#: In bytes; the largest events of the providers we know have a quarter of that.
LARGEST_WEBHOOK = 1_000_000
IDEMPOTENCY_KEY = re.compile(r"[\x21-\x7e]{1,255}")


class CartView(CartAPIView):
    """The whole cart. Reading it writes nothing."""

    def get(self, request: Request) -> Any:
        get_token(request._request)
        response = self.whole_cart()
        return get_conditional_response(request._request, etag=response["ETag"], response=response)

    def patch(self, request: Request) -> Any:
        self.set_email(parse_email(request.data))
        return self.whole_cart()

    @retried
    def set_email(self, email: str) -> None:
        with self.changing(create=True) as cart:
            cart.email = email
            cart.save(update_fields=["email"])


def parse_email(body: Any) -> str:
    """Return the e-mail address in the body of a ``PATCH`` of the cart; empty to unset it."""
    if not isinstance(body, dict) or not body:
        raise editing.invalid("email", _("This field is required."), "required")
    if unknown := [str(key) for key in body if key != "email"]:
        raise editing.invalid(unknown[0], _("Only the email can be changed here."), "unknown_field")
    if body["email"] is None:
        return ""
    try:
        return str(serializers.EmailField(max_length=LONGEST_EMAIL).run_validation(body["email"]))
    except ValidationError as error:
        raise ValidationError({"email": error.detail}) from None


class RowsView(CartAPIView):
    """A view of one kind of the rows in a cart."""

    parser_classes = (RowParser,)
    base: ClassVar[Any]

    def context(self, cart: Cart) -> dict[str, Any]:
        return {"request": self.request, "cart": cart, "view": self}

    def show(self, cart: Cart, row: Any) -> dict[str, Any]:
        """Return the row as the cart shows it."""
        representation = Representation(CartContents(cart), self.request)
        if self.base is LineItem:
            return representation.line(row)
        if self.base is Adjustment:
            return Representation(CartContents.load(cart), self.request).adjustment(row.pk)
        return representation.choice(self.base, row)


class NewRowView(RowsView):
    """Where rows are made."""

    #: Whether the serializer may have to ask a provider, and so validates before the cart is locked.
    asks_before_the_lock = False

    def post(self, request: Request) -> Any:
        cart, row, is_new = self.create(*editing.parse_new(self.base, request.data))
        return self.answer(lambda: self.show(cart, row), 201 if is_new else 200)

    @retried
    def create(self, model: Any, data: dict[str, Any]) -> tuple[Cart, Any, bool]:
        serializer = None
        if self.asks_before_the_lock:
            serializer = editing.validate(model, data, self.context(self.current_cart()))
        with self.changing(create=True) as cart:
            serializer = serializer or editing.validate(model, data, self.context(cart))
            return cart, *editing.create(self.base, cart, serializer)


class RowView(RowsView):
    """One row: readable, editable and removable."""

    def get(self, request: Request, id: str) -> Response:
        cart = self.current_cart()
        return Response(self.show(cart, editing.find(self.base, cart, id)))

    def delete(self, request: Request, id: str) -> Any:
        self.take_out(id)
        return self.answer(lambda: None, 204)

    @retried
    def take_out(self, id: str) -> None:
        with self.changing() as cart:
            self.remove(cart, editing.find(self.base, cart, id))

    def put(self, request: Request, id: str) -> Any:
        cart, row = self.edit(id, partial=False)
        return self.answer(lambda: self.show(cart, row), 200)

    def patch(self, request: Request, id: str) -> Any:
        cart, row = self.edit(id, partial=True)
        return self.answer(lambda: self.show(cart, row), 200)

    @retried
    def edit(self, id: str, partial: bool) -> tuple[Cart, Any]:
        with self.changing() as cart:
            return cart, self.change(cart, editing.find(self.base, cart, id), partial)

    def change(self, cart: Cart, row: Any, partial: bool) -> Any:
        return editing.edit(row, cart, self.request.data, partial, self.context(cart))

    def remove(self, cart: Cart, row: Any) -> None:
        editing.delete(row)


class ChoiceView(RowView):
    """An address or a payment method: it can be selected, and is retired rather than deleted."""

    def change(self, cart: Cart, row: Any, partial: bool) -> Any:
        return editing.edit_choice(self.base, row, cart, self.request.data, self.context(cart), partial)

    def remove(self, cart: Cart, row: Any) -> None:
        editing.retire(self.base, cart, row)


class AddToCartView(NewRowView):
    base = LineItem


class CartItemView(RowView):
    base = LineItem


class GuessView(CartAPIView):
    """Where a client can guess or try something, such as a coupon's code or a stolen card: refusals are counted."""

    #: Whose guess this request is, once that is known.
    guesser: dict[str, str] | None = None

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        if self.guesser is not None and response.status_code == status.HTTP_400_BAD_REQUEST:
            try:
                throttles.record("guess", **self.guesser)
            except (DatabaseError, InterfaceError) as error:  # too late for REST framework to handle it
                response = self.handle_exception(error)
        return super().finalize_response(request, response, *args, **kwargs)

    def limit_guesses(self, request: Request) -> None:
        """Refuse this request if its shopper has guessed wrong too often, and count it if it is wrong again.

        :raises TooManyAttempts: the shopper has.
        """
        cart = self.shopper.find()
        self.guesser = {"cart": str(cart.pk) if cart else "", "ip": throttles.network_of(request)}
        throttles.check("guess", **self.guesser)


class GuessedRowsView(GuessView):
    """Where every write can be a guess."""

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        if request.method in ("POST", "PUT", "PATCH"):
            self.limit_guesses(request)


class NewAdjustmentView(GuessedRowsView, NewRowView):
    base = Adjustment


class AdjustmentView(GuessedRowsView, RowView):
    base = Adjustment


class NewAddressView(NewRowView):
    base = DeliveryAddress
    asks_before_the_lock = True


class AddressView(ChoiceView):
    base = DeliveryAddress


class NewPaymentMethodView(GuessedRowsView, NewRowView):
    base = PaymentMethod
    asks_before_the_lock = True


class PaymentMethodView(ChoiceView):
    base = PaymentMethod


class CheckoutView(CartAPIView):
    """Where a cart becomes an order."""

    def post(self, request: Request) -> Response:
        cart = self.current_cart()
        terms = Terms(
            self.idempotency_key(),
            self.fingerprint(),
            self.precondition(),
            throttles.network_of(request),
            parse_confirmation(request.data),
        )
        done = checkout(cart, terms, request._request)
        return answer_checkout(request, done)

    def idempotency_key(self) -> str | None:
        key = self.request.headers.get("Idempotency-Key")
        if key is not None and IDEMPOTENCY_KEY.fullmatch(key) is None:
            raise editing.invalid("Idempotency-Key", _("This must be 1 to 255 visible ASCII characters."))
        return key

    def fingerprint(self) -> str:
        """Return a digest of what must be the same when the idempotency key is used again."""
        parts = [self.request.headers.get("If-Match"), self.request.data]
        return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()

    def precondition(self) -> Any:
        return self.check_match if "If-Match" in self.request.headers else None


def parse_confirmation(body: Any) -> bool:
    """Tell whether the body of a checkout says ``{"confirm_duplicate": true}``; other keys are refused."""
    if not isinstance(body, dict):
        raise editing.invalid("non_field_errors", _("Expected a JSON object."), "not_an_object")
    if unknown := [key for key in body if key != "confirm_duplicate"]:
        raise editing.invalid(unknown[0], _("Checkout takes no such parameter."), "unknown_field")
    confirmed = body.get("confirm_duplicate", False)
    if not isinstance(confirmed, bool):
        raise editing.invalid("confirm_duplicate", _("This must be true or false."))
    return confirmed


class PendingCheckoutView(CartAPIView):
    """One checkout of the shopper's, under its public id."""

    def order(self, id: str) -> Order:
        """Return the order, if it is this shopper's.

        :raises Http404: it is another shopper's, or there is none.
        """
        cart: Any = self.current_cart()
        mine = Q(cart=cart.pk or NO_CART)
        if self.shopper.user is not None:
            mine |= Q(user=cart.user)
        try:
            order: Order = Order.objects.get(mine, uuid=UUID(id))
        except (ValueError, Order.DoesNotExist) as error:
            raise Http404 from error
        return order


class CheckoutStatusView(PendingCheckoutView):
    """The state of a checkout, as far as Lorikeet knows. The provider is not asked."""

    def get(self, request: Request, id: str) -> Response:
        order = self.order(id)
        return Response(represent_checkout(order, order.latest_charge))


class CheckoutConfirmView(GuessView, PendingCheckoutView):
    """Where the browser returns after an action: the provider is asked what became of the payment."""

    def post(self, request: Request, id: str) -> Response:
        order, data = self.order(id), parse_data(request.data)
        if data:
            self.limit_guesses(request)
        attempt = order.latest_charge
        outcome: Any = None
        if attempt is not None and (order.is_pending or data):
            if seconds := may_ask_in(order.pk, throttles.network_of(request)):
                return answer_later(request, order, seconds, data)
            outcome = self.conclude(attempt, data)
        if is_refusal(outcome):
            throttles.record("checkout", ip=throttles.network_of(request))
        return answer_checkout(request, read(order.pk, outcome, request=request._request))

    def conclude(self, attempt: PaymentAttempt, data: dict[str, Any]) -> Any:
        if not data:
            return resolve(attempt, present=True, request=self.request._request)
        try:
            return confirm(attempt, data, self.request._request)
        except DjangoValidationError as error:
            raise ValidationError({"data": serializers.as_serializer_error(error)}) from error


def parse_data(body: Any) -> dict[str, Any]:
    """Return the ``data`` in the body of a confirmation; an empty body has none."""
    data = body.get("data", {}) if isinstance(body, dict) else None
    if not isinstance(data, dict):
        raise editing.invalid("data", _("This must be a JSON object."), "not_an_object")
    if unknown := [key for key in body if key != "data"]:
        raise editing.invalid(unknown[0], _("Put what the payment method needs into data."), "unknown_field")
    return data


class CheckoutCancelView(PendingCheckoutView):
    """Where a shopper cancels a checkout, if its payment can still be stopped at the provider."""

    def post(self, request: Request, id: str) -> Response:
        order = self.order(id)
        if request.data != {}:
            raise editing.invalid("non_field_errors", _("Send nothing, or an empty JSON object."))
        if order.is_pending and (seconds := may_ask_in(order.pk, throttles.network_of(request))):
            return answer_later(request, order, seconds)
        done = read(order.pk, give_up(order, request._request), request=request._request)
        if done.order.is_pending or done.order.is_placed:
            return answer_checkout(request, done)
        shown = represent_checkout(done.order, done.order.latest_charge)
        return open_order(request, done.order, Response({"reason": "cancelled", "id": order.pk, "checkout": shown}))


def answer_later(request: Request, order: Order, seconds: int, data: Any = None) -> Response:
    """Answer with what is known of an order whose provider was asked too often.

    :raises TooManyAttempts: there is ``data``, which was not read.
    """
    if data:
        raise TooManyAttempts(seconds)
    return answer_checkout(request, replace(read(order.pk), retry_after=seconds))


def answer_checkout(request: Request, done: Checkout) -> Response:
    """Answer with what became of an order."""
    order = done.order
    if order.is_placed:
        url = order.get_absolute_url(token=True)
        body = {**done.answers, "id": order.pk, "url": url, "duplicate": True}
        if not done.is_duplicate:
            del body["duplicate"]
        response = Response(body, headers={"Location": url} if url else None)
    else:
        response = answer_unplaced(done, order.latest_charge)
    if done.replayed:
        response["Idempotency-Replayed"] = "true"
    return open_order(request, order, response)


def open_order(request: Request, order: Order, response: Response) -> Response:
    """Let a guest's browser open the order that ``response`` names. A client without cookies has the link."""
    if "id" in response.data and order.user_id is None and TOKEN_HEADER not in request.headers:
        let_in(request._request, response, order)
    return response


def answer_unplaced(done: Checkout, attempt: PaymentAttempt | None) -> Response:
    """Answer with an order that is pending, or was cancelled."""
    order = done.order
    name = attempt.provider if attempt else None
    if not order.is_pending:
        return refuse_payment(name, attempt.info if attempt else None)
    shown = {"id": order.pk, "checkout": represent_checkout(order, attempt)}
    if done.is_duplicate:
        shown["duplicate"] = True
    if done.action is not None:
        return Response({"reason": "action_required", "payment_method": name, "info": done.action, **shown}, status=202)
    return Response({"reason": "pending", **shown}, status=202, headers={"Retry-After": str(done.retry_after)})


class WebhookView(JSONView):
    """Where providers report that something happened. The report is verified, and then the provider is asked."""

    http_method_names = ["post"]

    def post(self, request: Request, type: str) -> Response:
        try:
            if len(request._request.body) > LARGEST_WEBHOOK:
                raise BodyTooLarge
            receive(type, request._request)
        except RequestDataTooBig as error:
            raise BodyTooLarge from error
        except WebhookError as error:
            raise ValidationError({"detail": str(error)}) from error
        return Response({})
