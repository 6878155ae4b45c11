"""The shop's own pages. Everything about the cart is fetched from ``/_cart/`` by ``shop.js``."""

from django.conf import settings
from django.contrib.auth import login
from django.contrib.auth.forms import UserCreationForm
from django.forms import EmailField
from django.http import HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, resolve_url
from django.views.decorators.cache import cache_control, never_cache
from django.views.generic import CreateView, DetailView, ListView
from django.views.generic.base import ContextMixin

from pretend_providers.cards import CARDS
from shop import drawings
from shop.cards import TEST_CARDS
from shop.models import AustralianDeliveryAddress, Merchant, Wine, WineLineItem


class CartPage(ContextMixin):
    """What a page needs to show the cart beside its own content."""

    extra_context = {
        "states": AustralianDeliveryAddress.State.choices,
        "cards": CARDS.values(),
        "most_bottles": WineLineItem.MOST_BOTTLES,
    }

    def get_context_data(self, **kwargs):
        # Without a publishable key there is no Stripe.js, and cards are chosen from a list.
        stripe_cards = {} if settings.LORIKEET_STRIPE_PUBLISHABLE_KEY else TEST_CARDS
        return super().get_context_data(stripe_cards=stripe_cards, **kwargs)


class WineListView(CartPage, ListView):
    """Every wine, with the cart beside it."""

    template_name = "shop/wine_list.html"

    def get_queryset(self):
        return Wine.objects.listed()


class WineDetailView(CartPage, DetailView):
    """One wine in full, with the cart beside it."""

    template_name = "shop/wine.html"
    slug_field = slug_url_kwarg = "sku"

    def get_queryset(self):
        return Wine.objects.listed()

    def get_context_data(self, **kwargs):
        return super().get_context_data(picture=drawings.describe_wine(self.object), **kwargs)


class SignUpForm(UserCreationForm):
    """Asks for an e-mail address too: the receipts go there."""

    email = EmailField(label="E-mail address")

    class Meta(UserCreationForm.Meta):
        fields = ["username", "email"]


class SignUpView(CreateView):
    """Makes an account and signs the shopper in, who keeps the guest's cart."""

    form_class = SignUpForm
    template_name = "registration/signup.html"

    def form_valid(self, form):
        response = super().form_valid(form)
        login(self.request, self.object)
        return response

    def get_success_url(self):
        return resolve_url("wine-list")


@never_cache
def stock(request):
    """Tell how many bottles are left of each wine: a page that stays open shows what others buy meanwhile."""
    return JsonResponse(
        {wine.pk: {"left": wine.stock_count, "scarcity": wine.scarcity} for wine in Wine.objects.listed()}
    )


@cache_control(public=True, max_age=3600)
def wine_picture(request, sku, size):
    """Draw a wine's bottle."""
    wine = get_object_or_404(Wine.objects.listed(), sku=sku)
    return HttpResponse(drawings.draw_wine(wine, size), content_type="image/svg+xml")


@cache_control(public=True, max_age=3600)
def merchant_picture(request, slug, size):
    """Draw a merchant's badge."""
    merchant = get_object_or_404(Merchant, slug=slug)
    return HttpResponse(drawings.draw_merchant(merchant, size), content_type="image/svg+xml")
