"""Tells a shop that was written for the original Lorikeet where its registry and serializers are now."""

raise ImportError(
    "lorikeet.api_serializers is now lorikeet.serializers: write from lorikeet.serializers import registry."
)
