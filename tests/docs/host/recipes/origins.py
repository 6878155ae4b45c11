"""Settings of django-cors-headers for a site whose pages are on another origin than its cart."""

CORS_ALLOWED_ORIGINS = ["https://www.shop.example"]
CORS_ALLOW_CREDENTIALS = True
CORS_ALLOW_HEADERS = [
    *("accept", "authorization", "content-type", "x-csrftoken"),
    *("idempotency-key", "if-match", "if-none-match", "prefer", "x-cart-token"),
]
CORS_EXPOSE_HEADERS = [
    *("content-location", "etag", "idempotency-replayed", "location"),
    *("preference-applied", "retry-after", "x-api-error", "x-cart-token"),
]
CSRF_TRUSTED_ORIGINS = CORS_ALLOWED_ORIGINS
