"""A cart and a checkout for any Django site."""

__version__ = "0.1.0"
