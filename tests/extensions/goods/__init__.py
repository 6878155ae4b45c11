"""A shop whose line items need stock, each in its own way."""
