"""The headers that keep other people's scripts, styles and pictures out of the shop's pages."""

from django.conf import settings

POLICY = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self' data:",
    "connect-src": "'self'",
    "form-action": "'self'",
    "base-uri": "'none'",
    "frame-ancestors": "'none'",
}

# What Stripe.js needs as well, in a shop that has a publishable key.
# Source: https://docs.stripe.com/security/guide#content-security-policy
STRIPE = {
    "script-src": "'self' https://js.stripe.com https://*.js.stripe.com",
    "frame-src": "https://js.stripe.com https://*.js.stripe.com https://hooks.stripe.com",
    "img-src": "'self' data: https://*.stripe.com",
    "connect-src": "'self' https://api.stripe.com",
}


class ContentSecurityPolicyMiddleware:
    """Adds a ``Content-Security-Policy`` that allows what the shop itself serves, Stripe.js, and nothing inline."""

    def __init__(self, get_response):
        self.get_response = get_response
        policy = {**POLICY, **(STRIPE if settings.LORIKEET_STRIPE_PUBLISHABLE_KEY else {})}
        self.policy = "; ".join(f"{name} {sources}" for name, sources in policy.items())

    def __call__(self, request):
        response = self.get_response(request)
        # Django's own error pages for developers are styled inline.
        if not (settings.DEBUG and response.status_code >= 400):
            response.headers.setdefault("Content-Security-Policy", self.policy)
        return response
