"""What the pages of a shop may load when Stripe's form is on them."""

#: Source: https://docs.stripe.com/security/guide (content security policy)
CONTENT_SECURITY_POLICY = {
    "default-src": ["'self'"],
    "script-src": ["'self'", "https://js.stripe.com", "https://*.js.stripe.com"],
    "frame-src": ["https://js.stripe.com", "https://*.js.stripe.com", "https://hooks.stripe.com"],
    "connect-src": ["'self'", "https://api.stripe.com"],
    "img-src": ["'self'", "data:", "https://*.stripe.com"],
    "object-src": ["'none'"],
    "base-uri": ["'none'"],
    "frame-ancestors": ["'none'"],
}

# Django 6.0 and later, with "django.middleware.csp.ContentSecurityPolicyMiddleware" in MIDDLEWARE:
SECURE_CSP = CONTENT_SECURITY_POLICY


class ContentSecurityPolicyMiddleware:
    """Sends the policy with every response, where Django does not: before 6.0."""

    header = "; ".join(f"{directive} {' '.join(sources)}" for directive, sources in CONTENT_SECURITY_POLICY.items())

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        response = self.get_response(request)
        response.headers.setdefault("Content-Security-Policy", self.header)
        return response
